"""What a LimitRange gives to containers that do not say, and what it forbids. Pure; used at admission.

Models kubernetes/plugin/pkg/admission/limitranger/admission.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from app.api import pods, quantities
from app.api.objects import Obj, annotations_of, with_metadata

Item = dict[str, Any]
_ANNOTATION = "kubernetes.io/limit-ranger"


def with_defaults(pod: Obj, ranges: Sequence[Obj]) -> Obj:
    """The pod with requests and limits for its containers that leave them out, and a note of what was given."""
    items = [
        item for each in ranges for item in (each.get("spec") or {}).get("limits") or () if item["type"] == "Container"
    ]
    notes: list[str] = []
    spec = pod["spec"]
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


def violations(obj: Obj, ranges: Iterable[Obj]) -> list[str]:
    """Why this object may not be, in Kubernetes' words."""
    found = []
    for each in ranges:
        for item in (each.get("spec") or {}).get("limits") or ():
            found += [why for name, amounts in _measured(obj, item["type"]) for why in _checked(item, name, *amounts)]
    return found


def _measured(obj: Obj, type_: str) -> Iterator[tuple[str, tuple[Item, Item]]]:
    """(what is measured, (requests, limits))."""
    if obj["kind"] == "PersistentVolumeClaim" and type_ == "PersistentVolumeClaim":
        yield type_, ((obj["spec"].get("resources") or {}).get("requests") or {}, {})
    elif obj["kind"] == "Pod" and type_ == "Container":
        for container in (*obj["spec"]["containers"], *(obj["spec"].get("initContainers") or ())):
            resources = container.get("resources") or {}
            yield type_, (resources.get("requests") or {}, resources.get("limits") or {})
    elif obj["kind"] == "Pod" and type_ == "Pod":
        sums = [{r: pods.total(obj, r, field) for r in ("cpu", "memory")} for field in ("requests", "limits")]
        requests, limits = ({r: q for r, q in amounts.items() if q != "0"} for amounts in sums)
        yield type_, (requests, limits)


def _checked(item: Item, type_: str, requests: Item, limits: Item) -> Iterator[str]:
    claim = type_ == "PersistentVolumeClaim"
    for resource, least in sorted((item.get("min") or {}).items()):
        if resource not in requests:
            yield f"minimum {resource} usage per {type_} is {least}.  No request is specified"
        elif _parse(requests[resource]) < _parse(least):
            yield f"minimum {resource} usage per {type_} is {least}, but request is {requests[resource]}"
    for resource, most in sorted((item.get("max") or {}).items()):
        if claim:
            if _parse(requests.get(resource, "0")) > _parse(most):
                yield f"maximum {resource} usage per {type_} is {most}, but request is {requests[resource]}"
        elif resource not in limits:
            yield f"maximum {resource} usage per {type_} is {most}.  No limit is specified"
        elif _parse(limits[resource]) > _parse(most):
            yield f"maximum {resource} usage per {type_} is {most}, but limit is {limits[resource]}"
    for resource, ratio in sorted((item.get("maxLimitRequestRatio") or {}).items()):
        request, limit = _parse(requests.get(resource, "0")), _parse(limits.get(resource, "0"))
        if not request or not limit:
            why = "no request is specified or request is 0"
            yield f"{resource} max limit to request ratio per {type_} is {ratio}, but {why}"
        elif limit / request > _parse(ratio):
            given = float(limit / request)
            yield f"{resource} max limit to request ratio per {type_} is {ratio}, but provided ratio is {given:.6f}"


def _parse(quantity: Any) -> Fraction:
    return quantities.parse(str(quantity))
