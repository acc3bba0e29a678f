"""A person stands in for a loop: called, acting by hand, beside the controllers. Nothing is covered by it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.test_page import faster, pods
from tests.support import geometry
from tests.support.pages import post


@pytest.mark.parametrize(
    ("size", "lang", "pinned"), [("projector", "en", False), ("projector", "en", True), ("phone", "ja", False)]
)
def test_who_is_on_call_is_called_and_acts(open_page: Opener, size: str, lang: str, pinned: bool) -> None:
    page = open_page(size=size, lang=lang)
    faster(page)
    if pinned:
        page.locator("#mini-replicaset-controller").click()
    post(page, "commands/on-call", actor="replicaset-controller", on="true")
    strip = page.locator("#on-call")
    expect(strip).to_be_visible()
    page.locator("#board .pod[id] .kills button").first.click()
    expect(strip).to_have_attribute("data-called", "true")
    expect(strip.get_by_role("alert")).to_contain_text("web")
    assert geometry.faults(page) == []
    expect(pods(page)).to_have_count(2)
    page.keyboard.press("!")
    expect(strip).to_have_attribute("data-called", "false")
    expect(pods(page)).to_have_count(3)
    expect(strip.locator(".sides > div")).to_have_count(2)
    assert geometry.faults(page) == []


def test_a_loop_is_left_to_people_in_its_menu_and_the_pager_is_off_until_wanted(open_page: Opener) -> None:
    page = open_page()
    page.locator("#mini-replicaset-controller").click()
    page.keyboard.press("w")
    menu = page.get_by_role("dialog", name="Break this loop")
    by_hand = menu.get_by_role("group", name="Acts").get_by_role("button", name="by hand")
    by_hand.click()
    expect(by_hand).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    strip = page.get_by_role("region", name="On call")
    expect(strip).to_contain_text("On call for ReplicaSet")
    pager = strip.get_by_role("button", name="Pager")
    expect(pager).to_have_attribute("aria-pressed", "false")
    pager.click()
    expect(pager).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(pager).to_have_attribute("aria-pressed", "false")
    strip.get_by_role("button", name="Let ReplicaSet act again").click()
    expect(strip).to_be_hidden()
