"""A lecture hall behind one address opens the page, at once, and everybody gets in."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.server import Server

pytestmark = pytest.mark.long

VISITORS = 200


def test_two_hundred_visitors_at_once_from_one_address(tmp_path: Path) -> None:
    with Server("--data", str(tmp_path)) as server:
        rooms, refused = list[str](), list[str]()

        def visit() -> None:
            visitor = server.stranger()
            try:
                room = visitor.room()
                visitor.post(f"/rooms/{room}/commands/scale", {"kind": "Deployment", "name": "web", "replicas": 4})
                rooms.append(room)
            except OSError as refusal:
                refused.append(str(refusal))

        visitors = [threading.Thread(target=visit) for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
        assert not refused
        assert len(set(rooms)) == VISITORS
