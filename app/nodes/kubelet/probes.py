"""Probes: how a kubelet finds out whether a container has started, is alive and may get traffic.

`check` is called by the kubelet for one container that runs. A program that passes goes on passing (see
app/nodes/runtime/images.py), so a container whose probes all pass needs no further look and no memory; only probes that
fail, are not yet decided or look for a file that will be removed are probed again, every `periodSeconds`. Models
kubernetes/pkg/kubelet/prober/worker.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.nodes.kubelet import file_probes
from app.nodes.kubelet.file_probes import There
from app.nodes.runtime import images
from app.nodes.runtime.images import Durations, Program

STARTUP, LIVENESS, READINESS = "Startup", "Liveness", "Readiness"
_FIELD = {STARTUP: "startupProbe", LIVENESS: "livenessProbe", READINESS: "readinessProbe"}


class ProbeRun(NamedTuple):
    """What a kubelet keeps in memory of a probe that is not settled."""

    attempt: int  # of the container
    passing: bool  # the verdict so far
    failed: bool  # how the last probe ended
    streak: int  # how often in a row it ended so
    last_ms: int


class Target(NamedTuple):
    """The container that is probed."""

    container: dict[str, Any]  # of the manifest
    program: Program
    durations: Durations
    ip: str
    attempt: int
    started_ms: int
    passes: tuple[str, ...] = ()  # paths that the program itself says are well


class Probed(NamedTuple):
    passing: bool
    run: ProbeRun | None  # to remember; None: settled
    failure: str | None = None  # what the probe that was just made said, if it failed
    next_ms: int | None = None  # when to probe again; None: need not
    hopeless: bool = False  # will fail for as long as the container runs


class Checked(NamedTuple):
    started: bool
    ready: bool
    runs: dict[str, ProbeRun]  # by kind of probe
    failures: tuple[tuple[str, str], ...]  # (kind, message), probed just now
    killed_by: str  # the kind of probe that has failed too often, or ""
    next_ms: int | None
    hopeless: bool  # only probes that never pass are left: nothing will change


def check(target: Target, runs: Mapping[str, ProbeRun], now_ms: int) -> Checked:
    """Probe what is due. The startup probe suspends the others until it has passed."""
    startup = _probe(STARTUP, target, runs.get(STARTUP), now_ms)
    done = {STARTUP: startup}
    if startup.passing:
        done |= {kind: _probe(kind, target, runs.get(kind), now_ms) for kind in (LIVENESS, READINESS)}
    killed_by = ""
    if (
        startup.run is not None
        and startup.failure is not None
        and startup.run.streak >= _threshold(target, STARTUP, False)
    ):
        killed_by = STARTUP
    elif startup.passing and not done[LIVENESS].passing:
        killed_by = LIVENESS
    waiting = [probed for probed in done.values() if probed.next_ms is not None]
    return Checked(
        started=startup.passing,
        ready=startup.passing and done[READINESS].passing,
        runs={kind: probed.run for kind, probed in done.items() if probed.run is not None},
        failures=tuple((kind, probed.failure) for kind, probed in done.items() if probed.failure is not None),
        killed_by=killed_by,
        next_ms=min((probed.next_ms for probed in waiting if probed.next_ms is not None), default=None),
        hopeless=all(probed.hopeless for probed in waiting),
    )


def _probe(kind: str, target: Target, run: ProbeRun | None, now_ms: int) -> Probed:
    spec = target.container.get(_FIELD[kind])
    if spec is None:
        return Probed(True, None)
    if run is not None and run.attempt != target.attempt:
        run = None
    passing = run.passing if run else kind == LIVENESS
    period_ms = spec.get("periodSeconds", 10) * 1000
    first_ms = target.started_ms + spec.get("initialDelaySeconds", 0) * 1000
    due_ms = run.last_ms + period_ms if run else first_ms
    if now_ms < due_ms:
        return Probed(passing, run, next_ms=due_ms, hopeless=run is not None and _is_hopeless(kind, target, run))
    failure = _failure(kind, spec, target, now_ms)
    failed = failure is not None
    streak = run.streak + 1 if run and run.failed == failed else 1
    threshold = _threshold(target, kind, not failed)
    if streak >= threshold:
        passing = not failed
    if passing and not failed and _file(spec, target).gone_ms is None:
        return Probed(True, None)
    on_time_ms = now_ms - (now_ms - due_ms) % period_ms  # probes keep their beat, however late one is looked at
    run = ProbeRun(target.attempt, passing, failed, min(streak, threshold), on_time_ms)
    return Probed(passing, run, failure, on_time_ms + period_ms, _is_hopeless(kind, target, run))


def _threshold(target: Target, kind: str, success: bool) -> int:
    spec = target.container[_FIELD[kind]]
    threshold: int = spec.get("successThreshold", 1) if success else spec.get("failureThreshold", 3)
    return threshold


def _is_hopeless(kind: str, target: Target, run: ProbeRun) -> bool:
    """A readiness probe that has decided, and that this program will never pass."""
    spec = target.container[_FIELD[kind]]
    return kind == READINESS and run.failed and not run.passing and not _can_pass(kind, spec, target)


# ------------------------------------------------------------------------------------------- one probe


def _failure(kind: str, spec: dict[str, Any], target: Target, now_ms: int) -> str | None:
    """What the probe says when it fails now; None: it passes."""
    listens_ms = target.started_ms + target.durations.of_program(target.program.ready_ms)
    is_there = _file(spec, target).is_so(now_ms - target.started_ms)
    if now_ms >= listens_ms and is_there and _can_pass(kind, spec, target):
        return None
    if "exec" in spec:
        return _exec_failure(spec, target, now_ms)
    refused = now_ms < listens_ms or not _listens(spec, target)
    if "httpGet" in spec:
        return _http_failure(spec["httpGet"], target, refused)
    address = f"{target.ip}:{_port(spec, target)}"
    if "grpc" in spec:
        within = f"within {spec.get('timeoutSeconds', 1)}s: context deadline exceeded"
        return f'timeout: failed to connect service "{address}" {within}'
    return f"dial tcp {address}: connect: connection refused"


def _exec_failure(spec: dict[str, Any], target: Target, now_ms: int) -> str:
    if _file(spec, target).is_so(now_ms - target.started_ms):
        return ""
    return file_probes.complaint(spec["exec"]["command"], target.container["image"])


def _file(spec: dict[str, Any], target: Target) -> There:
    """That it looks for; always there for another probe."""
    command = (spec.get("exec") or {}).get("command") or ()
    return file_probes.there(command, target.container, target.program)


def get_error(action: dict[str, Any], target: Target, now_ms: int) -> str:
    """Why an httpGet of the container fails now; "" if it is answered."""
    listens_ms = target.started_ms + target.durations.of_program(target.program.ready_ms)
    answers = now_ms >= listens_ms and _listens({"httpGet": action}, target)
    return "" if answers or action.get("host") else _http_failure(action, target, refused=True)


def _http_failure(action: dict[str, Any], target: Target, refused: bool) -> str:
    if not refused:
        return "HTTP probe failed with statuscode: 503"
    address = f"{action.get('host') or target.ip}:{_number(action['port'], target)}"
    path, scheme = action.get("path", "/"), action.get("scheme", "HTTP").lower()
    return f'Get "{scheme}://{address}/{path.removeprefix("/")}": dial tcp {address}: connect: connection refused'


def _can_pass(kind: str, spec: dict[str, Any], target: Target) -> bool:
    """Once the program listens."""
    if kind == READINESS and not target.program.passes_readiness:
        return False
    if "exec" in spec:
        command = spec["exec"].get("command") or ()
        if _file(spec, target) == file_probes.NEVER:
            return False
        return not command or images.run_inside(target.container["image"], command).code == 0
    path = (spec.get("httpGet") or {}).get("path", "")
    if path in target.program.decides and path not in target.passes:
        return False
    return _listens(spec, target)


def _listens(spec: dict[str, Any], target: Target) -> bool:
    ports = target.program.ports
    return ports is None or _port(spec, target) in ports


def _port(spec: dict[str, Any], target: Target) -> int:
    action = spec.get("httpGet") or spec.get("tcpSocket") or spec.get("grpc") or {}
    return _number(action.get("port", 0), target)


def _number(port: int | str, target: Target) -> int:
    """Probes may name a port of their container."""
    if isinstance(port, int):
        return port
    named = (item for item in target.container.get("ports") or () if item.get("name") == port)
    number: int = next((item["containerPort"] for item in named), 0)
    return number
