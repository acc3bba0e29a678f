"""Disruption budgets and evictions: the recorded scenario i, restated."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import errors
from app.api.objects import Ref
from app.commands import Drain, EvictPod, PatchObject
from app.engine.trace import Commanded
from tests.support.world import World

BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  %s
  selector: {matchLabels: {app: web}}
"""
REF = Ref("PodDisruptionBudget", "default", "web")


def guarded(rule: str, replicas: int = 3) -> World:
    world = World()
    world.web(replicas)
    world.apply(BUDGET % rule)
    world.settle()
    return world


def status(world: World) -> dict[str, Any]:
    found = world.get(REF)
    assert found is not None
    return {key: value for key, value in found["status"].items() if key != "conditions"}


def evict(world: World, pod: str) -> errors.ApiError | None:
    record = world.submit(EvictPod(Ref("Pod", "default", pod))).record
    assert isinstance(record, Commanded)
    return record.refusal


def test_with_nothing_to_spare_an_eviction_is_refused_and_nothing_changes() -> None:
    world = guarded("minAvailable: 3")
    assert status(world) == {
        "observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 3, "desiredHealthy": 3, "expectedPods": 3,
    }  # fmt: skip
    revision = world.store.revision
    refusal = evict(world, world.pod_names()[0])
    assert isinstance(refusal, errors.TooManyRequests)
    assert refusal.message == "Cannot evict pod as it would violate the pod's disruption budget."
    (cause,) = refusal.causes
    assert (cause.reason, cause.message) == (
        "DisruptionBudget", "The disruption budget web needs 3 healthy pods and has 3 currently",
    )  # fmt: skip
    assert world.store.revision == revision


def test_one_to_spare_is_spent_until_a_replacement_is_ready() -> None:
    world = guarded("minAvailable: 2")
    first, second, _third = world.pod_names()
    assert status(world)["disruptionsAllowed"] == 1
    assert evict(world, first) is None
    spent = status(world)
    assert (spent["disruptionsAllowed"], list(spent["disruptedPods"])) == (0, [first])
    pod = world.get(Ref("Pod", "default", first))
    assert pod is not None
    assert pod["metadata"]["deletionTimestamp"]
    (target,) = [each for each in pod["status"]["conditions"] if each["type"] == "DisruptionTarget"]
    assert (target["reason"], target["message"]) == ("EvictionByEvictionAPI", "Eviction API: evicting")
    assert isinstance(evict(world, second), errors.TooManyRequests)
    world.settle()
    assert status(world) == {
        "observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 3, "desiredHealthy": 2, "expectedPods": 3,
    }  # fmt: skip
    assert evict(world, second) is None


def test_a_budget_that_changed_and_was_not_looked_at_yet_refuses() -> None:
    world = guarded("minAvailable: 3")
    world.do(PatchObject(REF, "merge", '{"spec":{"minAvailable":2}}'))
    refusal = evict(world, world.pod_names()[0])
    assert refusal is not None
    assert refusal.causes[0].message == "The disruption budget web is still being processed by the server."
    assert refusal.details == {"retryAfterSeconds": 10}
    world.settle()
    assert evict(world, world.pod_names()[0]) is None


@pytest.mark.parametrize(
    ("rule", "desired", "expected"),
    [
        ("minAvailable: 50%", 3, 5),
        ("maxUnavailable: 1", 4, 5),
        ("maxUnavailable: 30%", 3, 5),
        ("minAvailable: 2", 2, 5),
    ],
)
def test_percentages_round_up_and_are_of_what_was_declared(rule: str, desired: int, expected: int) -> None:
    found = status(guarded(rule, replicas=5))
    assert (found["desiredHealthy"], found["expectedPods"]) == (desired, expected)


def test_a_pod_without_a_budget_is_simply_deleted() -> None:
    world = World()
    world.web(1)
    world.settle()
    assert evict(world, world.pod_names()[0]) is None


def test_two_budgets_over_one_pod_are_an_error() -> None:
    world = guarded("minAvailable: 1")
    world.apply((BUDGET % "minAvailable: 1").replace("name: web", "name: other"))
    world.settle()
    refusal = evict(world, world.pod_names()[0])
    assert refusal is not None
    assert refusal.code == 400
    assert refusal.message.startswith("This pod has more than one PodDisruptionBudget")


def test_a_pod_that_is_not_ready_may_go_while_enough_others_are_healthy() -> None:
    world = guarded("minAvailable: 2")
    world.crash(world.pod_names()[0])
    world.run(until=lambda cluster: status(world)["currentHealthy"] == 2)
    assert status(world)["disruptionsAllowed"] == 0
    assert evict(world, world.pod_names()[0]) is None


def test_a_share_of_pods_whose_controller_says_no_number_lets_nobody_go() -> None:
    world = World()
    world.apply(BUDGET % "minAvailable: 2")
    world.apply(
        "{apiVersion: batch/v1, kind: Job, metadata: {name: web}, spec: {template: {metadata: {labels: {app: web}}, "
        "spec: {restartPolicy: Never, containers: [{name: c, image: 'nginx:1.27'}]}}}}"
    )
    world.settle()
    world.do(PatchObject(REF, "merge", '{"spec":{"minAvailable":null,"maxUnavailable":1}}'))
    world.settle()
    found = world.get(REF)
    assert found is not None
    assert found["status"]["disruptionsAllowed"] == 0
    (condition,) = found["status"]["conditions"]
    assert condition["reason"] == "SyncFailed"
    assert condition["message"] == "jobs.batch does not implement the scale subresource"
    refusal = evict(world, world.pod_names()[0])
    assert isinstance(refusal, errors.TooManyRequests)


@pytest.mark.parametrize(("policy", "goes"), [("AlwaysAllow", True), ("IfHealthyBudget", False)])
def test_a_pod_that_is_not_ready_goes_by_policy_where_too_few_are_healthy(policy: str, goes: bool) -> None:
    world = guarded(f"minAvailable: 3\n  unhealthyPodEvictionPolicy: {policy}")
    world.crash(world.pod_names()[0])
    world.run(until=lambda cluster: status(world)["currentHealthy"] == 2)
    assert (evict(world, world.pod_names()[0]) is None) == goes


def test_draining_takes_what_the_budget_lets_go_and_asks_again_for_the_rest() -> None:
    world = guarded("minAvailable: 2")
    world.do(Drain("node-1"))
    world.settle()
    on_node = [pod for pod in world.pods() if pod["spec"]["nodeName"] == "node-1"]
    assert on_node == []


def test_a_drain_tells_of_every_pod_that_must_stay() -> None:
    tight = guarded("minAvailable: 3")
    record = tight.submit(Drain("node-1")).record  # the cordon, at least
    assert isinstance(record, Commanded)
    results = record.results
    kept = [pod["metadata"]["name"] for pod in tight.pods() if pod["spec"]["nodeName"] == "node-1"]
    assert [each.ref.name for each in results if each.ref and each.changes] == ["node-1"]
    assert [each.warnings for each in results if not each.changes] == [
        (f'error when evicting pods/"{name}" -n "default": Cannot evict pod as it would violate the pod\'s '
         "disruption budget.",)
        for name in kept
    ]  # fmt: skip
    assert kept
    assert tight.refused(Drain("node-1")).startswith("Cannot evict pod")
