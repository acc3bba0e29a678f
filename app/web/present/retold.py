"""A told moment of a recording, for a page that plays without a server (app/web/story): the same views as `room` draws
of a living room, without what only a server has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.api.objects import ref_of
from app.engine.trace import Step
from app.look import Look
from app.rooms import Compared, Told
from app.web.present import board, ending, faults, oncall, telling, timeline, traffic
from app.web.present.words import Words

LEFT_OUT = ("samples", "names", "rows")  # of traffic: dots that fly; rows are told once


class _Alone(NamedTuple):
    """Nobody compares a recording with what the controllers would have done."""

    compared: Compared | None = None


def moment(then: Look, told: Told, _: Words) -> dict[str, Any]:
    """Context of the templates of its regions; `board` None: too many pods for cards."""
    return {
        "_": _,
        "lang": _.lang,
        "epoch_ms": then.epoch_ms,
        "card": telling.told(then.trace, told, then.epoch_ms, _),
        "board": None if board.in_cells(then) else board.board(then, _),
        "faults": faults.faults(then, _),
        "on_call": oncall.of(then, _Alone(), _),
        "ending": None,
    }


def pointers(then: Look, told: Told) -> dict[str, Any]:
    """For the player: which step, how long it stands, and what of the board it is about."""
    found = telling.pointers(then, told)
    assert found is not None
    return {**found, "at": then.now_ms - then.epoch_ms, "pods": then.count("Pod")}


def ended(last: Look, act: Step | None, _: Words) -> ending.Ending | None:
    """How the story ended, if nothing was left to do."""
    return ending.of(last, act, _) if last.at_rest else None


def loads(then: Look, since: Iterable[Step], act: Step | None, _: Words) -> dict[str, Any]:
    """By `namespace/name` of the Service what came of requests, and the rows of the seconds in these steps."""
    return traffic.views(then, since, [ref_of(load) for load in then.objects("Load")], act, _)


def charts(last: Look, _: Words) -> dict[str, Any]:
    """What is drawn over time, of all that is known: the player shows of it what was until then."""
    steps = last.trace.since(0)
    return {
        "chart": timeline.points(steps, last.epoch_ms),
        "cpu": traffic.cpu(steps, last.epoch_ms),
        "acts": traffic.acts(steps, last.epoch_ms, _),
    }
