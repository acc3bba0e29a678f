"""How the page lies, at every size, in both languages and themes: nothing is cut off, covered or too small to hit."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app import scenarios
from tests.browser.conftest import Opener
from tests.support.contrast import faint
from tests.support.geometry import faults
from tests.support.pages import SIZES, post

SETTLED_MS = 700  # what moves has arrived


def begin(page: Page, lesson: str) -> None:
    post(page, "scenario", scenario=lesson)
    expect(page.locator(f'[data-scenario="{lesson}"]')).to_have_attribute("aria-current", "true")
    page.wait_for_timeout(SETTLED_MS)


def scale(page: Page, replicas: int) -> None:
    post(page, "commands/scale", kind="Deployment", namespace="default", name="web", replicas=str(replicas))


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off_covered_or_too_small(open_page: Opener, size: str, lang: str) -> None:
    page = open_page(size=size, lang=lang)
    begin(page, "rolling-update")
    found = {"at first": faults(page)}
    page.locator('[data-script-step="0"]').click()
    expect(page.locator("#answer .answer")).to_be_visible()
    for moment in ("what was done", "observe", "diff", "act", "on"):
        page.wait_for_timeout(SETTLED_MS)
        found[moment] = faults(page)
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(SETTLED_MS)  # the last press has been answered
    page.keyboard.press("q")
    expect(page.locator("#ending")).to_be_visible()
    page.wait_for_timeout(SETTLED_MS)
    found["at the end"] = faults(page)
    assert {when: lines for when, lines in found.items() if lines} == {}


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("size", ["projector", "laptop", "desk"])
def test_the_menu_shows_every_lesson_with_its_promise_at_a_glance(open_page: Opener, size: str, lang: str) -> None:
    page, (width, height) = open_page(size=size, lang=lang), SIZES[size]
    page.keyboard.press("s")
    entries = page.locator("#scenario-menu .sheet [data-scenario]")
    assert entries.count() == len(scenarios.every())
    for entry in entries.all():
        box = entry.bounding_box()
        assert box
        assert (box["x"] >= 0, box["x"] + box["width"] <= width) == (True, True)
        assert (box["y"] >= 0, box["y"] + box["height"] <= height) == (True, True)
    assert faults(page) == []


def test_the_menu_ticks_what_was_finished(open_page: Opener) -> None:
    page = open_page(size="projector")
    begin(page, "crash-or-kill")
    post(page, "pace", speed="100")
    steps = page.locator("[data-script-step]")
    entry = page.locator('#scenario-menu [data-scenario="crash-or-kill"]')
    for step in steps.all():
        expect(entry).not_to_have_attribute("data-finished", "true")
        step.click()
        page.keyboard.press("q")
        expect(step).to_have_attribute("data-done", "true")
    expect(entry).to_have_attribute("data-finished", "true")
    page.reload()
    expect(entry).to_have_attribute("data-finished", "true")
    expect(page.locator('#scenario-menu [data-finished="true"]')).to_have_count(1)


def test_on_a_phone_the_lanes_come_last(open_page: Opener) -> None:
    page = open_page(size="phone")
    parts = ("caption", "script", "actual-section", "loop-section", "desired-section", "lane-scroll")
    boxes = [page.locator(f"#{part}").bounding_box() for part in parts]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == len(parts)
    assert tops == sorted(tops)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_on_a_projector_two_pods_a_node_stand_with_their_buttons(open_page: Opener, lang: str) -> None:
    page = open_page(size="projector", lang=lang)
    post(page, "pace", mode="clock", speed="100")
    scale(page, 6)
    pods = page.locator('#nodes [data-kind="Pod"][data-ready="true"]')
    expect(pods).to_have_count(6)
    page.wait_for_timeout(SETTLED_MS)
    edge = page.locator("#nodes").bounding_box()
    assert edge
    for button in page.locator("#nodes .kills button").all():
        box = button.bounding_box()
        assert box
        assert box["y"] + box["height"] <= edge["y"] + edge["height"]
        assert box["height"] >= 24


def test_a_refusal_covers_nothing_and_is_whole(open_page: Opener) -> None:
    page = open_page(size="projector")
    page.evaluate(
        """async (text) => {
          const main = document.querySelector('script[type="module"]').src
          const {tell} = await import(main.replace("main.js", "commands.js"))
          tell(text, false)
        }""",
        "error: a refusal that has much to say of its reasons. " * 6,
    )
    answer = page.locator("#answer .answer")
    expect(answer).to_have_attribute("data-bad", "true")
    page.wait_for_timeout(SETTLED_MS)
    assert faults(page) == []
    assert answer.evaluate("one => one.scrollHeight <= one.clientHeight")


def test_of_many_that_wait_the_tray_says_how_many_more(open_page: Opener) -> None:
    page = open_page(size="projector")
    post(page, "pace", mode="clock", speed="100")
    for node in ("node-1", "node-2", "node-3"):
        post(page, "commands/cordon", node=node, unschedulable="true")
    scale(page, 24)
    waiting = page.locator("#tray-pods .pod")
    expect(waiting).to_have_count(21)
    more = page.locator("#more-waiting")
    expect(more).to_be_visible()
    page.wait_for_timeout(SETTLED_MS)
    shown = page.locator("#tray-pods .pod:not(.beyond)").count()
    assert 0 < shown < 21
    expect(more).to_have_text(f"+{21 - shown}")
    assert faults(page) == []
    more.click()
    expect(page.locator("#tray-pods .pod.beyond")).to_have_count(0)
    assert faults(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_on_a_dead_node_can_be_read(open_page: Opener, theme: str) -> None:
    page = open_page(size="projector", theme=theme)
    post(page, "commands/cordon", node="node-2", unschedulable="true")
    page.get_by_role("button", name="Power off node node-1").click()
    page.keyboard.press("q")
    expect(page.locator('[data-name="node-1"][data-ready="false"]')).to_be_visible()
    expect(page.locator("body")).not_to_have_class("threaded")
    page.wait_for_timeout(SETTLED_MS)
    assert faint(page, ".node, .service, .tray") == []


def test_a_faint_text_is_found(open_page: Opener) -> None:
    page = open_page()
    page.evaluate("document.querySelector('.node .open').style.color = '#aaa'")
    assert any("node-1" in line for line in faint(page, ".node"))
    page.evaluate("document.querySelector('.pods').style.opacity = '.5'")
    assert any("Running" in line for line in faint(page, ".pod"))


def test_charts_have_axes(open_page: Opener) -> None:
    page = open_page(size="projector")
    chart = page.locator(".workload .charted")
    expect(chart.locator(".most")).to_have_text("3")
    expect(chart.locator(".none")).to_have_text("0")
    expect(chart.locator(".until")).to_have_text("now")
    expect(chart.locator(".from")).not_to_be_empty()


def test_on_a_phone_a_menu_opens_where_it_is_pressed(open_page: Opener) -> None:
    """Far below what one first sees, too."""
    page = open_page(size="phone")
    page.locator("#new-menu > summary").click()
    for entry in page.locator("#new-menu .sheet > button").all():
        expect(entry).to_be_in_viewport()
