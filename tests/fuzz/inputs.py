"""What the fuzzer sends: objects of every kind that are right but for one thing, and parts made up from the schema.

Most of what is wrong at random is refused at the door and reaches nobody. So a manifest is one that works, with one
field removed, doubled, or replaced by a value of the same type at the edge of what that type allows; and a status is
made from the table of fields (app/apimachinery/scheme), with parts left out.
"""

from __future__ import annotations

import json
import random
from typing import Any

from app.apimachinery.scheme import shapes
from app.apimachinery.scheme.shapes import Field, ListOf, MapOf, Shape, Struct

INTEGERS = (0, 1, -1, 2, 3, 5, 80, 500, 65535, 65536, 2**31 - 1, 2**31, 2**63 - 1, 900_000_000_000, -(2**31))
TEXTS = (
    "", "x", "web", "default", "a-b", "1", "-1", "0", "50%", "200%", "1Gi", "100m", "1e3", "None", "Always", "Never",
    "UDP", "True", "False", "Unknown", "a/b", "a.b/c", "é", "\U0001f600", "\ud800", "x" * 300, "9" * 5000, "\u2028",
    "\x00", "*/5 * * * *", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "10.0.0.1", "::1",
    "nginx:1.27", "nginx:broken", "metadata.name", "$(A)", "%s", "%(n)s", "{}", "<b>", "'\"",
)  # fmt: skip
WORDS = (
    "Available", "Ready", "Progressing", "PodScheduled", "Complete", "Failed", "Running", "Pending", "Succeeded",
    "Bound", "RollingUpdate", "Recreate", "Utilization", "Resource", "In", "Exists", "NoExecute", "NoSchedule", "TCP",
    "node-1",
)  # fmt: skip
NUMBERS = (0, 0.5, -1, 1e300, 1.5)
QUANTITIES = ("0", "1", "100m", "1Gi", "-1", "1e3", "1n", "9" * 25, "0.000001", 2, "500E")
TIMES = ("2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", None)
ODD: tuple[Any, ...] = (None, True, False, 1.5, [], {}, [None], [{}], {"": ""}, {"a": {"b": "c"}}, ["x"])


def plausible(shape: Shape, rng: random.Random, depth: int = 0) -> Any:
    """A value of that type, with as much of it left out as the schema allows, or more."""
    if isinstance(shape, ListOf):
        return [plausible(shape.of, rng, depth + 1) for _ in range(rng.choice([0, 1, 1, 2]))]
    if isinstance(shape, MapOf):
        return {
            rng.choice(TEXTS[:8] + WORDS): plausible(shape.of, rng, depth + 1) for _ in range(rng.choice([0, 1, 2]))
        }
    if isinstance(shape, Struct):
        return _struct(shape, rng, depth)
    return scalar(shape.go_name, rng)


def _struct(shape: Struct, rng: random.Random, depth: int) -> dict[str, Any]:
    share = 0.5 if depth < 3 else 0.2
    chosen = [field for field in shape.fields.values() if rng.random() < (0.8 if field.required else share)]
    return {field.name: plausible(field.shape, rng, depth + 1) for field in chosen if depth < 6}


def scalar(go_name: str, rng: random.Random) -> Any:
    if known := shapes.table()["values"].get(go_name):
        return rng.choice([*known, "", "x"])
    match go_name:
        case "int32" | "int64":
            return rng.choice(INTEGERS[:8]) if rng.random() < 0.7 else rng.choice(INTEGERS)
        case "float64":
            return rng.choice(NUMBERS)
        case "bool":
            return rng.random() < 0.5
        case "Quantity":
            return rng.choice(QUANTITIES)
        case "IntOrString":
            return rng.choice([*INTEGERS[:8], "50%", "http", "0%", "100%", "101%", "x"])
        case "Time" | "MicroTime":
            return rng.choice(TIMES)
        case "[]byte":
            return rng.choice(["", "aGk=", "!"])
        case "any":
            return rng.choice(ODD)
    return rng.choice(WORDS + TEXTS)


# ---------------------------------------------------------------------------------------- right but for one thing


def changed(obj: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A copy with one thing in it removed, doubled, added, or of another value."""
    copy: dict[str, Any] = json.loads(json.dumps(obj))
    fields = _places(copy, shapes.struct_of(copy.get("apiVersion", ""), copy.get("kind", "")))
    if not fields:
        return copy
    parent, key, shape = rng.choice(fields)
    match rng.randrange(6):
        case 0:
            del parent[key]
        case 1:
            parent[key] = rng.choice([*ODD, *TEXTS, *INTEGERS])
        case 2 if isinstance(parent, list):
            parent.append(parent[key])
        case 3 if isinstance(shape, Struct) and isinstance(parent[key], dict) and shape.fields:
            field = rng.choice(list(shape.fields.values()))
            parent[key][field.name] = plausible(field.shape, rng, 2)
        case _:
            parent[key] = plausible(shape, rng, 2) if shape is not None else rng.choice(TEXTS)
    return copy


def _places(value: Any, shape: Shape | None) -> list[tuple[Any, Any, Shape | None]]:
    """Everything inside of `value`: what holds it, under which key, and its type as far as the schema knows."""
    found: list[tuple[Any, Any, Shape | None]] = []
    if isinstance(value, dict):
        for key, item in value.items():
            inner = _type_of(shape, key)
            found += [(value, key, inner), *_places(item, inner)]
    elif isinstance(value, list):
        inner = shape.of if isinstance(shape, ListOf) else None
        for index, item in enumerate(value):
            found += [(value, index, inner), *_places(item, inner)]
    return found


def _type_of(shape: Shape | None, key: str) -> Shape | None:
    if isinstance(shape, MapOf):
        return shape.of
    field: Field | None = shape.fields.get(key) if isinstance(shape, Struct) else None
    return field.shape if field else None


def status_of(obj: dict[str, Any], rng: random.Random) -> Any:
    """A status for that object: the one it has with one thing changed, or one from the schema."""
    field = shapes.struct_of(obj["apiVersion"], obj["kind"]).fields.get("status")
    if field is None:
        return {}
    if rng.random() < 0.4 and obj.get("status"):
        return changed(obj, rng).get("status")
    return plausible(field.shape, rng)


def patch_of(obj: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A merge patch that says one thing of an object."""
    fields = _places(obj, shapes.struct_of(obj["apiVersion"], obj["kind"]))
    inside = [each for each in fields if isinstance(each[0], dict)]
    wanted, key, shape = rng.choice(inside)
    path = _path_to(obj, wanted)
    value: Any = rng.choice([None, plausible(shape, rng, 1) if shape is not None else rng.choice(TEXTS)])
    patch: Any = {key: value}
    for part in reversed([part for part in path if isinstance(part, str)]):
        patch = {part: patch}
    return patch  # type: ignore[no-any-return]


def json_patch_of(obj: dict[str, Any], rng: random.Random) -> list[dict[str, Any]]:
    fields = _places(obj, shapes.struct_of(obj["apiVersion"], obj["kind"]))
    operations = []
    for _ in range(rng.choice([1, 1, 2])):
        parent, key, shape = rng.choice(fields)
        other, other_key, _shape = rng.choice(fields)
        path, source = (_pointer([*_path_to(obj, each), last]) for each, last in ((parent, key), (other, other_key)))
        value = plausible(shape, rng, 1) if shape is not None else rng.choice([*ODD, *TEXTS])
        operation: dict[str, Any] = {
            "op": rng.choice(["add", "remove", "replace", "move", "copy", "test"]),
            "path": path,
        }
        operations.append(
            operation | rng.choice([{"value": value}, {"from": source}, {"value": value, "from": source}])
        )
    return operations


def _path_to(root: Any, wanted: Any) -> list[Any]:
    if root is wanted:
        return []
    items = root.items() if isinstance(root, dict) else enumerate(root) if isinstance(root, list) else ()
    for key, item in items:
        if isinstance(item, dict | list) and (item is wanted or _holds(item, wanted)):
            return [key, *_path_to(item, wanted)]
    return []


def _holds(value: Any, wanted: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(item is wanted or _holds(item, wanted) for item in items)


def _pointer(path: list[Any]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
