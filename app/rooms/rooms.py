"""The registry of rooms: create, find, evict to storage, restore by replay. The web layer has exactly one.

A room is its seed, its scenario and its journal, with checkpoints so that it needs not be replayed from the beginning.
A command is written down before it is performed, and how it ended after it. A room that nobody watches gives up its
memory when others need it, and comes back by replaying its journal, in slices, when asked for; so does one in which a
command failed, without that command.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from app import scenarios
from app.api import errors, limits
from app.cluster import Cluster, Entry
from app.commands import Command
from app.engine.trace import Step
from app.look import Look
from app.rooms import memory
from app.rooms.beginnings import Beginnings, pace_of
from app.rooms.checkpoints import Checkpoints
from app.rooms.drawing import Drawing
from app.rooms.frames import Pace
from app.rooms.pacer import Pacer, slices
from app.rooms.playing import Pressed
from app.rooms.replaying import Replayed, as_it_was, is_final, replayed, written_reason
from app.rooms.room import Room
from app.rooms.storage import KILLED, Storage, Stored
from app.scenarios.progress import Progress

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # as in the names of pods: no word can come of it
LENGTH = 20  # 95 bits: nobody guesses a room

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    rooms_in_memory: int = limits.ROOMS_IN_MEMORY
    rooms_stored: int = limits.ROOMS_STORED
    viewers_per_room: int = limits.VIEWERS_OF_ROOM
    watches_per_room: int = limits.WATCHES_OF_ROOM


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
        self.checkpoints = Checkpoints(self._storage, self.pacer.wake)
        self._closed = False
        self._rooms: OrderedDict[str, Room] = OrderedDict()  # the one asked for longest ago first
        self._lock = threading.Lock()
        self._restoring: dict[str, threading.Lock] = {}
        self._looking_back = threading.Lock()

    def __len__(self) -> int:
        return len(self._rooms)

    # ------------------------------------------------------------------------------------------ finding

    def create(self, scenario_id: str = scenarios.DEFAULT) -> Room:
        """A new room with that lesson. Raises NotFound, or ServiceUnavailable when every room is being watched."""
        scenario = scenarios.get(scenario_id)
        id = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        room = self._add(self._room(id, scenario, self._beginnings.of(scenario), pace_of(scenario)))
        self.save(room)
        self.checkpoints.begin(room, 0)
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

    def looking_back(self, room: Room, step: int, draw: Callable[[Look], T]) -> T:
        """What `draw` makes of a step of long ago, which the room has forgotten. Raises NotFound.

        One such look at a time: it takes as long as a few thousand steps."""
        with self._looking_back:
            stored = self._storage.load(room.id)
            kept = self._storage.checkpoints(room.id)
            then = as_it_was(stored, kept, partial(self._storage.checkpoint, room.id), step) if stored else None
            if then is None:
                raise errors.NotFound(f"step {step} is not kept any more")
            try:
                return draw(then)
            finally:
                for _ in zip(then.forget(), slices(), strict=False):
                    pass

    # ------------------------------------------------------------------------------------------ doing

    def submit(self, room: Room, command: Command) -> Step:
        """`room.submit`. Raises Broken, or NotDone for a command that failed."""
        self._make_bytes(room)
        return room.submit(command)

    def press(self, room: Room, index: int, chosen: str = "") -> Pressed:
        """`room.press`. Raises Broken, or NotDone for a command that failed."""
        return room.press(index, chosen)

    def reset(self, room: Room, scenario_id: str | None = None) -> None:
        """The room begins its lesson anew, or another one. Raises NotFound."""
        scenario = scenarios.get(scenario_id) if scenario_id else room.scenario
        old, cluster = room.cluster, self._beginnings.of(scenario)
        with room.lock:
            room.restart(scenario, cluster)
            with self.checkpoints.lock:
                self.save(room)
            self.checkpoints.begin(room, 0)
        freed = old.taken_bytes
        for _ in zip(old.forget(), slices(), strict=False):
            pass
        memory.give_back(freed)

    def save(self, room: Room) -> None:
        """Write down how far the room has come. Of one that has stopped where, and why; the rest stays as it is."""
        with room.lock:
            cluster = room.cluster
            if room.broken is not None:
                why = written_reason(room.broken) if is_final(room.broken) else ""
                if room.journaled is not None:
                    self._store(room, lambda: self._storage.stop(room.id, cluster.trace.count, cluster.now_ms, why))
                return
            room.script.follow(cluster)
            stored = Stored(
                room.id, room.scenario.id, cluster.seed, cluster.epoch_ms, cluster.trace.count, cluster.now_ms,
                room.pace.to_json(), cluster.journal, room.script.to_json(),
            )  # fmt: skip
            if self._store(room, lambda: self._storage.save(stored, room.journaled or 0, time.time())):
                room.journaled = len(stored.journal)
            self.checkpoints.look(room)

    def moved(self, room: Room) -> None:
        self.checkpoints.look(room)

    def begun(self, room: Room, entry: Entry) -> None:
        self._store(room, lambda: self._storage.begin(room.id, len(room.cluster.journal), entry))

    def stopped(self, room: Room) -> None:
        self.save(room)
        room.let_go()

    def failed(self, room: Room, entry: Entry) -> None:
        """The next who asks for the room gets it as it was before that command."""
        self.begun(room, entry)
        if not room.is_stored:
            return  # there is nothing to bring it back from
        with self._lock:
            if self._rooms.get(room.id) is room:
                del self._rooms[room.id]
        self.pacer.forget(room)
        room.dismiss()

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
            self._save_if_it_can(room)
        self.checkpoints.close([*self._rooms.values()])
        self._storage.close()

    # ------------------------------------------------------------------------------------------ memory

    def _save_if_it_can(self, room: Room) -> None:
        """What is wrong with one room keeps no other from being written down, and no visitor from entering."""
        try:
            self.save(room)
        except Exception:
            log.exception("room %s is not written down as far as it came", room.id)

    def _store(self, room: Room, write: Callable[[], None]) -> bool:
        """A disk that is full, say, stops nobody: the room goes on in memory, and says so."""
        try:
            write()
        except sqlite3.Error:
            if room.is_stored:
                log.exception("room %s cannot be written down and goes on in memory", room.id)
            room.is_stored = False
        else:
            room.is_stored = True
        return room.is_stored

    def _room(self, id: str, scenario: scenarios.Scenario, cluster: Cluster, pace: Pace) -> Room:
        viewers, watches = self.limits.viewers_per_room, self.limits.watches_per_room
        return Room(id, scenario, cluster, self._drawing, self.pacer.wake, self._clock, viewers, pace, watches, self)

    def _add(self, room: Room) -> Room:
        with self._lock:
            self._rooms[room.id] = room
            evicted = list(self._make_space())
        self._put_away(evicted)
        return room

    def _make_bytes(self, room: Room) -> None:
        """Take out rooms that nobody watches, as long as all together hold too much. Raises ServiceUnavailable."""
        with self._lock:
            held = sum(each.cluster.taken_bytes for each in self._rooms.values())
            idle = [each for each in self._rooms.values() if each is not room and not each.is_watched]
            evicted: list[Room] = []
            while held > limits.SERVER_BYTES and idle:
                evicted.append(self._rooms.pop(idle.pop(0).id))
                held -= evicted[-1].cluster.taken_bytes
        self._put_away(evicted)
        if held > limits.SERVER_BYTES:
            most = limits.SERVER_BYTES // limits.MIB
            raise errors.ServiceUnavailable(f"the rooms of this server hold its limit of {most} MiB: reset some first")

    def _put_away(self, evicted: Iterable[Room]) -> None:
        for other in evicted:
            self.pacer.forget(other)
            self._save_if_it_can(other)
            self.checkpoints.end(other)

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
        kept = self._storage.checkpoints(id)
        found = replayed(stored, kept, partial(self._storage.checkpoint, id))
        room = self._room(id, scenario, found.cluster or self._beginnings.of(scenario), Pace(**stored.pace))
        room.journaled = len(stored.journal) if found.is_final else None
        room.retold = stored.retold
        if found.revived is not None and found.stopped is None:
            self._take_over(room, found, stored)
            return self._add(room)
        for number, entry in enumerate(found.journal):
            if entry.left_out and (entry.left_out == KILLED or entry != stored.journal[number]):
                self._store(room, partial(self._storage.begin, id, number, entry))
        if found.stopped is not None:
            room.stop(found.stopped)
            self.save(room)
        else:
            room.script = Progress.from_json(scenario, room.cluster, stored.script)
            self.checkpoints.begin(room, kept[-1].step if kept else 0)
        return self._add(room)

    def _take_over(self, room: Room, found: Replayed, stored: Stored) -> None:
        """From another version of us: what it told is not to be told again."""
        room.journaled, room.retold = found.revived, room.cluster.trace.count
        room.script = Progress.from_json(room.scenario, room.cluster, stored.script)
        self.save(room)
        self.checkpoints.begin(room, room.retold)
        self.checkpoints.write_now(room)
        self._store(room, lambda: self._storage.retell(room.id, room.retold))
