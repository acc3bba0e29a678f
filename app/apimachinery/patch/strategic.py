"""How an object changes: the three kinds of patch the API server takes, and what `kubectl apply` makes of a manifest.

The server calls `merge_patch`, `json_patch` and `strategic_merge`; the page's Apply calls `apply_manifest`, and
`field_changes` says what that will change. Nothing mutates its inputs; what did not change is shared, and a result
`is` the input when nothing changed at all.

Models RFC 7386 and kubernetes/apimachinery `pkg/util/strategicpatch`, its known trap included: of list items with an
equal merge key (a Service's port 53 for TCP, then for UDP too) one that a patch adds falls upon the first.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeVar

from app.api import go_json
from app.api.errors import BadRequest
from app.api.objects import Obj, annotations_of, with_metadata
from app.apimachinery.patch.json_patch import json_patch, same
from app.apimachinery.scheme import schema
from app.apimachinery.scheme.shapes import Shape

__all__ = [
    "FieldChange",
    "apply_manifest",
    "field_changes",
    "json_patch",
    "last_applied",
    "merge_patch",
    "printed",
    "strategic_merge",
    "three_way",
]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
Path = tuple[str, ...]
P = ParamSpec("P")
R = TypeVar("R")


def _not_too_deep(function: Callable[P, R]) -> Callable[P, R]:
    """A document nested beyond what can be walked is the sender's mistake, not ours."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RecursionError:
            raise BadRequest("exceeded max depth") from None

    return guarded


@_not_too_deep
def merge_patch(obj: Any, patch: Any) -> Any:
    """RFC 7386: null deletes, maps merge, all else (lists too) replaces."""
    return _merge_patch(obj, patch)


def _merge_patch(old: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return _shared(old, patch)
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = _merge_patch(new.get(key), value)
    return _shared_map(old, new)


# ----------------------------------------------------------------------------------- strategic merge patch

_DELETE, _ORDER = "$deleteFromPrimitiveList/", "$setElementOrder/"


@_not_too_deep
def strategic_merge(obj: Obj, patch: Any, shape: Shape) -> Obj:
    """Like a merge patch, but lists merge by the merge key that `shape`, the type of `obj`, gives them; with the
    directives $patch, $retainKeys, $deleteFromPrimitiveList and $setElementOrder. Raises BadRequest for a malformed
    patch."""
    if not isinstance(patch, dict):
        raise BadRequest("invalid JSON document")
    return _merge_map(obj, patch, shape, ())


def _merge_map(old: Any, patch: dict[str, Any], shape: Shape, path: Path) -> dict[str, Any]:
    match patch.get("$patch", "merge"):
        case "replace":
            return {key: value for key, value in patch.items() if key != "$patch"}
        case "delete":
            return {}
        case "merge":
            pass
        case unknown:
            raise BadRequest(f"Unknown patch type found: {unknown}")
    new = _retained(old if isinstance(old, dict) else {}, patch)
    for key in _patched_keys(patch):
        value, removed, order = patch.get(key), patch.get(_DELETE + key), patch.get(_ORDER + key)
        if key in patch and value is None:
            new.pop(key, None)
        elif isinstance(value, dict):
            new[key] = _merge_map(new.get(key), value, shape, (*path, key))
        elif isinstance(value, list) or key not in patch:
            merged = _merge_list(new.get(key), value, removed, order, shape, (*path, key))
            if merged or key in new or key in patch:
                new[key] = merged
        else:
            new[key] = _shared(new.get(key), value)
    return _shared_map(old, new)


def _patched_keys(patch: dict[str, Any]) -> Iterable[str]:
    """The fields that a patch says something about, in its order, directives resolved to their field."""
    names = (key.removeprefix(_DELETE).removeprefix(_ORDER) for key in patch)
    return dict.fromkeys(name for name in names if name not in ("$patch", "$retainKeys"))


def _retained(old: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    if "$retainKeys" not in patch:
        return dict(old)
    listed = patch["$retainKeys"]
    kept = {key for key in listed if isinstance(key, str)} if isinstance(listed, list) else None
    given = [key for key, value in patch.items() if value is not None and not key.startswith("$")]
    if kept is None or not kept.issuperset(given):
        raise BadRequest("invalid patch format of retainKeys")
    return {key: value for key, value in old.items() if key in kept}


def _merge_list(old: Any, patch: Any, removed: Any, order: Any, shape: Shape, path: Path) -> Any:
    """`patch` is None where there are only directives: `removed` plain values, and the `order` wanted."""
    strategy = schema.list_strategy(shape, path)
    if strategy.strategy != "merge":
        return old if patch is None else _shared(old, patch)
    if removed is not None and (strategy.key or not isinstance(removed, list)):
        raise BadRequest("invalid patch format of primitive list")
    if order is not None and not isinstance(order, list):
        raise BadRequest("invalid patch format of setElementOrder list")
    server: list[Any] = old if isinstance(old, list) else []
    before, items = server, patch or []
    if strategy.key:
        _check_items([*items, *(order or ())], strategy.key)
        items, before = _with_directives(items, before, strategy.key)
    else:
        gone = set(map(json.dumps, removed or ()))
        before = [item for item in before if json.dumps(item) not in gone]
    merged, added = dict(_keyed(before, strategy.key)), []
    for (name, _), item in _keyed(items, strategy.key):
        identity = (name, 0)
        if strategy.key:
            item = _merge_map(merged.get(identity), item, shape, (*path, schema.ITEM))
        merged[identity] = item
        added.append(identity)
    wanted = dict.fromkeys(added if order is None else (identity for identity, _ in _keyed(order, strategy.key)))
    return _shared_list(old, _ordered(merged, wanted, dict(_keyed(server, strategy.key))))


def _check_items(items: Sequence[Any], key: str) -> None:
    for item in items:
        if not isinstance(item, dict):
            raise BadRequest("invalid JSON document")
        if key not in item and item.get("$patch") != "replace":
            raise BadRequest(f"map: {printed(item)} does not contain declared merge key: {key}")


def _with_directives(patch: list[Any], old: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Items with `$patch: delete` take away what they name, one with `$patch: replace` all there was."""
    if any(item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if item.get("$patch") != "replace"], []
    gone = {json.dumps(item[key]) for item in patch if item.get("$patch") == "delete"}
    kept = [item for item in old if json.dumps(item.get(key)) not in gone] if gone else old
    return [item for item in patch if item.get("$patch") != "delete"], kept


def printed(value: Any) -> str:
    """As Go prints a decoded JSON value with %v."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{printed(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(printed, value)) + "]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


# ------------------------------------------------------------------------------------------------- lists

Identity = tuple[str, int]


def _keyed(items: Iterable[Any], key: str) -> Iterator[tuple[Identity, Any]]:
    """Items by what tells them apart: the value of their merge key, or a plain value itself, and how many before it
    had the same. A plain value twice is once."""
    seen: dict[str, int] = {}
    for item in items:
        name = json.dumps(item.get(key) if key else item)
        count = seen.get(name, 0) if key else 0
        seen[name] = count + 1
        yield (name, count), item


def _ordered(merged: dict[Identity, Any], wanted: Iterable[Identity], before: Iterable[Identity]) -> list[Any]:
    """Items that are `wanted` in that order; among them the others, each before the first one it stood before."""
    ranks = {identity: rank for rank, identity in enumerate(before)}
    first = [identity for identity in wanted if identity in merged]
    chosen = set(first)
    others = sorted((identity for identity in merged if identity not in chosen), key=lambda each: ranks.get(each, 0))
    result, waiting = [], iter(others)
    other = next(waiting, None)
    for identity in first:
        while other is not None and identity in ranks and other in ranks and ranks[other] < ranks[identity]:
            result.append(merged[other])
            other = next(waiting, None)
        result.append(merged[identity])
    rest = [] if other is None else [other, *waiting]
    return result + [merged[identity] for identity in rest]


# ------------------------------------------------------------------------------------------ kubectl apply


def apply_manifest(current: Obj | None, manifest: Obj, shape: Shape) -> Obj:
    """What `kubectl apply` asks for: `manifest` merged into the `current` object, which is None if it is to be created.
    The manifest is kept in the annotation that the next apply compares with."""
    annotations = {**annotations_of(manifest), LAST_APPLIED: last_applied(manifest)}
    modified = with_metadata(manifest, annotations=annotations)
    if current is None:
        return modified
    return three_way(_applied_before(current), modified, current, shape)


def last_applied(manifest: Obj) -> str:
    """The text of the annotation, byte for byte as kubectl writes it."""
    annotations = {key: text for key, text in annotations_of(manifest).items() if key != LAST_APPLIED}
    plain = with_metadata(manifest, annotations=annotations)
    return go_json.dumps(plain, sort_keys=True) + "\n"


def _applied_before(current: Obj) -> dict[str, Any]:
    try:
        applied = json.loads(annotations_of(current).get(LAST_APPLIED) or "{}")
    except (ValueError, RecursionError):
        return {}
    return applied if isinstance(applied, dict) else {}


@_not_too_deep
def three_way(original: Obj, modified: Obj, current: Obj, shape: Shape) -> Obj:
    """`current` with what `modified` says, without what `original` said and `modified` no longer does; what neither
    speaks of (defaults, other people's fields) stays."""
    return _three_way_map(original, modified, current, shape, (), retain=False)


def _three_way_map(
    original: Any, modified: dict[str, Any], current: dict[str, Any], shape: Shape, path: Path, *, retain: bool
) -> dict[str, Any]:
    """retain: fields that `modified` does not name go, if it names any (a Deployment's strategy, a volume)."""
    said_before = original if isinstance(original, dict) else {}
    new = {}
    for key, value in current.items():
        if key not in modified:
            if key not in said_before and not (retain and modified):
                new[key] = value
        elif modified[key] is not None:
            new[key] = _three_way_value(said_before.get(key), modified[key], value, shape, (*path, key))
    for key, value in modified.items():
        if key not in current and value is not None:
            new[key] = _without_nulls(value)
    return _shared_map(current, new)


def _three_way_value(original: Any, modified: Any, current: Any, shape: Shape, path: Path) -> Any:
    if isinstance(modified, dict) and isinstance(current, dict):
        retain = schema.map_strategy(shape, path) == "retainKeys"
        return _three_way_map(original, modified, current, shape, path, retain=retain)
    if isinstance(modified, list) and isinstance(current, list):
        strategy = schema.list_strategy(shape, path)
        lists = (original if isinstance(original, list) else [], modified, current)
        fitting = not strategy.key or all(isinstance(item, dict) for items in lists for item in items)
        if strategy.strategy == "merge" and fitting:
            return _three_way_list(*lists, shape, path, strategy)
    return _shared(current, _without_nulls(modified))


def _three_way_list(
    original: list[Any],
    modified: list[Any],
    current: list[Any],
    shape: Shape,
    path: Path,
    strategy: schema.ListStrategy,
) -> list[Any]:
    said, wanted, live = (dict(_keyed(items, strategy.key)) for items in (original, modified, current))
    merged = {identity: item for identity, item in live.items() if identity in wanted or identity not in said}
    for identity, item in wanted.items():
        if strategy.key and identity in live:
            merged[identity] = _three_way_map(
                said.get(identity),
                item,
                live[identity],
                shape,
                (*path, schema.ITEM),
                retain=strategy.retain_keys,
            )
        elif identity not in live:
            first = (identity[0], 0)
            merged[first] = {**merged.get(first, {}), **_without_nulls(item)} if strategy.key else item
    return _shared_list(current, _ordered(merged, wanted, live))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return _shared_map(value, {key: _without_nulls(item) for key, item in value.items() if item is not None})
    if isinstance(value, list):
        return _shared_list(value, [_without_nulls(item) for item in value])
    return value


# ------------------------------------------------------------------------------------------ what will change


class FieldChange(NamedTuple):
    """One field that differs. `path` is for people: `spec.template.spec.containers[name=nginx].image`. `old` is None
    for a field that is new, `new` for one that goes."""

    path: str
    old: Any
    new: Any


@_not_too_deep
def field_changes(old: Obj | None, new: Obj | None, shape: Shape) -> tuple[FieldChange, ...]:
    """Every difference between two versions of an object, in order of path. A part that is new or gone as a whole is
    one change. Of a list whose items only moved, the change is between the two orders of merge keys."""
    return tuple(_changes(old, new, shape, (), ""))


def _changes(old: Any, new: Any, shape: Shape, path: Path, text: str) -> Iterator[FieldChange]:
    if same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _changes(old.get(key), new.get(key), shape, (*path, key), _step(text, key))
    elif isinstance(old, list) and isinstance(new, list) and all(isinstance(item, dict) for item in (*old, *new)):
        yield from _list_changes(old, new, shape, path, text)
    else:
        yield FieldChange(text, old, new)


def _list_changes(old: list[Any], new: list[Any], shape: Shape, path: Path, text: str) -> Iterator[FieldChange]:
    key = schema.list_strategy(shape, path).key
    inside = (*path, schema.ITEM)
    if not key:
        for index in range(max(len(old), len(new))):
            before, after = (items[index] if index < len(items) else None for items in (old, new))
            yield from _changes(before, after, shape, inside, f"{text}[{index}]")
        return
    was, now = dict(_keyed(old, key)), dict(_keyed(new, key))
    for identity in dict.fromkeys((*was, *now)):
        item = was.get(identity) or now[identity]
        name = f"{text}[{key}={item.get(key)}]" if identity[1] == 0 else f"{text}[{key}={item.get(key)}#{identity[1]}]"
        yield from _changes(was.get(identity), now.get(identity), shape, inside, name)
    if [each for each in was if each in now] != [each for each in now if each in was]:
        yield FieldChange(text, [item.get(key) for item in old], [item.get(key) for item in new])


def _step(text: str, key: str) -> str:
    if not text:
        return key
    return f"{text}[{key}]" if "." in key or "/" in key else f"{text}.{key}"


# ----------------------------------------------------------------------------------------------- sharing


def _shared(old: Any, new: Any) -> Any:
    return old if same(old, new) else new


def _shared_map(old: Any, new: dict[str, Any]) -> dict[str, Any]:
    """`new`, or `old` where all its values are those of `old`."""
    if not isinstance(old, dict) or old.keys() != new.keys():
        return new
    return old if all(old[key] is value for key, value in new.items()) else new


def _shared_list(old: Any, new: list[Any]) -> list[Any]:
    if not isinstance(old, list) or len(old) != len(new):
        return new
    return old if all(one is other for one, other in zip(old, new, strict=True)) else new
