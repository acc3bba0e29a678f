"""Controllers to begin with, each a text in Starlark whose second remark says what it is called, serves and makes."""

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


def _read(text: str) -> Template:
    head = _HEAD.search(text)
    assert head is not None
    return Template(head[1], head[2], head[3], text)
