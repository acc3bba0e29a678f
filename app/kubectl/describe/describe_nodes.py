"""`kubectl describe` of a Node: its conditions, what it can give, and the pods that have been given of it.

Models kubectl `pkg/describe/describe.go`. Functions yield lines with tabs between cells, for `tabbed.align`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.api import quantities
from app.api.objects import Obj, name_of, namespace_of
from app.component_helpers import pods
from app.kubectl.describe.tabbed import listed, marks, rfc1123, truth
from app.kubectl.printers.durations import since
from app.kubectl.printers.nodes import node_roles

Lines = Iterator[str]

_SYSTEM = (
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
)


def node(obj: Obj, related: Sequence[Obj], now_ms: int) -> Lines:
    spec, status = obj["spec"], obj.get("status") or {}
    yield f"Name:\t{name_of(obj)}"
    yield f"Roles:\t{node_roles(obj)}"
    yield from marks(obj)
    yield f"CreationTimestamp:\t{rfc1123(obj['metadata'].get('creationTimestamp'))}"
    yield from listed("Taints", [_taint(taint) for taint in sorted(spec.get("taints") or (), key=_taint_order)])
    yield f"Unschedulable:\t{truth(spec.get('unschedulable'))}"
    for lease in related:
        if lease["kind"] == "Lease" and name_of(lease) == name_of(obj):
            yield from _lease(lease)
    yield from _node_conditions(status)
    yield "Addresses:"
    yield from (f"  {each['type']}:\t{each['address']}" for each in status.get("addresses") or ())
    for title in ("capacity", "allocatable"):
        if amounts := status.get(title):
            yield f"{title.title()}:"
            yield from (f"  {name}:\t{amounts[name]}" for name in sorted(amounts))
    yield "System Info:"
    info = status.get("nodeInfo") or {}
    yield from (f"  {title}:\t{info.get(field, '')}" for title, field in _SYSTEM)
    for title, value in (("PodCIDR", spec.get("podCIDR")), ("PodCIDRs", ",".join(spec.get("podCIDRs") or ()))):
        if value:
            yield f"{title}:\t{value}"
    if spec.get("providerID"):
        yield f"ProviderID:\t{spec['providerID']}"
    here = [each for each in related if each["kind"] == "Pod" and pods.node_name(each) == name_of(obj)]
    yield from _node_pods(here, status.get("allocatable") or status.get("capacity") or {}, now_ms)


def _taint_order(taint: Mapping[str, Any]) -> tuple[str, str]:
    return taint["effect"], taint["key"]


def _taint(taint: Mapping[str, Any]) -> str:
    return (
        f"{taint['key']}={taint['value']}:{taint['effect']}"
        if taint.get("value")
        else f"{taint['key']}:{taint['effect']}"
    )


def _lease(lease: Obj) -> Lines:
    spec = lease.get("spec") or {}
    yield "Lease:"
    yield f"  HolderIdentity:\t{spec.get('holderIdentity') or '<unset>'}"
    yield f"  AcquireTime:\t{rfc1123(spec.get('acquireTime'))}"
    yield f"  RenewTime:\t{rfc1123(spec.get('renewTime'))}"


def _node_conditions(status: Mapping[str, Any]) -> Lines:
    if not (conditions := status.get("conditions")):
        return
    titles = ("Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message")
    yield from ("Conditions:", "  " + "\t".join(titles), "  " + "\t".join("-" * len(title) for title in titles))
    for each in conditions:
        when = (rfc1123(each.get("lastHeartbeatTime")), rfc1123(each.get("lastTransitionTime")))
        cells = (each["type"], each["status"], *when, each.get("reason", ""))
        yield "  " + "".join(f"{cell} \t" for cell in cells) + each.get("message", "")


_RESOURCES = ("cpu", "memory", "ephemeral-storage")


def _node_pods(here: Sequence[Obj], allocatable: Mapping[str, str], now_ms: int) -> Lines:
    """The pods of a node that have not finished, what they ask for, and the sum, in percent of what can be given."""
    running = sorted(
        (each for each in here if not pods.is_terminal(each)), key=lambda each: (namespace_of(each), name_of(each))
    )
    yield f"Non-terminated Pods:\t({len(running)} in total)"
    yield "  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge"
    yield "  ---------\t----\t\t------------\t----------\t---------------\t-------------\t---"
    for each in running:
        asked = [
            _share(pods.total(each, name, field), allocatable.get(name))
            for name in ("cpu", "memory")
            for field in ("requests", "limits")
        ]
        cells = (
            namespace_of(each),
            name_of(each),
            "",
            *asked,
            since(each["metadata"].get("creationTimestamp"), now_ms),
        )
        yield "  " + "\t".join(cells)
    yield from ("Allocated resources:", "  (Total limits may be over 100 percent, i.e., overcommitted.)")
    yield from ("  Resource\tRequests\tLimits", "  --------\t--------\t------")
    for name in (*_RESOURCES, *sorted(name for name in allocatable if name.startswith("hugepages-"))):
        sums = (
            quantities.add(*(pods.total(each, name, field) for each in running)) for field in ("requests", "limits")
        )
        yield "\t".join((f"  {name}", *(_share(amount, allocatable.get(name)) for amount in sums)))


def _share(amount: str, of: str | None) -> str:
    whole = quantities.parse(str(of)) if of else 0
    return f"{amount} ({int(quantities.parse(amount) * 100 / whole) if whole else 0}%)"
