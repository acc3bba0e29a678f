"""Probes of a container that runs: what they find, and when they are made again."""

from __future__ import annotations

from typing import Any

import pytest

from app.nodes.kubelet import probes
from app.nodes.kubelet.probes import Checked, ProbeRun, Target
from app.nodes.runtime import images
from tests.support.builders import NOW_MS

HTTP = {
    "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
    "periodSeconds": 10,
    "failureThreshold": 3,
    "successThreshold": 1,
}


def target(image: str, started_ms: int = NOW_MS, **fields: Any) -> Target:
    return Target(
        {"name": "web", "image": image, **fields}, images.program(image), images.REALISTIC, "10.244.1.5", 0, started_ms
    )


def check(image: str, now_ms: int = NOW_MS, runs: dict[str, ProbeRun] | None = None, **fields: Any) -> Checked:
    return probes.check(target(image, **fields), runs or {}, now_ms)


def test_a_container_that_passes_is_settled() -> None:
    assert check("nginx", readinessProbe=HTTP, livenessProbe=HTTP) == Checked(True, True, {}, (), "", None, True)


def test_before_its_initial_delay_a_container_is_not_ready() -> None:
    found = check("nginx", readinessProbe={**HTTP, "initialDelaySeconds": 5})
    assert (found.ready, found.next_ms, found.runs) == (False, NOW_MS + 5_000, {})
    assert check("nginx", NOW_MS + 5_000, readinessProbe={**HTTP, "initialDelaySeconds": 5}).ready


def test_a_slow_program_refuses_connections_until_it_listens() -> None:
    found = check("nginx:slow", readinessProbe=HTTP)
    refused = 'Get "http://10.244.1.5:80/": dial tcp 10.244.1.5:80: connect: connection refused'
    assert found.failures == (("Readiness", refused),)
    assert (found.ready, found.next_ms, found.hopeless) == (False, NOW_MS + 10_000, False)
    later = check("nginx:slow", NOW_MS + 20_000, {"Readiness": found.runs["Readiness"]}, readinessProbe=HTTP)
    assert (later.ready, later.next_ms, later.runs) == (True, None, {})


def test_the_tag_unready_never_passes_and_goes_on_in_the_background() -> None:
    found = check("nginx:unready", readinessProbe=HTTP)
    assert found.failures == (("Readiness", "HTTP probe failed with statuscode: 503"),)
    assert found.hopeless


def test_liveness_gives_up_after_failure_threshold_failures_in_a_row() -> None:
    runs: dict[str, ProbeRun] = {}
    verdicts = []
    for second in (0, 5, 10):
        found = check("nginx:slow", NOW_MS + second * 1000, runs, livenessProbe={**HTTP, "periodSeconds": 5})
        runs = found.runs
        verdicts.append(found.killed_by)
    assert verdicts == ["", "", "Liveness"]


def test_the_startup_probe_suspends_the_others_until_it_has_passed() -> None:
    startup = {**HTTP, "periodSeconds": 5, "failureThreshold": 30}
    found = check("nginx:slow", startupProbe=startup, livenessProbe=HTTP, readinessProbe=HTTP)
    assert (found.started, found.ready, [kind for kind, _ in found.failures]) == (False, False, ["Startup"])
    later = check(
        "nginx:slow", NOW_MS + 20_000, found.runs, startupProbe=startup, livenessProbe=HTTP, readinessProbe=HTTP
    )
    assert (later.started, later.ready, later.killed_by) == (True, True, "")


def test_a_startup_probe_that_fails_too_often_kills() -> None:
    assert check("nginx:slow", startupProbe={**HTTP, "failureThreshold": 1}).killed_by == "Startup"


def test_success_threshold_asks_for_more_than_one_success() -> None:
    probe = {**HTTP, "successThreshold": 2}
    first = check("nginx", readinessProbe=probe)
    assert (first.ready, first.next_ms) == (False, NOW_MS + 10_000)
    assert check("nginx", NOW_MS + 10_000, first.runs, readinessProbe=probe).ready


def test_what_was_remembered_of_an_earlier_attempt_does_not_count() -> None:
    stale = {"Liveness": ProbeRun(attempt=7, passing=True, failed=True, streak=2, last_ms=NOW_MS - 10_000)}
    assert check("nginx:slow", runs=stale, livenessProbe=HTTP).killed_by == ""


def test_probes_keep_their_beat_however_late_one_is_looked_at() -> None:
    first = check("nginx:slow", NOW_MS + 70, readinessProbe=HTTP)
    assert first.next_ms == NOW_MS + 10_000
    second = check("nginx:slow", NOW_MS + 10_090, first.runs, readinessProbe=HTTP)
    assert second.next_ms == NOW_MS + 20_000


@pytest.mark.parametrize(
    ("image", "probe", "message"),
    [
        ("nginx", {"tcpSocket": {"port": 8080}}, "dial tcp 10.244.1.5:8080: connect: connection refused"),
        ("nginx", {"httpGet": {"port": "web", "path": "/healthz"}}, None),
        ("anything", {"httpGet": {"port": 1234}}, None),
        ("anything", {"exec": {"command": ["cat", "/tmp/healthy"]}}, None),
        ("anything", {"exec": {"command": ["false"]}}, ""),
        ("redis", {"grpc": {"port": 9}},
         'timeout: failed to connect service "10.244.1.5:9" within 1s: context deadline exceeded'),
        ("redis", {"httpGet": {"port": 81, "path": "x", "scheme": "HTTPS"}},
         'Get "https://10.244.1.5:81/x": dial tcp 10.244.1.5:81: connect: connection refused'),
    ],
)  # fmt: skip
def test_each_kind_of_probe_says_what_went_wrong(image: str, probe: dict[str, Any], message: str | None) -> None:
    found = check(image, readinessProbe=probe, ports=[{"name": "web", "containerPort": 80}])
    assert found.ready is (message is None)
    assert found.runs.keys() == (set() if message is None else {"Readiness"})
    assert found.failures == (() if message is None else (("Readiness", message),))
