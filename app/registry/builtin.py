"""The built-in scheme: Kubernetes' own kinds, each with its type, its defaults and its validation.

A cluster begins with a copy (app/cluster); the editor and the tests ask it as it is.
"""

from __future__ import annotations

from functools import cache

from app.api.kinds import Kind
from app.apimachinery.scheme import conversion
from app.apimachinery.scheme.scheme import Definition, Scheme, Version, nothing, unchanged
from app.apimachinery.scheme.shapes import struct_of
from app.registry import kinds, validation
from app.registry.admissionpolicies import checks
from app.registry.customresources import crds
from app.registry.defaults import defaults

_CRD = "CustomResourceDefinition"
_DEFAULTS = {**defaults.BY_KIND, _CRD: crds.defaulted}
_CHECKS = {
    **validation.CHECKS,
    _CRD: crds.check,
    "ValidatingAdmissionPolicy": checks.check_policy,
    "ValidatingAdmissionPolicyBinding": checks.check_binding,
}
_UPDATE_CHECKS = {**validation.UPDATE_CHECKS, _CRD: crds.check_update}


def built_in() -> Scheme:
    """A scheme of one's own, to which kinds may be added."""
    return _made_once().copy()


@cache
def _made_once() -> Scheme:
    return Scheme(map(_definition, kinds.ROWS))


def _definition(row: Kind) -> Definition:
    return Definition(
        row,
        struct_of(row.api_version, row.kind),
        default=_DEFAULTS.get(row.kind, unchanged),
        validate=_CHECKS.get(row.kind, nothing),
        validate_update=_UPDATE_CHECKS.get(row.kind, nothing),
        others=(_OTHERS[row.kind](row),) if row.kind in _OTHERS else (),
    )


def _autoscaler_v1(row: Kind) -> Version:
    older = row._replace(version="v1")
    shape = struct_of(older.api_version, older.kind)
    return Version(older, shape, conversion.autoscaler_from_v1, conversion.autoscaler_to_v1)


def _event_of_its_group(row: Kind) -> Version:
    """The same Events under another name, and with other names for their fields."""
    newer = row._replace(group="events.k8s.io")
    shape = struct_of(newer.api_version, newer.kind)
    return Version(newer, shape, conversion.event_from_events_v1, conversion.event_to_events_v1)


_OTHERS = {"HorizontalPodAutoscaler": _autoscaler_v1, "Event": _event_of_its_group}
