"""Traffic as a person sees it: a slider, numbers, words for what failed, dots."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener

PATIENCE_MS = 20_000


def send(page: Page, keys: int) -> None:
    """With the keyboard alone."""
    slider = page.get_by_role("slider", name="Requests per second for Service web")
    slider.focus()
    for _ in range(keys):
        page.keyboard.press("ArrowRight")


def test_the_slider_begins_traffic_and_the_card_tells_what_came_of_it(open_page: Opener) -> None:
    page = open_page()
    slider = page.get_by_role("slider", name="Requests per second for Service web")
    expect(slider).to_have_attribute("aria-valuetext", "no traffic")
    send(page, 8)
    expect(slider).to_have_attribute("aria-valuetext", "80 req/s")
    service = page.locator('[data-kind="Service"][data-name="web"]')
    expect(service).to_contain_text("100% served", timeout=PATIENCE_MS)
    expect(service).to_contain_text(re.compile(r"p50 2\d(\.\d)? ms · p99"))
    page.get_by_role("combobox", name="Path of the traffic").select_option("direct")
    expect(service).to_contain_text("p50 21 ms", timeout=PATIENCE_MS)
    expect(page.locator("#dots .mark.Ok").first).to_be_attached(timeout=PATIENCE_MS)


def test_each_pod_shows_how_busy_it_is(open_page: Opener) -> None:
    page = open_page()
    send(page, 12)
    busy = page.locator("#board .pod[id]").first
    expect(busy).to_have_attribute("style", re.compile(r"--busy: [1-9]\d?%"), timeout=PATIENCE_MS)


def test_a_failure_is_told_in_words(open_page: Opener) -> None:
    page = open_page()
    send(page, 12)
    service = page.locator('[data-kind="Service"][data-name="web"]')
    expect(service).to_contain_text("100% served", timeout=PATIENCE_MS)
    page.locator("#board .pod[id] [data-command='crash']").first.dispatch_event("click")
    expect(service).to_contain_text("connection refused", timeout=PATIENCE_MS)
    expect(service).to_contain_text("100% served", timeout=PATIENCE_MS)


def test_who_prefers_no_motion_gets_numbers_only(open_page: Opener) -> None:
    page = open_page()
    page.emulate_media(reduced_motion="reduce")
    send(page, 8)
    expect(page.locator('[data-kind="Service"][data-name="web"]')).to_contain_text("100% served", timeout=PATIENCE_MS)
    page.wait_for_timeout(1_500)
    assert page.locator("#dots .mark").count() == 0


@pytest.mark.parametrize("size", ["projector", "desk", "phone"])
def test_nothing_sticks_out(open_page: Opener, size: str) -> None:
    page = open_page(size=size)
    send(page, 20)
    expect(page.locator('[data-kind="Service"][data-name="web"]')).to_contain_text("served", timeout=PATIENCE_MS)
    out = page.locator(".service :is(input, select, output, .served, .count)").evaluate_all(
        """all => all.filter((e) => e.offsetParent)
             .filter((e) => e.getBoundingClientRect().right > e.closest(".service").getBoundingClientRect().right + 1)
             .map((e) => e.outerHTML)"""
    )
    assert out == []
