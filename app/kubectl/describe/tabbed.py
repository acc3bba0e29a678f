"""Columns made with tabs, as Go's text/tabwriter lays them out, and the pieces all of `kubectl describe` is made of.

A text is a sequence of lines; a tab ends a cell. Cells of one column in lines that follow each other are as wide as
the widest of them, and two blanks. What follows the last tab of a line belongs to no column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from app.api import times
from app.api.objects import Obj, annotations_of, labels_of, name_of, namespace_of

_PADDING = 2
_LONGEST_ANNOTATION = 140
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def align(lines: Iterable[str]) -> str:
    """The lines with each tab replaced by as many blanks as its column needs, each ended by a newline."""
    rows = [line.split("\t") for line in lines]
    column = 0
    while any(len(row) > column + 1 for row in rows):
        for block in _blocks(rows, column):
            width = max(len(row[column]) for row in block) + _PADDING
            for row in block:
                row[column] = row[column].ljust(width)
        column += 1
    return "".join("".join(row) + "\n" for row in rows)


def _blocks(rows: list[list[str]], column: int) -> Iterator[list[list[str]]]:
    """Runs of rows that have a cell, one a tab ends, in that column."""
    block: list[list[str]] = []
    for row in [*rows, []]:
        if len(row) > column + 1:
            block.append(row)
        elif block:
            yield block
            block = []


def label_lines(title: str, values: Mapping[str, str] | None) -> Iterator[str]:
    """One a line, sorted: `Labels:  app=web`."""
    return listed(title, [f"{key}={value}" for key, value in sorted((values or {}).items())])


def annotation_lines(title: str, values: Mapping[str, str] | None) -> Iterator[str]:
    """One a line, sorted, without kubectl's own; a long one begins under its key."""
    found = []
    for key, value in sorted((values or {}).items()):
        value = value.removesuffix("\n")
        if key == _LAST_APPLIED:
            continue
        if len(key) + len(value) + 2 <= _LONGEST_ANNOTATION and "\n" not in value:
            found.append(f"{key}: {value}")
        else:
            found += [f"{key}:", *(f"  {_shortened(part)}" for part in value.split("\n"))]
    return listed(title, found)


def _shortened(text: str) -> str:
    most = _LONGEST_ANNOTATION - 2
    return text if len(text) <= most else f"{text[:most]}..."


def head(obj: Obj) -> Iterator[str]:
    yield f"Name:\t{name_of(obj)}"
    yield f"Namespace:\t{namespace_of(obj)}"


def marks(obj: Obj) -> Iterator[str]:
    yield from label_lines("Labels", labels_of(obj))
    yield from annotation_lines("Annotations", annotations_of(obj))


def listed(title: str, items: list[str]) -> Iterator[str]:
    """The title before the first item, the others below it; `<none>` where there is none."""
    yield f"{title}:\t{items[0] if items else '<none>'}"
    for item in items[1:]:
        yield f"\t{item}"


def rfc1123(timestamp: str | None) -> str:
    """`Mon, 23 Nov 2026 10:06:17 +0000`."""
    if not timestamp:
        return "<unset>"
    return datetime.fromtimestamp(times.parse(timestamp) // 1000, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")


def truth(value: Any) -> str:
    """As Go's `%t`."""
    return "true" if value else "false"
