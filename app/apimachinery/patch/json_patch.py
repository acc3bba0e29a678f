"""JSON Patch (RFC 6902): a list of operations on paths. The API server calls it through
`app.apimachinery.patch.strategic`.

Models kubernetes/apiserver `pkg/endpoints/handlers/patch.go` `jsonPatcher`: a patch that cannot be read is 400, one
that does not fit the object 422 without saying where; and its limits on operations and on the bytes that `copy` adds,
which one of its own stands beside, on the members that are moved about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from app.api import limits
from app.api.errors import BadRequest, Cause, Invalid, TooLarge
from app.apimachinery.scheme.scalars import json_type

_INDEX = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_LONGEST_INDEX = 9
_MISSING = object()
_TOO_DEEP = "exceeded max depth"


def json_patch(obj: Any, operations: Any) -> Any:
    """The document after all operations; parts no operation touched are shared. Raises BadRequest where `operations`
    is no list of operations, TooLarge for too many of them, Invalid where one does not fit or they copy too much."""
    if not isinstance(operations, list):
        raise BadRequest(f"json: cannot unmarshal {json_type(operations)} into Go value of type jsonpatch.Patch")
    for operation in operations:
        if not isinstance(operation, dict):
            raise BadRequest(f"json: cannot unmarshal {json_type(operation)} into Go value of type jsonpatch.Operation")
    most = limits.PATCH_OPERATIONS
    if len(operations) > most:
        raise TooLarge(f"The allowed maximum operations in a JSON patch is {most}, got {len(operations)}")
    bill = _Bill()
    try:
        for operation in operations:
            bill.charge(obj, operation)
            obj = _apply(obj, operation)
    except RecursionError:
        raise _does_not_fit(_TOO_DEEP) from None
    return obj


class _Bill:
    """What the operations of one patch have cost so far."""

    def __init__(self) -> None:
        self._copied = 0  # bytes
        self._moved = 0  # members of maps and lists that were made anew

    def charge(self, doc: Any, operation: dict[str, Any]) -> None:
        """Raises Invalid for an operation that is beyond the limits."""
        op = operation.get("op")
        if op == "copy":
            self._copied += _size(_get(doc, _pointer(operation, "from")))
            if self._copied > (most := limits.PATCH_COPY_BYTES):
                why = f"the accumulated size increase is {self._copied}, exceeding the limit {most}"
                raise _does_not_fit(f"Unable to complete the copy, {why}")
        changed = {"test": (), "move": ("from", "path")}.get(str(op), ("path",))
        self._moved += sum(_on_the_way(doc, _pointer(operation, field)) for field in changed)
        if self._moved > (most := limits.PATCH_WORK):
            raise _does_not_fit(f"the operations move {self._moved} members, exceeding the limit {most}")


def _size(value: Any) -> int:
    """Bytes as JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _on_the_way(doc: Any, path: Sequence[str]) -> int:
    """The members of the maps and lists that lead to `path`."""
    found = 0
    for token in path:
        if not isinstance(doc, dict | list):
            break
        found += len(doc)
        doc = _child(doc, token)
    return found


def _child(parent: Any, token: str) -> Any:
    """None where there is none."""
    if isinstance(parent, dict):
        return parent.get(token)
    in_list = isinstance(parent, list) and _INDEX.fullmatch(token) and len(token) <= _LONGEST_INDEX
    return parent[int(token)] if in_list and int(token) < len(parent) else None


def _apply(doc: Any, operation: dict[str, Any]) -> Any:
    path = _pointer(operation, "path")
    match operation.get("op"):
        case "add":
            return _add(doc, path, _value(operation))
        case "remove":
            return _remove(doc, path)
        case "replace":
            return _replace(doc, path, _value(operation))
        case "move":
            source = _pointer(operation, "from")
            moved = _get(doc, source)
            if path[: len(source)] == source and path != source:
                raise _does_not_fit()
            return _add(_remove(doc, source), path, moved) if path != source else doc
        case "copy":
            return _add(doc, path, _get(doc, _pointer(operation, "from")))
        case "test":
            if not same(_get(doc, path), operation.get("value")):
                raise _does_not_fit()
            return doc
    raise _does_not_fit()


# -------------------------------------------------------------------------------------- operations by path


def _get(doc: Any, path: Sequence[str]) -> Any:
    for token in path:
        doc = doc[_existing(doc, token)]
    return doc


def _add(doc: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value

    def insert(parent: Any, token: str) -> Any:
        if isinstance(parent, dict):
            return {**parent, token: value}
        index = len(parent) if token == "-" else _index(parent, token, len(parent))
        return [*parent[:index], value, *parent[index:]]

    return _changed(doc, path, insert)


def _remove(doc: Any, path: Sequence[str]) -> Any:
    if not path:
        raise _does_not_fit()

    def drop(parent: Any, token: str) -> Any:
        place = _existing(parent, token)
        if isinstance(parent, dict):
            return {key: value for key, value in parent.items() if key != place}
        return [*parent[:place], *parent[place + 1 :]]

    return _changed(doc, path, drop)


def _replace(doc: Any, path: Sequence[str], value: Any) -> Any:
    if same(_get(doc, path), value):
        return doc
    if not path:
        return value
    return _changed(doc, path, lambda parent, token: _with(parent, _existing(parent, token), value))


def _changed(doc: Any, path: Sequence[str], change: Callable[[Any, str], Any]) -> Any:
    """A copy of the way down to the parent of `path`, which went through `change`."""
    if not isinstance(doc, dict | list):
        raise _does_not_fit()
    if len(path) == 1:
        return change(doc, path[0])
    place = _existing(doc, path[0])
    return _with(doc, place, _changed(doc[place], path[1:], change))


def _with(parent: Any, place: Any, value: Any) -> Any:
    if isinstance(parent, dict):
        return {**parent, place: value}
    return [*parent[:place], value, *parent[place + 1 :]]


def _existing(parent: Any, token: str) -> Any:
    """The key or index that `token` means in `parent`, where there is a value."""
    if isinstance(parent, dict) and token in parent:
        return token
    if isinstance(parent, list):
        return _index(parent, token, len(parent) - 1)
    raise _does_not_fit()


def _index(items: list[Any], token: str, last: int) -> int:
    if not _INDEX.fullmatch(token) or len(token) > _LONGEST_INDEX or int(token) > last:
        raise _does_not_fit()
    return int(token)


def _pointer(operation: dict[str, Any], field: str) -> list[str]:
    text = operation.get(field)
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise _does_not_fit()
    if text.count("/") > limits.PATCH_DEPTH:
        raise _does_not_fit(_TOO_DEEP)
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _value(operation: dict[str, Any]) -> Any:
    value = operation.get("value", _MISSING)
    if value is _MISSING:
        raise _does_not_fit()
    return value


def _does_not_fit(why: str = "") -> Invalid:
    causes = [Cause("", "UnexpectedServerResponse", why)] if why else []
    return Invalid("the server rejected our request due to an error in our request", details={}, causes=causes)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: unlike `==`, 1 is not true."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
