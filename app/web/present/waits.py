"""What the slow loops wait for, and until when: a window that has to pass, a machine that is on its way, a measurement.

Read from the timers that they set themselves in their newest look. Told where the page says whether the room is quiet
(present/rest.py), in the panel of the loop and at its lane.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from app.api.control_plane import CONTROL_PLANE
from app.api.objects import Ref, ref_of
from app.engine.trace import Differed, Step
from app.look import Look
from app.reconcile import Difference, Remember, RequeueAfter
from app.web.present.clock import virtual
from app.web.present.names import lane_of, short
from app.web.present.values import brief
from app.web.present.words import N_, Words

SLOW = ("cluster-autoscaler", "horizontal-pod-autoscaler")
SCALER = Ref("ConfigMap", "kube-system", "cluster-autoscaler")  # in a cluster that asks for one
LOOK_BACK_MS = 60_000  # they look more often than that, if they look at all
LOOK_BACK = 4_000  # steps: a frame has no time for more

WORDS = {
    "ScaleDownStabilized": N_("HPA: %(desired)s pods of %(about)s would do, %(observed)s stay until after %(time)s."),
    "ScaleUpStabilized": N_("HPA: %(desired)s pods of %(about)s are right, %(observed)s stay until after %(time)s."),
    "MetricsAwaited": N_("HPA %(about)s: no measurement yet, next look after %(time)s."),
    "NotUnneededLongEnough": N_("%(about)s is hardly used: its machine goes after %(time)s if that stays so."),
    "MachineAwaited": N_("Machines ready: %(observed)s of %(desired)s, next look after %(time)s."),
}


class Wait(NamedTuple):
    role: str
    until_ms: int  # at its first look after that it may go on
    text: str


def of(cluster: Look, _: Words) -> tuple[Wait, ...]:
    """The soonest first."""
    stopped = ((cluster.get(CONTROL_PLANE) or {}).get("spec") or {}).get("stopped") or {}
    found = [
        wait
        for step in _newest_looks(cluster)
        if lane_of(step.actor) not in stopped
        for wait in _waits(step, cluster.epoch_ms, _)
    ]
    return tuple(sorted(found, key=lambda wait: wait.until_ms))


def by_role(cluster: Look, _: Words) -> dict[str, str]:
    found = {lane_of(alert.actor): _("Somebody is on call: it waits for you to act.") for alert in cluster.alerts}
    for wait in of(cluster, _):
        found[wait.role] = " ".join(filter(None, (found.get(wait.role), wait.text)))
    return found


def _newest_looks(cluster: Look) -> Iterator[Step]:
    """The newest comparison of each slow loop, for each of its keys."""
    wanted = {ref_of(obj) for obj in cluster.objects("HorizontalPodAutoscaler")}
    wanted |= {SCALER} if cluster.get(SCALER) is not None else set()
    for number in range(cluster.trace.count, max(0, cluster.trace.count - LOOK_BACK), -1):
        step = cluster.trace.get(number) if wanted else None
        if step is None or step.at_ms < cluster.now_ms - LOOK_BACK_MS:
            return
        if step.actor in SLOW and step.key in wanted and is_look(step):
            wanted.discard(step.key)
            yield step


def is_look(step: Step) -> bool:
    """It really looked, and notes when it will again: it was not woken before its time."""
    record = step.record
    return isinstance(record, Differed) and any(
        isinstance(action, Remember) for gap in record.differences for action in gap.actions
    )


def _waits(step: Step, epoch_ms: int, _: Words) -> Iterator[Wait]:
    assert isinstance(step.record, Differed)
    looked_ms = step.record.observation.now_ms
    for gap in step.record.differences:
        delay_ms = _delay_ms(gap)
        if delay_ms is not None and gap.reason in WORDS:
            until_ms = looked_ms + delay_ms
            values = {"about": short(gap.about), "desired": brief(gap.desired), "observed": brief(gap.observed)}
            yield Wait(lane_of(step.actor), until_ms, _(WORDS[gap.reason], **values, time=virtual(until_ms - epoch_ms)))


def _delay_ms(gap: Difference) -> int | None:
    return next((action.delay_ms for action in gap.actions if isinstance(action, RequeueAfter)), None)
