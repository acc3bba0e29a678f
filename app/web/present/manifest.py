"""An object as YAML, line by line, each line knowing who decided it. And the texts people applied, one per object.

Marks: `you` wrote it, `default` was filled in by the API server, `controller` belongs to a controller, `server` is
bookkeeping of the API server. Without a last-applied annotation nobody wrote anything and only `server` is marked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import objects
from app.api.kinds import key_of
from app.api.objects import Obj, Ref

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
FIRST = ("apiVersion", "kind", "metadata", "spec", "data")
SERVER_METADATA = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "selfLink")
CONTROLLER_METADATA = ("ownerReferences", "generateName", "finalizers")
PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./%+=,@\[\]()-]*(:[A-Za-z0-9_./-]+)*|[0-9]+[a-zA-Z.][A-Za-z0-9.]*")
WORDS_THAT_ARE_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~", ".nan", ".inf"}
NUMBER = re.compile(r"[-+]?(0x[0-9a-f]+|0o?[0-7]+|[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|\.[0-9]+)", re.IGNORECASE)
MISSING = object()


class Line(NamedTuple):
    indent: int
    dash: str  # "- " for the first line of a list item
    key: str
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
    """For each object that was applied and still exists, the newest text that declared it, comments and all."""
    written: dict[tuple[str, str], str] = {}
    for text in texts:
        written |= dict(split(text))
    found = []
    for obj in applied:
        ref: Ref = objects.ref_of(obj)
        text = written.get((ref.kind, ref.name)) or text_of(applied_lines(obj))
        found.append(Document(ref.kind, ref.namespace, ref.name, text))
    return tuple(found)


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
        label = f"{_scalar(str(key))}:"
        if isinstance(item, Mapping) and item:
            yield Line(indent, "", label, "", mark)
            yield from _mapping(item, below, indent + 1, inner, marker)
        elif isinstance(item, list | tuple) and item:
            yield Line(indent, "", label, "", mark)
            yield from _items(item, below, indent, inner, marker)
        else:
            yield Line(indent, "", label, f" {_scalar(item)}", mark)


def _items(items: list[Any] | tuple[Any, ...], applied: Any, indent: int, path: str, marker: _Marker) -> Iterator[Line]:
    for index, item in enumerate(items):
        below = _counterpart(item, applied, index)
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, below, indent + 1, f"{path}.", marker)
            yield first._replace(indent=indent, dash="- ")
            yield from rest
        else:
            yield Line(indent, "- ", "", _scalar(item), marker.mark(f"{path}.", below))


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


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    text = str(value)
    plain = PLAIN.fullmatch(text) and text.lower() not in WORDS_THAT_ARE_NOT_TEXT and not NUMBER.fullmatch(text)
    if plain or re.fullmatch(r"[A-Za-z][^:#\n\"'{}\[\]&*!|>%@`]*[^:#\s\"'{}\[\]]", text):
        return text if text.lower() not in WORDS_THAT_ARE_NOT_TEXT else json.dumps(text)
    return json.dumps(text, ensure_ascii=False)
