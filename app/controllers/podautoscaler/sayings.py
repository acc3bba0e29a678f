"""What the autoscaler says of each Difference, by its reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api import times
from app.api.messages import N_, Message, Saying, Told, message
from app.api.objects import Obj, ref_of
from app.reconcile import Difference, RequeueAfter

KIND = "HorizontalPodAutoscaler"


def _held(text: str) -> Told:
    """Says for how long."""

    def told(gap: Difference) -> Message:
        waits = (action.delay_ms for action in gap.actions if isinstance(action, RequeueAfter))
        return message(text, desired=gap.desired, observed=gap.observed, time=times.duration(next(waits, 0)))

    return told


def _measured(_gap: Difference, seen: Any) -> Iterator[Message]:
    """What lacks: pods, a measurement of them, or a request that a percentage could be of."""
    if not seen.pods:
        yield message(N_("%(what)s must have pods."), what=ref_of(seen.autoscaler))
        return
    resources = [each for metric in seen.autoscaler["spec"].get("metrics") or () for each in _percentages(metric)]
    for resource in resources:
        for container in _without_request(seen.pods[0], resource):
            text = N_("Container %(name)s must request %(resource)s: the target is a percentage of that.")
            yield message(text, name=container, resource=resource)
    if len(seen.metrics) < len(seen.pods):
        text = N_("metrics-server must have measured its pods: of %(n)s it has %(measured)s.")
        yield message(text, n=len(seen.pods), measured=len(seen.metrics))


def _percentages(metric: Obj) -> Iterator[str]:
    for name in ("resource", "containerResource"):
        if name in metric and metric[name]["target"].get("type") == "Utilization":
            yield metric[name]["name"]


def _without_request(pod: Obj, resource: str) -> Iterator[str]:
    for container in pod["spec"]["containers"]:
        if resource not in ((container.get("resources") or {}).get("requests") or {}):
            yield container["name"]


def _alone(_gap: Difference, seen: Any) -> Iterator[Message]:
    yield message(N_("Only one of these may select its pods: %(names)s."), names=", ".join(seen.rivals))


SAYS = {
    "LoadAboveTarget": Saying(
        N_("By load and limits %(desired)s pods are right, not %(observed)s."), N_("too few pods")
    ),
    "LoadBelowTarget": Saying(
        N_("By load and limits %(desired)s pods are right, not %(observed)s."), N_("too many pods")
    ),
    "ScaleDownStabilized": Saying(
        _held(N_("By load %(desired)s pods would do; it keeps %(observed)s for at least %(time)s more.")),
        N_("waits to shrink"),
        {KIND: N_("It keeps %(observed)s pods for now: lately more than %(desired)s were right.")},
        N_("Pods that must be enough for the whole stabilization window: %(desired)s."),
    ),
    "ScaleUpStabilized": Saying(
        _held(N_("By load %(desired)s pods are right; it keeps %(observed)s for at least %(time)s more.")),
        N_("waits to grow"),
        {KIND: N_("It keeps %(observed)s pods for now: lately fewer than %(desired)s were right.")},
        N_("Pods that must be right for the whole stabilization window: %(desired)s."),
    ),
    "MetricsAwaited": Saying(N_("There is no measurement to go by yet."), N_("no measurement"), needs=_measured),
    "LookDue": Saying(N_("It looks at fixed intervals, by the clock."), N_("the next look")),
    "AmbiguousSelector": Saying(
        N_("Another autoscaler scales the same pods: it leaves them alone."), N_("two autoscalers"), needs=_alone
    ),
    "MetricsMissing": Saying(N_("There is no measurement to go by."), N_("no measurement")),
}
