"""What of a pod may change through `ephemeralcontainers` and `resize`, and what is wrong with such a change.

The API server asks `merged` for the pod that a client means, and the checks once it has its defaults. Models
kubernetes `pkg/registry/core/pod/strategy.go` and `pkg/apis/core/validation` (ValidatePodEphemeralContainersUpdate,
ValidatePodResize).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj, find_named, with_metadata
from app.component_helpers import pods, qos
from app.registry.validation import causes, notes

_NOWHERE = "[]"  # upstream's path without a name
_RESIZABLE = ("cpu", "memory")
_ONLY = "only cpu and memory resources"


def merged(old: Obj, wanted: Obj, subresource: str) -> Obj:
    """`old` with no more of `wanted` than goes through this subresource."""
    spec = (_debugged if subresource == "ephemeralcontainers" else _resized)(old["spec"], wanted.get("spec") or {})
    return {**with_metadata(old, managedFields=wanted["metadata"].get("managedFields")), "spec": spec}


def _debugged(old: Obj, wanted: Obj) -> Obj:
    return {**old, "ephemeralContainers": wanted.get("ephemeralContainers") or []}


def _resized(old: Obj, wanted: Obj) -> Obj:
    """Containers that are other ones are left for validation to refuse."""
    if _names(old, "containers") != _names(wanted, "containers"):
        return wanted
    if _names(old, "initContainers") != _names(wanted, "initContainers"):
        return wanted
    own = {key: value for key, value in old.items() if key != "resources"}
    own |= {"resources": wanted["resources"]} if "resources" in wanted else {}
    for part in ("containers", "initContainers"):
        if part in old:
            own[part] = [_with_size(*pair) for pair in zip(old[part], wanted[part], strict=True)]
    return own


def _with_size(old: Obj, wanted: Obj) -> Obj:
    kept = {key: value for key, value in old.items() if key not in ("resources", "resizePolicy")}
    return kept | {key: wanted[key] for key in ("resources", "resizePolicy") if key in wanted}


def _names(spec: Obj, part: str) -> list[str]:
    return [each["name"] for each in spec.get(part) or ()]


# -------------------------------------------------------------------------------------- ephemeral containers


def check_debugging(new: Obj, old: Obj) -> Iterator[Cause]:
    """One that is there stays as it is."""
    if notes.MIRROR in (old["metadata"].get("annotations") or {}):
        yield causes.forbidden(_NOWHERE, "static pods do not support ephemeral containers")
        return
    field, after = "spec.ephemeralContainers", new["spec"].get("ephemeralContainers") or ()
    for each in old["spec"].get("ephemeralContainers") or ():
        name, now = each["name"], find_named(after, each["name"])
        if now is None:
            yield causes.forbidden(field, f'existing ephemeral containers "{name}" may not be removed\n')
        elif now != each:
            difference = causes.unified(each, now)
            why = f'existing ephemeral containers "{name}" may not be changed\n{difference}'
            yield causes.forbidden(field, why)


# --------------------------------------------------------------------------------------------------- resize


def check_resize(new: Obj, old: Obj) -> Iterator[Cause]:
    """Only cpu and memory may change, nothing may be taken away, and the class of service stays."""
    before, after = old["spec"], new["spec"]
    for is_so, pods_are in (
        (notes.MIRROR in (old["metadata"].get("annotations") or {}), "static"),
        ((before.get("os") or {}).get("name") == "windows", "windows"),
    ):
        if is_so:
            yield causes.forbidden(_NOWHERE, f"{pods_are} pods cannot be resized")
            return
    service = (old.get("status") or {}).get("qosClass") or qos.qos_class(before)
    if service != qos.qos_class(after):
        yield causes.invalid("spec", service, "Pod QOS Class may not change as a result of resizing")
    if not _is_supported(old):
        yield causes.forbidden("spec", "Pod running on node without support for resize")
    yield from _check_whole(after.get("resources"), before.get("resources"))
    others = [cause for part in ("containers", "initContainers") for cause in _check_same(after, before, part)]
    yield from others
    if others:
        return
    for part in ("initContainers", "containers"):
        for index, (now, was) in enumerate(_pairs(after, before, part)):
            field = f"spec.{part}[{index}].resources"
            yield from _check_removed(now.get("resources"), was.get("resources"), field, "resource")
    for now, was in _pairs(after, before, "containers"):
        if _fixed(now) != _fixed(was):
            yield causes.forbidden("spec", f"{_ONLY} are mutable")
    for index, (now, was) in enumerate(_pairs(after, before, "initContainers")):
        field = f"spec.initContainers[{index}]"
        if _fixed(now) != _fixed(was):
            yield causes.forbidden(field, f"{_ONLY} for init or sidecar containers are mutable")
        restarts = any(each.get("restartPolicy") == "RestartContainer" for each in now.get("resizePolicy") or ())
        if restarts and now != was and not pods.is_sidecar(now):
            why = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
            yield causes.forbidden(field, why)


def _is_supported(pod: Obj) -> bool:
    """Its machine says how large a container is that runs."""
    running = (each for each in pods.container_statuses(pod) if "running" in (each.get("state") or {}))
    return next(("resources" in each for each in running), True)


def _check_whole(now: Obj | None, was: Obj | None) -> Iterator[Cause]:
    """The resources of the pod as a whole."""
    if was is not None and now is None:
        yield causes.forbidden("spec.resources", "pod-level resources cannot be removed")
        return
    yield from _check_removed(now, was, "spec.resources", "pod-level resource")
    if _fixed({"resources": now or {}}) != _fixed({"resources": was or {}}):
        yield causes.forbidden("spec", f"{_ONLY} are mutable at pod-level")


def _check_same(after: Obj, before: Obj, part: str) -> Iterator[Cause]:
    """No container more or fewer, and each in its place."""
    now, was = _names(after, part), _names(before, part)
    if len(now) != len(was):
        yield causes.forbidden(f"spec.{part}", f"{part} may not be added or removed on resize")
        return
    for index, names in enumerate(zip(now, was, strict=True)):
        if names[0] != names[1]:
            yield causes.forbidden(f"spec.{part}[{index}].name", f"{part} may not be renamed or reordered on resize")


def _check_removed(now: Obj | None, was: Obj | None, field: str, what: str) -> Iterator[Cause]:
    for kind in ("requests", "limits"):
        if not ((was or {}).get(kind) or {}).keys() <= ((now or {}).get(kind) or {}).keys():
            yield causes.forbidden(f"{field}.{kind}", f"{what} {kind} cannot be removed")


def _pairs(after: Obj, before: Obj, part: str) -> Iterator[tuple[Obj, Obj]]:
    return zip(after.get(part) or (), before.get(part) or (), strict=True)


def _fixed(container: Obj) -> dict[str, Any]:
    """All of a container but how much cpu and memory it has."""
    resources = container.get("resources") or {}
    kept = {
        kind: {name: amount for name, amount in (amounts or {}).items() if name not in _RESIZABLE}
        if kind in ("requests", "limits")
        else amounts
        for kind, amounts in resources.items()
    }
    return {**container, "resources": {kind: amounts for kind, amounts in kept.items() if amounts}}


CHECKS: dict[str, Callable[[Obj, Obj], Iterator[Cause]]] = {
    "ephemeralcontainers": check_debugging,
    "resize": check_resize,
}
