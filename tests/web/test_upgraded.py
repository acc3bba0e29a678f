"""What a page says of a room whose past another version told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import Browser, make_app

SAID = {"en": "another version told its past", "ja": "別のバージョン"}


def test_a_room_of_another_version_says_so_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(DATA_DIR=str(tmp_path))
    browser = Browser(app)
    pods = browser.pods()
    assert SAID["en"] not in browser.get("").get_data(as_text=True).partition("<main>")[2].partition("<footer")[0]
    rooms = app.extensions["rooms"]
    rooms.checkpoints.write_now(browser.room)
    rooms.close()
    monkeypatch.setattr("app.cluster.checkpoint.version", lambda: "another")
    upgraded = make_app(DATA_DIR=str(tmp_path)).test_client()
    for lang, words in SAID.items():
        page = upgraded.get(f"{browser.base}?lang={lang}").get_data(as_text=True)
        assert words in page.partition("<main>")[2].partition("<footer")[0]
        assert all(f'data-name="{pod}"' in page for pod in pods)
