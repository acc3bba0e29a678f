"""Long work in slices, so that nothing holds the process: whoever has used a slice up pauses, and others go on.

What takes a few slices just pauses. What takes more does so one after another with all that take more: however many
they are, whoever has little to do waits for one slice of theirs and not for all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import repeat
from typing import TypeVar

from app.api import breath
from app.rooms import guard

T = TypeVar("T")

SLICE_S = 0.004
BREATH_S = 0.001  # after a slice
FEW = 10  # slices
STRIDE = 32  # steps of a cluster in a piece

_queue: AbstractContextManager[object] = nullcontext()
_since = 0.0  # when the slice began that goes on now


def begin() -> None:
    """From now on whoever breathes in long work pauses. Called once gevent has made locks its own."""
    global _queue
    _queue = threading.Lock()
    breath.breathe_by(pause)


def pause() -> None:
    """If this slice is used up."""
    if time.monotonic() - _since > SLICE_S:
        if guard.count_pause() <= FEW:
            _sleep()
        else:
            with _queue:
                _sleep()


def rest() -> None:
    """The same for the Pacer, who works for all rooms and never queues."""
    if time.monotonic() - _since > SLICE_S:
        _sleep()


def sliced(pieces: Iterable[T]) -> Iterator[T]:
    """Long work in small pieces, each of which may compute as long as any."""
    for piece in pieces:
        yield piece
        guard.renew()
        pause()


def slices() -> Iterator[None]:
    """Endless; for work that knows itself when it is done."""
    return sliced(repeat(None))


def _sleep() -> None:
    global _since
    time.sleep(BREATH_S)
    _since = time.monotonic()
