"""Secrets, and what each type of them must hold. Models kubernetes `pkg/apis/core/validation` ValidateSecret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj, annotations_of
from app.registry.validation import causes
from app.registry.validation.causes import Verbatim

_MAX_BYTES = 1024 * 1024
_ACCOUNT = "kubernetes.io/service-account.name"
_MUST_HOLD = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_REDACTED = Verbatim('"<secret contents redacted>"')


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
        if key not in data:
            yield causes.required(f"data[{key}]")
        elif key.startswith(".docker") and not _is_json(data[key]):
            yield causes.invalid(f"data[{key}]", _REDACTED, "invalid character in JSON")


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


def _is_json(encoded: str) -> bool:
    try:
        json.loads(base64.b64decode(encoded))
    except ValueError:
        return False
    return True
