"""Kinds of the cluster itself: machines, drivers, quotas, admission policies.

Models the strategies of Nodes, ResourceQuotas, CSIDrivers, ResourceSlices and ValidatingAdmissionPolicies under
kubernetes `pkg/registry`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import quantities
from app.api.objects import Obj
from app.registry.warnings import addresses

_TOKENS = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible "
    "logging of tokens in volume attributes"
)


def of_node(obj: Obj) -> Iterator[str]:
    spec = obj.get("spec") or {}
    if spec.get("externalID"):
        yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    for index, network in enumerate(spec.get("podCIDRs") or ()):
        yield from addresses.of_network(f"spec.podCIDRs[{index}]", network)


def of_pod_addresses(obj: Obj) -> Iterator[str]:
    """The status of a Pod."""
    for part in ("podIPs", "hostIPs"):
        for index, each in enumerate((obj.get("status") or {}).get(part) or ()):
            yield from addresses.of_address(f"status.{part}[{index}].ip", each.get("ip", ""))


def of_quota(obj: Obj) -> Iterator[str]:
    hard = (obj.get("spec") or {}).get("hard") or {}
    for name in ("cpu", "memory", "storage", "ephemeral-storage"):
        request, limit = f"requests.{name}", f"limits.{name}"
        if request not in hard and name in ("cpu", "memory"):
            request = name
        if request in hard and limit in hard:
            asked, most = quantities.canonical(str(hard[request])), quantities.canonical(str(hard[limit]))
            if quantities.parse(asked) > quantities.parse(most):
                yield f"ResourceQuota {request} ({asked}) should be less than {limit} ({most})"


def of_driver(obj: Obj) -> Iterator[str]:
    spec = obj.get("spec") or {}
    if spec.get("tokenRequests") and spec.get("serviceAccountTokenInSecrets") is None:
        yield _TOKENS


def of_changed_driver(new: Obj, old: Obj) -> Iterator[str]:
    before, after = ((each.get("spec") or {}).get("tokenRequests") for each in (old, new))
    return of_driver(new) if before != after else iter(())


def of_slice(obj: Obj) -> Iterator[str]:
    driver = (obj.get("spec") or {}).get("driver", "")
    if driver != driver.lower():
        yield f'spec.driver: driver names should be lowercase; "{driver}" contains uppercase characters'


def of_policy(obj: Obj) -> Iterator[str]:
    """And of a binding."""
    if obj["metadata"]["name"].endswith(".static.k8s.io"):
        yield (
            'metadata.name: names ending with ".static.k8s.io" are reserved for static manifest-based configurations '
            "and cannot be managed via the API"
        )
