"""docs/your-first-controller.md, read and done from its first line to its last, in each language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import versions, workshop
from tests.support.server import Server

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": DOCS / "your-first-controller.md", "ja": DOCS / "your-first-controller.ja.md"}


@pytest.mark.long
@pytest.mark.parametrize("lang", PAGES)
def test_everything_on_the_page_is_so(lang: str, tmp_path: Path) -> None:
    newest = versions.fitting(31, 99)[-1]
    assert newest.path, versions.advice(newest)
    with Server("--unlimited") as server, workshop.Reader(server, tmp_path, lang, newest.path) as reader:
        reader.read(PAGES[lang].read_text("utf-8"))


def test_what_it_asks_of_a_newcomer_is_what_stands_on_the_page() -> None:
    """Its figures; those of time were measured."""
    effort = workshop.effort(PAGES["en"].read_text("utf-8"))
    for page in PAGES.values():
        words, minutes, _a_minute, *counted = _numbers(page)
        assert (words, *counted[:4]) == (effort.words, effort.copied, effort.lines, effort.commands, effort.presses)
        assert minutes == round(effort.words / 200)


def _numbers(page: Path) -> list[int]:
    """Of the last table; in Japanese the rate stands before the minutes."""
    row = page.read_text("utf-8").rpartition("|---|")[2].splitlines()[1]
    words, one, other, *rest = (int(each) for each in re.findall(r"\b\d+\b|\d+", row))
    return [words, min(one, other), max(one, other), *rest]


def test_both_languages_do_the_same() -> None:
    english, japanese = (workshop.blocks(page.read_text("utf-8")) for page in PAGES.values())
    assert english == japanese
