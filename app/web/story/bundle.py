"""Scripts and styles of a page that has nothing beside it: modules that import each other by relative paths become one
text.

Each module stands in a scope of its own and returns what it exports. One that exports a variable (`export let`) stands
in the open, before the others, so that they see what it becomes; its names are nobody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from app.web.assets import without_comments

_IMPORT = re.compile(
    r'^import (?:\* as (?P<whole>\w+)|\{(?P<names>[^}]*)\}) from "\./(?P<module>\w+)\.js"$', re.MULTILINE
)
_EXPORT = re.compile(r"^export ((?:async )?function|const|let|class) (\w+)", re.MULTILINE)
_REST = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def script(folder: Path, name: str) -> str:
    """That module and all that it imports, as the text of one inline module. Raises ValueError for a form of import or
    export that is not known here, and for modules that import each other in a circle."""
    return "\n".join(("const $modules = {}", *_Modules(folder).of(name, ())))


def styles(folder: Path, names: Iterable[str]) -> str:
    """Later ones win."""
    return "\n".join(_dense((folder / f"{name}.css").read_text("utf-8"), ".css") for name in names)


class _Modules:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()
        self._open: set[str] = set()  # those that stand in no scope of their own

    def of(self, name: str, on_the_way: tuple[str, ...]) -> list[str]:
        """What it needs, then itself; nothing if it is there already."""
        if name in on_the_way:
            raise ValueError(f"modules import each other: {', '.join((*on_the_way, name))}")
        if name in self._known:
            return []
        source = _dense((self._folder / f"{name}.js").read_text("utf-8"), ".js")
        needed = [text for found in _IMPORT.finditer(source) for text in self.of(found["module"], (*on_the_way, name))]
        self._known.add(name)
        return [*needed, self._scoped(name, _IMPORT.sub(self._taken, source))]

    def _taken(self, found: re.Match[str]) -> str:
        """Instead of an import."""
        module, names = found["module"], found["names"]
        if module in self._open:
            if names is None or " as " in names:
                raise ValueError(f"{module}.js exports a variable: import its names as they are")
            return ""
        taken = found["whole"] if names is None else f"{{{names.replace(' as ', ': ')}}}"
        return f"const {taken} = $modules.{module}"

    def _scoped(self, name: str, source: str) -> str:
        exports = _EXPORT.findall(source)
        body = _EXPORT.sub(r"\1 \2", source)
        if unknown := _REST.search(body):
            raise ValueError(f"{name}.js: {unknown[0]}")
        if any(kind == "let" for kind, _exported in exports):
            self._open.add(name)
            return body
        returned = ", ".join(exported for _kind, exported in exports)
        return f"$modules.{name} = (() => {{\n{body}\nreturn {{{returned}}}\n}})()"


def _dense(text: str, suffix: str) -> str:
    """Without comments and layout."""
    lines = (line.strip() for line in without_comments(text, suffix).splitlines())
    return "\n".join(line for line in lines if line)
