"""The loop of a controller that somebody wrote: it observes a parent and the children that it owns, asks the text what
there should be, and makes Differences of what is not so.

The text is a function: the same parent and children, the same answer. So `diff` stays pure, and may ask (calling.py).
Models the Metacontroller's CompositeController, with its update strategies; unlike there a child is updated in place
unless something else is asked for. A rolling strategy changes one child at a time, and none while another is not well.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import conditions, limits, objects
from app.api.kinds import Kind, bare_kind
from app.api.messages import N_, Message, Saying, counted, many, message
from app.api.objects import Obj, Ref, is_terminating, ref_of, uid_of
from app.operators.own import applying, flapping, wanted
from app.operators.own.calling import Returned
from app.operators.own.flapping import Memory
from app.operators.own.wanted import Wanted
from app.reconcile import (
    BACKGROUND,
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Reader,
    Remember,
    RequeueAfter,
    TextMistake,
    Update,
    UpdateStatus,
    Wake,
    itself,
    owns,
)

Call = Callable[[str, str, str, tuple[Any, ...], int], Returned]
"""What comes of a function of a text: its name, the text, the function, what it is given, and virtual time."""

_ROLLING = ("RollingRecreate", "RollingInPlace")
_RECREATES = ("Recreate", "RollingRecreate")
_HEALTHY = ("Ready", "Available")  # conditions that say whether a child is well
_MADE_ANEW = 3  # creations within a minute, of each child that is wanted, that are not strange


def _heard(gap: Difference) -> Message:
    first, *others = gap.desired.split(", ")
    if not others:
        return message(N_("It hears: %(what)s."), what=first)
    told = many("It hears: %(what)s, and %(n)s other change.", "It hears: %(what)s, and %(n)s other changes.")
    return counted(told, len(others), what=first)


SAYS = {
    "ChildMissing": Saying(N_("%(kind)s %(about)s should be there, and is not."), N_("a child is missing")),
    "ChildDiffers": Saying(
        N_("%(kind)s %(about)s: %(field)s is %(observed)s and should be %(desired)s."), N_("a child differs")
    ),
    "ChildNotWanted": Saying(N_("Nobody wants %(kind)s %(about)s any more: it goes."), N_("a child too many")),
    "ChildWaits": Saying(N_("%(kind)s %(about)s differs, but it is not its turn yet."), N_("not its turn")),
    "StatusOutdated": Saying(
        N_("The status of %(kind)s %(about)s should say: %(field)s is %(desired)s."),
        N_("an old status"),
        {"*": N_("It reports: %(field)s is %(desired)s.")},
    ),
    "HotLoop": Saying(
        N_("Its own write wakes it, again and again: %(field)s of %(kind)s %(about)s. It stops that."),
        N_("a hot loop"),
        {"*": N_("It writes %(field)s of %(kind)s %(about)s no more, and tells why in an Event.")},
    ),
    "EventsTaken": Saying(_heard, N_("it hears of changes")),
    "Printed": Saying(N_("It prints: %(desired)s"), N_("it prints")),
    "ComesBack": Saying(N_("It will look at %(about)s again."), N_("it looks again")),
}


@dataclass(frozen=True, slots=True)
class OwnSeen:
    parent: Obj
    children: Sequence[Obj]
    kinds: Mapping[str, str]  # that its children may be of, with their API versions
    cluster_kinds: Sequence[str]  # those of them that are in no namespace
    has_status: bool
    memory: Any
    now_ms: int


class Gap(NamedTuple):
    """A Difference, and what it is a write of."""

    difference: Difference
    label: str
    often: int = flapping.AGAIN  # so often within a minute is once too often


class OwnController(Controller[OwnSeen]):
    """`definition` is an OwnController object (app/api/own_controllers.py)."""

    lane = 8
    sleeps = True
    is_trusted = False
    wakes = ()
    says = SAYS
    labels = {
        "parent": N_("parent"),
        "children": N_("its children"),
        "kinds": N_("kinds of children"),
        "cluster kinds": N_("in no namespace"),
        "has status": N_("has a status"),
        "memory": N_("it remembers"),
    }

    def __init__(self, definition: Obj, call: Call) -> None:
        spec = definition["spec"]
        self.name = self.title = objects.name_of(definition)
        self.reconciles: str = spec["parent"]
        self._strategies: Mapping[str, str] = spec["children"]
        self._text: str = spec["text"]
        self._call = call

    def follows(self, row: Kind) -> Iterable[Cache | Wake]:
        if row.key == self.reconciles:
            yield itself(row.key)
        elif row.key in self._strategies:
            yield owns(row.key, self.reconciles)
            yield Cache(row.key, indexes={"controller": _controller})

    def observe(self, key: Ref, reader: Reader) -> OwnSeen | None:
        own = reader.kind(key.kind)
        parent = reader.get(key) if own is not None else None
        if own is None or parent is None:
            return None
        rows = [found for kind in self._strategies if (found := reader.kind(kind)) is not None]
        owned = [reader.by(row.key, "controller", uid_of(parent)) for row in rows]
        return OwnSeen(
            parent=parent,
            children=tuple(child for each in owned for child in each),
            kinds={row.key: row.api_version for row in rows},
            cluster_kinds=tuple(row.key for row in rows if not row.namespaced),
            has_status="status" in own.subresources,
            memory=reader.remembered(),
            now_ms=reader.now_ms,
        )

    @staticmethod
    def saw(seen: OwnSeen) -> Message:
        text = N_("%(who)s looks at %(what)s and counts its children: %(n)s.")
        return message(text, what=ref_of(seen.parent), n=len(seen.children))

    def diff(self, seen: OwnSeen) -> Iterable[Difference]:
        if is_terminating(seen.parent):
            return  # what it owns goes with it: the garbage collector sees to that
        value, printed = self._ask("sync", seen, plain(seen.parent), by_kind(seen.children, seen.kinds))
        try:
            want = wanted.read(value, seen.parent, seen.kinds, seen.cluster_kinds, has_status=seen.has_status)
        except TextMistake as mistake:
            raise TextMistake(str(mistake), mistake.where, printed) from mistake
        yield from prints(seen, printed)
        yield from self._gaps(seen, want)
        if want.again_ms is not None:
            again, seconds = (RequeueAfter(want.again_ms, "resyncAfterSeconds"),), want.again_ms / 1000
            yield Difference(ref_of(seen.parent), "resyncAfterSeconds", seconds, None, "ComesBack", again, BACKGROUND)

    def _ask(self, function: str, seen: OwnSeen, *arguments: Any) -> Returned:
        return self._call(self.name, self._text, function, arguments, seen.now_ms)

    def _gaps(self, seen: OwnSeen, want: Wanted) -> Iterator[Difference]:
        """What is to be written, and what it remembers of having written it; but nothing that runs hot."""
        memory, is_calm = flapping.remembered(seen.parent, seen.children, seen.memory, seen.now_ms)
        gaps = [*self._children(seen, want), *_status(seen, want)]
        written: list[Difference] = []
        labels, hot = [], []
        for gap, label, often in gaps:
            if not gap.actions:
                yield gap
            elif (label != "status" or is_calm) and flapping.is_hot(memory, label, often):
                hot.append(label)
                is_new = label not in memory.hot
                yield _hot(seen.parent, gap, flapping.with_writes(memory, (), hot, seen.now_ms) if is_new else None)
            else:
                written.append(gap)
                labels += [label] if label != "status" or is_calm else []
        if written:
            after = Remember(flapping.with_writes(memory, labels, hot, seen.now_ms))
            last = written[-1]
            yield from written[:-1]
            yield _with_action(last, after)

    def _children(self, seen: OwnSeen, want: Wanted) -> Iterator[Gap]:
        there = {ref_of(child): child for child in seen.children}
        can_roll = all(map(_is_well, seen.children))
        many = _MADE_ANEW * len(want.children) + flapping.AGAIN
        for ref, child in want.children.items():
            if ref not in there:
                yield Gap(missing(seen.parent, ref, child), f"any {ref.kind}: exists", many)
        for ref, current in there.items():
            if is_terminating(current):
                continue
            if ref not in want.children:
                yield Gap(not_wanted(seen.parent, current), f"any {ref.kind}: exists", many)
                continue
            gap = self._differs(seen.parent, ref, current, want.children[ref], can_roll=can_roll)
            if gap is not None:
                can_roll = can_roll and not (gap.actions and self._strategies[ref.kind] in _ROLLING)
                yield Gap(gap, f"{ref.kind} {ref.name}: {gap.field}")

    def _differs(self, parent: Obj, ref: Ref, current: Obj, child: Obj, *, can_roll: bool) -> Difference | None:
        new = applying.applied(current, child)
        if new == current:
            return None
        first, strategy = next(applying.changes(current, new)), self._strategies[ref.kind]
        reason, actions = "ChildDiffers", tuple[Action, ...]()
        if strategy == "OnDelete" or (strategy in _ROLLING and not can_roll):
            reason = "ChildWaits"
        elif strategy in _RECREATES:
            actions = (_deletion(parent, current),)
        else:
            actions = (update(parent, new),)
        return Difference(ref, first.path, first.new, first.old, reason, actions)


def prints(seen: OwnSeen, printed: Iterable[str]) -> Iterator[Difference]:
    for line in printed:
        yield Difference(ref_of(seen.parent), "print", line, None, "Printed", pace=BACKGROUND)


def not_wanted(parent: Obj, child: Obj) -> Difference:
    return Difference(ref_of(child), "exists", False, True, "ChildNotWanted", (_deletion(parent, child),))


def _deletion(parent: Obj, child: Obj) -> Delete:
    told = Announce(parent, "Normal", "SuccessfulDelete", f"Deleted {named(ref_of(child))}")
    return Delete(ref_of(child), uid=uid_of(child), propagation="Background", announce=told)


def update(parent: Obj, new: Obj) -> Update:
    what = named(ref_of(new))
    told = Announce(parent, "Normal", "SuccessfulUpdate", f"Updated {what}")
    return Update(new, announce=told, on_error=_failure(parent, "FailedUpdate", f"updating {what}"))


def missing(parent: Obj, ref: Ref, child: Obj) -> Difference:
    told = Announce(parent, "Normal", "SuccessfulCreate", f"Created {named(ref)}")
    failed = _failure(parent, "FailedCreate", f"creating {named(ref)}")
    create = Create(applying.declared(child), announce=told, on_error=failed)
    return Difference(ref, "exists", True, False, "ChildMissing", (create,))


def _status(seen: OwnSeen, want: Wanted) -> Iterator[Gap]:
    if want.status is None:
        return
    before = seen.parent.get("status") or {}
    first = next(applying.changes(before, want.status, "status"), None)
    if first is not None:
        write = UpdateStatus(seen.parent, want.status)
        gap = Difference(ref_of(seen.parent), first.path, first.new, first.old, "StatusOutdated", (write,))
        yield Gap(gap, "status")


def _hot(parent: Obj, gap: Difference, memory: Memory | None) -> Difference:
    """`memory` is what it is to remember from now on, if that it runs hot is new."""
    actions: tuple[Action, ...] = ()
    if memory is not None:
        text = f"Stopped writing {gap.field} of {named(gap.about)}: it changes each time"
        actions = (Announce(parent, "Warning", "HotLoop", text), Remember(memory))
    return Difference(gap.about, gap.field, gap.desired, gap.observed, "HotLoop", actions)


def _with_action(gap: Difference, action: Action) -> Difference:
    return Difference(gap.about, gap.field, gap.desired, gap.observed, gap.reason, (*gap.actions, action), gap.pace)


def _failure(parent: Obj, reason: str, doing: str) -> Announce:
    return Announce(parent, "Warning", reason, f"Error {doing}: {{error}}")


def named(ref: Ref) -> str:
    return f"{bare_kind(ref.kind)} {ref.name}"


def _controller(obj: Obj) -> Iterable[Hashable]:
    uid = objects.controller_uid(obj)
    return (uid,) if uid else ()


def _is_well(child: Obj) -> bool:
    """It is not on its way out, and says nothing bad of itself."""
    status, meta = child.get("status") or {}, child["metadata"]
    if is_terminating(child) or status.get("observedGeneration", meta.get("generation")) != meta.get("generation"):
        return False
    said = [conditions.find(status.get("conditions"), type_) for type_ in _HEALTHY]
    return all(each is None or each.get("status") == "True" for each in said)


def by_kind(children: Iterable[Obj], kinds: Mapping[str, str]) -> dict[str, dict[str, Obj]]:
    """As the Metacontroller's hooks are given them: `{"Deployment.apps/v1": {"web": {...}}}`, each kind named."""
    found: dict[str, dict[str, Obj]] = {f"{bare_kind(key)}.{version}": {} for key, version in kinds.items()}
    for child in children:
        found[f"{child['kind']}.{child['apiVersion']}"][objects.name_of(child)] = plain(child)
    return found


def plain(obj: Obj) -> Obj:
    """Without what nobody reads."""
    return objects.with_metadata(obj, managedFields=None)


assert limits.OWN_CHILDREN <= limits.ACTS_AT_A_TIME
