"""Rollouts and nodes with the real kubectl."""

from __future__ import annotations

import pytest

from tests.support.clients import DEPLOYMENT, Kubectl
from tests.support.patience import PATIENCE_S


@pytest.fixture
def shop(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    kubectl("rollout", "status", "deploy/shop")
    return kubectl


def image(kubectl: Kubectl) -> str:
    return kubectl("get", "deploy", "shop", "-o", "jsonpath={.spec.template.spec.containers[0].image}")


def test_status_follows_a_rollout_to_its_end(shop: Kubectl) -> None:
    shop("set", "image", "deploy/shop", "nginx=nginx:1.28")
    assert 'deployment "shop" successfully rolled out' in shop("rollout", "status", "deploy/shop")


def test_history_and_undo(shop: Kubectl) -> None:
    assert "no rollout history found" in shop.refused("rollout", "undo", "deploy/shop")
    shop("set", "image", "deploy/shop", "nginx=nginx:1.28")
    shop("rollout", "status", "deploy/shop")
    history = shop("rollout", "history", "deploy/shop").splitlines()
    assert [line.split()[0] for line in history[2:4]] == ["1", "2"]
    assert "nginx:1.27" in shop("rollout", "history", "deploy/shop", "--revision=1")
    assert shop("rollout", "undo", "deploy/shop") == "deployment.apps/shop rolled back\n"
    assert image(shop) == "nginx:1.27"
    assert "unable to find specified revision 99" in shop.refused("rollout", "undo", "deploy/shop", "--to-revision=99")


def test_a_rollout_that_cannot_progress_fails_its_status(kubectl: Kubectl) -> None:
    broken = DEPLOYMENT.replace("replicas: 2", "replicas: 2\n  progressDeadlineSeconds: 15")
    kubectl("apply", "-f", "-", stdin=broken.replace("nginx:1.27", "nginx:broken"))
    said = kubectl.refused("rollout", "status", "deploy/shop")
    assert said == 'error: deployment "shop" exceeded its progress deadline\n'


def test_pause_resume_and_restart(shop: Kubectl) -> None:
    assert shop("rollout", "pause", "deploy/shop") == "deployment.apps/shop paused\n"
    assert "already paused" in shop.refused("rollout", "pause", "deploy/shop")
    assert shop("rollout", "resume", "deploy/shop") == "deployment.apps/shop resumed\n"
    assert shop("rollout", "restart", "deploy/shop") == "deployment.apps/shop restarted\n"
    shop("rollout", "status", "deploy/shop")
    assert len(shop("get", "rs", "-l", "app=shop", "-o", "name").split()) == 2


def test_a_node_is_cordoned_drained_and_taken_back(shop: Kubectl) -> None:
    assert shop("cordon", "node-1") == "node/node-1 cordoned\n"
    assert "Ready,SchedulingDisabled" in shop("get", "node", "node-1")
    said = shop("drain", "node-1", "--ignore-daemonsets", "--force")
    assert "evicting pod default/" in said
    assert said.endswith("node/node-1 drained\n" if shop.minor >= 23 else "node/node-1 evicted\n")
    on_it = shop("get", "pods", "-A", "--field-selector", "spec.nodeName=node-1", "-o", "name")
    assert on_it == ""
    assert shop("uncordon", "node-1") == "node/node-1 uncordoned\n"


BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec:
  minAvailable: 2
  selector: {matchLabels: {app: shop}}
"""


def test_a_drain_is_told_to_wait_by_a_budget_and_tries_again(shop: Kubectl) -> None:
    """A budget of all the pods there are: the drain never gets through, and says so every five seconds."""
    shop("apply", "-f", "-", stdin=BUDGET)
    pod = shop("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[0].metadata.name}")
    node = shop("get", "pod", pod, "-o", "jsonpath={.spec.nodeName}")
    said = shop.refused("drain", node, "--ignore-daemonsets", "--force", "--timeout=7s")
    why = "Cannot evict pod as it would violate the pod's disruption budget."
    assert f"(will retry after 5s): {why}" in said
    assert 'error when evicting pods/"' in said
    shop("patch", "pdb", "shop", "--type=merge", "-p", '{"spec":{"minAvailable":1}}')
    assert "node/" in shop("drain", node, "--ignore-daemonsets", "--force", f"--timeout={PATIENCE_S}s")
    on_it = shop("get", "pods", "-A", "--field-selector", f"spec.nodeName={node}", "-o", "name")
    assert on_it == ""


def test_taints_come_and_go(kubectl: Kubectl) -> None:
    assert kubectl("taint", "node", "node-1", "k=v:NoSchedule") == "node/node-1 tainted\n"
    assert "k=v:NoSchedule" in kubectl("describe", "node", "node-1")
    assert kubectl("taint", "node", "node-1", "k-") == "node/node-1 untainted\n"
