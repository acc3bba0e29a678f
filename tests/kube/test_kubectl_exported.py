"""Manifests of one room, applied to another with the real kubectl."""

from __future__ import annotations

import pytest

from tests.support.clients import Kubectl
from tests.support.patience import PATIENCE_S
from tests.support.server import Server


@pytest.mark.kubectl(27)
def test_manifests_of_a_room_make_the_same_in_another(server: Server, kubectl: Kubectl) -> None:
    other = server.stranger()
    base = f"/rooms/{other.room()}"
    other.post(f"{base}/commands/scale", {"kind": "Deployment", "name": "web", "replicas": "5"})
    text = other.get(f"{base}/manifests")
    kubectl("delete", "deployment,service", "web")
    kubectl("apply", "-f", "-", stdin=text)
    kubectl("rollout", "status", "deployment/web", f"--timeout={PATIENCE_S}s")
    assert kubectl("diff", "-f", "-", stdin=text) == "", "there is nothing left to do"
    assert kubectl.json("get", "deployment", "web")["spec"]["replicas"] == 5
