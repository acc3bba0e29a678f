"""Two machines behind a proxy: one database, one Redis, and a room that is first at the one and then at the other."""

from __future__ import annotations

import pytest

from tests.stores.test_redis import Page
from tests.support.server import Server
from tests.support.stores import Postgres, Redis

pytestmark = pytest.mark.long

SCALE = {"kind": "Deployment", "name": "web"}


def test_people_watch_at_either_and_a_room_that_is_sent_elsewhere_takes_everything_along(
    postgres: Postgres, redis: Redis
) -> None:
    options = ("--store", postgres.url, "--redis", redis.url, "--unlimited")
    with Server(*options) as first, Server(*options) as second:
        room = first.room()
        page = Page(first, room, at=second)
        page.drain()
        first.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": 5})
        page.until_a_frame()
        there = second.stranger()
        assert "  replicas: 5\n" in there.get(f"/rooms/{room}/objects/Deployment/default/web/yaml")
        there.get(f"/rooms/{room}")
        there.post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": 6})
        code, answer = first.asked_to_post(f"/rooms/{room}/commands/scale", SCALE | {"replicas": 9})
        page.close()
        if code == 503:  # the first has not noticed before; else it has asked the database
            assert "goes on at another server now" in answer
        wanted = {200: 9, 503: 6}[code]
        assert f"  replicas: {wanted}\n" in first.get(f"/rooms/{room}/objects/Deployment/default/web/yaml")
