"""One frame to many viewers: cursors in a ring, never a queue."""

from __future__ import annotations

import threading

import pytest

from app.api.errors import TooManyRequests
from app.rooms.fanout import RING_BYTES, RING_FRAMES, Fanout, Viewer

EPOCH = 7


def joined(fanout: Fanout, lang: str = "en", epoch: int = EPOCH, cursor: int | None = None) -> Viewer:
    return fanout.add(lang, epoch, fanout.newest if cursor is None else cursor, threading.Event())


def test_a_viewer_gets_every_frame_since_its_snapshot_in_order() -> None:
    fanout = Fanout(EPOCH, limit=5)
    viewer = joined(fanout)
    fanout.publish(1, {"en": b"one"})
    fanout.publish(2, {"en": b"two"})
    assert fanout.take(viewer) == [b"one", b"two"]
    assert fanout.take(viewer) == []


def test_viewers_share_the_same_bytes() -> None:
    fanout = Fanout(EPOCH, limit=5)
    viewers = [joined(fanout) for _ in range(3)]
    payload = b"frame"
    fanout.publish(1, {"en": payload})
    for viewer in viewers:
        taken = fanout.take(viewer)
        assert taken is not None
        assert taken[0] is payload


def test_publishing_wakes_everyone_and_waits_for_nobody() -> None:
    fanout = Fanout(EPOCH, limit=5)
    viewer = joined(fanout)
    viewer.wake.clear()
    for number in range(1, 1_000):  # a viewer that never takes
        fanout.publish(number, {"en": b"x"})
    assert viewer.wake.is_set()


def test_a_viewer_that_fell_behind_the_ring_takes_a_snapshot_and_goes_on_from_there() -> None:
    fanout = Fanout(EPOCH, limit=5)
    viewer = joined(fanout)
    for number in range(1, RING_FRAMES + 2):
        fanout.publish(number, {"en": b"x"})
    assert fanout.take(viewer) is None
    fanout.publish(RING_FRAMES + 2, {"en": b"next"})
    assert fanout.take(viewer) == [b"next"]


def test_the_ring_is_bounded_in_bytes_too() -> None:
    fanout = Fanout(EPOCH, limit=5)
    viewer = joined(fanout)
    fanout.publish(1, {"en": b"x" * RING_BYTES})
    fanout.publish(2, {"en": b"y" * RING_BYTES})
    assert fanout.take(viewer) is None


@pytest.mark.parametrize(
    ("epoch", "cursor"),
    [pytest.param(EPOCH + 1, 1, id="another epoch"), (EPOCH, 3), (EPOCH, -1)],
)
def test_a_page_of_another_life_takes_a_snapshot(epoch: int, cursor: int) -> None:
    fanout = Fanout(EPOCH, limit=5)
    fanout.publish(1, {"en": b"one"})
    assert fanout.take(joined(fanout, epoch=epoch, cursor=cursor)) is None


def test_a_language_nobody_had_asked_for_takes_a_snapshot() -> None:
    fanout = Fanout(EPOCH, limit=5)
    fanout.publish(1, {"en": b"one"})
    viewer = joined(fanout, lang="ja", cursor=0)
    assert fanout.take(viewer) is None
    assert fanout.langs == {"ja"}


def test_a_restart_sends_everyone_to_the_snapshot() -> None:
    fanout = Fanout(EPOCH, limit=5)
    viewer = joined(fanout)
    viewer.wake.clear()
    fanout.restart(EPOCH + 1)
    assert viewer.wake.is_set()
    assert fanout.take(viewer) is None
    assert fanout.take(viewer) == []


def test_a_room_has_so_many_viewers_and_no_more() -> None:
    fanout = Fanout(EPOCH, limit=2)
    first, _second = joined(fanout), joined(fanout)
    with pytest.raises(TooManyRequests, match="limit of 2 viewers"):
        joined(fanout)
    fanout.drop(first)
    joined(fanout)
    assert len(fanout) == 2


def test_everyone_is_told_to_go() -> None:
    fanout = Fanout(EPOCH, limit=5)
    viewer = joined(fanout)
    viewer.wake.clear()
    fanout.dismiss()
    assert viewer.dismissed
    assert viewer.wake.is_set()
