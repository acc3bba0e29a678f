"""A controller of one's own tried before it runs: what its text makes of a parent and its children, and what its loop
would do about it. Nothing acts, and nothing of a cluster is written. Called by rooms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from app.api import errors, limits, objects
from app.api.kinds import bare_kind
from app.api.objects import Obj, Ref, ref_of, uid_of
from app.api.own_controllers import own_controller
from app.apimachinery import documents, yamltext
from app.apimachinery.openapi.blank import blank
from app.apimachinery.scheme.scheme import Scheme
from app.cluster.hands import kind_called
from app.cluster.loops import own_loop
from app.commands import DefineController
from app.engine.trace import Observed
from app.look import Look
from app.operators.own import applying, calling
from app.operators.own.applying import Changed
from app.operators.own.calling import Returned, Slip
from app.operators.own.controller import OwnSeen, plain
from app.reconcile import Create, Delete, Difference, Struck, TextMistake, Update, UpdateStatus

SEEN = "seen"  # the choice of what the loop saw last
_LOOKED_BACK = 2_000  # steps in which that is searched
_CHOICES = 50


class Observation(NamedTuple):
    """`text`: a parent, then its children, as YAML. `chosen`: whose it is, SEEN or one of `choices`, which are of the
    form "default/web". `step`: in which the loop looked last; 0: it never did."""

    text: str
    chosen: str
    choices: tuple[str, ...]
    step: int


class Fate(NamedTuple):
    """What becomes of a child: "create", "update", "recreate", "delete", "wait" or "same"."""

    ref: Ref
    what: str
    changes: tuple[Changed, ...] = ()
    wanted: Obj | None = None  # as it would be created


class Tried(NamedTuple):
    printed: tuple[str, ...] = ()
    mistake: str = ""
    where: str = ""
    limit: str = ""  # "time" or "memory": what the call took too much of
    status: Any = None  # as it would be written; None: as it is
    status_changes: tuple[Changed, ...] = ()
    fates: tuple[Fate, ...] = ()
    again_s: float | None = None


def slips(text: str, *, edge: bool) -> tuple[Slip, ...]:
    """What is wrong with a text before anything is called. Raises TooLarge."""
    if len(text.encode()) > limits.OWN_TEXT_BYTES:
        raise errors.TooLarge(f"the text of a controller has at most {limits.OWN_TEXT_BYTES} bytes")
    try:
        return calling.slips("controller", text, "on_change" if edge else "sync")
    except Struck as struck:
        return (Slip(0, 0, f"it takes too much {struck.limit}", True),)


# ------------------------------------------------------------------------------------------- observing


def observed(look: Look, draft: DefineController, chosen: str = "") -> Observation:
    """What the loop of `draft` would see: of the parent that is chosen, else as it last saw one, else of the first that
    there is, else of one that could be. Raises BadRequest."""
    spec = draft.spec(lambda word: kind_called(look.scheme, word))
    _must_know(look.scheme, spec["parent"])
    step, seen = _last_look(look, draft.name, spec["parent"])
    parents = {_place(obj): obj for obj in look.objects(spec["parent"])[:_CHOICES]}
    if chosen not in parents:
        chosen = SEEN if seen else next(iter(parents), "")
    if chosen == SEEN and seen:
        found = [seen.parent, *seen.children]
    elif chosen:
        found = [parents[chosen], *_children(look, parents[chosen], spec["children"])]
    else:
        found = [blank(look.scheme.definition(spec["parent"]))]
    text = "---\n".join(yamltext.dump(plain(obj), sort_keys=False) for obj in found)
    return Observation(text, chosen, tuple(parents), step)


def _must_know(scheme: Scheme, parent: str) -> None:
    """A loop may run before its parent's kind is defined; then there is nothing to try it with."""
    if scheme.find(parent) is None:
        raise errors.BadRequest(f'there is no kind "{parent}" yet: apply its CustomResourceDefinition first')


def _last_look(look: Look, name: str, parent: str) -> tuple[int, OwnSeen | None]:
    for step in reversed(look.trace.since(look.trace.count - _LOOKED_BACK)):
        if step.actor == name and isinstance(step.record, Observed) and isinstance(step.record.observation, OwnSeen):
            seen = step.record.observation
            return (step.number, seen) if objects.kind_of(seen.parent) == parent else (0, None)
    return 0, None


def _place(obj: Obj) -> str:
    return f"{objects.namespace_of(obj) or '-'}/{objects.name_of(obj)}"


def _children(look: Look, parent: Obj, kinds: dict[str, str]) -> Iterator[Obj]:
    for kind in kinds:
        yield from (obj for obj in look.objects(kind) if objects.controller_uid(obj) == uid_of(parent))


# ------------------------------------------------------------------------------------------- trying


def tried(scheme: Scheme, draft: DefineController, observation: str, now_ms: int) -> Tried:
    """Raises BadRequest, for a draft that could not be defined or an observation that could not be one."""
    spec = draft.spec(lambda word: kind_called(scheme, word))
    _must_know(scheme, spec["parent"])
    seen = _seen(scheme, spec, observation, now_ms)
    returned: list[Returned] = []

    def call(*asked: Any) -> Returned:
        returned.append(calling.call(*asked))
        return returned[-1]

    try:
        gaps = tuple(own_loop(own_controller(draft.name, spec), call).diff(seen))
    except TextMistake as mistake:
        return Tried(mistake.printed, str(mistake), mistake.where)
    except Struck as struck:
        return Tried(limit=struck.limit)
    printed = tuple(line for each in returned for line in each.printed)
    return _answer(seen, gaps)._replace(printed=printed)


def _seen(scheme: Scheme, spec: dict[str, Any], observation: str, now_ms: int) -> OwnSeen:
    parent, *others = _read(scheme, observation, spec["parent"])
    children = [objects.with_metadata(other, ownerReferences=[objects.owner_reference(parent)]) for other in others]
    rows = [found for kind in spec["children"] if (found := scheme.find(kind)) is not None]
    kinds = {row.key: row.api_version for row in rows}
    strange = next((child for child in children if objects.kind_of(child) not in kinds), None)
    if strange is not None:
        raise errors.BadRequest(f"a {strange['kind']} is no child of this controller: it is not among the child kinds")
    return OwnSeen(
        parent=parent,
        children=children,
        kinds=kinds,
        cluster_kinds=tuple(row.key for row in rows if not row.namespaced),
        has_status="status" in scheme.kind(spec["parent"]).subresources,
        memory=None,
        now_ms=now_ms,
    )


def _read(scheme: Scheme, text: str, parent: str) -> list[Obj]:
    """The parent first. What the API server would fill in is filled in."""
    found = [_whole(scheme, document.obj) for document in documents.parse(text)]
    if not found or objects.kind_of(found[0]) != parent:
        raise errors.BadRequest(f"an observation begins with the parent, a {bare_kind(parent)}")
    return found


def _whole(scheme: Scheme, obj: Obj) -> Obj:
    decoded = {"metadata": {}, **scheme.decode(obj)}
    row, meta = scheme.kind(objects.kind_of(decoded)), decoded["metadata"]
    if not meta.get("name"):
        raise errors.BadRequest(f"a {row.kind} of the observation has no metadata.name")
    namespace = (meta.get("namespace") or "default") if row.namespaced else None
    uid = meta.get("uid") or f"uid-of-{row.plural}-{meta['name']}"
    return scheme.definition(row.key).default(objects.with_metadata(decoded, namespace=namespace, uid=uid))


def _answer(seen: OwnSeen, gaps: Sequence[Difference]) -> Tried:
    there = {ref_of(child): child for child in seen.children}
    fates, found = [], Tried()
    for gap in gaps:
        action = gap.actions[0] if gap.actions else None
        if isinstance(action, UpdateStatus):
            changes = applying.changes(seen.parent.get("status") or {}, action.status, "status")
            found = found._replace(status=action.status, status_changes=tuple(changes))
        elif gap.reason == "ComesBack":
            found = found._replace(again_s=gap.desired)
        elif gap.reason.startswith("Child"):
            fates.append(_fate(gap, there.get(gap.about)))
    told = {fate.ref for fate in fates}
    same = [Fate(ref, "same") for ref in there if ref not in told]
    return found._replace(fates=(*fates, *same))


def _fate(gap: Difference, current: Obj | None) -> Fate:
    match gap.actions:
        case (Create(obj=obj), *_more):
            return Fate(gap.about, "create", wanted=_without_note(obj))
        case (Update(obj=obj), *_more) if current is not None:
            changes = applying.changes(_without_note(current), _without_note(obj))
            return Fate(gap.about, "update", tuple(changes))
        case (Delete(), *_more) if gap.reason == "ChildNotWanted":
            return Fate(gap.about, "delete")
    what = "recreate" if gap.actions else "wait"
    return Fate(gap.about, what, (Changed(gap.field, gap.observed, gap.desired),))


def _without_note(obj: Obj) -> Obj:
    """Without the annotation in which a child bears what was declared of it."""
    kept = {name: text for name, text in objects.annotations_of(obj).items() if name != applying.LAST_APPLIED}
    return objects.with_metadata(obj, annotations=kept or None)
