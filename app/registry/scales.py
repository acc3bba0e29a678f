"""The subresource `scale`: how many replicas an object has and should have, in one shape for every workload.

The API server reads a wish from it, the Kubernetes face shows it. Models kubernetes/pkg/apis/autoscaling.
"""

from __future__ import annotations

from typing import Any

from app.api.errors import Cause, invalid
from app.api.kinds import Kind
from app.api.objects import Obj, get_path
from app.api.selectors import format_labels, format_selector
from app.apimachinery.scheme.scalars import json_type
from app.apimachinery.scheme.schema import DecodingError


def scale_of(kind: Kind, obj: Obj) -> Obj:
    """An autoscaling/v1 Scale of an object of that kind."""
    meta, where = obj["metadata"], kind.scaling
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    replicas, observed = (_number(get_path(obj, path)) for path in (where.wanted, where.observed))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: meta[field] for field in kept if field in meta},
        "spec": {"replicas": 1 if replicas is None else replicas},
        "status": {
            "replicas": observed or 0,
            "selector": _selector(obj) if kind.is_own else _text(get_path(obj, where.selector)),
        },
    }


def _number(value: Any) -> int | None:
    """A custom object may be older than the schema that says what stands there."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def with_replicas(kind: Kind, obj: Obj, replicas: int) -> Obj:
    """The object as it should be with so many."""
    return _with(obj, kind.scaling.wanted.split("."), replicas)


def _with(obj: Obj, path: list[str], value: Any) -> Obj:
    name, *below = path
    inside = obj.get(name)
    return {**obj, name: _with(inside if isinstance(inside, dict) else {}, below, value) if below else value}


def _selector(obj: Obj) -> str:
    """Of a workload; that of a ReplicationController is a plain map of labels."""
    selector = (obj.get("spec") or {}).get("selector") or {}
    plain = not selector.keys() & {"matchLabels", "matchExpressions"}
    text = format_labels(selector) if plain else format_selector(selector)
    return "" if text == "<none>" else text


def replicas_of(scale: Any, name: str) -> int:
    """What a Scale asks for. Raises DecodingError for a wrong type, Invalid for a negative number."""
    spec = (scale.get("spec") if isinstance(scale, dict) else None) or {}
    replicas = spec.get("replicas", 0) if isinstance(spec, dict) else spec
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        why = f"json: cannot unmarshal {json_type(replicas)} into Go struct field ScaleSpec.spec.replicas of type int32"
        raise DecodingError(f'Scale in version "v1" cannot be handled as a Scale: {why}')
    if replicas >= 1 << 31:
        why = f"json: cannot unmarshal number {replicas} into Go struct field ScaleSpec.spec.replicas of type int32"
        raise DecodingError(f'Scale in version "v1" cannot be handled as a Scale: {why}')
    if replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid("Scale", name, [Cause("spec.replicas", "FieldValueInvalid", text)], "autoscaling")
    return replicas
