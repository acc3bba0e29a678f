"""Scripts: how a room begins, what to press in it, and what should come of it. One YAML file each, in order of `order`.

The file's name is the lesson's id. Rooms begin with them and play them, the web shows them. A teacher's own come from a
folder: `loopscope serve --lessons DIR`. docs/lessons.md tells how one is written.

    places           a value of the text and its line       script     a script as a value
    form             YAML -> script                          deeds      what a step does: commands
    read_predicates  YAML -> predicates                      desired    what is declared, as text, and edits of it
    predicates       what may be asked of a running room     progress   how far a room has come with its script
    selecting        which objects are meant
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app.api import errors
from app.scenarios import form
from app.scenarios.form import GROUPS as GROUPS
from app.scenarios.places import LANGUAGES as LANGUAGES
from app.scenarios.places import ScriptError as ScriptError
from app.scenarios.script import MEASURED as MEASURED
from app.scenarios.script import Scenario as Scenario

DEFAULT = "self-healing"
_FOLDERS = [Path(__file__).parent]


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


def load(path: Path) -> Scenario:
    """Raises ValueError that names the file, the line and what is wrong: no mistake must reach a room."""
    try:
        return form.read(path.stem, path.read_text("utf-8"))
    except ScriptError as error:
        raise ValueError(f"{path.name}, {error}") from None


@cache
def _all() -> dict[str, Scenario]:
    found = {path.stem: load(path) for folder in _FOLDERS for path in sorted(folder.glob("*.yaml"))}
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))
