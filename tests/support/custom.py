"""A kind of one's own, and how it comes into a living cluster and leaves it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.kinds import Kind, Scaling
from app.api.objects import Obj, ref_of
from app.apimachinery.scheme.scheme import Definition, PrinterColumn
from app.apimachinery.scheme.shapes import Field, ListOf, ListStrategy, MapOf, OwnStruct, Scalar, Shape, Struct
from app.cluster import Cluster
from app.commands import DeleteCollection, PatchObject

GROUP = "example.com"
WIDGET = f"Widget.{GROUP}"
_TEXT, _NUMBER = Scalar("string"), Scalar("int32")
_PART = OwnStruct("Part", {"name": Field("name", _TEXT), "weight": Field("weight", _NUMBER)})
_SPEC = OwnStruct(
    "WidgetSpec",
    {
        "size": Field("size", _NUMBER),
        "parts": Field("parts", ListOf("[]Part", _PART), list_strategy=ListStrategy("replace", "", keys=("name",))),
        "marks": Field("marks", MapOf("map[string]string", _TEXT)),
    },
)
_STATUS = OwnStruct("WidgetStatus", {"made": Field("made", _NUMBER), "selector": Field("selector", _TEXT)})


def custom(kind: str, parts: Mapping[str, Shape], *, open: bool = False) -> OwnStruct:
    """The type of a kind of one's own: an object with metadata and these parts, such as its spec."""
    common = {"apiVersion": Field("apiVersion", _TEXT), "kind": Field("kind", _TEXT)}
    common["metadata"] = Field("metadata", Struct("ObjectMeta"), frozenset({"value"}))
    return OwnStruct(kind, common | {name: Field(name, shape) for name, shape in parts.items()}, open)


def definition(kind: str = "Widget", group: str = GROUP, **facts: Any) -> Definition:
    """One that has a spec, a status, a scale, and columns of its own."""
    row = Kind(kind, group, "v1", f"{kind.lower()}s", kind.lower(), (kind[:2].lower(),))._replace(
        subresources=("status", "scale"), scaling=Scaling("spec.size", "status.made", "status.selector"), **facts
    )
    columns = (
        PrinterColumn("Size", "integer", ".spec.size"),
        PrinterColumn("Heaviest", "string", '.spec.parts[?(@.weight=="9")].name', priority=1),
        PrinterColumn("Age", "date", ".metadata.creationTimestamp"),
    )
    return Definition(row, custom(kind, {"spec": _SPEC, "status": _STATUS}), columns=columns)


def define(cluster: Cluster, wanted: Definition | None = None) -> None:
    cluster.scheme.register(wanted or definition())
    cluster.engine.follow_kinds()


def withdraw(cluster: Cluster, key: str = WIDGET) -> None:
    """Its objects first, whatever holds them, then the kind: what is on its way to the loops is still on its way."""
    cluster.submit(DeleteCollection(key))
    for held in cluster.objects(key):
        cluster.submit(PatchObject(ref_of(held), "merge", '{"metadata": {"finalizers": null}}'))
    cluster.scheme.remove(key)
    cluster.engine.follow_kinds()


def widget(name: str = "w", kind: str = "Widget", group: str = GROUP, **fields: Any) -> Obj:
    meta = {"name": name, **fields.pop("metadata", {})}
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": meta, "spec": {"size": 2}, **fields}
