"""Watches: what is told, in which order, and when it is over. Rooms here move only by the test's hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.rooms import Room
from tests.support.clients import Api

PODS, SECRETS = "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/secrets"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def secret(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": labels}}


class Followed:
    """An open watch, read event by event."""

    def __init__(self, api: Api, path: str, **headers: str) -> None:
        self.response = api.ask("GET", path, **headers)
        assert self.response.status_code == 200
        self._chunks = iter(self.response.response)
        assert next(self._chunks) == b"", "headers go out before anything happens"

    def next(self) -> list[dict[str, Any]]:
        """The events of the next piece."""
        return [json.loads(line) for line in next(self._chunks).splitlines()]

    def told(self) -> list[tuple[str, str]]:
        return [(event["type"], event["object"]["metadata"]["name"]) for event in self.next()]

    @property
    def is_over(self) -> bool:
        return next(self._chunks, None) is None

    def close(self) -> None:
        self.response.close()


@pytest.fixture
def follow(api: Api) -> Iterator[Any]:
    opened: list[Followed] = []

    def open_(path: str, **headers: str) -> Followed:
        opened.append(Followed(api, path, **headers))
        return opened[-1]

    yield open_
    for watch in opened:
        watch.close()


def test_everything_there_is_comes_first_then_what_changes(api: Api, follow: Any) -> None:
    api.ok("POST", SECRETS, secret("one"))
    watch = follow(f"{SECRETS}?watch=true")
    assert watch.told() == [("ADDED", "one")]
    api.ok("POST", SECRETS, secret("two"))
    api.ok("PUT", f"{SECRETS}/one", {**secret("one"), "data": {"a": "MQ=="}})
    api.ok("DELETE", f"{SECRETS}/two")
    assert watch.told() == [("ADDED", "two"), ("MODIFIED", "one"), ("DELETED", "two")]


def test_from_a_list_on_nothing_is_missed_and_nothing_is_told_twice(api: Api, follow: Any) -> None:
    api.ok("POST", SECRETS, secret("before"))
    version = api.get(SECRETS)["metadata"]["resourceVersion"]
    api.ok("POST", SECRETS, secret("between"))
    watch = follow(f"{SECRETS}?watch=1&resourceVersion={version}")
    assert watch.told() == [("ADDED", "between")]


def test_what_is_gone_has_the_version_of_its_end(api: Api, follow: Any) -> None:
    api.ok("POST", SECRETS, secret("one"))
    watch = follow(f"{SECRETS}?watch=true&resourceVersion={api.cluster.store.revision}")
    api.ok("DELETE", f"{SECRETS}/one")
    (event,) = watch.next()
    assert event["object"]["metadata"]["resourceVersion"] == str(api.cluster.store.revision)


def test_selectors_turn_changes_into_comings_and_goings(api: Api, follow: Any) -> None:
    watch = follow(f"{SECRETS}?watch=true&labelSelector=tier%3Dfront")
    api.ok("POST", SECRETS, secret("one", tier="back"))
    api.ok("PUT", f"{SECRETS}/one", secret("one", tier="front"))
    assert watch.told() == [("ADDED", "one")]
    api.ok("PUT", f"{SECRETS}/one", secret("one", tier="back"))
    assert watch.told() == [("DELETED", "one")]


def test_one_object_can_be_watched_by_its_address(api: Api, follow: Any) -> None:
    for name in ("one", "two"):
        api.ok("POST", SECRETS, secret(name))
    watch = follow(f"{SECRETS}/two?watch=true")
    assert watch.told() == [("ADDED", "two")]


def test_only_the_namespace_of_the_address(api: Api, follow: Any) -> None:
    watch = follow("/api/v1/namespaces/kube-system/secrets?watch=true")
    api.ok("POST", SECRETS, secret("one"))
    api.ok("POST", "/api/v1/namespaces/kube-system/secrets", secret("two"))
    assert watch.told() == [("ADDED", "two")]


def test_initial_events_end_with_a_bookmark(api: Api, follow: Any) -> None:
    api.ok("POST", SECRETS, secret("one"))
    query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    first, bookmark = follow(f"{SECRETS}?{query}").next()
    assert (first["type"], bookmark["type"]) == ("ADDED", "BOOKMARK")
    assert bookmark["object"]["kind"] == "Secret"
    assert bookmark["object"]["metadata"] == {
        "resourceVersion": str(api.cluster.store.revision),
        "annotations": {"k8s.io/initial-events-end": "true"},
    }
    status = api.status("GET", f"{SECRETS}?watch=true&sendInitialEvents=true")
    assert (status["reason"], status["details"]["causes"][0]["field"]) == ("Invalid", "resourceVersionMatch")


def test_a_bookmark_of_tables_is_a_table(api: Api, follow: Any) -> None:
    api.ok("POST", SECRETS, secret("one"))
    query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    first, bookmark = follow(f"{SECRETS}?{query}", Accept=TABLE).next()
    table = bookmark["object"]
    assert (first["type"], bookmark["type"], table["kind"]) == ("ADDED", "BOOKMARK", "Table")
    assert table["metadata"]["resourceVersion"] == str(api.cluster.store.revision)
    (row,) = table["rows"]
    assert len(row["cells"]) == len(first["object"]["columnDefinitions"])
    assert row["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_table_brings_its_columns_once(api: Api, follow: Any) -> None:
    api.ok("POST", SECRETS, secret("one"))
    watch = follow(f"{SECRETS}?watch=true", Accept=TABLE)
    (first,) = watch.next()
    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Type", "Data", "Age"]
    assert first["object"]["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    api.ok("POST", SECRETS, secret("two"))
    (second,) = watch.next()
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"][0] == "two"


def test_it_ends_when_its_time_is_up(api: Api) -> None:
    assert api.stream(f"{SECRETS}?watch=true&timeoutSeconds=1") == []


@pytest.mark.parametrize("revision", ["1", "99999999"], ids=["older than the log", "newer than all"])
def test_a_version_that_the_log_does_not_reach(api: Api, revision: str) -> None:
    api.cluster.store.log.limit = 0
    for name in ("one", "two"):
        api.ok("POST", SECRETS, secret(name))
    (event,) = api.stream(f"{SECRETS}?watch=true&resourceVersion={revision}")
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith(f"too old resource version: {revision} (")


def test_a_reset_room_sends_its_watchers_to_list_again(api: Api, follow: Any) -> None:
    watch = follow(f"{SECRETS}?watch=true&resourceVersion={api.cluster.store.revision}")
    api.app.extensions["rooms"].reset(api.room)
    (event,) = watch.next()
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    assert watch.is_over


def test_a_watched_room_is_awake_until_the_last_one_leaves(api: Api, follow: Any) -> None:
    room: Room = api.room
    watch = follow(f"{PODS}?watch=true")
    assert room.is_watched
    watch.close()
    assert not room.is_watched


def test_a_room_has_only_so_many_watches(api: Api, follow: Any) -> None:
    api.room._watches._limit = 1
    follow(f"{PODS}?watch=true")
    response = api.ask("GET", f"{PODS}?watch=true")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    assert response.get_json()["reason"] == "TooManyRequests"


def test_when_the_server_stops_a_watch_ends_without_an_error(api: Api, follow: Any) -> None:
    watch = follow(f"{SECRETS}?watch=true")
    api.room.dismiss()
    assert watch.is_over
