"""What came of a fault that somebody gave a loop: it converged all the same, made things twice, left something behind,
or is stuck; with the shortest trace that shows it. Pure, from the trace and the objects. Called by `ending`.

    converged    nothing of the below
    duplicated   more objects of a kind for one owner than it wanted itself, for a while or for good
    leaked       an object that it made remains, and its owner is gone
    stuck        it fails again and again, waits for nothing, or believes for good what is not so
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from app.api.breath import breathing
from app.api.control_plane import CONTROL_PLANE, first_of
from app.api.kinds import bare_kind
from app.api.messages import N_, Message, message
from app.api.objects import (
    Obj,
    Ref,
    controller_of,
    controller_uid,
    is_terminating,
    kind_of,
    labels_of,
    namespace_of,
    owner_refs,
    ref_of,
    uid_of,
)
from app.commands import CrashMidway, DropNextEvent, StaleCache, TwoCopies
from app.component_helpers import pods
from app.engine.trace import Acted, Commanded, Delivered, Differed, Failed, Fired, Observed, Step, changes_of
from app.look import Look
from app.reconcile import Difference
from app.web.present import causes, duplicates
from app.web.present.steps import foreground

COLLECTOR = "garbage-collector"
LOOKED_BACK = 300  # steps before a fault, in which a reconcile may have begun that goes on

_TABLES = {"crashMidway", "staleUntilMs", "dropNext", "doubled"}
"""Of the ControlPlane object; it keeps one that is empty."""

Fault = CrashMidway | StaleCache | DropNextEvent | TwoCopies


class Evidence(NamedTuple):
    """A step of the shortest trace; `how` "EVENT-LOST": of which the loop was never told."""

    step: Step
    how: str = ""


class Verdict(NamedTuple):
    kind: str  # converged, duplicated, leaked, stuck
    said: Message
    trace: tuple[Evidence, ...]  # from the fault to what shows it


@dataclass(frozen=True, slots=True)
class _Case:
    """A fault that a loop was given, and when it struck."""

    look: Look
    fault: Step
    struck: Step
    actor: str

    def is_its(self, step: Step) -> bool:
        return _is_of(step.actor, self.actor)

    def since(self, number: int) -> Iterator[Step]:
        """What that loop did after that step, on whatever machine and in whichever copy."""
        return (step for step in breathing(self.look.trace.since(number)) if self.is_its(step))

    def last(self, holds: Callable[[Step], bool]) -> tuple[Step, ...]:
        """The newest of its steps since it struck of which that holds, if there is one."""
        return tuple(step for step in self.since(self.struck.number) if holds(step))[-1:]

    def shown_by(self, *steps: Step) -> tuple[Evidence, ...]:
        """These, the fault, and where it struck."""
        found = {step.number: Evidence(step) for step in (self.fault, *steps)}
        writer = self.look.trace.get(self.struck.cause)
        if isinstance(self.struck.record, Failed):
            found[self.struck.number] = Evidence(self.struck)
        elif isinstance(self.struck.record, Fired) and writer is not None:
            found[writer.number] = Evidence(writer, "EVENT-LOST")
        return tuple(found[number] for number in sorted(found))

    def led_to(self, step: Step, besides: Sequence[Step] = ()) -> tuple[Evidence, ...]:
        """The causes of that step, back to what somebody did; and one of `besides`, the newest if none led there."""
        path = list(_deeds(causes.path(self.look.trace, step.number)))
        is_shown = any(each in path for each in besides)
        return self.shown_by(*path, *(() if is_shown else besides[-1:]), step)


def of(cluster: Look, act: Step) -> Verdict | None:
    """Of the newest fault that struck since `act`, or lasts; None if there is none."""
    if not _TABLES & _spec(cluster.get(CONTROL_PLANE)).keys():
        return None  # where there never was one there is nothing to look for
    for step in breathing(reversed(cluster.trace.since(0))):
        command = _fault(step)
        struck = _struck(cluster, step, command) if command is not None else None
        if command is None or struck is None:
            continue
        case = _Case(cluster, step, struck, command.actor)
        missed = _believing(case)
        if missed is None and _lasted_to(cluster, struck, command) < act.number:
            return None
        return _leaked(case) or missed or _failing(case) or _waiting(case) or _doubled(case) or _converged(case)
    return None


def _fault(step: Step) -> Fault | None:
    """What somebody gave a loop with that step."""
    record = step.record
    if not isinstance(record, Commanded) or record.error or not isinstance(record.command, Fault):
        return None
    is_on = record.command.for_ms if isinstance(record.command, StaleCache) else record.command.on
    return record.command if is_on else None


def _struck(cluster: Look, fault: Step, command: Fault) -> Step | None:
    """Two copies, and caches that are stale, are there at once; a crash and a lost event come later, or never."""
    if isinstance(command, TwoCopies | StaleCache):
        return fault
    for step in breathing(cluster.trace.since(fault.number)):
        if _is_of(step.actor, command.actor) and changes_of(step):
            if isinstance(command, CrashMidway) and isinstance(step.record, Failed):
                return step
            if isinstance(command, DropNextEvent) and _is_lost(step):
                return step
    return None


def _lasted_to(cluster: Look, struck: Step, command: Fault) -> int:
    """The last step for which it matters."""
    if isinstance(command, CrashMidway | DropNextEvent):
        return struck.number
    fault = "doubled" if isinstance(command, TwoCopies) else "staleUntilMs"
    for step in breathing(cluster.trace.since(struck.number)):
        for change in changes_of(step):
            if change.ref == CONTROL_PLANE and command.actor not in _spec(change.new).get(fault, {}):
                return step.number
    return cluster.trace.count


def _spec(obj: Obj | None) -> Obj:
    spec: Obj = (obj or {}).get("spec") or {}
    return spec


def _is_of(actor: str, loop: str) -> bool:
    return loop in (actor, first_of(actor), actor.partition("/")[0])


def _is_lost(step: Step) -> bool:
    return isinstance(step.record, Fired) and step.record.why == "EVENT-LOST"


# --------------------------------------------------------------------------------------------- the verdicts


def _doubled(case: _Case) -> Verdict | None:
    found = duplicates.first(case.look.trace.since(case.fault.number - LOOKED_BACK), case.is_its)
    if found is None:
        return None
    there = filter(duplicates.is_active, case.look.objects(found.group.kind))
    left = sum(controller_uid(obj) == found.group.owner for obj in there)
    text = N_("%(kind)s of %(owner)s: %(wanted)s wanted, %(most)s for a while, %(left)s in the end.")
    if left > found.wanted_last:
        text = N_("%(kind)s of %(owner)s: %(wanted)s wanted, %(left)s there, and they stay.")
    owner = controller_of(found.one) or {}
    about = Ref(kind_of(owner), namespace_of(found.one), owner["name"])
    counts = {"most": found.most, "wanted": found.wanted, "left": left}
    said = message(text, kind=bare_kind(found.group.kind), owner=about, **counts)
    return Verdict("duplicated", said, case.led_to(found.by, found.unseen))


def _leaked(case: _Case) -> Verdict | None:
    made: dict[str, Step] = {}
    ends: dict[str, Step] = {}
    for step in breathing(case.look.trace.since(0)):
        for change in changes_of(step):
            if change.new is None and change.old is not None:
                ends[uid_of(change.old)] = step
            elif change.old is None and change.new is not None and case.is_its(step):
                made[uid_of(change.new)] = step
    for obj in (obj for kind in case.look.kinds() for obj in breathing(case.look.objects(kind))):
        if (case.actor == COLLECTOR or uid_of(obj) in made) and _is_orphan(case.look, obj):
            about = (uid_of(obj), *(owner["uid"] for owner in owner_refs(obj)))
            shown = [found[uid] for uid in about for found in (made, ends) if uid in found]
            said = message(N_("%(what)s remains, and its owner is gone."), what=ref_of(obj))
            return Verdict("leaked", said, case.shown_by(*shown))
    return None


def _is_orphan(look: Look, obj: Obj) -> bool:
    """It has owners, and none of them is there."""
    owners = owner_refs(obj)
    return bool(owners) and not any(_is_there(look, obj, owner) for owner in owners)


def _is_there(look: Look, obj: Obj, owner: Obj) -> bool:
    homes = {ref_of(obj).namespace, ""}
    found = (look.get(Ref(kind_of(owner), home, owner["name"])) for home in homes)
    return any(each is not None and uid_of(each) == owner["uid"] for each in found)


def _failing(case: _Case) -> Verdict | None:
    for actor, state in case.look.actors.items():
        if not state.mistakes or not _is_of(actor, case.actor):
            continue
        key = state.mistakes[-1].key
        last = case.last(_failed_at(actor, key))
        if last:
            said = message(N_("it fails at %(what)s again and again."), what=key or last[0].key or "")
            return Verdict("stuck", said, case.led_to(last[0]))
    return None


def _failed_at(actor: str, key: Ref | None) -> Callable[[Step], bool]:
    return lambda step: (step.actor, step.key) == (actor, key) and _has_failed(step)


def _has_failed(step: Step) -> bool:
    return isinstance(step.record, Failed) or (isinstance(step.record, Acted) and not step.record.result.ok)


def _believing(case: _Case) -> Verdict | None:
    """An event of what others did was lost, though it would have had something to look at, no later one told of that
    object, nothing was listed again, and it is not as it was before."""
    lost, ref, writer = case.struck, case.struck.key, case.look.trace.get(case.struck.cause)
    unheard = lost.record.unheard if isinstance(lost.record, Fired) and not lost.background else ()
    if not unheard or ref is None or writer is None or case.is_its(writer):
        return None
    for step in case.since(lost.number):
        is_told = isinstance(step.record, Delivered) and step.key == ref
        is_listed = isinstance(step.record, Fired) and step.record.why == "RELIST"
        if step.actor == lost.actor and (is_told or is_listed):
            return None
    believed = next((change.old for change in changes_of(writer) if change.ref == ref), None)
    now = case.look.get(ref)
    if not _is_other(believed, now):
        return None
    text = N_("it never heard that %(what)s has changed.")
    if now is None:
        text = N_("it never heard that %(what)s is gone.")
    elif believed is None:
        text = N_("it never heard of %(what)s.")
    looks = case.last(lambda step: isinstance(step.record, Observed) and step.key in unheard)
    return Verdict("stuck", message(text, what=ref), case.shown_by(*looks))


def _is_other(believed: Obj | None, now: Obj | None) -> bool:
    """In more than a status; of a pod also whether it is ready, or has ended."""
    if believed is None or now is None or is_terminating(believed) != is_terminating(now):
        return believed is not now
    if pods.is_ready(believed) != pods.is_ready(now) or duplicates.is_active(believed) != duplicates.is_active(now):
        return True
    return _declared(believed) != _declared(now)


def _declared(obj: Obj) -> tuple[Obj, list[Obj], dict[str, str]]:
    return (
        {key: value for key, value in obj.items() if key not in ("metadata", "status")},
        owner_refs(obj),
        labels_of(obj),
    )


def _waiting(case: _Case) -> Verdict | None:
    """A difference about which nothing is done, though nothing goes on."""
    newest: dict[tuple[str, Ref | None], tuple[Step, Sequence[Difference]]] = {}
    for step in case.since(case.fault.number):
        if isinstance(step.record, Differed):
            newest[step.actor, step.key] = step, step.record.differences
    for step, differences in newest.values():
        gaps = [gap for gap in foreground(differences) if not gap.background]
        if gaps and not any(gap.actions for gap in gaps):
            said = message(N_("%(what)s differs, and it does nothing about it."), what=gaps[0].about)
            return Verdict("stuck", said, case.led_to(step))
    return None


def _converged(case: _Case) -> Verdict:
    said = message(N_("in the end all is as wanted."))
    return Verdict("converged", said, case.shown_by(*case.last(_has_failed), *case.last(_has_written)))


def _has_written(step: Step) -> bool:
    return isinstance(step.record, Acted) and 0 < step.record.result.code < 400 and not step.background


def _deeds(path: Sequence[Step]) -> Iterator[Step]:
    """What people did, and of each reconcile the last that it wrote."""
    for step, after in pairwise([*path, None]):
        assert step is not None
        wrote = isinstance(step.record, Acted) and bool(step.record.result.code)
        goes_on = (
            after is not None and isinstance(after.record, Acted) and (after.actor, after.key) == (step.actor, step.key)
        )
        if isinstance(step.record, Commanded) or (wrote and not goes_on):
            yield step
