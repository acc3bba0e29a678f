"""Where mistakes end. The one broad `except`: what is ours, and what does not come back, costs one command, one answer
or one room, and never more.

A Room has one Boundary and does everything inside it. A command that fails is left out of the journal's replay, and the
room is brought back without it. What fails in between stops the room, with its reason; Reset is the way on. Who only
looks is answered, and nothing stops.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.api import errors, limits
from app.api.messages import N_, Message, message
from app.cluster import Cluster, Entry
from app.rooms import guard

TOOK_TOO_LONG = N_("A step of this room computed for more than %(n)s seconds, and was ended. Reset the room to go on.")
MISTAKE = N_("A mistake of Loopscope (%(error)s) has stopped this room. Reset it to go on.")
LEFT_OUT = N_("That was left out, for it failed by a mistake of Loopscope (%(error)s). The room is as it was.")
LEFT_OUT_SLOW = N_("That was left out, for it computed for more than %(n)s seconds. The room is as it was.")
_TIMEOUT = "Timeout: request did not complete within the allotted timeout"

log = logging.getLogger(__name__)


class Broken(errors.ServiceUnavailable):
    """The room has stopped. `why` for people, in their language."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why.text) % why.values)
        self.why = why


class NotDone(errors.ApiError):
    """A command did not happen, by our own mistake."""

    def __init__(self, why: Message, *, slow: bool) -> None:
        super().__init__(str(why.text) % why.values)
        self.why = why
        if slow:
            self.code, self.reason = errors.Timeout.code, errors.Timeout.reason


class Boundary:
    """`failed`: a command was begun and has failed, and says why in `left_out`. `stopped`: the room goes no further."""

    def __init__(self, room_id: str, failed: Callable[[Entry], None], stopped: Callable[[], None]) -> None:
        self.broken: Message | None = None
        self._room_id = room_id
        self._failed = failed
        self._stopped = stopped

    def check(self) -> None:
        """Raises Broken."""
        if self.broken is not None:
            raise Broken(self.broken)

    @contextmanager
    def doing(self, cluster: Cluster) -> Iterator[None]:
        """Around what moves the room. Raises Broken, or NotDone for a command that failed."""
        self.check()
        try:
            with guard.watched():
                yield
        except errors.ApiError:
            raise
        except guard.Overrun as overrun:
            raise self._fall(cluster, overrun) from None
        except Exception as mistake:
            raise self._fall(cluster, mistake) from mistake

    @contextmanager
    def turning(self, cluster: Cluster) -> Iterator[None]:
        """The same around what nobody asked for, so that nobody can be refused: raises nothing."""
        try:
            with self.doing(cluster):
                yield
        except Broken:
            return
        except errors.ApiError as refusal:
            self._break(message(MISTAKE, error=type(refusal).__name__))

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Around what changes nothing. Raises ApiError."""
        self.check()
        try:
            with guard.watched():
                yield
        except guard.Overrun:
            log.error("an answer computed for too long", extra={"room": self._room_id})
            raise errors.Timeout(_TIMEOUT) from None

    def _break(self, why: Message) -> None:
        self.broken = why
        self._stopped()

    def _fall(self, cluster: Cluster, mistake: BaseException) -> errors.ApiError:
        slow, error = isinstance(mistake, guard.Overrun), type(mistake).__name__
        log.error("room failed", extra={"room": self._room_id, "step": cluster.trace.count}, exc_info=mistake)
        entry = cluster.begun
        if entry is None:
            self._break(_slow(TOOK_TOO_LONG) if slow else message(MISTAKE, error=error))
            assert self.broken is not None
            return Broken(self.broken)
        why = _slow(LEFT_OUT_SLOW) if slow else message(LEFT_OUT, error=error)
        self.broken = why  # whoever still has this Room in hand; the next who asks for it gets another
        self._failed(entry._replace(left_out="slow" if slow else error))
        return NotDone(why, slow=slow)


def _slow(text: str) -> Message:
    return message(text, n=f"{limits.SLICE_CPU_S:g}")
