"""Two rooms side by side: how long until both are there at one moment. `make bench` runs it.

    python -m benchmarks.beside [SECONDS]

A rolling update under traffic, of more pods in a fork, for so many virtual seconds. Asked for is each tenth moment of
both, as whoever walks along them asks. Milliseconds are CPU time of the answer: two boards, two sentences, and what the
time since they parted has cost.
"""

from __future__ import annotations

import gc
import sys
import time

from flask import Flask

from app import scenarios
from app.api.objects import Ref
from app.commands import Command, Scale, SetImage, SetTraffic
from app.rooms import Room
from app.web import create_app
from app.web.serve import GC_THRESHOLDS

SECONDS = 60
WEB, SERVICE = Ref("Deployment", "default", "web"), Ref("Service", "default", "web")
UPDATE = SetImage(WEB, "nginx:1.28")


def lived(app: Flask, seconds: int) -> tuple[Room, Room]:
    rooms = app.extensions["rooms"]
    rooms.pacer.stop()
    room = rooms.create(scenarios.get("rolling-update").id)
    room.submit(SetTraffic(SERVICE, 40))
    room.cluster.advance(room.cluster.now_ms + 5_000)
    fork = app.extensions["sharing"].forked(room)
    acts: tuple[tuple[Room, tuple[Command, ...]], ...] = ((room, (UPDATE,)), (fork, (Scale(WEB, 6), UPDATE)))
    for each, commands in acts:
        for command in commands:
            each.submit(command)
        each.cluster.advance(each.cluster.now_ms + seconds * 1_000)
    return room, fork


def main(seconds: int) -> None:
    gc.set_threshold(*GC_THRESHOLDS)
    app = create_app({"RATES": None})
    room, fork = lived(app, seconds)
    client, base = app.test_client(), f"/rooms/{room.id}/beside/{fork.id}"

    def took(path: str) -> float:
        began = time.process_time()
        answer = client.get(base + path)
        assert answer.status_code == 200, (path, answer.status_code)
        return (time.process_time() - began) * 1000

    took("/axis")
    stops = client.get(f"{base}/axis").get_json()["stops"]
    paths = [f"/at?at={ms}&a={a}&b={b}&told_a={told_a}&told_b={told_b}" for ms, a, b, told_a, told_b, _ in stops[::10]]
    took(paths[0])
    each = sorted(map(took, paths))
    steps = room.cluster.trace.count + fork.cluster.trace.count
    print(f"all {len(stops)} moments of two rooms with {steps:,} steps: {took('/axis'):.0f} ms")
    print(f"both at one of them: median {each[len(each) // 2]:.0f} ms, at most {each[-1]:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
