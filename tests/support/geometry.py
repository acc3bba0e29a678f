"""Looks for faults in how a page lies: what a critical eye sees on a screenshot, measured.

`faults(page)` judges the page as it stands, at the size of its window; tests of the page and the tour call it. It reads
boxes in the browser (`geometry.js`) and changes nothing. What it finds, by the words that a line begins with:

- *scrolls sideways*: the page, or a part of it that is no code, table or timeline.
- *cut off*: text, or a control, that a box without scroll bars or the window cuts. An ellipsis is right where a `title`
  has the whole text; the caption, the ending and answers are never shortened. An area that scrolls, and shows no line.
- *covered*: text behind something that is no part of it (a message over the editor). What somebody opened on purpose (a
  dialog, a menu, the inspector, a tooltip) may cover, and what is beneath a sticky edge can be scrolled out.
- *text over text*, *control over control*: two in one place.
- *small target*: a control with less than 24 x 24 px to hit. Glyphs and names of the timeline are exempt: the small
  rings, Back and Next do the same.
- *small text*: less than 12 px, or a caption of less than 20 px where the page is not a phone's.

Elements that move at the moment (they arrive, fly or leave) are left out: call it when the page has settled.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_LOOK = (Path(__file__).parent / "geometry.js").read_text()


def faults(page: Page) -> list[str]:
    """A line for each fault that can be seen now, with the elements that have it; none if all is well."""
    found: list[str] = page.evaluate(_LOOK)
    return found
