"""Loops that somebody is on call for: what is left to do by hand, since when, and how it went beside the controllers.

A sentence is the one that the loop itself would have been told with. The controllers' side is a copy of the same moment
(app/rooms/counterpart.py), counted by the same code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from app.api import times
from app.api.control_plane import CONTROL_PLANE
from app.engine.trace import Alert, Call
from app.look import Look
from app.rooms import Compared
from app.web.present import captions, workloads
from app.web.present.actions import describe
from app.web.present.clock import duration
from app.web.present.names import lane_of, role_title, short
from app.web.present.values import clip
from app.web.present.words import Words

SHOWN = 2
LONGEST_DEED = 60


class AlertView(NamedTuple):
    counted: str  # "web: 2 of 3"
    said: str
    since: int  # virtual time
    deed: str  # what the loop would do next
    command: Mapping[str, str]


class SideView(NamedTuple):
    """How the newest call went, with a person or without."""

    who: str
    time: str  # until all was quiet again; "" while it goes on
    since: int  # virtual time; of use while it goes on
    lost: str
    nights: str
    over: str = ""  # when the last difference was gone


class OnCallView(NamedTuple):
    loops: tuple[tuple[str, str], ...]  # actor, what people call it
    alerts: tuple[AlertView, ...]
    more: int
    at: str  # the time of day of the newest call; "" before the first
    is_night: bool
    sides: tuple[SideView, ...]
    call: int  # the step that the newest call began with


class Compares(Protocol):
    @property
    def compared(self) -> Compared | None: ...


def of(cluster: Look, counterpart: Compares, _: Words) -> OnCallView | None:
    """None where nobody is on call, or has been."""
    actors = sorted(((cluster.get(CONTROL_PLANE) or {}).get("spec") or {}).get("onCall") or ())
    if not actors and not cluster.calls:
        return None
    call = cluster.calls[-1] if cluster.calls else None
    return OnCallView(
        loops=tuple((actor, _title(actor, _)) for actor in actors),
        alerts=tuple(_alert(alert, cluster, _) for alert in cluster.alerts[:SHOWN]),
        more=max(0, len(cluster.alerts) - SHOWN),
        at=times.time_of_day(call.since_ms) if call else "",
        is_night=call is not None and times.night_of(call.since_ms) is not None,
        sides=_sides(cluster, call, counterpart.compared, _) if call else (),
        call=call.step if call else 0,
    )


def told(alert: Alert, _: Words) -> str:
    return captions.difference(alert.gap, lane_of(alert.actor), _)


def _alert(alert: Alert, cluster: Look, _: Words) -> AlertView:
    key = alert.key
    command = {"actor": alert.actor, "kind": key.kind, "namespace": key.namespace, "name": key.name}
    deed = clip(describe(alert.action, _), LONGEST_DEED)
    return AlertView(_counted(alert, cluster, _), told(alert, _), alert.since_ms - cluster.epoch_ms, deed, command)


def _counted(alert: Alert, cluster: Look, _: Words) -> str:
    """What is there, of what is wanted; "" where nothing is counted."""
    want, have = alert.gap.desired, alert.gap.observed
    obj = cluster.get(alert.gap.about)
    name = workloads.root_of(obj).name if obj else short(alert.gap.about)
    if type(want) is not int or type(have) is not int:
        return name
    return _("%(name)s: %(have)s of %(want)s", name=name, have=have, want=want)


def _title(actor: str, _: Words) -> str:
    title, machine = role_title(lane_of(actor), _), actor.partition("/")[2]
    return f"{title} ({machine})" if machine else title


def _sides(cluster: Look, call: Call, compared: Compared | None, _: Words) -> tuple[SideView, ...]:
    since = call.since_ms - cluster.epoch_ms
    nights = times.nights(each.since_ms for each in cluster.calls)
    ours = SideView(_("You"), _time(call), since, _lost(call, _), _nights(nights, _), _over(call, _))
    if compared is None or compared.step != call.step:
        return (ours,)
    theirs = compared.call
    if theirs is None:
        time = _("given up: not quiet yet") if compared.gave_up else "…"
        return (ours, SideView(_("The controllers"), time, since, "", ""))
    lost, slept = _lost(theirs, _), _nights(compared.nights, _)
    return (ours, SideView(_("The controllers"), _time(theirs), since, lost, slept, _over(theirs, _)))


def _time(call: Call) -> str:
    return duration(call.until_ms - call.since_ms) if call.until_ms else ""


def _over(call: Call, _: Words) -> str:
    return _("difference gone after %(time)s", time=duration(call.over_ms - call.since_ms)) if call.over_ms else ""


def _lost(call: Call, _: Words) -> str:
    if not call.sent:
        return _("no requests sent")
    return _("%(lost)s of %(sent)s requests lost", lost=f"{call.lost:,}", sent=f"{call.sent:,}")


def _nights(count: int, _: Words) -> str:
    return _.many("%(n)s night woken", "%(n)s nights woken", count)
