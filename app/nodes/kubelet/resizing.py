"""Pods whose containers are to have other sizes while they run. Called by the kubelet.

What a pod should have stands in its spec, what the kubelet granted in its sandbox's spec, what a container has in the
sandbox's status. What the node has no room for waits (PodResizePending), what is granted and not yet so is on its way
(PodResizeInProgress). Pure, but for `taken`.

Models kubernetes/pkg/kubelet/allocation/allocation_manager.go, events/resize.go, and `computePodResizeAction` of
kuberuntime/kuberuntime_manager.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.api import quantities, times
from app.api.conditions import Condition, find
from app.api.objects import Obj, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.component_helpers import pods
from app.nodes import sandbox
from app.nodes.kubelet import hooks
from app.nodes.sandbox import RUNNING
from app.reconcile import BACKGROUND, Announce, Difference, Patch, Reader, RequeueAfter

PENDING, IN_PROGRESS = "PodResizePending", "PodResizeInProgress"
_TRY_AGAIN_MS = 180_000

Sizes = Mapping[str, Mapping[str, Any]]
"""By name of the container: its requests and limits."""


class Resize(NamedTuple):
    """Containers that are to have other sizes than were granted, and why they cannot now ("": they can)."""

    sizes: Sizes
    refusal: str


# ------------------------------------------------------------------------------------------------ deciding


def taken(pod: Obj, found: Obj, reader: Reader) -> tuple[int, int] | None:
    """What the other pods here were granted: (CPU in millicores, memory in bytes). None: nothing is asked for."""
    if not _asked(pod, found):
        return None
    others = [each for each in reader.list("Pod") if uid_of(each) != uid_of(pod) and not pods.is_terminal(each)]
    granted = [pods.requests(each) for other in others if (each := _granted(other, reader)) is not None]
    return sum(cpu for cpu, _ in granted), sum(memory for _, memory in granted)


def _granted(pod: Obj, reader: Reader) -> Obj | None:
    """A pod with the sizes that it was granted; None if nothing of it is here any more."""
    found = reader.get(sandbox.sandbox_ref(namespace_of(pod), name_of(pod), pods.node_name(pod)))
    if found is None:
        return None if is_terminating(pod) else pod
    sizes = _sizes(found)
    spec = pod["spec"]
    parts = {
        part: [{**each, "resources": sizes.get(each["name"], each.get("resources") or {})} for each in spec[part]]
        for part in ("containers", "initContainers")
        if part in spec
    }
    return {**pod, "spec": {**spec, **parts}}


def resize_of(pod: Obj, found: Obj, machine: Obj, others: tuple[int, int] | None) -> Resize | None:
    """What is to change; None: nothing."""
    asked = _asked(pod, found)
    if not asked or others is None:
        return None
    has = quantities.milli(machine["spec"]["cpu"]), quantities.value(machine["spec"]["memory"])
    for resource, wanted, used, capacity in zip(("cpu", "memory"), pods.requests(pod), others, has, strict=True):
        if wanted > capacity - used:
            amounts = f"{resource}, requested: {wanted}, used: {used}, capacity: {capacity}"
            return Resize(asked, f"Node didn't have enough resource: {amounts}")
    return Resize(asked, "")


def _asked(pod: Obj, found: Obj) -> Sizes:
    """Containers whose size in the manifest is not the one that was granted."""
    if is_terminating(pod) or sandbox.ending_of(found) is not None:
        return {}
    granted = _sizes(found)
    return {
        name: size for name, size in _declared(pod).items() if name in granted and dict(size) != dict(granted[name])
    }


def _sizes(found: Obj) -> Sizes:
    return {name: each["resources"] for name, each in sandbox.wanted_of(found).items() if "resources" in each}


def _declared(pod: Obj) -> Sizes:
    spec = pod["spec"]
    containers = (*(spec.get("initContainers") or ()), *spec["containers"])
    return {each["name"]: each.get("resources") or {} for each in containers}


# ------------------------------------------------------------------------------------------------ reporting


def sized(status: dict[str, Any], found: Obj, resize: Resize | None) -> dict[str, Any]:
    """The status of a container with what it was granted, and what it has."""
    name = status["name"]
    granted = sandbox.wanted_of(found).get(name, {}).get("resources")
    if "containerID" not in status or granted is None:
        return status
    if resize is not None and not resize.refusal:
        granted = resize.sizes.get(name, granted)
    known = sandbox.known_of(found).get(name, {})
    has = known.get("resources", granted) if "running" in status["state"] else granted
    allocated = {"allocatedResources": granted["requests"]} if granted.get("requests") else {}
    return {**status, **allocated, "resources": has}


def conditions(pod: Obj, found: Obj, resize: Resize | None, now_ms: int) -> list[Condition]:
    """What the pod's status says of it, the two conditions with their times."""
    if is_terminating(pod) or sandbox.ending_of(found) is not None:
        return []
    generation, said = pod["metadata"].get("generation", 1), []
    if resize is not None and resize.refusal:
        reason = {"reason": "Deferred", "message": resize.refusal}
        said.append(_stamped(pod, PENDING, generation, now_ms, since=_since(pod, PENDING), **reason))
    if resize is not None and not resize.refusal:
        said.append(_stamped(pod, IN_PROGRESS, generation, now_ms))
    elif _is_on_its_way(found):
        before = _before(pod, IN_PROGRESS) or {}
        observed = before.get("observedGeneration", generation)
        said.append(_stamped(pod, IN_PROGRESS, observed, now_ms, since=_since(pod, IN_PROGRESS)))
    return said


def _is_on_its_way(found: Obj) -> bool:
    granted = _sizes(found)
    return any(
        each["state"] == RUNNING and each.get("resources", granted.get(name)) != granted.get(name)
        for name, each in sandbox.known_of(found).items()
    )


def _before(pod: Obj, type_: str) -> Condition | None:
    return find((pod.get("status") or {}).get("conditions"), type_)


def _since(pod: Obj, type_: str) -> str:
    return str((_before(pod, type_) or {}).get("lastTransitionTime") or "")


def _stamped(pod: Obj, type_: str, generation: int, now_ms: int, since: str = "", **why: str) -> Condition:
    at = since or times.rfc3339(now_ms)
    stamps = {"lastProbeTime": at, "lastTransitionTime": at}
    return {"type": type_, "observedGeneration": generation, "status": "True", **stamps, **why}


def events(pod: Obj, found: Obj, resize: Resize | None) -> tuple[Announce, ...]:
    """What is told of it when the pod's status is written."""
    generation = pod["metadata"].get("generation", 1)
    if resize is not None and resize.refusal:
        before = _before(pod, PENDING)
        if before is not None and before.get("observedGeneration") == generation:
            return ()
        summary = _summary(pod, generation, resize.refusal)
        return (Announce(pod, "Warning", "ResizeDeferred", f"Pod resize Deferred: {summary}"),)
    before = _before(pod, IN_PROGRESS)
    if resize is None and before is not None and not _is_on_its_way(found):
        summary = _summary(pod, before.get("observedGeneration", generation))
        return (Announce(pod, "Normal", "ResizeCompleted", f"Pod resize completed: {summary}"),)
    return ()


def _summary(pod: Obj, generation: int, error: str = "") -> str:
    """The sizes of all containers, as the kubelet's Events tell them."""
    spec = pod["spec"]
    summary: dict[str, Any] = {
        part: [{"name": each["name"], "resources": _in_order(each.get("resources") or {})} for each in spec[part]]
        for part in ("initContainers", "containers")
        if spec.get(part)
    }
    summary |= {"generation": generation, **({"error": error} if error else {})}
    return json.dumps(summary, separators=(",", ":"), ensure_ascii=False)


def _in_order(resources: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: dict(sorted(resources[kind].items())) for kind in ("limits", "requests") if resources.get(kind)}


# --------------------------------------------------------------------------------------------------- acting


def differences(pod: Obj, found: Obj, resize: Resize | None, now_ms: int) -> Iterator[Difference]:
    """Grant what is asked for, or try again later."""
    if resize is None:
        return
    declared, granted = _text(resize.sizes), _text({name: _sizes(found)[name] for name in resize.sizes})
    if resize.refusal:
        wait = RequeueAfter(_TRY_AGAIN_MS, "room for a larger container")
        yield Difference(ref_of(pod), "spec.resources", declared, granted, "ResizeDeferred", (wait,), BACKGROUND)
        return
    restarts = [name for name in resize.sizes if _must_restart(pod, found, name, resize.sizes[name])]
    asked = {name: _wish(pod, found, name, resize.sizes[name], name in restarts, now_ms) for name in resize.sizes}
    summary = _summary(pod, pod["metadata"].get("generation", 1))
    started = Announce(pod, "Normal", "ResizeStarted", f"Pod resize started: {summary}")
    killing = (
        Announce(_about(pod, name), "Normal", "Killing", f"Container {name} resize requires restart")
        for name in restarts
    )
    patch = Patch(ref_of(found), {"spec": {"containers": asked}}, announce=started)
    yield Difference(ref_of(pod), "spec.resources", declared, granted, "ResizeRequested", (patch, *killing))


def _wish(pod: Obj, found: Obj, name: str, size: Mapping[str, Any], restarts: bool, now_ms: int) -> dict[str, Any]:
    """What is asked of the runtime for one container."""
    wish: dict[str, Any] = {"resources": size}
    limit = (size.get("limits") or {}).get("memory")
    if limit is not None and "memoryLimit" in sandbox.wanted_of(found)[name]:
        wish["memoryLimit"] = quantities.value(limit)
    if restarts:
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
        wish["stop"] = sandbox.stop(now_ms, grace, hooks.pre_stop_ms(_container(pod, name)))
    return wish


def _must_restart(pod: Obj, found: Obj, name: str, size: Mapping[str, Any]) -> bool:
    """It runs, and its `resizePolicy` says so of a resource that changes."""
    known = sandbox.known_of(found).get(name)
    if known is None or known["state"] != RUNNING:
        return False
    before = known.get("resources") or {}
    policies = {each["resourceName"]: each["restartPolicy"] for each in _container(pod, name).get("resizePolicy") or ()}
    return any(
        policies.get(resource) == "RestartContainer"
        and _amount(size, kind, resource) != _amount(before, kind, resource)
        for kind in ("requests", "limits")
        for resource in ("cpu", "memory")
    )


def _amount(size: Mapping[str, Any], kind: str, resource: str) -> int:
    return quantities.milli(str((size.get(kind) or {}).get(resource, "0")))


def _container(pod: Obj, name: str) -> dict[str, Any]:
    spec = pod["spec"]
    return next(each for each in (*spec["containers"], *(spec.get("initContainers") or ())) if each["name"] == name)


def _about(pod: Obj, name: str) -> Obj:
    is_init = any(each["name"] == name for each in pod["spec"].get("initContainers") or ())
    return {**pod, "fieldPath": f"spec.{'initContainers' if is_init else 'containers'}{{{name}}}"}


def _text(sizes: Sizes) -> str:
    """`web: cpu 100m/500m, memory 64Mi`: requests, and limits where they are others."""
    return "; ".join(f"{name}: {_amounts(size)}" for name, size in sizes.items())


def _amounts(size: Mapping[str, Any]) -> str:
    requests, limits = size.get("requests") or {}, size.get("limits") or {}
    texts = []
    for name in sorted({*requests, *limits}):
        request = requests.get(name, "0")
        limit = limits.get(name, request)
        texts.append(f"{name} {request}" if limit == request else f"{name} {request}/{limit}")
    return ", ".join(texts)


# -------------------------------------------------------------------------------------------- what wakes it


def waits(pod: Obj) -> tuple[bool, ...]:
    """For an index: pods for whose new size there was no room."""
    return (True,) if _before(pod, PENDING) is not None else ()


def made_room(old: Obj | None, new: Obj | None) -> bool:
    """A sandbox is gone, or its containers have other sizes than before."""
    if old is None or new is None:
        return new is None
    before, after = sandbox.known_of(old), sandbox.known_of(new)
    return any(each.get("resources") != after.get(name, {}).get("resources") for name, each in before.items())
