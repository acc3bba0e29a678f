"""A story as one HTML page that has nothing beside it: no server, no file, no address is asked for. Called by the route
here and by `loopscope export --html`.

Its policy names the digests of the one script and the one stylesheet in it: nothing else runs, whatever a name or a
line of a log says. It does not say of which room it is, for the name of a room is its key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from app.api import errors, limits
from app.api.breath import breathing
from app.engine.trace import Step
from app.options import version
from app.rooms import Stretch, moments
from app.scenarios import Scenario
from app.web.linebreaks import LineBreaks
from app.web.present import Words, caption, reading_ms
from app.web.present.board import BoardView
from app.web.present.clock import virtual
from app.web.present.texts import player_keys, player_words
from app.web.story import bundle
from app.web.story.drawing import drawn, too_large

SHEETS = (
    "tokens", "base", "header", "loop", "board", "reasons", "workloads", "traffic", "strips", "timeline", "breaking",
    "oncall", "custom", "story", "player",
)  # fmt: skip
_NOTHING = BoardView((), (), {}, (), (), (), cells=False)


class _Inline(NamedTuple):
    """What stands in every page."""

    script: str
    style: str
    policy: str


def environment(folder: Path) -> Environment:
    """For who has no Flask; as `create_app` makes its own."""
    return Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape(), extensions=[LineBreaks])


def page(templates: Environment, static: Path, scenario: Scenario, parts: Sequence[Stretch], words: Words) -> bytes:
    """Raises BadRequest if there is too much to tell in these steps, or nothing."""
    _ = words.among(parts[-1].look.voices)

    def reading(step: Step, _languages: Sequence[str]) -> int:
        return reading_ms(caption(step, _).text, _.lang)

    story = drawn(templates, moments(parts, reading), parts[-1].look, _)
    context = {
        **inline(static)._asdict(),
        "_": _,
        "lang": _.lang,
        "version": version(),
        "title": scenario.title[_.lang],
        "about": _about(scenario, parts, _),
        "keys": player_keys(_),
        "moments": [{"time": virtual(each["at"]), "said": each["said"]} for each in story["moments"]],
        "state": _json(_state()),
        "data": _json({"words": player_words(_), "chart": story.pop("chart"), "story": story}),
        "board": _NOTHING,
    }
    html = "".join(breathing(templates.get_template("story.html").generate(context))).encode("utf-8", "replace")
    if len(html) > limits.STORY_PAGE_BYTES:
        raise errors.BadRequest(too_large(_))
    return html


def _json(value: Any) -> Markup:
    """For a script element: no `<` in it can end that, or begin another."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c"))


def _about(scenario: Scenario, parts: Sequence[Stretch], _: Words) -> str:
    return _(
        "%(title)s: steps %(first)s to %(last)s of a room, written on %(date)s by Loopscope %(version)s.",
        title=scenario.title[_.lang],
        first=parts[0].first,
        last=parts[-1].last,
        date=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        version=version(),
    )


def _state() -> dict[str, Any]:
    """What modules of the room's page ask of it (static/js/state.js), before the first moment."""
    return {
        "now": 0, "told": None, "act": 0, "thread": None, "waiting": None, "called": False, "quiet": False,
        "pace": {"mode": "story", "speed": 1, "paused": True}, "pods": 0, "mode": "cards", "replicas": {},
        "traffic": {},
    }  # fmt: skip


@cache
def inline(static: Path) -> _Inline:
    """Made once."""
    script, style = bundle.script(static / "js", "player"), bundle.styles(static / "css", SHEETS)
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
    return _Inline(script, style, policy)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
