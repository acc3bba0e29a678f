"""What the Kubernetes documentation shows how to write applies, and runs where a loop runs it.

The manifests are our own, with the fields that are easily taken for mistakes: they were found by applying the examples
of kubernetes.io unchanged.
"""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from tests.support.world import World

SIDECAR = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      initContainers:
      - name: prepare
        image: nginx
        command: [sh, -c, 'test -w /data || exit 1; echo "ready" > /data/config']
        volumeMounts: [{name: data, mountPath: /data}]
      - name: ship-logs
        image: alpine
        restartPolicy: Always
        command: [sh, -c, tail -F /data/log]
        volumeMounts: [{name: data, mountPath: /data}]
      containers:
      - name: shop
        image: alpine
        command: [sh, -c, 'while true; do echo sold >> /data/log; sleep 1; done']
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, emptyDir: {}}]
"""
IN_BRACES = """
---
{
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "p",
    annotations: {
      note: "\\
        one line\\n\\
        and another\\
        ",
    },
  },
  spec: {
    containers: [{
      name: "c", # a comment
      image: "registry.k8s.io/pause:3.8",
    }],
  },
}
---
{
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: {
    name: "claim",
  },
  spec: {
    accessModes: [
      "ReadWriteOnce",
    ],
    storageClassName: ,
    resources: {
      requests: {
        storage: "2Gi",
      },
    },
  },
}
"""
CLAIMS = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      initContainers: [{name: copy, image: db, volumeMounts: [{name: data, mountPath: /data, subPath: db}]}]
      containers: [{name: db, image: db, volumeMounts: [{name: data, mountPath: /data}, {name: own, mountPath: /own}]}]
      volumes: [{name: own, emptyDir: {}}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "custom:aggregate-to-edit:endpoints", labels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}
rules: [{apiGroups: [""], resources: [endpoints], verbs: [create]}, {nonResourceURLs: [/healthz], verbs: [get]}]
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: q}
spec:
  hard:
    pods: "10"
    requests.example.com/gpu: 4
    gold.storageclass.storage.k8s.io/requests.storage: 5Gi
    count/jobs.batch: 2
  scopeSelector: {matchExpressions: [{operator : In, scopeName: PriorityClass, values: [high]}]}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: q2}, spec: {scopeSelector: {matchExpressions: []}}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: l}
spec: {limits: [{type: Pod, maxLimitRequestRatio: {memory: 2}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: odd}
spec:
  tolerations: [{key: example.com/level, operator: Equal, value: "900", effect: NoSchedule}]
  dnsPolicy: None
  dnsConfig: {nameservers: [192.0.2.1], options: [{name: edns0}]}
  resources: {limits: {cpu: "1", memory: 200Mi}}
  containers:
  - name: c
    image: debian
    command: [sleep, inf]
    resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]
    restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [88]}}]
    restartPolicy: Never
    env: [{name: A, valueFrom: {fileKeyRef: {path: config.env, volumeName: f, key: A, optional: true}}}]
    volumeMounts: [{name: i, mountPath: /i}, {name: i, mountPath: /ro, readOnly: true, recursiveReadOnly: Enabled}]
  volumes: [{name: f, emptyDir: {medium: Memory, sizeLimit: 5Mi}}, {name: i, image: {reference: "example.com/a:v2"}}]
"""


def test_a_sidecar_that_follows_a_file_and_an_init_container_that_ends() -> None:
    world = World()
    world.apply(SIDECAR)
    world.settle()
    (pod,) = world.pods()
    statuses = [*pod["status"]["initContainerStatuses"], *pod["status"]["containerStatuses"]]
    assert [(each["name"], each["ready"], each["restartCount"]) for each in statuses] == [
        ("prepare", True, 0),
        ("ship-logs", True, 0),
        ("shop", True, 0),
    ]


def test_yaml_in_braces_with_a_comma_after_the_last() -> None:
    world = World()
    world.apply(IN_BRACES)
    world.settle()
    pod, claim = world.get(Ref("Pod", "default", "p")), world.get(Ref("PersistentVolumeClaim", "default", "claim"))
    assert pod is not None
    assert pod["metadata"]["annotations"]["note"] == "one line\nand another"
    assert pod["status"]["phase"] == "Running"
    assert claim is not None
    assert claim["status"]["phase"] == "Bound"


@pytest.mark.parametrize(
    ("manifests", "count"),
    [pytest.param(CLAIMS, 1, id="claims of a set as volumes"), pytest.param(ROLES, 5, id="odd fields")],
)
def test_what_is_only_stored_is_accepted_and_stays_as_it_was_written(manifests: str, count: int) -> None:
    world = World()
    assert [planned.operation for planned in world.plan(manifests)] == ["created"] * count
    world.apply(manifests)
    world.settle()
    assert [planned.operation for planned in world.plan(manifests)] == ["unchanged"] * count
