"""Loops that run in a pod: which container is the home of such a loop.

An operator's process is a program in a container, like any other (`Controller.runs_in`). It runs while that container
does, as its machine knows it (PodSandbox), not as the API server says. Of several homes the newest counts: whoever
starts later takes over, as with a peering of kopf, and in the end as with a Lease. Called by app/engine/processes.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.api.objects import Obj, Ref, ref_of
from app.reconcile import PodProgram


class Home(NamedTuple):
    sandbox: Ref
    container: str
    attempt: int
    machine: str
    pod: str


def concerns(sandbox: Obj | None, program: PodProgram) -> bool:
    """It may be a home: one of its containers is asked to run that program."""
    return sandbox is not None and any(True for _ in _asked(sandbox, program))


def newest(sandboxes: Iterable[Obj], program: PodProgram) -> Home | None:
    """The container that has run that program for the shortest time; None: it runs nowhere."""
    found = [(started_ms, home) for each in sandboxes for started_ms, home in _running(each, program)]
    return max(found)[1] if found else None


def _running(sandbox: Obj, program: PodProgram) -> Iterator[tuple[int, Home]]:
    known = (sandbox.get("status") or {}).get("containers") or {}
    for name in _asked(sandbox, program):
        container = known.get(name)
        if container is not None and container["state"] == "running":
            machine, pod = sandbox["spec"]["nodeName"], sandbox["spec"]["podName"]
            home = Home(ref_of(sandbox), name, container["attempt"], machine, pod)
            yield container["startedMs"], home


def _asked(sandbox: Obj, program: PodProgram) -> Iterator[str]:
    containers: Mapping[str, Mapping[str, Any]] = sandbox["spec"]["containers"]
    for name, container in containers.items():
        if program.image in container["image"] and _runs(container, program):
            yield name


def _runs(container: Mapping[str, Any], program: PodProgram) -> bool:
    image = container["image"].partition("@")[0].rpartition("/")[2].partition(":")[0]
    return image == program.image and (not program.word or program.word in container["command"])
