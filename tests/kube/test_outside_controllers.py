"""Programs outside that do the work of a control loop: their writes are theirs, on a lane of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator

import kubernetes
import pytest
import yaml
from kubernetes import client

from app.web.present import timeline
from app.web.present.names import lanes, role_title
from app.web.present.words import ENGLISH
from tests.support.clients import Api
from tests.support.pages import lanes_drawn
from tests.support.patience import PATIENCE_S
from tests.support.server import Server

BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
CONFIGS = "/api/v1/namespaces/default/configmaps"


@pytest.mark.parametrize(
    ("agent", "query", "lane", "who"),
    [
        ("kopf/1.37.2", "", "@kopf", "kopf"),
        ("manager/v0.0.0 (linux/amd64) kubernetes/$Format", "", "@manager", "manager"),
        ("OpenAPI-Generator/35.0.0/python", "?fieldManager=website-operator", "@website-operator", "website-operator"),
        ("kubectl/v1.36.0 (linux/amd64)", "?fieldManager=kubectl-create", "you", "kubectl"),
        ("curl/8.14.1", "", "you", "curl"),
    ],
)
def test_a_write_stands_on_the_lane_of_who_made_it(api: Api, agent: str, query: str, lane: str, who: str) -> None:
    api.ok("POST", CONFIGS + query, BODY, User_Agent=agent)
    step = api.cluster.trace.get(api.cluster.trace.count)
    assert step is not None
    row = timeline.row(step, api.cluster.trace, api.cluster.epoch_ms)
    assert (row[2], row[3]) == (lane, "you" if lane == "you" else "act")
    assert row[7] == f"{who} creates ConfigMap c."
    assert lane == "you" or role_title(lane, ENGLISH) == who


def test_such_a_lane_is_no_loop_of_the_cluster(api: Api) -> None:
    api.ok("POST", CONFIGS, BODY, User_Agent="kopf/1.37.2")
    assert "@kopf" not in lanes(api.cluster.actors, ENGLISH)


# ------------------------------------------------------------------------------------------- in place of one of ours


@pytest.fixture
def without() -> Iterator[Server]:
    """A server whose ReplicaSets nobody looks after."""
    with Server("--unlimited", "--disable-controller", "replicaset-controller") as server:
        yield server


def pods_of(core: client.CoreV1Api, owner: client.V1ReplicaSet) -> list[client.V1Pod]:
    found = core.list_namespaced_pod(owner.metadata.namespace).items
    return [pod for pod in found if any(each.uid == owner.metadata.uid for each in pod.metadata.owner_references or [])]


def reconcile(apps: client.AppsV1Api, core: client.CoreV1Api) -> None:
    """Observe, diff and act, as the ReplicaSet controller does it in its simplest form."""
    for owner in apps.list_replica_set_for_all_namespaces().items:
        meta, pods, template = owner.metadata, pods_of(core, owner), owner.spec.template
        made_by = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": meta.name,
            "uid": meta.uid,
            "controller": True,
        }
        head = {"generateName": f"{meta.name}-", "labels": template.metadata.labels, "ownerReferences": [made_by]}
        for _missing in range(owner.spec.replicas - len(pods)):
            core.create_namespaced_pod(meta.namespace, {"metadata": head, "spec": template.spec})
        ready = sum(pod.status.phase == "Running" for pod in pods)
        counts = {"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready}
        status = {**counts, "observedGeneration": meta.generation}
        apps.patch_namespaced_replica_set_status(meta.name, meta.namespace, {"status": status})


def test_a_program_outside_does_the_work_of_a_loop_that_was_left_out(without: Server) -> None:
    room = f"/rooms/{without.room()}"
    without.post(f"{room}/commands/latencies", {"preset": "realistic"})
    without.post(f"{room}/pace", {"mode": "clock", "speed": "100"})
    with kubernetes.config.new_client_from_config_dict(yaml.safe_load(without.get(f"{room}/kubeconfig"))) as k8s:
        k8s.user_agent = "replica-maker/1.0"
        apps, core = client.AppsV1Api(k8s), client.CoreV1Api(k8s)
        assert core.list_namespaced_pod("default").items == []
        deadline = time.monotonic() + PATIENCE_S
        while apps.read_namespaced_deployment_status("web", "default").status.ready_replicas != 3:
            assert time.monotonic() < deadline, apps.read_namespaced_deployment_status("web", "default").status
            reconcile(apps, core)
    drawn = lanes_drawn(without.get(room))
    assert "@replica-maker" in drawn
    assert "replicaset-controller" not in drawn
