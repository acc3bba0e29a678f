"""What one frame of a busy room costs, under the room's lock: its views, its HTML, its bytes. `make bench` runs it.

A Deployment on 50 nodes is rolled to another image, or half of its pods are killed, with realistic latencies and by the
clock, so that pods of most nodes change between two frames. Each figure is taken in a process of its own; milliseconds
are CPU for one frame in one language, steps and pods what the frame in the middle tells of.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from flask import Flask

from app import scenarios
from app.api.objects import Ref, ref_of
from app.cluster import Cluster
from app.commands import Apply, DeleteObject, SetImage, SetLatencies
from app.rooms import Frame, Pace, Room, broadcast
from app.web import create_app, live
from benchmarks.engine import DEPLOYMENT, quick

REQUESTS = "resources: {requests: {cpu: 500m, memory: 64Mi}}, "
ASKING = DEPLOYMENT.replace("name: nginx, ", f"name: nginx, {REQUESTS}")

NODES = 50
STEPS = 50_000_000
FRAME_S = 0.1
WALL_S = 20.0
WARM_FRAMES = 2  # the first of a process compile the templates
WEB = Ref("Deployment", "default", "web")


class Drawn(NamedTuple):
    ms: float
    steps: int
    pods: int
    kilobytes: float


def rolled(room: Room) -> None:
    room.submit(SetImage(WEB, "nginx:1.28"))


def killed(room: Room) -> None:
    for pod in room.cluster.objects("Pod", "default")[::2]:
        room.submit(DeleteObject(ref_of(pod)))


def busy(pods: int, disturb: Callable[[Room], None], lang: str) -> dict[str, float]:
    cluster = quick(NODES)
    cluster.submit(Apply(ASKING % pods))
    cluster.run(limit_steps=STEPS)
    cluster.submit(SetLatencies("realistic"))
    drawn = frames(cluster, disturb, lang)
    times = sorted(each.ms for each in drawn)
    return {
        "frames": len(drawn),
        "median_ms": statistics.median(times),
        "p95_ms": times[len(times) * 95 // 100],
        "worst_ms": times[-1],
        "steps": statistics.median(each.steps for each in drawn),
        "pods": statistics.median(each.pods for each in drawn),
        "kB": statistics.median(each.kilobytes for each in drawn),
    }


def frames(cluster: Cluster, disturb: Callable[[Room], None], lang: str) -> list[Drawn]:
    """Every frame until the cluster is quiet again, drawn as the server draws it, at wall times of our own."""
    drawing, now = Measured(create_app({"RATES": None})), [0.0]
    lesson = scenarios.get("large-cluster")
    room = Room("r", lesson, cluster, drawing, lambda _room: None, lambda: now[0], pace=Pace(mode="clock"))
    room.attach(lang, 0, 0)
    broadcast.RENDER_SHARE = 0  # a frame every tenth of a second, however long the one before took
    disturb(room)
    while now[0] < WALL_S and not cluster.quiet:
        now[0] += FRAME_S
        room.turn(now[0])
    return drawing.drawn[WARM_FRAMES:]


class Measured(live.Drawing):
    """Draws as the server does, and notes what that cost."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.drawn: list[Drawn] = []

    def frame(self, room: Room, frame: Frame, lang: str) -> bytes:
        began = time.process_time()
        sent = super().frame(room, frame, lang)
        ms = (time.process_time() - began) * 1000
        pods = sum(ref.kind == "Pod" for ref in frame.changed)
        self.drawn.append(Drawn(ms, len(frame.steps), pods, len(sent) / 1000))
        return sent


MEASURES: dict[str, Callable[[], dict[str, float]]] = {
    f"{what} of {pods:,} pods on {NODES} nodes, {lang}": lambda pods=pods, how=how, lang=lang: busy(pods, how, lang)
    for pods in (300, 2_000)
    for what, how in (("rolling update", rolled), ("death of half", killed))
    for lang in scenarios.LANGUAGES
}


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(MEASURES[sys.argv[2]]()))
        return
    for name in MEASURES:
        command = [sys.executable, "-m", "benchmarks.frames", "--one", name]
        figures = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        text = ", ".join(
            f"{key} {value:,.1f}" if value % 1 else f"{key} {value:,.0f}" for key, value in figures.items()
        )
        print(f"| {name} | {text} |", flush=True)


if __name__ == "__main__":
    main()
