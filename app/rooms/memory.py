"""Memory that is not needed any more is found, and goes back to the machine.

The C library keeps what it was given, in pieces between others that are in use, and asks for more: without `let_go`
nine resets of a large room keep gigabytes. Python's collector looks at everything there is, in one go, and only for
things that know each other in a circle: a room that is put away or reset does without it (`Cluster.forget`).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

from app.api import limits
from app.cluster import Cluster
from app.rooms.slicing import sliced

QUICK = 1_000_000  # blocks of memory, which the collector has looked at before anybody notices
WORTH_IT = 4 * limits.MIB  # of objects: what is less is used again soon


def let_go(cluster: Cluster) -> None:
    """Nobody asks it any more."""
    freed = cluster.taken_bytes
    for _ in sliced(cluster.forget()):
        pass
    _give_back(freed)


def _give_back(freed_bytes: int) -> None:
    """Where the C library can (glibc); a few milliseconds."""
    if freed_bytes >= WORTH_IT:
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


def collect(*, is_alone: bool) -> None:
    """Look for what is left over, if that is quick, or else if nobody is there who would wait for it."""
    if is_alone or sys.getallocatedblocks() < QUICK:
        gc.collect()
