"""What a pod's claims have to say: that they may be waited for, and on which nodes their volumes are."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from app.scheduler import claims
from app.scheduler.claims import Claimed, claimed, reached
from app.scheduler.facts import NodeSeen, facts_of
from app.scheduler.scheduler import Scheduler
from tests.support.builders import node, pod
from tests.support.reading import reader

DB = pod("db", node="", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
COOK = pod("cook", node="", volumes=[{"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}])


def claim(phase: str = "Pending", **spec: Any) -> Obj:
    meta = {"name": "data", "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": meta,
        "spec": spec,
        "status": {"phase": phase},
    }


def storage_class(provisioner: str, mode: str = "Immediate") -> Obj:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "local"},
        "provisioner": provisioner,
        "volumeBindingMode": mode,
    }


def volume(host: str) -> Obj:
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [host]}]}
    spec = {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk"}, "spec": spec}


NO_PROVISIONER = "kubernetes.io/no-provisioner"


@pytest.mark.parametrize(
    ("of", "there", "found"),
    [
        pytest.param(pod(node=""), [], Claimed(), id="none"),
        pytest.param(DB, [], Claimed('persistentvolumeclaim "data" not found'), id="not there"),
        pytest.param(
            COOK,
            [],
            Claimed('waiting for ephemeral volume controller to create the persistentvolumeclaim "cook-scratch"'),
            id="its own, not made yet",
        ),
        pytest.param(
            DB,
            [claim("Lost", volumeName="gone")],
            Claimed('persistentvolumeclaim "data" bound to non-existent persistentvolume "gone"'),
            id="lost",
        ),
        pytest.param(DB, [claim()], Claimed(), id="a volume will be made"),
        pytest.param(DB, [claim(storageClassName="")], Claimed(claims.UNBOUND), id="waits for a volume"),
        pytest.param(
            DB,
            [claim(storageClassName="local"), storage_class(NO_PROVISIONER)],
            Claimed(claims.UNBOUND),
            id="of a class that makes none",
        ),
        pytest.param(
            DB,
            [claim(storageClassName="local"), storage_class(NO_PROVISIONER, "WaitForFirstConsumer")],
            Claimed("", no_volume=True),
            id="of one that waits for the pod",
        ),
        pytest.param(
            DB,
            [claim("Bound", volumeName="disk"), volume("node-2")],
            Claimed("", False, (volume("node-2"),)),
            id="bound",
        ),
    ],
)
def test_what_is_found(of: Obj, there: list[Obj], found: Claimed) -> None:
    refusal, no_volume, volumes = claimed(of, reader(Scheduler(), of, *there))
    assert (refusal, no_volume) == found[:2]
    assert [each["spec"] for each in volumes] == [each["spec"] for each in found.volumes]


@pytest.mark.parametrize(
    ("found", "barred"),
    [
        (Claimed(), ["", ""]),
        (Claimed("", no_volume=True), [claims.NO_VOLUME] * 2),
        (Claimed("", False, (volume("node-2"),)), [claims.ELSEWHERE, ""]),
    ],
)
def test_which_nodes_reach_the_volumes(found: Claimed, barred: list[str]) -> None:
    nodes = [node(name, labels={"kubernetes.io/hostname": name}) for name in ("node-1", "node-2")]
    seen = tuple(NodeSeen(each, facts_of(each), (), 0) for each in nodes)
    assert [each.barred for each in reached(seen, found)] == barred
