"""The kubectl command that does the same as a button, to read and to copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.objects import Ref
from app.commands import COMMANDS


def command(data: Mapping[str, Any]) -> str:
    """Of a command as its JSON; a field that is still to be asked for may hold `{name}` where it has a number. "" where
    kubectl has none."""
    values = {name: Ref(*value) if name == "ref" else value for name, value in data.items() if name != "do"}
    return COMMANDS[data["do"]](**values).kubectl()
