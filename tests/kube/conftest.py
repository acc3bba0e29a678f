"""A real server, and the real kubectl on a room of its own for each test. The room's clock runs a hundred times faster.

`api` is the same face without a socket, in a room that moves only by the test's hand.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.kube.clients import Api, Kubectl
from tests.web.browser import make_app
from tests.web.server import Server
from tools.ensure_kubectl import ADVICE, find


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server("--unlimited") as server:
        yield server


@pytest.fixture(scope="session")
def binary() -> str:
    path = find()
    assert path, ADVICE
    return path


@pytest.fixture(scope="session")
def minor(binary: str) -> int:
    """20 of kubectl 1.20."""
    told = subprocess.run([binary, "version", "--client", "-o", "json"], capture_output=True, text=True, check=True)
    return int(re.match(r"[0-9]+", json.loads(told.stdout)["clientVersion"]["minor"]).group())  # type: ignore[union-attr]


@pytest.fixture(autouse=True)
def new_enough(request: pytest.FixtureRequest) -> None:
    """`@pytest.mark.kubectl(27)`: what the test does, kubectl learned in 1.27; an older one is not asked."""
    mark = request.node.get_closest_marker("kubectl")
    if mark is not None and (minor := request.getfixturevalue("minor")) < mark.args[0]:
        pytest.skip(f"kubectl 1.{minor} does not know this yet: it came with 1.{mark.args[0]}")


@pytest.fixture
def kubectl(server: Server, binary: str, tmp_path: Path) -> Kubectl:
    visitor = server.stranger()
    room = visitor.room()
    base = f"/rooms/{room}"
    visitor.post(f"{base}/commands/latencies", {"preset": "realistic"})
    visitor.post(f"{base}/pace", {"mode": "clock", "speed": "100"})
    config = tmp_path / "kubeconfig.yaml"
    config.write_text(visitor.get(f"{base}/kubeconfig"))
    return Kubectl(binary, config, f"{server.url}{base}/kube")


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    app = make_app()
    yield app
    app.extensions["rooms"].close()


@pytest.fixture
def api(app: Flask) -> Api:
    app.extensions["buckets"]._left.clear()
    return Api(app)
