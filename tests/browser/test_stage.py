"""Present mode is a stage: what is told, one large ring with want and have, the board; the rest is a strip."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.test_layout import SETTLED_MS
from tests.support.geometry import faults
from tests.support.pages import SIZES, post


def staged(open_page: Opener, size: str = "projector", lang: str = "en") -> Page:
    page = open_page(size=size, lang=lang)
    page.locator("#present").click()
    expect(page.locator("#strip")).to_be_visible()
    return page


def font_px(page: Page, selector: str) -> float:
    found: float = page.locator(selector).first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    return found


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("size", ["projector", "desk", "wall"])
def test_on_the_stage_nothing_covers_anything(open_page: Opener, size: str, lang: str) -> None:
    page = staged(open_page, size, lang)
    found = {"at first": faults(page)}
    page.locator('[data-script-step="0"]').click()
    expect(page.locator("#answer .answer")).to_be_visible()
    for moment in ("what was done", "observe", "diff", "act", "on"):
        page.wait_for_timeout(SETTLED_MS)
        found[moment] = faults(page)
        page.keyboard.press("ArrowRight")
    assert {when: lines for when, lines in found.items() if lines} == {}


def test_a_pod_that_waits_is_seen(open_page: Opener) -> None:
    page = staged(open_page)
    for node in ("node-1", "node-2", "node-3"):
        post(page, "commands/cordon", node=node, unschedulable="true")
    page.locator('[data-script-step="0"]').click()
    page.keyboard.press("q")
    expect(page.locator("#tray-pods .pod")).to_have_count(1)
    page.wait_for_timeout(SETTLED_MS)
    expect(page.locator("#tray-pods .pod.beyond")).to_have_count(0)
    expect(page.locator("#more-waiting")).to_be_hidden()


def test_the_back_row_can_read_it(open_page: Opener) -> None:
    page = staged(open_page)
    assert font_px(page, "#caption .text") >= 30
    assert font_px(page, "#board .pod .open b") >= 24
    assert font_px(page, "#told .centre b") >= 28
    ring = page.locator("#told .ring").bounding_box()
    assert ring
    assert ring["width"] >= 0.35 * SIZES["projector"][0]
    assert ring["height"] >= 0.35 * SIZES["projector"][1]
    expect(page.locator("#board .kills button").first).to_be_visible()
    for away in ("#desired-section", "#lane-scroll", "#minis .mini"):
        expect(page.locator(away).first).to_be_hidden()


def test_the_strip_goes_from_you_to_now(open_page: Opener) -> None:
    page = staged(open_page)
    page.locator("#board .pod[id] .kills button").first.click()
    chips = page.locator("#strip button")
    expect(chips).to_have_count(1)
    expect(chips.first).to_have_text("you")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(SETTLED_MS)
    expect(chips).to_have_count(2)
    expect(chips.nth(1)).to_contain_text("ReplicaSet")
    expect(chips.nth(1).locator("svg")).to_have_count(3)
    expect(page.locator('#strip [aria-current="step"]')).to_contain_text("ReplicaSet")
    expect(page.locator("#strip .now")).to_have_text("now")
    chips.first.click()
    expect(page.locator("#caption")).to_have_attribute("data-role", "you")
    expect(page.locator('#strip [aria-current="step"]')).to_contain_text("you")
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    expect(page.locator("#ending")).to_be_visible()
    page.wait_for_timeout(SETTLED_MS)
    assert faults(page) == []


def test_who_wants_to_edit_leaves_the_stage(open_page: Opener) -> None:
    page = staged(open_page)
    page.keyboard.press("e")
    expect(page.get_by_role("textbox", name="Manifest")).to_be_focused()
    expect(page.locator("#present")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    page.locator("#present").click()
    page.reload()
    expect(page.locator("#present")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#strip")).to_be_visible()
