"""Rooms that come back after a restart, by their age; what a checkpoint costs. `make bench` runs it.

    python -m benchmarks.checkpoints [STEPS ...]

A room of the first lesson lives for so many steps, is killed, and a new process opens its page. Milliseconds until that
answer are wall time, without the start of Python and the imports. The longest piece is what holds the process at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

from flask import Flask

from app import scenarios
from app.api.objects import Ref
from app.cluster import Cluster, checkpoint
from app.commands import Apply, SetImage, SetLatencies
from app.rooms.beginnings import prepared
from app.rooms.checkpoints import PACKING
from app.rooms.storage import Storage
from app.web import create_app
from benchmarks.engine import DEPLOYMENT, quick

AGES = (10_000, 1_000_000)
TURN = 150  # steps
WEB = Ref("Deployment", "default", "web")


def served(folder: str) -> Flask:
    app = create_app({"DATA_DIR": folder, "RATES": None})
    app.extensions["rooms"].pacer.stop()
    return app


def lived(folder: str, steps: int) -> str:
    """A room that has made so many steps, and whose server was killed then."""
    rooms = served(folder).extensions["rooms"]
    room = rooms.create()
    while room.cluster.trace.count < steps:
        room.cluster.advance(room.cluster.now_ms + 3_600_000, TURN)
        rooms.moved(room)
        rooms.checkpoints.finish()
    rooms.save(room)
    return room.id


def opened(folder: str, room_id: str) -> None:
    """The first answer of a new server."""
    began = time.perf_counter()
    app = served(folder)
    started = time.perf_counter()
    answer = app.test_client().get(f"/rooms/{room_id}")
    ended = time.perf_counter()
    assert answer.status_code == 200
    steps = app.extensions["rooms"].get(room_id).cluster.trace.count
    print(json.dumps([steps, (started - began) * 1000, (ended - started) * 1000]))


def restarted(steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        room_id = lived(folder, steps)
        took = time.perf_counter() - began
        kept = Storage(folder).checkpoints(room_id)
        size = sum(len(Storage(folder).checkpoint(room_id, each.step)) for each in kept)
        again = subprocess.run(
            [sys.executable, "-m", "benchmarks.checkpoints", "open", folder, room_id],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found, start_ms, answer_ms = json.loads(again.stdout.splitlines()[-1])
        file_kb = sum(each.stat().st_size for each in Path(folder).iterdir()) / 1000
    print(
        f"{steps:>12,} steps, lived in {took:.0f} s: back at step {found:,}; server made in {start_ms:.0f} ms,"
        f" first answer in {answer_ms:.0f} ms; {len(kept)} checkpoints, {size / 1000:.0f} kB, file {file_kb:.0f} kB",
        flush=True,
    )


def written(name: str, cluster: Cluster) -> None:
    began = time.perf_counter()
    copied = cluster.copy()
    copy_ms = (time.perf_counter() - began) * 1000
    packer, packed, size, longest = zlib.compressobj(PACKING), 0, 0, 0.0
    pieces, writing = checkpoint.written(copied), time.perf_counter()
    while True:
        began = time.perf_counter()
        piece = next(pieces, None)
        if piece is None:
            break
        size, packed = size + len(piece), packed + len(packer.compress(piece))
        longest = max(longest, time.perf_counter() - began)
    write_ms = (time.perf_counter() - writing) * 1000
    packed += len(packer.flush())
    text = b"".join(checkpoint.written(copied))
    began = time.perf_counter()
    checkpoint.resumed(text.splitlines(), cluster.journal)
    read_ms = (time.perf_counter() - began) * 1000
    print(
        f"{name:>24}: copied in {copy_ms:.1f} ms, written in {write_ms:.0f} ms, longest piece {longest * 1000:.1f} ms,"
        f" read in {read_ms:.0f} ms; {packed / 1000:.0f} kB of {size / 1000:.0f} kB of text",
        flush=True,
    )


def rolling(pods: int, nodes: int) -> Cluster:
    cluster = quick(nodes)
    cluster.submit(Apply(DEPLOYMENT % pods))
    cluster.run(limit_steps=50_000_000)
    cluster.submit(SetLatencies("realistic"))
    cluster.submit(SetImage(WEB, "nginx:1.28"))
    cluster.advance(cluster.now_ms + 3_600_000, 3_000)
    return cluster


def main(words: list[str]) -> None:
    if words[:1] == ["open"]:
        opened(*words[1:])
        return
    written("the first lesson", prepared(scenarios.get(scenarios.DEFAULT)))
    written("300 pods, in a rollout", rolling(300, 12))
    written("5,000 pods, in a rollout", rolling(5_000, 50))
    for steps in map(int, words) if words else AGES:
        restarted(steps)


if __name__ == "__main__":
    main(sys.argv[1:])
