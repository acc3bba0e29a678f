"""What objects say of themselves that holds them up: in what was declared of them, or in a status that a loop wrote.

Of these no loop finds a Difference: all is as somebody asked. `holds` finds the write since which it is so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.api import conditions, objects
from app.api.objects import Obj, Ref
from app.look import Look
from app.web.present.asked import GOOD
from app.web.present.whynot import budgeted, scaled, served
from app.web.present.whynot.answer import Answer, began, moment, said
from app.web.present.whynot.family import Family
from app.web.present.whynot.saying import Declared, get
from app.web.present.words import Words

_BY_LOOPS = (
    "foregroundDeletion", "orphan", "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection",
    "batch.kubernetes.io/job-tracking",
)  # fmt: skip
"""Finalizers that a loop of ours takes off: its Difference tells more."""
_TOLD_BY_KUBELET = (
    "ContainerCreating", "PodInitializing", "CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff",
    "CreateContainerConfigError",
)  # fmt: skip


def of(cluster: Look, related: Family, _: Words) -> Iterator[Answer]:
    found: list[tuple[Ref, int, Declared]] = []
    for ref, depth in related.items():
        obj = cluster.get(ref)
        if obj is not None:
            found += [(ref, depth, each) for each in _of_object(cluster, obj, depth, _)]
    since = began(cluster, {(ref, each.code): each.holds for ref, _depth, each in found if each.holds is not None})
    for ref, depth, each in found:
        answer = said(ref, depth, each.code, each.text, each.needs, _)
        yield answer._replace(since=moment(cluster, each.since or since.get((ref, each.code))))


def _of_object(cluster: Look, obj: Obj, depth: int, _: Words) -> Iterator[Declared]:
    yield from _kept(obj, _)
    kind = objects.kind_of(obj)
    for rule in _RULES.get(kind, ()):
        yield from rule(obj, _)
    row = cluster.scheme.find(kind)
    if row is not None and not row.is_own:
        yield from _conditions(obj, _)
    if depth == 0:
        yield from served.of(cluster, obj, _)
        yield from budgeted.of(cluster, obj, _)
    if kind == "DaemonSet":
        yield from served.nodes_without(cluster, obj, _)


# ---------------------------------------------------------------------------------------------- of any kind


def _kept(obj: Obj, _: Words) -> Iterator[Declared]:
    """It is to go, and somebody has not done yet what he wants to do first."""
    names = [each for each in obj["metadata"].get("finalizers") or () if each not in _BY_LOOPS]
    if objects.is_terminating(obj) and names:
        needs = tuple(_("Whoever set the finalizer %(name)s must take it off.", name=name) for name in names)
        yield Declared(
            "Finalizers", _("It is to be deleted, and its finalizers keep it."), needs, objects.is_terminating
        )


def _conditions(obj: Obj, _: Words) -> Iterator[Declared]:
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("type") in GOOD and condition.get("status") == "False":
            type_, why = condition["type"], str(condition.get("message") or condition.get("reason") or "–")
            text = _("Its condition %(type)s is False: %(why)s", type=type_, why=why)
            needs = (_("Whoever writes its status must find that %(type)s is True.", type=type_),)
            yield Declared(type_, text, needs, lambda each, type_=type_: not _is_true(each, type_))  # type: ignore[misc]


def _is_true(obj: Obj, type_: str) -> bool:
    return conditions.is_true((obj.get("status") or {}).get("conditions"), type_)


def _condition(obj: Obj, type_: str) -> Mapping[str, Any]:
    return conditions.find((obj.get("status") or {}).get("conditions"), type_) or {}


# --------------------------------------------------------------------------------------------- workloads


def _paused(obj: Obj, _: Words) -> Iterator[Declared]:
    if get(obj, "spec", "paused"):
        command = f"kubectl rollout resume deployment/{objects.name_of(obj)}"
        needs = (_("spec.paused must go: %(command)s.", command=command),)
        yield Declared("Paused", _("Its rollout is paused: a new template waits."), needs, _has("paused"))


def _has(field: str) -> Callable[[Obj], bool]:
    return lambda obj: bool(get(obj, "spec", field))


def _deadline(obj: Obj, _: Words) -> Iterator[Declared]:
    if not _is_late(obj):
        return
    seconds, name = get(obj, "spec", "progressDeadlineSeconds"), objects.name_of(obj)
    text = _("Its rollout got no further for %(n)s s: it counts as failed.", n=seconds)
    command = f"kubectl rollout undo deployment/{name}"
    needs = (
        _("Its new pods must become available."),
        _("Or the template must be one that works: %(command)s.", command=command),
    )
    yield Declared("ProgressDeadlineExceeded", text, needs, _is_late)


def _is_late(obj: Obj) -> bool:
    return _condition(obj, "Progressing").get("reason") == "ProgressDeadlineExceeded"


def _by_hand(obj: Obj, _: Words) -> Iterator[Declared]:
    """With OnDelete nobody exchanges pods; with a partition only those from it on."""
    strategy, status = get(obj, "spec", "updateStrategy") or {}, obj.get("status") or {}
    if not _is_between(obj):
        return
    if strategy.get("type") == "OnDelete":
        needs = (_("Somebody must delete the pods with the old template: new ones come with the new."),)
        yield Declared("OnDelete", _("OnDelete: its pods keep the old template."), needs, _is_between)
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    if partition and status.get("updatedReplicas", 0) >= max(0, get(obj, "spec", "replicas") - partition):
        text = _("Pods below number %(n)s keep the old template: so says the partition.", n=partition)
        needs = (_("partition of its updateStrategy must be less than %(n)s.", n=partition),)
        yield Declared("Partition", text, needs, _is_between)


def _is_between(obj: Obj) -> bool:
    """Two templates are in use."""
    status = obj.get("status") or {}
    if objects.kind_of(obj) == "DaemonSet":
        return bool(status.get("updatedNumberScheduled", 0) < status.get("desiredNumberScheduled", 0))
    return bool(status.get("currentRevision") != status.get("updateRevision"))


def _suspended(obj: Obj, _: Words) -> Iterator[Declared]:
    if get(obj, "spec", "suspend"):
        needs = (_("spec.suspend must be false."),)
        yield Declared("Suspended", _("It is suspended: no pods are made."), needs, _has("suspend"))


def _failed(obj: Obj, _: Words) -> Iterator[Declared]:
    if _is_true(obj, "Failed"):
        found = _condition(obj, "Failed")
        text = _("It has failed for good: %(why)s", why=found.get("message") or found.get("reason"))
        needs = (_("A Job that has failed stays so: a new one must be made."),)
        yield Declared(str(found.get("reason") or "Failed"), text, needs, lambda each: _is_true(each, "Failed"))


def _forbidden(obj: Obj, _: Words) -> Iterator[Declared]:
    active = get(obj, "status", "active") or ()
    if get(obj, "spec", "concurrencyPolicy") == "Forbid" and active:
        names = ", ".join(each.get("name", "") for each in active)
        text = _("A Job of it still runs, and concurrencyPolicy is Forbid: no other begins.")
        needs = (_("It must have ended: %(names)s.", names=names), _("Or concurrencyPolicy must be Allow or Replace."))
        yield Declared("JobAlreadyActive", text, needs, lambda each: bool(get(each, "status", "active")))


# -------------------------------------------------------------------------------------------------- pods


def _gated(obj: Obj, _: Words) -> Iterator[Declared]:
    gates = [each["name"] for each in get(obj, "spec", "schedulingGates") or ()]
    if gates:
        needs = tuple(_("Whoever set the scheduling gate %(name)s must take it off.", name=name) for name in gates)
        yield Declared("SchedulingGated", _("Its scheduling gates hold it back."), needs, _has("schedulingGates"))


def _withheld(obj: Obj, _: Words) -> Iterator[Declared]:
    """A container waits for what the kubelet does not look for again."""
    for field in ("initContainerStatuses", "containerStatuses"):
        for status in get(obj, "status", field) or ():
            waiting = (status.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") and waiting["reason"] not in _TOLD_BY_KUBELET:
                text = _("Container %(name)s waits: %(why)s.", name=status["name"], why=waiting["reason"])
                needs = (_("First, as the kubelet says: %(why)s.", why=str(waiting.get("message", "–")).rstrip(".")),)
                yield Declared(waiting["reason"], text, needs, lambda each: not get(each, "status", "podIP"))


def _unconfirmed(obj: Obj, _: Words) -> Iterator[Declared]:
    """A readiness gate: somebody else has a say in whether it is ready."""
    for gate in get(obj, "spec", "readinessGates") or ():
        type_ = gate["conditionType"]
        if not _is_true(obj, type_):
            needs = (_("Whoever this condition is of must set it to True: %(type)s.", type=type_),)
            text = _("A readiness gate is not open: %(type)s.", type=type_)
            yield Declared(type_, text, needs, lambda each, type_=type_: not _is_true(each, type_))  # type: ignore[misc]


def _cordoned(obj: Obj, _: Words) -> Iterator[Declared]:
    if get(obj, "spec", "unschedulable"):
        command = f"kubectl uncordon {objects.name_of(obj)}"
        needs = (_("It must be opened again: %(command)s.", command=command),)
        yield Declared("Unschedulable", _("It is cordoned: no new pod may come."), needs, _has("unschedulable"))


Rule = Callable[[Obj, Words], Iterator[Declared]]
_RULES: Mapping[str, tuple[Rule, ...]] = {
    "Deployment": (_paused, _deadline),
    "StatefulSet": (_by_hand,),
    "DaemonSet": (_by_hand,),
    "Job": (_suspended, _failed),
    "CronJob": (_suspended, _forbidden),
    "Pod": (_gated, _withheld, _unconfirmed),
    "Node": (_cordoned,),
    "HorizontalPodAutoscaler": (scaled.of,),
}
