"""Fixtures for every test. Two detectors run always: a stored object that changes fails the test, and so does a loop of
ours that makes a mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from app.apiserver.store import Change, Store
from tests.support import mistakes

# The same examples in each run, so that a change is judged by what it changed. To look for new ones:
# `pytest --hypothesis-profile=default`.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def mistake_detector(request: pytest.FixtureRequest) -> Iterator[None]:
    """No loop fails by a mistake of its own, but where a test is marked `mistakes`."""
    with mistakes.noticed() as made:
        yield
    if request.node.get_closest_marker("mistakes") is None:
        assert not made, made[0]


@pytest.fixture(autouse=True)
def mutation_detector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Remembers the text of every object that is stored, and compares at the end."""
    stored: list[tuple[dict[str, Any], str]] = []
    original = Store.__init__

    def remember(change: Change) -> None:
        if change.new is not None:
            stored.append((change.new, json.dumps(change.new)))

    def with_listener(self: Store, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.listeners.append(remember)

    monkeypatch.setattr(Store, "__init__", with_listener)
    yield
    for obj, text in stored:
        assert json.dumps(obj) == text, f"a stored object was mutated: {obj['kind']} {obj['metadata']['name']}"
