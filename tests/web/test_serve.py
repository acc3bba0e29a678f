"""`loopscope serve` as people start and stop it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.web import serve
from tests.support.patience import PATIENCE_S
from tests.support.server import Server

pytestmark = pytest.mark.long

SCALE = {"kind": "Deployment", "name": "web", "replicas": "4"}


def test_it_says_where_it_is_and_is_well() -> None:
    with Server() as server:
        assert f"Loopscope is ready: http://127.0.0.1:{server.port}\n" in server.log()
        assert serve.main(["health", "--port", str(server.port)]) == 0
        assert server.stop() == 0
        assert "Traceback" not in server.log()
    assert serve.main(["health", "--port", str(server.port)]) == 1


def test_rooms_outlive_a_restart_and_a_kill(tmp_path: Path) -> None:
    with Server("--data", str(tmp_path)) as server:
        room = server.room()
        server.post(f"/rooms/{room}/commands/scale", SCALE)
        server.stop()
    with Server("--data", str(tmp_path)) as server:
        assert "spec:\n  progressDeadlineSeconds: 600\n  replicas: 4\n" in server.get(
            f"/rooms/{room}/objects/Deployment/default/web/yaml"
        )
        server.room()
        server.get(f"/rooms/{room}")
        server.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": "5"})
        server.kill()
    with Server("--data", str(tmp_path)) as server:
        assert "  replicas: 5\n" in server.get(f"/rooms/{room}/objects/Deployment/default/web/yaml")


def test_a_lesson_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("order: 1\ntitle: {en: Mine, ja: M}\npromise: {en: c, ja: d}\nnodes: 5\n")
    with Server("--lessons", str(tmp_path)) as server:
        page = server.get("/")
        assert 'data-scenario="mine"' in page
        found = re.search(r'data-room="(\w+)"', page)
        assert found
        answer = json.loads(server.post(f"/rooms/{found[1]}/scenario", {"scenario": "mine"}))
        assert answer["message"] == "Mine"
        assert server.get(f"/rooms/{found[1]}").count('data-kind="Node"') == 5


def test_a_controller_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from app.reconcile import Controller, itself\n"
        "class Mine(Controller):\n"
        "    name, title, reconciles = 'mine', 'My own loop', 'Namespace'\n"
        "    wakes = (itself('Namespace'),)\n"
        "    def observe(self, key, reader):\n"
        "        return reader.get(key)\n"
        "    def diff(self, seen):\n"
        "        return ()\n"
    )
    with Server("--controller", str(tmp_path / "mine.py")) as server:
        assert "My own loop" in server.get("/")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--controller", "/nowhere.py", "/nowhere.py: FileNotFoundError"),
        ("--disable-controller", "nobody", 'no loop is called "nobody"'),
    ],
)
def test_a_controller_that_is_none_is_said_to_be(option: str, value: str, said: str) -> None:
    command = [sys.executable, "-m", "app.web.serve", "serve", "--no-data", "--port", "0", option, value]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert ran.returncode != 0
    assert said in ran.stderr


def test_only_this_machine_unless_asked() -> None:
    options = serve._parser().parse_args(["serve"])
    assert (options.host, options.port, options.data) == ("127.0.0.1", 8000, None)
    assert serve._settings(options)["bind"] == "127.0.0.1:8000"
    assert serve._settings(serve._parser().parse_args(["serve", "--host", "::1"]))["bind"] == "[::1]:8000"


def test_the_port_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    assert serve._parser().parse_args(["serve"]).port == 8123


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with Server() as server:
        command = [sys.executable, "-m", "app.web.serve", "serve", "--port", str(server.port)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
        assert second.returncode != 0
        assert f"port {server.port} is taken" in second.stderr
