"""What the server counts, for Prometheus at /metrics, and whether it is well, for whoever starts it again, at /healthz.
Whichever worker is asked asks the others.

Neither names a room. A server whose disk is full is `degraded`, and answers 200 all the same: to start it again would
lose the rooms that go on in memory.
"""

from __future__ import annotations

import bisect
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request

from app.api import limits
from app.rooms import Relay
from app.web import security, together
from app.web.pages import rooms
from app.web.siblings import Siblings

LATENCIES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
DOORS = {"commands.command": "page", "script.press": "lesson", "kube.face": "api"}
LITTLE = 64 * limits.MIB  # of a disk
ALONE = "alone"  # in the query: of this worker only
TYPE = "text/plain; version=0.0.4; charset=utf-8"

blueprint = Blueprint("metrics", __name__)


class Histogram:
    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)  # each value once, those beyond the last bound at the end
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.sum += value

    def samples(self) -> Iterator[tuple[str, str, float]]:
        """Suffix, bound and value, as Prometheus has them: each bound counts those below it too."""
        so_far = 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            so_far += count
            yield "_bucket", bound, so_far
        yield "_sum", "", self.sum
        yield "_count", "", so_far


class Metrics:
    def __init__(self) -> None:
        self.commands = {door: Histogram(LATENCIES_S) for door in DOORS.values()}
        self.refusals: Counter[int] = Counter()  # answers, by their code
        self.frames = self.bytes = 0  # to viewers

    def sent(self, frames: int, size: int) -> None:
        self.frames += frames
        self.bytes += size


def init_app(app: Flask) -> None:
    counted = app.extensions["metrics"] = Metrics()

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        door = DOORS.get(request.endpoint or "")
        if door is not None and request.method not in ("GET", "HEAD", "OPTIONS"):
            counted.commands[door].observe(time.perf_counter() - g.began)
        if response.status_code >= 400:
            counted.refusals[response.status_code] += 1
        return response


def here() -> Metrics:
    found: Metrics = current_app.extensions["metrics"]
    return found


@blueprint.get("/healthz")
def healthz() -> Response:
    if (siblings := _siblings()) is None:
        return jsonify(_health())
    answers = siblings.ask(f"/healthz?{ALONE}")
    return jsonify(together.health([_health(), *(json.loads(each) if each else None for each in answers)]))


@blueprint.get("/metrics")
def metrics() -> Response:
    security.allow("look")
    own = "".join(_families(here()))
    if (siblings := _siblings()) is None:
        return Response(own, content_type=TYPE)
    answers = zip(siblings.others, siblings.ask(f"/metrics?{ALONE}"), strict=True)
    texts = {number: answer.decode() for number, answer in answers if answer is not None}
    return Response(together.metrics(texts | {siblings.share.number: own}), content_type=TYPE)


def _siblings() -> Siblings | None:
    """The other workers, if there are any and they are asked for too."""
    found: Siblings | None = current_app.config["SIBLINGS"]
    return None if ALONE in request.args else found


def _health() -> dict[str, Any]:
    now = rooms().health()
    is_short = now.free_bytes is not None and now.free_bytes < LITTLE
    relay: Relay | None = current_app.extensions["relay"]
    is_alone = relay is not None and not relay.is_reached
    return {
        "status": "degraded" if now.unstored or is_short or is_alone else "ok",
        "disk": {
            "kept": now.kept, "free_bytes": now.free_bytes, "rooms_not_written": now.unstored,
            "files_set_aside": now.set_aside,
        },
        "rooms": {"in_memory": now.rooms, "stopped": now.stopped, "viewers": now.viewers},
        "memory": {"resident_bytes": resident_bytes(), "object_bytes": now.object_bytes},
    }  # fmt: skip


def resident_bytes() -> int:
    """Of this process: now, or where the system does not tell, at most so far."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


# ------------------------------------------------------------------------------------------------- text


def _families(counted: Metrics) -> Iterator[str]:
    now = rooms().health()
    yield _family("loopscope_rooms", "gauge", "Rooms in memory.", {"": now.rooms})
    yield _family(
        "loopscope_rooms_stopped", "gauge", "Rooms that go no further until they are reset.", {"": now.stopped}
    )
    yield _family("loopscope_rooms_not_written", "gauge", "Rooms that go on in memory only.", {"": now.unstored})
    yield _family("loopscope_viewers", "gauge", "Open pages.", {"": now.viewers})
    yield _family("loopscope_steps_total", "counter", "Steps of all clusters.", {"": now.steps})
    yield _family("loopscope_frames_sent_total", "counter", "Frames to viewers.", {"": counted.frames})
    yield _family("loopscope_frame_bytes_sent_total", "counter", "Bytes of frames to viewers.", {"": counted.bytes})
    refusals = {_labels(code=str(code)): float(n) for code, n in sorted(counted.refusals.items())}
    yield _family("loopscope_refusals_total", "counter", "Answers of 4xx and 5xx.", refusals)
    yield _histograms("loopscope_command_seconds", "From a command to its answer.", counted.commands)
    yield _family("loopscope_object_bytes", "gauge", "Objects of all rooms in memory.", {"": now.object_bytes})
    yield _family("loopscope_checkpoints_total", "counter", "Rooms written out.", {"": now.checkpoints})
    yield _family("loopscope_checkpoint_bytes_total", "counter", "Bytes of them, packed.", {"": now.checkpoint_bytes})
    yield _family("process_resident_memory_bytes", "gauge", "Resident memory.", {"": resident_bytes()})
    if now.free_bytes is not None:
        yield _family("loopscope_disk_free_bytes", "gauge", "Where rooms are kept.", {"": now.free_bytes})
        yield _family("loopscope_files_set_aside", "gauge", "Files that were found damaged.", {"": now.set_aside})


def _family(name: str, type_: str, help_: str, samples: Mapping[str, float]) -> str:
    lines = (f"{name}{labels} {value:.16g}\n" for labels, value in samples.items())
    return f"# HELP {name} {help_}\n# TYPE {name} {type_}\n{''.join(lines)}"


def _histograms(name: str, help_: str, by_door: Mapping[str, Histogram]) -> str:
    lines = (
        f"{name}{suffix}{_labels(door=door, **({'le': bound} if bound else {}))} {value:.16g}\n"
        for door, histogram in by_door.items()
        for suffix, bound, value in histogram.samples()
    )
    return f"# HELP {name} {help_}\n# TYPE {name} histogram\n{''.join(lines)}"


def _labels(**values: str) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in values.items()) + "}"
