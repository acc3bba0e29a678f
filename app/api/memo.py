"""Remember what was worked out for a part of an object.

Objects are never mutated and revisions share their unchanged parts, so the identity of a part is enough of a key.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import compress
from operator import is_not
from typing import Any, TypeVar, cast

from app.api.breath import breathing

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
_KEPT = 20_000


def by_identity(function: F) -> F:
    """For a pure function of one mapping and, after it, hashable arguments."""
    known: dict[Hashable, tuple[Mapping[str, Any], Any]] = {}

    @functools.wraps(function)
    def remembering(part: Mapping[str, Any], *args: Hashable) -> Any:
        key = (id(part), *args)
        found = known.get(key)
        if found is None:
            if len(known) >= _KEPT:
                known.clear()
            # The entry keeps the part alive, lest its id be given to another.
            found = known[key] = (part, function(part, *args))
        return found[1]

    return cast(F, remembering)


def by_place(function: Callable[..., T]) -> Callable[..., tuple[T, ...]]:
    """Map a pure function over columns that are long and from one time to the next nearly the same: it is asked only of
    rows in which something is another thing than the last time."""
    last: tuple[tuple[Sequence[Any], ...], tuple[T, ...]] = ((), ())

    @functools.wraps(function)
    def mapping(*columns: Sequence[Any]) -> tuple[T, ...]:
        nonlocal last
        before, found = last
        rows: Sequence[int] = range(len(columns[0]))
        if before and len(found) == len(rows):
            pairs = [(new, old) for new, old in zip(columns, before, strict=True) if new is not old]
            others = {row for new, old in pairs for row in compress(rows, map(is_not, new, old))}
            if others:
                result = list(found)
                for row in breathing(others):
                    result[row] = function(*(column[row] for column in columns))
                found = tuple(result)
        else:
            found = tuple(function(*row) for row in breathing(zip(*columns, strict=True)))
        last = columns, found
        return found

    return mapping
