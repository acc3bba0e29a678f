"""Traffic as a person sees it: a slider, numbers, words for what failed, dots."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener


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
    expect(service).to_contain_text("100% served")
    expect(service).to_contain_text(re.compile(r"p50 2\d(\.\d)? ms · p99"))
    page.get_by_role("combobox", name="Path of the traffic").select_option("direct")
    expect(service).to_contain_text("p50 21 ms")
    expect(page.locator("#dots .mark.Ok").first).to_be_attached()


def test_each_pod_shows_how_busy_it_is(open_page: Opener) -> None:
    page = open_page()
    send(page, 12)
    busy = page.locator("#board .pod[id]").first
    expect(busy).to_have_attribute("style", re.compile(r"--busy: [1-9]\d?%"))
    expect(busy.locator(".burden")).to_have_text(re.compile(r"busy [1-9]\d? %queue \d+"))
    expect(busy.locator(".burden .queue")).to_have_attribute(
        "title", re.compile(r"^Queue: requests that wait in the pod")
    )


def test_the_strip_chart_names_its_numbers(open_page: Opener) -> None:
    page = open_page()
    send(page, 12)
    strip = page.get_by_role("region", name="Traffic").get_by_role("img")
    expect(strip).to_have_accessible_name(
        re.compile(
            r"^Traffic of Service web, the last \d+ s\. In the last second 120 sent, 0 failed; "
            r"p50 2\d(\.\d)? ms, p99 [\d.]+ ms\. 3 of 3 pods ready\. Since [\d:]+ \d+ sent, 0 failed\. "
            r"What was done: .*You send 120 requests a second to web\.$"
        ),
    )
    for unit in ("200 req/s", "ms", "pods", "sent 120", "failed 0", "p50", "ready 3", "wanted 3"):
        expect(strip).to_contain_text(unit)
    assert strip.locator(".you").count() > 0
    page.locator("#board .pod[id] [data-command='crash']").first.dispatch_event("click")
    told = page.locator("#strips .why")
    expect(told).to_contain_text(re.compile(r"\d+ of 120 refused: pod …\w{5} had stopped, .* still named it\."))
    expect(page.locator("#strips .sums")).to_contain_text(re.compile(r"sent · \d+ connection refused"))
    assert strip.locator(".loss.ConnectionRefused").count() == 1
    page.get_by_role("slider", name="Requests per second for Service web").fill("0")
    expect(page.locator("#strips")).to_be_hidden()


def test_a_failure_is_told_in_words(open_page: Opener) -> None:
    page = open_page()
    send(page, 12)
    service = page.locator('[data-kind="Service"][data-name="web"]')
    expect(service).to_contain_text("100% served")
    page.locator("#board .pod[id] [data-command='crash']").first.dispatch_event("click")
    expect(service).to_contain_text("connection refused")
    expect(service).to_contain_text("100% served")


def test_who_prefers_no_motion_gets_numbers_only(open_page: Opener) -> None:
    page = open_page()
    page.emulate_media(reduced_motion="reduce")
    send(page, 8)
    expect(page.locator('[data-kind="Service"][data-name="web"]')).to_contain_text("100% served")
    page.wait_for_timeout(1_500)
    assert page.locator("#dots .mark").count() == 0


@pytest.mark.parametrize("size", ["projector", "desk", "phone"])
def test_nothing_sticks_out(open_page: Opener, size: str) -> None:
    page = open_page(size=size)
    send(page, 20)
    expect(page.locator('[data-kind="Service"][data-name="web"]')).to_contain_text("served")
    out = page.locator(".service :is(input, select, output, .served, .count), #strips text, #strips p").evaluate_all(
        """all => all.filter((e) => e.getClientRects().length).filter((e) => {
               const home = e.closest(".service, #strips").getBoundingClientRect()
               const {left, right} = e.getBoundingClientRect()
               return left < home.left - 1 || right > home.right + 1
             })
             .map((e) => e.outerHTML)"""
    )
    assert out == []
