"""One trial: a room, a seed, and so many inputs through every door that strangers have. What must never happen is
counted: answers of 5xx, a room that stops, a loop of ours that makes a mistake.

    trial = Trial(seed)
    trial.live(60)
    trial.look_around()          # every printer and every page, over whatever the inputs have left
    trial.report                 # by door: how many, how many were accepted; which loops were reached

Where everything is refused nothing is reached: the share that was accepted belongs to the result. `make soak` runs many
(tests/fuzz/soak.py), `make test` a few.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from app.engine.trace import Acted, Observed
from app.rooms import Room, Rooms
from app.web.live import Drawing
from tests.fuzz.doors import SPEED, Answer, Doors, looks
from tests.support import mistakes
from tests.support.browser import Browser, make_app
from tests.support.declared import DECLARED, JOBS
from tests.support.rooms import Clock, live

ON_PURPOSE = (503, 504)  # a command stopped the API server of the room; a resourceVersion of the future
OFTEN = ("manifest", "status", "merge patch", "page command", "create")
SHOWN = 600  # characters of an input


@dataclass(slots=True)
class Report:
    """By door how many inputs there were and how many were accepted; how often each loop looked or acted."""

    sent: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    loops: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)  # 5xx, as "door: what was sent: what came"
    stopped: list[str] = field(default_factory=list)  # rooms
    mistakes: list[str] = field(default_factory=list)  # of loops

    def add(self, other: Report) -> None:
        for mine, theirs in ((self.sent, other.sent), (self.accepted, other.accepted), (self.loops, other.loops)):
            mine.update(theirs)
        self.failed += other.failed
        self.stopped += other.stopped
        self.mistakes += other.mistakes

    @property
    def wrong(self) -> list[str]:
        return [*self.failed, *self.stopped, *self.mistakes]

    def lines(self) -> list[str]:
        """A row for each door, as Markdown."""
        rows = [f"| {door} | {sent:,} | {self.accepted[door] / sent:.0%} |" for door, sent in self.sent.most_common()]
        return ["| door | inputs | accepted |", "|---|---|---|", *rows]


class Trial:
    def __init__(self, seed: int) -> None:
        self.report = Report()
        self._rng, self._clock = random.Random(seed), Clock()
        app = make_app(RATES=None)
        app.extensions["rooms"].close()
        rooms = app.extensions["rooms"] = Rooms(Drawing(app), clock=self._clock)
        rooms.pacer.stop()
        self._browser = Browser(app)
        self._doors = Doors(app, self._browser, self._rng)
        self._begin()

    @property
    def _room(self) -> Room:
        return self._browser.room

    def _begin(self) -> None:
        """The whole world, declared, with two people watching."""
        self._doors.post("/commands/latencies", {"preset": "realistic"})
        for text in (DECLARED, self._rng.choice(JOBS)):
            self._doors.post("/commands/apply", {"text": text})
        self._doors.post("/pace", {"mode": "clock", "speed": str(SPEED)})
        for lang in ("en", "ja"):
            self._room.attach(lang, self._room.epoch, self._room.frame)
        live(self._room, self._clock, 2)
        self._counted = self._room.cluster.trace.count

    def live(self, count: int) -> None:
        """So many inputs, with some time after each."""
        doors = list(self._doors.all)
        for _ in range(count):
            (door,) = self._rng.choices(doors, [8 if door in OFTEN else 3 for door in doors])
            self._through(door)

    def _through(self, door: str) -> None:
        with mistakes.noticed() as made:
            answer = self._doors.all[door]()
            sent = f"{door}: {self._doors.sent[:SHOWN]}"
            live(self._room, self._clock, self._rng.choice([0, 0.05, 0.3, 1]))
        self.report.sent[door] += 1
        self.report.accepted[door] += answer.code < 400
        self.report.mistakes += [f"{sent}: {each}" for each in made]
        self._judge(sent, answer)
        self._count_loops()

    def look_around(self) -> None:
        with mistakes.noticed() as made:
            self._doors.post("/commands/api-server", {"down": "false"})
            for answer in looks(self._doors, self._room.cluster):
                self._judge(f"looking around: {self._doors.sent}", answer)
            live(self._room, self._clock, 4)
        self.report.mistakes += [f"afterwards: {each}" for each in made]
        self._count_loops()

    def _judge(self, sent: str, answer: Answer) -> None:
        if answer.code >= 500 and answer.code not in ON_PURPOSE:
            self.report.failed.append(f"{sent}: {answer.code} {answer.text[:200]}")
        if self._room.broken:
            self.report.stopped.append(f"{sent}: {self._room.broken}")
            assert self._doors.post("/reset", {}).code == 200
            self._begin()

    def _count_loops(self) -> None:
        trace = self._room.cluster.trace
        for step in trace.since(min(self._counted, trace.count)):
            if isinstance(step.record, Observed | Acted):
                self.report.loops[step.actor.partition("/")[0]] += 1
        self._counted = trace.count
