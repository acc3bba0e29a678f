"""Commands performed by hands that only note what is asked of them: what a command asks for is its own business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.api.errors import BadRequest, NotFound, TooManyRequests
from app.api.machines import machine
from app.api.objects import Obj, Ref, ref_of
from app.cluster import Cluster
from app.cluster.hands import ServerHands
from app.commands import (
    COMMANDS,
    AddNode,
    Apply,
    Command,
    Cordon,
    CrashContainer,
    DelayWatch,
    DeleteObject,
    Drain,
    FailZone,
    PowerNode,
    RemoveNode,
    Request,
    Scale,
    SetLabel,
    SetTraffic,
    StopController,
)
from tests.support import builders

NOW_MS = 60_000
WEB = Ref("Deployment", "default", "web")


class Noting:
    """Hands over a few objects. `asked` is every verb that was used, in order; `refuses` are pods nobody may evict."""

    now_ms = NOW_MS

    def __init__(self, *objects: Obj, refuses: tuple[str, ...] = ()) -> None:
        self.known = {ref_of(obj): obj for obj in objects}
        self.refuses = refuses
        self.asked: list[tuple[Any, ...]] = []
        self.has_changed = False

    def get(self, ref: Ref) -> Obj:
        if ref not in self.known:
            raise NotFound(f"{ref} not found")
        return self.known[ref]

    def find(self, ref: Ref) -> Obj | None:
        return self.known.get(ref)

    def objects(self, kind: str, namespace: str | None = None) -> list[Obj]:
        return [obj for ref, obj in self.known.items() if ref.kind == kind and namespace in (None, ref.namespace)]

    def actors(self, name: str) -> list[str]:
        if name == "nobody":
            raise NotFound("no loop")
        return [name]

    def patch(self, ref: Ref, patch: dict[str, Any] | Callable[[Obj], Obj]) -> None:
        self.asked.append(("patch", ref.name, patch))

    def evict(self, ref: Ref, **_preconditions: Any) -> None:
        if ref.name in self.refuses:
            raise TooManyRequests("protected")
        self.asked.append(("evict", ref.name))
        self.has_changed = True

    def __getattr__(self, verb: str) -> Callable[..., None]:
        return lambda *given, **named: self.asked.append((verb, *given, *named.values()))


def asked(command: Command, *objects: Obj, **how: Any) -> list[tuple[Any, ...]]:
    hands = Noting(*objects, **how)
    command.perform(hands)  # type: ignore[arg-type]
    return hands.asked


def spec(name: str, **fields: Any) -> tuple[Any, ...]:
    return "patch", name, {"spec": fields}


def test_a_scale_is_asked_for_as_one() -> None:
    assert asked(Scale(WEB, 5)) == [("scale", WEB, 5)]


def test_a_label_without_a_value_is_taken_off() -> None:
    assert asked(SetLabel(WEB, "a")) == [("patch", "web", {"metadata": {"labels": {"a": None}}})]


def test_a_drain_cordons_then_evicts_all_but_daemons_and_warns_of_those_that_stay() -> None:
    on = {"nodeName": "node-1"}
    daemons = builders.pod("d", owner={**builders.replica_set("s"), "kind": "DaemonSet"}, **on)
    pods = [builders.pod("a", **on), builders.pod("b", **on), daemons, builders.pod("c", nodeName="node-2")]
    done = asked(Drain("node-1"), *pods, refuses=("b",))
    assert done[:2] == [spec("node-1", unschedulable=True), ("evict", "a")]
    assert done[2][0] == "warn"
    assert done[2][2] == 'error when evicting pods/"b" -n "default": protected'
    assert len(done) == 3


def test_a_drain_that_achieves_nothing_is_refused() -> None:
    pod = builders.pod("b", nodeName="node-1")
    with pytest.raises(TooManyRequests):
        asked(Drain("node-1"), pod, refuses=("b",))


def test_uncordoning_takes_the_field_away() -> None:
    assert asked(Cordon("node-1", unschedulable=False)) == [spec("node-1", unschedulable=None)]


def test_power_comes_back_after_what_ran_has_died() -> None:
    dark = machine("node-1", 1)
    dark = {**dark, "spec": {**dark["spec"], "power": "off", "poweredOffMs": 7}}
    assert asked(PowerNode("node-1", on=True), dark) == [
        ("end_processes", "node-1", 7),
        spec("node-1", power="on", poweredOffMs=None),
    ]
    assert asked(PowerNode("node-1"), dark) == []
    assert asked(PowerNode("node-1"), machine("node-1", 1)) == [spec("node-1", power="off", poweredOffMs=NOW_MS)]


def test_a_zone_is_all_of_its_machines() -> None:
    machines = [machine(f"node-{number}", number, zone=zone) for number, zone in ((1, "a"), (2, "b"), (3, "a"))]
    assert [each[1] for each in asked(FailZone("a"), *machines)] == ["node-1", "node-3"]
    for zone in ("c", ""):
        with pytest.raises(NotFound, match=f'no node is in zone "{zone}"'):
            asked(FailZone(zone), *machines)


def test_a_machine_takes_its_processes_with_it() -> None:
    assert asked(RemoveNode("node-1"), machine("node-1", 1)) == [
        ("forget_processes", "node-1"),
        ("delete", Ref("Machine", "", "node-1")),
    ]
    with pytest.raises(NotFound, match='nodes "node-9" not found'):
        asked(RemoveNode("node-9"))


def test_a_new_machine_gets_a_name_that_was_never_given() -> None:
    ((verb, made),) = asked(AddNode(zone="a"), machine("node-2", 2, latencies="zero"), builders.node("node-7"))
    assert (verb, made["metadata"]["name"], made["spec"]["latencies"], made["spec"]["zone"]) == (
        "create",
        "node-8",
        "zero",
        "a",
    )


def test_what_breaks_a_loop_is_written_down_for_a_loop_that_there_is() -> None:
    assert asked(StopController("kubelet")) == [spec("control-plane", stopped={"kubelet": True})]
    assert asked(StopController("kubelet", stopped=False)) == [spec("control-plane", stopped={"kubelet": None})]
    with pytest.raises(NotFound):
        asked(StopController("nobody"))
    with pytest.raises(BadRequest, match='"delay_ms" must be between 0 and 600000, not 600001'):
        asked(DelayWatch("kubelet", 600_001))


def test_traffic_that_ends_takes_its_rules_with_it() -> None:
    service = Ref("Service", "default", "web")
    load = {
        "apiVersion": "loopscope.internal/v1",
        "kind": "Load",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"pattern": "steady"},
    }
    path = {
        **load,
        "apiVersion": "loopscope.internal/v1",
        "kind": "DataPath",
        "metadata": {"name": "web.n", "namespace": "default"},
        "spec": {"service": "web"},
    }
    assert asked(SetTraffic(service, 0)) == []
    assert [each[0] for each in asked(SetTraffic(service, 0), load, path)] == ["delete", "delete"]
    with pytest.raises(BadRequest, match='"rps" must be between 0 and 2000, not -1'):
        asked(SetTraffic(service, -1))


def test_a_dry_run_takes_requests_and_touches_nothing() -> None:
    cluster = Cluster(latencies="zero")
    cluster.submit(Apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"))
    revision = cluster.revision
    (written,) = cluster.dry_run(DeleteObject(Ref("ConfigMap", "default", "settings")))
    assert (written.code, cluster.revision) == (200, revision)
    with pytest.raises(BadRequest):
        cluster.dry_run(CrashContainer(Ref("Pod", "default", "web-1")))


def test_hands_for_dry_runs_reach_no_machine() -> None:
    physical = {"set_latencies", "actors", "crash_loop", "crash_container", "end_processes", "forget_processes"}
    assert not [verb for verb in (*physical, "do_by_hand") if hasattr(ServerHands, verb)]
    requests = {do for do, kind in COMMANDS.items() if issubclass(kind, Request)}
    assert {*requests, "by-hand"} == {do for do, kind in COMMANDS.items() if not kind.physical}
