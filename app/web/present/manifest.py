"""An object as YAML, line by line, each line knowing who decided it. And the texts people applied, one per object.

The text is what `yamltext.dump` would write, keys in the order of the page; here is decided only what stands on a line.

Marks: `you` wrote it, `default` was filled in by the API server, `controller` belongs to a controller, `server` is
bookkeeping of the API server. Without a last-applied annotation nobody wrote anything and only `server` is marked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from app.api import objects
from app.api.breath import breathing
from app.api.kinds import key_of
from app.api.objects import Obj
from app.apimachinery import yamltext

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
FIRST = ("apiVersion", "kind", "metadata", "spec", "data")
SERVER_METADATA = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "selfLink")
NEWEST_TEXTS = 200
MISSING = object()


class Line(NamedTuple):
    indent: int
    dash: str  # "- " for the first line of a list item, "- - " of a list in a list
    key: str  # "" where a text of several lines goes on
    value: str
    mark: str  # you, default, controller, server or ""


class Document(NamedTuple):
    """A text that somebody applied, by the object it declares."""

    kind: str
    namespace: str
    name: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.kind.lower()}/{self.name}" + (
            f" -n {self.namespace}" if self.namespace not in ("", "default") else ""
        )

    def to_json(self) -> dict[str, Any]:
        """For the script that draws the tabs (static/js/desired.js)."""
        return {"id": self.id, "ref": [self.kind, self.namespace, self.name], "text": self.text}


def lines(obj: Obj) -> tuple[Line, ...]:
    """The live object. managedFields and the last-applied annotation are left out, as they repeat the rest."""
    applied = applied_of(obj)
    return tuple(_mapping(_tidy(obj), applied if applied is not None else MISSING, 0, "", _Marker(applied is not None)))


def applied_lines(obj: Obj) -> tuple[Line, ...]:
    applied = applied_of(obj)
    return tuple(_mapping(applied, applied, 0, "", _Marker(False))) if applied else ()


def applied_of(obj: Obj) -> Obj | None:
    """What was applied last, by kubectl's own annotation."""
    text = objects.annotations_of(obj).get(LAST_APPLIED)
    if not text:
        return None
    try:
        applied = json.loads(text)
    except ValueError:
        return None
    return _tidy(applied) if isinstance(applied, dict) and isinstance(applied.get("metadata"), dict) else None


def text_of(all_lines: tuple[Line, ...]) -> str:
    return "\n".join(f"{'  ' * line.indent}{line.dash}{line.key}{line.value}" for line in all_lines) + "\n"


def documents(applied: Sequence[Obj], texts: Sequence[str]) -> tuple[Document, ...]:
    """For each object that was applied and still exists, the newest text that declared it, comments and all.

    One that none of the newest texts declares has what its annotation says."""
    refs = [objects.ref_of(obj) for obj in applied]
    missing, written = {(ref.kind, ref.name) for ref in refs}, dict[tuple[str, str], str]()
    for text in reversed(texts[-NEWEST_TEXTS:]):
        if not missing:
            break
        written = {**dict(split(text)), **written}
        missing -= written.keys()
    return tuple(
        Document(*ref, written.get((ref.kind, ref.name)) or text_of(applied_lines(obj)))
        for ref, obj in breathing(zip(refs, applied, strict=True))
    )


def split(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """((kind, name), text) of each document of a multi-document text that is written in block style."""
    for piece in re.split(r"(?m)^---.*\n?", text):
        version = re.search(r"(?m)^apiVersion:\s*[\"']?([\w./-]+)", piece)
        kind = re.search(r"(?m)^kind:\s*[\"']?([A-Za-z]+)", piece)
        name = re.search(r"(?m)^metadata:.*\n(?:(?:[ \t#].*)?\n)*?[ \t]+name:\s*[\"']?([A-Za-z0-9.:-]+)", piece)
        if kind and name:
            yield (key_of(version[1] if version else "", kind[1]), name[1]), piece.strip("\n") + "\n"


class _Marker(NamedTuple):
    """Decides who wrote a path."""

    declared: bool

    def mark(self, path: str, applied: Any) -> str:
        top, _, rest = path.partition(".")
        field = rest.split(".")[0]
        if top == "status" or (top == "metadata" and field in SERVER_METADATA):
            return "server"
        if not self.declared:
            return ""
        if applied is not MISSING:
            return "you"
        if top == "metadata":
            return "server" if path == "metadata.namespace" else "controller"
        return "controller" if path == "spec.nodeName" else "default"


def _tidy(obj: Obj) -> Obj:
    meta = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    annotations = {key: value for key, value in (meta.get("annotations") or {}).items() if key != LAST_APPLIED}
    meta.pop("annotations", None)
    if annotations:
        meta["annotations"] = annotations
    return {**obj, "metadata": meta}


def _mapping(value: Mapping[str, Any], applied: Any, indent: int, path: str, marker: _Marker) -> Iterator[Line]:
    keys = list(value)
    if not path:
        keys = [key for key in FIRST if key in value] + sorted(key for key in keys if key not in FIRST)
    for key in keys:
        item = value[key]
        below = applied.get(key, MISSING) if isinstance(applied, Mapping) else MISSING
        inner = f"{path}.{key}" if path else key
        mark = marker.mark(inner, below)
        yield from _entry(str(key), item, indent, mark)
        if isinstance(item, Mapping) and item:
            yield from _mapping(item, below, indent + 1, inner, marker)
        elif isinstance(item, list | tuple) and item:
            yield from _items(item, below, indent, inner, marker)


def _items(items: list[Any] | tuple[Any, ...], applied: Any, indent: int, path: str, marker: _Marker) -> Iterator[Line]:
    for index, item in enumerate(items):
        below = _counterpart(item, applied, index)
        if not _opens(item):
            mark = marker.mark(f"{path}.", below)
            first, *rest = yamltext.item(item)
            yield Line(indent, "- ", "", first.removeprefix("- "), mark)
            yield from (Line(indent if text else 0, "", "", text, mark) for text in rest)
            continue
        inside = _mapping if isinstance(item, Mapping) else _items
        begun, *more = inside(item, below, indent + 1, f"{path}.", marker)
        yield begun._replace(indent=indent, dash=f"- {begun.dash}")
        yield from more


def _opens(value: Any) -> bool:
    """Has lines of its own, below its name."""
    return isinstance(value, Mapping | list | tuple) and len(value) > 0


def _entry(name: str, value: Any, indent: int, mark: str) -> Iterator[Line]:
    """A name, and what stands beside it. A name too long to stand before a colon takes two lines."""
    labels = _labels(name)
    for index, text in enumerate(labels if _opens(value) else yamltext.field(name, value)):
        label = labels[index] if index < len(labels) else ""
        yield Line(indent if text else 0, "", label, text[len(label) :], mark)


@lru_cache(maxsize=1024)
def _labels(name: str) -> tuple[str, ...]:
    *above, last = yamltext.field(name, None)
    return (*above, last.removesuffix(" null"))


def _counterpart(item: Any, applied: Any, index: int) -> Any:
    """The same item in what was applied: by name where items have one, as a strategic merge would."""
    if not isinstance(applied, list):
        return MISSING
    if isinstance(item, Mapping) and "name" in item:
        named = next(
            (other for other in applied if isinstance(other, Mapping) and other.get("name") == item["name"]), None
        )
        if named is not None:
            return named
    return applied[index] if index < len(applied) else MISSING
