"""ValidatingAdmissionPolicies over HTTP: what a client of any kind sees of them."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from tests.support.clients import Api
from tests.support.policies import about, binding, policy, rule

GROUP = "/apis/admissionregistration.k8s.io/v1"
POLICIES, BINDINGS = f"{GROUP}/validatingadmissionpolicies", f"{GROUP}/validatingadmissionpolicybindings"
CONFIGS = "/api/v1/namespaces/default/configmaps"
MERGE = {"Content_Type": "application/merge-patch+json"}


def config(name: str = "c", **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def forbid(
    api: Api, expression: str, operations: str, *actions: str, resources: str = "configmaps", **spec: Any
) -> None:
    match = about(rule(resources, operations, ""))
    api.ok("POST", POLICIES, policy(expression, matchConstraints=match, **spec))
    api.ok("POST", BINDINGS, binding(*actions))


def test_both_kinds_are_written_read_and_shown_in_a_table(api: Api) -> None:
    made = api.ok("POST", POLICIES, policy(paramKind={"apiVersion": "v1", "kind": "ConfigMap"}))
    assert (made["metadata"]["generation"], made["spec"]["failurePolicy"]) == (1, "Fail")
    ref = {"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}
    api.ok("POST", BINDINGS, binding(paramRef=ref))
    selector = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "In", "values": ["d", "e"]}]}
    api.ok("POST", BINDINGS, binding(name="all", paramRef={"selector": selector, "parameterNotFoundAction": "Deny"}))
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    shown = api.get(POLICIES, **table)
    assert [each["name"] for each in shown["columnDefinitions"]] == ["Name", "Validations", "ParamKind", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["few", 1, "v1/ConfigMap"]
    shown = api.get(BINDINGS, **table)
    assert [each["name"] for each in shown["columnDefinitions"]] == ["Name", "PolicyName", "ParamRef", "Age"]
    written = "LabelSelectorRequirement{Key:c,Operator:In,Values:[d e],},"
    written = f"MatchLabels:map[string]string{{a: b,}},MatchExpressions:[]LabelSelectorRequirement{{{written}}},"
    assert [row["cells"][2] for row in shown["rows"]] == [f"&LabelSelector{{{written}}}", "default/limits"]
    changed = {"spec": {"failurePolicy": "Ignore"}, "status": {"observedGeneration": 7}}
    changed = api.ok("PATCH", f"{POLICIES}/few", changed, **MERGE)
    assert (changed["metadata"]["generation"], changed.get("status", {})) == (2, {})
    status = api.ok("PATCH", f"{POLICIES}/few/status", {"status": {"observedGeneration": 2}}, **MERGE)
    assert status["status"] == {"observedGeneration": 2}
    assert api.ok("DELETE", f"{POLICIES}/few")["status"] == "Success"


def test_a_policy_is_not_overwritten_blindly_and_some_names_are_reserved(api: Api) -> None:
    made = api.ask("POST", POLICIES, policy(name="a.static.k8s.io"))
    (warning,) = made.headers.getlist("Warning")
    assert warning.startswith('299 - "metadata.name: names ending with')
    blind = api.status("PUT", f"{POLICIES}/a.static.k8s.io", policy(name="a.static.k8s.io"))
    assert blind["message"].endswith("metadata.resourceVersion: Invalid value: 0: must be specified for an update")


def test_a_policy_that_makes_no_sense_is_refused(api: Api) -> None:
    status = api.status("POST", POLICIES, policy("object.x + "))
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert (
        'spec.validations[0].expression: Invalid value: "object.x + ": compilation failed: ERROR: <input>:1:12:'
        in (status["message"])
    )


@pytest.mark.parametrize("dry", ["", "?dryRun=All"])
def test_what_a_policy_forbids_is_a_status(api: Api, dry: str) -> None:
    forbid(api, "size(object.data) < 2", "CREATE UPDATE")
    status = api.status("POST", f"{CONFIGS}{dry}", config(a="1", b="2"))
    why = "ValidatingAdmissionPolicy 'few' with binding 'few' denied request: failed expression: size(object.data) < 2"
    assert status["message"] == f'configmaps "c" is forbidden: {why}'
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["details"] == {"name": "c", "kind": "configmaps", "causes": [{"message": why}]}
    api.ok("POST", CONFIGS, config(a="1"))
    assert api.status("PATCH", f"{CONFIGS}/c{dry}", {"data": {"b": "2"}}, **MERGE)["code"] == 422


def test_warnings_stand_in_the_header_of_writes_and_of_deletions(api: Api) -> None:
    forbid(api, "false", "*", "Warn", "Audit")
    told = "Validation failed for ValidatingAdmissionPolicy 'few' with binding 'few': failed expression: false"
    answers = [
        api.ask("POST", CONFIGS, config()), api.ask("PUT", f"{CONFIGS}/c", config(a="1")),
        api.ask("DELETE", f"{CONFIGS}/c?dryRun=All"), api.ask("DELETE", f"{CONFIGS}/c"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]
    assert [answer.headers.getlist("Warning") for answer in answers] == [[f'299 - "{told}"']] * 4


def test_a_token_and_an_eviction_are_judged(api: Api) -> None:
    forbid(api, "false", "CREATE", resources="serviceaccounts/token pods/eviction")
    accounts, pods = "/api/v1/namespaces/default/serviceaccounts", "/api/v1/namespaces/default/pods"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    assert api.status("POST", f"{accounts}/default/token", request)["code"] == 422
    spec = {"containers": [{"name": "c", "image": "nginx:1.27"}]}
    api.ok("POST", pods, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    assert api.status("POST", f"{pods}/p/eviction", eviction)["code"] == 422


def test_the_schemas_say_what_a_policy_is_made_of(api: Api) -> None:
    schemas = api.get(f"/openapi/v3{GROUP}")["components"]["schemas"]
    found = schemas["io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec"]["properties"]
    assert {"matchConstraints", "validations", "variables", "paramKind"} <= found.keys()
    resources = {each["name"] for each in api.get(GROUP)["resources"]}
    assert {"validatingadmissionpolicies", "validatingadmissionpolicies/status"} <= resources
