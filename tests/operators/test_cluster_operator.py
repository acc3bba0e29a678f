"""The RabbitMQ operator, pure: what it makes of what it sees."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, ref_of, with_metadata
from app.operators.rabbitmq import builders, cluster_operator, conditions
from app.operators.rabbitmq.cluster_operator import RabbitmqClusterOperator
from app.operators.rabbitmq.conditions import Verdict
from app.operators.rabbitmq.sizes import ClusterSeen
from app.reconcile import Announce, Difference, Patch
from tests.support.builders import NOW_MS


def cluster(replicas: int = 3, **spec: Any) -> Obj:
    meta = {
        "name": "r",
        "namespace": "default",
        "uid": "u",
        "generation": 1,
        "finalizers": [cluster_operator.FINALIZER],
    }
    return {
        "apiVersion": "rabbitmq.com/v1beta1", "kind": "RabbitmqCluster", "metadata": meta,
        "spec": {"replicas": replicas, "image": builders.IMAGE, "resources": {}, **spec},
    }  # fmt: skip


def seen(
    of: Obj, *, built: Obj | None = None, ready: int = 3, pods: tuple[Obj, ...] = (), claims: tuple[Obj, ...] = ()
) -> ClusterSeen:
    """With the objects as `built` (None: there are none yet) wanted them."""
    owned = {ref_of(each): each for each in builders.wanted(built)} if built is not None else {}
    status = {"readyReplicas": ready, "currentRevision": "1", "updateRevision": "1"}
    owned = {ref: {**each, "status": status} if ref.kind == "StatefulSet" else each for ref, each in owned.items()}
    return ClusterSeen(of, owned, (), pods, claims, (), NOW_MS)


def diff(observation: ClusterSeen) -> list[Difference]:
    return [*RabbitmqClusterOperator().diff(observation)]


def reasons(observation: ClusterSeen) -> list[str]:
    return [gap.reason for gap in diff(observation)]


def test_it_builds_in_its_order() -> None:
    made = [(gap.about.kind, gap.about.name) for gap in diff(seen(cluster())) if gap.reason == "ObjectMissing"]
    assert made == [
        ("Service", "r-nodes"), ("Service", "r"), ("Secret", "r-erlang-cookie"), ("Secret", "r-default-user"),
        ("ConfigMap", "r-plugins-conf"), ("ConfigMap", "r-server-conf"), ("ServiceAccount", "r-server"),
        ("StatefulSet", "r-server"),
    ]  # fmt: skip


def test_it_names_a_finalizer_and_an_image_first() -> None:
    bare = with_metadata(cluster(image=""), finalizers=None)
    assert reasons(seen(bare)) == ["ImageNotGiven"]
    assert reasons(seen(with_metadata(cluster(), finalizers=None)))[0] == "FinalizerMissing"


def test_what_is_as_wanted_is_left_alone() -> None:
    of = with_metadata(
        cluster(), annotations={cluster_operator.VERSION: "4.3.4", cluster_operator.ERLANG: cluster_operator._ERLANG}
    )
    assert reasons(seen(of, built=of)) == ["StatusOutdated"]


REFUSED = {
    "fewer": (1, 3, "Cluster Scale down not supported; tried to scale cluster from 3 nodes to 1 nodes"),
    "from zero to another number": (
        2, 0, "Unsupported operation; when scaling from zero, you can only restore the previous number of replicas (3)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "now", "text"), REFUSED.values(), ids=REFUSED)
def test_what_it_refuses(wanted: int, now: int, text: str) -> None:
    of = with_metadata(cluster(wanted), annotations={"rabbitmq.com/before-zero-replicas-configured": "3"})
    found = diff(seen(of, built=cluster(now)))
    assert not [gap for gap in found if gap.about.kind == "StatefulSet"]
    (refusal,) = [gap for gap in found if gap.reason == "UnsupportedOperation"]
    (patch,) = refusal.actions
    assert isinstance(patch, Patch)
    assert isinstance(patch.announce, Announce)
    assert (patch.announce.type, patch.announce.message) == ("Warning", text)


def test_more_servers_are_no_reason_to_restart_those_that_run() -> None:
    three, five = cluster(3), cluster(5)
    conf = next(each for each in builders.wanted(three) if each["metadata"]["name"] == "r-server-conf")
    wanted = next(each for each in builders.wanted(five) if each["metadata"]["name"] == "r-server-conf")
    stamped = cluster_operator._stamped(conf, builders.overlaid(conf, wanted), NOW_MS)
    assert stamped != conf
    assert cluster_operator.CONF_UPDATED not in (stamped["metadata"].get("annotations") or {})
    other = builders.overlaid(conf, {"data": {"userDefinedConfiguration.conf": "log.console.level = debug"}})
    assert cluster_operator.CONF_UPDATED in cluster_operator._stamped(conf, other, NOW_MS)["metadata"]["annotations"]


def test_before_it_lets_go_the_pods_are_told_to_skip_their_checks() -> None:
    gone = with_metadata(cluster(), deletionTimestamp="2026-01-01T00:00:00Z")
    pod: Obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "r-server-0", "namespace": "default"}}
    assert reasons(seen(gone, pods=(pod,))) == ["ChecksInTheWay"]
    told = with_metadata(pod, labels={builders.SKIP_CHECKS: "true"})
    assert reasons(seen(gone, pods=(told,))) == ["ClusterGoes"]


def test_an_override_is_merged_item_by_item() -> None:
    zone = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}
    template = {"spec": {"containers": [], "topologySpreadConstraints": [zone]}}
    of = cluster(override={"statefulSet": {"spec": {"template": template}}})
    made = next(each for each in builders.wanted(of) if each["kind"] == "StatefulSet")["spec"]["template"]["spec"]
    assert [each["name"] for each in made["containers"]] == ["rabbitmq"]
    assert [each["whenUnsatisfiable"] for each in made["topologySpreadConstraints"]] == ["DoNotSchedule"]


def stateful_set(replicas: int, ready: int, **memory: str) -> Obj:
    resources = {name: {"memory": amount} for name, amount in memory.items()}
    template = {"spec": {"containers": [{"name": "rabbitmq", "resources": resources}]}}
    return {"spec": {"replicas": replicas, "template": template}, "status": {"readyReplicas": ready}}


VERDICTS = {
    "no set yet": (conditions.all_ready(None), ("Unknown", "MissingStatefulSet")),
    "some ready": (conditions.all_ready(stateful_set(3, 1)), ("False", "NotAllPodsReady")),
    "all ready": (conditions.all_ready(stateful_set(3, 3)), ("True", "AllPodsAreReady")),
    "none wanted": (conditions.all_ready(stateful_set(0, 0)), ("False", "ScaledToZero")),
    "no slice": (conditions.available(()), ("Unknown", "CouldNotRetrieveEndpoints")),
    "an empty slice": (conditions.available(({"endpoints": []},)), ("False", "NoEndpointsAvailable")),
    "an address that is not ready counts": (
        conditions.available(({"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": False}}]},)),
        ("True", "AtLeastOneEndpointAvailable"),
    ),
    "memory differs": (
        conditions.no_warnings(stateful_set(1, 1, limits="2Gi", requests="1Gi")),
        ("False", "MemoryRequestAndLimitDifferent"),
    ),
    "memory is the same in other words": (
        conditions.no_warnings(stateful_set(1, 1, limits="2Gi", requests="2048Mi")), ("True", "NoWarnings"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("verdict", "said"), VERDICTS.values(), ids=VERDICTS)
def test_a_condition(verdict: Verdict, said: tuple[str, str]) -> None:
    assert verdict[:2] == said


UP = {"machine": "node-1", "startedMs": 1, "off": False, "cut": False}
STATUSES = {
    "all well": ([{"place": UP, "critical": False}] * 3, "ok"),
    "one is not there": ([{"place": UP, "critical": False}, {"critical": False}], "ok (1 unavailable)"),
    "some would be missed": (
        [{"place": UP, "critical": True}, {"place": UP, "critical": True}, {"critical": False}],
        "quorum-critical: r-server-0, r-server-1 (1 unavailable)",
    ),
    "nobody answers": ([{"place": {**UP, "cut": True}, "critical": False}], "unavailable"),
    "there is nobody": ([], "unavailable"),
}


@pytest.mark.parametrize(("servers", "said"), STATUSES.values(), ids=STATUSES)
def test_the_quorum_status(servers: list[dict[str, Any]], said: str) -> None:
    objects = [{"metadata": {"name": f"r-server-{n}"}, "status": each} for n, each in enumerate(servers)]
    endpoints = [{"addresses": ["10.0.0.1"], "targetRef": {"name": each["metadata"]["name"]}} for each in objects]
    assert conditions.quorum_status([{"endpoints": endpoints}], objects) == said


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    first = conditions.with_condition({}, "NoWarnings", Verdict("True", "NoWarnings"), 0)
    same = conditions.with_condition(first, "NoWarnings", Verdict("True", "Other"), 60_000)
    other = conditions.with_condition(same, "NoWarnings", Verdict("False", "Other"), 60_000)
    times = [each["conditions"][0]["lastTransitionTime"] for each in (first, same, other)]
    assert times[0] == times[1] != times[2]
