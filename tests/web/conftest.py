"""One app for the tests of pages and commands; each test has a room of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.browser import Browser, make_app


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    app = make_app()
    yield app
    app.extensions["rooms"].close()


@pytest.fixture
def browser(app: Flask) -> Browser:
    app.extensions["buckets"]._left.clear()
    return Browser(app)
