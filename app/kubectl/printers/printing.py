"""What all tables are made of: columns, printers, and cells that many kinds share. The files beside it use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from app.api.objects import Obj, get_path, name_of
from app.kubectl.printers.durations import since

NONE, UNSET = "<none>", "<unset>"
_SHOWN = 3  # how many of a list a cell names before "+ N more..."

Cell = str | float | bool | None  # None: nothing is there
Cells = tuple[Cell, ...]


class Column(NamedTuple):
    name: str
    type: str = "string"  # or integer, number, boolean, date
    format: str = ""  # "name" for the column that holds it
    description: str = ""
    priority: int = 0  # 1: only with `-o wide`


class Printer(NamedTuple):
    columns: tuple[Column, ...]
    cells: Callable[[Obj, int], Cells]  # of an object at a virtual time in milliseconds


def columns(text: str) -> tuple[Column, ...]:
    """`Name, Desired:integer, *Images`: a star marks what only `-o wide` shows."""
    found = []
    for word in text.split(", "):
        name, _, type = word.removeprefix("*").partition(":")
        found.append(
            Column(name, type or "string", "name" if name == "Name" else "", priority=int(word.startswith("*")))
        )
    return tuple(found)


def replicas(spec: Mapping[str, Any]) -> int:
    wanted = spec.get("replicas")
    return 1 if wanted is None else int(wanted)


def container_columns(template: Mapping[str, Any]) -> tuple[str, str]:
    """Names and images of a pod template's containers."""
    containers = (template.get("spec") or {}).get("containers") or ()
    return ",".join(each["name"] for each in containers), ",".join(each.get("image", "") for each in containers)


def first_few(items: Sequence[str]) -> str:
    shown = ",".join(items[:_SHOWN])
    return f"{shown} + {len(items) - _SHOWN} more..." if len(items) > _SHOWN else shown


def load_balancer_addresses(obj: Obj) -> list[str]:
    """Of a Service or an Ingress."""
    given = get_path(obj, "status.loadBalancer.ingress") or ()
    return sorted({each.get("ip") or each.get("hostname") or "" for each in given} - {""})


def age_of(obj: Obj, now_ms: int) -> str:
    return since(obj["metadata"].get("creationTimestamp"), now_ms)


CREATED_AT = Printer(
    columns("Name, Created At:date"), lambda obj, now_ms: (name_of(obj), obj["metadata"].get("creationTimestamp", ""))
)
