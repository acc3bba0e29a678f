"""How long does docs/your-first-controller.md keep a newcomer? What can be reckoned of that, and how.

    python -m benchmarks.workshop        # about four minutes

Nobody was timed. The page is counted (words, commands, what is copied), and gone through once at speed 1 with a page
open, each act waited for until the room is quiet: that is the time in which a reader can do nothing but watch.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path

from playwright.sync_api import TimeoutError, sync_playwright

from benchmarks.server import machine
from tests.support import versions, workshop
from tests.support.pages import ARGS
from tests.support.server import Server
from tools.ensure_browser import ensure

PAGE = Path(__file__).parent.parent / "docs" / "your-first-controller.md"
WORDS_A_MINUTE = 200
HEARD_MS = 1_000  # until the page has heard of an act
LONGEST_MS = 30_000  # where it does not become quiet: somebody looks again and again
QUIET = 'body[data-quiet="true"]'


def main() -> None:
    page = PAGE.read_text("utf-8")
    effort = workshop.effort(page)
    waited_s = watched(page)
    reading = effort.words / WORDS_A_MINUTE
    print(f"`python -m benchmarks.workshop`, {machine()}\n")
    print("| to read | to copy | commands | buttons | to watch and wait for |")
    print("|---|---|---|---|---|")
    print(
        f"| {effort.words} words, {reading:.0f} min | {effort.copied} texts of {effort.lines} lines in all |"
        f" {effort.commands} | {effort.presses} | {waited_s / 60:.1f} min |"
    )


def watched(page: str) -> float:
    """Seconds from the first command to the last answer."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Server("--unlimited") as server,
        workshop.Reader(server, Path(folder), "en", versions.fitting(31, 99)[-1].path, speed=1) as reader,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=ensure(), args=ARGS)
        shown = browser.new_page()
        shown.goto(f"{reader.address}?lang=en")

        def rest() -> None:
            shown.wait_for_timeout(HEARD_MS)
            with contextlib.suppress(TimeoutError):
                shown.locator(QUIET).wait_for(timeout=LONGEST_MS)

        begun = time.monotonic()
        reader.read(page, rest)
        took_s = time.monotonic() - begun
        browser.close()
    return took_s


if __name__ == "__main__":
    main()
