"""What a container is told about itself: fields of its pod and its resources, in variables and in files.

Models kubernetes `pkg/apis/core/validation` validateObjectFieldSelector and validateContainerResourceFieldSelector.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata

_SUBSCRIPTED = ("metadata.annotations", "metadata.labels")
_KNOWN = frozenset(
    {
        *_SUBSCRIPTED, "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.restartPolicy",
        "spec.serviceAccountName", "spec.schedulerName", "status.phase", "status.hostIP", "status.hostIPs",
        "status.podIP", "status.podIPs", "spec.host",
    }
)  # fmt: skip
_RESOURCES = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
_SIZES = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_DIVISORS = {
    "cpu": (("1m", "1"), "only divisor's values 1m and 1 are supported with the cpu resource"),
    **{
        resource: (_SIZES, f"only divisor's values {', '.join(_SIZES)} are supported with the {told} resource")
        for resource, told in (
            ("memory", "memory"), ("ephemeral-storage", "local ephemeral storage"), ("hugepages", "hugepages")
        )
    },
}  # fmt: skip


def check_field(selector: Obj, field: str, fields: Iterable[str]) -> Iterator[Cause]:
    """`fields`: those that can be had there, in the order of error texts."""
    version, path = selector.get("apiVersion", "v1"), selector.get("fieldPath", "")
    if not path:
        yield causes.required(f"{field}.fieldPath")
        return
    name, bracket, key = path.removesuffix("']").partition("['") if path.endswith("']") else (path, "", "")
    subscripted = bool(name and bracket)
    if version != "v1":
        why = f"unsupported pod version: {version}"
    elif subscripted:
        why = "" if name in _SUBSCRIPTED else f"field label does not support subscript: {path}"
    else:
        why = "" if path in _KNOWN else f"field label not supported: {path}"
    if why:
        yield causes.invalid(f"{field}.fieldPath", path, f"error converting fieldPath: {why}")
    elif subscripted:
        yield from metadata.label_key(key.lower() if name == "metadata.annotations" else key, field)
    elif (meant := "spec.nodeName" if path == "spec.host" else path) not in (allowed := tuple(fields)):
        yield causes.not_supported(f"{field}.fieldPath", meant, allowed)


def check_resource(selector: Obj, field: str, *, in_file: bool = False) -> Iterator[Cause]:
    """`in_file`: whose resource it is has to be said."""
    resource = selector.get("resource", "")
    if in_file and not selector.get("containerName"):
        yield causes.required(f"{field}.containerName")
    elif not resource:
        yield causes.required(f"{field}.resource")
    elif resource not in _RESOURCES and not resource.startswith(("requests.hugepages-", "limits.hugepages-")):
        yield causes.not_supported(f"{field}.resource", resource, _RESOURCES)
    divisor = quantities.parse(selector.get("divisor", "0"))
    name = resource.partition(".")[2]
    allowed, why = _DIVISORS.get("hugepages" if name.startswith("hugepages-") else name, ((), ""))
    if divisor and allowed and divisor not in map(quantities.parse, allowed):
        yield causes.invalid(f"{field}.divisor", resource, why)
