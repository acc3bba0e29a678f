"""Pages in a real browser, for tests and the tour: at which sizes, how a context is made, what a browser complains of,
and what one does in a room that has no button for it."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.support.patience import PATIENCE_MS

SIZES = {
    "tablet": (1024, 768),
    "projector": (1280, 720),
    "laptop": (1440, 900),
    "desk": (1920, 1080),
    "wall": (3840, 2160),
    "phone": (390, 844),
}
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def context_of(browser: Browser, size: str, lang: str, theme: str, *, script: bool = True) -> BrowserContext:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="ja-JP" if lang == "ja" else "en-US",
        color_scheme="dark" if theme == "dark" else "light",
        java_script_enabled=script,
        has_touch=size == "phone",
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


def complaints_into(complaints: list[str], page: Page) -> None:
    """Errors of scripts and on the console, from now on."""

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("console", complain)


def post(page: Page, path: str, **values: str) -> None:
    """A form of the room that the page shows, with the page's token."""
    page.evaluate(
        """async ([path, values]) => {
          const headers = {"X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content}
          const body = new URLSearchParams(values)
          await fetch(`${document.body.dataset.base}/${path}`, {method: "POST", body, headers})
        }""",
        [path, values],
    )


def lanes_drawn(html: str) -> set[str]:
    """Whose steps the timeline of a page shows."""
    found = re.search(r'id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    return {row[2] for row in json.loads(found[1])["steps"]}
