"""The moments of a stretch as a reel: drawn by the templates of the room's page, over a recording. Called by `page`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, Template

from app.api import errors, limits
from app.api.breath import breathe
from app.engine.trace import Step
from app.look import Look
from app.rooms import Moment, sliced
from app.web.present import Words, retold
from app.web.present.board import BoardView
from app.web.story.reel import Drawn, Reel
from app.web.story.still import still

REGIONS = {
    "caption": "_caption.html",
    "told": "_told.html",
    "ending": "_ending.html",
    "faults": "_faults.html",
    "on-call": "_oncall.html",
}
MACROS = {
    "customs": ("_custom.html", "custom_card"),
    "services": ("_service.html", "service_card"),
    "nodes": ("_node.html", "node_card"),
    "pods": ("_pod.html", "pod_card"),
    "workloads": ("_workload.html", "workload_card"),
    "chips": ("_chip_object.html", "object_chip"),
}


def drawn(templates: Environment, moments: Iterable[Moment], end: Look, _: Words) -> dict[str, Any]:
    """What the player plays; `end` is how all was after the last step. Raises BadRequest for too much, or nothing."""
    reel, rows, played = Reel(), _Rows(), list[dict[str, Any]]()
    painter: _Painter | None = None
    last: Moment | None = None
    for last in sliced(moments):
        painter = painter or _Painter(templates, _, end.epoch_ms)
        context = retold.moment(last.then, last.told, _)
        breathe()
        reel.show(len(played), painter.picture(context))
        played.append(_entry(last, rows.take(last.then, last.act, _), context))
        _check(len(played), reel.bytes, _)
    if painter is None or last is None:
        raise errors.BadRequest(_("Nothing is told of these steps: none of them changed what people care about."))
    if (ending := _ending(reel, painter, last, end, played)) is not None:
        played.append(ending)
    return {**reel.json(), "moments": played, "rows": rows.all, **retold.charts(end, _)}


def _entry(it: Moment, loads: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **retold.pointers(it.then, it.told),
        "act": it.act.number if it.act is not None else 0,
        "said": context["card"].caption.text,
        **({"traffic": loads} if loads else {}),
        **({"crowded": True} if context["board"] is None else {}),
    }


def _ending(
    reel: Reel, painter: _Painter, last: Moment, end: Look, played: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """Where the story came to its end, a moment that says so."""
    found = retold.ended(end, last.act, painter.words)
    if found is None:
        return None
    card = retold.moment(last.then, last.told, painter.words)["card"]
    context = {**retold.moment(end, last.told, painter.words), "card": card, "ending": found}
    reel.show(len(played), painter.picture(context))
    return {**played[-1], "at": end.now_ms - end.epoch_ms, "pods": end.count("Pod"), "said": found.text}


def _check(moments: int, size: int, _: Words) -> None:
    """Raises BadRequest."""
    if moments > limits.STORY_MOMENTS:
        more = _(
            "There are more than %(n)s moments to tell: ask for fewer steps (?from=…&to=…).", n=limits.STORY_MOMENTS
        )
        raise errors.BadRequest(more)
    if size > limits.STORY_PAGE_BYTES:
        raise errors.BadRequest(too_large(_))


def too_large(_: Words) -> str:
    most = limits.STORY_PAGE_BYTES // limits.MIB
    return _("The page would be larger than %(n)s MiB: ask for fewer steps (?from=…&to=…).", n=most)


class _Painter:
    """Views as HTML. What looks the same is drawn once."""

    def __init__(self, templates: Environment, words: Words, epoch_ms: int) -> None:
        self.words = words
        known = {"_": words, "lang": words.lang, "epoch_ms": epoch_ms}
        self._regions = {id: templates.get_template(name) for id, name in REGIONS.items()}
        self._macros = {
            what: getattr(templates.get_template(name).make_module(known), macro)
            for what, (name, macro) in MACROS.items()
        }
        self._known: dict[Hashable, str] = {}

    def picture(self, context: Mapping[str, Any]) -> dict[str, Drawn]:
        """Every element by its id, in the order of the page."""
        regions = {id: self._region(template, context) for id, template in self._regions.items()}
        return regions if context["board"] is None else {**regions, **dict(self._board(context["board"]))}

    def _region(self, template: Template, context: Mapping[str, Any]) -> Drawn:
        breathe()
        return Drawn(still(template.render(context)))

    def _board(self, board: BoardView) -> Iterator[tuple[str, Drawn]]:
        for what in ("customs", "services", "nodes", "workloads"):
            for view in getattr(board, what):
                yield view.id, Drawn(self._html(what, view), what)
        for home, pods in board.pods.items():
            for pod in pods:
                yield pod.id, Drawn(self._html("pods", pod), home)
        for chip in board.chips:
            yield chip.id, Drawn(self._html("chips", chip), "stored" if chip.stored else "chips")

    def _html(self, what: str, view: Any) -> str:
        try:
            found = self._known.get((what, view))
        except TypeError:  # it has a dict in it
            return still(str(self._macros[what](view)))
        if found is None:
            breathe()
            found = self._known[what, view] = still(str(self._macros[what](view)))
        return found


class _Rows:
    """What came of requests second by second: told once, each moment says how many of them were known then."""

    def __init__(self) -> None:
        self.all: dict[str, list[Any]] = {}
        self._told = 0  # the step up to which they are
        self._why: dict[str, Any] = {}
        self._act = 0

    def take(self, then: Look, act: Step | None, _: Words) -> dict[str, Any]:
        """By Service, what its card and its chart show at this moment."""
        if act is not None and act.number != self._act:
            self._act, self._why = act.number, {}
        found = {}
        for key, view in retold.loads(then, then.trace.since(self._told), act, _).items():
            rows = self.all.setdefault(key, [])
            rows += view.get("rows", ())
            self._why[key] = view.get("why") or self._why.get(key)
            shown = {name: value for name, value in view.items() if name not in retold.LEFT_OUT}
            found[key] = {**shown, "why": self._why[key], "known": len(rows)}
        self._told = then.trace.count
        return found
