"""A browser that is slower than the room: frames that wait become one, and nothing of them is missing."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.support.pages import post

JOIN = """async ({one, next}) => {
  const main = document.querySelector('script[type="module"]').src
  const {read, canJoin, joined} = await import(new URL("frames.js", main))
  const head = (state) => `<script type="application/json" id="frame">${JSON.stringify(state)}</script>`
  const [first, second] = [one, next].map(({state, pieces}) => read(head(state) + pieces))
  const {pieces, state} = joined(first, second)
  const texts = pieces.map((piece) => piece.id === "frame" ? "frame" : piece.outerHTML)
  return {can: canJoin(first, second), state, pieces: texts}
}"""
EMPTY: dict[str, Any] = {"epoch": 1, "mode": "cards", "pace": {"mode": "clock"}, "steps": [], "replicas": {}}


def join(page: Any, one: dict[str, Any], following: dict[str, Any], *pieces: str) -> dict[str, Any]:
    first, second = pieces or ("", "")
    frames = {"one": {"pieces": first, "state": EMPTY | one}, "next": {"pieces": second, "state": EMPTY | following}}
    found: dict[str, Any] = page.evaluate(JOIN, frames)
    return found


def test_of_what_is_added_all_stays_and_of_the_rest_the_newest(open_page: Opener) -> None:
    page = open_page()
    one = {"frame": 7, "steps": [1], "replicas": {"web": [1]}, "script": "b", "traffic": {"s": {"rows": [1], "rps": 1}}}
    following = {
        "frame": 8,
        "steps": [2],
        "replicas": {"web": [2]},
        "script": None,
        "traffic": {"s": {"rows": [2], "rps": 5}},
    }
    state = join(page, one, following)["state"]
    assert (state["frame"], state["steps"], state["replicas"]) == (8, [1, 2], {"web": [1, 2]})
    assert (state["script"], state["traffic"]) == ("b", {"s": {"rows": [1, 2], "rps": 5}})


def test_of_an_element_the_newest_counts_and_of_cells_each_change(open_page: Opener) -> None:
    first = '<i id="a">1</i><i id="b">1</i><b id="cells-changed">1</b>'
    second = '<i id="a" hx-swap-oob="delete"></i><b id="cells-changed">2</b>'
    assert join(open_page(), {}, {}, first, second)["pieces"] == [
        '<i id="b">1</i>',
        '<b id="cells-changed">1</b>',
        "frame",
        '<i id="a" hx-swap-oob="delete"></i>',
        '<b id="cells-changed">2</b>',
    ]


def test_what_is_told_one_after_the_other_stays_two(open_page: Opener) -> None:
    page, story = open_page(), {"pace": {"mode": "story"}}
    one, same, other = ({"told": {"step": step}} for step in (1, 1, 2))
    assert join(page, one | story, same | story)["can"]
    assert not join(page, one | story, other | story)["can"]
    assert join(page, one, other)["can"]
    assert not join(page, one, other | {"epoch": 2})["can"]


def test_a_slow_browser_shows_all_of_it_in_the_end(open_page: Opener) -> None:
    page = open_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 10})
    post(page, "pace", mode="clock", speed="100")
    post(page, "commands/scale", kind="Deployment", name="web", namespace="default", replicas="24")
    expect(page.locator('#board .pod[data-ready="true"]')).to_have_count(24, timeout=60_000)
    expect(page.locator("#tally")).to_have_text("24/24 Ready")
