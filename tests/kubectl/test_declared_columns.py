"""Columns that custom kinds declare, and the JSONPath they are written in."""

from __future__ import annotations

from typing import Any

import pytest

from app.apimachinery.scheme.scheme import PrinterColumn
from app.kubectl.printers import jsonpath, printers
from tests.support.builders import NOW_MS

OBJ: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "metadata": {
        "name": "w", "labels": {"app.kubernetes.io/name": "shop"}, "creationTimestamp": "2026-01-01T08:59:48Z",
    },
    "spec": {"replicas": 3, "ratio": 0.5, "paused": False, "ports": [{"name": "http"}, {"name": "admin"}]},
    "status": {"conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.replicas", [3]),
        ("spec.replicas", [3]),
        ("{.spec.replicas}", [3]),
        ("$.spec.replicas", [3]),
        (".spec.ports[0].name", ["http"]),
        (".spec.ports[-1].name", ["admin"]),
        (".spec.ports[2].name", []),
        (".spec.ports[*].name", ["http", "admin"]),
        (r".metadata.labels.app\.kubernetes\.io/name", ["shop"]),
        (".metadata.labels['app.kubernetes.io/name']", ["shop"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type == 'Synced')].status", ["False"]),
        ('.status.conditions[?(@.type=="Gone")].status', []),
        (".spec.nope.deeper", []),
        (".spec.replicas.deeper", []),
        (".spec[", []),
    ],
)
def test_a_path_finds_what_is_there(path: str, found: list[Any]) -> None:
    assert list(jsonpath.find(OBJ, path)) == found


@pytest.mark.parametrize(
    ("type_", "path", "cell"),
    [
        ("integer", ".spec.replicas", 3),
        ("integer", ".metadata.name", None),
        ("number", ".spec.ratio", 0.5),
        ("boolean", ".spec.paused", False),
        ("boolean", ".spec.replicas", None),
        ("string", ".spec.replicas", "3"),
        ("string", ".spec.paused", "false"),
        ("string", ".spec.ports[0]", '{"name":"http"}'),
        ("string", ".spec.nope", None),
        ("date", ".metadata.creationTimestamp", "12s"),
        ("date", ".metadata.name", "<invalid>"),
        ("date", ".spec.replicas", None),
    ],
)
def test_a_cell_is_of_the_type_of_its_column(type_: str, path: str, cell: object) -> None:
    columns = (PrinterColumn("Some", type_, path, 1, "what it is"),)
    table = printers.table("Widget.example.com", [OBJ], NOW_MS, columns)
    assert table.columns[1] == ("Some", type_, "", "what it is", 1)
    assert table.rows == (("w", cell),)


def test_a_kind_that_declares_none_has_its_age() -> None:
    table = printers.table("Widget.example.com", [OBJ], NOW_MS)
    assert [column.name for column in table.columns] == ["Name", "Age"]
    assert table.rows == (("w", "12s"),)


def test_a_kind_with_the_name_of_one_of_kubernetes_is_not_printed_like_it() -> None:
    table = printers.table("Service.example.com", [OBJ], NOW_MS)
    assert [column.name for column in table.columns] == ["Name", "Age"]
