"""Clients that write through the routers of a cluster, all the time. Pure; called by servers.py.

Counted are writes that are tried, acknowledged, failed (and why), and of those acknowledged how many are lost. A write
that a primary cannot acknowledge yet waits, as its client does; only so many may wait. Lost is what nobody holds who
could go on: it is counted anew each time, by comparing logs, and is no number that somebody keeps.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from app.operators.mysql import group, views
from app.operators.mysql.members import Member
from app.operators.mysql.views import Log

NO_ROUTER, NO_PRIMARY, NO_MAJORITY, UNANSWERED = "NoRouter", "NoPrimary", "NoMajority", "Unanswered"
CONFLICT = "Conflict"
FAILURES = (NO_ROUTER, NO_PRIMARY, NO_MAJORITY, UNANSWERED, CONFLICT)
ROWS, LAG_MS = 100, 50  # where all write: rows that clients change, and how late a writer knows of what others wrote
REFRESH_MS = 500  # until a router knows of another primary
CONNECTIONS = 50  # clients that may wait

Router = tuple[str, int, int | None]  # its machine, from when on it serves, and until when


class Writes(NamedTuple):
    per_second: int = 0
    started_ms: int = 0
    until_ms: int = 0
    attempted: int = 0
    acknowledged: int = 0
    failed: tuple[tuple[str, int], ...] = ()
    waiting: int = 0
    lost: int = 0
    logs: tuple[Log, ...] = ()  # what was acknowledged, the newest last; more than one if a log did not go on
    primary: str = ""  # that the routers send to, or will
    known_ms: int = 0  # from then on they do
    last_ms: int = 0  # of the newest acknowledgement


def attempt(
    writes: Writes, to_ms: int, primary: Member | None, routers: Sequence[Router], machines: Mapping[str, str],
    reach: Callable[[str, str], bool],
) -> tuple[Writes, int]:  # fmt: skip
    """What clients try up to `to_ms`, while all is as it is; and how many writes come to the primary."""
    writes = _routed(writes, primary)
    tried = _tried(writes, to_ms) - _tried(writes, writes.until_ms)
    why = _obstacle(writes, primary, routers, machines, reach)
    writes = writes._replace(attempted=writes.attempted + tried, until_ms=to_ms)
    if why:
        return failing(writes, why, tried), 0
    room = max(0, CONNECTIONS - writes.waiting) if _waits(primary, reach, machines) else tried
    taken = min(tried, room)
    writes = failing(writes, NO_MAJORITY, tried - taken)
    return writes._replace(waiting=writes.waiting + taken), taken


def certified(writes: Writes, orders: Member, count: int) -> tuple[Writes, Member, int]:
    """Where all write: which of so many transactions, written by different members, may go on; the others fail. Each
    knows of no entry of the last moments but its own."""
    before, behind, taken = views.length(orders.log), writes.per_second * LAG_MS // 1000, 0
    for number in range(count):
        row = f"row {zlib.crc32(f'{writes.attempted} {number}'.encode()) % ROWS}"
        knows = before + max(0, taken - behind)
        orders, fits = group.certify(orders, row, knows, before + taken + 1)
        taken += fits
    refused = count - taken
    return failing(writes, CONFLICT, refused)._replace(waiting=writes.waiting - refused), orders, taken


def marks(writes: Writes, routers: Sequence[Router]) -> Iterable[int]:
    """Moments at which what clients can do changes by itself."""
    if writes.per_second:
        yield writes.known_ms
        for _machine, from_ms, until_ms in routers:
            yield from (from_ms, *(() if until_ms is None else (until_ms,)))


def acknowledge(writes: Writes, primary: Member, now_ms: int) -> Writes:
    """What it has committed it answers to those who wait for it."""
    if not (writes.per_second or writes.attempted):
        return writes
    log, before = views.head(primary.log, primary.committed), writes.logs[-1] if writes.logs else ()
    come = views.length(log) - views.common(log, before)
    if not come:
        return writes
    answered = min(come, writes.waiting) if primary.me.name == writes.primary else 0
    logs = (*(writes.logs[:-1] if views.begins_with(log, before) else writes.logs), log)
    return writes._replace(
        logs=logs, waiting=writes.waiting - answered, acknowledged=writes.acknowledged + answered, last_ms=now_ms
    )


def without_answer(writes: Writes, name: str) -> Writes:
    """Who waited for that server is never answered: it is no more, or primary no more."""
    if name != writes.primary or not writes.waiting:
        return writes
    return failing(writes, UNANSWERED, writes.waiting)._replace(waiting=0)


def failing(writes: Writes, why: str, count: int) -> Writes:
    if not count:
        return writes
    failed = dict(writes.failed)
    failed[why] = failed.get(why, 0) + count
    return writes._replace(failed=tuple((each, failed[each]) for each in FAILURES if each in failed))


def counted(writes: Writes, primary: Member | None, logs: Iterable[Log]) -> Writes:
    """With what is lost, of all that was acknowledged: the primary's log decides, or the newest that is left."""
    log = primary.log if primary is not None else views.newest([(), *logs])
    lost = (
        views.length(each) - max(views.common(each, other) for other in (log, *writes.logs[:at]))
        for at, each in enumerate(writes.logs)
    )
    return writes._replace(lost=sum(lost))


def _routed(writes: Writes, primary: Member | None) -> Writes:
    """Whom the routers send to."""
    if primary is None or primary.me.name == writes.primary:
        return writes
    writes = without_answer(writes, writes.primary)
    return writes._replace(primary=primary.me.name, known_ms=writes.until_ms + REFRESH_MS)


def _tried(writes: Writes, at_ms: int) -> int:
    return max(0, at_ms - writes.started_ms) * writes.per_second // 1000


def _obstacle(
    writes: Writes, primary: Member | None, routers: Sequence[Router], machines: Mapping[str, str],
    reach: Callable[[str, str], bool],
) -> str:  # fmt: skip
    at_ms = writes.until_ms
    serving = [
        each for each, from_ms, until_ms in routers if from_ms <= at_ms and (until_ms is None or at_ms < until_ms)
    ]
    serving = [each for each in serving if reach(each, "")]
    if not serving:
        return NO_ROUTER
    if primary is None or at_ms < writes.known_ms:
        return NO_PRIMARY
    there = machines.get(primary.me.name, "")
    return "" if any(reach(each, there) for each in serving) else NO_PRIMARY


def _waits(primary: Member | None, reach: Callable[[str, str], bool], machines: Mapping[str, str]) -> bool:
    """Whether it will have to wait for a majority."""
    if primary is None or primary.view is None:
        return True
    reached = [name for name in primary.view.voters if name not in primary.silent]
    return not views.is_majority(reached, primary.view.voters)
