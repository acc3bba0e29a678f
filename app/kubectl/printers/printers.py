"""What `kubectl get` prints: the table of any kind with kubectl's columns. The Kubernetes face answers with it.

Each group of kinds has a file beside this one; custom kinds declare their columns (declared.py). Nothing here reads or
writes.
Models kubernetes/pkg/printers/internalversion/printers.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.api.objects import Obj
from app.apimachinery.scheme.scheme import PrinterColumn
from app.kubectl.printers import (
    apis,
    batch,
    config,
    declared,
    devices,
    events,
    extensions,
    network,
    nodes,
    pods,
    rules,
    scaling,
    storage,
    workloads,
)
from app.kubectl.printers.printing import Cells, Column

_GROUPS = (pods, nodes, network, workloads, batch, scaling, storage, config, rules, extensions, events, devices, apis)
_PRINTERS = {kind: printer for group in _GROUPS for kind, printer in group.PRINTERS.items()}


class Table(NamedTuple):
    """`rows` has a tuple of cells per object, one for each of `columns`."""

    columns: tuple[Column, ...]
    rows: tuple[Cells, ...]


def table(kind: str, objects: Iterable[Obj], now_ms: int, columns: tuple[PrinterColumn, ...] = ()) -> Table:
    """All columns, those of `-o wide` too (priority 1). A kind we have no printer for has name and age, or the
    `columns` that it declares."""
    printer = _PRINTERS.get(kind) or declared.printer(columns)
    return Table(printer.columns, tuple(printer.cells(obj, now_ms) for obj in objects))
