"""What new objects get from others that are there."""

from __future__ import annotations

import pytest

from app.api.objects import Obj, Ref
from tests.support.world import World

ACCOUNT = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: puller}
imagePullSecrets: [{name: registry}]
---
"""
RUNTIME = """
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: boxed}
handler: kata
overhead: {podFixed: {cpu: 250m}}
scheduling: {nodeSelector: {runtime: kata}, tolerations: [{key: kata, operator: Exists}]}
---
"""
INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: site, annotations: {%s}}
spec: {%sdefaultBackend: {service: {name: x, port: {number: 80}}}}
"""


def pod(spec: str) -> str:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
    return f"{text}spec: {{{spec}containers: [{{name: main, image: nginx}}]}}\n"


def spec_of(world: World, kind: str, name: str) -> Obj:
    found = world.get(Ref(kind, "default", name))
    assert found is not None
    spec: Obj = found["spec"]
    return spec


@pytest.mark.parametrize(
    ("own", "secrets"), [("", [{"name": "registry"}]), ("imagePullSecrets: [{name: mine}], ", [{"name": "mine"}])]
)
def test_a_pod_without_pull_secrets_gets_those_of_its_account(own: str, secrets: list[Obj]) -> None:
    world = World()
    world.apply(ACCOUNT + pod(f"serviceAccountName: puller, {own}"))
    assert spec_of(world, "Pod", "p")["imagePullSecrets"] == secrets


def test_a_pod_gets_what_its_runtime_costs_and_where_that_is() -> None:
    world = World()
    world.apply(RUNTIME + pod("runtimeClassName: boxed, nodeSelector: {disk: ssd}, "))
    spec = spec_of(world, "Pod", "p")
    assert spec["overhead"] == {"cpu": "250m"}
    assert spec["nodeSelector"] == {"disk": "ssd", "runtime": "kata"}
    assert {"key": "kata", "operator": "Exists"} in spec["tolerations"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("runtimeClassName: none, ", 'pod rejected: RuntimeClass "none" not found'),
        ("runtimeClassName: boxed, overhead: {cpu: 1}, ", "Overhead doesn't match RuntimeClass's defined Overhead"),
        ("overhead: {cpu: 1}, ", "Pod Overhead set without corresponding RuntimeClass defined Overhead"),
        (
            "runtimeClassName: boxed, nodeSelector: {runtime: runc}, ",
            "runtimeClass.scheduling.nodeSelector[runtime] = kata; pod.spec.nodeSelector[runtime] = runc",
        ),
    ],
)
def test_what_does_not_go_with_its_runtime_is_refused(spec: str, why: str) -> None:
    world = World()
    world.apply(RUNTIME)
    assert why in world.refused_apply(pod(spec))


@pytest.mark.parametrize(
    ("note", "own", "name"),
    [("", "", "b"), ("", "ingressClassName: mine, ", "mine"), ("kubernetes.io/ingress.class: nginx", "", None)],
)
def test_an_ingress_gets_the_newest_default_class(note: str, own: str, name: str | None) -> None:
    world = World()
    note_of_class = 'annotations: {ingressclass.kubernetes.io/is-default-class: "true"}'
    for each in ("a", "b"):
        head = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\n"
        world.apply(f"{head}metadata: {{name: {each}, {note_of_class}}}\nspec: {{controller: example.com/x}}\n")
        world.wait(2)
    world.apply(INGRESS % (note, own))
    assert spec_of(world, "Ingress", "site").get("ingressClassName") == name
