"""As whom containers run and what they may do, for a pod as a whole and for each container.

Models kubernetes `pkg/apis/core/validation` validatePodSpecSecurityContext, ValidateSecurityContext and what they call.
Fields are relative to the pod spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, paths, windows

_LAST_ID = 2**31 - 1
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_LONGEST_PATH = 4095
_LONGEST_SYSCTL = 253
_SYSCTL = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_OF_IPC = frozenset(
    {
        "kernel.sem", "kernel.shm", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
        "kernel.msg", "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni",
    }
)  # fmt: skip
_CONTEXT = (
    "Capabilities", "Privileged", "SELinuxOptions", "WindowsOptions", "RunAsUser", "RunAsGroup", "RunAsNonRoot",
    "ReadOnlyRootFilesystem", "AllowPrivilegeEscalation", "ProcMount", "SeccompProfile", "AppArmorProfile",
)  # fmt: skip


def check_pod(spec: Obj) -> Iterator[Cause]:
    context, field = spec.get("securityContext") or {}, "securityContext"
    yield from _check_ids(context, field, "fsGroup", "runAsUser", "runAsGroup")
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        yield from causes.between(f"{field}.supplementalGroups[{index}]", group, 0, _LAST_ID)
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        why = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield causes.invalid(f"{field}.shareProcessNamespace", True, why)
    yield from _check_sysctls(spec, f"{field}.sysctls")
    changes = ("Always", "OnRootMismatch")
    yield from causes.among(f"{field}.fsGroupChangePolicy", context.get("fsGroupChangePolicy"), changes)
    yield from _check_seccomp(context, field)
    yield from windows.check_options(context, field)
    yield from _check_app_armor(context, field)
    groups, labels = (context.get(name) for name in ("supplementalGroupsPolicy", "seLinuxChangePolicy"))
    yield from causes.among(f"{field}.supplementalGroupsPolicy", groups, ("Merge", "Strict"))
    yield from causes.among(f"{field}.seLinuxChangePolicy", labels, ("MountOption", "Recursive"))


def check_container(container: Obj, field: str, *, host_users: bool) -> Iterator[Cause]:
    """`host_users`: the users of the pod are those of its machine."""
    context = container.get("securityContext") or {}
    yield from _check_ids(context, field, "runAsUser", "runAsGroup")
    mount = context.get("procMount")
    yield from causes.among(f"{field}.procMount", mount, ("Default", "Unmasked"))
    if host_users and mount == "Unmasked":
        yield causes.invalid(f"{field}.procMount", mount, "`hostUsers` must be false to use `Unmasked`")
    yield from _check_seccomp(context, field)
    if context.get("allowPrivilegeEscalation") is False:
        told, why = causes.struct(_as_in_go(context), *_CONTEXT), "cannot set `allowPrivilegeEscalation` to false and "
        if context.get("privileged"):
            yield causes.invalid(field, told, f"{why}`privileged` to true")
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            yield causes.invalid(field, told, f"{why}`capabilities.Add` CAP_SYS_ADMIN")
    yield from windows.check_options(context, field)
    yield from _check_app_armor(context, field)


def _as_in_go(context: Obj) -> Obj:
    """Its parts as upstream prints them."""
    parts = {
        "capabilities": ("Add", "Drop"),
        "seLinuxOptions": ("User", "Role", "Type", "Level"),
        "seccompProfile": ("Type", "LocalhostProfile"),
        "appArmorProfile": ("Type", "LocalhostProfile"),
    }
    told = {name: causes.struct(context[name], *names) for name, names in parts.items() if name in context}
    return {**context, **told}


def _check_ids(context: Obj, field: str, *names: str) -> Iterator[Cause]:
    for name in names:
        yield from causes.between(f"{field}.{name}", context.get(name), 0, _LAST_ID)


def _check_sysctls(spec: Obj, field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, sysctl in enumerate((spec.get("securityContext") or {}).get("sysctls") or ()):
        at, name = f"{field}[{index}].name", sysctl.get("name", "")
        if not name:
            yield causes.required(at)
        elif len(name) > _LONGEST_SYSCTL or not re.fullmatch(_SYSCTL, name):
            why = f"must have at most {_LONGEST_SYSCTL} characters and match regex ^{_SYSCTL}$"
            yield causes.invalid(at, name, why)
        elif name in seen:
            yield causes.duplicate(at, name)
        seen.add(name)
        dotted = _with_dots(name)
        if spec.get("hostNetwork") and dotted.startswith("net."):
            yield causes.invalid(at, name, "may not be specified when 'hostNetwork' is true")
        elif spec.get("hostIPC") and (dotted in _OF_IPC or dotted.startswith("fs.mqueue.")):
            yield causes.invalid(at, name, "may not be specified when 'hostIPC' is true")


def _with_dots(sysctl: str) -> str:
    """Names may be written with slashes, and then dots mean slashes."""
    first = re.search(r"[./]", sysctl)
    return sysctl.translate(str.maketrans("./", "/.")) if first and first[0] == "/" else sysctl


# ------------------------------------------------------------------------------------ seccomp and AppArmor


def _check_seccomp(context: Obj, field: str) -> Iterator[Cause]:
    profile, field = context.get("seccompProfile"), f"{field}.seccompProfile"
    if profile is None:
        return
    kind, path = profile.get("type", ""), profile.get("localhostProfile")
    yield from _check_profile_type(kind, f"{field}.type", "type is required when seccompProfile is set")
    if kind == "Localhost":
        if path is None:
            yield causes.required(f"{field}.localhostProfile", "must be set when seccomp type is Localhost")
        else:
            yield from paths.check_descending(path, f"{field}.localhostProfile")
    elif path is not None:
        told = causes.struct(profile, "Type", "LocalhostProfile")
        yield causes.invalid(f"{field}.localhostProfile", told, "can only be set when seccomp type is Localhost")


def _check_app_armor(context: Obj, field: str) -> Iterator[Cause]:
    profile, field = context.get("appArmorProfile"), f"{field}.appArmorProfile"
    if profile is None:
        return
    kind, path = profile.get("type", ""), profile.get("localhostProfile")
    if kind == "Localhost":
        if path is not None and path.strip() != path:
            yield causes.invalid(f"{field}.localhostProfile", path, "must not be padded with whitespace")
        elif not path:
            yield causes.required(f"{field}.localhostProfile", "must be set when AppArmor type is Localhost")
        if len((path or "").encode()) > _LONGEST_PATH:
            yield causes.too_long(f"{field}.localhostProfile", _LONGEST_PATH)
    elif kind in _PROFILES:
        if path is not None:
            yield causes.invalid(f"{field}.localhostProfile", path, "can only be set when AppArmor type is Localhost")
    else:
        yield from _check_profile_type(kind, f"{field}.type", "type is required when appArmorProfile is set")


def _check_profile_type(kind: str, field: str, missing: str) -> Iterator[Cause]:
    if not kind:
        yield causes.required(field, missing)
    elif kind not in _PROFILES:
        yield causes.not_supported(field, kind, _PROFILES)
