"""Every `kubectl describe` in the recordings of a kind described here was compared line by line, and a pod with all
that a pod can have with a real kubectl 1.32; some of that is restated here."""

from __future__ import annotations

from textwrap import dedent

from app.api import times
from app.kubectl.describe.describe import describe, knows
from tests.support.kinds import KINDS

NOW = times.parse("2026-11-23T10:06:28Z")
CREATED = "2026-11-23T10:06:17Z"
CONTAINER = {"name": "nginx", "image": "nginx:1.27", "ports": [{"containerPort": 80, "protocol": "TCP"}]}
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [CONTAINER]}}
TEMPLATE_TEXT = """\
Containers:
   nginx:
    Image:         nginx:1.27
    Port:          80/TCP
    Host Port:     0/TCP
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
  Node-Selectors:  <none>
  Tolerations:     <none>
"""


def of(kind, name, uid="u", labels=None, **parts):
    meta = {"name": name, "namespace": "ref-a", "uid": uid, "creationTimestamp": CREATED, "labels": labels or {}}
    meta |= parts.pop("metadata", {})
    return {"kind": kind, "apiVersion": "v1", "metadata": meta, **parts}


def owned(kind, name):
    return {
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "owner", "controller": True}]
    }


def text(indented):
    return dedent(indented).lstrip("\n")


def event(reason, message, last, count=1, first=CREATED):
    times = {"firstTimestamp": first, "lastTimestamp": f"2026-11-23T10:06:{last}Z", "count": count}
    source = {"source": {"component": "deployment-controller"}}
    return of("Event", "e", type="Normal", reason=reason, message=message, **times, **source)


def replica_set(name, image, replicas, created=CREATED):
    spec = {"containers": [{**CONTAINER, "image": image}]}
    template = {"metadata": {"labels": {"app": "web", "pod-template-hash": name}}, "spec": spec}
    metadata = {**owned("Deployment", "web"), "creationTimestamp": created}
    status = {"replicas": replicas}
    return of("ReplicaSet", name, metadata=metadata, spec={"replicas": replicas, "template": template}, status=status)


DEPLOYMENT = of(
    "Deployment",
    "web",
    "owner",
    {"app": "web"},
    metadata={"annotations": {"deployment.kubernetes.io/revision": "4"}},
    spec={
        "replicas": 4,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        "template": TEMPLATE,
    },
    status={
        "replicas": 5,
        "updatedReplicas": 2,
        "availableReplicas": 3,
        "unavailableReplicas": 2,
        "conditions": [
            {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
        ],
    },
)


def test_a_deployment_with_its_replica_sets_and_events():
    related = [
        replica_set("web-89c7c5f94", "nginx:1.28", 0, "2026-11-23T10:06:19Z"),
        replica_set("web-cc544bdcc", "nginx:1.26", 3),
        replica_set("web-559f8cf658", "nginx:1.27", 2, "2026-11-23T10:06:20Z"),
    ]
    events = [
        event("ScalingReplicaSet", "(combined from similar events): Up", 27, count=11),
        event("ScalingReplicaSet", "Scaled up from 0 to 4", 17),
    ]
    assert describe(DEPLOYMENT, NOW, events=events, related=related) == (
        text("""
            Name:                   web
            Namespace:              ref-a
            CreationTimestamp:      Mon, 23 Nov 2026 10:06:17 +0000
            Labels:                 app=web
            Annotations:            deployment.kubernetes.io/revision: 4
            Selector:               app=web
            Replicas:               4 desired | 2 updated | 5 total | 3 available | 2 unavailable
            StrategyType:           RollingUpdate
            MinReadySeconds:        0
            RollingUpdateStrategy:  25% max unavailable, 25% max surge
            Pod Template:
              Labels:  app=web
            """)
        + "  "
        + TEMPLATE_TEXT
        + text("""
            Conditions:
              Type           Status  Reason
              ----           ------  ------
              Available      True    MinimumReplicasAvailable
              Progressing    False   ProgressDeadlineExceeded
            OldReplicaSets:  web-cc544bdcc (3/3 replicas created), web-89c7c5f94 (0/0 replicas created)
            NewReplicaSet:   web-559f8cf658 (2/2 replicas created)
            Events:
              Type    Reason             Age                From                   Message
              ----    ------             ----               ----                   -------
              Normal  ScalingReplicaSet  11s                deployment-controller  Scaled up from 0 to 4
              Normal  ScalingReplicaSet  1s (x11 over 11s)  deployment-controller  (combined from similar events): Up
            """)
    )


def test_a_replica_set_counts_its_own_pods_by_phase():
    phases = ("Running", "Running", "Pending", "Failed")
    pods = [of("Pod", "p", metadata=owned("ReplicaSet", "web"), status={"phase": phase}) for phase in phases]
    stranger = of("Pod", "x", status={"phase": "Running"})
    given = {**replica_set("web-1", "nginx:1.27", 2)}
    given["metadata"] = {**given["metadata"], "uid": "owner"}
    shown = describe(given, NOW, related=[*pods, stranger]).splitlines()
    assert "Replicas:       2 current / 2 desired" in shown
    assert "Pods Status:    2 Running / 1 Waiting / 0 Succeeded / 1 Failed" in shown
    assert "Controlled By:  Deployment/web" in shown
    assert shown[-1] == "Events:            <none>"


RUNNING = {
    "name": "nginx",
    "containerID": "containerd://8b8b",
    "image": "nginx:1.27",
    "imageID": "sha256:cd44",
    "ready": True,
    "restartCount": 0,
    "state": {"running": {"startedAt": "2026-11-23T10:06:21Z"}},
}


def pod(status=None, metadata=None, **spec):
    return of(
        "Pod",
        "web-1",
        labels={"app": "web"},
        metadata={**owned("ReplicaSet", "web"), **(metadata or {})},
        spec={"priority": 0, "nodeName": "node-3", "containers": [CONTAINER], **spec},
        status={
            "phase": "Running",
            "hostIP": "127.0.0.13",
            "podIP": "10.244.3.6",
            "podIPs": [{"ip": "10.244.3.6"}],
            "startTime": CREATED,
            "qosClass": "BestEffort",
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [RUNNING],
            **(status or {}),
        },
    )


def test_a_running_pod():
    tolerations = [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for key in ("unreachable", "not-ready")
    ]
    # kubectl leaves a blank behind each status, here a tilde.
    assert describe(pod(tolerations=tolerations), NOW).replace("True \n", "True~\n") == text("""
        Name:         web-1
        Namespace:    ref-a
        Priority:     0
        Node:         node-3/127.0.0.13
        Start Time:   Mon, 23 Nov 2026 10:06:17 +0000
        Labels:       app=web
        Annotations:  <none>
        Status:       Running
        IP:           10.244.3.6
        IPs:
          IP:           10.244.3.6
        Controlled By:  ReplicaSet/web
        Containers:
          nginx:
            Container ID:   containerd://8b8b
            Image:          nginx:1.27
            Image ID:       sha256:cd44
            Port:           80/TCP
            Host Port:      0/TCP
            State:          Running
              Started:      Mon, 23 Nov 2026 10:06:21 +0000
            Ready:          True
            Restart Count:  0
            Environment:    <none>
            Mounts:         <none>
        Conditions:
          Type           Status
          Ready          True~
          PodScheduled   True~
        Volumes:         <none>
        QoS Class:       BestEffort
        Node-Selectors:  <none>
        Tolerations:     node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                         node.kubernetes.io/unreachable:NoExecute op=Exists for 300s
        Events:          <none>
        """)


def test_a_pod_that_is_being_deleted():
    marks = {"deletionTimestamp": "2026-11-23T10:06:20Z", "deletionGracePeriodSeconds": 30}
    shown = describe(pod(metadata=marks), NOW)
    assert "Status:                    Terminating (lasts 8s)\n" in shown
    assert "Termination Grace Period:  30s\n" in shown


def test_a_pod_that_nobody_runs_yet():
    shown = describe(pod(nodeName="", status={"podIPs": [], "phase": "Pending", "containerStatuses": []}), NOW)
    assert "Node:           <none>\n" in shown
    assert "IPs:            <none>\n" in shown
    assert "Container ID" not in shown


CRASHING = {
    **RUNNING,
    "ready": False,
    "restartCount": 3,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {
        "terminated": {
            "exitCode": 137,
            "signal": 9,
            "reason": "OOMKilled",
            "startedAt": "2026-11-23T10:06:17Z",
            "finishedAt": "2026-11-23T10:06:18Z",
        }
    },
}


def test_a_container_that_crashes():
    shown = describe(pod(status={"containerStatuses": [CRASHING]}), NOW)
    assert shown[shown.index("    State:") : shown.index("    Environment:")] == (
        "    State:          Waiting\n"
        "      Reason:       CrashLoopBackOff\n"
        "    Last State:     Terminated\n"
        "      Reason:       OOMKilled\n"
        "      Exit Code:    137\n"
        "      Signal:       9\n"
        "      Started:      Mon, 23 Nov 2026 10:06:17 +0000\n"
        "      Finished:     Mon, 23 Nov 2026 10:06:18 +0000\n"
        "    Ready:          False\n"
        "    Restart Count:  3\n"
    )


def timing(delay=0):
    """Fields of a probe as the API server defaults them."""
    return {
        "initialDelaySeconds": delay,
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


RICH = {
    "name": "c",
    "image": "nginx",
    "command": ["sh", "-c", "echo a\necho b"],
    "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP", "hostPort": 5353}],
    "resources": {"limits": {"cpu": "500m", "memory": "128Mi"}, "requests": {"cpu": "0.25"}},
    "livenessProbe": {"httpGet": {"path": "/health", "port": 8080, "scheme": "HTTP"}, **timing()},
    "readinessProbe": {"tcpSocket": {"port": "http"}, **timing(5)},
    "startupProbe": {"exec": {"command": ["cat", "/tmp/x"]}, **timing()},
    "envFrom": [{"configMapRef": {"name": "cm"}}, {"prefix": "P_", "secretRef": {"name": "s", "optional": True}}],
    "env": [
        {"name": "A", "value": "1\n2"},
        {"name": "B", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "D", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k", "optional": True}}},
        {"name": "E", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    ],
    "volumeMounts": [
        {"name": "v", "mountPath": "/z"},
        {"name": "h", "mountPath": "/b", "readOnly": True, "subPath": "q"},
    ],
}


def test_all_that_a_container_can_have():
    shown = describe(pod(containers=[RICH], status={"containerStatuses": []}), NOW)
    begin = shown.index("  c:\n")
    assert shown[begin : shown.index("Conditions:")] == (
        "  c:\n"
        "    Image:       nginx\n"
        "    Ports:       80/TCP, 53/UDP\n"
        "    Host Ports:  0/TCP, 5353/UDP\n"
        "    Command:\n"
        "      sh\n"
        "      -c\n"
        "      echo a\n"
        "      echo b\n"
        "    Limits:\n"
        "      cpu:     500m\n"
        "      memory:  128Mi\n"
        "    Requests:\n"
        "      cpu:      250m\n"
        "    Liveness:   http-get http://:8080/health delay=0s timeout=1s period=10s #success=1 #failure=3\n"
        "    Readiness:  tcp-socket :http delay=5s timeout=1s period=10s #success=1 #failure=3\n"
        "    Startup:    exec [cat /tmp/x] delay=0s timeout=1s period=10s #success=1 #failure=3\n"
        "    Environment Variables from:\n"
        "      cm  ConfigMap                Optional: false\n"
        "      s   Secret with prefix 'P_'  Optional: true\n"
        "    Environment:\n"
        "      A:  1\n"
        "          2\n"
        "      B:  web-1 (v1:metadata.name)\n"
        "      C:  <set to the key 'k' in secret 's'>       Optional: false\n"
        "      D:  <set to the key 'k' of config map 'cm'>  Optional: true\n"
        "      E:  1 (limits.cpu)\n"
        "    Mounts:\n"
        '      /b from h (ro,path="q")\n'
        "      /z from v (rw)\n"
    )


def test_volumes():
    volumes = [
        {"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
        {"name": "h", "hostPath": {"path": "/x", "type": "Directory"}},
        {"name": "cm", "configMap": {"name": "cm"}},
        {"name": "s", "secret": {"secretName": "s", "optional": True}},
        {"name": "pvc", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "other", "rbd": {}},
    ]
    shown = describe(pod(volumes=volumes), NOW)
    assert shown[shown.index("Volumes:") : shown.index("QoS Class:")] == text("""
        Volumes:
          m:
            Type:       EmptyDir (a temporary directory that shares a pod's lifetime)
            Medium:     Memory
            SizeLimit:  64Mi
          h:
            Type:          HostPath (bare host directory volume)
            Path:          /x
            HostPathType:  Directory
          cm:
            Type:      ConfigMap (a volume populated by a ConfigMap)
            Name:      cm
            Optional:  false
          s:
            Type:        Secret (a volume populated by a Secret)
            SecretName:  s
            Optional:    true
          pvc:
            Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
            ClaimName:  data
            ReadOnly:   false
          other:
            <unknown>
        """)


def slice_of(service, *addresses, ready=True):
    return of(
        "EndpointSlice",
        f"{service}-mjmj5",
        labels={"kubernetes.io/service-name": service},
        addressType="IPv4",
        ports=[{"name": "http", "port": 80, "protocol": "TCP"}],
        endpoints=[
            {
                "addresses": [address],
                "conditions": {"ready": ready},
                "nodeName": "node-2",
                "targetRef": {"kind": "Pod", "name": "web-1"},
            }
            for address in addresses
        ],
    )


def test_a_service_with_its_endpoints():
    service = of(
        "Service",
        "web",
        spec={
            "type": "ClusterIP",
            "selector": {"app": "web"},
            "clusterIP": "10.96.11.66",
            "clusterIPs": ["10.96.11.66"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "http", "port": 80, "targetPort": 80, "protocol": "TCP"}],
            "sessionAffinity": "None",
            "internalTrafficPolicy": "Cluster",
        },
    )
    slices = [
        slice_of("web", "10.244.2.5", "10.244.3.6", "10.244.1.1", "10.244.1.2"),
        slice_of("web", "10.9.9.9", ready=False),
        slice_of("other", "10.8.8.8"),
    ]
    assert describe(service, NOW, related=slices) == text("""
        Name:                     web
        Namespace:                ref-a
        Labels:                   <none>
        Annotations:              <none>
        Selector:                 app=web
        Type:                     ClusterIP
        IP Family Policy:         SingleStack
        IP Families:              IPv4
        IP:                       10.96.11.66
        IPs:                      10.96.11.66
        Port:                     http  80/TCP
        TargetPort:               80/TCP
        Endpoints:                10.244.2.5:80,10.244.3.6:80,10.244.1.1:80 + 1 more...
        Session Affinity:         None
        Internal Traffic Policy:  Cluster
        Events:                   <none>
        """)


def test_an_endpoint_slice():
    assert describe(slice_of("web", "10.244.2.5"), NOW) == text("""
        Name:         web-mjmj5
        Namespace:    ref-a
        Labels:       kubernetes.io/service-name=web
        Annotations:  <none>
        AddressType:  IPv4
        Ports:
          Name  Port  Protocol
          ----  ----  --------
          http  80    TCP
        Endpoints:
          - Addresses:  10.244.2.5
            Conditions:
              Ready:    true
            Hostname:   <unset>
            TargetRef:  Pod/web-1
            NodeName:   node-2
            Zone:       <unset>
        Events:         <none>
        """)


def test_a_node_with_its_lease_and_what_its_pods_ask_for():
    node = of(
        "Node",
        "node-3",
        spec={
            "unschedulable": True,
            "taints": [{"key": "z", "value": "v", "effect": "NoSchedule"}, {"key": "b", "effect": "NoExecute"}],
        },
        status={
            "allocatable": {"cpu": "4", "memory": "8Gi", "hugepages-2Mi": "0"},
            "addresses": [{"type": "InternalIP", "address": "127.0.0.13"}],
            "nodeInfo": {"kubeletVersion": "v1.36.2"},
        },
    )
    lease = of("Lease", "node-3", spec={"holderIdentity": "node-3", "renewTime": "2026-11-23T10:06:27.123000Z"})
    asking = pod(containers=[RICH])
    finished = pod(containers=[RICH], status={"phase": "Succeeded"})
    shown = describe(node, NOW, related=[lease, asking, finished]).splitlines()
    for line in (
        "Taints:             b:NoExecute",
        "                    z=v:NoSchedule",
        "Unschedulable:      true",
        "  HolderIdentity:  node-3",
        "  AcquireTime:     <unset>",
        "  RenewTime:       Mon, 23 Nov 2026 10:06:27 +0000",
        "  Kubelet Version:            v1.36.2",
        "Non-terminated Pods:          (1 in total)",
        "  ref-a                       web-1    250m (6%)     500m (12%)  0 (0%)           128Mi (1%)     11s",
        "  cpu                250m (6%)  500m (12%)",
        "  memory             0 (0%)     128Mi (1%)",
        "  hugepages-2Mi      0 (0%)     0 (0%)",
    ):
        assert line in shown


def test_a_config_map():
    given = of("ConfigMap", "cm", data={"b": "x", "a": "1\n2\n"}, binaryData={"z": "MTIz"})
    assert describe(given, NOW) == text("""
        Name:         cm
        Namespace:    ref-a
        Labels:       <none>
        Annotations:  <none>

        Data
        ====
        a:
        ----
        1
        2


        b:
        ----
        x


        BinaryData
        ====
        z: 3 bytes

        Events:  <none>
        """)


def test_a_namespace():
    assert describe(of("Namespace", "ref-a", status={"phase": "Active"}), NOW) == text("""
        Name:         ref-a
        Labels:       <none>
        Annotations:  <none>
        Status:       Active

        No resource quota.

        No LimitRange resource.
        """)


def test_a_kind_that_kubectl_does_not_know_is_told_field_by_field():
    given = {
        "apiVersion": "db.example.com/v1",
        "kind": "MySQLCluster",
        "metadata": {
            "name": "main",
            "namespace": "ref-m",
            "creationTimestamp": "2026-11-23T10:11:35Z",
            "uid": "ec3b",
            "managedFields": [],
        },
        "spec": {"replicas": 5, "apiURL": "x", "podCIDRs": ["a", {"b": None}], "some-key": True, "v2": 1},
        "status": {"readyReplicas": 3},
    }
    assert describe(given, NOW) == text("""
        Name:         main
        Namespace:    ref-m
        Labels:       <none>
        Annotations:  <none>
        API Version:  db.example.com/v1
        Kind:         MySQLCluster
        Metadata:
          Creation Timestamp:  2026-11-23T10:11:35Z
          UID:                 ec3b
        Spec:
          API URL:  x
          Pod CID Rs:
            a
            B:         <nil>
          Replicas:    5
          Some - Key:  true
          v2:          1
        Status:
          Ready Replicas:  3
        Events:            <none>
        """)


def test_a_replication_controller_selects_by_plain_labels():
    controller = of(
        "ReplicationController",
        "old",
        spec={"replicas": 2, "selector": {"app": "web"}, "template": TEMPLATE},
        status={"replicas": 1},
    )
    pod = of("Pod", "old-1", metadata=owned("ReplicationController", "old"), status={"phase": "Running"})
    pod["metadata"]["ownerReferences"][0]["uid"] = controller["metadata"]["uid"]
    lines = describe(controller, NOW, related=[pod]).splitlines()
    assert lines[2] == "Selector:     app=web"
    assert "Replicas:     1 current / 2 desired" in lines
    assert "Pods Status:  1 Running / 0 Waiting / 0 Succeeded / 0 Failed" in lines


def test_only_what_is_modelled_is_known():
    known = {kind for kind, row in KINDS.items() if knows(kind) and not row.is_local}
    assert known == {
        "APIService", "CSIDriver", "CSIStorageCapacity", "ConfigMap", "ControllerRevision",
        "CustomResourceDefinition", "DaemonSet", "Deployment", "DeviceClass", "EndpointSlice", "Event", "FlowSchema",
        "Lease", "Namespace", "Node", "Pod", "PodTemplate", "PriorityLevelConfiguration", "ReplicaSet",
        "ReplicationController", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice", "RuntimeClass", "Service",
        "StatefulSet", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "VolumeAttachment",
    }  # fmt: skip
