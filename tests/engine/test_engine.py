"""The machine itself, with small loops made for the purpose."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from app.api.objects import Ref
from app.engine.latency import Latencies
from app.engine.trace import Acted, Delivered, Differed, Fired, Observed, Step, Waited, WokenBy
from app.reconcile import (
    BACKGROUND,
    Action,
    Announce,
    Cache,
    Create,
    Delete,
    Difference,
    Patch,
    Remember,
    RequeueAfter,
    Update,
)
from tests.support.loops import QUICK, A, Loop, Seen, config, engine_with, settle, write


def records(steps: list[Step]) -> list[str]:
    return [type(step.record).__name__ for step in steps]


def patch(**data: str) -> list[list[Action]]:
    return [[Patch(A, {"data": data})]]


def test_a_change_is_delivered_observed_compared_and_acted_on_with_the_latencies_of_the_table() -> None:
    engine = engine_with(Loop(lambda seen: [] if "done" in seen.obj["data"] else patch(done="yes")))
    write(engine, config())
    steps = settle(engine)
    assert records(steps)[:4] == ["Delivered", "Observed", "Differed", "Acted"]
    assert [step.at_ms for step in steps][:4] == [10, 10, 13, 13 + 3 + 5]
    assert [step.cause for step in steps][1:4] == [step.number for step in steps][:3]
    assert engine.store.get(A)["data"] == {"done": "yes"}


def test_an_edit_between_diff_and_act_earns_a_409_and_the_loop_heals_itself() -> None:
    def rewrite(seen: Seen) -> list[list[Action]]:
        return (
            [] if seen.obj["data"].get("mine") else [[Update({**seen.obj, "data": {**seen.obj["data"], "mine": "1"}})]]
        )

    engine = engine_with(Loop(rewrite))
    write(engine, config())
    while not isinstance((step := engine.step()).record, Differed):
        assert step is not None
    write(engine, config(yours="1"))
    steps = settle(engine)
    codes = [step.record.result.code for step in steps if isinstance(step.record, Acted)]
    assert codes == [409, 200]
    assert engine.store.get(A)["data"] == {"yours": "1", "mine": "1"}


def test_a_key_waits_until_the_cache_shows_its_own_last_write() -> None:
    engine = engine_with(Loop(lambda seen: [] if "done" in seen.obj["data"] else patch(done="yes")))
    write(engine, config())
    while not isinstance(engine.step().record, Acted):
        pass
    engine.queue(engine.workers["loop"], [A], engine.trace.get(1).record and _wake(), False)
    steps = settle(engine)
    assert records(steps)[0] == "Waited"
    assert isinstance(steps[0].record, Waited)
    observed = [step for step in steps if isinstance(step.record, Observed)]
    assert [step.record.observation.obj["data"] for step in observed] == [{"done": "yes"}]


def _wake() -> Any:
    from app.engine.trace import WokenBy

    return WokenBy("TIMER", None, 1)


def test_a_failed_difference_stops_at_its_error_the_others_still_run_and_the_key_comes_back_with_back_off() -> None:
    tries: list[int] = []

    def decide(seen: Seen) -> list[list[Action]]:
        tries.append(seen.now_ms)
        if len(tries) > 3:
            return []
        return [
            [Patch(Ref("ConfigMap", "default", "none"), {}), Patch(A, {"data": {"never": "1"}})],
            [Remember(len(tries))],
        ]

    engine = engine_with(Loop(decide), latencies=QUICK)
    write(engine, config())
    steps = settle(engine)
    acted = [(s.record.difference, s.record.index, s.record.result.code) for s in steps if isinstance(s.record, Acted)]
    assert acted == [(0, 0, 404), (1, 0, 0)] * 3
    assert tries == [0, 5, 15, 35]
    failures = [step.record.observation.failures for step in steps if isinstance(step.record, Observed)]
    assert failures[1][0].message == 'configmaps "none" not found'
    assert engine.store.get(A)["data"] == {}


def test_what_is_remembered_of_an_object_goes_with_it() -> None:
    memories: list[Any] = []

    def decide(seen: Seen) -> list[list[Action]]:
        memories.append(seen.memory)
        return [[Remember(len(memories))]]

    engine = engine_with(Loop(decide), latencies=QUICK)
    write(engine, config())
    settle(engine)
    write(engine, config(again="1"))
    settle(engine)
    engine.publish(engine.server.delete(A).changes, 0)
    settle(engine)
    write(engine, config())
    settle(engine)
    assert memories == [None, 1, None]


def test_back_off_begins_anew_after_a_success() -> None:
    tries: list[int] = []

    def decide(seen: Seen) -> list[list[Action]]:
        tries.append(seen.now_ms)
        return [[Patch(Ref("ConfigMap", "default", "none"), {})]] if len(tries) not in (4, 7) else []

    engine = engine_with(Loop(decide), latencies=QUICK)
    write(engine, config())
    settle(engine)
    write(engine, config(again="1"))
    settle(engine)
    assert [later - before for before, later in pairwise(tries)] == [5, 10, 20, 0, 5, 10]


def test_a_key_has_one_timer_the_one_its_latest_reconcile_asked_for() -> None:
    def decide(seen: Seen) -> list[list[Action]]:
        return [[RequeueAfter(1_000), RequeueAfter(50)]] if "wait" in seen.obj["data"] else []

    engine = engine_with(Loop(decide), latencies=QUICK)
    write(engine, config(wait="yes"))
    for _ in range(3):
        engine.step()
    while not isinstance(engine.trace.get(engine.trace.count).record, Fired):
        engine.step()
    assert engine.now_ms == 50
    write(engine, config())
    settle(engine)
    assert engine.now_ms == 50, "the timer of a key that no longer waits is cancelled"


def test_what_a_loop_remembers_is_its_own_per_key_and_lost_when_it_crashes() -> None:
    def decide(seen: Seen) -> list[list[Action]]:
        return [[Remember((seen.memory or 0) + 1)]]

    engine = engine_with(Loop(decide), latencies=QUICK)
    for value in "12":
        write(engine, config(value=value))
        settle(engine)
    engine.crash("loop")
    steps = settle(engine)
    memories = [step.record.observation.memory for step in engine.trace if isinstance(step.record, Observed)]
    assert memories == [None, 1, None]
    assert records(steps)[0] == "Fired", "it lists again"


def test_deliveries_to_one_informer_never_overtake_each_other_whatever_the_jitter() -> None:
    engine = engine_with(Loop(lambda seen: []), latencies=Latencies(50, 0, 0, jitter=3.0))
    for number in range(30):
        write(engine, config(f"c{number}"))
    steps = settle(engine)
    revisions = [step.record.change.revision for step in steps if isinstance(step.record, Delivered)]
    assert len(revisions) == 30
    assert revisions == sorted(revisions)


def test_a_broken_watch_lists_again_and_nothing_is_lost() -> None:
    seen: dict[str, Any] = {}

    def decide(look: Seen) -> list[list[Action]]:
        seen[look.obj["metadata"]["name"]] = look.obj["data"]
        return []

    engine = engine_with(Loop(decide), latencies=Latencies(5, 1, 1, drop_rate=0.5), seed=3)
    for number in range(40):
        write(engine, config(f"c{number % 8}", value=str(number)))
        for _ in range(3):
            engine.step()
    steps = settle(engine)
    told = [s.record for s in engine.trace if isinstance(s.record, Fired | Delivered)]
    after = [later for record, later in pairwise(told) if isinstance(record, Fired) and record.why == "WATCH-BROKEN"]
    assert {getattr(record, "why", "delivered") for record in after} == {"RELIST"}, "nothing comes in between"
    assert steps
    assert seen == {f"c{n % 8}": {"value": str(n)} for n in range(32, 40)}


def test_an_announcement_becomes_an_event_and_the_same_again_only_counts_up() -> None:
    def decide(seen: Seen) -> list[list[Action]]:
        return [[Announce(seen.obj, "Normal", "Seen", "Saw it")]]

    engine = engine_with(Loop(decide), latencies=QUICK)
    for value in "abc":
        write(engine, config(value=value))
        settle(engine)
    [event] = engine.store.objects("Event")
    assert (event["reason"], event["message"], event["count"]) == ("Seen", "Saw it", 3)
    assert event["source"] == {"component": "loop"}


def test_creating_announces_the_name_the_server_chose_and_deleting_what_is_gone_is_no_failure() -> None:
    def decide(seen: Seen) -> list[list[Action]]:
        if seen.obj["metadata"]["name"] != "a":
            return []
        child = {**config(), "metadata": {"generateName": "a-", "namespace": "default"}}
        told = Announce(seen.obj, "Normal", "Made", "Made {name}")
        return [[Create(child, announce=told), Delete(Ref("ConfigMap", "default", "gone")), Remember(1)]]

    engine = engine_with(Loop(decide), latencies=QUICK)
    write(engine, config())
    steps = settle(engine)
    results = [step.record.result for step in steps if isinstance(step.record, Acted)]
    assert [result.code for result in results] == [201, 404, 0]
    [event] = engine.store.objects("Event")
    assert event["message"] == f"Made {results[0].ref.name}"
    assert results[0].ref.name.startswith("a-")


def test_background_differences_and_timers_leave_the_engine_quiet() -> None:
    class Heart(Loop):
        def diff(self, seen: Seen) -> Iterable[Difference]:
            beat = str(seen.now_ms)
            if seen.obj["data"].get("beat", "") != beat:
                actions = (Patch(A, {"data": {"beat": beat}}), RequeueAfter(10_000))
                yield Difference(A, "data.beat", beat, "", "Heartbeat", actions, pace=BACKGROUND)
            else:
                yield Difference(A, "data.beat", beat, "", "Heartbeat", (RequeueAfter(10_000),), pace=BACKGROUND)

    engine = engine_with(Heart(None), latencies=QUICK)
    write(engine, config())
    settle(engine)
    quiet_at = engine.trace.count
    for _ in range(20):
        engine.step()
        assert engine.quiet
    assert engine.now_ms >= 10_000
    assert all(step.background for step in engine.trace.since(quiet_at))


def test_a_loop_that_sleeps_hears_of_nothing_before_there_is_something_to_reconcile() -> None:
    class Sleeper(Loop):
        sleeps = True

        def __init__(self) -> None:
            super().__init__(lambda seen: [])
            self.reads = (Cache("Secret"),)

    engine = engine_with(Sleeper())
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}}
    engine.publish(engine.server.create(secret).changes, 0)
    assert settle(engine) == []
    informer = engine.workers["loop"].informers["Secret"]
    assert not informer.objects
    engine.publish(engine.server.create(config()).changes, 0)
    observed = [step for step in settle(engine) if isinstance(step.record, Observed)]
    assert len(observed) == 1
    assert [ref.name for ref in informer.objects] == ["s"]
    engine.publish(engine.server.delete(Ref("Secret", "default", "s")).changes, 0)
    settle(engine)
    assert not informer.objects


def test_a_key_that_a_heartbeat_woke_is_waited_for_once_somebody_needs_it() -> None:
    engine = engine_with(Loop(lambda seen: []))
    write(engine, config())
    settle(engine)
    loop = engine.workers["loop"]
    engine.queue(loop, [A], WokenBy("TIMER", None, 1), True)
    assert engine.quiet
    engine.queue(loop, [A], WokenBy("MODIFIED", A, 1), False)
    assert not engine.quiet
    assert records(settle(engine)) == ["Observed", "Differed"]
