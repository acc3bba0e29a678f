"""What the time since two rooms parted has cost in one of them: requests that were lost, how long something wanted was
missing, what was written. Pure, from the steps since then; called by `beside`, for each of the two.

Writes are those that the list of changes shows: of objects that the API server keeps, without Events, heartbeats and
what only machines know. The second of traffic in which they parted counts whole, on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.api import errors
from app.api.breath import breathing
from app.api.losses import FAILURES
from app.api.objects import Obj, Ref
from app.commands import YOU
from app.engine.trace import Step, changes_of, is_visible
from app.look import Look
from app.web.present.moments import is_listed
from app.web.present.supply import Supply


class Moment(NamedTuple):
    step: int
    at_ms: int


class Outage(NamedTuple):
    """From when something wanted was missing until all of it was ready; None: not yet."""

    since: Moment
    until: Moment | None


@dataclass(slots=True)
class Tolls:
    """Of the steps after the parting, up to the newest."""

    at_ms: int = 0  # now
    is_whole: bool = True  # all of those steps are still known
    sent: int = 0
    failed: Counter[str] = field(default_factory=Counter)  # by what clients saw
    first_lost: Moment | None = None
    outages: list[Outage] = field(default_factory=list)
    by_loops: int = 0
    by_people: int = 0
    steps: int = 0  # that people follow
    touched: dict[Ref, Moment] = field(default_factory=dict)  # when each object was written last

    @property
    def lost(self) -> int:
        return self.failed.total()

    @property
    def losses(self) -> list[tuple[str, int]]:
        return [(reason, self.failed[reason]) for reason in FAILURES if self.failed[reason]]

    @property
    def missing_ms(self) -> int:
        return sum((each.until.at_ms if each.until else self.at_ms) - each.since.at_ms for each in self.outages)

    @property
    def is_missing(self) -> bool:
        return bool(self.outages) and self.outages[-1].until is None


def of(look: Look, step: int, at_ms: int) -> Tolls:
    """They parted after that step, at that time."""
    tolls = Tolls(at_ms=max(look.now_ms, at_ms))
    since = look.trace.since(step)
    tolls.is_whole = look.trace.first <= step + 1
    supply = Supply(_begun(look, step).values())
    now = Moment(step, at_ms)
    if supply.is_short:
        tolls.outages.append(Outage(now, None))
    for each in breathing(since):
        now = Moment(each.number, each.at_ms)
        tolls.steps += is_visible(each)
        if changes_of(each):
            _count(tolls, look, each, now)
            supply.follow(each)
            _follow(tolls, supply, now)
    tolls.outages = [each for each in tolls.outages if each.until is None or each.until.at_ms > each.since.at_ms]
    return tolls


def _begun(look: Look, step: int) -> Mapping[Ref, Obj]:
    """Every object as they parted, or as long ago as is known."""
    found = look.trace.get(step)
    try:
        return look.as_of(found.revision if found is not None else look.known_from)
    except errors.Gone:
        return look.as_of(look.known_from)


def _count(tolls: Tolls, look: Look, step: Step, now: Moment) -> None:
    written = 0
    for change in changes_of(step):
        if change.ref.kind == "Load":
            _serve(tolls, _total(change.old), _total(change.new), now)
        if is_listed(look, change.ref):
            tolls.touched[change.ref] = now
            written += not step.background
    if step.actor == YOU:
        tolls.by_people += written
    else:
        tolls.by_loops += written


def _serve(tolls: Tolls, before: Mapping[str, Any], total: Mapping[str, Any], now: Moment) -> None:
    """What the request generator counted since it wrote this before."""
    if not total or total == before:
        return
    if before.get("fromMs") != total["fromMs"]:
        before = {}
    tolls.sent += total["sent"] - before.get("sent", 0)
    past = before.get("failed") or {}
    lost = Counter({reason: n - past.get(reason, 0) for reason, n in total["failed"].items()})
    tolls.failed.update(lost)
    if lost.total() and tolls.first_lost is None:
        tolls.first_lost = now


def _total(load: Obj | None) -> Mapping[str, Any]:
    return ((load or {}).get("status") or {}).get("total") or {}


def _follow(tolls: Tolls, supply: Supply, now: Moment) -> None:
    if supply.is_short and not tolls.is_missing:
        tolls.outages.append(Outage(now, None))
    elif tolls.is_missing and not supply.is_short:
        tolls.outages[-1] = Outage(tolls.outages[-1].since, now)
