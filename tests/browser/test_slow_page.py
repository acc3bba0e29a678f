"""A browser slower than the room: frames that wait become one (tests/js/frames.test.js), and nothing is missing."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.support.pages import post


def test_a_slow_browser_shows_all_of_it_in_the_end(open_page: Opener) -> None:
    page = open_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 10})
    post(page, "pace", mode="clock", speed="100")
    post(page, "commands/scale", kind="Deployment", name="web", namespace="default", replicas="24")
    expect(page.locator('#board .pod[data-ready="true"]')).to_have_count(24)
    expect(page.locator("#tally")).to_have_text("24/24 Ready")
