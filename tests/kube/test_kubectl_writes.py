"""What people do with the real kubectl, and what becomes of it."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.clients import DEPLOYMENT, Kubectl
from tests.support.patience import PATIENCE_S
from tests.support.server import Server

POD = """
apiVersion: v1
kind: Pod
metadata: {name: solo}
spec: {containers: [{name: c, image: "nginx:1.27"}]}
"""
AUTOSCALER = """
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  maxReplicas: 5
  targetCPUUtilizationPercentage: 60
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
"""


def replicas(kubectl: Kubectl) -> str:
    return kubectl("get", "deploy", "shop", "-o", "jsonpath={.spec.replicas}")


@pytest.fixture
def shop(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    return kubectl


def test_apply_creates_configures_and_leaves_alone(kubectl: Kubectl) -> None:
    more = DEPLOYMENT.replace("replicas: 2", "replicas: 3")
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT) == "deployment.apps/shop created\n"
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT) == "deployment.apps/shop unchanged\n"
    dry = kubectl("apply", "--dry-run=server", "-f", "-", stdin=more)
    assert dry == "deployment.apps/shop configured (server dry run)\n"
    assert replicas(kubectl) == "2"
    assert kubectl("apply", "-f", "-", stdin=more) == "deployment.apps/shop configured\n"
    assert replicas(kubectl) == "3"


def test_apply_takes_away_what_the_other_of_a_union_had(kubectl: Kubectl) -> None:
    """kubectl names the keys that stay, and says null of the others."""
    one = DEPLOYMENT.replace("spec: {containers", "spec: {volumes: [{name: data, emptyDir: {}}], containers")
    other = one.replace("emptyDir: {}", "persistentVolumeClaim: {claimName: data}")
    one = one.replace("replicas: 2", "replicas: 2\n  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}")
    other = other.replace("replicas: 2", "replicas: 2\n  strategy: {type: Recreate}")
    kubectl("apply", "-f", "-", stdin=one)
    assert kubectl("apply", "-f", "-", stdin=other) == "deployment.apps/shop configured\n"
    spec = json.loads(kubectl("get", "deploy", "shop", "-o", "json"))["spec"]
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["template"]["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]


def test_diff_shows_what_apply_would_change(shop: Kubectl) -> None:
    done = shop.run("diff", "-f", "-", stdin=DEPLOYMENT.replace("replicas: 2", "replicas: 7"))
    assert done.returncode == 1
    changed = [line for line in done.stdout.splitlines() if line[:2] in ("+ ", "- ")]
    assert "-  replicas: 2" in changed
    assert "+  replicas: 7" in changed
    assert not any("resourceVersion" in line or "uid" in line for line in changed)
    assert shop.run("diff", "-f", "-", stdin=DEPLOYMENT).returncode == 0


def test_server_side_apply(kubectl: Kubectl) -> None:
    said = "deployment.apps/shop serverside-applied\n"
    assert kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT) == said
    more = DEPLOYMENT.replace("replicas: 2", "replicas: 3")
    assert kubectl("apply", "--server-side", "-f", "-", stdin=more) == said
    assert replicas(kubectl) == "3"
    conflict = kubectl.refused("apply", "--server-side", "--field-manager=two", "-f", "-", stdin=DEPLOYMENT)
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas' in conflict
    forced = ("apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-")
    assert kubectl(*forced, stdin=DEPLOYMENT) == said
    assert replicas(kubectl) == "2"


def test_prune_deletes_what_is_not_in_the_text_any_more(shop: Kubectl) -> None:
    other = DEPLOYMENT.replace("name: shop,", "name: other,")
    listed = "--prune-allowlist" if shop.minor >= 26 else "--prune-whitelist"
    prune = ("apply", "-f", "-", "--prune", "-l", "app=shop", f"{listed}=apps/v1/Deployment")
    said = shop(*prune, stdin=other)
    assert "deployment.apps/other created" in said
    assert "deployment.apps/shop pruned" in said


@pytest.mark.kubectl(before=25)
def test_the_oldest_find_a_wrong_field_by_themselves(kubectl: Kubectl) -> None:
    """They read the schemas in version 2 for it; later ones ask the server."""
    said = kubectl.refused("apply", "-f", "-", stdin=DEPLOYMENT.replace("replicas", "replica"))
    assert 'unknown field "replica" in io.k8s.api.apps.v1.DeploymentSpec' in said


@pytest.mark.kubectl(25)
def test_a_wrong_field_is_named_and_nothing_happens(kubectl: Kubectl) -> None:
    wrong = DEPLOYMENT.replace("replicas", "replica")
    said = kubectl.refused("apply", "-f", "-", stdin=wrong)
    assert 'strict decoding error: unknown field "spec.replica"' in said
    done = kubectl.run("apply", "--validate=warn", "-f", "-", stdin=wrong)
    assert 'Warning: unknown field "spec.replica"' in done.stderr
    assert done.stdout == "deployment.apps/shop created\n"


def test_create_in_all_ways(kubectl: Kubectl) -> None:
    assert kubectl("create", "-f", "-", stdin=POD) == "pod/solo created\n"
    assert 'pods "solo" already exists' in kubectl.refused("create", "-f", "-", stdin=POD)
    assert kubectl("create", "ns", "team") == "namespace/team created\n"
    assert kubectl("-n", "team", "create", "deployment", "d", "--image=nginx:1.27") == "deployment.apps/d created\n"
    assert kubectl("create", "cm", "c", "--from-literal=a=1") == "configmap/c created\n"
    assert kubectl("create", "svc", "clusterip", "s", "--tcp=80:80") == "service/s created\n"
    assert kubectl("run", "r", "--image=nginx:1.27") == "pod/r created\n"
    assert kubectl.json("get", "cm", "c")["data"] == {"a": "1"}
    assert 'namespaces "nowhere" not found' in kubectl.refused("-n", "nowhere", "create", "-f", "-", stdin=POD)


def test_replace_and_its_conflict(shop: Kubectl) -> None:
    stale = shop("get", "deploy", "shop", "-o", "yaml")
    assert shop("replace", "-f", "-", stdin=DEPLOYMENT) == "deployment.apps/shop replaced\n"
    shop("label", "deploy", "shop", "x=y")
    assert "the object has been modified" in shop.refused("replace", "-f", "-", stdin=stale)


def test_edit_opens_an_editor_and_patches(shop: Kubectl) -> None:
    assert shop("edit", "deploy", "shop", env={"KUBE_EDITOR": "sed -i s/replicas:.2/replicas:\\ 4/"})
    assert replicas(shop) == "4"


def test_label_annotate_and_patch(shop: Kubectl) -> None:
    assert shop("label", "deploy", "shop", "x=y") == "deployment.apps/shop labeled\n"
    assert shop("label", "deploy", "shop", "x-").endswith("labeled\n")
    assert shop("annotate", "deploy", "shop", "note=hi").startswith("deployment.apps/shop annotate")
    meta = shop.json("get", "deploy", "shop")["metadata"]
    assert "x" not in meta["labels"]
    assert meta["annotations"]["note"] == "hi"
    said = "deployment.apps/shop patched\n"
    assert shop("patch", "deploy", "shop", "-p", '{"spec":{"replicas":3}}') == said
    assert shop("patch", "deploy", "shop", "--type=merge", "-p", '{"spec":{"replicas":4}}') == said
    operations = '[{"op":"replace","path":"/spec/replicas","value":5}]'
    assert shop("patch", "deploy", "shop", "--type=json", "-p", operations) == said
    assert replicas(shop) == "5"
    negative = shop.refused("patch", "deploy", "shop", "-p", '{"spec":{"replicas":-5}}')
    assert negative == (
        'The Deployment "shop" is invalid: spec.replicas: Invalid value: -5: must be greater than or equal to 0\n'
    )
    nowhere = '[{"op":"replace","path":"/spec/nope/x","value":5}]'
    said = shop.refused("patch", "deploy", "shop", "--type=json", "-p", nowhere)
    assert said.startswith("The request is invalid")


def test_scale(shop: Kubectl) -> None:
    assert shop("scale", "deploy/shop", "--replicas=4") == "deployment.apps/shop scaled\n"
    said = shop.refused("scale", "deploy/shop", "--current-replicas=9", "--replicas=1")
    assert said == "error: Expected replicas to be 9, was 4\n"
    shop("scale", "deploy/shop", "--current-replicas=4", "--replicas=3")
    assert replicas(shop) == "3"
    assert "no objects passed to scale" in shop.refused("scale", "deploy", "-l", "app=nope", "--replicas=1")


@pytest.mark.kubectl(24)
def test_subresources(shop: Kubectl) -> None:
    shop("patch", "deploy", "shop", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":5}}')
    assert replicas(shop) == "5"
    assert "shop" in shop("get", "deploy", "shop", "--subresource=status")


@pytest.mark.parametrize("words", [(), ("--cpu-percent=70",)], ids=["without a metric", "by the CPU"])
def test_autoscale(shop: Kubectl, words: tuple[str, ...]) -> None:
    """Up to 1.32 kubectl posts autoscaling/v1, in 1.32 as protobuf; later ones post v2."""
    said = "horizontalpodautoscaler.autoscaling/shop autoscaled\n"
    assert shop("autoscale", "deploy", "shop", "--min=2", "--max=5", *words) == said
    spec = shop.json("get", "hpa.v2.autoscaling", "shop")["spec"]
    assert (spec["scaleTargetRef"]["name"], spec["minReplicas"], spec["maxReplicas"]) == ("shop", 2, 5)
    wanted = 70 if words else 80
    assert [each["resource"]["target"]["averageUtilization"] for each in spec["metrics"]] == [wanted]
    older = shop.json("get", "horizontalpodautoscalers.v1.autoscaling", "shop")
    assert (older["apiVersion"], older["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", wanted)
    header, row = shop("get", "horizontalpodautoscalers.v1.autoscaling").splitlines()
    assert header.split() == ["NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"]
    assert row.split()[:2] == ["shop", "Deployment/shop"]
    again = shop.refused("autoscale", "deploy", "shop", "--max=5")
    assert "already exists" in again or "failed to create" in again  # 1.34 and newer keep the reason to themselves


def test_an_older_version_is_applied_and_edited(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", stdin=AUTOSCALER) == "horizontalpodautoscaler.autoscaling/shop created\n"
    assert kubectl("apply", "-f", "-", stdin=AUTOSCALER) == "horizontalpodautoscaler.autoscaling/shop unchanged\n"
    kubectl("apply", "-f", "-", stdin=AUTOSCALER.replace("60", "61"))
    kubectl("patch", "horizontalpodautoscalers.v1.autoscaling", "shop", "-p", '{"spec":{"maxReplicas":9}}')
    kubectl(
        "edit",
        "horizontalpodautoscalers.v1.autoscaling",
        "shop",
        env={"KUBE_EDITOR": "sed -i s/Percentage:.61/Percentage:\\ 62/"},
    )
    spec = kubectl.json("get", "hpa", "shop")["spec"]
    metric = kubectl.json("get", "hpa.v2.autoscaling", "shop")["spec"]["metrics"][0]
    assert (spec["maxReplicas"], metric["resource"]["target"]["averageUtilization"]) == (9, 62)


def test_set_and_expose(shop: Kubectl) -> None:
    assert shop("set", "image", "deploy/shop", "nginx=nginx:1.28") == "deployment.apps/shop image updated\n"
    assert 'unable to find container named "nope"' in shop.refused("set", "image", "deploy/shop", "nope=x")
    shop("set", "env", "deploy/shop", "A=b")
    shop("set", "resources", "deploy/shop", "--requests=cpu=10m")
    container = shop.json("get", "deploy", "shop")["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"], container["resources"]) == (
        "nginx:1.28", [{"name": "A", "value": "b"}], {"requests": {"cpu": "10m"}},
    )  # fmt: skip
    assert shop("expose", "deploy", "shop", "--port=80") == "service/shop exposed\n"
    assert "AlreadyExists" in shop.refused("expose", "deploy", "shop", "--port=80")


def test_delete_waits_until_it_is_gone(shop: Kubectl) -> None:
    shop("rollout", "status", "deploy/shop")
    pod = shop("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[0].metadata.name}")
    assert shop("delete", "pod", pod).startswith(f'pod "{pod}" deleted')  # 1.34 and newer tell the namespace
    assert "NotFound" in shop.refused("get", "pod", pod)
    shop("run", "solo", "--image=nginx:1.27")
    assert "force deleted" in shop("delete", "pod", "solo", "--force", "--grace-period=0")
    assert shop("delete", "deploy", "shop", "--cascade=foreground").startswith('deployment.apps "shop" deleted')
    assert shop("get", "rs", "-l", "app=shop", "-o", "name") == ""
    assert shop("delete", "deploy", "nope", "--ignore-not-found") == ""


HELD = POD.replace("name: solo", "name: solo, finalizers: [example.com/held]")


def let_go(kubectl: Kubectl) -> None:
    kubectl("patch", "pod", "solo", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


def test_delete_does_not_wait_when_it_need_not(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=HELD)
    kubectl("delete", "pod", "solo", "--wait=false", "--grace-period=3")
    assert "deletionTimestamp" in kubectl.json("get", "pod", "solo")["metadata"]
    let_go(kubectl)
    kubectl("delete", "pod", "solo", "--now", "--ignore-not-found")
    assert "NotFound" in kubectl.refused("get", "pod", "solo")


def test_the_owner_goes_first_in_the_background(shop: Kubectl) -> None:
    shop("rollout", "status", "deploy/shop")
    shop("delete", "deploy", "shop", "--cascade=background")
    assert "NotFound" in shop.refused("get", "deploy", "shop")
    while shop("get", "pods,rs", "-l", "app=shop", "-o", "name"):
        pass


def test_orphans_stay(shop: Kubectl) -> None:
    shop("rollout", "status", "deploy/shop")
    shop("delete", "deploy", "shop", "--cascade=orphan")
    assert len(shop("get", "rs", "-l", "app=shop", "-o", "name").split()) == 1


def test_delete_all_and_a_namespace_with_what_is_in_it(kubectl: Kubectl) -> None:
    kubectl("create", "ns", "team")
    for name in ("one", "two"):
        kubectl("-n", "team", "create", "cm", name)
    kubectl("-n", "team", "delete", "cm", "--all")
    assert kubectl("-n", "team", "get", "cm", "one", "two", "--ignore-not-found", "-o", "name") == ""
    kubectl("-n", "team", "create", "deployment", "d", "--image=nginx:1.27")
    assert kubectl("delete", "ns", "team").startswith('namespace "team" deleted')
    assert "NotFound" in kubectl.refused("get", "ns", "team")


def test_wait(shop: Kubectl) -> None:
    assert shop("wait", "--for=condition=Available", "deploy/shop") == "deployment.apps/shop condition met\n"
    if shop.minor >= 23:
        shop("wait", "--for=jsonpath={.status.readyReplicas}=2", "deploy/shop")
    assert "NotFound" in shop.refused("wait", "--for=condition=Ready", "pod/nope")


def test_what_kubectl_does_stands_in_the_lane_you_with_its_name(kubectl: Kubectl, server: Server) -> None:
    visitor, base = server.stranger(), kubectl.server.removeprefix(server.url).removesuffix("/kube")
    visitor.get(base)
    visitor.post(f"{base}/pace", {"paused": "true"})
    kubectl("create", "-f", "-", stdin=DEPLOYMENT)
    page = visitor.get(f"{base}?lang=en")
    caption = re.search(r'<p id="caption".*?</p>', page)
    assert caption
    assert "kubectl creates Deployment shop." in caption[0]
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found
    number, _at, lane, phase, *_rest = json.loads(found[1])["steps"][-1]
    assert (lane, phase) == ("you", "you")
    assert f'data-step="{number}"' in caption[0]


def test_a_typed_list_is_created_item_by_item(kubectl: Kubectl) -> None:
    items = "[{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}]"
    made = kubectl("create", "-f", "-", stdin=f"apiVersion: v1\nkind: ServiceList\nitems: {items}")
    assert made == "service/a created\n"
    made = kubectl("create", "-f", "-", stdin="apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: b}}]")
    assert made == "configmap/b created\n"


@pytest.mark.parametrize(
    ("version_", "kind"), [("v1", "Deployment"), ("extensions/v1beta1", "Ingress"), ("v1", "Pood")]
)
def test_of_a_wrong_group_or_kind_kubectl_says_that_there_is_none(kubectl: Kubectl, version_: str, kind: str) -> None:
    text = f"apiVersion: {version_}\nkind: {kind}\nmetadata: {{name: web}}"
    for verb in ("create", "apply"):
        said = kubectl.refused(verb, "-f", "-", stdin=text)
        assert f'no matches for kind "{kind}" in version "{version_}"' in said
        assert "failed to list CRDs" not in said


@pytest.mark.kubectl(27)
def test_kubectl_prints_what_the_api_server_warns_of(kubectl: Kubectl) -> None:
    spec = "{containers: [{name: c, image: nginx, resources: {requests: {memory: 100m}}}]}"
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {spec}"
    done = kubectl.run("create", "-f", "-", stdin=text)
    field, why = "spec.containers[0].resources.requests[memory]", "is invalid, must be an integer"
    assert done.stderr == f'Warning: {field}: fractional byte value "100m" {why}\n'
    assert done.stdout == "pod/p created\n"


def test_waiting_until_something_is_gone(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=HELD)
    kubectl("delete", "pod", "solo", "--wait=false")
    kubectl.refused("wait", "--for=delete", "pod/solo", "--timeout=100ms")
    waiting = kubectl.start("wait", "--for=delete", "pod/solo", f"--timeout={PATIENCE_S}s", "-v=6")
    assert waiting.stdout is not None
    while "watch=true" not in (line := waiting.stdout.readline()):
        assert line, "it ended by itself"
    let_go(kubectl)
    assert "pod/solo condition met" in waiting.communicate(timeout=PATIENCE_S)[0]
    assert waiting.returncode == 0
