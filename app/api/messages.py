"""Sentences before they are in a language: the id by which the catalogues know them, and the values they name.

Whoever knows what is to be said (a command, a control loop) says it with these; app/web/present puts it into the words
of a viewer. babel collects the texts that stand inside `N_(...)` and `many(...)`: see `make i18n`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from app.api.objects import Ref

Value: TypeAlias = "str | int | Ref | Message"
"""What a sentence may name. An object is named as people know it: "pod …gkzql"."""


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


class Advice(str):
    """What to do about a mistake: English for whoever prints it, and what the catalogues need for whoever shows it."""

    text: str
    values: Mapping[str, str]

    def __new__(cls, text: str, /, **values: str) -> Advice:
        self = super().__new__(cls, text % values if values else text)
        self.text, self.values = text, values
        return self


def counted(text: Plural, n: int, **values: Value) -> Message:
    return Message(text, values, n)


# ------------------------------------------------------------------------------------------- what a loop says


Told = Callable[[Any], Message]
"""For sentences that have to look closer, without side effects: at a Difference; of a write, at its record (Acted)."""

Needs = Callable[[Any, Any], Iterable[Message]]
"""From a Difference and the observation that it was found in to what would have to change, a sentence for each."""

Seen = Callable[[Any], Message | None]
"""From an Observation to a sentence: what was looked at, and counted. %(who)s in it is the loop."""


class Saying(NamedTuple):
    """What a control loop says of a Difference. Its values: %(kind)s, %(about)s, %(field)s, %(desired)s, %(observed)s,
    %(n)s; a Plural goes by n, which is how far desired and observed are apart, or how many things are desired.

    done: what it says of a write, by the kind that is written ("*": any), where "it creates ..." would tell too little;
        of a PodSandbox also by "PodSandbox STATE", the state of a container that was written. %(name)s is what was
        written.
    needs: of a Difference that the loop does nothing about: what would have to change before it goes on, in numbers and
        names of what was seen. Without it the page says only what the loop looked at.
    """

    text: str | Plural | Told  # a sentence: why there is something to do, or why it has to wait
    short: str | Plural = ""  # the same in two to four words
    done: Mapping[str, str | Plural | Told] = {}
    needs: str | Needs = ""


LAST_LANE = 1_000


class Voice(NamedTuple):
    """How a control loop speaks of itself. Plain data, so that a recording of a run has it too."""

    title: str = ""  # "ReplicaSet", N_("Scheduler"); "": its name
    subject: str = ""  # of a sentence: N_("The scheduler"), N_("The kubelet of %(node)s"); "": made of the title
    lane: int = LAST_LANE  # of the timeline, from top to bottom; equal ones by name
    saw: Seen | None = None  # None: it speaks of what it looks at by its name alone
    says: Mapping[str, Saying] = {}  # by the reason of a Difference; one without speaks by its fields
    labels: Mapping[str, str] = {}  # what fields of its observation are called, if not by their names


SILENT = Voice()
