"""What is wrong with a ValidatingAdmissionPolicy, and with a binding, in the words of the API server."""

from __future__ import annotations

import pytest

from app.api import limits
from app.api.objects import Obj
from app.registry import validation
from app.registry.builtin import built_in
from tests.support.policies import RULE, binding, policy


def problems(obj: Obj) -> list[str]:
    return list(map(str, validation.validate(built_in().definition(obj["kind"]), obj)))


def test_what_is_left_out_is_filled_in() -> None:
    spec = policy(matchConstraints={"resourceRules": [RULE], "excludeResourceRules": [RULE]})["spec"]
    assert spec["failurePolicy"] == "Fail"
    match = spec["matchConstraints"]
    assert (match["matchPolicy"], match["namespaceSelector"], match["objectSelector"]) == ("Equivalent", {}, {})
    assert [rule["scope"] for rule in (*match["resourceRules"], *match["excludeResourceRules"])] == ["*", "*"]
    assert "matchResources" not in binding()["spec"]
    assert binding(matchResources={})["spec"]["matchResources"]["matchPolicy"] == "Equivalent"


def test_a_good_one_is_taken() -> None:
    assert problems(policy()) == []
    assert problems(binding()) == []
    variables = [
        {"name": "base", "expression": "object.spec.replicas + 1"},
        {"name": "twice", "expression": "variables.base * 2"},
    ]
    validations = [
        {"expression": "variables.twice < 10 && request.userInfo.username != 'eve'", "reason": "Forbidden"},
        {
            "expression": "namespaceObject.metadata.labels.tier == 'test' || params.data.open == 'yes'",
            "messageExpression": "'not in ' + request.namespace + ' by ' + string(variables.base)",
        },
        {"expression": "authorizer.group('apps').resource('deployments').namespace('x').check('create').allowed()"},
        {"expression": "authorizer.requestResource.subresource('scale').check('update').reason() != ''"},
        {"expression": "authorizer.path('/healthz').check('get').errored() == false"},
        {"expression": "object.spec.template.spec.containers.all(c, c.image.matches('^[a-z/]+:.+$'))"},
        {"expression": "object.?metadata.?labels['env'].orValue('') in ['', 'prod']"},
    ]
    conditions = [{"name": "people", "expression": "!('system:nodes' in request.userInfo.groups)"}]
    annotations = [{"key": "replicas", "valueExpression": "'has ' + string(object.spec.replicas)"}]
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    assert problems(
        policy(
            variables=variables, validations=validations, matchConditions=conditions, auditAnnotations=annotations,
            paramKind=kind,
        )
    ) == []  # fmt: skip


NOT_BOOL = 'spec.validations[0].expression: Invalid value: "object.spec.replicas": must evaluate to bool but got dyn'
NO_FIELD = """spec.validations[0].expression: Invalid value: "request.nme == ''": compilation failed: ERROR: \
<input>:1:8: undefined field 'nme'
 | request.nme == ''
 | .......^"""
NO_PARAMS = """spec.validations[0].expression: Invalid value: "params.x == 1": compilation failed: ERROR: <input>:1:1: \
undeclared reference to 'params' (in container '')
 | params.x == 1
 | ^"""
NO_VARIABLES = """spec.matchConditions[0].expression: Invalid value: "variables.a": compilation failed: ERROR: \
<input>:1:1: undeclared reference to 'variables' (in container '')
 | variables.a
 | ^"""
NO_AUTHORIZER = "spec.validations[0].messageExpression: Invalid value: \"authorizer.path('/').check('get').reason()\": \
compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')"
OPERATIONS = '"*", "CONNECT", "CREATE", "DELETE", "UPDATE"'
MATCH = "spec.matchConstraints"
EMPTY_RULE = [
    f"{MATCH}.resourceRules[0].{part}: Required value"
    for part in ("operations", "apiGroups", "apiVersions", "resources")
]
NOTHING_ASKED = "Required value: validations or auditAnnotations must contain at least one item"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"failurePolicy": "Maybe"}, ['spec.failurePolicy: Unsupported value: "Maybe": supported values: '
                     '"Fail", "Ignore"'], id="failure policy"),
        pytest.param({"matchConstraints": None}, [f"{MATCH}: Required value"], id="matches nothing"),
        pytest.param({"matchConstraints": {}}, [f"{MATCH}.resourceRules: Required value"], id="no rules"),
        pytest.param({"matchConstraints": {"resourceRules": [{}]}}, EMPTY_RULE, id="an empty rule"),
        pytest.param({"validations": []}, [f"spec.{part}: {NOTHING_ASKED}" for part in
                     ("validations", "auditAnnotations")], id="asks nothing"),
        pytest.param({"validations": [{"expression": " "}]},
                     ["spec.validations[0].expression: Required value: expression is not specified"], id="blank"),
        pytest.param({"validations": [{"expression": "object.spec.replicas"}]}, [NOT_BOOL], id="no bool"),
        pytest.param({"validations": [{"expression": "request.nme == ''"}]}, [NO_FIELD], id="no such field"),
        pytest.param({"validations": [{"expression": "params.x == 1"}]}, [NO_PARAMS], id="params of no kind"),
        pytest.param({"variables": [{"name": "a", "expression": "true"}],
                      "matchConditions": [{"name": "m", "expression": "variables.a"}]}, [NO_VARIABLES],
                     id="conditions know no variables"),
        pytest.param({"validations": [{"expression": "true", "message": "a\nb"}]},
                     ['spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks'], id="lines"),
        pytest.param({"validations": [{"expression": "true", "reason": "Gone"}]},
                     ['spec.validations[0].reason: Unsupported value: "Gone": supported values: "Forbidden", '
                      '"Invalid", "RequestEntityTooLarge"'], id="reason"),
        pytest.param({"validations": [{"expression": "true", "messageExpression": "1"}]},
                     ['spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int'],
                     id="a message that is none"),
        pytest.param({"variables": [{"name": "in", "expression": "1"}]},
                     ['spec.variables[0].name: Invalid value: "in": must be a valid CEL identifier'], id="a CEL word"),
        pytest.param({"variables": [{"name": "a", "expression": "variables.b"}, {"name": "b", "expression": "1"}]},
                     ['spec.variables[0].expression: Invalid value: "variables.b": compilation failed: ERROR: '
                      "<input>:1:10: undefined field 'b'\n | variables.b\n | .........^"], id="a variable too early"),
        pytest.param({"matchConditions": [{"name": "a", "expression": "true"}, {"name": "a", "expression": "true"}]},
                     ['spec.matchConditions[1].name: Duplicate value: "a"'], id="one name twice"),
        pytest.param({"auditAnnotations": [{"key": "k", "valueExpression": "1"}]},
                     ['spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string '
                      "null_type] but got int"], id="an annotation of a number"),
        pytest.param({"paramKind": {"apiVersion": "a/b/c", "kind": "K_"}},
                     ['spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
                      'spec.paramKind.kind: Invalid value: "K_": may have mixed case, but should otherwise match: a '
                      "DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
                      "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
                      "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"], id="param kind"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_policy(spec: Obj, expected: list[str]) -> None:
    assert problems(policy(**spec)) == expected


def test_a_message_may_not_ask_who_may_what() -> None:
    text = "authorizer.path('/').check('get').reason()"
    (problem,) = problems(policy(validations=[{"expression": "true", "messageExpression": text}]))
    assert problem.startswith(NO_AUTHORIZER)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param({"operations": ["*", "CREATE"]},
                     ['operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other '
                      "operations"],
                     id="all operations and one"),
        pytest.param({"operations": ["LOOK"]},
                     [f'operations[0]: Unsupported value: "LOOK": supported values: {OPERATIONS}'], id="no operation"),
        pytest.param({"apiGroups": ["*", ""]},
                     ['apiGroups: Invalid value: ["*",""]: if \'*\' is present, must not specify other API groups'],
                     id="all groups and one"),
        pytest.param({"resources": ["pods/*", "pods/exec"]},
                     ["resources[1]: Invalid value: \"pods/exec\": if 'pods/*' is present, must not specify pods/exec"],
                     id="all subresources and one"),
        pytest.param({"resources": ["*", "pods"]},
                     ['resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources '
                      "without subresources"], id="all resources and one"),
        pytest.param({"scope": "Here"},
                     ['scope: Unsupported value: "Here": supported values: "*", "Cluster", "Namespaced"'], id="scope"),
        pytest.param({"resourceNames": ["a", "a"]}, ['resourceNames[1]: Duplicate value: "a"'], id="a name twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule(rule: Obj, expected: list[str]) -> None:
    found = problems(policy(matchConstraints={"resourceRules": [{**RULE, **rule}]}))
    assert found == [f"{MATCH}.resourceRules[0].{each}" for each in expected]


EXCLUSIVE = "Forbidden: name and selector are mutually exclusive"
NO_ACTION = 'spec.paramRef.parameterNotFoundAction: Unsupported value: "Warn": supported values: "Deny", "Allow"'


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"policyName": ""}, ["spec.policyName: Required value"], id="of no policy"),
        pytest.param({"validationActions": []},
                     ["spec.validationActions: Required value: at least one validation action is required"],
                     id="does nothing"),
        pytest.param({"validationActions": ["Deny", "Warn"]},
                     ['spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn '
                      "(repeating the same validation failure information in the API response and headers serves no "
                      "purpose)"], id="denies and warns"),
        pytest.param({"validationActions": ["Log"]},
                     ['spec.validationActions[0]: Unsupported value: "Log": supported values: "Audit", "Deny", "Warn"'],
                     id="no such action"),
        pytest.param({"paramRef": {"parameterNotFoundAction": "Deny"}},
                     ["spec.paramRef: Required value: one of name or selector must be specified"], id="which params?"),
        pytest.param({"paramRef": {"name": "a", "selector": {}, "parameterNotFoundAction": "Deny"}},
                     [f"spec.paramRef.name: {EXCLUSIVE}", f"spec.paramRef.selector: {EXCLUSIVE}"], id="by both"),
        pytest.param({"paramRef": {"name": "a"}}, ["spec.paramRef.parameterNotFoundAction: Required value"],
                     id="and if there is none?"),
        pytest.param({"paramRef": {"name": "a", "parameterNotFoundAction": "Warn"}}, [NO_ACTION], id="no such end"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_binding(spec: Obj, expected: list[str]) -> None:
    assert problems(binding(**spec)) == expected


def test_who_has_no_name_has_no_keys() -> None:
    nameless = policy(auditAnnotations=[{"key": "k", "valueExpression": "'a'"}])
    nameless = {**nameless, "metadata": {"name": ""}}
    wrong = 'spec.auditAnnotations[0].key: Invalid value: "k": requires metadata.name be non-empty'
    assert problems(nameless)[-1] == wrong


def test_a_policy_says_no_more_than_anybody_can_read() -> None:
    half = "true" + " " * (limits.POLICY_CHARACTERS // 2)
    (problem,) = problems(policy(validations=[{"expression": half}, {"expression": half}]))
    assert problem == "spec: Forbidden: the expressions of a policy have at most 30000 characters together"
