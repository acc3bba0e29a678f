"""Can what the page tells be read? Plays the first step of lessons in a real browser, at speed 1, to their endings.

    python -m benchmarks.story                       # five lessons, about five minutes
    python -m benchmarks.story node-failure --ja     # one of them, in Japanese

Prints a Markdown table. A sentence can be read if it stands at least 0.85 s and 45 ms a character (in Japanese 110);
repeats that are marked as such go faster on purpose, and are left out. Frames a second are those of the browser.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.server import machine
from tests.support.pages import ARGS
from tests.support.server import Server
from tools.ensure_browser import ensure

LESSONS = ("self-healing", "rolling-update", "edge-or-level", "node-failure", "traffic")
LONGEST_S = 120
SIZE = {"width": 1280, "height": 720}
LEAST_MS = 850
PER_CHARACTER_MS = {"en": 45, "ja": 110}
RECORD = """() => {
  window.said = []
  window.taken = new Set()
  window.frames = 0
  const look = () => {
    const {steps, told} = JSON.parse(document.getElementById("frame").textContent)
    for (const [number] of steps) window.taken.add(number)
    const caption = document.getElementById("caption")
    const {step, repeat} = caption.dataset
    const text = caption.querySelector(".text").textContent
    const now = performance.now()
    if (window.said.at(-1)?.step !== step) window.said.push({step, text, repeat: repeat === "true", at: now})
    window.said.at(-1).until = now
    window.frames += 1
    requestAnimationFrame(look)
  }
  look()
}"""


def main(words: list[str]) -> None:
    lang = "ja" if "--ja" in words else "en"
    lessons = [word for word in words if word != "--ja"] or LESSONS
    print(f"`{' '.join(('python -m benchmarks.story', *words))}`, {machine()}\n")
    print("| lesson | sentences told | of them can be read | steps taken | to the ending | frames a second |")
    print("|---|---|---|---|---|---|", flush=True)
    with Server() as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=ensure(), args=ARGS)
        for lesson in lessons:
            page = browser.new_context(viewport=SIZE, locale=lang).new_page()
            page.goto(f"{server.url}/?lang={lang}")
            print(row(page, lesson, lang), flush=True)
            page.close()
        browser.close()


def row(page: Page, lesson: str, lang: str) -> str:
    choose(page, lesson)
    page.evaluate(RECORD)
    pressed = time.monotonic()
    page.locator('[data-script-step="0"]').click()
    ending = "none, requests go on"
    while time.monotonic() < pressed + LONGEST_S:
        if page.locator("#ending").is_visible():
            ending = f"{time.monotonic() - pressed:.0f} s"
            break
        page.wait_for_timeout(250)
    took = time.monotonic() - pressed
    _before, *said, _standing = page.evaluate("window.said")
    fresh = [each for each in said if not each["repeat"]]
    share = sum(can_be_read(each, lang) for each in fresh) / len(fresh)
    taken, frames = page.evaluate("[window.taken.size, window.frames]")
    return f"| {lesson} | {len(said)} | {share:.0%} | {taken} | {ending} | {frames / took:.0f} |"


def choose(page: Page, lesson: str) -> None:
    page.locator("#scenario-menu > summary").click()
    page.locator(f'[data-scenario="{lesson}"]').first.click()
    page.locator(f'[data-scenario="{lesson}"][aria-current="true"]').wait_for(state="attached")
    page.wait_for_timeout(2_000)


def can_be_read(said: dict[str, Any], lang: str) -> bool:
    stood: float = said["until"] - said["at"]
    return stood >= max(LEAST_MS, PER_CHARACTER_MS[lang] * len(said["text"]))


if __name__ == "__main__":
    main(sys.argv[1:])
