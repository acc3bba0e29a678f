"""Safety after every step, and liveness: faults off, the cluster becomes quiet and as declared."""

from __future__ import annotations

import os

import pytest

from app.api.objects import Ref
from app.cluster import Cluster
from app.kubectl.printers.pods import pod_status
from tests.support.random_world import (
    active_pods_of_web,
    calm_down,
    no_node_beyond_its_capacity,
    one_controller_owner,
    random_world,
)

FIRST, COUNT = int(os.environ.get("SEED", "100")), int(os.environ.get("SEEDS", "10"))


def check(cluster: Cluster) -> None:
    one_controller_owner(cluster)
    no_node_beyond_its_capacity(cluster)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_safe_at_every_step_and_as_declared_in_the_end(seed: int) -> None:
    cluster = random_world(seed, commands=20, after_step=check)
    calm_down(cluster)
    assert cluster.quiet
    deployment = cluster.get(Ref("Deployment", "default", "web"))
    assert deployment is not None
    wanted = deployment["spec"]["replicas"]
    owned = active_pods_of_web(cluster)
    assert len(owned) == wanted == deployment["status"].get("availableReplicas", 0)
    statuses = {pod_status(pod) for pod in cluster.objects("Pod") if pod["metadata"]["name"] in owned}
    assert statuses <= {"Running"}
    selected = [pod for pod in cluster.objects("Pod", "default") if pod["metadata"]["labels"].get("app") == "web"]
    addresses = [
        address
        for part in cluster.objects("EndpointSlice", "default")
        for endpoint in part["endpoints"] or ()
        if part["metadata"]["labels"]["kubernetes.io/service-name"] == "web" and endpoint["conditions"]["ready"]
        for address in endpoint["addresses"]
    ]
    assert sorted(addresses) == sorted(pod["status"]["podIP"] for pod in selected if pod_status(pod) == "Running")
