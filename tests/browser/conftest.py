"""A real Chromium against a real server. Each test has a browser context of its own, and so a room of its own.

Whatever the browser complains about (console errors, refused by the Content-Security-Policy, failed requests) fails the
test that caused it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.pages import ARGS, complaints_into, context_of
from tests.support.patience import PATIENCE_MS
from tests.support.server import Server
from tools.ensure_browser import find

Opener = Callable[..., Page]
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find()
    assert path, "no Chromium: run python -m tools.ensure_browser"
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
        init: str = "",
    ) -> Page:
        context = context_of(chromium, size, lang, theme, script=script)
        contexts.append(context)
        if not editor:
            context.route("**/vendor/codemirror.js", lambda route: route.abort())
        page = context.new_page()
        if init:
            page.add_init_script(init)
        complaints_into(complaints, page)
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
