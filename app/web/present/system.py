"""What every cluster has and nobody asked for: the page shows it to who does, in the menu *System* beside the board.

Which objects these are is decided once, in app/registry/bootstrap.py; besides them it is what stands in the namespaces
of the system, and what the loops keep for old clients beside an EndpointSlice.
"""

from __future__ import annotations

from typing import NamedTuple

from app.api import objects
from app.api.breath import breathing
from app.api.kinds import bare_kind
from app.api.objects import Obj
from app.component_helpers.managed_endpoints import MANAGED_BY
from app.look import Look
from app.registry import bootstrap
from app.web.present.values import Chip
from app.web.present.workloads import WORKLOADS

_DRAWN = ("Pod", "Node", *WORKLOADS)
"""On the board wherever they are; an Event is no thing that a cluster has."""


class SystemView(NamedTuple):
    kind: str
    chips: tuple[Chip, ...]


def is_shown(obj: Obj) -> bool:
    """Whether it is on the board though nobody asked for it there."""
    if objects.kind_of(obj) == "Endpoints" and MANAGED_BY in objects.labels_of(obj):
        return False
    return not bootstrap.is_built_in(ref := objects.ref_of(obj)) and not ref.namespace.startswith("kube-")


def system(cluster: Look) -> tuple[SystemView, ...]:
    """All others, by their kinds: the hundred roles come last."""
    views = []
    for row in cluster.scheme.kinds():
        if row.is_local or row.key in (*_DRAWN, "Event"):
            continue
        found = [objects.ref_of(obj) for obj in breathing(cluster.objects(row.key)) if not is_shown(obj)]
        if found:
            views.append(SystemView(bare_kind(row.key), tuple(Chip(*ref) for ref in found)))
    return tuple(sorted(views, key=lambda view: (len(view.chips), view.kind)))
