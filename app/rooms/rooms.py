"""The registry of rooms: create, find, evict to storage, restore by replay. The web layer has exactly one.

A room is its seed, its scenario and its journal, with checkpoints so that it needs not be replayed from the beginning.
A command is written down before it is performed, and how it ended after it. A room that nobody watches gives up its
memory when others need it, and comes back by replaying its journal when asked for; so does one in which a command
failed, without that. Few do so at once: when all are asked for, the first are back soon, and the last no later.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

from app import scenarios
from app.api import errors, limits
from app.api.messages import N_, message
from app.cluster import Cluster, Entry
from app.commands import Command
from app.engine.trace import Step
from app.rooms import health, memory, slicing
from app.rooms.access import Access, LastClosed
from app.rooms.autosave import Autosave
from app.rooms.beginnings import Beginnings, pace_of
from app.rooms.budget import Limits
from app.rooms.checkpoints import Checkpoints
from app.rooms.database import Apart, at_once
from app.rooms.drawing import Drawing
from app.rooms.frames import Pace
from app.rooms.hindsight import Hindsight
from app.rooms.loading import DAMAGED, behind, forget, load, stored_of
from app.rooms.pacer import TIDY_S, Pacer
from app.rooms.playing import Pressed
from app.rooms.replaying import Replayed, is_final, replayed, written_reason
from app.rooms.room import Room
from app.rooms.shares import ALL, Share, opened_by
from app.rooms.storage import KILLED, Damaged, Elsewhere, Kept, Storage, Stored
from app.scenarios.progress import Progress

PUT_AWAY = N_("This room was put away just now. Open it again.")
T = TypeVar("T")
COMING_BACK = 4  # rooms at once
log = logging.getLogger(__name__)


class Rooms:
    def __init__(
        self,
        drawing: Drawing,
        data_dir: Path | str | None = None,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits | None = None,
        apart: Apart = at_once,
        share: Share = ALL,
    ) -> None:
        self.limits = limits or Limits()
        self._share = share
        slicing.begin()
        self.pacer = Pacer(clock, self._tidy)
        self._drawing = drawing
        self._clock = clock
        self._storage = Storage(data_dir, apart, share.number)
        self._autosave = Autosave(self._write_progress)
        self._beginnings = Beginnings(clock)
        self.checkpoints = Checkpoints(self._storage, self.pacer.wake, self._autosave.moved)
        self._left = False
        self._rooms: OrderedDict[str, Room] = OrderedDict()  # the one asked for longest ago first
        self._closed, self._steps = LastClosed(), 0
        self._counted: WeakKeyDictionary[Room, int] = WeakKeyDictionary()  # of each, how many of them are counted
        self._asked_at: WeakKeyDictionary[Room, float] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._restoring: dict[str, threading.Lock] = {}
        self._coming_back, self.hindsight = threading.Semaphore(COMING_BACK), Hindsight(self._storage)

    def __len__(self) -> int:
        return len(self._rooms)

    # ------------------------------------------------------------------------------------------ finding

    def create(self, scenario_id: str = scenarios.DEFAULT, cluster: Cluster | None = None) -> Room:
        """A new room with that lesson, or with a cluster that has come further. Raises NotFound, or ServiceUnavailable
        when every room is being watched."""
        scenario = scenarios.get(scenario_id)
        cluster = cluster or self._beginnings.of(scenario)
        room = self._room(self._share.new_name(), scenario, cluster, pace_of(scenario))
        room.access = Access.new()
        self._add(room)
        self.save(room)
        self.checkpoints.begin(room, 0)
        self._prune()
        log.info("room created", extra={"room": room.id, "lesson": scenario.id, "in_memory": len(self)})
        return room

    def get(self, key: str) -> Room:
        """The room of that name or viewer key, restored if it was evicted. Raises NotFound, as of one of another
        worker, or Closed."""
        if not self._share.has(key):
            raise errors.NotFound(f'room "{key}" not found')
        self._closed.check(key)
        id = behind(key, list(self._rooms), self._storage)
        with self._lock:
            if (room := self._rooms.get(id)) is not None:
                self._rooms.move_to_end(id)
                self._asked_at[room] = self._clock()
                return room
            restoring = self._restoring.setdefault(id, threading.Lock())
        try:
            with restoring, self._coming_back:
                return self._rooms.get(id) or self._restore(id)
        finally:
            with self._lock:
                self._restoring.pop(id, None)

    def held(self, key: str) -> Room | None:
        return self._rooms.get(opened_by(key, list(self._rooms)) or "")

    def health(self) -> health.Health:
        return health.of(list(self._rooms.values()), self._storage, self.checkpoints, self._steps)

    # ------------------------------------------------------------------------------------------ doing

    def submit(self, room: Room, command: Command) -> Step:
        """`room.submit`. Raises Broken, or NotDone for a command that failed."""
        self.make_bytes(room)
        return room.submit(command)

    def press(self, room: Room, index: int, chosen: str = "") -> Pressed:
        """`room.press`. Raises Broken, or NotDone for a command that failed."""
        return room.press(index, chosen)

    def reset(self, room: Room, scenario_id: str | None = None) -> None:
        """The room begins its lesson anew, or another one. Raises NotFound."""
        scenario = scenarios.get(scenario_id) if scenario_id else room.scenario
        old, cluster = room.cluster, self._beginnings.of(scenario)
        with room.lock:
            self._closed.check(room.id)
            room.restart(scenario, cluster)
            self._counted[room] = cluster.trace.count
            with self.checkpoints.lock:
                self.save(room)
            self.checkpoints.begin(room, 0)
        memory.let_go(old)
        self.hindsight.forget(room)

    def close_room(self, room: Room) -> None:
        """It is gone, with all that was kept of it. Whoever is there is told. Raises ServiceUnavailable."""
        with room.lock, self.checkpoints.lock:
            forget(self._storage, room.id)
            self._closed.add(room.id)
            self._take_out(room)
            room.close()
        log.info("room closed", extra={"room": room.id})
        self.checkpoints.end(room)
        memory.let_go(room.cluster)
        self.hindsight.forget(room)

    def save(self, room: Room) -> None:
        """Write down how far the room has come. Of one that has stopped where, and why; the rest stays as it is."""
        with room.lock:
            if room.broken is not None:
                why = written_reason(room.broken) if is_final(room.broken) else ""
                if room.journaled is not None:
                    self._store(room, lambda: self._storage.stop(stored_of(room)._replace(stopped=why)))
                return
            room.script.follow(room.cluster)
            stored = stored_of(room)
            if self._store(room, lambda: self._storage.save(stored, room.journaled or 0, time.time())):
                room.journaled = len(stored.journal)
                self.checkpoints.look(room)

    def begun(self, room: Room, entry: Entry) -> None:
        self._store(room, lambda: self._storage.begin(room.id, len(room.cluster.journal), entry))

    def moved(self, room: Room) -> None:
        steps = room.cluster.trace.count
        self._steps += max(0, steps - self._counted.get(room, steps))
        self._counted[room] = steps
        is_written = room.journaled == len(room.journal)
        if is_written:
            self.checkpoints.look(room)
        if self._storage.outlives or not is_written:
            self._autosave.moved(room)

    def stopped(self, room: Room) -> None:
        log.error("room stopped", extra={"room": room.id, "why": str(room.broken.text) if room.broken else ""})
        self.save(room)
        room.let_go()

    def failed(self, room: Room, entry: Entry) -> None:
        """The next who asks for the room gets it as it was before that command."""
        self.begun(room, entry)
        if not room.is_stored:
            return  # there is nothing to bring it back from
        self._let_go(room)

    def _let_go(self, room: Room) -> None:
        self._take_out(room)
        room.dismiss()

    def _take_out(self, room: Room) -> None:
        with self._lock:
            if self._rooms.get(room.id) is room:
                del self._rooms[room.id]
        self.pacer.forget(room)

    def dismiss(self) -> None:
        """Let every viewer go: the process is about to end."""
        for room in list(self._rooms.values()):
            room.dismiss()

    def leave(self) -> None:
        """Stop every room and write everything down: the process is about to end. What is answered until then is
        written down too. Once is enough."""
        if self._left:
            return
        self._left = True
        self.pacer.stop()
        self._autosave.stop()
        self.dismiss()
        if self._storage.is_lost:
            self._begin_another_file()
        for room in list(self._rooms.values()):
            with room.lock:
                self._save_if_it_can(room)
        self.checkpoints.close([*self._rooms.values()])
        self._storage.flush()

    def close(self) -> None:
        self.leave()
        self._storage.close()

    # ----------------------------------------------------------------------------------------- writing

    def _write_progress(self, rooms: Iterable[Room]) -> None:
        """What could not be written down before is tried again, until one more fails."""
        if self._storage.is_lost:
            self._begin_another_file()
        works = True
        for room in rooms:
            if not (room.is_stored or works) or not room.lock.acquire(blocking=False):
                self._autosave.moved(room)
                continue
            try:
                if self._rooms.get(room.id) is room and room.broken is None:
                    self._save_if_it_can(room)
                    works &= room.is_stored
            finally:
                room.lock.release()
        for id in self._storage.flush():
            if (pruned := self._rooms.get(id)) is not None:
                self._save_whole(pruned)
        while self._storage.taken:
            if (lost := self._rooms.get(self._storage.taken.pop())) is not None:
                self._let_go(lost)

    def _begin_another_file(self) -> None:
        """With all that is in memory, and what can be read of the one before."""
        log.error("the file with the rooms is damaged or gone, and another is begun")
        self._storage.begin_another_file()
        for room in list(self._rooms.values()):
            self._save_whole(room)

    def _save_whole(self, room: Room) -> None:
        """What was stored of it is gone, or may be."""
        with room.lock:
            if room.journaled is not None:
                room.journaled = 0
                self.checkpoints.begin(room, 0)
            self._save_if_it_can(room)

    def _prune(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # the next does it
            self._storage.prune(self.limits.rooms_stored, list(self._rooms))

    def _save_if_it_can(self, room: Room) -> None:
        """What is wrong with one room keeps no other from being written down, and no visitor from entering."""
        try:
            if room.is_stored and room.broken is None and room.journaled == len(room.journal):
                room.script.follow(room.cluster)
                self._storage.came(stored_of(room), time.time())
            else:
                self.save(room)
        except Exception:
            log.exception("room is not written down as far as it came", extra={"room": room.id})

    def _store(self, room: Room, write: Callable[[], None]) -> bool:
        """A disk that is full, say, stops nobody: the room goes on in memory, and says so."""
        was_stored = room.is_stored
        try:
            write()
        except Elsewhere:
            self._let_go(room)
            raise
        except sqlite3.Error as error:
            room.is_stored = False
            self._autosave.moved(room)
            if was_stored:
                log.error("room goes on in memory", extra={"room": room.id, "why": str(error)})
        else:
            room.is_stored = True
            if not was_stored:
                log.warning("room is written down again", extra={"room": room.id})
        return room.is_stored

    # ------------------------------------------------------------------------------------------ memory

    def _room(self, id: str, scenario: scenarios.Scenario, cluster: Cluster, pace: Pace) -> Room:
        viewers, watches = self.limits.viewers_per_room, self.limits.watches_per_room
        return Room(id, scenario, cluster, self._drawing, self.pacer.wake, self._clock, viewers, pace, watches, self)

    def _add(self, room: Room) -> Room:
        with self._lock:
            self._rooms[room.id] = room
            self._asked_at[room] = self._clock()
            self._counted[room] = room.cluster.trace.count
            evicted = list(self._make_space())
        self._put_away(evicted)
        return room

    def make_bytes(self, room: Room | None = None) -> None:
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

    def _put_away(self, evicted: Sequence[Room]) -> None:
        for other in evicted:
            self.pacer.forget(other)
            self._save_if_it_can(other)
            self.checkpoints.end(other)
            log.info("room put away", extra={"room": other.id})
        self._storage.flush()
        for other in evicted:
            other.stop(message(PUT_AWAY))  # for whoever still has it in hand
            memory.let_go(other.cluster)
            self.hindsight.forget(other)

    def _tidy(self, *, at_rest: bool) -> None:
        """Those that nobody has asked for in a while leave, if they were written down."""
        with self._lock:
            left = [self._rooms.pop(room.id) for room in self._unasked(limits.ROOM_IDLE_S) if room.is_stored]
        self._put_away(left)
        if at_rest:
            memory.collect(is_alone=len(self._unasked(TIDY_S)) == len(self._rooms))

    def _unasked(self, seconds: float) -> list[Room]:
        """Rooms that nobody watches, nor has asked for in that time."""
        since = self._clock() - seconds
        return [room for room in list(self._rooms.values()) if not room.is_watched and self._asked_at[room] <= since]

    def _make_space(self) -> Iterator[Room]:
        """Take out rooms that nobody watches: all of them that nobody has asked for in a while, and as many as it takes
        of the others, those asked for longest ago first."""
        excess = len(self._rooms) - self.limits.rooms_in_memory
        idle = [room for room in list(self._rooms.values())[:-1] if not room.is_watched]
        excess = max(excess, len(self._unasked(limits.ROOM_IDLE_S)))
        if len(idle) < excess:
            self._rooms.popitem()
            raise errors.ServiceUnavailable(
                f"all {self.limits.rooms_in_memory} rooms of this server are being watched: try again later"
            )
        for room in idle[:excess]:
            yield self._rooms.pop(room.id)

    def _restore(self, id: str) -> Room:
        try:
            stored, kept = load(self._storage, id, is_taken=True)
            scenario = scenarios.get(stored.scenario if scenarios.has(stored.scenario) else scenarios.DEFAULT)
            found = replayed(stored, kept, partial(self._storage.checkpoint, id))
            room = self._room(id, scenario, found.cluster or self._beginnings.of(scenario), Pace(**stored.pace))
            room.retold, room.access = stored.retold, stored.access
            if found.stopped is None:
                room.script = Progress.from_json(scenario, room.cluster, stored.script)
        except (Damaged, TypeError, ValueError, AttributeError, errors.BadRequest):
            log.exception("room is damaged", extra={"room": id})
            return self._add(self._damaged(id))
        room.journaled = len(stored.journal) if found.is_final else None
        if found.revived is not None and found.stopped is None:
            self._take_over(room, found)
        else:
            self._go_on(room, found, stored, kept)
        log.info("room restored", extra={"room": id, "steps": stored.steps, "commands": len(stored.journal)})
        return self._add(room)

    def _go_on(self, room: Room, found: Replayed, stored: Stored, kept: Sequence[Kept]) -> None:
        """What is left out now is written down, and why it goes no further, if so."""
        for number, entry in enumerate(found.journal):
            if entry.left_out and (entry.left_out == KILLED or entry != stored.journal[number]):
                self._store(room, partial(self._storage.begin, room.id, number, entry))
        if found.stopped is not None:
            room.stop(found.stopped)
            self.save(room)
        else:
            self.checkpoints.begin(room, kept[-1].step if kept else 0)

    def _take_over(self, room: Room, found: Replayed) -> None:
        """From another version of us: what it told is not to be told again."""
        room.journaled = found.revived
        self.save(room)
        self.checkpoints.begin(room, room.cluster.trace.count)
        self.checkpoints.write_now(room)
        room.retold = room.cluster.trace.count
        self._store(room, lambda: self._storage.retell(stored_of(room)))

    def _damaged(self, id: str) -> Room:
        """In its place one that says so and goes no further; nothing is written until it is reset."""
        scenario = scenarios.get(scenarios.DEFAULT)
        room = self._room(id, scenario, self._beginnings.of(scenario), pace_of(scenario))
        room.journaled = None
        room.stop(message(DAMAGED))
        return room
