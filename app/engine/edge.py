"""What a loop believes of an object when it goes by events alone.

A level-triggered loop takes an event as a hint to look again, so whatever it missed is in the next thing it sees. An
edge-triggered one acts on the change that an event tells of, *from this to that*; a change it was never told of is not
in any later event, and it goes on without it for good. The engine feeds the caches of such a loop through `heard`.
"""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj, is_terminating


def heard(known: Obj | None, old: Obj | None, new: Obj | None) -> Obj | None:
    """What is believed after an event "from `old` to `new`", where `known` was believed before; None: it is gone."""
    if old is None or known is old:
        return new
    if known is None:
        return None  # of an object whose beginning was missed
    if new is None:
        # Its end was taken into account when it was marked for deletion; a loop that missed the mark misses the end.
        return None if is_terminating(known) == is_terminating(old) else known
    believed: Obj = _with_change(known, old, new)
    return believed


def _with_change(known: Any, old: Any, new: Any) -> Any:
    if not (isinstance(known, dict) and isinstance(old, dict) and isinstance(new, dict)):
        return new
    changed = {key for key in {**old, **new} if old.get(key) != new.get(key)}
    kept = {key: value for key, value in known.items() if key not in changed}
    return kept | {key: _with_change(known.get(key), old.get(key), new[key]) for key in changed if key in new}
