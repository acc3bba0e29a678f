"""A loop's own mistake is a step like any other: it is named, that key waits, and everything else goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from app.api.control_plane import CONTROL_PLANE, new_control_plane
from app.api.objects import Obj, Ref
from app.engine.engine import Engine
from app.engine.trace import Acted, Failed, Observed, Step, WokenBy
from app.engine.worker import PATIENCE
from app.reconcile import Cache, Difference, Patch, Reader
from tests.support.loops import A, Loop, Seen, config, engine_with, settle, write

pytestmark = pytest.mark.mistakes


def seen_mark(seen: Seen) -> list[list[Any]]:
    """Writes `seen` into every ConfigMap that does not bear it."""
    name = seen.obj["metadata"]["name"]
    return [] if "seen" in seen.obj["data"] else [[Patch(Ref("ConfigMap", "default", name), {"data": {"seen": "1"}})]]


class Stumbles(Loop):
    """Cannot read a ConfigMap without `good`."""

    def observe(self, key: Ref, reader: Reader) -> Seen | None:
        seen = super().observe(key, reader)
        if seen is not None and self.phase == "observe":
            _ = seen.obj["data"]["good"]
        return seen

    def diff(self, seen: Seen) -> Iterable[Difference]:
        if self.phase == "diff":
            _ = seen.obj["data"]["good"]
        return super().diff(seen)


def failures(steps: list[Step]) -> list[Failed]:
    return [step.record for step in steps if isinstance(step.record, Failed)]


@pytest.mark.parametrize("phase", ["observe", "diff"])
def test_a_mistake_is_a_step_and_the_other_keys_and_loops_go_on(phase: str) -> None:
    other = Loop(seen_mark, name="other")
    engine = engine_with(Stumbles(seen_mark, name="stumbles", phase=phase), other)
    write(engine, config("a"))
    write(engine, config("b", good="yes"))
    steps = settle(engine)
    failed = failures(steps)
    assert failed
    assert {step.key for step in steps if isinstance(step.record, Failed)} == {A}
    assert (failed[0].phase, failed[0].error, failed[0].times) == (phase, "KeyError: 'good'", 1)
    assert failed[0].where.startswith("test_mistakes.py, line ")
    acted = [(step.actor, step.key.name) for step in steps if isinstance(step.record, Acted) if step.key]
    assert ("stumbles", "b") in acted
    assert ("other", "a") in acted


def test_who_fails_again_and_again_is_named_and_not_waited_for() -> None:
    engine = engine_with(Stumbles(seen_mark, phase="diff"))
    write(engine, config("a"))
    settle(engine)
    [mistake] = engine.workers["loop"].state().mistakes
    assert (mistake.key, mistake.failed.times) == (A, PATIENCE + 1)
    assert engine.quiet
    waits = [entry.due_ms - engine.now_ms for entry in engine.workers["loop"].timers.values()]
    assert waits == [20], "it is tried again, ever more slowly"
    for _ in range(30):
        engine.step()
    assert engine.quiet
    assert engine.workers["loop"].state().mistakes[0].failed.times > PATIENCE + 1


def test_a_mistake_is_forgotten_when_its_key_goes_well_or_goes_away() -> None:
    for mend in ("mended", "deleted"):
        engine = engine_with(Stumbles(seen_mark, phase="observe"))
        write(engine, config("a"))
        settle(engine)
        assert engine.workers["loop"].state().mistakes
        if mend == "mended":
            write(engine, config("a", good="now"))
        else:
            engine.publish(engine.server.delete(A).changes, 0)
        settle(engine)
        assert engine.workers["loop"].state().mistakes == ()


def by_size(obj: Obj) -> Iterable[str]:
    return (obj["data"]["size"],)


class Sorts(Loop):
    """Keeps an index that not every ConfigMap can be put into."""

    def __init__(self) -> None:
        super().__init__(seen_mark)
        self.reads = (Cache("ConfigMap", indexes={"size": by_size}),)


def test_a_loop_that_cannot_take_what_it_is_told_of_stands_still_instead_of_acting_on_half_a_picture() -> None:
    engine = engine_with(Sorts(), Loop(seen_mark, name="other"))
    write(engine, config("a", size="1"))
    settle(engine)
    write(engine, config("b"))
    write(engine, config("c", size="1"))
    steps = settle(engine)
    assert {failed.phase for failed in failures(steps)} == {"watch"}
    assert not [step for step in steps if step.actor == "loop" and isinstance(step.record, Observed)]
    assert {step.key.name for step in steps if step.actor == "other" and isinstance(step.record, Acted) and step.key}
    [mistake] = engine.workers["loop"].state().mistakes
    assert (mistake.key, mistake.failed.error) == (None, "KeyError: 'size'")
    engine.publish(engine.server.delete(Ref("ConfigMap", "default", "b")).changes, 0)
    while engine.workers["loop"].state().mistakes:
        engine.step()
    looked = [step.key.name for step in settle(engine) if isinstance(step.record, Observed) and step.key]
    assert "c" in looked, "once it can take everything it makes up for what it missed"


def test_what_is_listed_at_an_api_server_that_is_down_cannot_be_seen() -> None:
    class Lists(Loop):
        def observe(self, key: Ref, reader: Reader) -> Seen | None:
            found = reader.live("ConfigMap", None)
            reader.live("ControlPlane", None)  # what a machine knows is asked of no API server
            return Seen(found[0], reader.now_ms, None, ()) if found else None

    engine = engine_with(Lists(seen_mark))
    plane = engine.server.create(new_control_plane())
    engine.publish(plane.changes, 0)
    write(engine, config("a"))
    while not any(isinstance(step.record, Observed) for step in engine.trace):
        engine.step()
    settle(engine)
    write(engine, config("a"))
    set_api_server(engine, "down")
    engine.queue(engine.workers["loop"], [A], WokenBy("TIMER", None, 1), False)
    failed = failures(settle(engine))
    assert [(each.code, each.where) for each in failed] == [(503, "")] * len(failed)
    assert failed
    assert engine.workers["loop"].state().mistakes == (), "it is no mistake of the loop"
    set_api_server(engine, "up")
    assert any(isinstance(step.record, Acted) for step in settle(engine))


def set_api_server(engine: Engine, state: str) -> None:
    engine.publish(engine.server.patch(CONTROL_PLANE, {"spec": {"apiServer": state}}).changes, 0)
