"""`kubectl logs`: what a container has printed, worked out from its status and virtual time.

Containers are simulated, so are their lines: one when a process starts, one every few seconds while it runs, one when
it ends. The same pod at the same time has the same lines. With `follow` the answer goes on until the container ends.
Models kubernetes/pkg/registry/core/pod (LogLocation) and pkg/kubelet (validateContainerLogStatus).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flask import Response

from app.api import errors, times
from app.api.objects import Obj, Ref, find_named, get_path, name_of
from app.cluster import Cluster
from app.rooms import Room
from app.web.kube import options, reads, streams
from app.web.kube.calls import Call

EVERY_MS = 5_000  # between two requests that a running container tells of
MOST_LINES = 10_000
_LONGEST_S = 4 * 3600


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


def log(call: Call) -> Response:
    """Raises NotFound, or BadRequest for a container that there is not, or that has not started."""
    pod, now_ms = reads.found(call)
    container = container_of(pod, call.query.get("container", ""))
    run = run_of(pod, container["name"], previous=options.flag(call.query, "previous"))
    since_ms, tail = _since_ms(call, now_ms), options.number(call.query, "tailLines")
    limit = options.number(call.query, "limitBytes")
    lines = [line for line in run.lines(container, now_ms) if line.at_ms >= since_ms]
    shown = lines[-tail:] if tail else [] if tail == 0 else lines
    printed = _printed(shown, stamped=options.flag(call.query, "timestamps"))
    if options.flag(call.query, "follow") and run.ended_ms is None:
        held = call.room.open_watch()
        stamped = options.flag(call.query, "timestamps")
        news = Following(call.room, call.target.ref, container, run, now_ms, printed, stamped=stamped)
        return streams.respond(streams.Stream(call.room, held, news, _LONGEST_S, call.environ), "text/plain")
    return Response(printed[:limit] if limit else printed, mimetype="text/plain")


class Following:
    """The lines of one process as virtual time passes. See streams.News."""

    def __init__(
        self,
        room: Room,
        ref: Ref,
        container: Mapping[str, Any],
        run: Run,
        now_ms: int,
        first: bytes = b"",
        *,
        stamped: bool = False,
    ) -> None:
        self._room = room
        self._ref = ref
        self._container = container
        self._run = run
        self._pending = first
        self._until_ms = now_ms
        self._stamped = stamped
        self._over = False

    def ended(self) -> bool:
        return self._over

    def take(self) -> bytes:
        if not self._over:
            self._pending += self._since(*self._room.read(self._look))
        pending, self._pending = self._pending, b""
        return pending

    def _look(self, cluster: Cluster) -> tuple[Obj | None, int]:
        return cluster.get(self._ref), cluster.now_ms

    def _since(self, pod: Obj | None, now_ms: int) -> bytes:
        """What was printed since the last look; the last of it when the process is over."""
        run = self._run
        if pod is None:
            self._over = True
            return b""
        runs = list(_runs(_status(pod, self._container["name"])))
        run = next((each for each in runs if each.started_ms == self._run.started_ms), run)
        self._over = run.ended_ms is not None or run not in runs
        news = [line for line in run.lines(self._container, now_ms) if line.at_ms > self._until_ms]
        self._until_ms = now_ms
        return _printed(news, stamped=self._stamped)


# ---------------------------------------------------------------------------------------------- what was asked


def container_of(pod: Obj, name: str) -> dict[str, Any]:
    """By name; the only one where none is named. Raises BadRequest."""
    spec = pod["spec"]
    every = [*(spec.get("initContainers") or ()), *spec["containers"]]
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
    status = pod.get("status") or {}
    every = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return find_named(every, container) or {}


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


def _since_ms(call: Call, now_ms: int) -> int:
    if seconds := options.number(call.query, "sinceSeconds"):
        return now_ms - seconds * 1000
    if text := call.query.get("sinceTime", ""):
        try:
            return times.parse(text)
        except ValueError:
            raise errors.BadRequest(f'parsing time "{text}": cannot parse it as RFC 3339') from None
    return 0


def _paths(container: Mapping[str, Any]) -> list[str]:
    """What is asked of a container: its probes, and its front page."""
    probes = (get_path(container, f"{probe}.httpGet.path") for probe in ("readinessProbe", "livenessProbe"))
    return list(dict.fromkeys(("/", *(path for path in probes if path))))


def _printed(lines: list[Line], *, stamped: bool) -> bytes:
    texts = (f"{times.rfc3339_micro(line.at_ms)} {line.text}\n" if stamped else f"{line.text}\n" for line in lines)
    return "".join(texts).encode()
