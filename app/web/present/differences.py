"""The table between two rooms that are beside each other: what the time since they parted has cost in each, and which
objects differ, each with the moment that it is from. Pure; called by `beside`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from app.api import limits
from app.api.objects import Ref
from app.apimachinery.scheme.scheme import Scheme
from app.web.present import traffic
from app.web.present.clock import duration
from app.web.present.differing import NOT_READY, Gap, State, Tally, gaps
from app.web.present.names import called
from app.web.present.tolls import Moment, Tolls
from app.web.present.values import brief, clip
from app.web.present.words import Words

MOST_FIELDS = 3  # of an object
LONGEST_VALUE = 24


class Cell(NamedTuple):
    """`at_ms`: the moment that it is from, None where there is no single one."""

    text: str
    at_ms: int | None = None
    tone: str = ""  # "", bad, good
    more: str = ""  # a few words below it


class Row(NamedTuple):
    name: str  # for tests and styles
    label: str
    about: str  # what exactly is counted
    cells: tuple[Cell, Cell]

    @property
    def differs(self) -> bool:
        return self.cells[0][:1] + self.cells[0][3:] != self.cells[1][:1] + self.cells[1][3:]


class Line(NamedTuple):
    label: str
    cells: tuple[Cell, Cell]


class Differs(NamedTuple):
    """One object."""

    what: str
    lines: tuple[Line, ...]
    more: int  # fields that are not shown


class Compared(Protocol):
    @property
    def tolls(self) -> Tolls: ...

    @property
    def state(self) -> State: ...


def rows(tolls: tuple[Tolls, Tolls], since_ms: int, _: Words) -> list[Row]:
    """They parted at `since_ms`."""

    about = {
        "lost": (_("requests lost"), _("of those that people sent since the two parted")),
        "recover": (
            _("time to recover"),
            _("from when a pod that is wanted was missing until all were ready; those of a dark machine are missing"),
        ),
        "by-loops": (_("writes by loops"), _("changes of objects, without Events and heartbeats")),
        "by-people": (_("writes by people"), _("changes of objects that people made")),
        "steps": (_("steps"), _("that people can follow: looks, comparisons, writes")),
    }
    cells = [
        {
            "lost": _lost(it, since_ms, _),
            "recover": _recovered(it, since_ms, _),
            "by-loops": Cell(f"{it.by_loops:,}"),
            "by-people": Cell(f"{it.by_people:,}"),
            "steps": Cell(f"{it.steps:,}"),
        }
        for it in tolls
    ]
    return [Row(name, *said, (cells[0][name], cells[1][name])) for name, said in about.items()]


def _lost(tolls: Tolls, since_ms: int, _: Words) -> Cell:
    if not tolls.sent:
        return Cell(_("no traffic"))
    text = _("%(lost)s of %(sent)s", lost=f"{tolls.lost:,}", sent=f"{tolls.sent:,}")
    if not tolls.lost:
        return Cell(text, tone="good")
    words = traffic.words(_)
    why = ", ".join(f"{words[reason]} {n:,}" for reason, n in tolls.losses)
    return Cell(text, _ms(tolls.first_lost, since_ms), "bad", why)


def _recovered(tolls: Tolls, since_ms: int, _: Words) -> Cell:
    if not tolls.outages:
        return Cell(_("nothing was missing"), tone="good")
    at_ms, time = _ms(tolls.outages[0].since, since_ms), duration(tolls.missing_ms)
    times = _("%(n)s times, all together", n=len(tolls.outages)) if len(tolls.outages) > 1 else ""
    if tolls.is_missing:
        return Cell(_("not yet"), at_ms, "bad", _("missing for %(time)s", time=time))
    return Cell(time, at_ms, "", times)


def _ms(moment: Moment | None, since_ms: int) -> int | None:
    return max(0, moment.at_ms - since_ms) if moment is not None else None


def objects(one: Compared, other: Compared, since_ms: int, scheme: Scheme, _: Words) -> dict[str, Any]:
    """As many of those that differ as there is room for, and how many there are."""
    found = gaps(one.state, other.state, scheme)
    return {
        "objects": [_differs(gap, (one, other), since_ms, _) for gap in found[: limits.COMPARED_OBJECTS]],
        "more_objects": max(0, len(found) - limits.COMPARED_OBJECTS),
        "count": len(found),
    }


def _differs(gap: Gap, sides: tuple[Compared, Compared], since_ms: int, _: Words) -> Differs:
    when = [_written(side.tolls.touched, gap.looked_at, since_ms) for side in sides]

    def line(label: str, *texts: str) -> Line:
        return Line(label, (Cell(texts[0], when[0]), Cell(texts[1], when[1])))

    what = called(gap.about, _)
    if gap.tallies is not None:
        label = _("endpoints") if gap.of == "endpoint" else _("pods") if gap.of == "Pod" else gap.of
        return Differs(what, (line(label, *(_tally(each, _) for each in gap.tallies)),), 0)
    if not gap.fields:
        there = [_("is there") if gap.about in side.state else _("is not there") for side in sides]
        return Differs(what, (line("", *there),), 0)
    fields = sorted(gap.fields, key=lambda each: (each.path.startswith(("status", "metadata")), each.path))
    shown = tuple(line(each.path, _value(each.old), _value(each.new)) for each in fields[:MOST_FIELDS])
    return Differs(what, shown, len(fields) - len(shown))


def _written(touched: Mapping[Ref, Moment], refs: Iterable[Ref], since_ms: int) -> int | None:
    found = [touched[ref] for ref in refs if ref in touched]
    return _ms(max(found), since_ms) if found else None


def _tally(tally: Tally, _: Words) -> str:
    words = {NOT_READY: _("not ready"), "ready": _("ready")}
    counted = (f"{n}\u00a0{words.get(state, state)}" if state else str(n) for state, n in tally.by_state)
    return ", ".join(counted) or _("none")


def _value(value: Any) -> str:
    return clip(brief(value), LONGEST_VALUE)
