"""Real servers beside ours: a PostgreSQL and a Redis for all tests of a process, each on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stores import Postgres, Redis


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with Redis() as running:
        yield running
