"""The checker of tests/support/geometry.py finds what is planted, and nothing on a page that is well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.geometry import faults

BOX = "position: absolute; left: 20px; top: 20px; width: 120px; height: 40px; background: #eee;"

PLANTED = {
    "text cut sideways": (
        "<div style='width: 60px; overflow: hidden; white-space: nowrap'>much longer than that</div>",
        "cut off sideways",
    ),
    "text cut in height": (
        "<div style='height: 20px; width: 90px; overflow: hidden'>a few words that need three lines</div>",
        "cut off in height",
    ),
    "an ellipsis without a title": (
        "<p style='width: 60px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis'>longer than that</p>",
        "cut off sideways",
    ),
    "a caption with an ellipsis": (
        "<p id='caption' title='all of it' style='width: 60px; overflow: hidden; white-space: nowrap; font-size: 20px;"
        " text-overflow: ellipsis'><span class='text'>longer than that</span></p>",
        "cut off sideways",
    ),
    "text in an area lower than a line": (
        "<div style='height: 8px; overflow: auto; line-height: 20px; width: 300px'>nobody can read this</div>",
        "less than a line",
    ),
    "text outside of the window": ("<p style='position: absolute; left: -60px; top: 0'>words beyond</p>", "the window"),
    "a button cut by its panel": (
        "<div style='width: 90px; height: 30px; overflow: hidden'>"
        "<button style='margin-left: 60px'>Apply</button></div>",
        "cut off sideways",
    ),
    "a toast over a text": (f"<p>what was declared</p><div style='{BOX} pointer-events: none'></div>", "covered by"),
    "a toast that is far up in the tree": (
        f"<main style='height: 90px'><p>what was declared</p></main><aside style='{BOX}'>Done</aside>",
        "covered by",
    ),
    "a text over a text": ("<p>one line of text</p><p style='margin-top: -2.2em'>another line</p>", "text over text"),
    "a button over a text": (
        "<p>one line of text</p>"
        "<button style='position: absolute; left: 20px; top: 18px; background: none'>Kill</button>",
        "text over text",
    ),
    "two buttons in one place": (
        "<button style='width: 90px; background: none'></button>"
        "<button style='width: 90px; margin-left: -30px; background: none'></button>",
        "control over control",
    ),
    "a small target": ("<button style='width: 40px; height: 18px'>Kill</button>", "small target"),
    "a narrow target": ("<button style='width: 12px; height: 30px'>x</button>", "small target"),
    "small text": ("<p style='font-size: 11px'>fine print</p>", "small text"),
    "small text in a drawing": (
        "<svg viewBox='0 0 400 40' width='200' height='20'><text y='20' font-size='14'>scaled</text></svg>",
        "small text",
    ),
    "a small caption": (
        "<p id='caption' style='font-size: 18px'><span class='text'>It creates one.</span></p>",
        "small text",
    ),
    "a page that scrolls sideways": ("<div style='width: 2000px; height: 9px'></div>", "scrolls sideways"),
    "a list that scrolls sideways": (
        "<ul style='width: 90px; overflow-x: auto; white-space: nowrap'><li>one item and another item</li></ul>",
        "scrolls sideways",
    ),
}

WELL = {
    "an ellipsis with a title": "<p title='longer than that' style='width: 60px; overflow: hidden; white-space: nowrap;"
    " text-overflow: ellipsis'>longer than that</p>",
    "a list that scrolls": "<ul style='height: 60px; overflow: auto'>" + "<li>one of many</li>" * 20 + "</ul>",
    "a sticky head": "<div style='height: 60px; overflow: auto' id='list'>"
    "<h3 style='position: sticky; top: 0; margin: 0; background: #fff'>Many</h3>"
    + "<p>one of many</p>" * 9
    + "</div><script>list.scrollTop = 20</script>",
    "an open menu": "<details open class='menu'><summary style='padding: 9px'>Menu</summary><div class='sheet' style='"
    + BOX + " height: 90px'><button style='height: 30px'>One</button></div></details><p>what is behind it</p>",
    "a dialog": "<p>behind</p><dialog>Keys<button style='padding: 9px'>Close</button></dialog>"
    "<script>document.querySelector('dialog').showModal()</script>",
    "a hidden text": "<p hidden style='font-size: 8px'>nothing</p><p style='opacity: 0; font-size: 8px'>nothing</p>",
    "a target that reaches further": "<div style='position: relative; height: 60px'><style>.open::after { content: '';"
    " position: absolute; inset: 0; }</style><button class='open' style='height: 18px; padding: 0'>Pod</button></div>",
    "what arrives": "<style>@keyframes come { from { opacity: .5; } }</style>"
    "<p style='animation: come 60s; font-size: 8px'>just now</p>",
}  # fmt: skip


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    yield context.new_page()
    context.close()


def laid(page: Page, body: str) -> list[str]:
    page.set_content(f"<!doctype html><body style='font: 16px/1.5 sans-serif'>{body}</body>")
    return faults(page)


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_found(page: Page, planted: str) -> None:
    body, fault = PLANTED[planted]
    found = laid(page, body)
    assert [line for line in found if fault in line], found


@pytest.mark.parametrize("case", WELL)
def test_what_is_well_is_no_fault(page: Page, case: str) -> None:
    assert laid(page, WELL[case]) == []


def test_a_fault_says_what_it_is_about_and_elements_with_the_same_are_one_line(page: Page) -> None:
    small = "".join(f"<p id='p{n}' style='font-size: 9px'>fine print</p>" for n in range(5))
    assert laid(page, small) == ['small text, 9.0 px: #p0 "fine print", #p1 "fine print", #p2 "fine print", and 2 more']


def test_looking_changes_nothing(page: Page) -> None:
    page.set_content("<button style='pointer-events: none'>Apply</button>")
    before = page.content()
    faults(page)
    assert page.content() == before
    assert page.evaluate("document.adoptedStyleSheets.length") == 0
    assert page.evaluate("getComputedStyle(document.querySelector('button')).pointerEvents") == "none"
