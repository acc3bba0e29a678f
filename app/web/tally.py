"""How much each visitor, room and address has left, in memory that worker processes share: made before they are.

A table of fixed size. A name has eight places that it may stand in; if all are taken the one that was heard of longest
ago is forgotten. A process that dies in between keeps nobody out.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import struct
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

NAMES = 32_768  # remembered visitors, rooms and addresses
WAYS = 8
_ROW = struct.Struct("=Qdd")  # of whom, how much, as of when
_SET = WAYS * _ROW.size


class Tally:
    def __init__(self, names: int = NAMES) -> None:
        self._sets = names // WAYS
        self._memory = mmap.mmap(-1, self._sets * _SET)
        self._lock = threading.Lock()  # among those in this process
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - among processes; the lock of one that dies is free
        weakref.finalize(self, self._file.close)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Around `get` and `put`; for no longer than it takes to reckon."""
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def get(self, name: str) -> tuple[float, float] | None:
        """What was put, and when; None if that is not known any more."""
        key, start = self._place(name)
        rows = _ROW.iter_unpack(self._memory[start : start + _SET])
        return next(((much, since) for each, much, since in rows if each == key), None)

    def put(self, name: str, much: float, now: float) -> None:
        key, start = self._place(name)
        rows = list(_ROW.iter_unpack(self._memory[start : start + _SET]))
        way = min(range(WAYS), key=lambda way: (rows[way][0] != key, rows[way][0] != 0, rows[way][2]))
        _ROW.pack_into(self._memory, start + way * _ROW.size, key, much, now)

    def clear(self) -> None:
        self._memory[:] = bytes(len(self._memory))

    def _place(self, name: str) -> tuple[int, int]:
        """Its key, which is never 0, and where its set begins."""
        digest = int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest())
        return digest | 1, (digest >> 1) % self._sets * _SET
