"""A real Chromium against a real server. Each test has a browser context of its own, and so a room of its own.

Whatever the browser complains about (console errors, refused by the Content-Security-Policy, failed requests) fails the
test that caused it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.server import Server
from tools.ensure_browser import find

SIZES = {
    "tablet": (1024, 768),
    "projector": (1280, 720),
    "laptop": (1440, 900),
    "desk": (1920, 1080),
    "wall": (3840, 2160),
    "phone": (390, 844),
}
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

Opener = Callable[..., Page]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find()
    assert path, "no Chromium: run tools/ensure_browser.py"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, server: Server) -> Iterator[Opener]:
    """`open_page(size="phone", lang="ja", theme="dark", path="/")` -> a Page whose room is alive."""
    complaints: list[str] = []
    contexts = []

    def opened(
        size: str = "laptop",
        lang: str = "en",
        theme: str = "light",
        path: str = "/",
        script: bool = True,
        editor: bool = True,
    ) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale="ja-JP" if lang == "ja" else "en-US",
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=script,
            has_touch=size == "phone",
        )
        contexts.append(context)
        if not editor:
            context.route("**/vendor/codemirror.js", lambda route: route.abort())
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(server.url + path)
        if script:
            page.wait_for_selector("#board .pod, #cells")
            page.wait_for_selector(".cm-content" if editor else "#manifest")
        return page

    opened.complaints = complaints  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert not complaints
