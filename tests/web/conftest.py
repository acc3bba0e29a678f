"""One app for the tests of pages and commands; each test has a room of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.look.recording import Recording
from tests.support.browser import Browser, make_app
from tests.support.looks import See


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    app = make_app()
    yield app
    app.extensions["rooms"].close()


@pytest.fixture
def browser(app: Flask) -> Browser:
    app.extensions["buckets"]._tally.clear()
    return Browser(app)


@pytest.fixture(params=[lambda cluster: cluster, Recording.of], ids=["live", "recorded"])
def see(request: pytest.FixtureRequest) -> See:
    """What is drawn of a cluster is drawn of its recording too."""
    found: See = request.param
    return found
