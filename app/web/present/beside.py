"""Two rooms with a common past beside each other, in step: where one can stop, what each shows there, what differs.

    axis      the moments of both in the order of virtual time since they parted (static/js/beside.js walks along it)
    moment    context of `templates/_beside_moment.html`: both at the same virtual time, and what it has cost until then

Each room is looked at by itself, with its lock held (`life`, `side`); what comes of that are values, the rest is pure.
Times are milliseconds since the parting.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from app.api import limits
from app.api.breath import breathing
from app.apimachinery.scheme.scheme import Scheme
from app.component_helpers import pods
from app.engine.trace import Step
from app.look import Look
from app.rooms import Entry, Parting, Retelling, Told, is_act, known_from
from app.web.present import board, captions, differences, moments, telling, tolls
from app.web.present.board import BoardView
from app.web.present.captions import Caption
from app.web.present.clock import virtual
from app.web.present.differing import State
from app.web.present.reading import reading_ms
from app.web.present.steps import phase_of
from app.web.present.tolls import Tolls
from app.web.present.words import Words


class Deed(NamedTuple):
    at_ms: int
    text: str
    in_both: bool  # the other room was told to do the same


class Life(NamedTuple):
    """What there is to stop at in one room."""

    now_ms: int
    steps: int
    told: tuple[tuple[int, int, int, str], ...]  # (ms, step, ms that it stands, phase), in order
    left_out: int  # earlier moments
    first: int  # the step after the parting, or the first that is known
    times: tuple[int, ...]  # of each step from there on
    deeds: tuple[Deed, ...]

    def step_at(self, at_ms: int) -> int:
        """The last step up to that time."""
        return self.first - 1 + bisect_right(self.times, at_ms)


class Stop(NamedTuple):
    """Both rooms at one virtual time: after which step each is shown, and which was told there last; 0: none yet."""

    at_ms: int
    steps: tuple[int, int]
    told: tuple[int, int]
    stands_ms: int


class Side(NamedTuple):
    """One room at a moment."""

    name: str  # a, b
    caption: Caption
    told_ms: int  # when that was
    is_told: bool  # just now
    board: BoardView | None  # None: too large to be drawn twice
    ready: int
    pods: int
    pointers: dict[str, Any] | None
    tolls: Tolls
    state: State
    now_ms: int  # how far the room has come
    epoch_ms: int


# ------------------------------------------------------------------------------------------------- where to stop


def life(look: Look, parting: Parting, journals: tuple[Sequence[Entry], Sequence[Entry]], _: Words) -> Life:
    """`journals`: its own, and the other's."""
    _ = _.among(look.voices)
    steps = look.trace.since(parting.step)
    retelling = Retelling(lambda step, _languages: reading_ms(captions.caption(step, _).text, _.lang))
    found = retelling.of(look, max(parting.step + 1, known_from(look)), look.trace.count)
    told = [_row(each, parting) for each in found]
    return Life(
        now_ms=max(0, look.now_ms - parting.at_ms),
        steps=look.trace.count,
        told=tuple(told[-limits.COMPARED_MOMENTS :]),
        left_out=max(0, len(told) - limits.COMPARED_MOMENTS),
        first=look.trace.count - len(steps) + 1,
        times=tuple(step.at_ms - parting.at_ms for step in steps),
        deeds=_deeds(look, parting, journals, _),
    )


def _row(told: Told, parting: Parting) -> tuple[int, int, int, str]:
    step = told.step
    return max(0, step.at_ms - parting.at_ms), step.number, round(told.stands_s * 1000), phase_of(step)


def _deeds(
    look: Look, parting: Parting, journals: tuple[Sequence[Entry], Sequence[Entry]], _: Words
) -> tuple[Deed, ...]:  # fmt: skip
    mine, others = ([each for each in journal[parting.commands :] if is_act(each)] for journal in journals)
    left = Counter(map(_command, others))
    found = []
    for entry in mine:
        mark, command = moments.mark(entry, look, _), _command(entry)
        at_ms = max(0, mark.at_ms + look.epoch_ms - parting.at_ms)
        found.append(Deed(at_ms, mark.text, in_both=left[command] > 0))
        left[command] -= 1
    return tuple(found[-limits.COMPARED_ACTS :])


def _command(entry: Entry) -> str:
    return repr(sorted(entry.command.items()))


def axis(lives: tuple[Life, Life], parting: Parting) -> dict[str, Any]:
    """For static/js/beside.js."""
    stops = list(breathing(_stops(lives, parting)))
    return {
        "until": stops[-1].at_ms,
        "stops": [(stop.at_ms, *stop.steps, *stop.told, stop.stands_ms) for stop in stops],
        "sides": [
            {
                "now": life.now_ms,
                "told": [(at_ms, phase) for at_ms, _step, _stands, phase in life.told],
                "deeds": list(life.deeds),
                "left_out": life.left_out,
            }
            for life in lives
        ],
    }


def _stops(lives: tuple[Life, Life], parting: Parting) -> Iterable[Stop]:
    """From the parting to where the room that has come further is. What both tell at the same time is one stop."""
    one, other = lives
    last = [0, 0]
    yield Stop(0, (parting.step, parting.step), (0, 0), 0)
    places = [0, 0]
    while places[0] < len(one.told) or places[1] < len(other.told):
        next_ms = [life.told[at][0] if at < len(life.told) else None for life, at in zip(lives, places, strict=True)]
        at_ms = min(ms for ms in next_ms if ms is not None)
        steps, stands = [], []
        for which, life in enumerate(lives):
            if next_ms[which] == at_ms:
                _ms, last[which], stands_ms, _phase = life.told[places[which]]
                places[which] += 1
                steps.append(last[which])
                stands.append(stands_ms)
            else:
                steps.append(max(last[which], life.step_at(at_ms), parting.step))
        yield Stop(at_ms, (steps[0], steps[1]), (last[0], last[1]), sum(stands))
    until_ms = max(life.now_ms for life in lives)
    yield Stop(until_ms, (one.steps, other.steps), (last[0], last[1]), 0)


# ------------------------------------------------------------------------------------------------- what is shown


def step_at(look: Look, at_ms: int) -> int:
    """The last step up to that Unix time that is known; 0: none."""
    steps = look.trace.since(0)
    place = bisect_right(steps, at_ms, key=lambda step: step.at_ms)
    return steps[place - 1].number if place else 0


def side(name: str, look: Look, parting: Parting, told: int, _: Words) -> Side:
    """`look` is the room at the step that is shown; `told`: the step that was told last, 0 if that is to be found."""
    _ = _.among(look.voices)
    step = look.trace.get(told) if told else _last_followed(look, parting)
    is_told = step is not None and step.number == look.trace.count
    return Side(
        name=name,
        caption=captions.caption(step, _)
        if step is not None
        else _nothing(_, is_parting=look.trace.count <= parting.step),
        told_ms=max(0, step.at_ms - parting.at_ms) if step is not None else 0,
        is_told=is_told,
        board=None if board.in_cells(look) else board.board(look, _),
        ready=sum(map(pods.is_ready, look.objects("Pod"))),
        pods=look.count("Pod"),
        pointers=telling.pointers(look, Told(step, 0)) if step is not None and is_told else None,
        tolls=tolls.of(look, parting.step, parting.at_ms),
        state=look.as_of(look.revision),
        now_ms=look.now_ms - parting.at_ms,
        epoch_ms=look.epoch_ms,
    )


def _last_followed(look: Look, parting: Parting) -> Step | None:
    steps = look.trace.since(parting.step)
    return next((step for step in breathing(reversed(steps)) if moments.is_followed(step)), None)


def _nothing(_: Words, *, is_parting: bool) -> Caption:
    said = _("Up to here both are the same.") if is_parting else _("Nothing worth telling has happened here since.")
    return Caption("", "", "", said, 0, False, "")


def moment(
    sides: tuple[Side, Side], scheme: Scheme, parting: Parting, at_ms: int, came_ms: tuple[int, int], _: Words
) -> dict[str, Any]:
    """Context of the template. `came_ms`: how far each room has come."""
    return {
        "_": _,
        "lang": _.lang,
        "sides": sides,
        "behind": [virtual(came) if came < at_ms else "" for came in came_ms],
        "at_ms": at_ms,
        "is_whole": all(side.tolls.is_whole for side in sides),
        "rows": differences.rows((sides[0].tolls, sides[1].tolls), parting.at_ms, _),
        **differences.objects(sides[0], sides[1], parting.at_ms, scheme, _),
    }


def words(_: Words) -> dict[str, str]:
    """What static/js/beside.js says."""
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "going": _("Both go on …"),
        "go_on": _("Go on"),
        "only": _("Only %(side)s goes on: %(why)s", side="{side}", why="{why}"),
        "left_out": _(
            "%(side)s has more than %(n)s moments: the first %(left)s are left out.",
            side="{side}",
            n="{n}",
            left="{left}",
        ),
        "nothing": _("Nothing was done here."),
        "in_both": _("in both"),
        "moment": _("%(n)s of %(all)s", n="{n}", all="{all}"),
        "lost": _("That moment cannot be shown just now."),
    }
