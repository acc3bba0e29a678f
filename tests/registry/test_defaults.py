"""Defaulting compared with what a real API server stored (scenarios a, e and h of the recordings, restated)."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.errors import Forbidden
from app.api.objects import Obj
from app.apimachinery.documents import parse
from app.registry.defaults import defaults
from tests.support.kinds import admit, decode, default


def stored(text: str) -> Obj:
    """What the API server makes of a manifest, before it allocates addresses."""
    return admit(default(decode(parse(text)[0].obj)))


CONTAINER = {
    "name": "nginx",
    "image": "nginx:1.27",
    "ports": [{"containerPort": 80, "protocol": "TCP"}],
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "imagePullPolicy": "IfNotPresent",
}
TEMPLATE_SPEC = {
    "containers": [CONTAINER],
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
TOLERATIONS = [
    {
        "key": f"node.kubernetes.io/{condition}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    for condition in ("not-ready", "unreachable")
]

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: "nginx:1.27", ports: [{containerPort: 80}]}
"""


def test_a_deployment_is_stored_as_recorded() -> None:
    assert stored(DEPLOYMENT)["spec"] == {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": TEMPLATE_SPEC},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }


def test_recreate_has_no_rolling_update() -> None:
    text = DEPLOYMENT + "  strategy: {type: Recreate}\n"
    assert stored(text)["spec"]["strategy"] == {"type": "Recreate"}


def test_a_replica_set_is_stored_as_recorded() -> None:
    text = DEPLOYMENT.replace("kind: Deployment", "kind: ReplicaSet")
    assert stored(text)["spec"] == {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": TEMPLATE_SPEC},
    }


def test_a_missing_template_is_filled_so_that_validation_can_speak() -> None:
    text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}"
    assert stored(text)["spec"]["template"] == {
        "metadata": {},
        "spec": {key: value for key, value in TEMPLATE_SPEC.items() if key != "containers"},
    }


def test_a_pod_is_stored_as_recorded() -> None:
    text = """
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - {name: nginx, image: "nginx:1.27", ports: [{containerPort: 80}]}
"""
    assert stored(text)["spec"] == {
        **TEMPLATE_SPEC,
        "tolerations": TOLERATIONS,
        "serviceAccountName": "default",
        "serviceAccount": "default",
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }


def test_a_service_is_stored_as_recorded_but_for_its_address() -> None:
    text = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
"""
    assert stored(text)["spec"] == {
        "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 80}],
        "selector": {"app": "web"},
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
    }


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"type": "NodePort"}, {"externalTrafficPolicy": "Cluster"}),
        ({"type": "LoadBalancer"}, {"externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": True}),
        ({"sessionAffinity": "ClientIP"}, {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}}),
        ({"type": "ExternalName"}, {"internalTrafficPolicy": None}),
    ],
)
def test_the_kinds_of_service_differ(spec: Obj, expected: Obj) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}
    found = default(service)["spec"]
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("registry.example:5000/team/nginx", "Always"),
        ("registry.example:5000/team/nginx:1", "IfNotPresent"),
        ("nginx@sha256:" + "a" * 64, "IfNotPresent"),
        ("", "IfNotPresent"),
    ],
)
def test_the_pull_policy_follows_the_tag(image: str, policy: str) -> None:
    assert defaults.pull_policy(image) == policy


def test_probes_hooks_variables_and_volumes_are_filled() -> None:
    spec = stored(
        """
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: c
    image: nginx:1
    readinessProbe: {httpGet: {port: 80}}
    livenessProbe: {grpc: {port: 9000}, periodSeconds: 5}
    lifecycle: {preStop: {httpGet: {port: 80}}}
    env:
    - {name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  volumes:
  - {name: scratch}
  - {name: config, configMap: {name: cm}}
  - {name: host, hostPath: {path: /tmp}}
  - {name: all, projected: {sources: [{serviceAccountToken: {path: token}}]}}
"""
    )["spec"]
    container = spec["containers"][0]
    thresholds = {"timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3}
    page = {"port": 80, "path": "/", "scheme": "HTTP"}
    assert container["readinessProbe"] == {"httpGet": page, "periodSeconds": 10, **thresholds}
    assert container["livenessProbe"] == {"grpc": {"port": 9000, "service": ""}, "periodSeconds": 5, **thresholds}
    assert container["lifecycle"] == {"preStop": {"httpGet": page}}
    assert container["env"][0]["valueFrom"]["fieldRef"]["apiVersion"] == "v1"
    assert spec["volumes"] == [
        {"name": "scratch", "emptyDir": {}},
        {"name": "config", "configMap": {"name": "cm", "defaultMode": 420}},
        {"name": "host", "hostPath": {"path": "/tmp", "type": ""}},
        {
            "name": "all",
            "projected": {
                "defaultMode": 420,
                "sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}],
            },
        },
    ]


def pod(container: Obj, **spec: Any) -> Obj:
    containers = [{"name": "c", "image": "nginx:1", **container}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers, **spec}}


def test_requests_follow_limits_in_pods_but_not_in_templates() -> None:
    resources = {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}
    wanted = pod({"resources": resources})
    assert default(wanted)["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "1", "memory": "1Gi"},
        "requests": {"cpu": "500m", "memory": "1Gi"},
    }
    template = {"template": {"metadata": {}, "spec": wanted["spec"]}}
    replica_set = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r"}, "spec": template}
    container = default(replica_set)["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"] == resources


def test_what_a_pod_with_limits_as_a_whole_asks_for() -> None:
    whole = {"limits": {"cpu": "1", "memory": "200Mi"}}
    by_limits = default(pod({}, resources=whole))
    assert by_limits["spec"]["resources"]["requests"] == {"cpu": "1", "memory": "200Mi"}
    by_container = default(pod({"resources": {"requests": {"cpu": "300m"}}}, resources=whole))
    assert by_container["spec"]["resources"]["requests"] == {"cpu": "300m", "memory": "200Mi"}
    assert default(by_container) == by_container


def test_with_the_hosts_network_ports_are_the_hosts() -> None:
    found = default(pod({"ports": [{"containerPort": 80}]}, hostNetwork=True))
    assert found["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP", "hostPort": 80}]


def test_fields_of_features_that_are_off_are_dropped() -> None:
    pod = stored("""
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  schedulingGroup: {podGroupName: crew}
  containers: [{name: c, image: i, lifecycle: {stopSignal: SIGUSR1, preStop: {sleep: {seconds: 1}}}}]
  volumes: [{name: v, projected: {sources: [{clusterTrustBundle: {name: b, path: p}}, {secret: {name: s}}]}}]
""")
    assert "schedulingGroup" not in pod["spec"]
    assert pod["spec"]["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 1}}}
    assert pod["spec"]["volumes"][0]["projected"]["sources"] == [{}, {"secret": {"name": "s"}}]


def test_sources_of_volumes_are_filled() -> None:
    pod = stored("""
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: c, image: i}]
  volumes: [{name: a, azureDisk: {diskName: d, diskURI: "https://d"}}, {name: r, rbd: {monitors: [m], image: i}}]
""")
    disk, block = pod["spec"]["volumes"]
    assert disk["azureDisk"]["kind"] == "Shared"
    assert (block["rbd"]["pool"], block["rbd"]["user"]) == ("rbd", "admin")


def test_tolerations_that_are_there_are_kept() -> None:
    own = {**TOLERATIONS[1], "tolerationSeconds": 5}
    admitted = defaults.admit(pod({}, tolerations=[own]))["spec"]["tolerations"]
    assert admitted == [own, TOLERATIONS[0]]
    everything = [{"operator": "Exists"}]
    assert defaults.admit(pod({}, tolerations=everything))["spec"]["tolerations"] == everything


def test_a_priority_class_gives_its_priority() -> None:
    admitted = defaults.admit(pod({}, priorityClassName="system-node-critical"))
    assert admitted["spec"]["priority"] == 2_000_001_000
    with pytest.raises(Forbidden, match="no PriorityClass with name gold was found"):
        defaults.admit(pod({}, priorityClassName="gold"))


def test_namespaces_nodes_and_slices_are_filled() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "blue", "labels": {"a": "b"}}}
    labels = default(namespace)["metadata"]["labels"]
    assert labels == {"a": "b", "kubernetes.io/metadata.name": "blue"}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"capacity": {"cpu": "4"}}}
    assert default(node)["status"]["allocatable"] == {"cpu": "4"}
    endpoints = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e"}}
    assert default({**endpoints, "ports": [{"port": 80}]})["ports"] == [{"port": 80, "name": "", "protocol": "TCP"}]
    assert default({**endpoints, "ports": None})["ports"] is None


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet"])
def test_defaulting_twice_changes_nothing(kind: str) -> None:
    once = stored(DEPLOYMENT.replace("kind: Deployment", f"kind: {kind}"))
    assert default(once) is once


def test_nothing_given_is_mutated_and_what_is_complete_comes_back_itself() -> None:
    wanted = pod({"ports": [{"containerPort": 80}]})
    text = repr(wanted)
    found = admit(default(wanted))
    assert repr(wanted) == text
    assert admit(default(found)) is found


def test_pods_of_one_template_share_one_spec() -> None:
    template = stored(DEPLOYMENT)["spec"]["template"]

    def new_pod(name: str) -> Obj:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": template["spec"]}
        return admit(default(pod))

    assert new_pod("one")["spec"] is new_pod("two")["spec"]
