"""ConfigMaps. Models kubernetes `pkg/apis/core/validation` ValidateConfigMap."""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes

_MAX_BYTES = 1024 * 1024


def check(obj: Obj) -> Iterator[Cause]:
    data, binary = obj.get("data", {}), obj.get("binaryData", {})
    for key in data:
        yield from causes.config_key(f"data[{key}]", key)
        if key in binary:
            yield causes.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in binary:
        yield from causes.config_key(f"binaryData[{key}]", key)
    size = sum(len(value.encode()) for value in data.values()) + sum(len(value) * 3 // 4 for value in binary.values())
    if size > _MAX_BYTES:
        yield causes.too_long("[]", _MAX_BYTES)  # the path of the whole, as Go prints it


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if not old.get("immutable"):
        return
    why = "field is immutable when `immutable` is set"
    if not new.get("immutable"):
        yield causes.forbidden("immutable", why)
    for bag in ("data", "binaryData"):
        if new.get(bag, {}) != old.get(bag, {}):
            yield causes.forbidden(bag, why)
