"""What people do with the real kubectl, and what becomes of it."""

from __future__ import annotations

import json
import re

import pytest

from tests.kube.clients import DEPLOYMENT, Kubectl
from tests.web.server import Server

POD = """
apiVersion: v1
kind: Pod
metadata: {name: solo}
spec: {containers: [{name: c, image: "nginx:1.27"}]}
"""


def replicas(kubectl: Kubectl) -> str:
    return kubectl("get", "deploy", "shop", "-o", "jsonpath={.spec.replicas}")


@pytest.fixture
def shop(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    return kubectl


@pytest.mark.kubectl(27)
def test_apply_creates_configures_and_leaves_alone(kubectl: Kubectl) -> None:
    more = DEPLOYMENT.replace("replicas: 2", "replicas: 3")
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT) == "deployment.apps/shop created\n"
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT) == "deployment.apps/shop unchanged\n"
    dry = kubectl("apply", "--dry-run=server", "-f", "-", stdin=more)
    assert dry == "deployment.apps/shop configured (server dry run)\n"
    assert replicas(kubectl) == "2"
    assert kubectl("apply", "-f", "-", stdin=more) == "deployment.apps/shop configured\n"
    assert replicas(kubectl) == "3"


@pytest.mark.kubectl(27)
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


@pytest.mark.kubectl(26)
def test_prune_deletes_what_is_not_in_the_text_any_more(shop: Kubectl) -> None:
    other = DEPLOYMENT.replace("name: shop,", "name: other,")
    prune = ("apply", "-f", "-", "--prune", "-l", "app=shop", "--prune-allowlist=apps/v1/Deployment")
    said = shop(*prune, stdin=other)
    assert "deployment.apps/other created" in said
    assert "deployment.apps/shop pruned" in said


@pytest.mark.kubectl(27)
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


@pytest.mark.kubectl(27)
def test_label_annotate_and_patch(shop: Kubectl) -> None:
    assert shop("label", "deploy", "shop", "x=y") == "deployment.apps/shop labeled\n"
    assert shop("label", "deploy", "shop", "x-") == "deployment.apps/shop unlabeled\n"
    assert shop("annotate", "deploy", "shop", "note=hi") == "deployment.apps/shop annotated\n"
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
    assert said == "The request is invalid: the server rejected our request due to an error in our request\n"


@pytest.mark.kubectl(27)
def test_scale(shop: Kubectl) -> None:
    assert shop("scale", "deploy/shop", "--replicas=4") == "deployment.apps/shop scaled\n"
    said = shop.refused("scale", "deploy/shop", "--current-replicas=9", "--replicas=1")
    assert said == "error: Expected replicas to be 9, was 4\n"
    shop("scale", "deploy/shop", "--current-replicas=4", "--replicas=3")
    shop("patch", "deploy", "shop", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":2}}')
    assert replicas(shop) == "2"


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
    assert shop("delete", "pod", pod) == f'pod "{pod}" deleted\n'
    assert "NotFound" in shop.refused("get", "pod", pod)
    shop("run", "solo", "--image=nginx:1.27")
    assert "force deleted" in shop("delete", "pod", "solo", "--force", "--grace-period=0")
    assert shop("delete", "deploy", "shop", "--cascade=foreground") == 'deployment.apps "shop" deleted\n'
    assert shop("get", "rs", "-l", "app=shop", "-o", "name") == ""
    assert shop("delete", "deploy", "nope", "--ignore-not-found") == ""


def test_orphans_stay(shop: Kubectl) -> None:
    shop("rollout", "status", "deploy/shop")
    shop("delete", "deploy", "shop", "--cascade=orphan")
    assert len(shop("get", "rs", "-l", "app=shop", "-o", "name").split()) == 1


def test_delete_all_and_a_namespace_with_what_is_in_it(kubectl: Kubectl) -> None:
    kubectl("create", "ns", "team")
    for name in ("one", "two"):
        kubectl("-n", "team", "create", "cm", name)
    kubectl("-n", "team", "delete", "cm", "--all")
    assert kubectl("-n", "team", "get", "cm", "-o", "name") == ""
    kubectl("-n", "team", "create", "deployment", "d", "--image=nginx:1.27")
    assert kubectl("delete", "ns", "team") == 'namespace "team" deleted\n'
    assert "NotFound" in kubectl.refused("get", "ns", "team")


@pytest.mark.kubectl(27)
def test_wait(shop: Kubectl) -> None:
    assert shop("wait", "--for=condition=Available", "deploy/shop") == "deployment.apps/shop condition met\n"
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
    assert "kubectl created Deployment shop." in caption[0]
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found
    number, _at, lane, phase, *_rest = json.loads(found[1])["steps"][-1]
    assert (lane, phase) == ("you", "you")
    assert f'data-step="{number}"' in caption[0]
