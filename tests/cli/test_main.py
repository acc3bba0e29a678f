"""The command line, as somebody types it. Exit codes: 0 it is so, 1 it is not, 2 a mistake in what was typed."""

from __future__ import annotations

import importlib
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app import scenarios
from app.cli import completion, doctor, progress
from app.cli.main import main, make_parser
from app.rooms import Rooms, Sharing
from app.rooms.files import hold
from tests.rooms.test_rooms import make_rooms
from tests.support.server import Server

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent.parent
LESSON = """\
title: {en: One, ja: 一}
promise: {en: It heals., ja: 直ります。}
manifests: |
  apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec: {containers: [{name: a, image: nginx}]}
steps:
- press: {en: Crash it, ja: クラッシュ}
  does: {do: crash, ref: [Pod, default, web]}
  milestones:
  - id: ready
    words: {en: It is ready again, ja: 再びReady}
    when: {kind: Pod, name: web, where: {"status.containerStatuses[*].restartCount": RESTARTS}, ready: true}
ending: {en: "It took {ready}.", ja: "{ready}かかりました。"}
"""

Said = pytest.CaptureFixture[str]


def lesson(folder: Path, restarts: str) -> str:
    path = folder / "one.yaml"
    path.write_text(LESSON.replace("RESTARTS", restarts))
    return str(path)


# --------------------------------------------------------------------------------------------------- run


def test_a_lesson_is_told_in_sentences(tmp_path: Path, capsys: Said) -> None:
    assert main(["run", lesson(tmp_path, '">= 1"'), "--lang", "en"]) == 0
    told = capsys.readouterr().out
    assert "1  Crash it" in told
    assert "The kubelet of node-" in told
    assert "✓ It is ready again" in told
    assert "It took 0:0" in told
    assert main(["run", lesson(tmp_path, '">= 1"'), "--lang", "ja"]) == 0
    assert "✓ 再びReady" in capsys.readouterr().out


def test_a_promise_that_is_not_kept_is_an_answer_of_one(tmp_path: Path, capsys: Said) -> None:
    assert main(["run", lesson(tmp_path, '">= 99"'), "--lang", "en"]) == 1
    said = capsys.readouterr()
    assert "✗ It is ready again" in said.out
    assert "It took" not in said.out
    assert "not all came" in said.err


def test_the_trace_comes_as_lines_of_json(tmp_path: Path, capsys: Said) -> None:
    assert main(["run", lesson(tmp_path, '">= 1"'), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["record"] for row in rows} >= {"Commanded", "Delivered", "Observed", "Differed", "Acted"}
    assert all(row["cause"] < row["step"] for row in rows)
    assert [row["command"]["do"] for row in rows if row["record"] == "Commanded"] == ["bootstrap", "apply", "crash"]
    assert any(row.get("says") == "You crash a container of pod web." for row in rows)


def test_lessons_of_ones_own_are_known_by_their_names(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.scenarios._FOLDERS", list(scenarios._FOLDERS))
    lesson(tmp_path, '">= 1"')
    try:
        assert main(["run", "one", "--lessons", str(tmp_path)]) == 0
        lesson(tmp_path, "[")
        assert main(["run", "one", "--lessons", str(tmp_path)]) == 2
        assert "one.yaml, line " in capsys.readouterr().err
    finally:
        monkeypatch.undo()
        scenarios._all.cache_clear()


@pytest.mark.parametrize("name", ["nowhere", "nowhere.yaml", str(ROOT / "pyproject.toml"), __file__])
def test_what_is_no_lesson_is_a_mistake(name: str, capsys: Said) -> None:
    assert main(["run", name]) == 2
    assert capsys.readouterr().err


def test_a_file_with_a_mistake_is_told_with_its_line(tmp_path: Path, capsys: Said) -> None:
    assert main(["run", lesson(tmp_path, "[")]) == 2
    assert "one.yaml, line " in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------- files


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A directory that keeps two rooms, the name of one, and its file."""
    folder = tmp_path_factory.mktemp("rooms")
    rooms: Rooms = make_rooms(folder)
    room, _ = rooms.create(), rooms.create("traffic")
    room.press(0)
    room.cluster.run()
    text = Sharing(rooms).exported(room)
    rooms.close()
    return folder, room.id, text


def test_a_kept_room_is_exported_and_replayed(kept: tuple[Path, str, str], tmp_path: Path, capsys: Said) -> None:
    folder, room, text = kept
    file = tmp_path / "room.yaml"
    assert main(["export", room, "--data", str(folder), "-o", str(file)]) == 0
    assert file.read_text() == text
    assert main(["export", room, "--data", str(folder)]) == 0
    assert capsys.readouterr().out == text
    assert main(["replay", str(file), "--lang", "en"]) == 0
    assert "every mark on the way is the same" in capsys.readouterr().out
    assert main(["replay", str(file), "--lang", "en", "--story"]) == 0
    said = capsys.readouterr()
    assert "The ReplicaSet controller counts the pods of web: 2." in said.out
    assert "every mark" in said.err
    assert main(["replay", str(file), "--json"]) == 0
    steps = [json.loads(line)["step"] for line in capsys.readouterr().out.splitlines()]
    assert steps == list(range(1, len(steps) + 1))


def test_a_moment_of_a_kept_room_is_drawn(kept: tuple[Path, str, str], tmp_path: Path, capsys: Said) -> None:
    folder, room, _text = kept
    where, file = ["export", room, "--data", str(folder)], tmp_path / "slide.svg"
    assert main([*where, "--svg", str(file), "--lang", "en"]) == 0
    assert "bytes" in capsys.readouterr().err
    newest = file.read_text()
    assert newest.startswith("<svg")
    assert "Self-healing web service" in newest
    assert main([*where, "--svg", "-", "--step", "1", "--lang", "ja", "--theme", "dark"]) == 0
    first = capsys.readouterr().out
    assert 'lang="ja"' in first
    assert "#0d1117" in first
    assert main([*where, "--svg", "-", "--step", "99999"]) == 1
    assert "99999" in capsys.readouterr().err


def test_a_file_that_differs_is_an_answer_of_one(
    kept: tuple[Path, str, str], capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(kept[2].replace("replicas: 3", "replicas: 2")))
    assert main(["replay", "-", "--lang", "en"]) == 1
    assert "Up to step 200 the past is the same" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(kept[2].replace("seed: 1", "seed: x")))
    assert main(["replay", "-"]) == 1
    assert "seed is no whole number" in capsys.readouterr().err
    assert main(["replay", "nowhere.yaml"]) == 2


def test_kept_rooms_are_listed_and_closed(kept: tuple[Path, str, str], tmp_path: Path, capsys: Said) -> None:
    copied = tmp_path / "rooms"
    shutil.copytree(kept[0], copied)
    where = ["--data", str(copied)]
    assert main(["rooms", "list", *where]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["ROOM", "LESSON", "COMMANDS"]
    assert {row.split()[1] for row in rows} == {"self-healing", "traffic"}
    with hold(copied):
        assert main(["rooms", "close", kept[1], *where]) == 1
        assert "another Loopscope keeps its rooms" in capsys.readouterr().err
    assert main(["rooms", "close", kept[1], *where]) == 0
    assert main(["rooms", "close", kept[1], *where]) == 1
    assert main(["rooms", "close", *where]) == 2
    capsys.readouterr()
    assert main(["rooms", "list", "--json", *where]) == 0
    assert [json.loads(line)["lesson"] for line in capsys.readouterr().out.splitlines()] == ["traffic"]
    with sqlite3.connect(copied / "rooms.sqlite3") as db:
        assert db.execute("SELECT count(DISTINCT room) FROM journal").fetchone() == (1,)
    db.close()
    assert main(["export", kept[1], *where]) == 1
    assert "is not in" in capsys.readouterr().err


def test_a_directory_without_rooms_says_so(tmp_path: Path, capsys: Said) -> None:
    for line in (["rooms", "list"], ["rooms", "close", "x"], ["export", "x"]):
        assert main([*line, "--data", str(tmp_path)]) == 1
        assert "no rooms are kept in" in capsys.readouterr().err


def test_a_server_that_runs_is_asked(tmp_path: Path, capsys: Said) -> None:
    with Server() as server:
        address = f"{server.url}/rooms/{server.room()}"
        file = tmp_path / "room.yaml"
        assert main(["export", address, "-o", str(file)]) == 0
        assert main(["replay", str(file), "--lang", "en"]) == 0
        capsys.readouterr()
        assert main(["export", address, "--svg", "-", "--lang", "en"]) == 0
        assert capsys.readouterr().out.startswith("<svg")
        assert main(["export", address, "--svg", "-", "--step", "99999"]) == 1
        assert "404" in capsys.readouterr().err
        assert main(["export", "nobody", "--url", server.url]) == 1
        assert "404" in capsys.readouterr().err
        assert main(["rooms", "list", "--url", server.url]) == 0
        said = capsys.readouterr().out
        assert "2 rooms in memory" in said, "that of the warm-up, too"
        assert server.room() not in said, "its name is its key"
        assert main(["doctor", "--data", str(tmp_path), "--port", str(server.port)]) == 0
        assert f"warn  port {server.port}" in capsys.readouterr().out
    assert main(["export", "x", "--url", server.url]) == 1
    assert main(["export", f"{server.url}/"]) == 1


# ------------------------------------------------------------------------------------------------ doctor


def test_a_doctor_finds_what_is_kept(kept: tuple[Path, str, str], capsys: Said) -> None:
    assert main(["doctor", "--data", str(kept[0]), "--port", "0"]) == 0
    said = capsys.readouterr().out
    assert "rooms.sqlite3: 2 rooms, and its log can be read" in said
    assert "fail" not in said


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda data: (data / "rooms.sqlite3").write_bytes(b"x" * 5_000), "not a database"),
        (lambda data: (data / "rooms.sqlite3-wal").write_bytes(b"\x37\x7f\x06\x82" + b"x" * 9_000), "-wal cannot be"),
        (lambda data: (shutil.rmtree(data), data.write_text("")), "is no directory"),
    ],
    ids=["file", "log", "folder"],
)  # fmt: skip
def test_a_doctor_finds_what_is_damaged(
    kept: tuple[Path, str, str], tmp_path: Path, capsys: Said, harm: object, problem: str
) -> None:
    data = tmp_path / "rooms"
    shutil.copytree(kept[0], data)
    assert callable(harm)
    harm(data)
    assert main(["doctor", "--data", str(data), "--port", "0"]) == 1
    said = capsys.readouterr().out
    assert problem in said
    assert "1 to repair" in said


def test_a_doctor_asks_for_each_package_that_is_needed() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {each.partition(">")[0].partition("[")[0] for each in wanted}
    asked = {package for _, package in doctor.NEEDED}
    assert names <= asked
    for module, _ in doctor.NEEDED:
        importlib.import_module(module)


# ------------------------------------------------------------------------------------------------ others


def test_every_action_has_help_and_is_completed(capsys: Said) -> None:
    parser = make_parser()
    actions = {each.name: each for each in completion.actions_of(parser)}
    assert set(actions) == {
        "serve", "health", "check-script", "run", "replay", "export", "rooms", "doctor", "completion",
    }  # fmt: skip
    assert all(each.help for each in actions.values())
    assert {"self-healing", "--json", "--lang"} <= set(actions["run"].words)
    for name in actions:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert "usage: loopscope" in capsys.readouterr().out
    for shell in completion.SHELLS:
        assert main(["completion", shell]) == 0
        assert "self-healing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "found"),
    [("loopscope re", "replay"), ("loopscope run self", "self-healing"), ("loopscope rooms --u", "--url")],
)
def test_bash_completes_what_is_typed(typed: str, found: str) -> None:
    words = " ".join(typed.split())
    count = len(typed.split()) - 1
    asked = f"COMP_WORDS=({words}); COMP_CWORD={count}; _loopscope; echo ${{COMPREPLY[@]}}"
    line = f"{completion.script('bash', make_parser())}\n{asked}"
    assert subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout.split() == [found]


def test_mistakes_in_what_is_typed_are_two_and_a_reader_who_leaves_is_none() -> None:
    for line in ([], ["dance"], ["run"], ["rooms", "open"], ["completion", "tcsh"]):
        with pytest.raises(SystemExit) as ended:
            main(line)
        assert ended.value.code == 2
    run = f"{sys.executable} -m app.cli run self-healing | head -n 1; echo ${{PIPESTATUS[@]}}"
    ran = subprocess.run(["bash", "-c", run], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.splitlines()[-1] == "0 0"
    assert ran.stderr == ""


def test_a_bar_is_drawn_on_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        with progress.Bar("replaying", 200) as bar:
            bar(100)
        assert ("replaying ████████████░░░░░░░░░░░░  50%" in stream.getvalue()) == drawn
        assert stream.getvalue().endswith("\x1b[K") == drawn


def test_the_version_is_that_of_the_project(capsys: Said) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert capsys.readouterr().out.startswith(f"loopscope {project['version']} (Python ")
