"""What is answered about many pods is made in pieces, with a pause for others in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import breath
from app.commands import Apply
from app.rooms import slicing
from app.web import create_app
from tests.rooms.test_slicing import MANY, PODS

pytestmark = pytest.mark.long

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app({"RATES": None})


@pytest.fixture(scope="module")
def address(app: Flask) -> str:
    """Of a room with many pods."""
    rooms = app.extensions["rooms"]
    rooms.pacer.stop()
    room = rooms.create()
    rooms.submit(room, Apply(MANY))
    room.cluster.run()
    return f"/rooms/{room.id}"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """One for each time that others could have gone first."""
    taken: list[int] = []

    def pause() -> None:
        taken.append(len(taken))

    monkeypatch.setattr(slicing, "pause", pause)
    breath.breathe_by(pause)
    yield taken
    breath.breathe_by(breath.not_at_all)


@pytest.mark.parametrize("path", ["", "/snapshot", "/objects/Deployment/default/many"])
def test_a_page_is_made_in_pieces(client: FlaskClient, address: str, pauses: list[int], path: str) -> None:
    assert client.get(f"{address}{path}").status_code == 200
    assert len(pauses) >= PODS // breath.EVERY


@pytest.mark.parametrize(
    ("query", "accept"),
    [("", "application/json"), ("", TABLE), ("?labelSelector=app%3Dnone", "application/json")],
    ids=["as JSON", "as a table", "of many none is meant"],
)
def test_a_list_is_made_in_pieces(
    client: FlaskClient, address: str, pauses: list[int], query: str, accept: str
) -> None:
    answer = client.get(f"{address}/kube/api/v1/pods{query}", headers={"Accept": accept})
    assert answer.status_code == 200
    assert len(pauses) >= PODS // breath.EVERY


def test_a_watch_begins_in_pieces_and_lets_others_go_before_each(
    client: FlaskClient, address: str, pauses: list[int]
) -> None:
    answer = client.get(f"{address}/kube/api/v1/pods?watch=1&timeoutSeconds=1")
    assert answer.data.count(b'"ADDED"') >= PODS
    assert len(pauses) > PODS
