"""Figures of a story as one page: how large it is, and what it costs to draw.

`make bench` runs it. A lesson is played to its end, and all of it, or its last 200 moments, become a page. Seconds are
CPU time of one process; a piece is what is computed between two moments in which others may go first.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from app.api import breath
from app.look.recording import Recording
from app.rooms import moments, slicing, stretch_of
from app.rooms.rehearsal import Rehearsal
from app.scenarios import get
from app.web import folder
from app.web.language import words
from app.web.story.page import environment, inline, page

MOMENTS = 200
ROWS = (("self-healing", 0), ("rolling-update", MOMENTS), ("traffic", 0), ("service-database", MOMENTS))


def played(lesson: str) -> Recording:
    rehearsal = Rehearsal(get(lesson))
    for _ in rehearsal.play(range(len(rehearsal.script.scenario.steps))):
        pass
    return Recording.of(rehearsal.cluster)


def told(look: Recording) -> list[int]:
    """The steps."""
    return [it.told.step.number for it in moments([stretch_of(look, 1, look.trace.count)], lambda *_: 1_000)]


@contextmanager
def pieces(longest: list[float]) -> Iterator[None]:
    """How long each was."""
    last = time.process_time()

    def pause() -> None:
        nonlocal last
        now = time.process_time()
        longest.append(now - last)
        last = now

    before, slicing.pause = slicing.pause, pause
    breath.breathe_by(pause)
    yield
    slicing.pause = before
    breath.breathe_by(breath.not_at_all)


def row(lesson: str, most: int) -> str:
    templates, look = environment(folder("templates")), played(lesson)
    for name in templates.list_templates(extensions=["html"]):
        templates.get_template(name)  # as the server does when it begins
    inline(folder("static"))
    steps = told(look)[-most:]
    took: list[float] = []
    began = time.process_time()
    with pieces(took):
        parts = [stretch_of(look, steps[0], look.trace.count)]
        html = page(templates, folder("static"), get(lesson), parts, words("en"))
    seconds = time.process_time() - began
    return (
        f"| {lesson}: {len(steps)} moments of {look.trace.count:,} steps | {len(html) / 1000:.0f} kB, "
        f"{len(zlib.compress(html, 6)) / 1000:.0f} kB | {seconds:.1f} s, {1000 * max(took):.0f} ms |"
    )


if __name__ == "__main__":
    print("| a story as one page | its size, compressed | drawn in, the longest piece |")
    print("|---|---|---|")
    for name, number in ROWS:
        print(row(name, number))
