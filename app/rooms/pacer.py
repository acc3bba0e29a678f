"""The Pacer: one thread that gives every room its turns, earliest first, and sleeps in between.

A room is here only while it has something to do: it is woken by a command or a viewer, says after each turn when it
wants the next one, and is forgotten when it says None. With nobody watching, the thread waits without a timeout.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from app.rooms import slicing

log = logging.getLogger(__name__)
TIDY_S = 60.0  # of all rooms, between two looks for what is left over


class Moves(Protocol):
    def turn(self, now: float) -> float | None: ...


class Pacer:
    def __init__(self, clock: Callable[[], float] = time.monotonic, tidy: Callable[[], None] = lambda: None) -> None:
        """`tidy` is called now and then, when no room has anything to do."""
        self._clock = clock
        self._tidy = tidy
        self._due: dict[Moves, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._tidied_at = clock()

    def wake(self, room: Moves) -> None:
        """Give `room` a turn as soon as possible. Starts the thread when it is first needed."""
        with self._changed:
            if self._stopped:
                return
            self._due[room] = 0.0
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)
                self._thread.start()

    def forget(self, room: Moves) -> None:
        with self._changed:
            self._due.pop(room, None)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while (room := self._next()) is not None:
            try:
                again = room.turn(self._clock())
            except Exception:  # not even its boundary held: it gets no more turns, and the others do
                log.exception("a room's turn failed")
                again = None
            if again is not None:
                with self._changed:
                    # A wake that came during the turn stays.
                    self._due[room] = min(again, self._due.get(room, again))
            slicing.rest()

    def _next(self) -> Moves | None:
        """The room whose turn it is, waited for; None when the pacer was stopped."""
        with self._changed:
            while not self._stopped:
                room = min(self._due, key=self._due.__getitem__, default=None)
                delay = None if room is None else self._due[room] - self._clock()
                if room is not None and delay is not None and delay <= 0:
                    del self._due[room]
                    return room
                if room is None and self._clock() >= self._tidied_at + TIDY_S:
                    self._tidied_at = self._clock()
                    self._tidy()
                self._changed.wait(delay)
        return None
