"""Manifests as real projects write them apply unchanged and converge.

What such projects publish is not ours to keep here: the texts below are our own and use the same fields in the same
ways. Where `../shared/manifests` lies beside the checkout the published files run as well; where it does not, the names
of the tests say so.
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

GUESTBOOK = """\
# comments before, between and after
apiVersion: v1
kind: Service
metadata:
  name: store
  labels: {app: store, tier: backend}
spec:
  ports:
  - port: 6379
    targetPort: 6379
  selector: {app: store, tier: backend}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: store
spec:
  selector:
    matchLabels: {app: store, role: primary, tier: backend}
  replicas: 1
  template:
    metadata:
      labels: {app: store, role: primary, tier: backend}
    spec:
      containers:
      - name: primary
        image: registry.example.com/redis:e2e
        resources: {requests: {cpu: 100m, memory: 100Mi}}
        env:
        - name: GET_HOSTS_FROM
          value: dns
          # a comment in a list
        ports:
        - containerPort: 6379
---
apiVersion: v1
kind: Service
metadata: {name: frontend}
spec:
  type: LoadBalancer
  ports: [{port: 80}]
  selector: {app: guestbook}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: frontend}
spec:
  replicas: 3
  selector: {matchLabels: {app: guestbook}}
  template:
    metadata: {labels: {app: guestbook}}
    spec:
      containers: [{name: php, image: "example.com/team/frontend:v4", ports: [{containerPort: 80}]}]
"""
ON_CONTROLLERS = """\
kind: ReplicationController
apiVersion: v1
metadata: {name: replica, labels: {app: redis, role: replica}}
spec:
  replicas: 2
  selector: {app: redis, role: replica}
  template:
    metadata: {labels: {app: redis, role: replica}}
    spec:
      containers:
      - name: replica
        image: registry.example.com/redis-replica:v2
        ports: [{name: redis-server, containerPort: 6379}]
---
kind: Service
apiVersion: v1
metadata: {name: replica}
spec:
  ports: [{port: 6379, targetPort: redis-server}]
  selector: {app: redis, role: replica}
---
kind: ReplicationController
apiVersion: v1
metadata: {name: page}
spec:
  template:
    metadata: {labels: {app: page}}
    spec: {containers: [{name: page, image: "example.com/page:v3"}]}
"""
SHOP = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, labels: {app: cart}}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata:
      labels: {app: cart}
      annotations: {sidecar.example.com/rewriteProbers: "true"}
    spec:
      serviceAccountName: cart
      terminationGracePeriodSeconds: 5
      securityContext: {fsGroup: 1000, runAsGroup: 1000, runAsNonRoot: true, runAsUser: 1000}
      containers:
      - name: server
        securityContext:
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
          privileged: false
          readOnlyRootFilesystem: true
        image: registry.example.com/cart:v0.10.6@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        ports: [{containerPort: 7070}]
        env: [{name: REDIS_ADDR, value: "redis:6379"}]
        resources: {requests: {cpu: 200m, memory: 64Mi}, limits: {cpu: 300m, memory: 128Mi}}
        readinessProbe: {initialDelaySeconds: 15, grpc: {port: 7070}}
        livenessProbe: {initialDelaySeconds: 15, periodSeconds: 10, grpc: {port: 7070}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, labels: {app: cart}}
spec: {type: ClusterIP, selector: {app: cart}, ports: [{name: grpc, port: 7070, targetPort: 7070}]}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: cart}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: redis}
spec:
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers:
      - name: redis
        image: redis:alpine@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        ports: [{containerPort: 6379}]
        readinessProbe: {periodSeconds: 5, tcpSocket: {port: 6379}}
        volumeMounts: [{mountPath: /data, name: redis-data}]
      volumes: [{name: redis-data, emptyDir: {}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: frontend}
spec:
  selector: {matchLabels: {app: frontend}}
  template:
    metadata: {labels: {app: frontend}}
    spec:
      containers:
      - name: server
        image: registry.example.com/shop/frontend:v0.10.6
        readinessProbe:
          initialDelaySeconds: 10
          httpGet: {path: "/_healthz", port: 8080, httpHeaders: [{name: Cookie, value: session=x-readiness}]}
---
apiVersion: v1
kind: Service
metadata: {name: frontend-external}
spec: {type: LoadBalancer, selector: {app: frontend}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: load}
spec:
  replicas: 1
  selector: {matchLabels: {app: load}}
  template:
    metadata: {labels: {app: load}}
    spec:
      restartPolicy: Always
      initContainers:
      - name: frontend-check
        image: busybox:latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        command: [/bin/sh, -exc]
        args:
        - |
          tries=12
          for i in $(seq 1 $tries); do
            if wget -qO- "http://${FRONTEND_ADDR}" | grep -q 200; then exit 0; fi
            sleep 10
          done
          exit 1
        env: [{name: FRONTEND_ADDR, value: "frontend:80"}]
      containers:
      - name: main
        image: registry.example.com/shop/load:v0.10.6
        env:
        - {name: FRONTEND_ADDR, value: "frontend:80"}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: passwords}
stringData:
  user: replace me
  host: '%'
"""
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
OURS = {
    "guestbook": GUESTBOOK,
    "guestbook on ReplicationControllers": ON_CONTROLLERS,
    "a shop of services": SHOP,
    "a secret": SECRET,
    "a database with a claim and a secret": WITH_VOLUMES,
}


def cases() -> list[object]:
    absent = "" if SHARED.is_dir() else f", PUBLISHED FILES NOT FOUND in {SHARED.parent.name}/{SHARED.name}"
    found = [pytest.param(text, id=f"ours: {name}{absent}") for name, text in OURS.items()]
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


@pytest.mark.parametrize("text", [GUESTBOOK, ON_CONTROLLERS, SHOP], ids=["guestbook", "controllers", "shop"])
def test_services_find_the_pods(text: str) -> None:
    world = World()
    world.apply(text)
    world.settle()
    for service in world.objects("Service", "default"):
        selected = {
            pod["status"]["podIP"]
            for pod in world.pods()
            if service["spec"]["selector"].items() <= objects.labels_of(pod).items()
        }
        slices = world.objects("EndpointSlice", "default")
        mine = [each for each in slices if objects.controller_uid(each) == objects.uid_of(service)]
        assert selected
        assert selected == {address for each in mine for end in each["endpoints"] for address in end["addresses"]}


def test_what_is_declared_is_kept_to_whichever_loop_keeps_it() -> None:
    world = World()
    world.apply(ON_CONTROLLERS)
    world.settle()
    victim = next(name for name in world.pod_names() if name.startswith("replica-"))
    world.kill(victim)
    world.settle()
    assert victim not in world.pod_names()
    assert world.statuses() == ["Running"] * 3
    world.delete("ReplicationController", "replica")
    world.settle()
    assert len(world.pods()) == 1, "its pods went with it"
    assert world.event_reasons("ReplicationController").count("SuccessfulCreate") == 4


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
