"""A script as a value: how a room begins, which loops matter, what to press, and what should come of it.

Read from YAML by form.py. `deeds` says what a step does to a room as it is, and `progress` follows how far a room has
come. Texts are in every language of `places.LANGUAGES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.objects import Ref
from app.scenarios.places import Texts
from app.scenarios.predicates import Predicate
from app.scenarios.selecting import Selector

MEASURED = re.compile(r"\{([\w-]+)\}")
"""In the text of an ending: how long it took until the milestone of that id was reached."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command (app/commands.py) as JSON. What it is about may be looked for when it is done: its ref, or its node."""

    command: Mapping[str, Any]
    about: Selector | None = None
    field: str = "ref"


@dataclass(frozen=True, slots=True)
class Edit:
    """Another value for one field of what is declared."""

    ref: Ref
    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class Restore:
    """An object is declared again as the script's own manifests have it; without a `ref` all of them."""

    ref: Ref | None = None


Deed = Order | Edit | Restore


@dataclass(frozen=True, slots=True)
class Need:
    """What a step builds upon, and how that is brought about if it is not so."""

    that: Predicate
    otherwise: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something to watch for after a step was pressed. Those of one step come one after another."""

    id: str
    words: Texts
    when: Predicate


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One thing to press. `expects_refusal`: that the API server says no is what one is to see. `again_ms`: what was
    refused is asked for again after so long, as kubectl does for a drain; 0: it is not."""

    press: Texts
    does: tuple[Deed, ...]
    milestones: tuple[Milestone, ...]
    needs: tuple[Need, ...] = ()
    say: Texts | None = None
    expects_refusal: bool = False
    again_ms: int = 0


@dataclass(frozen=True, slots=True)
class Role:
    """A loop that matters, and what it watches."""

    loop: str
    watches: Texts


@dataclass(frozen=True, slots=True)
class Scenario:
    id: str
    title: Texts
    promise: Texts
    nodes: int = 3
    zones: int = 0
    cpu: str = "4"
    memory: str = "8Gi"
    manifests: str = ""
    begin: Sequence[Mapping[str, Any]] = ()
    order: int = 0
    group: str = "basics"
    settle_ms: int = 600_000
    clock: int = 0  # virtual seconds a second, for a room that goes by the clock from the beginning
    hour: int | None = None  # that the room's clock shows when it begins, in UTC
    operators: tuple[str, ...] = ()  # installed before anything is declared: "mysql", "rabbitmq"
    cast: tuple[Role, ...] = ()
    steps: tuple[ScriptStep, ...] = ()
    ending: Texts | None = None
