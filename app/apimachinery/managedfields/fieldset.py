"""Sets of fields: which parts of an object somebody said, changed, or may take away.

`app/apimachinery/managedfields/managed_fields.py` builds server-side apply from these. A field is a path of elements as
`fieldsV1` writes them: `f:NAME` a field or key, `k:{"name":"c"}` an item of a list by its keys, `v:"x"` an item of a
set. A set of fields is a set of such paths. What has one owner as a whole (a plain value, an atomic list, map or
struct) is a leaf.

Models sigs.k8s.io/structured-merge-diff `fieldpath`, and `typed`: merge, compare, toFieldSet and removeItems.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from app.api.objects import Obj
from app.apimachinery.patch.json_patch import same
from app.apimachinery.scheme.shapes import Field, ListOf, MapOf, Shape, Struct

Path = tuple[str, ...]
FieldSet = frozenset[Path]
EMPTY: FieldSet = frozenset()
_ABSENT: Any = object()  # not even null


class Comparison(NamedTuple):
    added: FieldSet
    modified: FieldSet
    removed: FieldSet


class Unnamed(ValueError):
    """Nothing tells an item of a list from the others. Its text says why, as Kubernetes does."""


@dataclass(frozen=True, slots=True)
class Node:
    """How a value is owned: by its fields ("struct"), its keys ("map", "any"), its items ("keyed", "set"), or as a
    whole ("leaf"). Of "any" nothing is known: its maps are owned by key, all else as a whole."""

    form: str
    shape: Shape | None = None
    keys: tuple[str, ...] = ()

    def child(self, key: str) -> Node:
        """The value of a field or key."""
        if isinstance(self.shape, Struct):
            field = self.shape.fields.get(key)
            if field is None:
                return _METADATA if key == "metadata" and not self.shape.go_name else _ANY
            return node_of(field)
        return node_of(Field("", self.shape.of)) if isinstance(self.shape, MapOf) else _ANY

    def item(self) -> Node:
        return node_of(Field("", self.shape.of)) if isinstance(self.shape, ListOf) else _LEAF

    def names(self, key: str) -> bool:
        """Is `key` a field that the schema names, and not just a key of a map?"""
        if not isinstance(self.shape, Struct):
            return False
        return key in self.shape.fields or (key == "metadata" and not self.shape.go_name)

    def step(self, element: str) -> Node:
        return self.child(element[2:]) if element.startswith("f:") else self.item()

    def holds(self, value: Any) -> bool:
        """Is `value` owned in parts?"""
        if self.form in ("keyed", "set"):
            return isinstance(value, list)
        return self.form != "leaf" and isinstance(value, dict)


_ANY = Node("any")
_LEAF = Node("leaf")
_METADATA = Node("struct", Struct("ObjectMeta"))


def root(shape: Struct) -> Node:
    """Of a kind. Of one that the schema does not know, only the metadata has a shape."""
    return Node("struct", shape)


@lru_cache(maxsize=8192)
def node_of(field: Field) -> Node:
    shape, strategy = field.shape, field.list_strategy
    if "atomic" in field.words:
        return _LEAF
    if isinstance(shape, ListOf):
        if strategy.keys:
            return Node("keyed", shape, strategy.keys)
        return Node("set", shape) if "set" in field.words or strategy.strategy == "merge" else _LEAF
    if isinstance(shape, Struct):
        return _LEAF if shape.is_atomic else Node("struct", shape)
    return Node("map", shape) if isinstance(shape, MapOf) else _LEAF


# A key of a list that may be left out, as its default is known.
_KEY_DEFAULTS = {"protocol": "TCP"}


def _default_of(key: str, node: Node) -> Any:
    """Of a custom kind its schema may tell."""
    inside = node.shape.of if isinstance(node.shape, ListOf) else None
    field = inside.fields.get(key) if isinstance(inside, Struct) else None
    return _KEY_DEFAULTS.get(key) if field is None or field.default is None else field.default


def element(item: Any, node: Node) -> str:
    """What names `item` in a list. Raises Unnamed."""
    if node.form == "set":
        if item is None or isinstance(item, dict | list):
            what = "an explicit null" if item is None else "a map type" if isinstance(item, dict) else "a list type"
            raise Unnamed(f"associative list without keys has an element that's {what}")
        return f"v:{_compact(item)}"
    if not isinstance(item, dict):
        raise Unnamed(
            f"associative list with keys may not have {'a null element' if item is None else 'non-map elements'}"
        )
    named = {}
    for key in sorted(node.keys):
        value = item.get(key)
        if value is None:
            value = _default_of(key, node)
        if value is None:
            why = f'omits key field "{key}" (and doesn\'t have default value)'
            raise Unnamed(f"associative list with keys has an element that {why}")
        named[key] = value
    return f"k:{_compact(named)}"


def _parts(value: Any, node: Node) -> Iterator[tuple[str, Any]]:
    """(element, part) of a value that `node` holds; items without a name are left out."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield f"f:{key}", part
        return
    for item in value:
        try:
            yield element(item, node), item
        except Unnamed:
            continue


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# ------------------------------------------------------------------------------------- what is said


def said(obj: Obj, node: Node) -> FieldSet:
    """Every field that `obj` speaks of."""
    found: set[Path] = set()
    _said(obj, node, (), found)
    return frozenset(found)


def _said(value: Any, node: Node, path: Path, found: set[Path]) -> None:
    if not node.holds(value):
        found.add(path)
        return
    for name, part in _parts(value, node):
        at = (*path, name)
        _said(part, node.step(name), at, found)
        # An item or key is a thing of its own besides its fields; a named field is only what is in it.
        if part is None or part == {} or not (name.startswith("f:") and node.names(name[2:])):
            found.add(at)


# ------------------------------------------------------------------------------------ what is different


def compare(old: Obj, new: Obj, node: Node) -> Comparison:
    """Fields that are in one only, or differ. What is there even when nobody writes it (in Go, no pointer) counts as
    being on both sides."""
    found: tuple[set[Path], set[Path], set[Path]] = (set(), set(), set())
    _compare(old, new, node, (), found)
    return Comparison(*map(frozenset, found))


def _compare(old: Any, new: Any, node: Node, path: Path, found: tuple[set[Path], set[Path], set[Path]]) -> None:
    added, modified, removed = found
    sides = [value for value in (old, new) if value is not _ABSENT and value is not None]
    if not any(sides) or not all(node.holds(value) for value in sides):
        if old is _ABSENT:
            added.add(path)
        elif new is _ABSENT:
            removed.add(path)
        elif not same(old, new):
            modified.add(path)
        return
    was, now = _by_element(old, node), _by_element(new, node)
    for name in {**was, **now}:
        before, after = was.get(name, [_ABSENT]), now.get(name, [_ABSENT])
        if len(before) > 1 or len(after) > 1:  # one name twice: the items are compared as a whole
            if not same(before, after):
                modified.add((*path, name))
        else:
            _compare(before[0], after[0], node.step(name), (*path, name), found)
    if old is _ABSENT:
        added.add(path)
    elif new is _ABSENT:
        removed.add(path)


def _by_element(value: Any, node: Node) -> dict[str, list[Any]]:
    if not node.holds(value):
        return {}
    parts: dict[str, list[Any]] = {}
    for name, part in _parts(value, node):
        parts.setdefault(name, []).append(part)
    if node.form == "struct":
        for name, empty in _always_there(node.shape) if isinstance(node.shape, Struct) else ():
            parts.setdefault(name, [empty])
    return parts


@lru_cache(maxsize=2048)
def _always_there(struct: Struct) -> tuple[tuple[str, Any], ...]:
    """Fields that Go writes even when empty: structs that are no pointers, and lists without `omitempty`."""
    fields = struct.fields.values()
    structs: list[tuple[str, Any]] = [(f"f:{field.name}", {}) for field in fields if "value" in field.words]
    return (*structs, *((f"f:{field.name}", None) for field in fields if field.required and _is_list(field)))


def _is_list(field: Field) -> bool:
    return isinstance(field.shape, ListOf)


# --------------------------------------------------------------------------------- putting together


def merge(live: Any, applied: Any, node: Node) -> Any:
    """`live` with all that `applied` says; what `applied` does not speak of stays."""
    if not node.holds(live) or not node.holds(applied):
        return applied
    if isinstance(live, dict):
        merged = {
            key: merge(part, applied[key], node.child(key)) if key in applied else part for key, part in live.items()
        }
        return merged | {key: part for key, part in applied.items() if key not in live}
    return _merge_list(live, applied, node)


def _merge_list(live: list[Any], applied: list[Any], node: Node) -> list[Any]:
    """Items of `applied` in its order; items that only `live` has stay before the item they stood before."""
    wanted, known = _firsts(applied, node), _firsts(live, node)
    merged = {name: merge(known[name], item, node.item()) if name in known else item for name, item in wanted.items()}
    order, shared = list(merged), [name for name in merged if name in known]
    result: list[Any] = []
    for name, item in _parts(live, node):
        if name not in merged:
            result.append(item)
        elif shared and name == shared[0]:
            until = order.index(name) + 1
            result += [merged[each] for each in order[:until]]
            del order[:until], shared[0]
    return result + [merged[name] for name in order]


def _firsts(value: list[Any], node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in _parts(value, node):
        found.setdefault(name, item)
    return found


def remove(value: Any, gone: FieldSet, node: Node, path: Path = ()) -> Any:
    """`value` without the fields in `gone`; None for what had something and has nothing left."""
    if not gone or not node.holds(value):
        return value
    kept = [
        (name, part, remove(part, gone, node.step(name), (*path, name)))
        for name, part in _parts(value, node)
        if (*path, name) not in gone
    ]
    if isinstance(value, list):
        items = [now for _, _, now in kept]
        return value if len(items) == len(value) and same(items, value) else items or None
    fields = {name[2:]: now for name, _, now in kept}
    return value if same(fields, value) else fields or None


def with_parents(fields: FieldSet, node: Node) -> FieldSet:
    """`fields`, and the named fields that hold them: who owns `.spec.replicas` has a say in `.spec`."""
    found = set(fields)
    for path in fields:
        at = node
        for depth, name in enumerate(path[:-1], start=1):
            if name.startswith("f:") and at.names(name[2:]):
                found.add(path[:depth])
            at = at.step(name)
    return frozenset(found)


# -------------------------------------------------------------------------------------------- writing


def fields_v1(fields: Iterable[Path]) -> dict[str, Any]:
    """The nested form of `managedFields`: {"f:spec": {"f:replicas": {}}}; "." is a thing besides its parts."""
    below: dict[str, set[Path]] = {}
    for path in fields:
        below.setdefault(path[0], set()).add(path[1:])
    written = {}
    for name in sorted(below, key=_order):
        inside = fields_v1(below[name] - {()})
        written[name] = {".": {}, **inside} if () in below[name] and inside else inside
    return written


def paths(nested: dict[str, Any]) -> FieldSet:
    """The reverse of `fields_v1`. Raises ValueError for what it would not write."""
    return frozenset(_paths(nested, ()))


def _paths(nested: Any, path: Path) -> Iterator[Path]:
    if not isinstance(nested, dict):
        raise ValueError(f"not a map of fields: {nested!r}")
    for name, inside in nested.items():
        if name == "." and path:
            yield path
        elif name[:2] not in ("f:", "k:", "v:", "i:"):
            raise ValueError(f"not a field: {name!r}")
        elif inside == {}:
            yield (*path, name)
        else:
            yield from _paths(inside, (*path, name))


def _order(name: str) -> tuple[str, Any]:
    """Fields by name, then items by the values of their keys."""
    if name.startswith("f:"):
        return "f", name
    value = json.loads(name[2:])
    parts = sorted(value.items()) if name.startswith("k:") else [("", value)]
    return name[0], [
        (key, isinstance(part, str), part if isinstance(part, str | int) else str(part)) for key, part in parts
    ]


def text(path: Path) -> str:
    """`.spec.template.spec.containers[name="c"].image`."""
    return "".join(_element_text(name) for name in path)


def _element_text(name: str) -> str:
    kind, rest = name[0], name[2:]
    if kind == "f":
        return f".{rest}"
    if kind == "k":
        return "[" + ",".join(f"{key}={_compact(value)}" for key, value in sorted(json.loads(rest).items())) + "]"
    return f"[={rest}]" if kind == "v" else f"[{rest}]"
