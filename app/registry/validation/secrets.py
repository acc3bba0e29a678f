"""Secrets, and what each type of them must hold. Models kubernetes `pkg/apis/core/validation` ValidateSecret."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from app.api import go_json
from app.api.errors import Cause
from app.api.objects import Obj, annotations_of
from app.apimachinery.scheme.scalars import json_type
from app.registry.validation import causes

_MAX_BYTES = 1024 * 1024
_ACCOUNT = "kubernetes.io/service-account.name"
_MUST_HOLD = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def check(obj: Obj) -> Iterator[Cause]:
    data, kind = obj.get("data", {}), obj.get("type", "Opaque")
    for key in data:
        yield from causes.config_key(f"data[{key}]", key)
    if sum(len(value) * 3 // 4 for value in data.values()) > _MAX_BYTES:
        yield causes.too_long("data", _MAX_BYTES)
    if kind == "kubernetes.io/service-account-token" and not annotations_of(obj).get(_ACCOUNT):
        yield causes.required(f"metadata.annotations[{_ACCOUNT}]")
    if kind == "kubernetes.io/basic-auth" and not data.keys() & {"username", "password"}:
        yield from (causes.required(f"data[{key}]") for key in ("username", "password"))
    for key in _MUST_HOLD.get(kind, ()):
        if key not in data or (key == "ssh-privatekey" and not data[key]):
            yield causes.required(f"data[{key}]")
        elif key.startswith(".docker") and (why := _no_json_object(data[key])):
            yield causes.invalid(f"data[{key}]", "<secret contents redacted>", why)


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("type") != old.get("type"):
        yield causes.invalid("type", new.get("type"), causes.IMMUTABLE)
    if not old.get("immutable"):
        return
    why = "field is immutable when `immutable` is set"
    if not new.get("immutable"):
        yield causes.forbidden("immutable", why)
    if new.get("data", {}) != old.get("data", {}):
        yield causes.forbidden("data", why)


def _no_json_object(encoded: str) -> str:
    """Why there is none; "" if there is one."""
    value, why = go_json.read(base64.b64decode(encoded).decode(errors="replace"))
    if not why and not isinstance(value, dict | None):
        why = f"json: cannot unmarshal {json_type(value)} into Go value of type map[string]interface {{}}"
    return why
