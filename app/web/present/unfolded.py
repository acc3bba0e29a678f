"""A custom object that became something: what was declared, and which loop made what of it.

An object has a card of this kind as soon as something names it as its owner, be it an InnoDBCluster or a kind of
somebody's own; before that it is a chip (`board`). What a database or a queue has besides is in `databases`, `queues`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from app.api import objects
from app.api.breath import breathing
from app.api.control_plane import is_second
from app.api.kinds import bare_kind
from app.api.mysql_groups import ALPHA_CLUSTER, INNODB_CLUSTER, MYSQL_BACKUP, MYSQL_GROUP, kept_for
from app.api.objects import Obj, Ref
from app.api.own_controllers import OWN_CONTROLLER
from app.api.quorum_queues import QUORUM_QUEUE, RABBITMQ_CLUSTER
from app.look import Look
from app.rooms import Frame
from app.web.present import backups, custom, databases, manifest, queues
from app.web.present.card import element_id
from app.web.present.names import lane_of, role_title
from app.web.present.servers import CellView, ServersView
from app.web.present.values import Chip
from app.web.present.words import ENGLISH, Words
from app.web.present.workloads import WORKLOADS

SHOWN_LINES, SHOWN_NAMES = 14, 3
NOT_MADE = ("Event", "Lease")
DRAWN = {"Node", "Pod", "Service", *WORKLOADS}
SERVERS = {INNODB_CLUSTER: databases.of, ALPHA_CLUSTER: databases.of, RABBITMQ_CLUSTER: queues.of}
TOLD = {*SERVERS, MYSQL_BACKUP}  # of which there is more to tell than what they became


class Family(NamedTuple):
    """Who made whom."""

    kinds: frozenset[str]  # whose objects have a card as soon as they became something
    owned: Mapping[str, Sequence[tuple[Obj, str]]]  # by the uid of an owner what names it, and of what kind that is

    def has_card(self, obj: Obj) -> bool:
        kind = objects.kind_of(obj)
        return kind in TOLD or (kind in self.kinds and bool(self.owned.get(objects.uid_of(obj))))


class MadeView(NamedTuple):
    """Objects of one kind that one loop made."""

    kind: str
    number: int
    chips: tuple[Chip, ...]  # () of more than a few
    names: str


class MakerView(NamedTuple):
    """A loop, or a program outside, and what it made."""

    title: str
    is_operator: bool
    made: tuple[MadeView, ...]


class CustomView(NamedTuple):
    id: str
    chip: Chip
    facts: str  # what it says of itself
    lines: tuple[manifest.Line, ...]  # what was declared
    more_lines: int
    makers: tuple[MakerView, ...]
    became: int  # how many objects
    brief: tuple[CellView, ...]  # of a backup
    servers: ServersView | None


def cards(cluster: Look, _: Words = ENGLISH) -> tuple[CustomView, ...]:
    """All of a cluster: databases and queues, then the others by kind and name."""
    all_of_it = family(cluster)
    order = sorted(all_of_it.kinds, key=lambda kind: (kind not in SERVERS, kind))
    found = (obj for kind in order for obj in cluster.objects(kind))
    return tuple(_card(cluster, obj, all_of_it, _) for obj in found if all_of_it.has_card(obj))


def changed(
    cluster: Look, change: Frame, looked_after: Iterable[Ref], _: Words
) -> tuple[tuple[CustomView, ...], list[Obj]]:
    """The cards that look different since the frame before, those of `looked_after` too, for whose kinds a loop came or
    went; and custom objects that are chips (again)."""
    found = [obj for ref in _concerned(cluster, change, looked_after) if (obj := cluster.get(ref)) is not None]
    if not found:
        return (), []
    all_of_it = family(cluster)
    cards = (_card(cluster, obj, all_of_it, _) for obj in found if all_of_it.has_card(obj))
    return tuple(cards), [obj for obj in found if not all_of_it.has_card(obj)]


def _concerned(cluster: Look, change: Frame, looked_after: Iterable[Ref]) -> list[Ref]:
    """The custom objects that changed, or something that they became, or the servers that they stand for."""
    unfold = kinds(cluster)
    if not unfold:
        return []
    roots = {ref for ref in looked_after if ref.kind in unfold}
    for ref, obj in change.changed.items():
        for each in (obj, change.before.get(ref)):
            if each is not None:
                roots |= {root for root in _above(cluster, each) if root.kind in unfold}
    worked_out = {step.key for step in change.steps if step.key is not None and step.key.kind == MYSQL_GROUP}
    roots |= {kept_for(group) for ref in worked_out if (group := cluster.get(ref)) is not None}
    return sorted(roots)


def is_part(obj: Obj) -> bool:
    """Whether it is drawn in the card of a database or a queue, and nowhere else. Workloads and pods have their own."""
    return any(objects.kind_of(owner) in SERVERS for owner in objects.owner_refs(obj))


def family(cluster: Look) -> Family:
    unfold, owned = kinds(cluster), dict[str, list[tuple[Obj, str]]]()
    for kind in sorted(cluster.kinds()) if unfold else ():
        if kind in NOT_MADE or cluster.scheme.is_local(kind):
            continue
        for obj in breathing(cluster.objects(kind)):
            for owner in objects.owner_refs(obj):
                owned.setdefault(str(owner.get("uid")), []).append((obj, objects.kind_of(owner)))
    return Family(unfold, owned)


def operators(cluster: Look) -> frozenset[str]:
    """The roles that hold an expert's knowledge: they run in a pod, or somebody wrote them on this page."""
    own = {objects.name_of(each) for each in cluster.objects(OWN_CONTROLLER)}
    return frozenset(own | {lane_of(actor) for actor, state in cluster.actors.items() if state.is_operator})


# ------------------------------------------------------------------------------------------------ a card


def _card(cluster: Look, obj: Obj, of: Family, _: Words) -> CustomView:
    ref, said, lines = objects.ref_of(obj), custom.columns(cluster, obj), manifest.applied_lines(obj)
    makers = tuple(_makers(cluster, obj, of, _))
    servers = SERVERS.get(ref.kind)
    return CustomView(
        id=element_id(ref),
        chip=Chip(*ref, objects.is_terminating(obj)),
        facts=" · ".join(f"{each.name} {each.value}" for each in said),
        lines=lines[:SHOWN_LINES],
        more_lines=max(0, len(lines) - SHOWN_LINES),
        makers=makers,
        became=sum(each.number for maker in makers for each in maker.made),
        brief=backups.brief(cluster, obj, _) if ref.kind == MYSQL_BACKUP else (),
        servers=servers(cluster, obj, _) if servers is not None else None,
    )


def _makers(cluster: Look, obj: Obj, of: Family, _: Words) -> Iterator[MakerView]:
    """The operators first, then the loops of Kubernetes in their order, then programs outside."""
    loops, experts = _loops(cluster), operators(cluster)
    by_maker: dict[str, dict[str, list[Obj]]] = {}
    for child, above in _below(obj, of):
        by_maker.setdefault(_maker(child, above, loops), {}).setdefault(objects.kind_of(child), []).append(child)
    order = sorted(by_maker, key=lambda role: (role not in experts, _.voice(role).lane, role))
    for role in order:
        made = tuple(_made(kind, found) for kind, found in sorted(by_maker[role].items()))
        yield MakerView(role_title(role, _), role in experts, made)


def _below(obj: Obj, of: Family) -> Iterator[tuple[Obj, str]]:
    """All that it became, each once: what names it as its owner, what names that, and so on."""
    todo, seen = [objects.uid_of(obj)], set[str]()
    while todo:
        for child, above in of.owned.get(todo.pop(0), ()):
            uid = objects.uid_of(child)
            if uid not in seen:
                seen.add(uid)
                todo.append(uid)
                yield child, above


def _loops(cluster: Look) -> Mapping[str, str]:
    """Which loop looks after a kind; of several the operator."""
    found: dict[str, str] = {}
    for actor, state in cluster.actors.items():
        if not is_second(lane_of(actor)) and (state.is_operator or state.reconciles not in found):
            found[state.reconciles] = lane_of(actor)
    return found


def _maker(child: Obj, above: str, loops: Mapping[str, str]) -> str:
    """Who wrote it, where that is noted; else the loop that looks after what owns it."""
    noted = next((str(each.get("manager")) for each in child["metadata"].get("managedFields") or ()), "")
    return loops.get(above) or (f"@{noted}" if noted else bare_kind(above))


def _made(kind: str, found: Sequence[Obj]) -> MadeView:
    refs = sorted(map(objects.ref_of, found))
    chips = tuple(Chip(*ref) for ref in refs) if len(refs) <= SHOWN_NAMES else ()
    return MadeView(bare_kind(kind), len(refs), chips, ", ".join(ref.name for ref in refs))


# ------------------------------------------------------------------------------------------- what changed


def kinds(cluster: Look) -> frozenset[str]:
    """Custom kinds of which there are objects, and what controllers of one's own look after, if that is a chip."""
    rows = (cluster.scheme.find(kind) for kind in cluster.kinds())
    custom_kinds = {row.key for row in rows if row is not None and not row.is_own}
    parents = {each["spec"]["parent"] for each in cluster.objects(OWN_CONTROLLER)}
    return frozenset(custom_kinds | (parents - DRAWN))


def _above(cluster: Look, obj: Obj) -> Iterator[Ref]:
    """It, and whatever it belongs to, by its owners."""
    todo, seen = [obj], set[Ref]()
    while todo:
        each = todo.pop()
        ref = objects.ref_of(each)
        if ref in seen:
            continue
        seen.add(ref)
        yield stands_for(each)
        for owner in objects.owner_refs(each):
            kind = objects.kind_of(owner)
            row = cluster.scheme.find(kind)
            namespace = ref.namespace if row is not None and row.namespaced else ""
            if (above := cluster.get(Ref(kind, namespace, owner["name"]))) is not None:
                todo.append(above)


def stands_for(obj: Obj) -> Ref:
    """What is drawn for it: parts of a database or a queue, and what is kept of servers, with who asked for them."""
    ref = objects.ref_of(obj)
    if ref.kind == MYSQL_GROUP:
        return kept_for(obj)
    if ref.kind in (QUORUM_QUEUE, "RabbitServer"):
        return Ref(RABBITMQ_CLUSTER, ref.namespace, obj["spec"]["cluster"])
    owner = next((owner for owner in objects.owner_refs(obj) if objects.kind_of(owner) in SERVERS), None)
    return ref if owner is None else Ref(objects.kind_of(owner), ref.namespace, owner["name"])
