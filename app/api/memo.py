"""Remember what was worked out for a part of an object.

Objects are never mutated and revisions share their unchanged parts, so the identity of a part is enough of a key.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
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
