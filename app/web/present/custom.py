"""What a custom object says of itself in a few words: the columns that its kind declares, or else its status.

The board shows some of them on its chip, the inspector all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.api import conditions, objects
from app.api.objects import Obj
from app.kubectl.printers import declared
from app.look import Look

SHOWN, LONGEST = 3, 24


class Said(NamedTuple):
    name: str
    value: str


def columns(cluster: Look, obj: Obj) -> tuple[Said, ...]:
    """What `kubectl get` prints of it, but its name and age, which the page tells anyway; () of kinds of Kubernetes."""
    row = cluster.scheme.find(objects.kind_of(obj))
    if row is None or row.is_own:
        return ()
    wanted = cluster.scheme.definition(row.key).columns
    if not wanted:
        return tuple(_status(obj))
    _name, *cells = declared.printer(wanted).cells(obj, cluster.now_ms)
    pairs = zip(wanted, cells, strict=True)
    return tuple(
        Said(column.name, _plain(cell)) for column, cell in pairs if column.type != "date" and cell is not None
    )


def short(said: Sequence[Said]) -> str:
    """`example.org · 3`."""
    texts = [each.value if len(each.value) <= LONGEST else f"{each.value[: LONGEST - 1]}…" for each in said[:SHOWN]]
    return " · ".join(texts)


def _status(obj: Obj) -> list[Said]:
    status = obj.get("status")
    status = status if isinstance(status, dict) else {}
    phase, found = status.get("phase"), status.get("conditions")
    ready = (
        conditions.find([each for each in found if _is_condition(each)], "Ready") if isinstance(found, list) else None
    )
    said = [Said("Phase", phase)] if isinstance(phase, str) and phase else []
    return [*said, *([Said("Ready", str(ready.get("status", "")))] if ready else [])]


def _is_condition(value: object) -> bool:
    return isinstance(value, dict) and "type" in value


def _plain(cell: str | float | bool) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
