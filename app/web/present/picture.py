"""A moment as a picture: context of `templates/picture.svg`, of 1280 by 720, for a slide or a chat.

It has a place for each thing, and nothing moves from one moment to the next: the sentence, the loop with its ring, the
board, time. Drawn from the views that the page is drawn from; what is too long or too much is cut here, for nothing
in a picture measures a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from app.api.breath import breathing
from app.component_helpers import pods
from app.engine.trace import Step
from app.look import Look
from app.rooms import Told
from app.web.present import board, moments, picture_board, telling
from app.web.present.board import BoardView, ServiceView
from app.web.present.clock import virtual
from app.web.present.lettering import fit, wrap
from app.web.present.loop import LoopView
from app.web.present.picture_board import Box, Node, Pod
from app.web.present.telling import Card
from app.web.present.words import Words

WIDTH, HEIGHT = 1280, 720
SAID, SAID_LINES = 33, 2
CAPTION = Box(0, 0, WIDTH, 138)
LOOP = Box(16, 150, 468, 520)
BOARD = Box(496, 150, 768, 520)
SERVICES = Box(510, 194, 740, 36)
NODES = Box(510, 238, 740, 296)
TRAY = Box(510, 542, 740, 50)
WORKLOADS = Box(510, 600, 740, 60)
IN_A_ROW, GAP = 3, 8
TRAY_WORDS, WAITING, MORE = (
    150,
    280,
    46,
)  # what stands before the pods that wait, how wide each may be, and "+12" after them
MOST_BOXES, MOST_LINES, MOST_RESULTS = 6, 3, 7


class Service(NamedTuple):
    id: str
    box: Box
    name: str
    address: str
    endpoints: str


class Workload(NamedTuple):
    """Or a custom object that became something."""

    id: str
    box: Box
    kind: str
    name: str
    tally: str
    note: str
    bad: bool


class Phase(NamedTuple):
    phase: str
    title: str
    at: str
    state: str
    lines: list[str]


def picture(cluster: Look, number: int, _: Words) -> dict[str, Any] | None:
    """Of the nearest step that people follow, from `number` back; None if no step is known there. Raises Gone."""
    told = moments.nearest(cluster.trace, number)
    step = told or cluster.trace.get(number)
    if step is None:
        return None
    _ = _.among(cluster.voices)
    card = telling.card(cluster.trace, step, cluster.epoch_ms, _) if told else telling.at_rest(step, _)
    then = cluster.at(step.number)
    return {
        "_": _,
        "lang": _.lang,
        "card": card,
        "said": wrap(card.caption.text, SAID, WIDTH - 64, SAID_LINES),
        "who": fit(card.caption.who, 19, 700),
        "time": virtual(step.at_ms - cluster.epoch_ms),
        **(_loop(card.view) if card.view else _results(card)),
        **_board(then, step, _),
    }


# ------------------------------------------------------------------------------------------ the loop


def _loop(view: LoopView) -> dict[str, Any]:
    key = f"{view.key.bare_kind} {view.key.name}" if view.key else ""
    actor = fit(view.actor, 16, LOOP.w - 40, mono=True)
    return {
        "view": view,
        "actor": actor,
        "key": fit(key, 15, LOOP.w - 40),
        "centre": view.centre._replace(
            small=fit(view.centre.small, 13, 128),
            big=fit(view.centre.big, 15 if view.centre.is_long else 26, 140),
            label=fit(view.centre.label, 13, 126),
        ),
        "phases": [
            Phase(each.phase, each.title, each.at, each.state, wrap(each.said, 15, LOOP.w - 142, 3))
            for each in view.phases
        ],
    }


def _results(card: Card) -> dict[str, Any]:
    """What came of what somebody did: whether it is well, and in what words."""
    rows: list[tuple[bool, str]] = []
    for result in card.record.results if card.record else ():
        what = f"{result.ref.bare_kind} {result.ref.name} {result.code} {HTTPStatus(result.code).phrase}"
        rows.append((True, fit(what, 15, LOOP.w - 80)))
    if card.record and card.record.error:
        rows.append((False, fit(card.record.error, 15, LOOP.w - 80)))
    return {"view": None, "results": rows[:MOST_RESULTS], "more_results": max(0, len(rows) - MOST_RESULTS)}


# ------------------------------------------------------------------------------------------ the board


def _board(cluster: Look, step: Step, _: Words) -> dict[str, Any]:
    view = board.board(cluster, _)
    large = picture_board.is_large(cluster)
    nodes = () if large else picture_board.nodes(view, NODES)
    services, workloads, waiting = list(_services(view)), list(_workloads(view)), list(_waiting(view))
    pointed = telling.pointers(cluster, Told(step, 0)) or {}
    cards = [pod for node in nodes for pod in node.pods]
    drawn: list[Service | Workload | Pod | Node] = [*services, *workloads, *waiting, *cards, *nodes]
    return {
        "tally": _tally(cluster),
        "services": services,
        "more_services": len(view.services) - len(services),
        "nodes": nodes,
        "squares": picture_board.squares(cluster, NODES) if large else None,
        "waiting": waiting,
        "more_waiting": len(view.pods.get("tray-pods", ())) - len(waiting),
        "workloads": workloads,
        "more_workloads": len(view.workloads) + len(view.customs) - len(workloads),
        **_pointed(pointed, {each.id: each.box for each in drawn}),
    }


def _tally(cluster: Look) -> str:
    everything = cluster.objects("Pod")
    return f"{sum(map(pods.is_ready, breathing(everything))):,}/{len(everything):,} Ready"


def _pointed(pointers: Mapping[str, Any], boxes: Mapping[str, Box]) -> dict[str, Any]:
    """What is outlined, what a line leads to, and the boxes of want and have."""
    named = [*pointers.get("gaze", ()), *pointers.get("about", ()), *pointers.get("deed", ())]
    slots = pointers.get("slots") or ()
    return {
        "outlined": [boxes[each] for each in dict.fromkeys(named) if each in boxes],
        "deeds": [boxes[each] for each in pointers.get("deed", ()) if each in boxes][:MOST_LINES],
        "slots": [kind for kind, count in zip(("have", "missing", "extra"), slots, strict=False) for _i in range(count)]
        if sum(slots) <= MOST_BOXES
        else [],
    }


def _row(place: Box, count: int, widest: float = WIDTH) -> Iterator[Box]:
    """The first of so many in a row; if there are more than fit, room is left to say so."""
    shown = min(count, IN_A_ROW)
    whole = place.w - (MORE if count > shown else 0)
    w = min(widest, (whole - GAP * (shown - 1)) / max(1, shown))
    return (Box(place.x + index * (w + GAP), place.y, w, place.h) for index in range(shown))


def _services(view: BoardView) -> Iterable[Service]:
    for each, box in zip(view.services, _row(SERVICES, len(view.services)), strict=False):
        yield _service(each, box)


def _service(view: ServiceView, box: Box) -> Service:
    room = box.w - 24 - 60
    name = fit(f"Service {view.name}", 14, room * 0.62)
    address = fit(view.external or view.address, 13, room * 0.38, mono=True) if box.w > 300 else ""
    return Service(view.id, box, name, address, f"{view.ready}/{view.total}")


def _workloads(view: BoardView) -> Iterable[Workload]:
    boxes = _row(WORKLOADS, len(view.customs) + len(view.workloads))
    for custom, box in zip(view.customs, boxes, strict=False):
        note = fit(custom.facts, 13, box.w - 24)
        yield Workload(custom.id, box, *_named(custom.chip.bare_kind, custom.chip.name, box), "", note, False)
    for each, box in zip(view.workloads, boxes, strict=False):
        facts = " · ".join(f"{fact.label} {fact.value}".strip() for fact in each.facts if fact.value)
        note = fit(each.note if each.bad or not facts else facts, 13, box.w - 90)
        yield Workload(each.id, box, *_named(each.kind, each.name, box), each.tally, note, each.bad)


def _named(kind: str, name: str, box: Box) -> tuple[str, str]:
    return fit(kind, 13, box.w * 0.5), fit(name, 15, box.w - 90)


def _waiting(view: BoardView) -> Iterable[Pod]:
    pods = view.pods.get("tray-pods", ())
    room = Box(TRAY.x + TRAY_WORDS, TRAY.y, TRAY.w - TRAY_WORDS, TRAY.h - 2)
    for each, box in zip(pods, _row(room, len(pods), WAITING), strict=False):
        yield picture_board.pod(each, box, "card")
