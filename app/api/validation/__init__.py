"""Validation: what is wrong with an object, field by field, in the API server's own words and order.

The API server calls `validate` on what is to be created and `validate_update` on what is to replace something, and
turns the causes into an error with `app.api.errors.invalid`; the editor shows each beside its line. Objects must have
passed `app.api.schema.decode` and `app.api.defaults.default`. A pod spec that was checked before, as the spec that a
ReplicaSet's pods share with its template, costs one look-up.
Models kubernetes `pkg/apis/core/validation`, `pkg/apis/apps/validation` and apimachinery `pkg/api/validation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.api.errors import Cause
from app.api.kinds import KINDS
from app.api.objects import Obj
from app.api.validation import configmaps, metadata, nodes, pods, services, workloads
from app.api.validation.metadata import is_label, is_subdomain

__all__ = ["validate", "validate_update"]

Check = Callable[[Obj], Iterator[Cause]]
UpdateCheck = Callable[[Obj, Obj], Iterator[Cause]]

_CHECKS: dict[str, Check] = {
    "Pod": pods.check,
    "PodTemplate": pods.check_pod_template,
    "Deployment": workloads.check_deployment,
    "ReplicaSet": workloads.check_replica_set,
    "Service": services.check,
    "EndpointSlice": services.check_endpoint_slice,
    "ConfigMap": configmaps.check,
    "Node": nodes.check,
}
_UPDATE_CHECKS: dict[str, UpdateCheck] = {
    "Pod": pods.check_update,
    "Deployment": workloads.check_selector_unchanged,
    "ReplicaSet": workloads.check_selector_unchanged,
    "Service": services.check_update,
    "EndpointSlice": services.check_endpoint_slice_update,
    "ConfigMap": configmaps.check_update,
    "Node": nodes.check_update,
}
_LABEL_NAMED = frozenset({"Namespace", "Service"})  # named in DNS, so without dots
_UPDATE_FIRST = frozenset({"Service", "ConfigMap"})  # kinds that say first what may not change


def validate(obj: Obj) -> tuple[Cause, ...]:
    """Everything that is wrong with an object to be created; () if nothing."""
    kind = obj["kind"]
    name_problems = is_label if kind in _LABEL_NAMED else is_subdomain
    namespaced = KINDS[kind].namespaced if kind in KINDS else True
    causes = list(metadata.check(obj["metadata"], name_problems, namespaced))
    if kind in _CHECKS:
        causes += _CHECKS[kind](obj)
    return tuple(causes)


def validate_update(new: Obj, old: Obj) -> tuple[Cause, ...]:
    """Everything that is wrong with `new` as the successor of `old`; () if nothing."""
    kind = new["kind"]
    causes = list(metadata.check_update(new["metadata"], old["metadata"]))
    check = _CHECKS.get(kind, _nothing)(new)
    update_check = _UPDATE_CHECKS.get(kind, _nothing_new)(new, old)
    for checks in (update_check, check) if kind in _UPDATE_FIRST else (check, update_check):
        causes += checks
    return tuple(causes)


def _nothing(obj: Obj) -> Iterator[Cause]:
    return iter(())


def _nothing_new(new: Obj, old: Obj) -> Iterator[Cause]:
    return iter(())
