from __future__ import annotations

import random

import pytest

from app.api.objects import Obj
from app.apiserver.events import EVENT_LIMIT, EventRecorder
from app.apiserver.server import ApiServer
from app.apiserver.store import Store
from app.registry.builtin import built_in
from tests.support import builders

SOURCE = {"component": "kubelet", "host": "node-1"}


class Clock:
    now_ms = builders.NOW_MS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(clock: Clock) -> EventRecorder:
    server = ApiServer(built_in(), Store(), lambda: clock.now_ms, random.Random(1))
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return EventRecorder(server)


def events(recorder: EventRecorder) -> list[Obj]:
    return recorder._server.store.objects("Event")


def test_an_event_bears_its_source_its_object_and_its_time(recorder: EventRecorder) -> None:
    recorder.record(SOURCE, builders.pod("p"), "Normal", "Started", "Container started")
    [event] = events(recorder)
    assert event["metadata"]["name"].startswith("p.")
    assert (event["involvedObject"]["kind"], event["involvedObject"]["name"]) == ("Pod", "p")
    assert (event["source"], event["reportingComponent"], event["reportingInstance"]) == (SOURCE, "kubelet", "node-1")
    assert (event["count"], event["firstTimestamp"]) == (1, "2026-01-01T09:00:00Z")


def test_sorted_by_name_events_of_one_moment_are_in_the_order_they_happened(recorder: EventRecorder) -> None:
    reasons = ["Pulled", "Created", "Started", "Killing"]
    for reason in reasons:
        recorder.record(SOURCE, builders.pod("p"), "Normal", reason, reason)
    by_name = sorted(events(recorder), key=lambda event: event["metadata"]["name"])
    assert [event["reason"] for event in by_name] == reasons


def test_the_same_message_counts_up_and_keeps_its_first_time(recorder: EventRecorder, clock: Clock) -> None:
    for _ in range(3):
        recorder.record(SOURCE, builders.pod("p"), "Warning", "BackOff", "Back-off")
        clock.now_ms += 10_000
    [event] = events(recorder)
    assert (event["count"], event["firstTimestamp"], event["lastTimestamp"]) == (
        3,
        "2026-01-01T09:00:00Z",
        "2026-01-01T09:00:20Z",
    )


def test_from_the_tenth_different_message_of_one_reason_on_similar_ones_are_combined(recorder: EventRecorder) -> None:
    for number in range(14):
        recorder.record(SOURCE, builders.pod("p"), "Normal", "Created", f"Created pod: {number}")
    combined = [event for event in events(recorder) if event["message"].startswith("(combined from similar events): ")]
    assert len(events(recorder)) == 10
    assert [(event["count"], event["message"][-2:]) for event in combined] == [(5, "13")]
    assert combined[0]["reportingComponent"] == ""


def test_a_source_may_announce_25_events_of_one_object_at_once_then_one_in_five_minutes(
    recorder: EventRecorder, clock: Clock
) -> None:
    for number in range(40):
        recorder.record(SOURCE, builders.pod("p"), "Normal", f"Reason{number}", "x")
    assert len(events(recorder)) == 25
    clock.now_ms += 300_000
    recorder.record(SOURCE, builders.pod("p"), "Normal", "Late", "x")
    recorder.record(SOURCE, builders.pod("p"), "Normal", "Later", "x")
    assert {"Late"} == {event["reason"] for event in events(recorder)} & {"Late", "Later"}


def test_events_are_gone_after_an_hour_without_news(recorder: EventRecorder, clock: Clock) -> None:
    recorder.record(SOURCE, builders.pod("p"), "Normal", "Old", "x")
    clock.now_ms += 3_600_000
    recorder.record(SOURCE, builders.pod("q"), "Normal", "New", "x")
    assert [event["reason"] for event in events(recorder)] == ["New"]


def test_only_so_many_events_are_kept(recorder: EventRecorder) -> None:
    for number in range(EVENT_LIMIT + 10):
        recorder.record(SOURCE, builders.pod(f"p{number}"), "Normal", "Started", "x")
    kept = events(recorder)
    assert len(kept) == EVENT_LIMIT
    assert "p0" not in {event["involvedObject"]["name"] for event in kept}


# ------------------------------------------------------------------------------------------- events.k8s.io


def note(recorder: EventRecorder, about: Obj, message: str, related: Obj | None = None) -> None:
    recorder.note(
        {"component": "default-scheduler"}, about, related, "Warning", "FailedScheduling", "Scheduling", message
    )


def test_a_note_has_the_new_shape(recorder: EventRecorder) -> None:
    note(recorder, builders.pod("p"), "no room", builders.pod("q"))
    [event] = events(recorder)
    assert (event["source"], event["firstTimestamp"], event["lastTimestamp"]) == ({}, None, None)
    assert "count" not in event
    assert (event["eventTime"], event["action"]) == ("2026-01-01T09:00:00.000000Z", "Scheduling")
    assert event["reportingComponent"] == "default-scheduler"
    assert event["reportingInstance"] == "default-scheduler-control-plane"
    assert event["related"]["name"] == "q"


def test_notes_of_one_object_as_it_was_are_a_series_with_the_first_message(
    recorder: EventRecorder, clock: Clock
) -> None:
    pod = builders.pod("p")
    for message in ("no room", "no room at all"):
        note(recorder, pod, message)
        clock.now_ms += 10_000
    [event] = events(recorder)
    assert event["message"] == "no room"
    assert event["series"] == {"count": 2, "lastObservedTime": "2026-01-01T09:00:10.000000Z"}
    changed = {**pod, "metadata": {**pod["metadata"], "resourceVersion": "77"}}
    note(recorder, changed, "no room")
    assert len(events(recorder)) == 2
    clock.now_ms += 400_000
    note(recorder, changed, "no room")
    assert len(events(recorder)) == 3, "after six minutes a series is over"
