"""What a kubelet finds that keeps a container from being made."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from app.nodes.kubelet.configs import withheld
from app.nodes.kubelet.kubelet import Kubelet
from tests.support.builders import pod
from tests.support.reading import reader

WHO = '(pod: "web-1_default(pod-web-1)", container: main)'


def source(kind: str, name: str, **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, "data": data}


def from_key(kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "image": "redis",
        "env": [{"name": "A", "valueFrom": {f"{kind}KeyRef": {"name": "x", "key": "k", **fields}}}],
    }


@pytest.mark.parametrize(
    ("container", "there", "why"),
    [
        (from_key("configMap"), [], 'configmap "x" not found'),
        (from_key("secret"), [], 'secret "x" not found'),
        (from_key("secret"), [source("Secret", "x", other="1")], "couldn't find key k in Secret default/x"),
        (from_key("secret"), [source("Secret", "x", k="1")], ""),
        (from_key("secret", optional=True), [], ""),
        ({"image": "redis", "envFrom": [{"secretRef": {"name": "x"}}]}, [], 'secret "x" not found'),
        ({"image": "redis", "envFrom": [{"configMapRef": {"name": "x"}}]}, [source("ConfigMap", "x")], ""),
    ],
)
def test_what_the_environment_names_has_to_be_there(container: Obj, there: list[Obj], why: str) -> None:
    of = pod()
    found = withheld(of, [{"name": "main", **container}], reader(Kubelet("node-1"), of, *there))
    assert found == ({"main": why} if why else {})


@pytest.mark.parametrize(
    ("image", "context", "why"),
    [
        ("alpine", {"runAsNonRoot": True}, f"container has runAsNonRoot and image will run as root {WHO}"),
        ("alpine", {"runAsNonRoot": True, "runAsUser": 0}, f"container's runAsUser breaks non-root policy {WHO}"),
        ("alpine", {"runAsNonRoot": True, "runAsUser": 1000}, ""),
        ("example.com/team/alpine", {"runAsNonRoot": True}, ""),
        ("alpine", {"runAsUser": 0}, ""),
    ],
)
def test_who_may_not_be_root(image: str, context: Obj, why: str) -> None:
    of = pod()
    for place, container in ((of, {"securityContext": context}), (_with_context(of, context), {})):
        found = withheld(place, [{"name": "main", "image": image, **container}], reader(Kubelet("node-1"), place))
        assert found == ({"main": why} if why else {})


def _with_context(of: Obj, context: Obj) -> Obj:
    return {**of, "spec": {**of["spec"], "securityContext": context}}
