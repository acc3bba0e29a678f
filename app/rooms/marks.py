"""Marks of a trace: a running digest, noted every so many steps. Where those of two traces are equal, so is all that
happened until then.

A digest goes over every step: when it was made, by whom, about what and because of which, what it found, and every
object as it wrote it. sharing.py compares them, and roomfile.py writes them into files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import takewhile
from operator import ne
from typing import Any

from app.engine.trace import Acted, Commanded, Differed, Failed, Step, Trace, changes_of

EVERY = 100  # steps
DIGEST_LENGTH = 8  # hexadecimal digits: nobody is kept from deceiving himself

_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False, default=str).encode


class Marks:
    """`follow` the trace at least every some thousand steps: it forgets its oldest."""

    def __init__(self, every: int = EVERY) -> None:
        self.every = every
        self.digests: list[str] = []  # after step `every`, twice `every`, ...
        self._digest = hashlib.blake2b(digest_size=DIGEST_LENGTH // 2)
        self._followed = 0

    def follow(self, trace: Trace) -> None:
        for step in trace.since(self._followed):
            self._digest.update(_json(_essence(step)).encode())
            if step.number % self.every == 0:
                self.digests.append(self.end)
        self._followed = trace.count

    @property
    def end(self) -> str:
        """Of all that was followed."""
        return self._digest.hexdigest()

    def equal_to(self, others: Sequence[str]) -> int:
        """The step up to which they are the same as these, as far as both go."""
        pairs = zip(self.digests, others, strict=False)
        return self.every * sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    def differ(self, others: Sequence[str]) -> bool:
        return any(map(ne, self.digests, others))


def _essence(step: Step) -> list[Any]:
    written = [(change.type, change.ref, change.new) for change in changes_of(step)]
    return [*step[:-2], step.background, type(step.record).__name__, _found(step), written]


def _found(step: Step) -> Any:
    match step.record:
        case Commanded(command=command, error=error):
            return [command.to_json(), error]
        case Differed(differences=differences, left=left):
            return [[gap.about, gap.field, gap.reason] for gap in differences], left
        case Acted(result=result):
            return [result.code, result.reason, result.message]
        case Failed(phase=phase, error=error, times=times):
            return [phase, error, times]
    return None
