"""A loop that cares for every kind: it lists a new one, watches it, and lets go of one that is gone."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.api.kinds import Kind
from app.api.objects import Obj, Ref, ref_of
from app.engine.engine import Engine
from app.engine.trace import Delivered, Failed, Fired, Observed, Waited
from app.reconcile import Create, Patch, Wake, itself
from tests.support.custom import WIDGET, definition, widget
from tests.support.loops import A, Loop, config, engine_with, settle, write

W = Ref(WIDGET, "default", "w")


class Everything(Loop):
    """Looks at each object of each kind that is not Kubernetes' own."""

    def follows(self, row: Kind) -> Iterable[Wake]:
        if not row.is_own:
            yield itself(row.key)


def nothing(seen: object) -> list[list[object]]:
    return []


def define(engine: Engine) -> None:
    engine.server.scheme.register(definition())
    engine.follow_kinds()


def withdraw(engine: Engine, *refs: Ref) -> None:
    for ref in refs:
        engine.publish(engine.server.delete(ref).changes, 0)
    engine.server.scheme.remove(WIDGET)
    engine.follow_kinds()


def until(engine: Engine, record: type) -> None:
    while (step := engine.step()) is not None and not isinstance(step.record, record):
        pass
    assert step is not None


def created(engine: Engine, name: str = "w") -> Obj:
    written = engine.server.create(widget(name, metadata={"namespace": "default"}))
    engine.publish(written.changes, 0)
    return written.obj


@pytest.fixture
def engine() -> Engine:
    return engine_with(Everything(nothing))


def test_a_new_kind_is_listed_first_and_then_watched(engine: Engine) -> None:
    engine.server.scheme.register(definition())
    engine.server.create(widget("before", metadata={"namespace": "default"}))
    begin = engine.trace.count
    engine.follow_kinds()
    created(engine)
    steps = [step.record for step in engine.trace.since(begin)] + [step.record for step in settle(engine)]
    told = [record for record in steps if isinstance(record, Fired | Delivered)]
    assert isinstance(told[0], Fired)
    assert told[0].why == "RELIST"
    assert {ref.name for record in told for ref in record.queued} == {"before", "w"}
    write(engine, config(x="y"))
    assert any(isinstance(step.record, Delivered) for step in settle(engine)), "what it watched before it watches still"


def test_to_hear_twice_of_the_same_kinds_changes_nothing(engine: Engine) -> None:
    define(engine)
    settle(engine)
    informer = engine.workers["loop"].informers[WIDGET]
    engine.follow_kinds()
    assert settle(engine) == []
    assert engine.workers["loop"].informers[WIDGET] is informer


def test_what_is_on_its_way_when_a_kind_goes_never_arrives(engine: Engine) -> None:
    define(engine)
    settle(engine)
    created(engine)
    withdraw(engine, W)
    records = [step.record for step in settle(engine)]
    assert not any(isinstance(record, Delivered | Observed | Failed) for record in records)


def test_a_relist_that_was_due_is_no_more(engine: Engine) -> None:
    define(engine)
    withdraw(engine)
    assert settle(engine) == []


def test_what_is_on_its_way_does_not_reach_the_kind_that_has_its_name_next(engine: Engine) -> None:
    define(engine)
    settle(engine)
    created(engine, "old")
    withdraw(engine, Ref(WIDGET, "default", "old"))
    define(engine)
    new = created(engine)
    keys = {step.key for step in settle(engine) if isinstance(step.record, Observed)}
    assert keys == {W}
    assert engine.workers["loop"].informers[WIDGET].objects == {W: new}


def test_who_waits_to_see_its_own_write_waits_no_more_when_the_kind_goes() -> None:
    wanted = widget(metadata={"namespace": "default"})

    def decide(seen: object) -> list[list[object]]:
        return [[Create(wanted)]] if engine.store.get(W) is None and engine.server.scheme.find(WIDGET) else []

    engine = engine_with(Everything(decide))
    define(engine)
    settle(engine)
    write(engine, config())
    until(engine, Observed)
    write(engine, config(again="yes"))
    until(engine, Waited)
    withdraw(engine, W)
    assert A in {step.key for step in settle(engine) if isinstance(step.record, Observed)}


def test_a_loop_that_starts_later_watches_the_kinds_that_there_are_then(engine: Engine) -> None:
    define(engine)
    late = Everything(nothing)
    late.name = "late"
    engine.start(late, 2)
    created(engine)
    settle(engine)
    assert ref_of(engine.workers["late"].informers[WIDGET].objects[W]) == W


def test_a_loop_of_one_custom_kind_may_start_before_there_is_such_a_kind() -> None:
    early = Loop(nothing)
    early.wakes = (itself(WIDGET),)
    engine = engine_with(early)
    define(engine)
    created(engine)
    assert W in {step.key for step in settle(engine) if isinstance(step.record, Observed)}
    withdraw(engine, W)
    settle(engine)
    assert WIDGET in engine.workers["loop"].informers, "it was told to watch this kind, whether there is one or not"


def test_a_write_to_a_kind_that_is_gone_is_refused_as_not_found() -> None:
    engine = engine_with(Loop(lambda seen: [[Patch(W, {"spec": {}})]]))
    write(engine, config())
    while not engine.workers["loop"].timers:
        assert engine.step() is not None
    answers = [step.record.result.code for step in engine.trace if hasattr(step.record, "result")]
    assert answers[0] == 404
