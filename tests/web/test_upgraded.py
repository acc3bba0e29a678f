"""What a page says of a room whose past another version told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.rooms.replaying import PAST
from tests.support.browser import Browser, make_app

SAID = {"en": "another version told its past", "ja": "別のバージョン"}


@pytest.mark.long
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


TOKEN = re.compile(r'name="csrf_token" value="[0-9a-f]{64}"')  # each visitor has another


@pytest.mark.long
def test_a_step_that_the_room_has_forgotten_is_lived_through_again(tmp_path: Path) -> None:
    app = make_app(DATA_DIR=str(tmp_path))
    browser = Browser(app)
    browser.post("/commands/delete", {"kind": "Pod", "namespace": "default", "name": browser.pods()[0]})
    room, rooms = browser.room, app.extensions["rooms"]
    act = room.cluster.trace.count
    before = browser.get(f"/steps/{act}").get_data(as_text=True)
    while room.cluster.trace.count < 3 * PAST:
        room.cluster.advance(room.cluster.now_ms + 3_600_000, 100)
        rooms.moved(room)
        rooms.checkpoints.finish()
    rooms.close()
    upgraded = make_app(DATA_DIR=str(tmp_path))
    assert upgraded.extensions["rooms"].get(room.id).cluster.trace.get(act) is None
    again = upgraded.test_client().get(f"{browser.base}/steps/{act}")
    assert again.status_code == 200
    told, told_again = (TOKEN.sub("", text) for text in (before, again.get_data(as_text=True)))
    assert told_again == told
