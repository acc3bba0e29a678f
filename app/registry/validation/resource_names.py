"""Names of resources, and which of them may stand where: with containers, in quotas, in limits.

Models kubernetes `pkg/apis/core/helper` and the checks of names in `pkg/apis/core/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import quantities
from app.api.errors import Cause
from app.registry.validation import causes, metadata

_COUNTED = (
    "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims",
    "services.nodeports", "services.loadbalancers",
)  # fmt: skip
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_QUOTA = frozenset(
    {
        *_COUNTED,
        *_COMPUTE,
        "requests.storage",
        *(f"{part}.{name}" for part in ("requests", "limits") for name in _COMPUTE),
    }
)
_STANDARD = _QUOTA | {"storage"}
_HUGE, _REQUESTED_HUGE = "hugepages-", "requests.hugepages-"


def check(name: str, field: str) -> Iterator[Cause]:
    """Of any resource."""
    wrong = list(metadata.label_key(name, field))
    yield from wrong
    if not wrong and "/" not in name and not is_standard(name):
        yield causes.invalid(field, name, "must be a standard resource type or fully qualified")


def check_of_container(name: str, field: str) -> Iterator[Cause]:
    yield from check(name, field)
    if "/" not in name:
        if name not in _COMPUTE and not name.startswith(_HUGE):
            yield causes.invalid(field, name, "must be a standard resource for containers")
    elif not is_native(name) and not is_extended(name):
        yield causes.invalid(field, name, "doesn't follow extended resource name standard")


def check_of_quota(name: str, field: str) -> Iterator[Cause]:
    yield from check(name, field)
    if "/" not in name and not is_of_quotas(name):
        yield causes.invalid(field, name, "must be a standard resource for quota")


def check_amount(name: str, quantity: str, field: str) -> Iterator[Cause]:
    amount = quantities.parse(quantity)
    if amount < 0:
        yield causes.invalid(field, quantity, causes.NOT_NEGATIVE)
    if (name in _COUNTED or is_extended(name)) and amount.denominator != 1:
        yield causes.invalid(field, quantity, "must be an integer")


def is_standard(name: str) -> bool:
    return name in _STANDARD or name.startswith((_HUGE, _REQUESTED_HUGE))


def is_of_quotas(name: str) -> bool:
    return name in _QUOTA or name.startswith((_HUGE, _REQUESTED_HUGE))


def is_native(name: str) -> bool:
    """Is it Kubernetes' own?"""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    native = is_native(name) or name.startswith("requests.")
    return not native and not any(metadata.label_key(f"requests.{name}", ""))


def may_be_overcommitted(name: str) -> bool:
    return is_native(name) and not name.startswith(_HUGE)
