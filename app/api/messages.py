"""Sentences before they are in a language: the id by which the catalogues know them, and the values they name.

Whoever knows what is to be said (a command, a control loop) says it with these; app/web/present puts it into the words
of a viewer. babel collects the texts that stand inside `N_(...)` and `many(...)`: see `make i18n`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from app.api.objects import Ref

Value = str | int | Ref
"""What a sentence may name. An object is named as people know it: "Pod web-1"."""


def N_(text: str) -> str:
    """Marks a sentence for the catalogues where it is written down, to be translated where it is used."""
    return text


class Plural(NamedTuple):
    """A sentence about a number of things, `%(n)s` in it."""

    one: str
    more: str


def many(one: str, more: str) -> Plural:
    """Marks both for the catalogues."""
    return Plural(one, more)


class Message(NamedTuple):
    """A sentence, `%(name)s` in it stands for `values["name"]`; of a Plural, `n` decides which."""

    text: str | Plural
    values: Mapping[str, Value]
    n: int = 0


def message(text: str, **values: Value) -> Message:
    return Message(text, values)


def counted(text: Plural, n: int, **values: Value) -> Message:
    return Message(text, values, n)
