"""Many pods are squares on a canvas: pointed at, chosen by keys, and a node of them enlarged."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opener
from tests.support.pages import post

SMALLEST_PX = 6


def crowd(page: Page) -> Locator:
    """So many pods that each is a square on a canvas."""
    post(page, "commands/latencies", preset="zero")
    post(page, "pace", mode="clock", speed="100")
    post(page, "commands/scale", kind="Deployment", namespace="default", name="web", replicas="150")
    canvas = page.locator("#cells canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile(r"^150 pods, 150 ready"))
    expect(page.locator("body")).to_have_attribute("data-quiet", "true")
    return canvas


def test_many_pods_are_squares_that_can_be_pointed_at_and_clicked(open_page: Opener) -> None:
    page = open_page(size="projector")
    canvas = crowd(page)
    now = page.locator("#cell-now")
    canvas.hover(position={"x": 8, "y": 26})
    expect(now).to_have_text(re.compile(r"^web-\S+ · node-1 · running and ready$"))
    canvas.hover(position={"x": 8, "y": 8})
    expect(now).to_have_text(re.compile(r"^node-1: \d+ pods"))
    canvas.click(position={"x": 8, "y": 26})
    expect(page.get_by_role("complementary", name="Inspector")).to_contain_text("kubectl delete pod web-")


def test_a_node_of_squares_can_be_enlarged(open_page: Opener) -> None:
    page = open_page(size="projector")
    canvas = crowd(page)
    select = page.get_by_role("combobox", name="Enlarge")
    select.select_option("node-2")
    now = page.locator("#cell-now")
    canvas.hover(position={"x": 30, "y": 30})
    expect(now).to_contain_text("node-2")
    canvas.click(position={"x": 8, "y": 8})
    expect(select).to_have_value("")
    page.keyboard.press("j")
    expect(now).to_contain_text("web-")
    page.keyboard.press("z")
    expect(select).to_have_value("node-2")
    page.keyboard.press("Escape")
    expect(select).to_have_value("")
    expect(canvas).to_be_focused()


def test_squares_are_never_too_small_to_hit(open_page: Opener) -> None:
    page = open_page()
    sides = page.evaluate(
        """async () => {
          const main = document.querySelector('script[type="module"]').src
          const {arrange} = await import(main.replace("main.js", "cellgrid.js"))
          const pods = (count) => Array.from({length: count}, (_, index) => [`default/p${index}`, "ready"])
          const groups = (nodes, each) => Array.from({length: nodes}, (_, index) => (
            {name: `node-${index}`, zone: `zone-${index % 3}`, pods: pods(each)}))
          return [[3, 50], [50, 20], [100, 50], [500, 100]].map((size) => arrange(groups(...size), 560, 240).size.width)
        }"""
    )
    assert min(sides) >= SMALLEST_PX
    assert sides == sorted(sides, reverse=True)
