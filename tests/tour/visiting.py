"""One lesson at one size, in one language and theme, on a server and in a browser of its own."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from app import scenarios
from tests.support.pages import ARGS, complaints_into, context_of
from tests.support.server import Server
from tests.tour.playing import Tour, uncalled_for
from tests.tour.sheets import Sheet
from tools.ensure_browser import ensure

MOMENTS = 12
OUT = Path("build/tour")


class Stop(NamedTuple):
    lesson: str
    lang: str
    size: str
    theme: str

    @property
    def name(self) -> str:
        return "-".join(self)


class Played(NamedTuple):
    stop: Stop
    faults: list[str]
    moments: int
    told: int
    milestones: int


def visit(stop: Stop) -> Played:
    complaints: list[str] = []
    with Server() as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=ensure(), args=ARGS)
        page = context_of(browser, stop.size, stop.lang, stop.theme).new_page()
        complaints_into(complaints, page)
        page.goto(f"{server.url}/?lang={stop.lang}")
        page.wait_for_selector("#board .pod, #cells")
        lesson, sheet = scenarios.get(stop.lesson), Sheet(page, stop.name)
        tour = Tour(page, lesson, stop.lang, sheet.see)
        faults = tour.play(MOMENTS) + uncalled_for(complaints, lesson)
        sheet.save(browser, OUT / f"{stop.name}.jpg")
        browser.close()
    return Played(stop, faults, tour.moments, tour.milestones, sum(len(step.milestones) for step in lesson.steps))
