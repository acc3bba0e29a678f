"""What goes together with the operating system of a pod, and with users that are its own.

Models kubernetes `pkg/apis/core/validation` validateOS, validateLinux, validateWindows and validateHostUsers. Fields
are relative to the pod spec.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes

_SYSTEMS = ("linux", "windows")
_PARTS = ("initContainers", "containers", "ephemeralContainers")
_NOT_IN_WINDOWS = (
    "securityContext.appArmorProfile", "securityContext.seLinuxOptions", "hostUsers", "hostPID", "hostIPC",
    "securityContext.seccompProfile", "securityContext.fsGroup", "securityContext.fsGroupChangePolicy",
    "securityContext.sysctls", "shareProcessNamespace", "securityContext.runAsUser", "securityContext.runAsGroup",
    "securityContext.supplementalGroups", "securityContext.supplementalGroupsPolicy",
    "securityContext.seLinuxChangePolicy",
)  # fmt: skip
_NOT_IN_WINDOWS_CONTAINERS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip
_MAY_BE_FALSE = frozenset({"hostUsers", "shareProcessNamespace"})  # set to whatever it is


def check(spec: Obj) -> Iterator[Cause]:
    name = (spec.get("os") or {}).get("name", "")
    if not name:
        yield causes.required("os.name")
    elif name not in _SYSTEMS:
        yield causes.not_supported("os", name, _SYSTEMS)
    elif name == "linux":
        contexts = [("securityContext", spec.get("securityContext") or {}), *_contexts(spec)]
        for field, context in contexts:
            if "windowsOptions" in context:
                yield causes.forbidden(f"{field}.windowsOptions", "windows options cannot be set for a linux pod")
    else:
        yield from _check_windows(spec)


def _check_windows(spec: Obj) -> Iterator[Cause]:
    why = "cannot be set for a windows pod"
    for path in _NOT_IN_WINDOWS:
        if _is_set(spec, path):
            yield causes.forbidden(path, why)
    for field, context in _contexts(spec):
        for name in _NOT_IN_WINDOWS_CONTAINERS:
            if name in context:
                yield causes.forbidden(f"{field}.{name}", why)


def _is_set(spec: Obj, path: str) -> bool:
    first, _, second = path.partition(".")
    value: Any = (spec.get(first) or {}).get(second) if second else spec.get(first)
    return value is not None if second or first in _MAY_BE_FALSE else bool(value)


def _contexts(spec: Obj) -> Iterator[tuple[str, Obj]]:
    for part in _PARTS:
        for index, container in enumerate(spec.get(part) or ()):
            yield f"{part}[{index}].securityContext", container.get("securityContext") or {}


def check_users(spec: Obj) -> Iterator[Cause]:
    """Users of its own go with namespaces of its own only."""
    if spec.get("hostUsers") is not False:
        return
    why = "when `hostUsers` is false"
    for name, field in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if spec.get(name):
            yield causes.forbidden(field, why)
    for part in _PARTS:
        for index, container in enumerate(spec.get(part) or ()):
            if container.get("volumeDevices"):
                yield causes.forbidden(f"{part}[{index}].volumeDevices", why)
