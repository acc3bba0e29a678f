"""Lessons: how a room begins and what to try in it. One YAML file each, in the order of `order`.

    order: 10
    group: basics                 # of the menu; default by `order`
    title: {en: Self-healing, ja: ...}
    promise: {en: One line that says what will be seen., ja: ...}
    nodes: 3                      # machines, default 3
    zones: 0                      # that they are spread over, default none
    cpu: "4"                      # of each machine
    memory: 8Gi
    settle_s: 600                 # virtual seconds given to the manifests before the first view, default 600
    manifests: |                  # applied at the start, and run until quiet
      apiVersion: apps/v1
      ...
    begin:                        # further commands, after the manifests have settled
    - {do: cordon, node: node-1}
    try:                          # suggestions: a label and the command that does it
    - label: {en: Kill a pod, ja: ...}
      command: {do: delete, ref: [Pod, default, "app=web"]}

The file's name is the lesson's id. `app/rooms` begins rooms with them, `app/web` shows them in the header. A teacher's
own lessons come from a folder: `loopscope serve --lessons DIR`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.api import errors
from app.apimachinery.yamltext import read

DEFAULT = "self-healing"
LANGUAGES = ("en", "ja")
GROUPS = (
    ("basics", 0),
    ("workloads", 100),
    ("scheduling", 150),
    ("failures", 200),
    ("traffic", 230),
    ("control-plane", 290),
)
"""Of the menu, in its order, and the `order` from which on a lesson belongs there unless it says otherwise."""
_FOLDERS = [Path(__file__).parent]
_FIELDS = {
    "order",
    "group",
    "title",
    "promise",
    "nodes",
    "zones",
    "cpu",
    "memory",
    "settle_s",
    "manifests",
    "begin",
    "try",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    label: Mapping[str, str]
    command: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    id: str
    title: Mapping[str, str]
    promise: Mapping[str, str]
    nodes: int = 3
    zones: int = 0
    cpu: str = "4"
    memory: str = "8Gi"
    manifests: str = ""
    begin: Sequence[Mapping[str, Any]] = ()
    tries: Sequence[Suggestion] = ()
    order: int = 0
    group: str = "basics"
    settle_ms: int = 600_000


def every() -> tuple[Scenario, ...]:
    """All lessons in the order of the menu."""
    return tuple(_all().values())


def get(id: str) -> Scenario:
    """Raises NotFound."""
    scenario = _all().get(id)
    if scenario is None:
        raise errors.NotFound(f'scenario "{id}" not found: one of {", ".join(_all())}')
    return scenario


def has(id: str) -> bool:
    return id in _all()


def add_folder(folder: Path | str) -> None:
    """Lessons of one's own; one with the id of ours takes its place. Raises ValueError for one with a mistake."""
    _FOLDERS.append(Path(folder))
    _all.cache_clear()
    _all()


def load(id: str, text: str) -> Scenario:
    """Raises ValueError that names what is wrong: a lesson with a mistake must not reach a room."""
    data = next(read(text)).value
    if unknown := set(data) - _FIELDS:
        raise ValueError(f"scenario {id}: unknown field {', '.join(sorted(unknown))}")
    for name in ("title", "promise"):
        _in_every_language(id, name, data.get(name))
    if data.get("group", "basics") not in dict(GROUPS):
        raise ValueError(f"scenario {id}: group must be one of {', '.join(dict(GROUPS))}")
    for suggestion in data.get("try", ()):
        _in_every_language(id, "try.label", suggestion.get("label"))
    return Scenario(
        id=id,
        title=data["title"],
        promise=data["promise"],
        nodes=data.get("nodes", 3),
        zones=data.get("zones", 0),
        cpu=str(data.get("cpu", "4")),
        memory=data.get("memory", "8Gi"),
        manifests=data.get("manifests", ""),
        begin=tuple(data.get("begin", ())),
        tries=tuple(Suggestion(entry["label"], entry["command"]) for entry in data.get("try", ())),
        order=data.get("order", 0),
        group=data.get("group") or _group_of(data.get("order", 0)),
        settle_ms=data.get("settle_s", 600) * 1000,
    )


def _group_of(order: int) -> str:
    return [name for name, least in GROUPS if order >= least][-1] if order >= 0 else GROUPS[0][0]


def _in_every_language(id: str, name: str, texts: Any) -> None:
    if not isinstance(texts, Mapping) or set(texts) != set(LANGUAGES) or not all(texts.values()):
        raise ValueError(f"scenario {id}: {name} needs a text in each of {', '.join(LANGUAGES)}")


@cache
def _all() -> dict[str, Scenario]:
    paths = [path for folder in _FOLDERS for path in sorted(folder.glob("*.yaml"))]
    found = {path.stem: load(path.stem, path.read_text("utf-8")) for path in paths}
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))
