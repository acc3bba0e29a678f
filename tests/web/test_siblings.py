"""Which worker answers a request."""

from __future__ import annotations

import socket
from collections import Counter

from app.rooms import owner
from app.web.siblings import Siblings

ROOM = "bcdfghjklmnpqrstvwxz2456"
CALLERS = [("127.0.0.1", port) for port in range(50_000, 50_400)]


def answered(path: str, *, spreads: bool) -> Counter[int]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        siblings = Siblings(0, spreads, [door] * 4, door)
        return Counter(siblings.wanted(path, "", caller) for caller in CALLERS)


def test_whoever_only_looks_may_look_on_from_any_worker_and_these_share_the_work() -> None:
    counts = answered(f"/rooms/{ROOM}/live", spreads=True)
    assert len(counts) == 4
    assert min(counts.values()) > len(CALLERS) / 8


def test_all_else_goes_to_the_worker_that_has_the_room() -> None:
    assert set(answered(f"/rooms/{ROOM}/snapshot", spreads=True)) == {owner(ROOM, 4)}
    assert set(answered(f"/rooms/{ROOM}/live", spreads=False)) == {owner(ROOM, 4)}
