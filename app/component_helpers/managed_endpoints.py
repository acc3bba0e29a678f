"""By which label v1 Endpoints that the endpoints controller keeps are told from those that people write."""

from __future__ import annotations

from app.api import objects
from app.api.objects import Obj

MANAGED_BY, MANAGER = "endpoints.kubernetes.io/managed-by", "endpoint-controller"


def is_managed(endpoints: Obj) -> bool:
    return objects.labels_of(endpoints).get(MANAGED_BY) == MANAGER
