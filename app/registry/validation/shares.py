"""Numbers that may be a share of all: `2` or `25%`. Models `ValidatePositiveIntOrPercent` and its companions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.registry.validation import causes


def check(value: Any, field: str) -> Iterator[Cause]:
    if isinstance(value, int):
        if value < 0:
            yield causes.invalid(field, value, causes.NOT_NEGATIVE)
    elif not re.fullmatch(r"[0-9]+%", value):
        why = "a valid percent string must be a numeric string followed by an ending '%'"
        example = "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
        yield causes.invalid(field, value, f"{why} {example}")


def check_at_most_all(value: Any, field: str) -> Iterator[Cause]:
    if isinstance(value, str) and amount(value) > 100:
        yield causes.invalid(field, value, "must not be greater than 100%")


def amount(share: int | str) -> int:
    """The number before the `%`; of anything that is no percentage 0."""
    if isinstance(share, int):
        return share
    return int(share[:-1]) if re.fullmatch(r"[0-9]{1,9}%", share) else 0
