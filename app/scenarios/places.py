"""A value of a script's text together with where it stands, so that a mistake is told with its line.

Called by form.py and read_predicates.py, which take a script apart from the outside to the inside; and by
app/rooms/roomfile.py, which does so with a room.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.api import limits
from app.apimachinery.yamltext import ManifestError, Mark, Path, read

LANGUAGES = ("en", "ja")
Texts = Mapping[str, str]
"""The same in each language."""


class ScriptError(ValueError):
    """A script that cannot be played: what is wrong in which line, and what to do."""

    def __init__(self, line: int, problem: str, fix: str) -> None:
        super().__init__(f"line {line}: {problem}. {fix}")
        self.line = line
        self.problem = problem
        self.fix = fix


class Known(NamedTuple):
    """The names that there are, for who wants them checked. None of them: any will do."""

    kinds: frozenset[str] = frozenset()
    loops: frozenset[str] = frozenset()


ANYTHING = Known()


class Place(NamedTuple):
    """A value, the way to it, and the marks of the whole text."""

    value: Any
    path: Path
    marks: Mapping[Path, Mark]
    known: Known = ANYTHING
    called: str = "the script"  # the whole of it

    @property
    def name(self) -> str:
        """As people say it: `steps[0].press`."""
        said = ""
        for part in self.path:
            said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else part
        return said or self.called

    @property
    def line(self) -> int:
        """Its own, or that of the nearest value around it which is written out (an alias is not)."""
        path = self.path
        while path not in self.marks:
            path = path[:-1]
        return self.marks[path][0]

    def wrong(self, problem: str, fix: str) -> ScriptError:
        return ScriptError(self.line, problem, fix)

    def has(self, field: str) -> bool:
        return isinstance(self.value, Mapping) and field in self.value

    def at(self, part: str | int) -> Place:
        return self._replace(value=self.value[part], path=(*self.path, part))

    def needed(self, field: str) -> Place:
        if not self.has(field):
            raise self.wrong(f"{self.name} has no {field}", f"Add {field}.")
        return self.at(field)

    # ------------------------------------------------------------------------------------ as what it is

    def fields(self, known: Iterable[str]) -> Place:
        """Itself, if it is a map with no other fields than these."""
        if not isinstance(self.value, Mapping):
            raise self.wrong(f"{self.name} is no map", "Write fields with a colon: `name: value`.")
        for field in self.value:
            if field not in known:
                raise self.at(field).wrong(f"unknown field {field}", nearest(field, known))
        return self

    def items(self) -> Iterator[Place]:
        """Of a list one after another; a single value is a list of one."""
        if isinstance(self.value, list):
            yield from (self.at(index) for index in range(len(self.value)))
        elif self.value is not None:
            yield self

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong(f"{self.name} is no text", "Write a text; in quotes, if it may be read as a number.")
        return self.value

    def kind(self) -> str:
        """The name of a kind, as manifests write it."""
        return self._one_of(self.known.kinds, "no kind is called")

    def loop(self) -> str:
        """The name of a loop: "replicaset-controller", "kubelet", "kubelet/node-1"; or "you"."""
        self._replace(value=self.text().partition("/")[0])._one_of(self.known.loops, "no loop is called")
        return str(self.value)

    def _one_of(self, names: frozenset[str], problem: str) -> str:
        name = self.text()
        if names and name not in names:
            raise self.wrong(f"{problem} {name}", nearest(name, names))
        return name

    def number(self, least: int = 0) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < least:
            raise self.wrong(f"{self.name} is no whole number from {least}", f"Write {least} or more.")
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong(f"{self.name} is neither true nor false", "Write true or false.")
        return self.value

    def texts(self) -> Texts:
        value = self.value
        if not isinstance(value, Mapping) or set(value) != set(LANGUAGES) or not all(map(_is_said, value.values())):
            languages = ", ".join(LANGUAGES)
            fix = "Write `{" + ", ".join(f"{lang}: ..." for lang in LANGUAGES) + "}`."
            raise self.wrong(f"{self.name} needs a text in each of {languages}", fix)
        return {lang: str(value[lang]).strip() for lang in LANGUAGES}


def _is_said(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())


def whole(text: str, known: Known = ANYTHING, called: str = "the script", most: int = limits.MANIFEST_BYTES) -> Place:
    """What a text of so many bytes holds. Raises ScriptError if it is no YAML, or more than one document."""
    try:
        documents = list(read(text, most=most))
    except ManifestError as error:
        raise ScriptError(error.line, error.problem, error.fix) from None
    if len(documents) != 1:
        raise ScriptError(1, f"a file has {len(documents)} documents", "Write one in each file.")
    return Place(documents[0].value, (), documents[0].marks, known, called)


def nearest(word: str, known: Iterable[str]) -> str:
    """What to do about a word that nobody knows."""
    names = sorted(known)
    alike = difflib.get_close_matches(word, names, 1)
    return f"Did you mean {alike[0]}?" if alike else f"Known are {', '.join(names)}."
