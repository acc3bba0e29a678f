"""A real server, and the real kubectl, in several versions, on a room of its own for each test.

The room's clock runs a hundred times faster. Which kubectls those are, `tests/kube/versions.py` says.

`api` is the same face without a socket, in a room that moves only by the test's hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support import versions
from tests.support.browser import make_app
from tests.support.clients import Api, Kubectl
from tests.support.server import Server
from tests.support.versions import Version


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server("--unlimited") as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of kubectl once for each version. `@pytest.mark.kubectl(27)`: it learned in 1.27 what the test does, and
    an older one is not asked; `kubectl(before=31)`: it does so no more."""
    if "version" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("kubectl")
    least, before = (mark.args or (0,))[0] if mark else 0, mark.kwargs.get("before", 99) if mark else 99
    found = versions.fitting(least, before)
    too_old = pytest.mark.skip(reason=f"no kubectl of this run is at least 1.{least} and older than 1.{before}")
    parameters = [pytest.param(each, id=str(each)) for each in found] or [pytest.param(None, marks=too_old)]
    metafunc.parametrize("version", parameters, indirect=True, scope="session")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if missing := versions.not_tried():
        names = ", ".join(f"1.{minor}" for minor in missing)
        terminalreporter.section("not every kubectl was tried", yellow=True)
        terminalreporter.line(f"Missing: {names}. `make kubectls` fetches them, on Linux with an amd64 processor.")


@pytest.fixture(scope="session")
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    assert found.path, versions.advice(found)
    return found


@pytest.fixture
def kubectl(server: Server, version: Version, tmp_path: Path) -> Iterator[Kubectl]:
    visitor = server.stranger()
    room = visitor.room()
    base = f"/rooms/{room}"
    visitor.post(f"{base}/commands/latencies", {"preset": "realistic"})
    visitor.post(f"{base}/pace", {"mode": "clock", "speed": "100"})
    config = tmp_path / "kubeconfig.yaml"
    config.write_text(visitor.get(f"{base}/kubeconfig"))
    yield Kubectl(version, config, f"{server.url}{base}/kube")
    visitor.post(f"{base}/pace", {"paused": "true"})


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    app = make_app()
    yield app
    app.extensions["rooms"].close()


@pytest.fixture
def api(app: Flask) -> Api:
    app.extensions["buckets"]._tally.clear()
    return Api(app)
