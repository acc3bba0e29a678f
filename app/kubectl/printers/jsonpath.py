"""A small part of kubectl's JSONPath: what the columns of custom kinds are written in.

    .spec.replicas    .metadata.labels.app\\.kubernetes\\.io/name    .spec.ports[0].name    .spec.ports[*].name
    .status.conditions[?(@.type=="Ready")].status

Models kubernetes/client-go `util/jsonpath`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

Step = tuple[str, ...]  # ("field", name), ("item", index), ("every",) or ("where", path, value)

_STEP = re.compile(
    r"""\.(?P<field>(?:\\.|[^.\[\]\\])+)
    | \[(?P<index>-?\d+)\]
    | (?P<every>\[\*\]|\.\*)
    | \['(?P<quoted>[^']*)'\]
    | \[\?\(\s*@(?P<where>[^=\s]+)\s*==\s*(?P<quote>["']?)(?P<value>[^"')]*)(?P=quote)\s*\)\]""",
    re.VERBOSE,
)


def find(value: Any, path: str) -> Iterator[Any]:
    """Everything at `path`, with or without its leading dot and braces. Nothing for a path that cannot be read."""
    yield from _find(value, steps(path))


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[Step, ...]:
    text = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    text = text if text[:1] in (".", "[", "") else f".{text}"
    found: list[Step] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            return (("nothing",),)
        found.append(_step(match))
        position = match.end()
    return tuple(found)


def _step(match: re.Match[str]) -> Step:
    if match["every"]:
        return ("every",)
    if match["index"]:
        return "item", match["index"]
    if match["where"]:
        return "where", match["where"], match["value"]
    return "field", match["quoted"] if match["quoted"] is not None else re.sub(r"\\(.)", r"\1", match["field"])


def _find(value: Any, todo: tuple[Step, ...]) -> Iterator[Any]:
    if not todo:
        yield value
        return
    for inside in _take(value, todo[0]):
        yield from _find(inside, todo[1:])


def _take(value: Any, step: Step) -> Iterator[Any]:
    match step:
        case ("field", name) if isinstance(value, dict) and name in value:
            yield value[name]
        case ("item", index) if isinstance(value, list) and -len(value) <= int(index) < len(value):
            yield value[int(index)]
        case ("every",) if isinstance(value, list | dict):
            yield from value.values() if isinstance(value, dict) else value
        case ("where", path, wanted) if isinstance(value, list):
            yield from (item for item in value if wanted in map(_text, find(item, path)))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
