"""RuntimeClasses, which no loop here reads. Models kubernetes `pkg/apis/node/validation`."""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata, placement, resource_names, resources
from app.registry.validation.drivers import immutable


def check(obj: Obj) -> Iterator[Cause]:
    handler, scheduling = obj.get("handler", ""), obj.get("scheduling") or {}
    if not handler:
        yield causes.required("handler")
    else:
        yield from causes.each("handler", handler, metadata.is_label(handler))
    if "overhead" in obj:
        limits = {"limits": obj["overhead"].get("podFixed", {})}
        yield from resources.check(limits, "overhead", resource_names.check_of_container)
    yield from metadata.check_labels(scheduling.get("nodeSelector"), "scheduling.nodeSelector")
    tolerations = scheduling.get("tolerations") or []
    yield from placement.check_tolerations(tolerations, "scheduling.tolerations")
    keys = [tuple(each.get(name, "") for name in ("key", "operator", "value", "effect")) for each in tolerations]
    for index, toleration in enumerate(tolerations):
        if keys[index] in keys[:index]:
            empty = {"key": "", "operator": "", "value": "", "effect": ""}
            printed = causes.struct({**empty, **toleration}, "Key", "Operator", "Value", "Effect", "TolerationSeconds")
            yield causes.duplicate(f"scheduling.tolerations[{index}]", printed)


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    return immutable(new, old, "handler")
