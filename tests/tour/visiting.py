"""One lesson at one size, in one language and theme, on a server and in a browser of its own."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import ConsoleMessage, sync_playwright

from app import scenarios
from tests.support.server import Server
from tests.tour.playing import Tour, uncalled_for
from tests.tour.sheets import Sheet
from tools.ensure_browser import ensure

SIZES = {"projector": (1280, 720), "desk": (1920, 1080), "phone": (390, 844)}
MOMENTS = 12
OUT = Path("build/tour")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


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
    width, height = SIZES[stop.size]
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"the browser complains: {message.text}")

    with Server() as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=ensure(), args=ARGS)
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="ja-JP" if stop.lang == "ja" else "en-US",
            color_scheme="dark" if stop.theme == "dark" else "light",
            has_touch=stop.size == "phone",
        )
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on("console", complain)
        page.goto(f"{server.url}/?lang={stop.lang}")
        page.wait_for_selector("#board .pod, #cells")
        lesson, sheet = scenarios.get(stop.lesson), Sheet(page, stop.name)
        tour = Tour(page, lesson, stop.lang, sheet.see)
        faults = tour.play(MOMENTS) + uncalled_for(complaints, lesson)
        sheet.save(browser, OUT / f"{stop.name}.jpg")
        browser.close()
    return Played(stop, faults, tour.moments, tour.milestones, sum(len(step.milestones) for step in lesson.steps))
