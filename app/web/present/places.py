"""Where on the board an object of a cluster is drawn, by the id of its element."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.api.objects import Ref, ref_of
from app.component_helpers.slices import service_of
from app.look import Look
from app.web.present import card, unfolded, workloads
from app.web.present.names import known

MOST = 300  # that are named at once
NOWHERE = ("Event", "Lease", "ControlPlane", "NodeMetrics", "PodMetrics", "ControllerRevision")


def of(cluster: Look, refs: Iterable[Ref]) -> list[str]:
    """Each once, in their order."""
    found: dict[str, None] = {}
    for ref in refs:
        if (place := _place(cluster, known(ref))) and len(found) < MOST:
            found[place] = None
    return list(found)


def read(reads: Sequence[Any]) -> Iterable[Ref]:
    """The objects that an observation read."""
    for each in reads:
        if isinstance(each, tuple | list):
            yield from map(ref_of, each)
        elif each is not None:
            yield ref_of(each)


def _place(cluster: Look, ref: Ref) -> str:
    if ref.kind in NOWHERE:
        return ""
    obj = cluster.get(ref)
    if ref.kind == "EndpointSlice":
        service = service_of(obj) if obj else None
        return _place(cluster, service) if service else ""
    if ref.kind in workloads.WORKLOADS:
        return card.element_id(workloads.root_of(obj) if obj else ref)
    return card.element_id(unfolded.stands_for(obj) if obj else ref)
