"""What the server says of itself: to Prometheus, to whoever looks after it, and to its log."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from app.rooms import Rooms
from app.rooms.checkpoints import EVERY
from app.rooms.storage import Storage
from app.web.logs import Logfmt
from app.web.metrics import Histogram
from tests.rooms.test_rooms_of_any_age import live
from tests.support.browser import JSON, Browser, make_app
from tests.support.server import Server

pytestmark = pytest.mark.long

SCALE = {"kind": "Deployment", "name": "web", "replicas": "4"}
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABELS = r'\{[a-z_]+="[^"\\\n]*"(?:,[a-z_]+="[^"\\\n]*")*\}'
NUMBER = r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN"
SAMPLE = re.compile(rf"({NAME})({LABELS})? ({NUMBER})")
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}

Samples = dict[tuple[str, str], float]


def parsed(text: str) -> Samples:
    """As Prometheus reads it (text format 0.0.4); what it would refuse is an error here."""
    assert text.endswith("\n")
    samples: Samples = {}
    seen, name, type_ = set[str](), "", ""
    for line in text.splitlines():
        if found := re.fullmatch(rf"# HELP ({NAME}) (\S.*)", line):
            name, type_ = found[1], ""
            assert name not in seen, "a family stands in one piece"
            seen.add(name)
        elif found := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line):
            assert found[1] == name
            assert not type_
            type_ = found[2]
            assert (type_ == "counter") == name.endswith("_total")
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found[1] in [name + suffix for suffix in SUFFIXES[type_]], line
            key = (found[1], found[2] or "")
            assert key not in samples, "a sample is told once"
            samples[key] = float(found[3])
    return samples


def scraped(browser: Browser) -> Samples:
    response = browser.client.get("/metrics")
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return parsed(response.get_data(as_text=True))


def value(samples: Samples, name: str, labels: str = "") -> float:
    return samples[name, labels]


def test_what_happens_is_counted() -> None:
    browser = Browser(make_app())
    before = scraped(browser)
    assert value(before, "loopscope_rooms") == 1
    assert value(before, "loopscope_command_seconds_count", '{door="page"}') == 0
    browser.post("/commands/scale", SCALE)
    browser.post("/commands/scale", SCALE | {"replicas": "many"})
    browser.post("/script/0")
    browser.client.patch(
        f"{browser.base}/kube/apis/apps/v1/namespaces/default/deployments/web",
        data='{"spec": {"replicas": 5}}', headers={"Content-Type": "application/merge-patch+json"},
    )  # fmt: skip
    browser.client.get(f"{browser.base}/kube/apis/apps/v1/deployments")
    browser.client.get("/rooms/nope")
    for _ in range(3):
        browser.post("/step")
    after = scraped(browser)
    assert value(after, "loopscope_command_seconds_count", '{door="page"}') == 2
    assert value(after, "loopscope_command_seconds_count", '{door="lesson"}') == 1
    assert value(after, "loopscope_command_seconds_count", '{door="api"}') == 1
    assert value(after, "loopscope_refusals_total", '{code="400"}') == 1
    assert value(after, "loopscope_refusals_total", '{code="404"}') == 1
    assert value(after, "loopscope_steps_total") >= value(before, "loopscope_steps_total") + 6
    assert value(after, "process_resident_memory_bytes") > 10_000_000


def test_checkpoints_are_counted(tmp_path: Path) -> None:
    browser = Browser(make_app(DATA_DIR=str(tmp_path)))
    rooms: Rooms = browser.app.extensions["rooms"]
    live(rooms, browser.room, EVERY)
    samples = scraped(browser)
    assert value(samples, "loopscope_checkpoints_total") >= 1
    assert value(samples, "loopscope_checkpoint_bytes_total") > 1_000
    rooms.close()


def test_a_latency_is_in_every_bucket_above_it() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(seconds)
    assert list(histogram.samples()) == [
        ("_bucket", "0.1", 2), ("_bucket", "1.0", 3), ("_bucket", "+Inf", 4), ("_sum", "", 7.65), ("_count", "", 4),
    ]  # fmt: skip


def test_buckets_grow_and_the_last_has_all() -> None:
    browser = Browser(make_app())
    browser.post("/commands/scale", SCALE)
    samples = scraped(browser)
    buckets = [
        count for (name, labels), count in samples.items() if name.endswith("_bucket") and 'door="page"' in labels
    ]
    assert all(lower <= upper for lower, upper in pairwise(buckets))
    assert buckets[-1] == value(samples, "loopscope_command_seconds_count", '{door="page"}') == 1


def test_steps_of_rooms_that_were_reset_or_put_away_stay_counted() -> None:
    browser = Browser(make_app())
    rooms: Rooms = browser.app.extensions["rooms"]
    for _ in range(2):
        counted = rooms.health().steps
        browser.post("/commands/scale", SCALE)
        browser.post("/step")
        assert rooms.health().steps >= counted + 2
        browser.post("/reset")


def test_health_tells_of_rooms_memory_and_disk(tmp_path: Path) -> None:
    kept = Browser(make_app(DATA_DIR=str(tmp_path)))
    told = kept.client.get("/healthz").json
    assert told["status"] == "ok"
    assert told["rooms"] == {"in_memory": 1, "stopped": 0, "viewers": 0}
    assert told["disk"]["kept"]
    assert told["disk"]["free_bytes"] > 0
    assert told["memory"]["resident_bytes"] > 10_000_000
    kept.app.extensions["rooms"].close()
    assert not Browser(make_app()).client.get("/healthz").json["disk"]["kept"]


def test_a_server_that_cannot_write_is_degraded_and_not_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(make_app(DATA_DIR=str(tmp_path)))

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Storage, "begin", full)
        patched.setattr(Storage, "save", full)
        browser.post("/commands/scale", SCALE)
        response = browser.client.get("/healthz")
    assert response.status_code == 200
    assert response.json["status"] == "degraded"
    assert response.json["disk"]["rooms_not_written"] == 1
    assert value(scraped(browser), "loopscope_rooms_not_written") in (0, 1)
    browser.app.extensions["rooms"].close()


def test_a_disk_with_little_space_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(make_app(DATA_DIR=str(tmp_path)))
    monkeypatch.setattr(Storage, "free_bytes", 1_000)
    assert browser.client.get("/healthz").json["status"] == "degraded"
    browser.app.extensions["rooms"].close()


def test_neither_names_a_room() -> None:
    browser = Browser(make_app())
    browser.client.get("/rooms/nope", headers=JSON)
    for path in ("/healthz", "/metrics"):
        assert browser.room.id not in browser.client.get(path, headers={"Host": "anything"}).get_data(as_text=True)


# ------------------------------------------------------------------------------------------------ logs

PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: |$)')


def line(message: str, **extra: object) -> dict[str, str]:
    """What a program reads in the line of that event."""
    record = logging.getLogger("app.x").makeRecord("app.x", logging.WARNING, "f", 1, message, (), None, extra=extra)
    return read(Logfmt().format(record))


def read(text: str) -> dict[str, str]:
    assert "\n" not in text
    assert PAIR.sub("", text) == ""
    return {name: json.loads(value) if value[0] == '"' else value for name, value in PAIR.findall(text)}


@pytest.mark.parametrize("why", ["plain", "two words", 'with "quotes" and \\', "a=b", "line\nbreak", "", "日本語 です"])
def test_an_event_is_one_line_that_programs_read(why: str) -> None:
    said = line("room goes on in memory", why=why, steps=7)
    assert said["event"] == "room goes on in memory"
    assert said["why"] == why
    assert (said["level"], said["from"], said["steps"]) == ("warning", "app.x", "7")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said["time"])


def test_the_key_to_a_room_is_in_no_log() -> None:
    assert line("room created", room="bcdfghjklmnpqrstvwxz")["room"] == "bcdfgh"


def test_a_traceback_is_in_the_line() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        record = logging.getLogger("x").makeRecord("x", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    assert read(Logfmt().format(record))["traceback"].endswith("ValueError: why")


def test_a_server_counts_frames_and_writes_its_log_in_lines() -> None:
    with Server() as server:
        room = server.room()
        assert room not in server.log()
        written = [read(text) for text in server.log().splitlines() if text.startswith("time=")]
        assert {"event": "room created", "room": room[:6]}.items() <= written[-1].items()
        assert ("loopscope_frames_sent_total", "") in parsed(server.get("/metrics"))
