"""Admission policies in a living cluster: the control plane's own writes are judged too."""

from __future__ import annotations

import pytest

from app.api.objects import Ref, name_of
from app.apimachinery.yamltext import dump
from app.cluster import Cluster
from app.commands import Scale
from app.web.present import caption
from tests.support.policies import about, binding, policy, rule
from tests.support.telling import words_of
from tests.support.world import World

NO_LATEST = "object.spec.containers.all(c, !c.image.endsWith(':latest'))"


def forbid(world: World, expression: str, resources: str, operations: str, group: str = "") -> None:
    world.apply(dump(policy(expression, matchConstraints=about(rule(resources, operations, group)))))
    world.apply(dump(binding()))


def test_a_policy_about_pods_starves_a_replica_set_and_that_is_told() -> None:
    world = World()
    forbid(world, NO_LATEST, "pods", "CREATE")
    world.web(2, "nginx:latest")
    world.run(limit_ms=30_000)
    assert world.objects("Pod") == []
    (replica_set,) = world.objects("ReplicaSet")
    (condition,) = replica_set["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("ReplicaFailure", "FailedCreate")
    why = f"ValidatingAdmissionPolicy 'few' with binding 'few' denied request: failed expression: {NO_LATEST}"
    assert condition["message"].endswith(why)
    events = [each for each in world.objects("Event") if each["reason"] == "FailedCreate"]
    assert events[0]["message"].startswith(f'Error creating: pods "{name_of(replica_set)}-')
    assert events[0]["message"].endswith(f'" is forbidden: {why}')
    world.image("web", "nginx:1.27")
    world.settle()
    assert len(world.objects("Pod")) == 2


def test_a_policy_may_know_its_loops_and_let_them_pass() -> None:
    world = World()
    forbid(world, "'system:nodes' in request.userInfo.groups", "pods/status", "UPDATE")
    forbid_all = policy(
        "request.userInfo.username in ['system:serviceaccount:kube-system:replicaset-controller', "
        "'system:kube-scheduler']",
        name="makers", matchConstraints=about(rule("pods pods/binding", "CREATE", "")),
    )  # fmt: skip
    world.apply(dump(forbid_all))
    world.apply(dump(binding(name="makers", policyName="makers")))
    world.web(2)
    world.settle()
    assert [pod["status"]["phase"] for pod in world.objects("Pod")] == ["Running", "Running"]
    assert "is forbidden" in world.refused_apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: mine}, spec: {containers: [{name: c, image: nginx}]}}"
    )


def test_who_scales_writes_to_the_subresource() -> None:
    world = World()
    world.web(2)
    forbid(world, "object.spec.replicas <= 3", "deployments/scale", "UPDATE", "apps")
    world.scale("web", 3)
    world.run(limit_ms=1_000)
    (deployment,) = world.objects("Deployment")
    assert deployment["spec"]["replicas"] == 3
    refused = world.refused(Scale(Ref("Deployment", "default", "web"), 4))
    assert refused.endswith("failed expression: object.spec.replicas <= 3")


def test_what_was_read_before_is_read_again_in_a_copy_and_in_a_replay() -> None:
    world = World()
    forbid(world, NO_LATEST, "pods", "CREATE")
    world.web(1, "nginx:latest")
    world.run(limit_ms=5_000)
    copied = world.copy()
    for each in (world, copied):
        each.run(limit_ms=5_000)
    assert copied.revision == world.revision
    again = Cluster.replay(world.seed, world.epoch_ms, list(world.journal), world.trace.count)
    assert again.revision == world.revision


@pytest.mark.parametrize(
    ("lang", "why"), [("en", "an admission policy forbids it (422)"), ("ja", "ポリシーが許しません（422）")]
)
def test_the_story_says_that_a_policy_forbids_it(lang: str, why: str) -> None:
    world = World()
    forbid(world, NO_LATEST, "pods", "CREATE")
    world.web(1, "nginx:latest")
    world.run(limit_ms=2_000)
    words = words_of(world, lang)
    told = [caption(step, words).text for step in world.trace if step.actor == "replicaset-controller"]
    assert any(why in sentence for sentence in told)
