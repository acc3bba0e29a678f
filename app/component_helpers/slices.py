"""EndpointSlices: which Service one is of. For all who write them, read them or look them up."""

from __future__ import annotations

from app.api.objects import Obj, Ref, labels_of, namespace_of

SERVICE_NAME = "kubernetes.io/service-name"


def by_service(piece: Obj) -> list[tuple[str, str]]:
    """For an index: namespace and name of its Service; nothing if it is of none."""
    name = labels_of(piece).get(SERVICE_NAME)
    return [(namespace_of(piece), name)] if name else []


def service_of(piece: Obj) -> Ref | None:
    name = labels_of(piece).get(SERVICE_NAME)
    return Ref("Service", namespace_of(piece), name) if name else None
