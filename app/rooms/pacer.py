"""The Pacer: one thread that gives every room its turns, earliest first, and sleeps in between.

A room is here only while it has something to do: it is woken by a command or a viewer, says after each turn when it
wants the next one, and is forgotten when it says None. With nobody watching, the thread wakes once a minute, to tidy.
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


class Tidy(Protocol):
    def __call__(self, *, at_rest: bool) -> None:
        """`at_rest`: no room has anything to do."""


def nothing(*, at_rest: bool) -> None: ...


class Moves(Protocol):
    def turn(self, now: float) -> float | None: ...


class Pacer:
    def __init__(self, clock: Callable[[], float] = time.monotonic, tidy: Tidy = nothing) -> None:
        """`tidy` is called once a minute, between two turns."""
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
        while not self._stopped:
            if (room := self._next()) is not None:
                self._turn(room)
            elif not self._stopped:
                self._tidy_up()

    def _turn(self, room: Moves) -> None:
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

    def _tidy_up(self) -> None:
        self._tidied_at = self._clock()
        try:
            self._tidy(at_rest=not self._due)
        except Exception:
            log.exception("the rooms could not be tidied")

    def _next(self) -> Moves | None:
        """The room whose turn it is, waited for; None when it is time to tidy, or the pacer was stopped."""
        with self._changed:
            while not self._stopped:
                now = self._clock()
                if (until_tidy := self._tidied_at + TIDY_S - now) <= 0:
                    return None
                room = min(self._due, key=self._due.__getitem__, default=None)
                until_turn = until_tidy if room is None else self._due[room] - now
                if room is not None and until_turn <= 0:
                    del self._due[room]
                    return room
                self._changed.wait(min(until_turn, until_tidy))
        return None
