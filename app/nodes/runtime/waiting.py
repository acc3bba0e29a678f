"""Programs that wait for something before they go on: a Service that answers, or a file. Called by the runtime.

A program looks once a beat (`Program.beat_ms`), whenever the runtime does; what it waits for is then there or not.
A file is there once a container of the same pod has made one of that path.
"""

from __future__ import annotations

from app.api.objects import Obj, namespace_of
from app.nodes import sandbox
from app.nodes.network import names
from app.nodes.runtime.images import Program
from app.nodes.sandbox import RUNNING, Container
from app.reconcile import Reader


def waits(known: Container, program: Program) -> bool:
    return bool(program.waits) and known["state"] == RUNNING and "foundMs" not in known


def pause_ms(known: Container, program: Program, now_ms: int) -> int:
    """Until the next look: they keep their beat, however late one is."""
    started_ms: int = known["startedMs"]
    return program.beat_ms - (now_ms - started_ms) % program.beat_ms


def finds(found: Obj, reader: Reader) -> frozenset[str]:
    """The containers of a sandbox for whose programs all is there that they wait for."""
    known = sandbox.known_of(found)
    return frozenset(
        name
        for name, wanted in sandbox.wanted_of(found).items()
        if (program := sandbox.program_of(wanted)).waits
        and "foundMs" not in known.get(name, {})
        and all(_is_there(need, found, reader) for need in program.waits)
    )


def _is_there(need: str, found: Obj, reader: Reader) -> bool:
    if need.startswith("/"):
        return need in _files(found, reader.now_ms)
    return names.answers(need, namespace_of(found), reader)


def _files(found: Obj, now_ms: int) -> set[str]:
    """Those that the containers have made by now."""
    wanted = sandbox.wanted_of(found)
    return {
        file.path
        for name, known in sandbox.known_of(found).items()
        if "startedMs" in known
        for file in sandbox.program_of(wanted[name]).files
        if known["startedMs"] + file.after_ms <= now_ms
    }
