"""The ruler: a moment of the past is dragged to, walked to by keys, found in a list, and left for now."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.support.geometry import faults
from tests.support.pages import post


def begun(open_page: Opener, size: str = "projector", lang: str = "en") -> Page:
    """A room in which a pod was killed, and everything done."""
    page = open_page(size=size, lang=lang)
    page.locator("#board .pod[id] .kills button").first.click()
    page.locator("[data-quiet-run]").click()
    expect(page.locator("#ending")).to_be_visible()
    expect(page.locator("#ruler i.act:not(.moment)")).to_have_count(3)
    return page


def test_dragged_to_the_past_and_back(open_page: Opener) -> None:
    page = begun(open_page)
    scale, thumb = page.locator("#ruler .scale"), page.locator("#ruler .thumb")
    kill = page.locator("#ruler i.act:not(.moment)").last
    (where, box) = (kill.bounding_box(), scale.bounding_box())
    assert where is not None
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 30, middle)
    page.mouse.down()
    page.mouse.move(where["x"] + 10, middle, steps=6)
    expect(page.locator("#caption .text")).to_contain_text("You kill pod")
    page.mouse.up()
    expect(page.locator("body")).to_have_class(re.compile("in-past"))
    expect(page.locator('.board-then [data-kind="Pod"][data-status="Terminating"]')).to_have_count(1)
    expect(page.locator(".desired-then details[open] pre")).to_contain_text("replicas: 3")
    expect(thumb).to_have_attribute("aria-valuetext", re.compile(r"^step \d+, 00:"))
    assert faults(page) == []
    page.mouse.click(box["x"] + box["width"] - 1, middle)
    expect(page.locator("body")).not_to_have_class(re.compile("in-past"))
    expect(thumb).to_have_attribute("aria-valuetext", "now")


def test_walked_by_keys_while_the_room_goes_on(open_page: Opener) -> None:
    page = begun(open_page)
    page.locator("#ruler .thumb").focus()
    page.keyboard.press("PageUp")
    expect(page.locator("#caption")).to_have_attribute("data-role", "you")
    kill = int(page.locator("#caption").get_attribute("data-step") or 0)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#caption")).not_to_have_attribute("data-step", str(kill))
    assert int(page.locator("#caption").get_attribute("data-step") or 0) > kill
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#caption")).to_have_attribute("data-step", str(kill))
    page.keyboard.press("Home")
    expect(page.locator('.board-then [data-kind="Pod"]')).to_have_count(0)
    expect(page.locator("#clock")).to_have_text("00:00.0")
    post(page, "commands/scale", kind="Deployment", namespace="default", name="web", replicas="4")
    expect(page.locator('#board [data-kind="Pod"]')).to_have_count(4)
    expect(page.locator("body")).to_have_class(re.compile("in-past"))
    page.keyboard.press("End")
    expect(page.locator("body")).not_to_have_class(re.compile("in-past"))
    expect(page.locator("#board")).to_be_visible()


def test_a_change_is_found_by_words_and_looked_at(open_page: Opener) -> None:
    page = begun(open_page)
    page.keyboard.press(",")
    expect(page.locator("#why h2")).to_have_text("Changes")
    page.locator("#why input").fill("pod nodename")
    expect(page.locator("#why .link")).to_have_count(4)
    expect(page.locator("#why .link").last).to_contain_text("spec.nodeName: – → node-1")
    page.locator("#why .link").last.click()
    expect(page.locator("#caption")).to_have_attribute("data-role", "default-scheduler")
    expect(page.locator("body")).to_have_class(re.compile("in-past"))
    page.locator("#why input").fill("no such thing")
    expect(page.locator("#why .nothing")).to_be_visible()
    page.locator("#why [data-close-why]").click()
    expect(page.locator("body")).not_to_have_class(re.compile("in-past"))


def test_a_fault_has_its_own_mark_to_go_to_by_keys(open_page: Opener) -> None:
    page = begun(open_page)
    fault = page.locator("#ruler i.fault")
    expect(fault).to_have_count(1)
    expect(fault).to_have_attribute("title", re.compile(r"Fault: You kill pod"))
    post(page, "commands/scale", kind="Deployment", namespace="default", name="web", replicas="4")
    expect(page.locator("#ruler i.act:not(.moment)")).to_have_count(4)
    page.locator("#ruler .thumb").press("Shift+PageUp")
    expect(page.locator("#caption .text")).to_contain_text("You kill pod")
    expect(page.locator("#ruler .thumb")).to_have_attribute("aria-valuetext", re.compile("Fault: You kill pod"))


def test_changes_are_chosen_by_object_loop_and_field(open_page: Opener) -> None:
    page = begun(open_page)
    page.keyboard.press(",")
    panel = page.get_by_role("complementary", name="Why?")
    panel.get_by_label("Loop", exact=True).select_option("default-scheduler")
    panel.get_by_label("Field", exact=True).select_option("spec.nodeName")
    expect(panel.locator(".link")).to_have_count(4)
    panel.get_by_role("searchbox").fill("node-1")
    expect(panel.locator(".link").first).to_contain_text("spec.nodeName: – → node-1")
    panel.get_by_label("Object", exact=True).select_option("Deployment/default/web")
    expect(panel.locator(".nothing")).to_be_visible()
    assert panel.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert min(panel.locator("select").evaluate_all("all => all.map((e) => e.offsetHeight)")) >= 24


def test_on_a_phone_in_japanese(open_page: Opener) -> None:
    page = begun(open_page, "phone", "ja")
    page.locator("#ruler .thumb").press("PageUp")
    expect(page.locator("body")).to_have_class(re.compile("in-past"))
    assert faults(page) == []
    page.locator("[data-changes]").click()
    expect(page.locator("#why h2")).to_have_text("変更")
