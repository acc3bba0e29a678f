"""Columns that a kind declares (`additionalPrinterColumns`), for kinds without a printer of their own.

Models apiextensions-apiserver `pkg/registry/customresource/tableconvertor`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from app.api.objects import Obj, name_of
from app.apimachinery.scheme.scheme import PrinterColumn
from app.kubectl.printers import jsonpath
from app.kubectl.printers.durations import since
from app.kubectl.printers.printing import Cell, Cells, Column, Printer

_NAME = Column("Name", format="name")
_AGE = PrinterColumn("Age", "date", ".metadata.creationTimestamp")


@lru_cache(maxsize=256)
def printer(columns: tuple[PrinterColumn, ...]) -> Printer:
    """The name, and what each column finds; a kind that declares none has its age."""
    declared = columns or (_AGE,)
    heads = (Column(each.name, each.type, each.format, each.description, each.priority) for each in declared)

    def cells(obj: Obj, now_ms: int) -> Cells:
        return (name_of(obj), *(_cell(each, obj, now_ms) for each in declared))

    return Printer((_NAME, *heads), cells)


def _cell(column: PrinterColumn, obj: Obj, now_ms: int) -> Cell:
    """The first value at the path, if it is of the column's type."""
    value = next(jsonpath.find(obj, column.json_path), None)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match column.type:
        case "integer":
            return int(value) if is_number else None
        case "number":
            return float(value) if is_number else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return _ago(value, now_ms)
    return _text(value)


def _ago(value: Any, now_ms: int) -> Cell:
    if not isinstance(value, str):
        return None
    try:
        return since(value, now_ms)
    except ValueError:
        return "<invalid>"


def _text(value: Any) -> str:
    """As Go prints it: maps and lists as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
