"""Faults of one loop on the page: a second copy has a lane of its own, the story ends with a verdict, and *Why?* leads
through the shortest trace that shows it. Nothing covers anything."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.test_page import faster
from tests.support import geometry
from tests.support.pages import post

RS = "replicaset-controller"


def judged(page: Page) -> None:
    """Two copies scale, and the story has come to its end."""
    post(page, "commands/two-copies", actor=RS)
    post(page, "commands/scale", kind="Deployment", name="web", replicas="5")
    post(page, "quiet")
    expect(page.locator("#ending .verdict")).to_be_visible()


def test_a_second_copy_comes_and_goes_from_the_menu_of_the_loop(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    page.locator(f"#mini-{RS}").click()
    page.keyboard.press("w")
    menu = page.get_by_role("dialog", name="Break this loop")
    menu.get_by_role("button", name=f"Second copy of {RS}", exact=True).click()
    expect(page.locator("#faults")).to_contain_text("ReplicaSet: two copies")
    expect(page.locator(f"#mini-{RS}_2")).to_contain_text("ReplicaSet (2)")
    page.locator(f"#mini-{RS}").click()
    page.keyboard.press("w")
    menu.get_by_role("button", name=f"End the second copy of {RS}").click()
    expect(page.locator(f"#mini-{RS}_2")).to_have_count(0)
    expect(page.locator("#faults .fault")).to_have_count(0)


def test_the_ending_bears_a_verdict_and_why_leads_through_its_steps(open_page: Opener) -> None:
    page = open_page(size="projector")
    faster(page)
    judged(page)
    verdict = page.locator("#ending .verdict")
    expect(verdict).to_have_attribute("data-verdict", "duplicated")
    expect(verdict).to_contain_text("5 wanted")
    expect(page.locator(f'#lane-names [data-lane="{RS}_2"]')).to_have_count(1)
    verdict.get_by_role("button", name="Why?").click()
    links = page.locator("#why .link")
    expect(links).to_have_count(5)
    expect(links.first).to_contain_text("You start a second copy")
    links.last.click()
    expect(page.locator("#caption")).to_contain_text("It creates one")
    expect(page.locator("#board-now")).to_contain_text("as it was at step")


def test_a_death_between_two_writes_is_a_moment_of_the_story(open_page: Opener) -> None:
    page = open_page()
    faster(page)
    post(page, "commands/crash-midway", actor=RS)
    expect(page.locator("#faults")).to_contain_text("ReplicaSet: will die between two writes")
    post(page, "commands/scale", kind="Deployment", name="web", replicas="5")
    post(page, "quiet")
    verdict = page.locator("#ending .verdict")
    expect(verdict).to_have_attribute("data-verdict", "converged")
    expect(page.locator("#faults .fault")).to_have_count(0)
    verdict.get_by_role("button", name="Why?").click()
    page.locator("#why .link").nth(1).click()
    expect(page.locator("#caption")).to_contain_text("dies between two writes")
    expect(page.locator("#past")).to_contain_text("Its process died here")


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("size", ["projector", "phone"])
def test_nothing_is_covered_by_a_verdict(open_page: Opener, size: str, lang: str) -> None:
    page = open_page(size=size, lang=lang)
    faster(page)
    judged(page)
    assert geometry.faults(page) == []
