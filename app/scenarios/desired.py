"""What is declared of an object, as text: the newest manifest that somebody applied, and the same with a field changed.

A step that changes what is declared edits this text and applies it, so that Desired on the page says what is wanted.
Called by deeds.py.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import errors
from app.api.objects import Ref, annotations_of, kind_of, name_of
from app.api.own_controllers import OWN_CONTROLLER
from app.apimachinery.yamltext import ManifestError, dump, read
from app.commands import DefineController
from app.look import Look
from app.scenarios import selecting

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_BETWEEN_DOCUMENTS = re.compile(r"(?m)^---.*\n?")
_IN_BLOCK = re.compile(r"(\s*:\s*)(?:\S.*?)?(?=\s+#|\s*$)")
_IN_BRACES = re.compile(r"(\s*:\s*)[^,}\]]*")


class Changed(NamedTuple):
    """A field that says something else. None: it is not there."""

    field: str
    old: Any
    new: Any


class Edited(NamedTuple):
    """The text of an object as it is declared now, and how it differs from the one before."""

    ref: Ref
    text: str
    changes: tuple[Changed, ...]


def text_of(look: Look, ref: Ref) -> str | None:
    """The manifest that declares this object; None if nobody has declared it."""
    for text in reversed(look.applied):
        declared = [piece for piece, value in documents(text) if _is_same(_ref_of(value), ref)]
        if declared:
            return declared[-1]
    found = (obj for obj in look.objects(ref.kind) if name_of(obj) == ref.name)
    applied = next((annotations_of(obj).get(_LAST_APPLIED) for obj in found), None)
    return _written(json.loads(applied)) if applied else None


def documents(text: str) -> Iterator[tuple[str, Any]]:
    """Each document of a text, as text and as a value."""
    for piece in _BETWEEN_DOCUMENTS.split(text):
        for value, _marks in read(piece):
            if isinstance(value, Mapping):
                yield piece.strip("\n") + "\n", value


def declared(texts: Iterable[str], kind: str, name: str) -> Ref | None:
    """An object that one of these texts declares."""
    refs = (_ref_of(value) for text in texts for _piece, value in documents(text))
    return next((ref for ref in refs if (ref.kind, ref.name) == (kind, name)), None)


def kinds_defined(text: str) -> Iterator[str]:
    """The kinds that the CustomResourceDefinitions of a text define: `Website.example.com`."""
    for _piece, value in documents(text):
        if kind_of(value) == "CustomResourceDefinition":
            spec = value["spec"]
            yield f"{spec['names']['kind']}.{spec['group']}"


def own_text(manifests: str, ref: Ref) -> str:
    """What a script's manifests say of one object that they declare."""
    return next(piece for piece, value in documents(manifests) if _ref_of(value) == ref)


class Line(NamedTuple):
    """Of a text that somebody writes anew: `mark` is "+" if it is new, "-" if it goes, and " " if it stays."""

    mark: str
    text: str


class Written(NamedTuple):
    """The text of a controller, and how it differs from the one before."""

    name: str
    lines: tuple[Line, ...]


def written(look: Look, command: DefineController) -> Written:
    """What defining a controller changes in its text."""
    texts = (obj["spec"]["text"] for obj in look.objects(OWN_CONTROLLER) if name_of(obj) == command.name)
    before = next(texts, command.text)
    compared = difflib.ndiff(before.splitlines(), command.text.splitlines())
    return Written(command.name, tuple(Line(line[0], line[2:]) for line in compared if line[0] != "?"))


def _is_same(one: Ref, other: Ref) -> bool:
    """A manifest need not say whether its kind has namespaces."""
    return (one.kind, one.name) == (other.kind, other.name)


def _ref_of(value: Mapping[str, Any]) -> Ref:
    meta = value.get("metadata") or {}
    return Ref(kind_of(value), str(meta.get("namespace") or "default"), str(meta.get("name")))


def edited(look: Look, ref: Ref, field: str, value: Any) -> Edited:
    """The text that declares `ref`, with another value in that field. Raises NotFound if nobody has declared it."""
    text = text_of(look, ref)
    if text is None:
        raise errors.NotFound(f"nothing is declared of {ref}: apply a manifest of it first")
    new = with_field(text, selecting.parts(field), value)
    return Edited(ref, new, tuple(changes(next(read(text)).value, next(read(new)).value)))


def replaced(look: Look, text: str) -> tuple[Edited, ...]:
    """What applying a text of one's own changes in what is declared."""
    found = []
    for piece, value in documents(text):
        ref = _ref_of(value)
        old = text_of(look, ref)
        was = next(read(old)).value if old else {}
        found.append(Edited(ref, piece, tuple(changes(was, value)) if old else ()))
    return tuple(found)


# ------------------------------------------------------------------------------------------- one field


def with_field(text: str, path: Sequence[str], value: Any) -> str:
    """The same text but for one value. Its comments and its order stay if that field is written in one line."""
    document = next(read(text))
    wanted = _with(document.value, path, value)
    place = document.marks.get(_keys(document.value, path))
    if place is not None:
        line, column = place
        lines = text.split("\n")
        lines[line - 1] = _rewritten(lines[line - 1], column - 1, path[-1], value)
        new = "\n".join(lines)
        if _says(new, wanted):
            return new
    return _written(wanted)


def _written(value: Any) -> str:
    text: str = dump(value)
    return text


def _rewritten(line: str, column: int, key: str, value: Any) -> str:
    """The line with another value after the key that stands in that column."""
    before, after = line[:column], line[column:]
    written = _written(value).partition("\n")[0]
    name = re.match(rf"[\"']?{re.escape(key)}[\"']?", after)
    if name is None:
        return line
    rest = after[name.end() :]
    pattern = _IN_BRACES if re.search(r"[{\[]", before) else _IN_BLOCK
    return before + name[0] + pattern.sub(lambda found: f"{found[1].rstrip()} {written}", rest, count=1)


def _says(text: str, wanted: Any) -> bool:
    try:
        return bool(next(read(text)).value == wanted)
    except ManifestError:
        return False


def _keys(value: Any, path: Sequence[str]) -> tuple[str | int, ...]:
    """The path as it is in that value: the items of lists by their places."""
    found: list[str | int] = []
    for part in path:
        key = _place(value, part)
        found.append(key)
        try:
            value = value[key]
        except (LookupError, TypeError):
            value = None
    return tuple(found)


def _place(value: Any, part: str) -> str | int:
    """The key of a map, or the place in a list of the item that is called so."""
    if not isinstance(value, list):
        return part
    if part.isdecimal():
        return int(part)
    named = (at for at, item in enumerate(value) if isinstance(item, Mapping) and item.get("name") == part)
    return next(named, len(value))


def _with(value: Any, path: Sequence[str], new: Any) -> Any:
    if not path:
        return new
    key = _place(value, path[0])
    if isinstance(key, int):
        return [*value[:key], _with(value[key], path[1:], new), *value[key + 1 :]]
    below = value.get(key) if isinstance(value, Mapping) else None
    return {**(value if isinstance(value, Mapping) else {}), key: _with(below, path[1:], new)}


def changes(old: Any, new: Any, path: str = "") -> Iterator[Changed]:
    """Field by field; a list whose length differs is one change."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from changes(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from changes(before, after, f"{path}[{at}]")
    elif old != new:
        yield Changed(path, old, new)
