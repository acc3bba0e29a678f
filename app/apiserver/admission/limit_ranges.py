"""What a LimitRange gives to containers that do not say, and what it forbids. Pure; used at admission.

Models kubernetes/plugin/pkg/admission/limitranger/admission.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from app.api import quantities
from app.api.objects import Obj, annotations_of, with_metadata
from app.component_helpers import pods

Item = dict[str, Any]
_SUMMED = ("cpu", "memory", "ephemeral-storage")
_ANNOTATION = "kubernetes.io/limit-ranger"


def with_defaults(pod: Obj, ranges: Sequence[Obj]) -> Obj:
    """The pod with requests and limits for its containers that leave them out, and a note of what was given."""
    items = [
        item for each in ranges for item in (each.get("spec") or {}).get("limits") or () if item["type"] == "Container"
    ]
    notes: list[str] = []
    spec = pod.get("spec") or {}
    for field in ("containers", "initContainers"):
        if spec.get(field):
            spec = {**spec, field: [_filled(container, items, field, notes) for container in spec[field]]}
    if not notes:
        return pod
    note = f"LimitRanger plugin set: {'; '.join(notes)}"
    return with_metadata({**pod, "spec": spec}, annotations={**annotations_of(pod), _ANNOTATION: note})


def _filled(container: Item, items: Sequence[Item], field: str, notes: list[str]) -> Item:
    resources = container.get("resources") or {}
    word = "init container" if field == "initContainers" else "container"
    filled = dict(resources)
    for part, default, name in (("requests", "defaultRequest", "request"), ("limits", "default", "limit")):
        given = dict(resources.get(part) or {})
        added = {}
        for item in items:
            for resource, amount in (item.get(default) or {}).items():
                if resource not in given and resource not in added:
                    added[resource] = amount
        if added:
            filled[part] = {**given, **added}
            notes.append(f"{', '.join(sorted(added))} {name} for {word} {container['name']}")
    return {**container, "resources": filled} if filled != resources else container


def violations(obj: Obj, limit_range: Obj) -> list[str]:
    """Why this object may not be, in Kubernetes' words; each reason once."""
    return list(
        dict.fromkeys(
            why
            for item in (limit_range.get("spec") or {}).get("limits") or ()
            for name, amounts in _measured(obj, item["type"])
            for why in _checked(item, name, *amounts)
        )
    )


def _measured(obj: Obj, type_: str) -> Iterator[tuple[str, tuple[Item, Item]]]:
    """(what is measured, (requests, limits))."""
    if obj["kind"] == "PersistentVolumeClaim" and type_ == "PersistentVolumeClaim":
        yield type_, ((obj["spec"].get("resources") or {}).get("requests") or {}, {})
    elif obj["kind"] == "Pod" and type_ == "Container":
        for container in (*obj["spec"]["containers"], *(obj["spec"].get("initContainers") or ())):
            resources = container.get("resources") or {}
            yield type_, (resources.get("requests") or {}, resources.get("limits") or {})
    elif obj["kind"] == "Pod" and type_ == "Pod":
        sums = [{r: pods.total(obj, r, field) for r in _SUMMED} for field in ("requests", "limits")]
        requests, limits = ({r: q for r, q in amounts.items() if q != "0"} for amounts in sums)
        yield type_, (requests, limits)


def _checked(item: Item, type_: str, requests: Item, limits: Item) -> Iterator[str]:
    rules = (("min", _too_little), ("max", _too_much), ("maxLimitRequestRatio", _too_far_apart))
    for field, rule in rules:
        for resource, bound in sorted((item.get(field) or {}).items()):
            why = rule(resource, type_, str(bound), requests.get(resource), limits.get(resource))
            if why:
                yield why


def _too_little(resource: str, type_: str, least: str, request: Any, limit: Any) -> str:
    rule = f"minimum {resource} usage per {type_} is {least}"
    if request is None:
        return f"{rule}.  No request is specified"
    if _parse(request) < _parse(least):
        return f"{rule}, but request is {request}"
    return f"{rule}, but limit is {limit}" if limit is not None and _parse(limit) < _parse(least) else ""


def _too_much(resource: str, type_: str, most: str, request: Any, limit: Any) -> str:
    """Claims have no limits: what they ask for counts."""
    rule = f"maximum {resource} usage per {type_} is {most}"
    name, amount = ("request", request) if type_ == "PersistentVolumeClaim" else ("limit", limit)
    if amount is None:
        return f"{rule}.  No {name} is specified"
    if _parse(amount) > _parse(most):
        return f"{rule}, but {name} is {amount}"
    return f"{rule}, but request is {request}" if request is not None and _parse(request) > _parse(most) else ""


def _too_far_apart(resource: str, type_: str, ratio: str, request: Any, limit: Any) -> str:
    rule = f"{resource} max limit to request ratio per {type_} is {ratio}"
    for name, amount in (("request", request), ("limit", limit)):
        if not _parse(amount or "0"):
            return f"{rule}, but no {name} is specified or {name} is 0"
    given = _parse(limit) / _parse(request)
    return f"{rule}, but provided ratio is {float(given):.6f}" if given > _parse(ratio) else ""


def _parse(quantity: Any) -> Fraction:
    return quantities.parse(str(quantity))
