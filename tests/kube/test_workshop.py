"""docs/your-first-controller.md, read and done from its first line to its last, in each language."""

from __future__ import annotations

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


def test_both_languages_do_the_same() -> None:
    english, japanese = (workshop.blocks(page.read_text("utf-8")) for page in PAGES.values())
    assert english == japanese
