"""ValidatingAdmissionPolicies and bindings to test with: what is not said is that a Deployment has at most five
replicas, and that who wants more is refused."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj
from app.registry.builtin import built_in

NAME = "few"
RULE = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]}


def rule(resources: str = "deployments", operations: str = "CREATE UPDATE", group: str = "apps", **facts: Any) -> Obj:
    written = {"apiGroups": [group], "apiVersions": ["v1"], "operations": operations.split()}
    return {**written, "resources": resources.split(), **facts}


def policy(*expressions: str, name: str = NAME, **spec: Any) -> Obj:
    """`expressions`: its validations, if they say nothing more."""
    validations = [{"expression": each} for each in expressions or ("object.spec.replicas <= 5",)]
    given = {"matchConstraints": {"resourceRules": [RULE]}, "validations": validations}
    return _made("ValidatingAdmissionPolicy", name, {**given, **spec})


def about(*rules: Obj, **facts: Any) -> Obj:
    """`matchConstraints`, or `matchResources`."""
    return {"resourceRules": list(rules), **facts}


def binding(*actions: str, name: str = NAME, **spec: Any) -> Obj:
    given = {"policyName": NAME, "validationActions": list(actions or ("Deny",))}
    return _made("ValidatingAdmissionPolicyBinding", name, {**given, **spec})


def _made(kind: str, name: str, spec: Obj) -> Obj:
    version = "admissionregistration.k8s.io/v1"
    obj = built_in().decode({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})
    return built_in().definition(kind).default(obj)
