"""The registry of rooms: create, find, evict to storage, restore by replay. The web layer has exactly one.

A room is its seed, its scenario and its journal. Those are written when a command was taken; a room that nobody
watches gives up its memory when others need it, and comes back by replaying its journal, in slices, when asked for.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app import scenarios
from app.api import errors
from app.cluster import Cluster
from app.commands import Command, command_from_json
from app.engine.trace import Step
from app.rooms.beginnings import Beginnings, pace_of
from app.rooms.drawing import Drawing
from app.rooms.frames import Pace
from app.rooms.pacer import STRIDE, Pacer, slices
from app.rooms.playing import Pressed
from app.rooms.room import Room
from app.rooms.storage import Storage, Stored
from app.scenarios.progress import Progress

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # as in the names of pods: no word can come of it
LENGTH = 20  # 95 bits: nobody guesses a room
REPLAY_STEPS = 1_000_000  # more than that is not replayed: the room starts its scenario again

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    rooms_in_memory: int = 300
    rooms_stored: int = 10_000
    viewers_per_room: int = 2_000
    watches_per_room: int = 500


class Rooms:
    def __init__(
        self,
        drawing: Drawing,
        data_dir: Path | str | None = None,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.pacer = Pacer(clock)
        self._drawing = drawing
        self._clock = clock
        self._storage = Storage(data_dir)
        self._beginnings = Beginnings(clock)
        self._closed = False
        self._rooms: OrderedDict[str, Room] = OrderedDict()  # the one asked for longest ago first
        self._lock = threading.Lock()
        self._restoring: dict[str, threading.Lock] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    # ------------------------------------------------------------------------------------------ finding

    def create(self, scenario_id: str = scenarios.DEFAULT) -> Room:
        """A new room with that lesson. Raises NotFound, or ServiceUnavailable when every room is being watched."""
        scenario = scenarios.get(scenario_id)
        id = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        room = self._add(self._room(id, scenario, self._beginnings.of(scenario), pace_of(scenario)))
        self.save(room)
        self._storage.prune(self.limits.rooms_stored)
        return room

    def get(self, id: str) -> Room:
        """The room, restored if it was evicted. Raises NotFound."""
        with self._lock:
            if (room := self._rooms.get(id)) is not None:
                self._rooms.move_to_end(id)
                return room
            restoring = self._restoring.setdefault(id, threading.Lock())
        try:
            with restoring:
                return self._rooms.get(id) or self._restore(id)
        finally:
            with self._lock:
                self._restoring.pop(id, None)

    # ------------------------------------------------------------------------------------------ doing

    def submit(self, room: Room, command: Command) -> Step:
        """`room.submit`, and the journal is written down."""
        step = room.submit(command)
        self.save(room)
        return step

    def press(self, room: Room, index: int, chosen: str = "") -> Pressed:
        """`room.press`, and the journal is written down."""
        pressed = room.press(index, chosen)
        self.save(room)
        return pressed

    def reset(self, room: Room, scenario_id: str | None = None) -> None:
        """The room begins its lesson anew, or another one. Raises NotFound."""
        scenario = scenarios.get(scenario_id) if scenario_id else room.scenario
        room.restart(scenario, self._beginnings.of(scenario))
        self.save(room)

    def save(self, room: Room) -> None:
        """Write down how far the room has come."""
        with room.lock:
            cluster = room.cluster
            room.script.follow(cluster)
            stored = Stored(
                room.id, room.scenario.id, cluster.seed, cluster.epoch_ms, cluster.trace.count, cluster.now_ms,
                room.pace.to_json(), cluster.journal, room.script.to_json(),
            )  # fmt: skip
            self._storage.save(stored, room.journaled, time.time())
            room.journaled = len(stored.journal)

    def dismiss(self) -> None:
        """Let every viewer go: the process is about to end."""
        for room in list(self._rooms.values()):
            room.dismiss()

    def close(self) -> None:
        """Stop every room and write everything down. Once is enough."""
        if self._closed:
            return
        self._closed = True
        self.pacer.stop()
        self.dismiss()
        for room in list(self._rooms.values()):
            self.save(room)
        self._storage.close()

    # ------------------------------------------------------------------------------------------ memory

    def _room(self, id: str, scenario: scenarios.Scenario, cluster: Cluster, pace: Pace) -> Room:
        viewers, watches = self.limits.viewers_per_room, self.limits.watches_per_room
        return Room(id, scenario, cluster, self._drawing, self.pacer.wake, self._clock, viewers, pace, watches)

    def _add(self, room: Room) -> Room:
        with self._lock:
            self._rooms[room.id] = room
            evicted = list(self._make_space())
        for other in evicted:
            self.pacer.forget(other)
            self.save(other)
        return room

    def _make_space(self) -> Iterator[Room]:
        """Take out rooms that nobody watches, those asked for longest ago first."""
        excess = len(self._rooms) - self.limits.rooms_in_memory
        if excess <= 0:
            return
        idle = [room for room in list(self._rooms.values())[:-1] if not room.is_watched]
        if len(idle) < excess:
            self._rooms.popitem()
            raise errors.ServiceUnavailable(
                f"all {self.limits.rooms_in_memory} rooms of this server are being watched: try again later"
            )
        for room in idle[:excess]:
            yield self._rooms.pop(room.id)

    def _restore(self, id: str) -> Room:
        stored = self._storage.load(id)
        if stored is None:
            raise errors.NotFound(f'room "{id}" not found')
        scenario = scenarios.get(stored.scenario if scenarios.has(stored.scenario) else scenarios.DEFAULT)
        try:
            cluster, journaled = replayed(stored), len(stored.journal)
        except (errors.ApiError, LookupError, ValueError, AssertionError):
            # A journal of another version, or one too long to replay.
            log.warning("room %s cannot be replayed and starts again", id, exc_info=True)
            cluster, journaled = self._beginnings.of(scenario), 0
        room = self._room(id, scenario, cluster, Pace(**stored.pace))
        room.journaled = journaled
        if journaled:
            room.script = Progress.from_json(scenario, cluster, stored.script)
        return self._add(room)


def replayed(stored: Stored) -> Cluster:
    """The cluster that `stored` was. Raises ValueError for one that would take too long."""
    if stored.steps > REPLAY_STEPS:
        raise ValueError(f"{stored.steps} steps are too many to replay")
    cluster = Cluster.replay(stored.seed, stored.epoch_ms, stored.journal[:1])
    for entry in stored.journal[1:]:
        _forward(cluster, entry.step, entry.at_ms)
        cluster.submit(command_from_json(entry.command))
    _forward(cluster, stored.steps, stored.now_ms)
    return cluster


def _forward(cluster: Cluster, to_step: int, at_ms: int) -> None:
    """`cluster.forward()`, letting others have the process in between."""
    for _ in slices():
        count = cluster.trace.count
        cluster.forward(min(to_step, count + STRIDE))
        if cluster.trace.count >= to_step:
            break
        if cluster.trace.count == count:
            raise ValueError("the journal asks for more steps than there are")
    cluster.forward(to_step, at_ms)
