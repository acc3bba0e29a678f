"""What of the board a frame pushes: views of what looks different now, ids of what is gone. Called by `room`.

That is more than what changed: a node has another share of its CPU requested, a Service other endpoints, a workload
another row. It is told by what the frame before had, so nothing is pushed that every page has already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.api.objects import Obj, Ref, name_of, ref_of, uid_of
from app.api.own_controllers import OWN_CONTROLLER
from app.component_helpers.slices import service_of
from app.look import Look
from app.rooms import Frame
from app.web.present import board, card, evictions, reasons, requested, touched, unfolded, workloads
from app.web.present.system import is_shown
from app.web.present.words import Words


def views(cluster: Look, change: Frame, in_cells: bool, _: Words) -> dict[str, Any]:
    """For the template, by its names."""
    shown = {ref: obj for ref, obj in change.changed.items() if _is_drawn(cluster, ref, obj, in_cells)}
    looked_after = _looked_after(cluster, change)
    customs, chips = unfolded.changed(cluster, change, looked_after, _)
    elsewhere = (*board.QUIET_KINDS, *unfolded.kinds(cluster))
    plain = [obj for ref, obj in (shown | looked_after).items() if obj and ref.kind not in elsewhere]
    rest = [obj for obj in plain if not unfolded.is_part(obj)] + chips
    loops = board.reconciled(cluster) if rest else frozenset()
    return {
        "gone": [card.element_id(ref) for ref, obj in shown.items() if obj is None or _is_a_row_now(ref, obj, change)],
        "nodes": () if in_cells else tuple(_nodes(cluster, change, _)),
        "pods": () if in_cells else tuple(_pods(cluster, change, _)),
        "services": tuple(_services(cluster, change, wired=not in_cells)),
        "workloads": tuple(_workloads(cluster, change, _)),
        "chips": tuple(board.chip(cluster, obj, loops) for obj in rest),
        "customs": customs,
    }


def _is_drawn(cluster: Look, ref: Ref, obj: Obj | None, in_cells: bool) -> bool:
    """Whether there may be an element of this object on the board."""
    if obj is not None and ref.kind not in ("Pod", "Node") and not is_shown(obj):
        return False
    if ref.kind in ("Pod", "Node"):
        return not in_cells
    if ref.kind in board.QUIET_KINDS:
        return ref.kind in ("Service", *workloads.WORKLOADS)
    return not cluster.scheme.is_local(ref.kind)


def _nodes(cluster: Look, change: Frame, _: Words) -> Iterator[board.NodeView]:
    """Nodes that changed, those with another share of their CPU requested, and those that run what nobody hears of."""
    changed = {ref.name for ref in change.changed if ref.kind in ("Node", "Machine")}
    moved = {name for name, milli in requested.moved(change.before, change.changed).items() if milli}
    names = changed | moved | touched.silent_nodes(cluster, change)
    now = requested.requested_cpu(cluster) if names else {}
    for name in sorted(names):
        if obj := cluster.get(Ref("Node", "", name)):
            yield board.node(cluster, obj, now, _)


def _pods(cluster: Look, change: Frame, _: Words) -> Iterator[card.PodView]:
    """Pods that changed, and those for which something around them did."""
    nodes = {name_of(obj) for obj in cluster.objects("Node")}
    for obj in touched.pods(cluster, change).values():
        yield reasons.pod(cluster, obj, nodes, _)


def _services(cluster: Look, change: Frame, *, wired: bool) -> Iterator[board.ServiceView]:
    """Services that changed, and those with other endpoints."""
    refs = {ref for ref in change.changed if ref.kind == "Service"}
    for ref, obj in change.changed.items():
        if ref.kind == "EndpointSlice":
            refs |= {owner for each in _both(change, ref, obj) if (owner := service_of(each))}
    slices = board.slices_by_service(cluster) if refs else {}
    for ref in sorted(refs):
        if (obj := cluster.get(ref)) and is_shown(obj) and not unfolded.is_part(obj):
            yield board.service(obj, slices.get(ref, ()), wired=wired)


def _workloads(cluster: Look, change: Frame, _: Words) -> Iterator[workloads.WorkloadView]:
    """Workloads that changed, and those with other rows."""
    roots = {
        workloads.root_of(each)
        for ref, obj in change.changed.items()
        if ref.kind in workloads.WORKLOADS
        for each in _both(change, ref, obj)
    }
    roots |= evictions.concerned(cluster, change.steps, change.changed)
    children = {kind: workloads.children_of(cluster, kind) for kind in {ref.kind for ref in roots}}
    for ref in sorted(roots):
        if obj := cluster.get(ref):
            yield workloads.drawn(cluster, obj, children[ref.kind].get(uid_of(obj), ()), _)


def _looked_after(cluster: Look, change: Frame) -> dict[Ref, Obj]:
    """Of the kinds for which somebody wrote a loop, or took one away, and of those that it makes."""
    written = [
        each for ref, obj in change.changed.items() if ref.kind == OWN_CONTROLLER for each in _both(change, ref, obj)
    ]
    kinds = {kind for each in written for kind in (each["spec"]["parent"], *each["spec"]["children"])}
    return {
        ref_of(obj): obj
        for kind in kinds.difference(board.QUIET_KINDS)
        for obj in cluster.objects(kind)
        if is_shown(obj)
    }


def _is_a_row_now(ref: Ref, obj: Obj, change: Frame) -> bool:
    """Had a card of its own, and somebody adopted it."""
    before = change.before.get(ref)
    return before is not None and workloads.root_of(before) == ref != workloads.root_of(obj)


def _both(change: Frame, ref: Ref, obj: Obj | None) -> Iterable[Obj]:
    """The object as it was, and as it is."""
    return (each for each in (change.before.get(ref), obj) if each is not None)
