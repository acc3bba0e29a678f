"""What a browser fetches of our scripts and styles: all lines but those of comments, each where it stood."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.web.assets import SHEETS, Assets, without_comments

STATIC = Path(__file__).parent.parent.parent / "static"
OURS = sorted(path for kind in ("js", "css") for path in (STATIC / kind).glob(f"*.{kind}"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_code_stays_where_it_is(path: Path) -> None:
    before = path.read_text().split("\n")
    after = without_comments(path.read_text(), path.suffix).split("\n")
    assert len(before) == len(after)
    left_out = [line.strip() for line, kept in zip(before, after, strict=True) if line != kept]
    assert all(kept in ("", line) for line, kept in zip(before, after, strict=True))
    assert left_out, "every file says what it is"
    assert not [line for line in left_out if not is_comment(line, path.suffix)]


def is_comment(line: str, suffix: str) -> bool:
    """A line of it: in stylesheets a comment may go on in lines of plain words."""
    return line.startswith(("//", "/*", "*")) or (suffix == ".css" and not set(line) & set("{};"))


@pytest.mark.parametrize(
    ("suffix", "text", "kept"),
    [
        (".js", "// a\nlet b = 1 // c\n  /** d\n   * e */\nf()\n", "\nlet b = 1 // c\n\n\nf()\n"),
        (".js", "/** @type {A} */\nlet a = x /* y */ / z\n", "\nlet a = x /* y */ / z\n"),
        (".css", "/* a\n   b */\n.c { d: e } /* f */\n", "\n\n.c { d: e } /* f */\n"),
    ],
)
def test_comments_that_have_lines_of_their_own_are_left_out(suffix: str, text: str, kept: str) -> None:
    assert without_comments(text, suffix) == kept


def test_what_others_wrote_is_sent_as_they_wrote_it() -> None:
    asset = Assets(STATIC).get("vendor/htmx.min.js")
    assert asset is not None
    assert asset.body == (STATIC / "vendor" / "htmx.min.js").read_bytes()


def test_the_sheets_of_the_page_are_sent_as_one_and_none_is_forgotten() -> None:
    assets = Assets(STATIC)
    sheet = assets.get("css/room.css")
    assert sheet is not None
    names = SHEETS["css/room.css"]
    parts = [assets.get(f"css/{name}.css") for name in names]
    assert sheet.body == b"".join(part.body for part in parts if part is not None)
    assert {path.stem for path in (STATIC / "css").glob("*.css")} == {
        *names,
        "error",
        "beside",
        "own",
        "custom",
        "embed",
        "pictures",
        "import",
        "look",
        "player",
        "ruler",
        "share",
        "why",
    }
