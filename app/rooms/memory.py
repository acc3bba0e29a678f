"""Memory that was freed goes back to the machine. Called after a large cluster was let go.

The C library keeps what it was given, in pieces between others that are in use, and asks for more: without this nine
resets of a large room keep gigabytes.
"""

from __future__ import annotations

import contextlib
import ctypes

from app.api import limits

WORTH_IT = 4 * limits.MIB  # of objects: what is less is used again soon


def give_back(freed_bytes: int) -> None:
    """Where the C library can (glibc); a few milliseconds."""
    if freed_bytes >= WORTH_IT:
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
