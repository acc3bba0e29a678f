"""Nodes: taints, resources, addresses. Models kubernetes `pkg/apis/core/validation` ValidateNode and its companions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from app.api import go_json
from app.api.errors import Cause
from app.api.objects import Obj, annotations_of
from app.apimachinery.scheme import schema
from app.apimachinery.scheme.scalars import json_type
from app.registry.validation import causes, metadata, resource_names

_TAINTS, _AVOIDED = "scheduler.alpha.kubernetes.io/taints", "scheduler.alpha.kubernetes.io/preferAvoidPods"
_FEATURE = re.compile(r"[A-Z][a-zA-Z0-9]*(/[a-zA-Z][a-zA-Z0-9]*)*")
_NO_FEATURE = (
    "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or "
    "MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
)
_LONGEST_FEATURE = 253


def check(obj: Obj) -> Iterator[Cause]:
    spec, status = obj.get("spec", {}), obj.get("status") or {}
    yield from _check_annotations(obj)
    yield from _check_taints(spec.get("taints", ()), "metadata.taints")  # upstream's own slip: they are in the spec
    yield from _check_resources(status)
    capacity = ((status.get("nodeInfo") or {}).get("swap") or {}).get("capacity")
    if capacity is not None and capacity <= 0:
        yield causes.invalid("metadata.nodeSwapStatus.capacity", capacity, "must be greater than zero")
    yield from _check_features(status.get("declaredFeatures") or ())
    networks = spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else [])
    for index, network in enumerate(networks):
        yield from causes.network(f"spec.podCIDRs[{index}]", network)
    families = {":" in network for network in networks}
    if len(networks) > len(families):
        yield causes.invalid("spec.podCIDRs", networks, "may specify no more than one CIDR for each IP family")


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from _check_addresses(new.get("status") or {})
    for name, words in (("podCIDRs", "podCIDR"), ("providerID", "providerID")):
        before, after = _fixed(old, name), _fixed(new, name)
        if before and before != after:
            yield causes.forbidden(f"spec.{name}", f'node updates may not change {words} except from "" to valid')
    if new.get("spec", {}).get("externalID", "") != old.get("spec", {}).get("externalID", ""):
        yield causes.forbidden("spec.externalID", "may not be updated")


def check_status(new: Obj, old: Obj) -> Iterator[Cause]:
    status = new.get("status") or {}
    yield from _check_resources(status)
    yield from _check_features(status.get("declaredFeatures") or ())
    yield from _check_addresses(status)


def _fixed(node: Obj, name: str) -> Any:
    """`podCIDR` is the first of `podCIDRs`; where they differ it counts alone."""
    spec = node.get("spec", {})
    value, first = spec.get(name), spec.get("podCIDR")
    return [first] if name == "podCIDRs" and first and (not value or value[0] != first) else value


def _check_resources(status: Obj) -> Iterator[Cause]:
    for part in ("capacity", "allocatable"):
        for name, quantity in (status.get(part) or {}).items():
            yield from resource_names.check_amount(name, quantity, f"status.{part}.{name}")


def _check_addresses(status: Obj) -> Iterator[Cause]:
    seen = []
    for index, address in enumerate(status.get("addresses") or ()):
        if address in seen:
            yield causes.duplicate(f"status.addresses[{index}]", causes.struct(address, "Type", "Address"))
        seen.append(address)


def _check_features(features: Sequence[str]) -> Iterator[Cause]:
    field = "status.declaredFeatures"
    for index, feature in enumerate(features):
        if len(feature) > _LONGEST_FEATURE:
            why = f'invalid feature name "{feature}": must be no more than {_LONGEST_FEATURE} characters'
            yield causes.invalid(f"{field}[{index}]", feature, why)
        elif not _FEATURE.fullmatch(feature):
            yield causes.invalid(f"{field}[{index}]", feature, f'invalid feature name "{feature}": {_NO_FEATURE}')
        following = features[index + 1] if index + 1 < len(features) else None
        if following == feature:
            yield causes.duplicate(f"{field}[{index + 1}]", following)
        elif following is not None and following < feature:
            yield causes.invalid(f"{field}[{index + 1}]", following, "list must be sorted alphabetically")


# ------------------------------------------------------------------------------------------ taints


def _check_taints(taints: Sequence[Obj], field: str) -> Iterator[Cause]:
    seen = set()
    for index, taint in enumerate(taints):
        at, key, effect = f"{field}[{index}]", taint.get("key", ""), taint.get("effect", "")
        yield from metadata.label_key(key, f"{at}.key")
        if problems := metadata.label_value_problems(taint.get("value", "")):
            yield causes.invalid(f"{at}.value", taint["value"], ";".join(problems))
        yield from causes.supported(f"{at}.effect", effect, schema.named_values("TaintEffect"))
        if (key, effect) in seen:
            printed = causes.struct({"key": "", "value": "", **taint}, "Key", "Value", "Effect", "TimeAdded")
            found = causes.duplicate(at, printed)
            yield found._replace(message=f"{found.message}: taints must be unique by key and effect pair")
        seen.add((key, effect))


def _check_annotations(node: Obj) -> Iterator[Cause]:
    """What stood in annotations before it had fields."""
    notes, field = annotations_of(node), "metadata.annotations"
    if notes.get(_TAINTS):
        taints, why = go_json.read(notes[_TAINTS])
        if not why and not isinstance(taints, list):
            why = f"json: cannot unmarshal {json_type(taints)} into Go value of type []core.Taint"
        if why:
            yield causes.invalid(field, _TAINTS, why)
        else:
            yield from _check_taints(taints, f"{field}.{_TAINTS}")
    if notes.get(_AVOIDED):
        avoided, why = go_json.read(notes[_AVOIDED])
        if not why and not isinstance(avoided, dict):
            why = f"json: cannot unmarshal {json_type(avoided)} into Go value of type v1.AvoidPods"
        if why:
            yield causes.invalid(f"{field}.AvoidPods", _AVOIDED, why)
        else:
            yield from _check_avoided(avoided.get("preferAvoidPods") or (), f"{field}.{_AVOIDED}")


def _check_avoided(entries: Sequence[Obj], field: str) -> Iterator[Cause]:
    for index, entry in enumerate(entries):
        at, owner = f"{field}[{index}].PodSignature", (entry.get("podSignature") or {}).get("podController")
        if owner is None:
            yield causes.required(at)
        elif not owner.get("controller"):
            yield causes.invalid(f"{at}.PodController.Controller", False, "must point to a controller")
