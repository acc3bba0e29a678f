"""A room stops while somebody looks at it: the page says so, and one press begins it anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.buggy import Buggy


@pytest.fixture(scope="module")
def buggy() -> Iterator[Buggy]:
    with Buggy() as server:
        yield server


@pytest.mark.parametrize(
    ("lang", "said", "reset"),
    [
        (
            "en",
            "A step of this room computed for more than 0.5 seconds, and was ended. Reset the room to go on.",
            "Reset the room",
        ),
        (
            "ja",
            "1ステップの計算が0.5秒を超えたため、中断しました。続けるにはルームをリセットしてください。",
            "ルームをリセット",
        ),
    ],
)
def test_the_page_says_why_a_room_has_stopped(
    chromium: Browser, buggy: Buggy, lang: str, said: str, reset: str
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale=lang)
    page = context.new_page()
    page.goto(f"{buggy.url}/?lang={lang}")
    page.wait_for_selector("#board .pod")
    address = page.url.partition("?")[0]
    page.evaluate(
        """async () => {
          const headers = {"X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content}
          for (const [path, values] of [["commands/scale", "kind=Deployment&name=web&replicas=6"], ["quiet", ""]]) {
            const body = new URLSearchParams(values)
            await fetch(`${document.body.dataset.base}/${path}`, {method: "POST", body, headers})
          }
        }"""
    )
    expect(page.get_by_text(said)).to_be_visible()
    page.get_by_role("button", name=reset).click()
    page.wait_for_selector("#board .pod")
    assert page.url == address
    context.close()
