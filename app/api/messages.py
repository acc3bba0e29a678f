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


# ------------------------------------------------------------------------------------------- what a loop says


class Saying(NamedTuple):
    """What a control loop says of a Difference. Its values: %(kind)s, %(about)s, %(field)s, %(desired)s, %(observed)s.

    done: what it says of a write, by the kind that is written, where "it created ..." would tell too little; of a
        PodSandbox also by "PodSandbox STATE", the state of a container that was written. Its values: %(who)s, %(name)s.
    """

    text: str  # a whole sentence: why there is something to do, or why it has to wait
    short: str | Plural = ""  # the same in two to four words; a Plural counts how far desired and observed are apart
    done: Mapping[str, str | Plural] = {}  # a Plural counts what is desired
    of_one: str = ""  # instead of `text`, where one is observed


LAST_LANE = 1_000


class Voice(NamedTuple):
    """How a control loop speaks of itself. Plain data, so that a recording of a run has it too."""

    title: str = ""  # "ReplicaSet", N_("Scheduler"); "": its name
    subject: str = ""  # of a sentence: N_("The scheduler"), N_("The kubelet of %(node)s"); "": made of the title
    lane: int = LAST_LANE  # of the timeline, from top to bottom; equal ones by name
    says: Mapping[str, Saying] = {}  # by the reason of a Difference; one without speaks by its fields
    labels: Mapping[str, str] = {}  # what fields of its observation are called, if not by their names


SILENT = Voice()
