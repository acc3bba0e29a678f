"""The page tells one story: what the server tells stands in sight as long as it takes to read, everywhere the same."""

from __future__ import annotations

import re
import statistics
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.support.pages import post
from tests.support.patience import PATIENCE_MS

SHARE = 0.6  # of its time that a sentence stands, half of them at least: a busy machine brings some frames late

# What frames of the server tell, and whether it was in sight all the while.
RECORD = """() => {
  window.told = []
  let number = -1
  const inSight = (element) => {
    const box = element.getBoundingClientRect()
    return box.height > 0 && box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth
  }
  const look = () => {
    const state = JSON.parse(document.getElementById("frame").textContent)
    const now = performance.now()
    const [caption, loop] = ["caption", "loop-section"].map((id) => document.getElementById(id))
    if (state.frame !== number && state.told) window.told.push({...state.told, at: now, apart: 0, unseen: 0})
    number = state.frame
    const last = window.told.at(-1)
    if (last) {
      last.until = now
      last.text = caption.querySelector(".text").textContent
      last.apart += caption.dataset.step !== String(last.step) || loop.dataset.step !== caption.dataset.step
      last.apart += loop.dataset.role !== caption.dataset.role
      last.unseen += !inSight(caption.querySelector(".text"))
    }
    requestAnimationFrame(look)
  }
  look()
}"""


def told(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("window.told")
    return found


def watched(page: Page, count: int) -> list[dict[str, Any]]:
    """The first moments; each is over."""
    for _ in range(PATIENCE_MS // 250):
        if len(found := told(page)) > count:
            return found[:count]
        page.wait_for_timeout(250)
    raise AssertionError(f"only {len(told(page))} moments were told")


def share_stood(moment: dict[str, Any], speed: int) -> float:
    """Of the time that it takes to read it."""
    stood: float = (moment["until"] - moment["at"]) / 1000 / (moment["stands"] / speed)
    return stood


def kill(page: Page) -> None:
    page.locator("#board .pod[id] .kills button").first.click()
    expect(page.locator("#caption")).to_have_attribute("data-role", "you")


def step_of(page: Page, id: str) -> int:
    return int(page.locator(f"#{id}").get_attribute("data-step") or 0)


class Telling(NamedTuple):
    """What the first step of a lesson shows, once `pods` are ready."""

    pods: int
    roles: tuple[str, ...]  # of the first moments, after yours
    moments: int  # that are watched; the others are skipped
    speed: int
    ending: str | None  # what it says; None where requests go on, so that the room is never quiet


TOLD = {
    "self-healing": Telling(3, ("replicaset-controller",) * 3, 9, 3, r"3 wanted|3、"),
    "rolling-update": Telling(
        4, ("deployment-controller",) * 3 + ("replicaset-controller",) * 3, 9, 3, r"4 wanted|4、"
    ),
    "edge-or-level": Telling(3, ("endpointslice-controller",) * 3 + ("kubelet",) * 2, 6, 3, r"3"),
    "traffic": Telling(3, (), 2, 1, None),
    "node-failure": Telling(3, ("node-lifecycle-controller",) * 3, 9, 3, r"3 wanted|3、"),
}


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("lesson", TOLD)
def test_each_moment_stands_in_sight_as_long_as_it_takes_to_read(open_page: Opener, lesson: str, lang: str) -> None:
    page, telling = open_page(size="projector", lang=lang), TOLD[lesson]
    post(page, "scenario", scenario=lesson)
    ready = page.locator('#board [data-kind="Pod"][data-ready="true"]')
    expect(ready).to_have_count(telling.pods)
    post(page, "pace", speed=str(telling.speed))
    page.evaluate(RECORD)
    page.locator('[data-script-step="0"]').click()
    moments = watched(page, telling.moments)
    assert tuple(each["role"] for each in moments[: 1 + len(telling.roles)]) == ("you", *telling.roles)
    needed = sum(each["stands"] for each in moments) / telling.speed
    assert moments[-1]["until"] - moments[0]["at"] >= SHARE * needed * 1000
    assert statistics.median(share_stood(each, telling.speed) for each in moments) >= SHARE, moments
    for each in moments:
        assert each["text"], each
        assert (each["apart"], each["unseen"]) == (0, 0), each
    if telling.ending is not None:
        page.keyboard.press("q")
        expect(page.locator("#ending")).to_be_visible()
        expect(page.locator("#ending")).to_contain_text(re.compile(telling.ending))
    for milestone in page.locator("[data-watch-for='0'] [data-milestone]").all():
        expect(milestone).to_have_attribute("data-told", "true")


def test_the_story_points_at_the_board(open_page: Opener) -> None:
    page = open_page(size="projector")
    kill(page)
    expect(page.locator("body")).to_have_class(re.compile("threaded"))
    expect(page.locator("#board .pod.bright")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#caption")).to_have_attribute("data-phase", "observe")
    expect(page.locator("#board .pod.gazed")).to_have_count(3)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".workload.differs .want-have .slot.gone")).to_have_count(1)
    expect(page.locator(".want-have .slot")).to_have_count(3)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tray-pods .pod.done-now")).to_have_count(1)
    expect(page.locator("#deeds path")).to_have_count(1)
    expect(page.locator("#cursor")).to_have_attribute("visibility", "visible")
    dimmed = page.locator("#board .node .pod:not(.bright) .open b").first
    assert contrast(page, dimmed) >= 3


def contrast(page: Page, text: Any) -> float:
    found: float = text.evaluate(
        """(element) => {
          const light = (color) => {
            const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map((n) => n / 255)
            const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
          }
          const style = (one) => getComputedStyle(one)
          const [ink, paper] = [style(element).color, style(element.closest("li")).backgroundColor]
          const [low, high] = [light(ink), light(paper)].sort((a, b) => a - b)
          return (high + 0.05) / (low + 0.05)
        }"""
    )
    return found


def test_back_through_what_was_told_and_on_again_by_keys(open_page: Opener) -> None:
    page = open_page(size="projector")
    before = page.locator('#board [data-kind="Pod"]').count()
    kill(page)
    steps = [step_of(page, "caption")]
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        expect(page.locator("#caption")).not_to_have_attribute("data-step", str(steps[-1]))
        steps.append(step_of(page, "caption"))
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#caption")).to_have_attribute("data-step", str(steps[-2]))
    expect(page.locator("#loop-section")).to_have_attribute("data-step", str(steps[-2]))
    expect(page.locator("#board-now")).to_contain_text("as it was")
    expect(page.locator('.board-then [data-kind="Pod"]')).to_have_count(before)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#caption")).to_have_attribute("data-step", str(steps[-3]))
    page.keyboard.press("Escape")
    expect(page.locator("#caption")).to_have_attribute("data-step", str(steps[-1]))
    expect(page.locator(".board-then")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("body")).to_have_class(re.compile("in-past"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("body")).not_to_have_class(re.compile("in-past"))
    expect(page.locator("#caption")).to_have_attribute("data-step", str(steps[-1]))
    page.keyboard.press("a")
    expect(page.locator("#caption")).to_be_focused()
    page.keyboard.press(".")
    expect(page.locator("#caption")).not_to_have_attribute("data-step", str(steps[-1]))


def test_a_pinned_loop_stays_until_one_follows_again(open_page: Opener) -> None:
    page = open_page(size="projector")
    page.locator("#mini-kubelet").click()
    expect(page.locator("#loop-section")).to_have_attribute("data-pinned", "true")
    expect(page.locator("#follow")).to_have_text("Pinned")
    kill(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#caption")).to_have_attribute("data-role", "replicaset-controller")
    expect(page.locator("#loop-section")).to_have_attribute("data-role", "kubelet")
    page.keyboard.press("0")
    expect(page.locator("#loop-section")).to_have_attribute("data-role", "replicaset-controller")
    assert step_of(page, "loop-section") == step_of(page, "caption")


def test_the_ending_can_be_seen_once_more(open_page: Opener) -> None:
    page = open_page(size="projector")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#answer")).to_contain_text("Nothing is due")
    kill(page)
    first = step_of(page, "caption")
    page.keyboard.press("End")
    expect(page.locator("#ending")).to_contain_text(
        re.compile(r"Healed in [0-9.]+ s: 3 wanted, 3 ready\. [0-9]+ loops, [0-9]+ steps\.")
    )
    expect(page.locator("body")).to_have_attribute("data-quiet", "true")
    expect(page.locator("body")).not_to_have_class(re.compile("threaded"))
    page.get_by_role("button", name="Once more").click()
    expect(page.locator("#caption")).to_have_attribute("data-step", str(first))
    page.keyboard.press("Escape")
    expect(page.locator("#ending")).to_be_visible()
    kill(page)
    expect(page.locator("#ending")).to_be_hidden()


def test_all_at_once_is_one_switch_away(open_page: Opener) -> None:
    page = open_page(size="projector")
    switch = page.get_by_role("switch", name="All at once")
    expect(switch).to_have_attribute("aria-checked", "false")
    page.keyboard.press("b")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
