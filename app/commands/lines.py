"""How kubectl names things, in the lines one types and in the lines it prints. For commands and for the web."""

from __future__ import annotations

import re

from app.api import kinds
from app.api.objects import Obj, Ref, name_of

_PLAIN = re.compile(r"[\w@%+=:,./{}-]+")  # what a shell takes as it stands


def word(text: str) -> str:
    """One word of a shell."""
    quoted = text.replace("'", "'\\''")
    return text if _PLAIN.fullmatch(text) else f"'{quoted}'"


def target(ref: Ref) -> str:
    """As one types it: `pod/web-1`, `deployment/web`, `widget.example.com/w`."""
    return str(ref)


def flag(namespace: str) -> str:
    """` -n shop`; "" for the one that needs none."""
    return f" -n {namespace}" if namespace not in ("", "default") else ""


def resource(obj: Obj) -> str:
    """As it is printed: `pod/web-1`, `deployment.apps/web`."""
    return f"{resource_type(obj)}/{name_of(obj)}"


def resource_type(obj: Obj) -> str:
    return kinds.printed(obj["apiVersion"], obj["kind"])
