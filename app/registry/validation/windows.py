"""What containers of Windows may be told: as whom they run, and whether as processes of their machine.

Such machines are absent here; what is written for them is checked all the same. Models kubernetes
`pkg/apis/core/validation` validateWindowsSecurityContextOptions and validateWindowsHostProcessPod. Fields are relative
to the pod spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata

_LARGEST_CREDENTIALS_KIB, _LONGEST_DOMAIN, _LONGEST_USER = 64, 256, 104
_PARTS = ("initContainers", "containers", "ephemeralContainers")
_NET_BIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NOT_IN_USERS = '"/\\:;|=,+*?<>@[]'


def check_options(context: Obj, field: str) -> Iterator[Cause]:
    """Of a pod's security context, or of a container's."""
    options, field = context.get("windowsOptions") or {}, f"{field}.windowsOptions"
    if (name := options.get("gmsaCredentialSpecName")) is not None:
        yield from causes.each(f"{field}.gmsaCredentialSpecName", name, metadata.is_subdomain(name))
    if (credentials := options.get("gmsaCredentialSpec")) is not None:
        size = len(credentials.encode())
        at, most = f"{field}.gmsaCredentialSpec", _LARGEST_CREDENTIALS_KIB
        if size == 0:
            yield causes.invalid(at, credentials, "gmsaCredentialSpec cannot be an empty string")
        elif size > most * 1024:
            yield causes.invalid(at, credentials, f"gmsaCredentialSpec size must be under {most} KiB")
    if (name := options.get("runAsUserName")) is not None:
        for why in _user_name_slips(name):
            yield causes.invalid(f"{field}.runAsUserName", name, f"runAsUserName{why}")


def _user_name_slips(name: str) -> Iterator[str]:
    if not name:
        yield " cannot be an empty string"
    elif re.search(r"[\x00-\x1f\x7f]", name):
        yield " cannot contain control characters"
    elif name.count("\\") > 1:
        yield " cannot contain more than one backslash"
    else:
        domain, backslash, user = name.rpartition("\\")
        if len(domain.encode()) >= _LONGEST_DOMAIN:
            yield f"'s Domain length must be under {_LONGEST_DOMAIN} characters"
        if backslash and not (_NET_BIOS.fullmatch(domain) or _DOMAIN.fullmatch(domain)):
            yield "'s Domain doesn't match the NetBios nor the DNS format"
        if not user:
            yield "'s User cannot be empty"
        elif len(user.encode()) > _LONGEST_USER:
            yield f"'s User length must not be longer than {_LONGEST_USER} characters"
        if user and not user.strip(". "):
            yield "'s User cannot contain only periods or spaces"
        if set(user) & set(_NOT_IN_USERS):
            yield f"'s User cannot contain the following characters: {_NOT_IN_USERS}"


def check_host_processes(spec: Obj) -> Iterator[Cause]:
    own = _is_host_process(spec.get("securityContext"))
    all_of_them: list[bool] = []
    for part in _PARTS:
        for index, container in enumerate(spec.get(part) or ()):
            given = _is_host_process(container.get("securityContext"))
            if own is not None and given is not None and own != given:
                field = f"{part}[{index}].securityContext.windowsOptions.hostProcess"
                why = f"pod hostProcess value must be identical if both are specified, was {str(own).lower()}"
                yield causes.invalid(field, given, why)
            all_of_them.append(bool(own if given is None else given))
    if any(all_of_them):
        if not all(all_of_them):
            why = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
            yield causes.invalid("", "", why)
        if not spec.get("hostNetwork"):
            why = "hostNetwork must be true if pod contains any hostProcess containers"
            yield causes.invalid("hostNetwork", False, why)


def _is_host_process(context: Obj | None) -> bool | None:
    found: bool | None = ((context or {}).get("windowsOptions") or {}).get("hostProcess")
    return found
