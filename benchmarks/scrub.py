"""Going back: how long until a moment of a room's past is there. `make bench` runs it.

    python -m benchmarks.scrub [STEPS]

A room of the first lesson lives for so many steps. Asked for are random steps of all of them, as a click on the ruler
asks, and then stretches of steps, one after the other, as a drag does. Milliseconds are CPU time of the answer: the
board, what was declared, loop and sentence.
"""

from __future__ import annotations

import gc
import random
import sys
import tempfile
import time
from collections.abc import Iterable

from flask import Flask

from app.web.serve import GC_THRESHOLDS
from benchmarks.checkpoints import lived, served

STEPS = 100_000
CLICKS, DRAGS, ALONG, FORKS = 200, 10, 40, 20


def answered(app: Flask, room_id: str, steps: Iterable[int]) -> list[float]:
    """How long each took."""
    client, took = app.test_client(), []
    for step in steps:
        began = time.process_time()
        answer = client.get(f"/rooms/{room_id}/steps/{step}?forward")
        took.append((time.process_time() - began) * 1000)
        assert answer.status_code == 200, (step, answer.status_code)
    return sorted(took)


def told(what: str, took: list[float]) -> None:
    print(f"{what}: median {took[len(took) // 2]:.0f} ms, 99 of 100 in {took[len(took) * 99 // 100]:.0f} ms")


def main(steps: int) -> None:
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        room_id = lived(folder, steps)
        gc.set_threshold(*GC_THRESHOLDS)
        app = served(folder)
        app.test_client().get(f"/rooms/{room_id}")
        gc.collect()
        gc.freeze()  # as the server does when it begins
        told(
            f"a click on one of {steps:,} steps",
            answered(app, room_id, [rng.randrange(1, steps - 500) for _ in range(CLICKS)]),
        )
        begins = [rng.randrange(1, steps - 2_000) for _ in range(DRAGS)]
        took = []
        for _ in range(FORKS):
            began = time.process_time()
            app.extensions["sharing"].forked(app.extensions["rooms"].get(room_id))
            took.append((time.process_time() - began) * 1000)
        told("a fork of it", sorted(took))
        told("a drag, each next", answered(app, room_id, [begin + 10 * n for begin in begins for n in range(1, ALONG)]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STEPS)
