"""The reason stands on the thing, and *Why?* leads from it to what somebody did: seen, clicked, and by keys alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.test_page import faster, names, pods, quiet
from tests.support.pages import post

BIG = """
apiVersion: v1
kind: Pod
metadata: {name: big}
spec: {containers: [{name: a, image: nginx, resources: {requests: {cpu: '9'}}}]}
"""
# Words of the timeline that reach over a mark of their lane.
COVERED = """(all) => all.filter((words) => {
  const here = words.getBoundingClientRect()
  const others = (mark) => mark.parentElement !== words.parentElement
  const marks = [...document.querySelectorAll("#lanes-svg .g .hit")].filter(others)
  return marks.map((mark) => mark.getBoundingClientRect()).some((mark) => {
    const sameLane = Math.abs(mark.top + mark.bottom - here.top - here.bottom) < 10
    return sameLane && mark.left + 1 < here.right && here.left < mark.right - 1
  })
}).map((words) => words.textContent)"""


def healed(page: Page) -> str:
    """Kill a pod and wait for its replacement. Returns the name of that."""
    faster(page)
    before = names(page)
    page.locator("#board .pod[id] .kills button").first.click()
    page.keyboard.press("q")
    expect(page.locator(f'#board .pod[id][data-name="{before[0]}"]')).to_have_count(0)
    quiet(page)
    expect(pods(page)).to_have_count(3)
    (name,) = set(names(page)) - set(before)
    return name


def test_why_leads_from_a_pod_to_the_kill_and_each_link_shows_its_step(open_page: Opener) -> None:
    page = open_page(size="projector")
    name = healed(page)
    page.locator(f'#board [data-open="Pod/default/{name}"]').first.click()
    page.get_by_role("complementary", name="Inspector").get_by_role("button", name="Why?").first.click()
    chain = page.get_by_role("complementary", name="Why?")
    links = chain.locator("[data-link]")
    expect(links.first).to_contain_text("You kill pod")
    expect(links.nth(1)).to_contain_text(re.compile(r"one is missing.*It creates one: …", re.DOTALL))
    expect(page.locator("#inspector")).to_be_hidden()
    links.nth(1).click()
    expect(links.nth(1)).to_have_attribute("aria-current", "step")
    step = links.nth(1).get_attribute("data-link") or ""
    expect(page.locator("#caption")).to_have_attribute("data-step", step)
    expect(page.locator("#caption .text")).to_contain_text("It creates one")
    expect(page.locator(f'#lanes-svg .g[data-n="{step}"]')).to_have_class(re.compile("chosen"))
    expect(page.locator("#board-now")).to_contain_text(step)
    chain.get_by_role("button", name="Close").click()
    expect(chain).to_be_hidden()
    expect(page.locator("#board-now")).to_have_count(0)


def test_why_by_keys_alone(open_page: Opener) -> None:
    page = open_page(size="projector", lang="ja")
    healed(page)
    page.keyboard.press("?")
    expect(page.locator("#help")).to_contain_text("なぜ")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("v")
    links = page.locator("#why [data-link]")
    expect(links.last).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(links.nth(links.count() - 2)).to_have_attribute("aria-current", "step")
    expect(page.locator("#caption")).to_have_attribute(
        "data-step", links.nth(links.count() - 2).get_attribute("data-link")
    )
    page.keyboard.press("Escape")
    expect(page.locator("#why")).to_be_hidden()
    expect(page.locator("#board .pod .open:focus")).to_have_count(1)


def test_why_of_an_endpoint_and_of_an_event(open_page: Opener) -> None:
    page = open_page()
    name = healed(page)
    page.locator("#services .open").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    row = inspector.locator(".endpoints li", has_text=name)
    row.get_by_role("button", name="Why?").click()
    expect(page.locator("#why [data-link]").first).to_contain_text("You kill pod")
    expect(page.locator("#why [data-link]").last).to_contain_text("Endpoints")
    page.keyboard.press("Escape")
    page.locator(f'#board [data-open="Pod/default/{name}"]').first.click()
    inspector.locator("tr", has_text="Scheduled").get_by_role("button", name="Why?").click()
    expect(page.locator("#why [data-link]").last).to_contain_text("Scheduler")


def test_why_not_of_a_pod_without_room_and_what_would_have_to_change(open_page: Opener) -> None:
    page = open_page(size="projector")
    faster(page)
    post(page, "commands/apply", manifest=BIG)
    page.get_by_role("button", name="no room: 3 × Insufficient cpu: Why not?").click()
    held = page.get_by_role("region", name="Why not?")
    expect(held.get_by_role("article")).to_contain_text("node-1, node-2, node-3: it asks for 9 of cpu, 4 is free.")
    page.keyboard.press("ArrowDown")
    since = held.get_by_role("button", name=re.compile("^since"))
    expect(since).to_be_focused()
    expect(page.locator("#caption")).to_have_attribute("data-role", "default-scheduler")
    expect(page.locator("#caption")).to_have_attribute("data-step", since.get_attribute("data-link") or "")
    page.keyboard.press("Escape")
    page.locator('#board [data-open="Pod/default/big"]').first.click()
    expect(page.get_by_role("button", name="Why? Why not?")).to_be_visible()


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_pod_that_waits_says_why_and_is_not_cut_off(open_page: Opener, lang: str) -> None:
    page = open_page(size="projector", lang=lang)
    faster(page)
    post(page, "commands/apply", manifest=BIG)
    why = page.locator('.tray [data-name="big"] .why')
    expect(why).to_have_text("no room: 3 × Insufficient cpu" if lang == "en" else "空きなし: 3 × Insufficient cpu")
    assert why.evaluate("e => e.scrollWidth <= e.clientWidth + 1 && parseFloat(getComputedStyle(e).fontSize) >= 12")
    page.get_by_role("button", name=re.compile("Power off node node-1|node-1の電源を切る")).click()
    belief = page.locator('[data-kind="Node"][data-name="node-1"] .belief')
    expect(belief).to_be_visible()
    assert belief.evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_the_marks_on_the_lanes_say_what_was_done(open_page: Opener) -> None:
    page = open_page(size="desk")
    name = healed(page)
    bound = page.locator('#lanes-svg .g[data-lane="default-scheduler"][aria-label*="It puts"]').last
    expect(bound).to_have_attribute("aria-label", re.compile(f"Act.*It puts …{name[-5:]} on node", re.DOTALL))
    assert bound.locator("title").text_content() == bound.get_attribute("aria-label")
    few = page.locator("#lanes-svg .few")
    expect(few.filter(has_text="You kill pod …")).to_have_count(1)
    assert few.evaluate_all(COVERED) == []
