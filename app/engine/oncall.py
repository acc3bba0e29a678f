"""Loops that a person stands in for: what they found and may not do, who was called for it, and how that ended.

Such a loop (ControlPlane `spec.onCall`) goes on to observe, to diff and to report: it writes statuses and Events, keeps
its timers, and takes on what a person made by hand. Whatever would change more is left undone, and the step that found
it says so (`Differed.left`). From the steps the Engine's `OnCall` knows what is left undone now, the alerts, and how it
went, the calls: one lasts from its first alert until all are over and nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.api.objects import Obj, Ref
from app.api.own_controllers import OWN_CONTROLLER
from app.api.parts import Part
from app.apiserver.store import Change
from app.engine.trace import Alert, Call, Delivered, Differed, Observed, Step, changes_of
from app.reconcile import Action, Bind, Create, Delete, Difference, Patch, Update

KEPT = 50  # calls


def left_to_people(differences: Sequence[Difference]) -> tuple[int, ...]:
    """Which of them a loop may not close that somebody is on call for, by their places."""
    return tuple(place for place, gap in enumerate(differences) if not gap.background and _repairs(gap))


def _repairs(gap: Difference) -> list[Action]:
    return [action for action in gap.actions if _is_repair(action)]


def _is_repair(action: Action) -> bool:
    """It changes more than what the loop itself tells of the world."""
    if isinstance(action, Patch):
        told = {"status"} | ({"metadata"} if set(action.patch.get("metadata") or ()) <= _OWNING else set())
        return action.subresource in ("", "scale") and not set(action.patch) <= told
    return isinstance(action, Create | Update | Delete | Bind)


_OWNING = {"ownerReferences", "resourceVersion", "uid"}


class OnCall(Part):
    """`alerts` by loop and key, `calls` oldest first; the last of them may go on."""

    STATE = ("alerts", "calls")

    def __init__(self) -> None:
        self.alerts: dict[tuple[str, Ref], Alert] = {}
        self.calls: list[Call] = []

    def copy(self) -> OnCall:
        copied = OnCall()
        copied.alerts, copied.calls = dict(self.alerts), list(self.calls)
        return copied

    @property
    def goes_on(self) -> bool:
        """Somebody was called, and not everything is well again."""
        return bool(self.calls) and not self.calls[-1].until_ms

    def follow(self, step: Step) -> None:
        record = step.record
        if isinstance(record, Differed):
            self._compare(step, record)
        elif self.goes_on:
            if isinstance(record, Observed) and record.observation is None and step.key is not None:
                self._end((step.actor, step.key), step.at_ms)
            for change in changes_of(step):
                self._change(change, step.at_ms)

    def attend(self, step: Step | None, now_ms: int, *, is_quiet: bool) -> bool:
        """While a call goes on, after each step: whether it began with that one. It is over when nothing is left."""
        call = self.calls[-1]
        if is_quiet and not self.alerts:
            self.calls[-1] = call._replace(until_ms=now_ms)
        return step is not None and step.number == call.step

    def woken(self, actor: str, delivered: Delivered) -> Delivered:
        """With the key that an alert is about, if it has changed: some loops need not look again at what they did."""
        ref = delivered.change.ref
        if (actor, ref) not in self.alerts or ref in delivered.queued:
            return delivered
        return replace(delivered, queued=(*delivered.queued, ref))

    def _compare(self, step: Step, record: Differed) -> None:
        assert step.key is not None
        flight = step.actor, step.key
        known = self.alerts.get(flight)
        if record.left:
            gap = record.differences[record.left[0]]
            since_ms = known.since_ms if known else step.at_ms
            self.alerts[flight] = Alert(*flight, gap, _repairs(gap)[0], len(record.left) - 1, since_ms, step.number)
            if known is None:
                self._call(step)
        elif known is not None:
            self._end(flight, step.at_ms, by_loop=any(gap.reason == known.gap.reason for gap in record.differences))

    def _call(self, step: Step) -> None:
        if self.goes_on:
            call = self.calls[-1]
            self.calls[-1] = call._replace(alerts=call.alerts + 1, over_ms=0)
        else:
            self.calls = [*self.calls[1 - KEPT :], Call(step.number, step.at_ms)]

    def _end(self, flight: tuple[str, Ref], at_ms: int, *, by_loop: bool = False) -> None:
        if self.alerts.pop(flight, None) is not None:
            call = self.calls[-1]
            over_ms = 0 if self.alerts else at_ms
            self.calls[-1] = call._replace(over_ms=over_ms, handed_back=call.handed_back or by_loop)

    def _change(self, change: Change, at_ms: int) -> None:
        """Requests are counted; and of what is gone nothing is left to do."""
        if change.ref.kind == "Load":
            (sent, lost), (before, lost_before) = _requests(change.new), _requests(change.old)
            call = self.calls[-1]
            self.calls[-1] = call._replace(
                sent=call.sent + max(0, sent - before), lost=call.lost + max(0, lost - lost_before)
            )
        elif change.new is None:
            gone = [flight for flight in self.alerts if _goes_with(flight, change.ref)]
            for flight in gone:
                self._end(flight, at_ms)


def _goes_with(flight: tuple[str, Ref], ref: Ref) -> bool:
    """Without that object there is no such key, or no such loop."""
    actor, key = flight
    return ref == key or (ref.kind in ("Machine", OWN_CONTROLLER) and ref.name in actor.split("/"))


def _requests(load: Obj | None) -> tuple[int, int]:
    """How many were sent, and how many of them failed."""
    total = ((load or {}).get("status") or {}).get("total") or {}
    return int(total.get("sent") or 0), sum((total.get("failed") or {}).values())
