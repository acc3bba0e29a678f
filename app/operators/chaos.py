"""chaos-monkey: kills a running pod now and then, so that everybody sees the other loops repair it.

How often says `spec.chaosPerMinute` of the ControlPlane object; at 0, as at first, it does nothing and reads nothing.
Which pod, and when exactly, follows from the virtual time, so a room replays. Models the idea of Netflix' Chaos Monkey,
on pods; an ordinary DELETE, with the pod's own grace period.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.api.breath import breathing
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.component_helpers import pods
from app.reconcile import AWAITED, Announce, Controller, Delete, Difference, Reader, Remember, RequeueAfter, itself

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class ChaosSeen:
    per_minute: int
    due_ms: int | None  # of the next kill; None: none was planned
    running: Sequence[Obj]  # the pods that may be hit, if one is to be hit now
    now_ms: int


class ChaosMonkey(Controller[ChaosSeen]):
    name = "chaos-monkey"
    title = N_("Chaos")
    subject = N_("The chaos monkey")
    lane = 300
    reconciles = "ControlPlane"
    wakes = (itself("ControlPlane", when=lambda old, new: _rate(old) != _rate(new)),)
    says = {
        "ChaosPlanned": Saying(N_("It chooses a moment for its next kill."), N_("the next kill")),
        "ChaosOff": Saying(N_("No kill is wanted any more."), N_("no more kills")),
        "ChaosStrikes": Saying(N_("It draws lots: %(about)s is hit."), N_("one is hit")),
    }

    def observe(self, key: Ref, reader: Reader) -> ChaosSeen | None:
        control_plane = reader.get(key)
        if control_plane is None:
            return None
        per_minute, due_ms = control_plane["spec"].get("chaosPerMinute", 0), reader.remembered()
        running: list[Obj] = []
        if per_minute and due_ms is not None and reader.now_ms >= due_ms:
            running = [pod for pod in breathing(reader.live("Pod", None)) if _may_be_hit(pod)]
        return ChaosSeen(per_minute, due_ms, running, reader.now_ms)

    @staticmethod
    def saw(seen: ChaosSeen) -> Message:
        return message(N_("%(who)s looks for pods that it may kill: %(n)s."), n=len(seen.running))

    def diff(self, seen: ChaosSeen) -> Iterable[Difference]:
        about = Ref("ControlPlane", "", "control-plane")
        if not seen.per_minute:
            if seen.due_ms is not None:
                yield Difference(about, "spec.chaosPerMinute", 0, "planned", "ChaosOff", (Remember(None),))
            return
        due_ms = seen.due_ms
        if due_ms is None or seen.now_ms >= due_ms:
            if due_ms is not None and seen.running:
                yield _kill(seen.running[_draw(seen.now_ms, len(seen.running))])
            due_ms = seen.now_ms + _pause_ms(seen)
        wait = RequeueAfter(max(0, due_ms - seen.now_ms), "the next kill")
        yield Difference(
            about, "spec.chaosPerMinute", "a kill", "none", "ChaosPlanned", (Remember(due_ms), wait), pace=AWAITED
        )


def _kill(pod: Obj) -> Difference:
    told = Announce(pod, "Warning", "Chaos", "Killed by the chaos monkey")
    kill = Delete(ref_of(pod), uid=uid_of(pod), announce=told)
    return Difference(ref_of(pod), "exists", False, True, "ChaosStrikes", (kill,))


def _rate(control_plane: Obj | None) -> int:
    return int(control_plane["spec"].get("chaosPerMinute", 0)) if control_plane else 0


def _may_be_hit(pod: Obj) -> bool:
    system = namespace_of(pod).startswith("kube-")
    return not system and not is_terminating(pod) and pods.phase(pod) == "Running" and bool(name_of(pod))


def _pause_ms(seen: ChaosSeen) -> int:
    """Half as long to one and a half times as long as the average pause."""
    average = _MINUTE_MS // seen.per_minute
    return average // 2 + _draw(seen.now_ms + 1, average + 1)


def _draw(moment_ms: int, count: int) -> int:
    """A number below `count` that nobody foresees and a replay draws again."""
    return int.from_bytes(hashlib.sha256(str(moment_ms).encode()).digest()[:8]) % count
