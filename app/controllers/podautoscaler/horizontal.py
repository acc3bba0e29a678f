"""horizontal-pod-autoscaler: every 15 seconds as many replicas as the load asks for.

It looks at the target's pods and at what metrics-server measured (PodMetrics), or at what a Service's load says,
reckons a number per metric, takes the largest, and lets windows and policies slow the change down; then it writes
`spec.replicas` of its target like anybody else. The formulas are in app/controllers/podautoscaler. Looking is
background: only a change of the number is news. Models kubernetes/pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from app.api import conditions, objects, selectors, times
from app.api.conditions import Condition
from app.api.messages import N_, Message, message
from app.api.objects import Obj, Ref, name_of, ref_of
from app.api.status import changed_fields
from app.controllers.podautoscaler import behavior, metrics, sayings
from app.controllers.podautoscaler.behavior import History
from app.controllers.podautoscaler.metrics import Measured
from app.controllers.podautoscaler.replicas import MetricError
from app.reconcile import (
    BACKGROUND,
    NOW,
    Action,
    Announce,
    Cache,
    Controller,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    UpdateStatus,
    background_if,
    itself,
)

SYNC_MS = 15_000
KIND = "HorizontalPodAutoscaler"
STABILIZED = ("ScaleDownStabilized", "ScaleUpStabilized")
TARGETS = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


class Memory(NamedTuple):
    next_ms: int
    history: History


@dataclass(frozen=True, slots=True)
class AutoscalerObservation:
    autoscaler: Obj
    target: Obj | None
    pods: Sequence[Obj]  # of the target; read only when it is time
    metrics: Sequence[Obj]  # PodMetrics of these pods
    loads: Sequence[Obj]
    rivals: Sequence[str]  # autoscalers whose targets select these pods, itself among them
    memory: Memory | None  # None: seen for the first time
    now_ms: int


class HorizontalController(Controller[AutoscalerObservation]):
    name = "horizontal-pod-autoscaler"
    title = "HPA"
    lane = 80
    reconciles = KIND
    concurrency = 5
    sleeps = True
    says = sayings.SAYS

    def __init__(self) -> None:
        self.wakes = (itself(KIND, when=_is_news),)
        self.reads = (
            Cache(KIND, indexes={"namespace": _namespace, "kind": _target_kind, "target": _target}),
            Cache("PodMetrics"),
            Cache("Load", indexes={"namespace": _namespace}),
        )

    def observe(self, key: Ref, reader: Reader) -> AutoscalerObservation | None:
        autoscaler = reader.get(key)
        if autoscaler is None:
            return None
        memory = reader.remembered()
        if memory is None or reader.now_ms < memory.next_ms:
            return AutoscalerObservation(autoscaler, None, (), (), (), (), memory, reader.now_ms)
        (wanted,) = _target(autoscaler)
        target = reader.live_get(wanted) if wanted.kind in TARGETS else None
        found: Sequence[Obj] = ()
        if target is not None:
            found = tuple(selectors.selected(selectors.of_owner(target), reader.live("Pod", key.namespace)))
        return AutoscalerObservation(
            autoscaler=autoscaler,
            target=target,
            pods=found,
            metrics=tuple(filter(None, (reader.get(Ref("PodMetrics", key.namespace, name_of(pod))) for pod in found))),
            loads=reader.by("Load", "namespace", key.namespace),
            rivals=_rivals(reader, found) if len(reader.by(KIND, "namespace", key.namespace)) > 1 else (key.name,),
            memory=memory,
            now_ms=reader.now_ms,
        )

    @staticmethod
    def saw(seen: AutoscalerObservation) -> Message:
        name = name_of(seen.autoscaler)
        if seen.target is None:
            return message(N_("%(who)s finds nothing that %(name)s could scale."), name=name)
        text = N_("%(who)s sees %(what)s, which asks for %(n)s pods.")
        return message(text, what=ref_of(seen.target), n=seen.target["spec"].get("replicas", 1))

    def diff(self, seen: AutoscalerObservation) -> Iterable[Difference]:
        about = ref_of(seen.autoscaler)
        if seen.memory is None:  # the first look comes one period after it was declared
            wait = (Remember(Memory(seen.now_ms + SYNC_MS, History())), RequeueAfter(SYNC_MS, "the next look"))
            yield Difference(about, "status", "a look", "none yet", "LookDue", wait, pace=BACKGROUND)
        elif seen.now_ms < seen.memory.next_ms:
            wait_on = (RequeueAfter(seen.memory.next_ms - seen.now_ms, "the next look"),)
            yield Difference(about, "status", "a look", "not due", "LookDue", wait_on, pace=BACKGROUND)
        else:
            yield from _sync(seen, seen.memory)


def _sync(seen: AutoscalerObservation, memory: Memory) -> Iterator[Difference]:
    found = _without_target(seen) if seen.target is None else _with_target(seen, seen.target, memory.history)
    yield from found.scaling
    yield from _status(seen, found)
    after = Memory(seen.now_ms + SYNC_MS, found.history)
    keep = (Remember(after), RequeueAfter(SYNC_MS, "the next look"))
    yield Difference(ref_of(seen.autoscaler), "status", "a look", "done", "LookDue", keep, pace=BACKGROUND)


class Outcome(NamedTuple):
    """What one look came to."""

    status: dict[str, Any]  # currentReplicas, desiredReplicas, currentMetrics, lastScaleTime as far as they change
    conditions: tuple[Condition, ...]
    history: History
    scaling: tuple[Difference, ...] = ()
    events: tuple[Announce, ...] = ()
    waits: Difference | None = None  # what it would do, or know, and cannot yet


# ------------------------------------------------------------------------------------------------- deciding


def _without_target(seen: AutoscalerObservation) -> Outcome:
    reference = seen.autoscaler["spec"]["scaleTargetRef"]
    plural = f"{reference['kind'].lower()}s"
    group = reference.get("apiVersion", "").partition("/")[0] if "/" in reference.get("apiVersion", "") else ""
    missing = f'{plural}{"." + group if group else ""} "{reference["name"]}" not found'
    reason = "FailedGetScale"
    told = Announce(seen.autoscaler, "Warning", reason, missing)
    able = _condition(
        "AbleToScale", False, reason, f"the HPA controller was unable to get the target's current scale: {missing}"
    )
    memory = seen.memory.history if seen.memory else History()
    return Outcome({}, (able,), memory, events=(told,))


def _with_target(seen: AutoscalerObservation, target: Obj, history: History) -> Outcome:
    spec = seen.autoscaler["spec"]
    current, least, most = target["spec"].get("replicas", 1), spec.get("minReplicas", 1), spec["maxReplicas"]
    if current == 0 and least != 0:
        message = "scaling is disabled since the replica count of the target is zero"
        inactive = _condition("ScalingActive", False, "ScalingDisabled", message)
        got = _condition("AbleToScale", True, "SucceededGetScale", _GOT_SCALE)
        return Outcome(_counts(current, 0), (got, inactive), history)
    if current > most:
        return _rescaled(seen, target, most, "Current number of replicas above Spec.MaxReplicas", history)
    if current < least:
        return _rescaled(seen, target, least, "Current number of replicas below Spec.MinReplicas", history)
    return _by_metrics(seen, target, current, history)


_AMBIGUOUS = "AmbiguousSelector"
_GOT_SCALE = "the HPA controller was able to get the target's current scale"


def _by_metrics(seen: AutoscalerObservation, target: Obj, current: int, history: History) -> Outcome:
    if len(seen.rivals) > 1:
        return _ambiguous(seen, target, current, history)
    spec, wanted, name, statuses, failure = seen.autoscaler["spec"], 0, "", [], None
    measured = Measured(spec, seen.pods, seen.metrics, seen.loads, seen.now_ms)
    asked = spec.get("metrics") or ()
    failed = 0
    for metric in asked:
        try:
            read = metrics.read(metric, measured, current)
        except MetricError as error:
            failure, failed = failure or (metric, str(error)), failed + 1
            continue
        statuses.append(read.status)
        if read.replicas > wanted:
            wanted, name = read.replicas, read.name
    if failure is not None and (failed >= len(asked) or wanted < current):
        return _failed(seen, current, failure, statuses, history)
    before, verdict = history, behavior.decide(spec, current, wanted, history, seen.now_ms)
    history = behavior.remembered(spec, wanted, history, seen.now_ms)
    active = _condition(
        "ScalingActive", True, "ValidMetricFound",
        f"the HPA was able to successfully calculate a replica count from {name}",
    )  # fmt: skip
    limited = _condition("ScalingLimited", *verdict.limited)
    if verdict.replicas == current:
        able = _condition("AbleToScale", True, *verdict.able)
        status = {**_counts(current, current), "currentMetrics": statuses}
        waits = _stabilizing(seen, target, wanted, verdict.able[0], before)
        return Outcome(status, (able, active, limited), history, waits=waits)
    reason = f"{name} above target" if verdict.replicas > current else "All metrics below target"
    outcome = _rescaled(seen, target, verdict.replicas, reason, history)
    status = {**outcome.status, "currentMetrics": statuses}
    return outcome._replace(status=status, conditions=(*outcome.conditions, active, limited))


def _stabilizing(
    seen: AutoscalerObservation, target: Obj, wanted: int, reason: str, before: History
) -> Difference | None:  # fmt: skip
    """A window holds it back, until the first look after that has passed."""
    spec, current = seen.autoscaler["spec"], target["spec"].get("replicas", 1)
    wanted = min(max(wanted, spec.get("minReplicas", 1)), spec["maxReplicas"])
    if reason not in STABILIZED or wanted == current:
        return None
    left_ms = behavior.held_until(spec, current, wanted, before) - seen.now_ms
    wait = RequeueAfter(max(SYNC_MS, left_ms), "the stabilization window")
    return Difference(ref_of(target), "spec.replicas", wanted, current, reason, (wait,), pace=BACKGROUND)


def _rescaled(seen: AutoscalerObservation, target: Obj, to: int, why: str, history: History) -> Outcome:
    current = target["spec"].get("replicas", 1)
    told = Announce(seen.autoscaler, "Normal", "SuccessfulRescale", f"New size: {to}; reason: {why}")
    failed = Announce(seen.autoscaler, "Warning", "FailedRescale", f"New size: {to}; reason: {why}; error: {{error}}")
    patch = Patch(ref_of(target), {"spec": {"replicas": to}}, subresource="scale", announce=told, on_error=failed)
    reason = "LoadAboveTarget" if to > current else "LoadBelowTarget"
    difference = Difference(ref_of(target), "spec.replicas", to, current, reason, (patch,))
    message = f"the HPA controller was able to update the target scale to {to}"
    able = _condition("AbleToScale", True, "SucceededRescale", message)
    status = {**_counts(current, to), "lastScaleTime": times.rfc3339(seen.now_ms)}
    return Outcome(status, (able,), behavior.scaled(history, current, to, seen.now_ms), (difference,))


def _failed(
    seen: AutoscalerObservation, current: int, failure: tuple[Mapping[str, Any], str], statuses: list[Any],
    history: History,
) -> Outcome:  # fmt: skip
    metric, why = failure
    reason, what = _failure_words(metric)
    missing = f"failed to get {what}: {why}"
    summary = (
        f"invalid metrics (1 invalid out of {len(seen.autoscaler['spec'].get('metrics') or ())}), first error is: "
    )
    unable = f"the HPA was unable to compute the replica count: {missing}"
    return _inactive(seen, current, Failure(reason, missing, unable, f"{summary}{missing}"), statuses, history)


def _ambiguous(seen: AutoscalerObservation, target: Obj, current: int, history: History) -> Outcome:
    namespace = objects.namespace_of(target)
    rivals = " ".join(f"{{{name} {namespace}}}" for name in seen.rivals)
    selector = selectors.format_selector(selectors.of_owner(target))
    why = f"pods by selector {selector} are controlled by multiple HPAs: [{rivals}]"
    return _inactive(seen, current, Failure(_AMBIGUOUS, why, why, why, _AMBIGUOUS), [], history)


class Failure(NamedTuple):
    """Why there is no number, as it is told in three places."""

    reason: str
    event: str
    condition: str
    summary: str  # of the Event FailedComputeMetricsReplicas
    gap: str = "MetricsAwaited"  # what the page says of it


def _inactive(
    seen: AutoscalerObservation, current: int, failure: Failure, statuses: list[Any], history: History
) -> Outcome:  # fmt: skip
    got = _condition("AbleToScale", True, "SucceededGetScale", _GOT_SCALE)
    inactive = _condition("ScalingActive", False, failure.reason, failure.condition)
    events = (
        Announce(seen.autoscaler, "Warning", failure.reason, failure.event),
        Announce(seen.autoscaler, "Warning", "FailedComputeMetricsReplicas", failure.summary),
    )
    last = (seen.autoscaler.get("status") or {}).get("desiredReplicas", 0)
    status = {**_counts(current, last), "currentMetrics": statuses or None}
    wait = RequeueAfter(SYNC_MS, "the next look")
    about = ref_of(seen.autoscaler)
    waits = Difference(about, "status.currentMetrics", "metrics", "none", failure.gap, (wait,), pace=BACKGROUND)
    return Outcome(status, (got, inactive), history, events=events, waits=waits)


def _failure_words(metric: Mapping[str, Any]) -> tuple[str, str]:
    """(reason, what could not be had)."""
    match metric["type"]:
        case "Resource":
            resource = metric["resource"]
            kind = "utilization" if resource["target"]["type"] == "Utilization" else "usage"
            return (
                "FailedGetResourceMetric",
                f"{resource['name']} resource metric value: failed to get {resource['name']} {kind}",
            )
        case "ContainerResource":
            resource = metric["containerResource"]
            return "FailedGetContainerResourceMetric", f"{resource['name']} container metric value"
        case "Pods":
            return "FailedGetPodsMetric", "pods metric value"
        case other:
            return f"FailedGet{other}Metric", f"{other.lower()} metric value"


# ---------------------------------------------------------------------------------------------------- status


def _status(seen: AutoscalerObservation, found: Outcome) -> Iterator[Difference]:
    autoscaler = seen.autoscaler
    old: dict[str, Any] = autoscaler.get("status") or {}
    held: list[Condition] = old.get("conditions") or []
    for condition in found.conditions:
        held = conditions.with_condition(held, condition, seen.now_ms)
    status = {**old, **found.status, "conditions": held}
    events: tuple[Action, ...] = found.events
    waits = found.waits
    if waits is not None and waits.reason in STABILIZED and not _is_held(old):
        # That it begins to wait is news: told once, with the write that says so.
        yield replace(waits, actions=(UpdateStatus(autoscaler, status), *waits.actions), pace=NOW)
        return
    if waits is not None:
        yield waits
    if status == old:
        if events:
            reason = _AMBIGUOUS if waits is not None and waits.reason == _AMBIGUOUS else "MetricsMissing"
            yield Difference(ref_of(autoscaler), "status", "metrics", "none", reason, events, pace=BACKGROUND)
        return
    desired, observed = changed_fields(status, old)
    actions = (UpdateStatus(autoscaler, status), *events)
    yield Difference(
        ref_of(autoscaler),
        "status",
        desired,
        observed,
        "StatusOutdated",
        actions,
        pace=background_if(not found.scaling),
    )


def _is_held(status: Mapping[str, Any]) -> bool:
    able = conditions.find(status.get("conditions"), "AbleToScale")
    return able is not None and able["reason"] in STABILIZED


def _counts(current: int, desired: int) -> dict[str, Any]:
    return {"currentReplicas": current, "desiredReplicas": desired}


def _condition(type_: str, is_so: bool, reason: str, message: str) -> Condition:
    return {"type": type_, "status": str(is_so), "reason": reason, "message": message}


# ---------------------------------------------------------------------------------------------------- looking


def _target(autoscaler: Obj) -> tuple[Ref]:
    reference = autoscaler["spec"]["scaleTargetRef"]
    return (Ref(objects.kind_of(reference), objects.namespace_of(autoscaler), reference["name"]),)


def _target_kind(autoscaler: Obj) -> tuple[tuple[str, str]]:
    (target,) = _target(autoscaler)
    return ((target.namespace, target.kind),)


def _rivals(reader: Reader, found: Sequence[Obj]) -> Sequence[str]:
    """By name, the autoscalers of the namespace whose targets select any of these pods."""
    if not found:
        return ()
    namespace = objects.namespace_of(found[0])
    labels = {id(each): each for each in map(objects.labels_of, found)}.values()  # pods of a template share them
    rivals: list[Obj] = []
    for kind in TARGETS:
        for each in reader.live(kind, namespace) if reader.by(KIND, "kind", (namespace, kind)) else ():
            own = selectors.of_owner(each)
            if any(selectors.matches(own, of_pod) for of_pod in labels):
                rivals += reader.by(KIND, "target", ref_of(each))
    return sorted(map(name_of, rivals))


def _is_news(old: Obj | None, new: Obj | None) -> bool:
    return old is None or new is None or old["spec"] != new["spec"]


def _namespace(obj: Obj) -> tuple[str]:
    return (objects.namespace_of(obj),)
