"""`loopscope serve` and where it keeps rooms: by default, as asked, not at all, and when the file is damaged."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.options import data_folder
from app.rooms.files import NAME
from app.web import serve
from tests.support.patience import PATIENCE_S
from tests.support.server import Server

pytestmark = pytest.mark.long


def test_rooms_are_kept_where_programs_keep_their_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    options = serve._parser().parse_args(["serve"])
    held = serve._hold(options)
    assert held is not None
    assert options.data == str(tmp_path / "loopscope")
    second = serve._parser().parse_args(["serve"])
    assert serve._hold(second) is None, "two servers with nothing said: the second keeps its rooms in memory"
    assert "another Loopscope keeps its rooms in" in capsys.readouterr().err
    held.close()
    assert second.data is None
    assert "memory only" in serve._announcement(second)
    none = serve._parser().parse_args(["serve", "--no-data"])
    assert serve._hold(none) is None
    assert none.data is None
    for relative in ("", "state"):
        monkeypatch.setenv("XDG_STATE_HOME", relative)
        assert data_folder() == Path.home() / ".local" / "state" / "loopscope"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert data_folder() == Path.home() / "Library" / "Application Support" / "loopscope"


def test_a_directory_that_was_asked_for_and_cannot_be_used_ends_the_server(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "app.web.serve", "serve", "--port", "0", "--data", str(tmp_path / "file")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert ended.returncode == 1
    assert str(tmp_path / "file") in ended.stderr
    assert "Traceback" not in ended.stderr


def test_time_that_went_by_after_the_last_command_outlives_a_kill(tmp_path: Path) -> None:
    with Server("--data", str(tmp_path)) as server:
        room = server.room()
        server.post(f"/rooms/{room}/scenario", {"scenario": "autoscaling"})
        server.post(f"/rooms/{room}/pace", {"mode": "clock", "speed": "100"})
        began_ms = written_ms(tmp_path, room)
        deadline = time.monotonic() + PATIENCE_S
        while (at_ms := written_ms(tmp_path, room)) < began_ms + 300_000:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.kill()
    with Server("--data", str(tmp_path)) as server:
        server.get(f"/rooms/{room}")
        assert written_ms(tmp_path, room) >= at_ms
        assert '"speed": 100.0' in (column(tmp_path, room, "pace"))


def written_ms(data_dir: Path, room: str) -> int:
    return int(column(data_dir, room, "now_ms"))


def column(data_dir: Path, room: str, name: str) -> str:
    with closing(sqlite3.connect(data_dir / NAME)) as db:
        return str(db.execute(f"SELECT {name} FROM rooms WHERE id = ?", (room,)).fetchone()[0])


def test_a_damaged_file_is_told_at_start_and_on_the_pages_of_its_rooms(tmp_path: Path) -> None:
    with Server("--data", str(tmp_path)) as server:
        room = server.room()
        server.stop()
    (tmp_path / NAME).write_bytes(b"not a database at all" * 1000)
    with Server("--data", str(tmp_path)) as server:
        assert "is damaged" in server.log()
        assert f"It is set aside as {NAME}.damaged-" in server.log()
        status, page = server.asked(f"/rooms/{room}")
        assert status == 404
        assert f"has been set aside as {NAME}.damaged-" in page
        assert server.room() != room
