"""How far time went since somebody last did something is written down too, soon after: one thread, all rooms together.

A Room says each time that it has moved. While none does, the thread waits without a timeout.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.rooms.room import Room

INTERVAL_S = 0.5  # so much of a room's time a killed server may lose, and nothing that anybody did

log = logging.getLogger(__name__)


class Autosave:
    def __init__(self, write: Callable[[Iterable[Room]], None]) -> None:
        self._write = write
        self._rooms: set[Room] = set()
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def moved(self, room: Room) -> None:
        """Starts the thread when it is first needed."""
        with self._lock:
            self._rooms.add(room)
            if self._stopped or self._woken.is_set():
                return
            self._woken.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="autosave", daemon=True)
                self._thread.start()

    def write(self) -> None:
        with self._lock:
            moved, self._rooms = self._rooms, set()
            self._woken.clear()
        try:
            self._write(moved)
        except Exception:  # it is tried again when they have moved on
            log.exception("how far rooms have come is not written down")

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._woken.set()

    def _run(self) -> None:
        while True:
            self._woken.wait()
            if self._stopped:
                return
            time.sleep(INTERVAL_S)
            if not self._stopped:  # or who stopped it has written all
                self.write()
