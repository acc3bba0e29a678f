"""Admission policies with the real kubectl, as the documentation of Kubernetes goes through them: a limit of replicas,
a limit that is a parameter, and variables that say which images a namespace takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.api.objects import Obj
from app.apimachinery.yamltext import dump
from tests.support import builders
from tests.support.clients import Kubectl
from tests.support.crds import crd, schema, version
from tests.support.patience import PATIENCE_S
from tests.support.policies import about, binding, policy, rule

LIMIT = {"apiVersion": "rules.example.com/v1", "kind": "ReplicaLimit"}
TEST = {"matchLabels": {"environment": "test"}}


class Desk:
    def __init__(self, kubectl: Kubectl, folder: Path) -> None:
        self.kubectl = kubectl
        self._file = folder / "manifest.yaml"

    def apply(self, *objects: Obj) -> str:
        return self.kubectl("apply", "-f", self.written(*objects))

    def refused(self, *objects: Obj) -> str:
        return self.kubectl.refused("apply", "-f", self.written(*objects))

    def written(self, *objects: Obj) -> str:
        self._file.write_text("\n---\n".join(map(dump, objects)))
        return str(self._file)


@pytest.fixture
def desk(kubectl: Kubectl, tmp_path: Path) -> Desk:
    kubectl("create", "namespace", "shop")
    kubectl("label", "namespace", "shop", "environment=test")
    return Desk(kubectl, tmp_path)


def web(replicas: int, namespace: str = "shop", image: str = "nginx:1.27") -> Obj:
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": builders.LABELS},
        "template": {"metadata": {"labels": builders.LABELS}, "spec": {"containers": [{"name": "c", "image": image}]}},
    }
    meta = {"name": "web", "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def test_replicas_are_limited_where_the_binding_says_so(desk: Desk) -> None:
    desk.apply(policy(), binding(matchResources={"namespaceSelector": TEST}))
    header, row = desk.kubectl("get", "validatingadmissionpolicies").splitlines()
    assert header.split() == ["NAME", "VALIDATIONS", "PARAMKIND", "AGE"]
    assert row.split()[:3] == ["few", "1", "<unset>"]
    header, row = desk.kubectl("get", "validatingadmissionpolicybinding").splitlines()
    assert header.split() == ["NAME", "POLICYNAME", "PARAMREF", "AGE"]
    assert row.split()[:3] == ["few", "few", "<unset>"]
    by = "ValidatingAdmissionPolicy 'few' with binding 'few'"
    why = f"{by} denied request: failed expression: object.spec.replicas <= 5"
    assert f'The deployments "web" is invalid: : {why}' in desk.refused(web(9))
    desk.apply(web(9, "default"))
    desk.apply(web(2))
    desk.kubectl("-n", "shop", "scale", "deployment/web", "--replicas=6")
    assert why in desk.kubectl.refused("-n", "shop", "set", "image", "deployment/web", "c=nginx:1.28")
    desk.kubectl("delete", "validatingadmissionpolicybinding", "few")
    desk.kubectl("-n", "shop", "set", "image", "deployment/web", "c=nginx:1.28")
    about_policy = desk.kubectl("explain", "validatingadmissionpolicy.spec.validations")
    assert "messageExpression" in about_policy
    assert "Failure Policy:" in desk.kubectl("describe", "validatingadmissionpolicy", "few")


def test_the_limit_is_an_object_of_a_kind_of_ones_own(desk: Desk) -> None:
    limit = {"type": "object", "properties": {"maxReplicas": {"type": "integer"}}}
    plain = schema()
    plain["properties"] = {"maxReplicas": limit["properties"]["maxReplicas"]}  # type: ignore[index]
    v1 = version(schema={"openAPIV3Schema": plain}, subresources={}, selectableFields=[], additionalPrinterColumns=[])
    definition = crd("ReplicaLimit", v1)
    definition["metadata"]["name"] = "replicalimits.rules.example.com"
    names = {"kind": "ReplicaLimit", "plural": "replicalimits", "singular": "replicalimit"}
    definition["spec"] |= {"group": "rules.example.com", "names": names}
    desk.apply(definition)
    desk.kubectl(
        "wait", "--for=condition=Established", f"crd/{definition['metadata']['name']}", f"--timeout={PATIENCE_S}s"
    )
    message = "'object.spec.replicas must be no greater than ' + string(params.maxReplicas)"
    validation = {
        "expression": "object.spec.replicas <= params.maxReplicas", "messageExpression": message, "reason": "Forbidden",
    }  # fmt: skip
    ref = {"name": "test", "namespace": "default", "parameterNotFoundAction": "Deny"}
    desk.apply(policy(validations=[validation], paramKind=LIMIT), binding(paramRef=ref))
    assert "no params found for policy binding with `Deny` parameterNotFoundAction" in desk.refused(web(4))
    desk.apply({**LIMIT, "metadata": {"name": "test", "namespace": "default"}, "maxReplicas": 3})
    refused = desk.refused(web(4))
    assert "Error from server (Forbidden): error when creating" in refused
    assert "denied request: object.spec.replicas must be no greater than 3" in refused
    assert "created" in desk.apply(web(3))


def test_images_are_those_of_the_namespace(desk: Desk) -> None:
    variables = [
        {"name": "environment", "expression": "'environment' in namespaceObject.metadata.labels ? "
         "namespaceObject.metadata.labels['environment'] : 'prod'"},
        {"name": "exempt", "expression": "has(object.metadata.labels) && 'exempt' in object.metadata.labels && "
         "object.metadata.labels['exempt'] == 'true'"},
        {"name": "containers", "expression": "object.spec.template.spec.containers"},
        {"name": "toCheck", "expression": "variables.containers.filter(c, c.image.contains('example.com/'))"},
    ]  # fmt: skip
    validation = {
        "expression": "variables.exempt || variables.toCheck.all(c, c.image.startsWith(variables.environment + '.'))",
        "messageExpression": "'only ' + variables.environment + ' images are allowed in namespace ' + "
        "namespaceObject.metadata.name",
    }
    match = about(rule("deployments"))
    desk.apply(
        policy(variables=variables, validations=[validation], matchConstraints=match),
        binding("Warn", matchResources={"namespaceSelector": TEST}),
    )
    desk.apply(web(1, image="test.example.com/web:1"))
    file = desk.written(web(1, image="prod.example.com/web:1"))
    told = desk.kubectl.run("apply", "-f", file)
    assert told.returncode == 0
    warned = "Validation failed for ValidatingAdmissionPolicy 'few' with binding 'few'"
    assert f"Warning: {warned}: only test images are allowed in namespace shop" in told.stderr


@pytest.mark.kubectl(30)
def test_who_connects_to_a_pod_is_judged(desk: Desk) -> None:
    desk.kubectl("-n", "default", "wait", "--for=condition=Available", "deployment/web", f"--timeout={PATIENCE_S}s")
    shell = "object.command[0] != 'sh' && object.container == 'nginx'"
    desk.apply(policy(shell, matchConstraints=about(rule("pods/exec", "CONNECT", ""))), binding())
    assert desk.kubectl("exec", "deploy/web", "--", "hostname").startswith("web-")
    assert f"denied request: failed expression: {shell}" in desk.kubectl.refused(
        "exec", "deploy/web", "--", "sh", "-c", "a"
    )
