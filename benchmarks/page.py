"""Does the page keep up? Frames a second of a browser while a third of the machines loses power and all is replaced.

    python -m benchmarks.page            # two boards, each at full and at a quarter of the speed; about three minutes

Prints a Markdown table. The room goes by the clock, 20 virtual seconds a second, so that in 25 s all happens: nodes
count as lost, their pods are evicted and run again elsewhere. Needs a Chromium, as the tests do; without a screen it
draws in software, on the same cores as the server. "At CPU/4" is Chromium's own throttling.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from benchmarks.server import big_lesson, machine
from tests.support.pages import ARGS
from tests.support.server import Server
from tools.ensure_browser import ensure

SPEED = 20
WATCHED_MS = 25_000
SIZE = {"width": 1920, "height": 1080}
MORE = f"zones: 3\nclock: {SPEED}\n"
SELECTORS = {"cards": "#board .pod[id]", "cells": "#cells canvas"}
# How long each picture took to come.
RECORD = """() => {
  window.gaps = []
  let before = performance.now()
  const draw = (now) => {
    window.gaps.push(now - before)
    before = now
    requestAnimationFrame(draw)
  }
  requestAnimationFrame(draw)
}"""


class Board(NamedTuple):
    name: str
    mode: str
    pods: int
    nodes: int


BOARDS = (Board("few", "cards", 190, 30), Board("many", "cells", 5_000, 100))


def main(words: list[str]) -> None:
    boards = [board for board in BOARDS if not words or board.name in words]
    print(f"`{' '.join(('python -m benchmarks.page', *words))}`, {machine()}\n")
    print("| board | frames a second | slowest of a hundred | at CPU/4 | slowest of a hundred | pushed a second |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as lessons, sync_playwright() as play:
        for name, _mode, pods, nodes in BOARDS:
            (Path(lessons) / f"{name}.yaml").write_text(big_lesson(pods, nodes, MORE))
        browser = play.chromium.launch(executable_path=ensure(), args=ARGS)
        for board in boards:
            full, slow = (watched(browser, lessons, board, slower) for slower in (1, 4))
            kilobytes = f"{full.characters_a_second / 1000:.0f} kB"
            print(
                f"| {board.pods:,} pods as {board.mode} | {full.speed()} | {slow.speed()} | {kilobytes} |", flush=True
            )
        browser.close()


class Watched(NamedTuple):
    frames_a_second: float
    slowest_ms: float
    characters_a_second: float

    def speed(self) -> str:
        return f"{self.frames_a_second:.0f} | {self.slowest_ms:.0f} ms"


def watched(browser: Browser, lessons: str, board: Board, slower: int) -> Watched:
    with Server("--unlimited", "--lessons", lessons) as server:
        page, pushed = browser.new_context(viewport=SIZE).new_page(), Counter[str]()
        page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda text: pushed.update(characters=len(text)))
        )
        page.goto(server.url)
        token = page.locator('meta[name="csrf-token"]').get_attribute("content")
        base = server.url + (page.locator("body").get_attribute("data-base") or "")

        def post(path: str, **values: str) -> None:
            answer = page.request.post(f"{base}/{path}", form=values, headers={"X-CSRF-Token": token or ""}, timeout=0)
            assert answer.ok, answer.text()

        post("scenario", scenario=board.name)
        page.goto(base)
        page.locator(SELECTORS[board.mode]).first.wait_for()
        page.wait_for_timeout(3_000)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
        page.evaluate(RECORD)
        pushed.clear()
        post("commands/zone", zone="zone-a", failed="true")
        page.wait_for_timeout(WATCHED_MS)
        gaps = page.evaluate("window.gaps")
        page.close()
    seconds = sum(gaps) / 1000
    return Watched(len(gaps) / seconds, statistics.quantiles(gaps, n=100)[-1], pushed["characters"] / seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
