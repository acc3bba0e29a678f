"""Rules of a machine: what is written when, and what it costs a cluster where nobody sends requests: nothing."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj, Ref
from app.commands import CutNetwork, DeleteObject, PowerNode, SetTraffic
from app.nodes.network.kube_proxy import KubeProxy, LoadBalancer, RulesSeen, path_ref, places_of
from app.reconcile import Create, Delete, Difference, Patch, Remember, RequeueAfter
from tests.support import builders
from tests.support.world import SERVICE, WEB, World

WEB_SERVICE = Ref("Service", "default", "web")


def endpoint(pod: str, node: str = "n1", *, ready: bool = True, serving: bool = True, leaving: bool = False) -> Obj:
    conditions = {"ready": ready, "serving": serving, "terminating": leaving}
    return {"addresses": ["10.1.0.1"], "conditions": conditions, "targetRef": {"name": pod}, "nodeName": node}


def slice_of(*endpoints: Obj, port: int = 8080, name: str = "http") -> Obj:
    return {"kind": "EndpointSlice", "endpoints": list(endpoints), "ports": [{"name": name, "port": port}]}


def seen(
    *endpoints: Obj, held: list[list[Any]] | None = None, synced_ms: int | None = None, now_ms: int = 60_000,
    has_load: bool = True,
) -> RulesSeen:  # fmt: skip
    path = None
    if held is not None:
        path = {
            "apiVersion": "loopscope.internal/v1",
            "kind": "DataPath",
            "metadata": {"name": "web.n1", "namespace": "default"},
            "status": {"rules": [{"fromMs": 0, "endpoints": held}]},
        }
    return RulesSeen(builders.service(), has_load, [slice_of(*endpoints)], (), path, synced_ms, now_ms)


def decided(observation: RulesSeen) -> list[Difference]:
    return list(KubeProxy("n1").diff(observation))


def test_ready_endpoints_get_traffic_and_those_that_terminate_only_if_there_is_no_other() -> None:
    a, b = endpoint("a"), endpoint("b", ready=False, leaving=True)
    assert places_of(builders.service(), [slice_of(a, b)]) == [["a", "n1", 8080]]
    assert places_of(builders.service(), [slice_of(b)]) == [["b", "n1", 8080]]
    assert places_of(builders.service(), [slice_of(endpoint("c", ready=False, serving=False))]) == []


def test_a_slice_without_the_port_of_the_service_offers_nothing() -> None:
    assert places_of(builders.service(), [slice_of(endpoint("a"), name="metrics")]) == []


def test_the_first_rules_were_there_before_anybody_looked() -> None:
    (gap,) = decided(seen(endpoint("a")))
    create, remember = gap.actions
    assert isinstance(create, Create)
    assert create.obj["spec"] == {"service": "web", "node": "n1"}
    assert create.obj["status"]["rules"] == [{"fromMs": 0, "endpoints": [["a", "n1", 8080]]}]
    assert remember == Remember(60_000)


def test_new_rules_begin_now_and_the_old_ones_are_kept_for_who_asks_about_the_last_seconds() -> None:
    (gap,) = decided(seen(endpoint("b", "n2"), held=[["a", "n1", 8080]], synced_ms=50_000))
    patch = gap.actions[0]
    assert isinstance(patch, Patch)
    rules = patch.patch["status"]["rules"]
    assert [rule["fromMs"] for rule in rules] == [0, 60_000]
    assert rules[-1]["endpoints"] == [["b", "n2", 8080]]


def test_rules_are_written_at_most_once_a_second() -> None:
    (gap,) = decided(seen(endpoint("b"), held=[["a", "n1", 8080]], synced_ms=59_700))
    assert gap.actions == (RequeueAfter(700, "next sync of the rules"),)


def test_rules_that_are_right_are_left_alone_and_unused_ones_go() -> None:
    assert decided(seen(endpoint("a"), held=[["a", "n1", 8080]])) == []
    (gap,) = decided(seen(held=[["a", "n1", 8080]], has_load=False))
    assert (gap.reason, type(gap.actions[0])) == ("RulesUnused", Delete)


def test_the_load_balancer_sends_to_nodes_that_do_not_ask_to_be_left_out() -> None:
    nodes = [builders.node("n1")]
    observation = RulesSeen(builders.service(), True, [slice_of(endpoint("a"))], nodes, None, None, 0)
    (gap,) = LoadBalancer().diff(observation)
    create = gap.actions[0]
    assert isinstance(create, Create)
    assert create.obj["status"]["nodes"] == ["n1"]
    assert create.obj["metadata"]["name"] == "web.load-balancer"


# ----------------------------------------------------------------------------------------- in a cluster


def shop(**options: Any) -> World:
    world = World(**options)
    world.apply(WEB % (3, "nginx:1.27") + SERVICE)
    world.settle()
    return world


def steps_of(world: World, role: str) -> int:
    return sum(1 for step in world.trace if step.actor.partition("/")[0] == role)


def test_without_traffic_no_rule_is_written_and_no_step_is_made() -> None:
    world = shop()
    world.do(DeleteObject(Ref("Pod", "default", world.pod_names()[0])))
    world.settle()
    assert [steps_of(world, role) for role in ("kube-proxy", "load-balancer", "traffic")] == [0, 0, 0]


def test_with_the_first_load_the_loops_start_and_with_the_last_they_stop_and_nothing_is_left() -> None:
    world = shop()
    world.do(SetTraffic(WEB_SERVICE, 10))
    world.settle()
    assert len(world.objects("DataPath")) == 4
    world.do(SetTraffic(WEB_SERVICE, 0))
    world.settle()
    assert (world.objects("DataPath"), world.objects("Load")) == ([], [])
    count = world.trace.count
    world.wait(60)
    assert {step.actor.partition("/")[0] for step in world.trace.since(count)} <= {
        "kubelet-node-status",
        "node-lifecycle-controller",
        "metrics-server",
    }


def test_a_machine_that_is_cut_off_keeps_its_old_rules() -> None:
    world = shop()
    world.do(SetTraffic(WEB_SERVICE, 10))
    world.settle()
    world.do(CutNetwork("node-1"))
    victim = next(pod for pod in world.pods() if pod["spec"]["nodeName"] == "node-2")["metadata"]["name"]
    world.do(DeleteObject(Ref("Pod", "default", victim)))
    world.wait(10)
    assert victim in pods_in_rules(world, "node-1")
    assert victim not in pods_in_rules(world, "node-2")
    world.do(CutNetwork("node-1", cut=False))
    world.wait(10)
    assert victim not in pods_in_rules(world, "node-1")


def test_a_machine_without_power_keeps_its_rules_and_learns_when_it_is_back() -> None:
    world = shop()
    world.do(SetTraffic(WEB_SERVICE, 10))
    world.settle()
    world.do(PowerNode("node-3"))
    before = pods_in_rules(world, "node-3")
    world.scale("web", 5)
    world.wait(10)
    assert pods_in_rules(world, "node-3") == before
    assert len(pods_in_rules(world, "node-1")) > 3


def pods_in_rules(world: World, node: str) -> list[str]:
    path = world.get(path_ref("default", "web", node))
    assert path is not None
    return [place[0] for place in path["status"]["rules"][-1]["endpoints"]]
