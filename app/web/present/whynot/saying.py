"""What an object says of itself, before it is an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from app.api.objects import Obj
from app.engine.trace import Step


class Declared(NamedTuple):
    code: str
    text: str
    needs: tuple[str, ...]
    holds: Callable[[Obj], bool] | None = None  # of an earlier state of the object: it was so already
    since: Step | None = None  # where no write of the object tells


def get(obj: Obj, part: str, field: str) -> Any:
    """`spec.paused`; None where there is none."""
    return (obj.get(part) or {}).get(field)
