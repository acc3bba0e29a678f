"""What a container has printed, worked out from its status and virtual time.

Containers are simulated, so are their lines: one when a process starts, one every few seconds while it runs, one when
it ends. The same pod at the same time has the same lines. Called for `kubectl logs` and `attach`
(app/cluster/containers.py). Models kubernetes/pkg/registry/core/pod (LogLocation) and pkg/kubelet
(validateContainerLogStatus).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.api import errors, times
from app.api.objects import Obj, find_named, get_path, name_of
from app.component_helpers import pods

EVERY_MS = 5_000  # between two requests that a running container tells of
MOST_LINES = 10_000


class Line(NamedTuple):
    at_ms: int
    text: str


class Run(NamedTuple):
    """One process of a container, from its start to its end."""

    started_ms: int
    ended_ms: int | None
    exit_code: int

    def lines(self, container: Mapping[str, Any], now_ms: int) -> Iterator[Line]:
        until = now_ms if self.ended_ms is None else self.ended_ms
        yield Line(self.started_ms, f"starting {container['image']}")
        first = self.started_ms + EVERY_MS
        skipped = max(0, (until - first) // EVERY_MS - MOST_LINES)
        paths = _paths(container)
        for number in range(skipped, (until - first) // EVERY_MS + 1 if until >= first else 0):
            path = paths[number % len(paths)]
            yield Line(first + number * EVERY_MS, f'"GET {path} HTTP/1.1" 200 request {number + 1}')
        if self.ended_ms is not None:
            yield Line(self.ended_ms, f"exiting with code {self.exit_code}")


class Printed(NamedTuple):
    lines: tuple[Line, ...]
    is_over: bool  # that process prints no more


def printed(pod: Obj, container: Mapping[str, Any], run: Run, since_ms: int, now_ms: int) -> Printed:
    """What a process printed after `since_ms`, as the pod stands now."""
    known = list(_runs(_status(pod, container["name"])))
    run = next((each for each in known if each.started_ms == run.started_ms), run)
    lines = tuple(line for line in run.lines(container, now_ms) if line.at_ms > since_ms)
    return Printed(lines, run.ended_ms is not None or run not in known)


def container_of(pod: Obj, name: str) -> dict[str, Any]:
    """By name; the only one where none is named. Raises BadRequest."""
    spec = pod["spec"]
    every = [*(spec.get("initContainers") or ()), *spec["containers"], *(spec.get("ephemeralContainers") or ())]
    if not name and len(spec["containers"]) > 1:
        named = " ".join(each["name"] for each in spec["containers"])
        init = " ".join(each["name"] for each in spec.get("initContainers") or ())
        choice = f"choose one of: [{named}]" + (f" or one of the init containers: [{init}]" if init else "")
        raise errors.BadRequest(f"a container name must be specified for pod {name_of(pod)}, {choice}")
    found = find_named(every, name or spec["containers"][0]["name"])
    if found is None:
        raise errors.BadRequest(f"container {name} is not valid for pod {name_of(pod)}")
    return found


def _status(pod: Obj, container: str) -> Mapping[str, Any]:
    return pods.container_status(pod, container) or {}


def _runs(status: Mapping[str, Any]) -> Iterator[Run]:
    """The process that runs or ran last, and the one before it."""
    state, last = status.get("state") or {}, status.get("lastState") or {}
    for known in (state.get("running"), state.get("terminated"), last.get("terminated")):
        if known and known.get("startedAt"):
            ended = known.get("finishedAt")
            yield Run(times.parse(known["startedAt"]), times.parse(ended) if ended else None, known.get("exitCode", 0))


def run_of(pod: Obj, container: str, *, previous: bool = False) -> Run:
    """The process whose lines are wanted. Raises BadRequest if there is none."""
    if not pod["spec"].get("nodeName"):
        raise errors.BadRequest(f"pod {name_of(pod)} does not have a host assigned")
    status = _status(pod, container)
    if previous:
        last = {"state": status.get("lastState")}
        if (run := next(_runs(last), None)) is None:
            raise errors.BadRequest(f'previous terminated container "{container}" in pod "{name_of(pod)}" not found')
        return run
    if (run := next(_runs(status), None)) is None:
        reason = get_path(status, "state.waiting.reason", "ContainerCreating")
        if reason in ("ErrImagePull", "ImagePullBackOff"):
            reason = "trying and failing to pull image"
        raise errors.BadRequest(f'container "{container}" in pod "{name_of(pod)}" is waiting to start: {reason}')
    return run


def _paths(container: Mapping[str, Any]) -> list[str]:
    """What is asked of a container: its probes, and its front page."""
    probes = (get_path(container, f"{probe}.httpGet.path") for probe in ("readinessProbe", "livenessProbe"))
    return list(dict.fromkeys(("/", *(path for path in probes if path))))
