"""What clients see of containers: what their processes printed, and commands run inside them.

A Room asks here for `kubectl logs`, `attach` and `exec`. Nothing is changed: a command that kills its container says
so, and whoever ran it submits CrashContainer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.api import errors
from app.api.objects import Obj, Ref
from app.apiserver.store import Store
from app.component_helpers import pods
from app.nodes.runtime import images, output, shell
from app.nodes.runtime.output import Line, Run
from app.nodes.runtime.shell import Done


class Process(NamedTuple):
    """A process of a container, and what it had printed by `now_ms`."""

    ref: Ref
    container: Mapping[str, Any]
    run: Run
    now_ms: int
    lines: tuple[Line, ...]

    @property
    def is_running(self) -> bool:
        return self.run.ended_ms is None

    @property
    def is_shell(self) -> bool:
        """It runs for as long as somebody may type: without that it would end."""
        image, command = self.container["image"], images.command_of(dict(self.container))
        ends, waits = (images.program(image, command, stdin=stdin).exit_ms for stdin in (False, True))
        return bool(self.container.get("stdin")) and ends is not None and waits is None


class News(NamedTuple):
    """What a process printed since the look before."""

    lines: tuple[Line, ...]
    is_over: bool
    now_ms: int


def process(store: Store, now_ms: int, ref: Ref, container: str, *, previous: bool = False) -> Process:
    """Raises NotFound, or BadRequest for a container that there is not, or that has not started."""
    pod = _pod(store, ref)
    spec = output.container_of(pod, container)
    run = output.run_of(pod, spec["name"], previous=previous)
    return Process(ref, spec, run, now_ms, tuple(run.lines(spec, now_ms)))


def printed(store: Store, now_ms: int, of: Process, since_ms: int) -> News:
    pod = store.get(of.ref)
    if pod is None:
        return News((), True, now_ms)
    lines, is_over = output.printed(pod, of.container, of.run, since_ms, now_ms)
    return News(lines, is_over, now_ms)


def execute(store: Store, now_ms: int, ref: Ref, container: str, words: Sequence[str] | str, stdin: str = "") -> Done:
    """One program with its arguments, or a line of shell. Raises NotFound, or BadRequest if that container does not
    run."""
    pod = _pod(store, ref)
    spec = output.container_of(pod, container)
    status = pods.container_status(pod, spec["name"]) or {}
    if "running" not in (status.get("state") or {}):
        raise errors.BadRequest(f'container not found ("{spec["name"]}")')
    place = shell.Place(pod, spec, now_ms, lambda kind, namespace: store.objects(kind, namespace or None))
    return shell.script(words, place) if isinstance(words, str) else shell.run(words, place, stdin)


def _pod(store: Store, ref: Ref) -> Obj:
    pod = store.get(ref)
    if pod is None:
        raise errors.not_found("pods", ref.name)
    return pod
