"""Manifests as real projects publish them apply unchanged and converge.

What such projects publish is not ours to keep here: `tests/scenarios/shapes` has the same in our own words. Where
`../shared/manifests` lies beside the checkout the published files themselves run here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.api import objects
from app.api.objects import Ref
from app.component_helpers import pods
from app.kubectl import manifests
from tests.support.kinds import SCHEME
from tests.support.world import World

SHARED = Path(__file__).parents[2].parent / "shared" / "manifests"
REAL = {
    "guestbook": ["guestbook-all-in-one.yaml"],
    "guestbook on ReplicationControllers": ["guestbook-go-*.yaml"],
    "a shop of eleven services": ["online-boutique.yaml"],
    "a secret": ["mysql-secret.yaml"],
}
WITH_VOLUMES = """\
{apiVersion: v1, kind: Secret, metadata: {name: mysql}, stringData: {password: secret}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mysql, labels: {app: wordpress}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 20Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql}
spec:
  selector: {matchLabels: {app: mysql}}
  strategy: {type: Recreate}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers:
      - name: mysql
        image: mysql:8.0
        env: [{name: MYSQL_ROOT_PASSWORD, valueFrom: {secretKeyRef: {name: mysql, key: password}}}]
        envFrom: [{secretRef: {name: mysql}}]
        ports: [{containerPort: 3306, name: mysql}]
        volumeMounts: [{name: data, mountPath: /var/lib/mysql}, {name: keys, mountPath: /keys, readOnly: true}]
      volumes:
      - {name: data, persistentVolumeClaim: {claimName: mysql}}
      - {name: keys, secret: {secretName: mysql}}
"""


def cases() -> list[object]:
    absent = "" if SHARED.is_dir() else f", PUBLISHED FILES NOT FOUND in {SHARED.parent.name}/{SHARED.name}"
    found = [pytest.param(WITH_VOLUMES, id=f"ours: a database with a claim and a secret{absent}")]
    if not absent:
        found += [pytest.param(published(patterns), id=f"published: {name}") for name, patterns in REAL.items()]
    return found


def published(patterns: list[str]) -> str:
    files = [path for pattern in patterns for path in sorted(SHARED.glob(pattern))]
    assert files, patterns
    return "\n---\n".join(path.read_text() for path in files)


@pytest.mark.parametrize("text", cases())
def test_it_applies_unchanged_and_converges(text: str) -> None:
    assert manifests.check(SCHEME, text) == [], "the editor has nothing to complain about"
    world = World()
    world.apply(text)
    world.settle()
    wanted = {"Deployment": 0, "ReplicationController": 0}
    for kind in wanted:
        for obj in world.objects(kind, "default"):
            wanted[kind] += obj["spec"]["replicas"]
            assert obj["status"]["availableReplicas"] == obj["spec"]["replicas"], objects.ref_of(obj)
    assert world.statuses() == ["Running"] * sum(wanted.values())
    assert all(map(pods.is_ready, world.pods()))
    revision = world.store.revision
    world.apply(text)
    world.settle()
    assert world.store.revision == revision, "applying it again changes nothing"


def test_a_claim_gets_a_volume_that_goes_with_it() -> None:
    world = World()
    world.apply(WITH_VOLUMES)
    world.settle()
    claim = world.get(Ref("PersistentVolumeClaim", "default", "mysql"))
    assert claim is not None
    assert claim["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "20Gi"}}
    (volume,) = world.objects("PersistentVolume")
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"] == f"pvc-{claim['metadata']['uid']}"
    assert volume["status"]["phase"] == "Bound"
    assert world.event_reasons("PersistentVolumeClaim") == ["ProvisioningSucceeded"]
    world.delete("Deployment", "mysql")
    world.delete("PersistentVolumeClaim", "mysql")
    world.settle()
    assert world.objects("PersistentVolume") == []


@pytest.mark.parametrize("claim_first", [True, False])
def test_a_claim_takes_a_volume_that_somebody_made(claim_first: bool) -> None:
    volume = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: %s}
spec:
  capacity: {storage: %s}
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  hostPath: {path: /mnt/data}
---
"""
    claim = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: task}
spec: {storageClassName: "", accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}
"""
    volumes = volume % ("small", "1Gi") + volume % ("large", "100Gi") + volume % ("fitting", "5Gi")
    world = World()
    for text in (claim, volumes) if claim_first else (volumes, claim):
        world.apply(text)
        world.settle()
    bound = world.get(Ref("PersistentVolumeClaim", "default", "task"))
    assert bound is not None
    assert bound["spec"]["volumeName"] == ("fitting")
    phases = {each["metadata"]["name"]: each["status"]["phase"] for each in world.objects("PersistentVolume")}
    assert phases == {"small": "Available", "large": "Available", "fitting": "Bound"}
    assert ("FailedBinding" in world.event_reasons("PersistentVolumeClaim")) is claim_first
    world.delete("PersistentVolumeClaim", "task")
    world.settle()
    assert (world.get(Ref("PersistentVolume", "", "fitting")) or {})["status"]["phase"] == "Released", "it is kept"
