"""Fixtures for every test. The mutation detector runs always: a stored object that changes fails the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.apiserver.store import Change, Store


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
