"""What a loop believes that goes by events alone."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj
from app.engine.edge import heard


def pod(phase: str, *, terminating: bool = False, **labels: str) -> Obj:
    meta: dict[str, Any] = {"name": "p", "labels": labels}
    if terminating:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"kind": "Pod", "metadata": meta, "status": {"phase": phase}}


def test_with_nothing_missed_it_believes_what_is() -> None:
    pending, running = pod("Pending"), pod("Running")
    assert heard(None, None, pending) is pending
    assert heard(pending, pending, running) is running
    assert heard(running, running, None) is None


def test_of_an_event_it_takes_what_changed_and_not_what_it_missed_before() -> None:
    known = pod("Pending", app="web")
    missed = pod("Pending", app="other")
    assert heard(known, missed, pod("Running", app="other")) == pod("Running", app="web")


def test_an_object_whose_beginning_was_missed_stays_unknown() -> None:
    assert heard(None, pod("Pending"), pod("Running")) is None


def test_who_missed_the_mark_of_deletion_misses_the_end() -> None:
    known = pod("Running")
    assert heard(known, pod("Running", terminating=True), None) is known
    assert heard(pod("Pending", terminating=True), pod("Running", terminating=True), None) is None


def test_what_was_taken_away_is_taken_away() -> None:
    known, old, new = pod("Running", a="1", b="1"), pod("Pending", a="1", b="1"), pod("Pending", a="1")
    assert heard(known, old, new) == pod("Running", a="1")
