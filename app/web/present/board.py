"""What is running, as the right-hand column draws it: Services, nodes with their pods, workloads, everything else.

An object on the board is one element with one id; `place` names the element it belongs into, so that a pod that was
bound moves there. Called for the first paint and, per changed object, for every frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import conditions, objects, quantities
from app.api.objects import Obj, Ref
from app.component_helpers.slices import service_of
from app.kubectl.printers.network import external_ip
from app.look import Look
from app.web.present import custom, reasons, truth, unfolded
from app.web.present.card import PodView, by_place, element_id, pods_id
from app.web.present.faults import MachineView, machine
from app.web.present.requested import requested_cpu
from app.web.present.system import is_shown
from app.web.present.truth import Belief
from app.web.present.unfolded import CustomView
from app.web.present.values import Chip
from app.web.present.words import ENGLISH, Words
from app.web.present.workloads import WORKLOADS, WorkloadView, workloads

CELLS_FROM, CELLS_FROM_A_NODE = 200, 40  # pods in all, or a node on average: from here on the board is cells
SHOWN_ENDPOINTS = 200
ZONE_LABEL = "topology.kubernetes.io/zone"
QUIET_KINDS = ("Event", "Lease", "EndpointSlice", "Pod", "Node", "Service", *WORKLOADS)
"""Kinds that have a drawing of their own, or none; all others are chips."""

MOST_PORTS = 2  # that are named; of the rest one hears that there are more


class NodeView(NamedTuple):
    id: str
    pods_id: str
    name: str
    is_ready: bool
    cordoned: bool
    status: str
    zone: str
    cpu_percent: int  # requested of allocatable
    cpu: str  # the same in CPUs: "1.5/4"
    machine: MachineView
    belief: Belief | None  # of a machine that cannot report: what is believed to run, and what does


class EndpointView(NamedTuple):
    pod: str  # element id
    name: str
    state: str  # ready, terminating, unready


class ServiceView(NamedTuple):
    id: str
    namespace: str
    name: str
    type: str
    address: str
    external: str  # of a load balancer: its address, or <pending>
    selector: str
    ready: int
    total: int
    endpoints: tuple[EndpointView, ...]


class ChipView(NamedTuple):
    id: str
    chip: Chip
    stored: bool  # accepted and kept, but no controller here acts on it
    facts: str = ""  # what an object of a custom kind says of itself
    title: str = ""  # the same, each with its name


class BoardView(NamedTuple):
    services: tuple[ServiceView, ...]
    nodes: tuple[NodeView, ...]
    pods: Mapping[str, tuple[PodView, ...]]  # by place
    workloads: tuple[WorkloadView, ...]
    chips: tuple[ChipView, ...]
    customs: tuple[CustomView, ...]  # custom objects that became something
    cells: bool


class NodeCell(NamedTuple):
    """A node as the canvas labels it."""

    name: str
    zone: str
    is_ready: bool
    words: str  # what is the matter with it


def in_cells(cluster: Look) -> bool:
    """Whether there are too many pods for cards: each is a square on a canvas then."""
    count = cluster.count("Pod")
    return count >= CELLS_FROM or count >= CELLS_FROM_A_NODE * max(1, cluster.count("Node"))


def _natural(obj: Obj) -> tuple[tuple[int, str], ...]:
    """node-2 before node-10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", objects.name_of(obj))
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)


def board(cluster: Look, _: Words = ENGLISH) -> BoardView:
    everything = cluster.objects("Pod")
    nodes = sorted(cluster.objects("Node"), key=_natural)
    cells = in_cells(cluster)
    slices, requested = slices_by_service(cluster), requested_cpu(cluster)
    services = [obj for obj in cluster.objects("Service") if is_shown(obj) and not unfolded.is_part(obj)]
    names = {objects.name_of(obj) for obj in nodes}
    return BoardView(
        services=tuple(service(obj, slices.get(objects.ref_of(obj), ()), wired=not cells) for obj in services),
        nodes=() if cells else tuple(node(cluster, obj, requested, _) for obj in nodes),
        pods={} if cells else by_place(reasons.pod(cluster, obj, names, _) for obj in everything),
        workloads=workloads(cluster, _),
        chips=chips(cluster),
        customs=unfolded.cards(cluster, _),
        cells=cells,
    )


# ------------------------------------------------------------------------------------------------ nodes


def node(cluster: Look, obj: Obj, requested: Mapping[str, int], _: Words = ENGLISH) -> NodeView:
    ref = objects.ref_of(obj)
    ready = conditions.find((obj.get("status") or {}).get("conditions"), "Ready")
    is_ready = ready is not None and ready["status"] == "True"
    cordoned = bool((obj.get("spec") or {}).get("unschedulable"))
    used, total = requested.get(ref.name, 0), _cpu_milli(obj)
    words = [("Ready" if is_ready else "NotReady"), *(["SchedulingDisabled"] if cordoned else [])]
    return NodeView(
        id=element_id(ref),
        pods_id=pods_id(ref.name),
        name=ref.name,
        is_ready=is_ready,
        cordoned=cordoned,
        status=",".join(words),
        zone=objects.labels_of(obj).get(ZONE_LABEL, ""),
        cpu_percent=min(100, used * 100 // total) if total else 0,
        cpu=f"{used / 1000:g}/{total / 1000:g}" if total else "",
        machine=machine(cluster.get(Ref("Machine", "", ref.name)), _),
        belief=truth.of_node(cluster, ref.name, _),
    )


def node_cell(cluster: Look, obj: Obj, _: Words = ENGLISH) -> NodeCell:
    view = node(cluster, obj, {}, _)
    matter = [view.status] if view.status != "Ready" else []
    return NodeCell(
        view.name, view.machine.zone, view.is_ready, ", ".join([*matter, *(said for _, said in view.machine.marks)])
    )


def node_cells(cluster: Look, _: Words = ENGLISH) -> list[NodeCell]:
    return [node_cell(cluster, obj, _) for obj in sorted(cluster.objects("Node"), key=_natural)]


def _cpu_milli(obj: Obj) -> int:
    """What the node has to give; 0 before its kubelet said so."""
    status = obj.get("status") or {}
    allocatable = (status.get("allocatable") or status.get("capacity") or {}).get("cpu")
    return quantities.milli(allocatable) if allocatable else 0


# --------------------------------------------------------------------------------------------- services


def slices_by_service(cluster: Look) -> Mapping[Ref, Sequence[Obj]]:
    found: dict[Ref, list[Obj]] = {}
    for piece in cluster.objects("EndpointSlice"):
        if ref := service_of(piece):
            found.setdefault(ref, []).append(piece)
    return found


def service(obj: Obj, slices: Iterable[Obj], *, wired: bool = True) -> ServiceView:
    """`wired`: with the endpoints to which wires are drawn, and not their number alone."""
    ref = objects.ref_of(obj)
    spec = obj.get("spec") or {}
    endpoints = [endpoint for piece in slices for endpoint in piece.get("endpoints") or ()]
    numbers = [str(port.get("port", "")) for port in spec.get("ports") or []]
    ports = ",".join((*numbers[:MOST_PORTS], "…") if len(numbers) > MOST_PORTS else numbers)
    address = str(spec.get("clusterIP") or "")
    return ServiceView(
        id=element_id(ref),
        namespace=ref.namespace,
        name=ref.name,
        type=str(spec.get("type") or "ClusterIP"),
        address=f"{address}:{ports}" if address and address != "None" and ports else address or ports,
        external=external_ip(obj) if spec.get("type") == "LoadBalancer" else "",
        selector=", ".join(f"{key}={value}" for key, value in (spec.get("selector") or {}).items()),
        ready=sum(1 for endpoint in endpoints if (endpoint.get("conditions") or {}).get("ready")),
        total=len(endpoints),
        endpoints=tuple(_endpoint(ref.namespace, endpoint) for endpoint in endpoints[: SHOWN_ENDPOINTS * wired]),
    )


def _endpoint(namespace: str, endpoint: Mapping[str, Any]) -> EndpointView:
    target = endpoint.get("targetRef") or {}
    name = str(target.get("name") or ",".join(endpoint.get("addresses") or []))
    said = endpoint.get("conditions") or {}
    state = "ready" if said.get("ready") else "terminating" if said.get("terminating") else "unready"
    return EndpointView(element_id(Ref("Pod", namespace, name)), name, state)


# ------------------------------------------------------------------------------------------------ chips


def chips(cluster: Look) -> tuple[ChipView, ...]:
    """Everything that has no drawing of its own: namespaces beside the system's, ConfigMaps, stored kinds."""
    views, loops, family = [], reconciled(cluster), unfolded.family(cluster)
    for row in cluster.scheme.kinds():
        if row.is_local or row.key in QUIET_KINDS:
            continue
        shown = (obj for obj in cluster.objects(row.key) if is_shown(obj))
        apart = (obj for obj in shown if not unfolded.is_part(obj) and not family.has_card(obj))
        views += [chip(cluster, obj, loops) for obj in apart]
    return tuple(views)


def reconciled(cluster: Look) -> frozenset[str]:
    """The kinds that a loop looks after."""
    return frozenset(state.reconciles for state in cluster.actors.values())


def is_stored(cluster: Look, obj: Obj, loops: frozenset[str]) -> bool:
    """Accepted and kept, and no loop acts on it, nor on what it belongs to. A custom kind may get one while the cluster
    lives."""
    kind, owner = objects.kind_of(obj), objects.controller_of(obj)
    row = cluster.scheme.find(kind)
    is_left_alone = row is not None and not row.runs and (row.is_own or kind not in loops)
    return is_left_alone and (owner is None or objects.kind_of(owner) not in loops)


def chip(cluster: Look, obj: Obj, loops: frozenset[str]) -> ChipView:
    ref = objects.ref_of(obj)
    said = custom.columns(cluster, obj)
    title = ", ".join(f"{each.name} {each.value}" for each in said)
    chip = Chip(*ref, objects.is_terminating(obj))
    return ChipView(element_id(ref), chip, is_stored(cluster, obj, loops), custom.short(said), title)
