"""What `kubectl get` prints: STATUS and READY of a pod, AGE, and the table of any kind with kubectl's columns.

The page labels pods with `pod_status`; the Kubernetes face answers with `table`. Nothing here reads or writes.
Models kubernetes/pkg/printers/internalversion/printers.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.api import conditions
from app.api.objects import Obj, get_path, is_terminating, labels_of, name_of
from app.api.selectors import format_labels, format_selector
from app.component_helpers import pods
from app.kubectl.printers import printers_more
from app.kubectl.printers.durations import age, since
from app.kubectl.printers.printing import (
    NONE,
    UNSET,
    Cells,
    Column,
    Printer,
    age_of,
    columns,
    container_columns,
    first_few,
    load_balancer_addresses,
    replicas,
)

__all__ = ["Column", "Table", "age", "event_age", "pod_ready", "pod_restarts", "pod_status", "since", "table"]


class Table(NamedTuple):
    """`rows` has a tuple of cells per object, one for each of `columns`."""

    columns: tuple[Column, ...]
    rows: tuple[Cells, ...]


def table(kind: str, objects: Iterable[Obj], now_ms: int) -> Table:
    """All columns, those of `-o wide` too (priority 1). A kind we have no printer for has name and age."""
    printer = _PRINTERS.get(kind) or printers_more.PRINTERS.get(kind) or _ANY
    return Table(printer.columns, tuple(printer.cells(obj, now_ms) for obj in objects))


# -------------------------------------------------------------------------------------------------- pods


class _PodState(NamedTuple):
    status: str
    ready: int
    total: int
    restarts: int
    restarted: str  # when a container last ended, "" if never


def pod_status(pod: Obj) -> str:
    """The STATUS column: `Running`, `Init:0/1`, `CrashLoopBackOff`, `Completed`, `Terminating`, ..."""
    return _pod_state(pod).status


def pod_ready(pod: Obj) -> str:
    """The READY column: `1/2`."""
    return _ready(_pod_state(pod))


def pod_restarts(pod: Obj, now_ms: int) -> str:
    """The RESTARTS column: `3 (42s ago)`."""
    return _restarted(_pod_state(pod), now_ms)


def _ready(state: _PodState) -> str:
    return f"{state.ready}/{state.total}"


def _restarted(state: _PodState, now_ms: int) -> str:
    if not state.restarts or not state.restarted:
        return str(state.restarts)
    return f"{state.restarts} ({since(state.restarted, now_ms)} ago)"


def _pod_state(pod: Obj) -> _PodState:
    """What keeps the pod waiting, or why it ended, says more than its phase; later sections overrule earlier ones."""
    status = pod.get("status") or {}
    init, initialized = _init_state(pod)
    reason = init.status or _phase_or_reason(status)
    ready, restarts, restarted = init.ready, init.restarts, init.restarted
    if initialized:
        own = _containers_state(pods.container_statuses(pod), reason)
        reason = own.status
        ready, restarts, restarted = ready + own.ready, restarts + own.restarts, max(restarted, own.restarted)
        if reason == "Completed" and own.ready:
            reason = "Running" if pods.is_ready(pod) else "NotReady"
    if is_terminating(pod) and status.get("reason") == "NodeLost":
        reason = "Unknown"
    elif is_terminating(pod) and not pods.is_terminal(pod):
        reason = "Terminating"
    return _PodState(reason, ready, init.total, restarts, restarted)


def _phase_or_reason(status: dict[str, Any]) -> str:
    scheduled = conditions.find(status.get("conditions"), "PodScheduled")
    if scheduled and scheduled.get("reason") == "SchedulingGated":
        return "SchedulingGated"
    reason: str = status.get("reason") or status.get("phase") or ""
    return reason


def _init_state(pod: Obj) -> tuple[_PodState, bool]:
    """How far the init containers are, with the status "" if they keep nothing waiting; and whether the other
    containers count: once initialized, of the init containers only sidecars do."""
    declared = {container["name"]: container for container in pod["spec"].get("initContainers") or ()}
    sidecars = {name for name, container in declared.items() if pods.is_sidecar(container)}
    reason, ready, seen = "", 0, []
    for index, status in enumerate(pods.init_container_statuses(pod)):
        seen.append(status)
        ended = (status.get("state") or {}).get("terminated")
        if ended and ended.get("exitCode", 0) == 0:
            continue
        if status["name"] in sidecars and status.get("started"):
            ready += bool(status.get("ready"))
            continue
        reason = _init_reason(status, ended, index, len(declared))
        break
    initialized = not reason or conditions.is_true((pod.get("status") or {}).get("conditions"), "Initialized")
    counted = [status for status in seen if status["name"] in sidecars] if initialized else seen
    total = len(pod["spec"].get("containers") or ()) + len(sidecars)
    return _PodState(reason, ready, total, _restarts(counted), _last_ended(counted)), initialized


def _init_reason(status: dict[str, Any], ended: dict[str, Any] | None, index: int, total: int) -> str:
    if ended:
        return f"Init:{_why_ended(ended)}"
    waiting = ((status.get("state") or {}).get("waiting") or {}).get("reason", "")
    return f"Init:{waiting}" if waiting not in ("", "PodInitializing") else f"Init:{index}/{total}"


def _containers_state(statuses: list[dict[str, Any]], reason: str) -> _PodState:
    """The first container that waits or has ended gives the reason."""
    ready = 0
    for status in reversed(statuses):
        state = status.get("state") or {}
        if waiting := (state.get("waiting") or {}).get("reason"):
            reason = waiting
        elif state.get("terminated") is not None:
            reason = _why_ended(state["terminated"])
        elif status.get("ready") and state.get("running") is not None:
            ready += 1
    return _PodState(reason, ready, len(statuses), _restarts(statuses), _last_ended(statuses))


def _why_ended(ended: dict[str, Any]) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _restarts(statuses: list[dict[str, Any]]) -> int:
    return sum(status.get("restartCount", 0) for status in statuses)


def _last_ended(statuses: list[dict[str, Any]]) -> str:
    """Times of one form sort as text."""
    return max((get_path(status, "lastState.terminated.finishedAt") or "" for status in statuses), default="")


def _pod(pod: Obj, now_ms: int) -> Cells:
    status, spec, state = pod.get("status") or {}, pod["spec"], _pod_state(pod)
    gates = [gate["conditionType"] for gate in spec.get("readinessGates") or ()]
    passed = sum(conditions.is_true(status.get("conditions"), gate) for gate in gates)
    return (
        name_of(pod),
        _ready(state),
        state.status,
        _restarted(state, now_ms),
        age_of(pod, now_ms),
        next((each.get("ip") for each in status.get("podIPs") or ()), None) or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        f"{passed}/{len(gates)}" if gates else NONE,
    )


# ------------------------------------------------------------------------------------- nodes, namespaces

_ROLE = "node-role.kubernetes.io/"


def _node(node: Obj, now_ms: int) -> Cells:
    status = node.get("status") or {}
    info = status.get("nodeInfo") or {}
    return (
        name_of(node),
        _node_status(node),
        node_roles(node),
        age_of(node, now_ms),
        info.get("kubeletVersion", ""),
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        _kernel(info),
        info.get("containerRuntimeVersion") or "<unknown>",
    )


def _node_status(node: Obj) -> str:
    ready = conditions.find((node.get("status") or {}).get("conditions"), "Ready")
    status = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return f"{status},SchedulingDisabled" if node["spec"].get("unschedulable") else status


def node_roles(node: Obj) -> str:
    roles = set()
    for label, value in labels_of(node).items():
        if label.startswith(_ROLE) and label != _ROLE:
            roles.add(label.removeprefix(_ROLE))
        elif label == "kubernetes.io/role" and value:
            roles.add(value)
    return ",".join(sorted(roles)) or NONE


def _kernel(info: dict[str, Any]) -> str:
    """Since 1.36 with the architecture: `6.1.0 (amd64)`."""
    version, architecture = info.get("kernelVersion") or "<unknown>", info.get("architecture")
    return f"{version} ({architecture})" if architecture else version


def _address(status: dict[str, Any], type: str) -> str:
    return next((each["address"] for each in status.get("addresses") or () if each["type"] == type), NONE)


def _namespace(namespace: Obj, now_ms: int) -> Cells:
    return name_of(namespace), (namespace.get("status") or {}).get("phase", ""), age_of(namespace, now_ms)


# --------------------------------------------------------------------------------------------- services


def _service(service: Obj, now_ms: int) -> Cells:
    spec = service["spec"]
    ports = [
        f"{port['port']}:{port['nodePort']}/{port['protocol']}"
        if port.get("nodePort")
        else f"{port['port']}/{port['protocol']}"
        for port in spec.get("ports") or ()
    ]
    return (
        name_of(service),
        spec.get("type", ""),
        next(iter(spec.get("clusterIPs") or ()), NONE),
        external_ip(service),
        ",".join(ports) or NONE,
        age_of(service, now_ms),
        format_labels(spec.get("selector")),
    )


def external_ip(service: Obj) -> str:
    """The EXTERNAL-IP column: `<pending>` for a LoadBalancer that has none yet."""
    spec = service["spec"]
    external = spec.get("externalIPs") or []
    match spec.get("type"):
        case "ClusterIP" | "NodePort":
            return ",".join(external) or NONE
        case "LoadBalancer":
            given = load_balancer_addresses(service)
            return ",".join([*given, *external]) or "<pending>"
        case "ExternalName":
            return str(spec.get("externalName", ""))
    return "<unknown>"


def _endpoint_slice(slice: Obj, now_ms: int) -> Cells:
    ports = [str(port.get("port") or port.get("name") or "*") for port in slice.get("ports") or ()]
    addresses = [address for endpoint in slice.get("endpoints") or () for address in endpoint["addresses"]]
    return (
        name_of(slice),
        slice["addressType"],
        first_few(ports) or UNSET,
        first_few(addresses) or UNSET,
        age_of(slice, now_ms),
    )


# -------------------------------------------------------------------------------------------- workloads


def _deployment(deployment: Obj, now_ms: int) -> Cells:
    spec, status = deployment["spec"], deployment.get("status") or {}
    selector = spec.get("selector")
    return (
        name_of(deployment),
        f"{status.get('readyReplicas', 0)}/{replicas(spec)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age_of(deployment, now_ms),
        *container_columns(spec["template"]),
        format_selector(selector) if selector else "",
    )


def _replica_set(replica_set: Obj, now_ms: int) -> Cells:
    spec, status = replica_set["spec"], replica_set.get("status") or {}
    return (
        name_of(replica_set),
        replicas(spec),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age_of(replica_set, now_ms),
        *container_columns(spec.get("template") or {}),
        format_selector(spec.get("selector")),
    )


# ------------------------------------------------------------------------------------------------ others


def _config_map(config_map: Obj, now_ms: int) -> Cells:
    entries = len(config_map.get("data") or ()) + len(config_map.get("binaryData") or ())
    return name_of(config_map), entries, age_of(config_map, now_ms)


def _lease(lease: Obj, now_ms: int) -> Cells:
    return name_of(lease), (lease.get("spec") or {}).get("holderIdentity") or "", age_of(lease, now_ms)


class _Seen(NamedTuple):
    first: str
    last: str
    times: int


def _seen(event: Obj, now_ms: int) -> _Seen:
    first = since(event.get("firstTimestamp") or event.get("eventTime"), now_ms)
    if series := event.get("series"):
        return _Seen(first, since(series.get("lastObservedTime"), now_ms), series.get("count", 0))
    last = event.get("lastTimestamp")
    return _Seen(first, since(last, now_ms) if last else first, event.get("count") or 1)


def event_age(event: Obj, now_ms: int) -> str:
    """As describe writes it: `12s`, or `12s (x4 over 1m)` for one that happened again."""
    first, last, count = _seen(event, now_ms)
    return f"{last} (x{count} over {first})" if count > 1 else first


def _event(event: Obj, now_ms: int) -> Cells:
    about, source, seen = event["involvedObject"], event.get("source") or {}, _seen(event, now_ms)
    component = source.get("component") or event.get("reportingComponent") or ""
    instance = source.get("host") or event.get("reportingInstance") or ""
    return (
        seen.last,
        event.get("type", ""),
        event.get("reason", ""),
        "/".join(filter(None, (about.get("kind", "").lower(), about.get("name")))),
        about.get("fieldPath", ""),
        f"{component}, {instance}" if instance else component,
        event.get("message", "").strip(),
        seen.first,
        seen.times,
        name_of(event),
    )


def _any(obj: Obj, now_ms: int) -> Cells:
    return name_of(obj), age_of(obj, now_ms)


_ANY = Printer(columns("Name, Age:date"), _any)
_PRINTERS = {
    "Pod": Printer(columns("Name, Ready, Status, Restarts, Age, *IP, *Node, *Nominated Node, *Readiness Gates"), _pod),
    "Node": Printer(
        columns(
            "Name, Status, Roles, Age, Version, *Internal-IP, *External-IP, *OS-Image, *Kernel-Version, "
            "*Container-Runtime"
        ),
        _node,
    ),
    "Namespace": Printer(columns("Name, Status, Age"), _namespace),
    "Service": Printer(columns("Name, Type, Cluster-IP, External-IP, Port(s), Age, *Selector"), _service),
    "EndpointSlice": Printer(columns("Name, AddressType, Ports, Endpoints, Age"), _endpoint_slice),
    "Deployment": Printer(
        columns("Name, Ready, Up-to-date, Available, Age, *Containers, *Images, *Selector"), _deployment
    ),
    "ReplicaSet": Printer(
        columns("Name, Desired:integer, Current:integer, Ready:integer, Age, *Containers, *Images, *Selector"),
        _replica_set,
    ),
    "ConfigMap": Printer(columns("Name, Data, Age"), _config_map),
    "Lease": Printer(columns("Name, Holder, Age"), _lease),
    "Event": Printer(
        columns("Last Seen, Type, Reason, Object, *Subobject, *Source, Message, *First Seen, *Count, *Name"),
        _event,
    ),
}
