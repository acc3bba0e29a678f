"""How kubectl names things, in the lines one types and in the lines it prints. For commands and for the web."""

from __future__ import annotations

import re

from app.api import kinds
from app.api.objects import Ref

_PLAIN = re.compile(r"[\w@%+=:,./{}-]+")  # what a shell takes as it stands


def word(text: str) -> str:
    """One word of a shell."""
    quoted = text.replace("'", "'\\''")
    return text if _PLAIN.fullmatch(text) else f"'{quoted}'"


def target(ref: Ref) -> str:
    """As one types it: `pod/web-1`, `deployment/web`."""
    row = kinds.KINDS.get(ref.kind)
    return f"{row.singular if row else ref.kind.lower()}/{ref.name}"


def flag(namespace: str) -> str:
    """` -n shop`; "" for the one that needs none."""
    return f" -n {namespace}" if namespace not in ("", "default") else ""


def resource(ref: Ref) -> str:
    """As it is printed: `pod/web-1`, `deployment.apps/web`."""
    return f"{resource_type(ref)}/{ref.name}"


def resource_type(ref: Ref) -> str:
    row = kinds.KINDS[ref.kind]
    return f"{row.singular}.{row.group}" if row.group else row.singular
