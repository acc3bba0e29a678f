"""Controllers to begin with, each a text in Starlark with a remark that says what it is called, serves and makes.

Where that is a kind of its own, a file of the same name defines it and has an object of it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_HEAD = re.compile(r"^# controller: (\S+)  parent: (\S+)  children: (.+)$", re.MULTILINE)


class Template(NamedTuple):
    """As `define-controller` takes it."""

    name: str
    parent: str
    children: str
    text: str


@cache
def controller_templates() -> tuple[Template, ...]:
    """The shortest first."""
    texts = (path.read_text("utf-8") for path in Path(__file__).parent.glob("*.star"))
    return tuple(sorted(map(_read, texts), key=lambda each: len(each.text)))


@cache
def kind_templates() -> tuple[tuple[str, str], ...]:
    """The kinds that they serve and an object of each: what it is called, and its manifest."""
    texts = (path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.yaml")))
    return tuple((_title(each), each) for text in texts for each in text.split("---\n"))


def _title(manifest: str) -> str:
    kind, name = (re.search(rf"^ *{field}: (\S+)$", manifest, re.MULTILINE) for field in ("kind", "name"))
    assert kind is not None
    assert name is not None
    return f"{kind[1]} {name[1]}"


def _read(text: str) -> Template:
    head = _HEAD.search(text)
    assert head is not None
    return Template(head[1], head[2], head[3], text)
