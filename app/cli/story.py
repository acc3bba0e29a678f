"""What happens, as text: the sentences that a page would tell, one a line, or every step as a line of JSON.

`running` and `files` show it each step right after it was made: what matters is judged by how the cluster is then.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any, Protocol

from app.cluster import Cluster
from app.engine.trace import (
    Acted,
    Commanded,
    Delivered,
    Differed,
    Failed,
    Fired,
    Observed,
    Step,
    Waited,
    changes_of,
    is_visible,
)
from app.rooms import Story, Told
from app.web import present
from app.web.present import Words
from app.web.present.clock import virtual

WHO = 22  # columns


class Teller(Protocol):
    """`cluster` is set once it is there."""

    cluster: Cluster | None

    def take(self, step: Step) -> None: ...

    def say(self, line: str) -> None:
        """Something that is no step."""

    def rest(self) -> None:
        """What was held back."""


class Sentences:
    """As a page tells it: what matters, and of many alike the first few."""

    def __init__(self, words: Words) -> None:
        self.cluster: Cluster | None = None
        self._words = words
        self._story: Story | None = None

    def take(self, step: Step) -> None:
        assert self.cluster is not None
        if self._story is None:
            self._story = Story(self.cluster, lambda step, languages: 0)
        is_act = isinstance(step.record, Commanded) and not step.background
        if is_act:
            self.rest()
        self._tell([self._story.begin(step)] if is_act else self._story.take(step))

    def rest(self) -> None:
        self._tell(self._story.rest() if self._story else ())

    def say(self, line: str) -> None:
        print(line)

    def _tell(self, told: Sequence[Told]) -> None:
        for each in told:
            print(self._line(each))

    def _line(self, told: Told) -> str:
        assert self.cluster is not None
        words = self._words.among(self.cluster.voices)
        said = present.caption(told.step, words)
        more = words.many("… and one more.", "… and %(n)s more.", told.more) if told.more else ""
        at = virtual(told.step.at_ms - self.cluster.epoch_ms)
        mark = "✗" if said.bad else " "
        return f"{at:>10} {mark} {_padded(said.who, WHO)} {said.text} {more}".rstrip()


class Lines:
    """Every step since the beginning, as JSON."""

    def __init__(self, words: Words) -> None:
        self.cluster: Cluster | None = None
        self._words = words
        self._shown = 0

    def take(self, step: Step) -> None:
        assert self.cluster is not None
        if (forgotten := self.cluster.trace.first - 1 - self._shown) > 0:
            print(json.dumps({"forgotten": forgotten}))  # more were made at once than a trace keeps
        for each in self.cluster.trace.since(self._shown):
            print(json.dumps(self._line(each), ensure_ascii=False, separators=(",", ":"), default=str))
        self._shown = self.cluster.trace.count

    def rest(self) -> None:
        if self.cluster is not None and (last := self.cluster.trace.get(self.cluster.trace.count)) is not None:
            self.take(last)

    def say(self, line: str) -> None:
        """Whoever reads JSON reads nothing else."""

    def _line(self, step: Step) -> dict[str, Any]:
        assert self.cluster is not None
        said = present.caption(step, self._words.among(self.cluster.voices)).text if is_visible(step) else ""
        return {
            "step": step.number,
            "at_ms": step.at_ms - self.cluster.epoch_ms,
            "actor": step.actor,
            "key": step.key,
            "cause": step.cause,
            "revision": step.revision,
            "record": type(step.record).__name__,
            **({"background": True} if step.background else {}),
            **record_of(step),
            "changes": [[change.type, *change.ref, change.revision] for change in changes_of(step)],
            **({"says": said} if said else {}),
        }


def record_of(step: Step) -> dict[str, Any]:
    """What is particular to it."""
    match step.record:
        case Commanded(command=command, error=error):
            return {"command": command.to_json(), "error": error}
        case Delivered(change=change, queued=queued):
            return {"change": [change.type, *change.ref, change.revision], "queued": queued}
        case Observed(wakes=wakes):
            return {"wakes": wakes}
        case Differed(differences=differences, left=left):
            gaps = [
                {
                    "about": gap.about, "field": gap.field, "desired": gap.desired, "observed": gap.observed,
                    "reason": gap.reason, "actions": [type(action).__name__ for action in gap.actions],
                }
                for gap in differences
            ]  # fmt: skip
            return {"differences": gaps, **({"left": left} if left else {})}
        case Acted(action=action, result=result):
            return {
                "action": type(action).__name__, "code": result.code, "reason": result.reason,
                "message": result.message, "object": result.ref,
            }  # fmt: skip
        case Waited(why=why, kind=kind, revision=revision):
            return {"why": why, "kind": kind, "until_revision": revision}
        case Failed(phase=phase, error=error, where=where, times=times):
            return {"phase": phase, "error": error, "where": where, "times": times}
        case Fired(why=why, set_by=set_by, queued=queued):
            return {"why": why, "set_by": set_by, "queued": queued}


def _padded(text: str, columns: int) -> str:
    """On a terminal a letter of Japanese is two columns wide."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return text + " " * max(0, columns - len(text) - wide)
