"""Conditions as younger kinds have them, `metav1.Condition`.

Models apimachinery `pkg/apis/meta/v1/validation` ValidateConditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata

_STATUSES = ("False", "True", "Unknown")
_LONGEST_REASON, _LONGEST_MESSAGE = 1024, 32 * 1024
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_NO_REASON = (
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
    "characters or '_,:', and must end with an alphanumeric character or '_'"
)
_REASONS = ("my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")


def check_conditions(conditions: Iterable[Obj], field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        at, type_ = f"{field}[{index}]", condition.get("type", "")
        if type_ in seen:
            yield causes.duplicate(f"{at}.type", type_)
        seen.add(type_)
        yield from _check_condition(condition, at)


def _check_condition(condition: Obj, field: str) -> Iterator[Cause]:
    reason, generation = condition.get("reason", ""), condition.get("observedGeneration", 0)
    yield from metadata.label_key(condition.get("type", ""), f"{field}.type")
    yield from causes.among(f"{field}.status", condition.get("status", ""), _STATUSES)
    if generation < 0:
        why = "must be greater than or equal to zero"
        yield causes.invalid(f"{field}.observedGeneration", generation, why)
    if not reason:
        yield causes.required(f"{field}.reason")
    else:
        yield from causes.matching(f"{field}.reason", reason, _REASON, _NO_REASON, *_REASONS)
    if len(reason) > _LONGEST_REASON:
        yield causes.too_long(f"{field}.reason", _LONGEST_REASON)
    if len(condition.get("message", "")) > _LONGEST_MESSAGE:
        yield causes.too_long(f"{field}.message", _LONGEST_MESSAGE)
