"""Nodes: taints and resources. Models kubernetes `pkg/apis/core/validation` ValidateNode, ValidateNodeUpdate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme import schema
from app.registry.validation import causes, metadata


def check(obj: Obj) -> Iterator[Cause]:
    yield from _check_taints(obj.get("spec", {}).get("taints", ()))
    for part in ("capacity", "allocatable"):
        for name, quantity in obj.get("status", {}).get(part, {}).items():
            if quantities.parse(quantity) < 0:
                yield causes.invalid(f"status.{part}.{name}", quantity, causes.NOT_NEGATIVE)


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    for name, words in (("podCIDRs", "podCIDR"), ("providerID", "providerID")):
        before, after = _fixed(old, name), _fixed(new, name)
        if before and before != after:
            yield causes.forbidden(f"spec.{name}", f'node updates may not change {words} except from "" to valid')


def _fixed(node: Obj, name: str) -> Any:
    """`podCIDR` is the first of `podCIDRs`; where they differ it counts alone."""
    spec = node.get("spec", {})
    value, first = spec.get(name), spec.get("podCIDR")
    return [first] if name == "podCIDRs" and first and (not value or value[0] != first) else value


def _check_taints(taints: Any) -> Iterator[Cause]:
    seen = set()
    for index, taint in enumerate(taints):
        field = f"metadata.taints[{index}]"  # upstream's own slip: they are in the spec
        key, effect = taint.get("key", ""), taint.get("effect", "")
        yield from metadata.label_key(key, f"{field}.key")
        if problems := metadata.label_value_problems(taint.get("value", "")):
            yield causes.invalid(f"{field}.value", taint["value"], ";".join(problems))
        yield from causes.supported(f"{field}.effect", effect, schema.named_values("TaintEffect"))
        if (key, effect) in seen:
            found = causes.duplicate(field, taint)
            yield found._replace(message=f"{found.message}: taints must be unique by key and effect pair")
        seen.add((key, effect))
