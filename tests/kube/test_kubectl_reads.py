"""What people look at with the real kubectl."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.support.clients import DEPLOYMENT, Kubectl
from tests.support.patience import PATIENCE_S
from tests.support.server import Server

CONTROLLER = """
apiVersion: v1
kind: ReplicationController
metadata: {name: old}
spec:
  replicas: 2
  selector: {app: old}
  template:
    metadata: {labels: {app: old}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""


def test_version_names_a_server_that_kubectl_can_compare_itself_with(kubectl: Kubectl) -> None:
    assert kubectl.json("version")["serverVersion"]["gitVersion"].startswith("v1.36.")


def test_api_resources_and_versions(kubectl: Kubectl) -> None:
    listed = kubectl("api-resources")
    for words in (("pods", "po", "v1"), ("deployments", "deploy", "apps/v1"), ("nodes", "no", "v1")):
        assert any(set(words) <= set(line.split()) for line in listed.splitlines())
    assert "loopscope" not in listed
    assert {"v1", "apps/v1", "discovery.k8s.io/v1"} <= set(kubectl("api-versions").split())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("deployment.spec.strategy", "rollingUpdate"),
        ("pod.spec.containers.image", "image <string>"),
        ("svc.spec.ports", "targetPort"),
    ],
)
def test_explain_reads_the_schemas(kubectl: Kubectl, path: str, said: str) -> None:
    assert said in kubectl("explain", path)


def test_explain_shows_the_whole_tree(kubectl: Kubectl) -> None:
    tree = kubectl("explain", "deployment", "--recursive")
    assert {"maxSurge", "livenessProbe", "topologySpreadConstraints"} <= set(tree.split())
    old, new = (kubectl("explain", "hpa.spec", f"--api-version=autoscaling/{version}") for version in ("v1", "v2"))
    assert "targetCPUUtilizationPercentage" in old
    assert "behavior" in new


def test_tables_have_kubectls_columns(kubectl: Kubectl) -> None:
    kubectl("rollout", "status", "deploy/web")
    header, *pods = kubectl("get", "pods").splitlines()
    assert header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row.split()[1:4] for row in pods] == [["1/1", "Running", "0"]] * 3
    wide = kubectl("get", "po", "-o", "wide").splitlines()
    assert wide[0].split()[5:7] == ["IP", "NODE"]
    assert kubectl("get", "deploy").splitlines()[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert "web" in kubectl("get", "all")
    assert kubectl("get", "pods", "-A").startswith("NAMESPACE")
    assert "app=web" in kubectl("get", "pods", "--show-labels")


def test_a_table_can_be_sorted_by_a_field_of_the_object(kubectl: Kubectl) -> None:
    names = [row.split()[0] for row in kubectl("get", "nodes", "--sort-by=.status.addresses[0].address").splitlines()]
    assert names == ["NAME", "node-1", "node-2", "node-3"]


def test_other_forms(kubectl: Kubectl) -> None:
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "3"
    assert kubectl("get", "nodes", "-o", "name").split() == ["node/node-1", "node/node-2", "node/node-3"]
    assert kubectl("get", "nodes", "-o", "custom-columns=N:.metadata.name").split()[0] == "N"
    assert "kind: Deployment" in kubectl("get", "deploy", "web", "-o", "yaml")
    assert kubectl.json("get", "pods")["kind"] == "List"
    # older ones leave out the room's path: then it is the whole server that answers
    health = kubectl("get", "--raw", "/healthz").strip()
    assert health == "ok" or json.loads(health)["status"] == "ok"


def test_selectors(kubectl: Kubectl) -> None:
    assert len(kubectl("get", "pods", "-l", "app=web", "-o", "name").split()) == 3
    assert kubectl("get", "pods", "-l", "app notin (web)", "-o", "name") == ""
    assert kubectl("get", "pods", "--field-selector", "status.phase=Failed", "-o", "name") == ""
    said = kubectl.refused("get", "pods", "-l", "a in (")
    assert "unable to parse requirement: found '', expected: ',', ')' or identifier" in said
    assert "field label not supported: spec.foo" in kubectl.refused("get", "pods", "--field-selector", "spec.foo=bar")


def test_what_is_not_there(kubectl: Kubectl) -> None:
    assert kubectl.refused("get", "pod", "nope") == 'Error from server (NotFound): pods "nope" not found\n'
    assert 'the server doesn\'t have a resource type "gizmos"' in kubectl.refused("get", "gizmos")
    assert "metrics not available yet" in kubectl.refused("top", "nodes")
    assert "NotFound" in kubectl.refused("get", "--raw", "/gizmos")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("deploy", "web"), "StrategyType:           RollingUpdate"),
        (("rs", "-l", "app=web"), "Controlled By:  Deployment/web"),
        (("svc", "web"), "Endpoints:"),
        (("node", "node-1"), "Allocated resources:"),
        (("pod", "web-"), "Image:          nginx:1.27"),
    ],
)
def test_describe(kubectl: Kubectl, words: tuple[str, ...], said: str) -> None:
    text = kubectl("describe", *words, "--show-events")
    assert said in text
    assert "Events:" in text


DESCRIBED = (
    "deployment",
    "replicaset",
    "service",
    "node",
    "pod",
    "endpointslice",
    "namespace",
    "replicationcontroller",
)


@pytest.mark.kubectl(36)
def test_the_inspector_shows_what_kubectl_describes(kubectl: Kubectl, server: Server) -> None:
    kubectl("create", "-f", "-", stdin=CONTROLLER)
    kubectl("wait", "--for=jsonpath={.status.readyReplicas}=2", "rc/old")
    kubectl("rollout", "status", "deploy/web")
    visitor, base = server.stranger(), kubectl.server.removeprefix(server.url).removesuffix("/kube")
    visitor.get(base)
    visitor.post(f"{base}/pace", {"paused": "true"})
    for resource in DESCRIBED:
        obj = kubectl.json("get", resource)["items"][0]
        namespace, name = obj["metadata"].get("namespace", "-"), obj["metadata"]["name"]
        page = visitor.get(f"{base}/objects/{obj['kind']}/{namespace}/{name}?view=describe&lang=en")
        shown = re.search(r'<pre class="described" tabindex="0">(.*?)</pre>', page, re.DOTALL)
        assert shown, resource
        assert ageless(html.unescape(shown[1])) == ageless(kubectl("describe", resource, name))


def ageless(text: str) -> list[str]:
    """Without ages, which kubectl reckons by its own clock (a room may be ahead of it), and the columns whose width
    follows from them."""
    lines = re.sub(r"(?<=\s)((\d+[smhd])+|<invalid>)(?!\S)", "AGE", text).splitlines()
    return [re.sub("-+", "-", " ".join(line.split())) for line in lines]


def test_describe_tells_the_events_of_a_pod_from_its_first_to_its_last(kubectl: Kubectl) -> None:
    kubectl("rollout", "status", "deploy/web")
    pod = kubectl("get", "pods", "-o", "jsonpath={.items[0].metadata.name}")
    events = kubectl("describe", "pod", pod).partition("Events:")[2].splitlines()
    assert [line.split()[1] for line in events[3:]] == ["Scheduled", "Pulling", "Pulled", "Created", "Started"]


def test_get_events(kubectl: Kubectl) -> None:
    assert "SuccessfulCreate" in kubectl("get", "events")
    assert "Scaled up replica set" in kubectl("get", "events", "--field-selector", "involvedObject.kind=Deployment")


@pytest.mark.kubectl(23)
def test_events(kubectl: Kubectl) -> None:
    assert "Scaled up replica set" in kubectl("events", "--for", "deploy/web")
    assert "SuccessfulCreate" in kubectl("events", "-A", "--types=Normal")


def test_watching_a_table_prints_a_row_per_change(kubectl: Kubectl) -> None:
    watch = kubectl.start("get", "pods", "-w")
    try:
        assert watch.stdout is not None
        header = watch.stdout.readline()
        seen = [watch.stdout.readline() for _ in range(3)]
        kubectl("run", "extra", "--image=nginx:1.27")
        while not any(line.split()[:3] == ["extra", "1/1", "Running"] for line in seen):
            seen.append(watch.stdout.readline())
            assert seen[-1], seen
    finally:
        watch.kill()
        watch.communicate()
    assert header.split()[0] == "NAME"
    assert next(line.split()[2] for line in seen if line.startswith("extra")) == "Pending"


def test_logs(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    kubectl("rollout", "status", "deploy/shop")
    assert "starting nginx:1.27" in kubectl("logs", "deploy/shop")
    assert kubectl("logs", "deploy/shop", "--tail=1").count("\n") == 1
    assert kubectl("logs", "-l", "app=shop", "--prefix", "--timestamps").startswith("[pod/shop-")
    assert 'pods "nope" not found' in kubectl.refused("logs", "nope")


def test_following_a_log_ends_with_the_container(kubectl: Kubectl) -> None:
    kubectl("rollout", "status", "deploy/web")
    pod = kubectl("get", "pods", "-o", "jsonpath={.items[0].metadata.name}")
    follow = kubectl.start("logs", "-f", pod)
    assert follow.stdout is not None
    assert "starting" in follow.stdout.readline()
    assert "GET /" in follow.stdout.readline()
    kubectl("delete", "pod", pod)
    follow.communicate(timeout=PATIENCE_S)
    assert follow.returncode == 0


def test_may_i(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert kubectl("auth", "can-i", "delete", "nodes", "--all-namespaces").endswith("yes\n")
    assert "*.*" in kubectl("auth", "can-i", "--list")


@pytest.mark.kubectl(28)
def test_who_am_i(kubectl: Kubectl) -> None:
    assert json.loads(kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]["username"] == "you"


def test_the_kubeconfig_has_one_context_named_after_the_room(kubectl: Kubectl) -> None:
    assert kubectl("config", "current-context").startswith("loopscope-")
    assert kubectl.server in kubectl("config", "view")
    assert kubectl.server in kubectl("cluster-info")


AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 3
  maxReplicas: 5
  metrics:
  - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 24Mi}}}
"""


@pytest.mark.kubectl(27)
def test_top_shows_what_pods_and_nodes_use_once_somebody_measures(kubectl: Kubectl) -> None:
    kubectl("rollout", "status", "deploy/web")
    kubectl("create", "-f", "-", stdin=AUTOSCALER)
    kubectl("wait", "--for=condition=ScalingActive", "hpa/web")
    header, *pods = kubectl("top", "pods").splitlines()
    assert header.split() == ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert [row.split()[1:] for row in pods] == [["1m", "12Mi"]] * 3
    _header, *nodes = kubectl("top", "nodes").splitlines()
    assert [row.split()[0] for row in nodes] == ["node-1", "node-2", "node-3"]
    assert "memory: 12582912/24Mi" in kubectl("get", "hpa", "web")
    described = kubectl("describe", "hpa", "web")
    assert "ScalingActive" in described
