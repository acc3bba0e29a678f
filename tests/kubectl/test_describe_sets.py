"""StatefulSets and DaemonSets as a real kubectl 1.36 described them."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from app.api import times
from app.api.objects import Obj
from app.kubectl.describe.describe import describe
from tests.support.builders import pod

NOW = times.parse("2026-11-25T03:36:00Z")


def like(kind: str, name: str, spec: dict[str, Any], status: dict[str, Any]) -> Obj:
    template = {
        "metadata": {"labels": {"app": "db"}},
        "spec": {"containers": [{"name": "main", "image": "mysql:8.4"}], **spec.pop("pod", {})},
    }
    meta = {
        "name": name,
        "namespace": "default",
        "uid": "u",
        "creationTimestamp": "2026-11-25T03:35:20Z",
        "labels": {"a": "b", "c": "d"},
        "annotations": {"why": "because"},
    }
    body = {"selector": {"matchLabels": {"app": "db"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": body, "status": status}


def test_a_stateful_set_with_claims() -> None:
    asked = {"resources": {"requests": {"storage": "1Gi"}}}
    claims = [
        {
            "metadata": {"name": "data", "labels": {"l": "m", "p": "o"}},
            "spec": {"accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "storageClassName": "fast", **asked},
        },
        {"metadata": {"name": "other"}, "spec": {"accessModes": ["ReadWriteOnce"], **asked}},
    ]
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    spec = {"replicas": 2, "updateStrategy": strategy, "volumeClaimTemplates": claims}
    obj = like("StatefulSet", "db", spec, {"replicas": 2})
    said = describe(obj, NOW, related=[pod("db-0", owner=obj), pod("db-1", owner=obj), pod("another")])
    assert said == dedent("""\
        Name:               db
        Namespace:          default
        CreationTimestamp:  Wed, 25 Nov 2026 03:35:20 +0000
        Selector:           app=db
        Labels:             a=b
                            c=d
        Annotations:        why: because
        Replicas:           2 desired | 2 total
        Update Strategy:    RollingUpdate
          Partition:        0
        Pods Status:        2 Running / 0 Waiting / 0 Succeeded / 0 Failed
        Pod Template:
          Labels:  app=db
          Containers:
           main:
            Image:         mysql:8.4
            Port:          <none>
            Host Port:     <none>
            Environment:   <none>
            Mounts:        <none>
          Volumes:         <none>
          Node-Selectors:  <none>
          Tolerations:     <none>
        Volume Claims:
          Name:          data
          StorageClass:  fast
          Labels:        l=m
                         p=o
          Annotations:   <none>
          Capacity:      1Gi
          Access Modes:  [ReadWriteOnce ReadOnlyMany]
          Name:          other
          StorageClass:  \n\
          Labels:        <none>
          Annotations:   <none>
          Capacity:      1Gi
          Access Modes:  [ReadWriteOnce]
        Events:          <none>
        """)


def test_a_daemon_set() -> None:
    counts = {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "updatedNumberScheduled": 2, "numberReady": 3}
    obj = like("DaemonSet", "ag", {"pod": {"nodeSelector": {"disk": "ssd"}}}, {**counts, "numberAvailable": 3})
    assert describe(obj, NOW) == dedent("""\
        Name:           ag
        Namespace:      default
        Selector:       app=db
        Node-Selector:  disk=ssd
        Labels:         a=b
                        c=d
        Annotations:    why: because
        Desired Number of Nodes Scheduled: 3
        Current Number of Nodes Scheduled: 3
        Number of Nodes Scheduled with Up-to-date Pods: 2
        Number of Nodes Scheduled with Available Pods: 3
        Number of Nodes Misscheduled: 0
        Pods Status:  0 Running / 0 Waiting / 0 Succeeded / 0 Failed
        Pod Template:
          Labels:  app=db
          Containers:
           main:
            Image:         mysql:8.4
            Port:          <none>
            Host Port:     <none>
            Environment:   <none>
            Mounts:        <none>
          Volumes:         <none>
          Node-Selectors:  disk=ssd
          Tolerations:     <none>
        Events:            <none>
        """)
