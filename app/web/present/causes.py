"""The steps that lead from what somebody did to one step, by what the trace records. Pure. Called by `why`.

A reconcile comes of what woke it, and of what it read that was new since it looked before: loops go by what is there,
not by what they are told. An autoscaler looks every fifteen seconds, and finds what the load of a minute ago has done.
And who waits in vain for a sign of life of a machine waits because of the command that silenced it.

Where several acts led there, the newest one counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api.breath import breathing
from app.api.objects import Obj, Ref
from app.engine.trace import Commanded, Fired, Observed, Step, Trace, changes_of

MOST_READ = 300  # objects of one list: whoever reads more goes by what woke it


class _Way(NamedTuple):
    """Back to where it began: the newest command; by what woke loops rather than by what they read; by few steps."""

    command: int
    reads: int  # negative: the fewer the better, as with the steps
    steps: int
    through: int = 0  # the next step on the way back; 0: it begins here


def path(trace: Trace, number: int) -> tuple[Step, ...]:
    """From the act, or whatever began it, to step `number`. Empty if that is not kept any more."""
    steps = {step.number: step for step in breathing(trace.since(0)) if step.number <= number}
    if number not in steps:
        return ()
    ways: dict[int, _Way] = {}
    parents = _ancestors(steps, number)
    for each in sorted(parents):
        here = _Way(each if isinstance(steps[each].record, Commanded) else 0, 0, 0)
        ways[each] = max((_over(ways[over], over, read) for over, read in parents[each].items()), default=here)
    back = [number]
    while through := ways[back[-1]].through:
        back.append(through)
    return tuple(steps[each] for each in reversed(back))


def _over(way: _Way, through: int, is_read: bool) -> _Way:
    return _Way(way.command, way.reads - is_read, way.steps - 1, through)


def _ancestors(steps: Mapping[int, Step], number: int) -> dict[int, dict[int, bool]]:
    """All steps that led there, each with those that it comes of directly, and whether that is by reading alone."""
    book = _Book(steps)
    parents: dict[int, dict[int, bool]] = {}
    todo = [number]
    while todo:
        each = todo.pop()
        if each not in parents:
            step = steps[each]
            found = {**dict.fromkeys(book.read(step), True), **dict.fromkeys(book.caused(step), False)}
            parents[each] = {parent: read for parent, read in found.items() if parent in steps and parent < each}
            todo += parents[each]
    return parents


class _Book:
    """What has to be looked up to know what a step comes of."""

    def __init__(self, steps: Mapping[int, Step]) -> None:
        self._steps = steps
        self._numbers = sorted(steps)
        self._revisions = [steps[number].revision for number in self._numbers]
        self._faults = [(number, *fault) for number in self._numbers for fault in faults(steps[number])]
        self._before: dict[int, Step] = {}  # how the same loop looked at the same key the time before
        looks: dict[tuple[str, Ref | None], Step] = {}
        for step in steps.values():
            if isinstance(step.record, Observed):
                if (before := looks.get((step.actor, step.key))) is not None:
                    self._before[step.number] = before
                looks[step.actor, step.key] = step

    def caused(self, step: Step) -> Iterator[int]:
        """The steps that set it off."""
        yield step.cause
        match step.record:
            case Observed(wakes=wakes):
                yield from (wake.step for wake in wakes)
            case Fired() if step.key is not None and step.key.kind == "Node":
                yield self._silenced_by(step.key.name, step.number)

    def _silenced_by(self, machine: str, number: int) -> int:
        """The command by which it is silent at step `number`; 0 if it is not."""
        before = [(n, is_silent) for n, name, is_silent in self._faults if name == machine and n < number]
        n, is_silent = before[-1] if before else (0, False)
        return n if is_silent else 0

    def read(self, step: Step) -> Iterator[int]:
        """The steps of others that wrote what it read, since it looked before."""
        before = self._before.get(step.number)
        if isinstance(step.record, Observed) and before is not None:
            for writer in self._writers(step.record.reads, before.revision):
                if (writer.actor, writer.key) != (step.actor, step.key):
                    yield writer.number

    def _writers(self, reads: Sequence[Any], since: int) -> Iterator[Step]:
        """The steps that wrote what was read, as far as that is newer than revision `since`."""
        for read in reads:
            objs: Sequence[Obj] = read if isinstance(read, tuple | list) else (read,)
            for obj in objs if len(objs) <= MOST_READ else ():
                revision = int(obj["metadata"].get("resourceVersion") or 0)
                place = bisect_left(self._revisions, revision)
                if since < revision and place < len(self._numbers):
                    writer = self._steps[self._numbers[place]]
                    if _wrote(writer, revision):
                        yield writer


def _wrote(step: Step, revision: int) -> bool:
    return any(change.revision == revision for change in changes_of(step))


def faults(step: Step) -> Iterator[tuple[str, bool]]:
    """The machines that lost their power or their network in that step, or got it back, and whether they are silent."""
    for change in changes_of(step) if isinstance(step.record, Commanded) else ():
        if change.ref.kind == "Machine" and _speaks(change.old) != _speaks(change.new):
            yield change.ref.name, not _speaks(change.new)


def _speaks(machine: Obj | None) -> bool:
    spec = (machine or {}).get("spec") or {}
    return machine is not None and spec.get("power") != "off" and spec.get("network") != "cut"
