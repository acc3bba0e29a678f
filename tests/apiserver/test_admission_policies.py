"""ValidatingAdmissionPolicies at work: which requests they judge, what they know of them, and what comes of it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.api import errors, limits, users
from app.api.objects import Obj, Ref
from app.apiserver import requests
from app.apiserver.server import ApiServer
from app.registry.customresources import definitions
from tests.support import builders
from tests.support.crds import crd
from tests.support.policies import RULE, about, binding, policy, rule

WEB = Ref("Deployment", "default", "web")


def namespace(name: str, **labels: str) -> Obj:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def web(replicas: int = 9, **metadata: Any) -> Obj:
    built = builders.deployment("web", replicas=replicas)
    return {**built, "metadata": {"name": "web", **metadata}}


def config(name: str = "c", namespace: str = "default", data: dict[str, str] | None = None, **metadata: Any) -> Obj:
    meta = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data or {}}


def install(server: ApiServer, *objects: Obj) -> None:
    for obj in objects:
        server.create(obj)


def dry(server: ApiServer) -> ApiServer:
    return server.overlay(random.Random(1))


def refusal(server: ApiServer, obj: Obj) -> str:
    """Why it is not created, without the name of the policy; "" if it is."""
    try:
        dry(server).create(obj)
    except errors.Denied as error:
        return error.message.partition(" denied request: ")[2]
    return ""


# ------------------------------------------------------------------------------------------------ refusing


def test_what_a_policy_does_not_want_is_refused_in_upstreams_words(server: ApiServer) -> None:
    install(server, policy(), binding())
    assert not dry(server).create(web(5)).warnings
    with pytest.raises(errors.Denied) as refused:
        server.create(web(9))
    by = "ValidatingAdmissionPolicy 'few' with binding 'few'"
    why = f"{by} denied request: failed expression: object.spec.replicas <= 5"
    assert refused.value.status() == {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 422, "reason": "Invalid",
        "message": f'deployments.apps "web" is forbidden: {why}',
        "details": {"name": "web", "group": "apps", "kind": "deployments", "causes": [{"message": why}]},
    }  # fmt: skip
    assert server.store.get(WEB) is None


def test_a_policy_without_a_binding_judges_nobody(server: ApiServer) -> None:
    install(server, policy())
    server.create(web())


def test_a_binding_to_no_policy_judges_nobody(server: ApiServer) -> None:
    install(server, binding())
    server.create(web())


@pytest.mark.parametrize(("reason", "code"), [("Forbidden", 403), ("RequestEntityTooLarge", 413), ("Invalid", 422)])
def test_the_reason_is_the_status(server: ApiServer, reason: str, code: int) -> None:
    install(server, policy(validations=[{"expression": "false", "reason": reason, "message": " no "}]), binding())
    with pytest.raises(errors.Denied) as refused:
        server.create(web())
    assert (refused.value.reason, refused.value.code) == (reason, code)
    assert refused.value.message.endswith("denied request: no")


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("'at most 5, not ' + string(object.spec.replicas)", "at most 5, not 9"),
        ("string(object.spec.nope)", "said by hand"),
        ("' '", "said by hand"),
        ("'one\\ntwo'", "said by hand"),
        ("'" + "x" * 5121 + "'", "said by hand"),
    ],
    ids=["good", "an error", "blank", "two lines", "too long"],
)
def test_the_message_is_what_its_expression_makes(server: ApiServer, expression: str, told: str) -> None:
    validation = {"expression": "false", "messageExpression": expression, "message": "said by hand"}
    install(server, policy(validations=[validation]), binding())
    assert refusal(server, web()) == told


def test_an_update_is_judged_even_if_it_changes_nothing(server: ApiServer) -> None:
    server.create(web(9))
    install(server, policy(), binding())
    with pytest.raises(errors.Denied):
        server.patch(WEB, {})
    assert server.patch(WEB, {"spec": {"replicas": 4}}).obj["spec"]["replicas"] == 4


def test_the_first_of_several_is_told_by_the_names_of_policies(server: ApiServer) -> None:
    install(server, policy("false", name="z"), binding(name="a", policyName="z"), policy("1 == 2"), binding())
    assert refusal(server, web()) == "failed expression: 1 == 2"


def test_who_only_wants_to_warn_warns_and_who_audits_is_silent(server: ApiServer) -> None:
    install(server, policy(), binding("Warn", name="warns"), binding("Audit", name="audits"))
    told = "Validation failed for ValidatingAdmissionPolicy 'few' with binding 'warns': failed expression: "
    assert server.create(web()).warnings == (f"{told}object.spec.replicas <= 5",)
    assert server.patch(WEB, {"metadata": {"labels": {"a": "b"}}}).warnings == (f"{told}object.spec.replicas <= 5",)


def test_an_annotation_that_fails_is_a_refusal_whatever_the_binding_wants(server: ApiServer) -> None:
    annotations = [{"key": "a", "valueExpression": "string(object.spec.nope)"}]
    install(server, policy(validations=[], auditAnnotations=annotations), binding("Audit"))
    assert refusal(server, web()) == "expression 'string(object.spec.nope)' resulted in error: no such key: nope"


# ------------------------------------------------------------------------------------------------ matching


@pytest.mark.parametrize(
    ("match", "is_judged"),
    [
        (about(RULE), True),
        (about(rule("*", group="*", operations="*")), True),
        (about(rule("*/*")), True),
        (about(rule("deployments/scale")), False),
        (about(rule("*/scale")), False),
        (about(rule(operations="UPDATE")), False),
        (about(rule(group="")), False),
        (about(rule(apiVersions=["v2"])), False),
        (about(rule(scope="Cluster")), False),
        (about(rule(scope="Namespaced")), True),
        (about(rule(resourceNames=["web"])), True),
        (about(rule(resourceNames=["other"])), False),
        (about(RULE, excludeResourceRules=[rule("*", resourceNames=["web"])]), False),
        (about(RULE, excludeResourceRules=[rule("*", resourceNames=["other"])]), True),
        (about(RULE, objectSelector={"matchLabels": {"app": "web"}}), True),
        (about(RULE, objectSelector={"matchLabels": {"app": "db"}}), False),
        (about(RULE, namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "default"}}), True),
        (about(RULE, namespaceSelector={"matchExpressions": [{"key": "env", "operator": "Exists"}]}), False),
    ],
)
@pytest.mark.parametrize("where", ["in the policy", "in the binding"])
def test_which_requests_are_judged(server: ApiServer, match: Obj, is_judged: bool, where: str) -> None:
    if where == "in the policy":
        install(server, policy("false", matchConstraints=match), binding())
    else:
        install(server, policy("false"), binding(matchResources=match))
    assert bool(refusal(server, web(labels={"app": "web"}))) is is_judged


def test_a_selector_may_mean_what_an_object_was(server: ApiServer) -> None:
    server.create(web(labels={"app": "web"}))
    install(
        server, policy("false", matchConstraints=about(RULE, objectSelector={"matchLabels": {"app": "web"}})), binding()
    )
    with pytest.raises(errors.Denied):
        server.patch(WEB, {"metadata": {"labels": {"app": None}}})


def test_a_namespace_is_selected_by_its_own_labels_and_in_no_namespace(server: ApiServer) -> None:
    match = about(
        rule("namespaces", "*", "", scope="Cluster"), namespaceSelector={"matchLabels": {"env": "prod"}}
    )  # fmt: skip
    install(
        server,
        policy("request.namespace != request.name || object != null", "false", matchConstraints=match),
        binding(),
    )
    server.create(namespace("other"))
    assert refusal(server, namespace("shop", env="prod")) == "failed expression: false"


def test_another_version_of_a_kind_is_the_same_unless_it_is_to_be_exact(server: ApiServer) -> None:
    autoscaler = {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
        "spec": {
            "maxReplicas": 20, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization",
                         "averageUtilization": 70}}}],
        },
    }  # fmt: skip
    match = about(rule("horizontalpodautoscalers", group="autoscaling"))
    expression = (
        "object.spec.targetCPUUtilizationPercentage < 70 || request.kind.version != 'v1' || "
        "request.requestKind.version != 'v2' || object.apiVersion != 'autoscaling/v1'"
    )
    install(server, policy(expression, matchConstraints=match), binding())
    assert refusal(server, autoscaler)
    server.patch(Ref("ValidatingAdmissionPolicy", "", "few"), {"spec": {"matchConstraints": {"matchPolicy": "Exact"}}})
    assert not refusal(server, autoscaler)


def test_policies_do_not_judge_policies(server: ApiServer) -> None:
    everything = rule("*/*", "*", "*", apiVersions=["*"])
    install(server, policy("false", matchConstraints=about(everything)), binding())
    server.patch(Ref("ValidatingAdmissionPolicyBinding", "", "few"), {"metadata": {"labels": {"a": "b"}}})
    server.delete(Ref("ValidatingAdmissionPolicy", "", "few"))
    server.create(web())


# ------------------------------------------------------------------------------------------------ operations


def test_a_scale_is_another_resource_than_what_is_scaled(server: ApiServer) -> None:
    server.create(web(3))
    install(server, policy(), binding())
    done = requests.patch(server, WEB, "merge", '{"spec": {"replicas": 9}}', "scale")
    assert done.obj["spec"]["replicas"] == 9
    match = about(rule("deployments/scale", "UPDATE"))
    kinds = (
        "request.kind.kind == 'Scale' && request.resource.resource == 'deployments' && request.subResource == 'scale'"
    )
    validations = [kinds, "object.kind == 'Scale' && oldObject.spec.replicas == 9 && object.spec.replicas <= 5"]
    install(server, policy(*validations, name="scales", matchConstraints=match), binding(name="s", policyName="scales"))
    with pytest.raises(errors.Denied, match="with binding 's' denied request: failed expression"):
        requests.patch(server, WEB, "merge", '{"spec": {"replicas": 8}}', "scale")
    assert requests.patch(server, WEB, "merge", '{"spec": {"replicas": 2}}', "scale").obj["spec"]["replicas"] == 2


def test_a_status_is_another_resource_too(server: ApiServer) -> None:
    obj = server.create(web(3)).obj
    install(server, policy("false"), binding())
    server.update({**obj, "status": {"replicas": 3}}, subresource="status")
    install(
        server, policy("object.status.replicas < 3", name="s", matchConstraints=about(rule("deployments/status"))),
        binding(name="s", policyName="s"),
    )  # fmt: skip
    with pytest.raises(errors.Denied):
        server.update({**server.get(WEB), "status": {"replicas": 4}}, subresource="status")


def test_a_deletion_knows_what_was(server: ApiServer) -> None:
    server.create(web(3, labels={"keep": "yes"}))
    expression = "object == null && oldObject.metadata.labels.keep != 'yes' && request.operation == 'DELETE'"
    install(server, policy(expression, matchConstraints=about(rule(operations="DELETE"))), binding())
    with pytest.raises(errors.Denied):
        server.delete(WEB)
    with pytest.raises(errors.Denied):
        requests.delete_collection(server, "Deployment", "default")
    server.patch(WEB, {"metadata": {"labels": {"keep": "no"}}})
    server.delete(WEB, propagation="Foreground")
    assert server.get(WEB)["metadata"]["deletionTimestamp"]


def test_an_eviction_is_judged_as_one_and_not_as_the_deletion_that_it_is(server: ApiServer) -> None:
    pod = Ref("Pod", "default", "web-1")
    server.store.put(builders.pod())
    match = about(rule("pods", "DELETE", ""), rule("pods/eviction", "CREATE", ""))
    expression = "request.subResource == 'eviction' && object.kind == 'Eviction' && request.kind.group == 'policy'"
    install(server, policy(expression, matchConstraints=match), binding("Warn"))
    assert requests.evict(server, pod).warnings == ()
    server.patch(Ref("ValidatingAdmissionPolicy", "", "few"), {"spec": {"validations": [{"expression": "false"}]}})
    assert len(requests.evict(server, pod).warnings) == 1
    assert len(server.delete(pod).warnings) == 1


def test_a_binding_to_a_node_and_a_connection_are_judged(server: ApiServer) -> None:
    pod = Ref("Pod", "default", "web-1")
    server.store.put(builders.pod(node=""))
    match = about(rule("pods/binding", "CREATE", ""), rule("pods/exec", "CONNECT", ""))
    names = "request.subResource == 'binding' ? object.target.name != 'node-1' : object.command[0] != 'sh'"
    install(server, policy(names, matchConstraints=match), binding())
    with pytest.raises(errors.Denied):
        server.bind(pod, "node-1")
    server.bind(pod, "node-2")
    options = {"apiVersion": "v1", "kind": "PodExecOptions", "command": ["sh"]}
    with pytest.raises(errors.Denied):
        server.judged("CONNECT", pod, options, None, "exec")
    assert server.judged("CONNECT", pod, {**options, "command": ["date"]}, None, "exec") == ()


def test_a_dry_run_is_judged_and_known_as_one(server: ApiServer) -> None:
    install(server, policy("!request.dryRun"), binding())
    assert refusal(server, web())
    server.create(web())


def test_server_side_apply_is_a_create_or_an_update(server: ApiServer) -> None:
    install(server, policy("object.spec.replicas <= (request.operation == 'CREATE' ? 3 : 5)"), binding())
    text = '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": %d, %s}}'
    rest = (
        '"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, '
        '"spec": {"containers": [{"name": "c", "image": "nginx"}]}}'
    )
    with pytest.raises(errors.Denied):
        requests.patch(server, WEB, "apply", text % (4, rest), manager="me")
    requests.patch(server, WEB, "apply", text % (3, rest), manager="me")
    requests.patch(server, WEB, "apply", text % (5, rest), manager="me")
    with pytest.raises(errors.Denied):
        requests.patch(server, WEB, "apply", text % (6, rest), manager="me")


# ------------------------------------------------------------------------------------------------ what they know


@pytest.mark.parametrize(
    "expression",
    [
        "request.kind.group == 'apps' && request.kind.version == 'v1' && request.kind.kind == 'Deployment'",
        "request.resource.resource == 'deployments' && request.resource.group == 'apps'",
        "request.name == 'web' && request.namespace == 'default' && request.operation == 'CREATE'",
        "request.userInfo.username == 'you' && 'system:masters' in request.userInfo.groups",
        "request.options.kind == 'CreateOptions' && request.subResource == ''",
        "oldObject == null && object.kind == 'Deployment' && object.spec.strategy.type == 'RollingUpdate'",
        "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'default'",
        "has(namespaceObject.metadata.creationTimestamp) && namespaceObject.status.phase == 'Active'",
        "authorizer.group('apps').resource('deployments').namespace('x').check('delete').allowed()",
        "authorizer.serviceAccount('default', 'robot').path('/healthz').check('get').allowed()",
        "object.spec.template.spec.containers.all(c, c.image.startsWith('nginx'))",
        "object.?spec.?nope.orValue(3) == 3",
        "!has(object.spec.nope)",
    ],
)
def test_what_an_expression_knows(server: ApiServer, expression: str) -> None:
    install(server, policy(f"!({expression})"), binding())
    assert refusal(server, web()) == f"failed expression: !({expression})"


def test_who_asks_may_be_a_loop(server: ApiServer) -> None:
    install(
        server, policy("request.userInfo.username != 'system:serviceaccount:kube-system:job-controller'"), binding()
    )
    with server.asked_by(users.of_loop("job-controller")), pytest.raises(errors.Denied):
        server.create(web())
    with server.asked_by(users.of_loop("kubelet", "node-1")):
        server.create(web())


def test_variables_are_worked_out_when_they_are_asked_for(server: ApiServer) -> None:
    variables = [
        {"name": "wrong", "expression": "object.spec.nope.nope"},
        {"name": "most", "expression": "namespaceObject.metadata.name == 'default' ? 5 : 50"},
        {"name": "beyond", "expression": "object.spec.replicas - variables.most"},
    ]
    validation = {"expression": "variables.beyond <= 0", "messageExpression": "string(variables.beyond) + ' too many'"}
    install(server, policy(variables=variables, validations=[validation]), binding())
    assert refusal(server, web(9)) == "4 too many"
    assert refusal(server, web(5)) == ""
    server.patch(Ref("ValidatingAdmissionPolicy", "", "few"), {"spec": {"validations": [{"expression": "variables.wrong"
                 " == 1"}]}})  # fmt: skip
    failed = 'composited variable "wrong" fails to evaluate: no such key: nope'
    assert refusal(server, web(5)) == f"expression 'variables.wrong == 1' resulted in error: {failed}"


# ------------------------------------------------------------------------------------------------ errors


def test_an_error_is_a_refusal_unless_the_policy_ignores_it(server: ApiServer) -> None:
    install(server, policy("object.spec.nope > 1"), binding("Warn"))
    (warning,) = dry(server).create(web()).warnings
    assert warning.endswith("expression 'object.spec.nope > 1' resulted in error: no such key: nope")
    server.patch(Ref("ValidatingAdmissionPolicy", "", "few"), {"spec": {"failurePolicy": "Ignore"}})
    assert server.create(web()).warnings == ()


@pytest.mark.parametrize(
    ("conditions", "failure", "expected"),
    [
        (["true"], "Fail", "failed expression: false"),
        (["true", "false"], "Fail", ""),
        (["object.spec.nope == 1", "false"], "Fail", ""),
        (["object.spec.nope == 1"], "Ignore", ""),
        (["true", "object.spec.nope == 1"], "Fail",
         "expression 'object.spec.nope == 1' resulted in error: no such key: nope"),
        (["object.a == 1", "object.b == 1"], "Fail",
         "[expression 'object.a == 1' resulted in error: no such key: a, "
         "expression 'object.b == 1' resulted in error: no such key: b]"),
        (["namespaceObject == null"], "Fail", "failed expression: false"),
    ],
)  # fmt: skip
def test_conditions_say_whether_a_policy_is_asked(
    server: ApiServer, conditions: list[str], failure: str, expected: str
) -> None:
    written = [{"name": f"c{index}", "expression": each} for index, each in enumerate(conditions)]
    install(server, policy("false", matchConditions=written, failurePolicy=failure), binding())
    assert refusal(server, web()) == expected


NUMBERS = "['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']"
LOOPS = "".join(f"{NUMBERS}.all(a{depth}, " for depth in range(6)) + "a0 != 'z'" + ")" * 6


def test_no_expression_takes_longer_than_it_may(server: ApiServer) -> None:
    install(server, policy(LOOPS), binding())
    assert refusal(server, web()).endswith("resulted in error: operation cancelled: actual cost limit exceeded")


def test_all_policies_together_do_not_either(server: ApiServer) -> None:
    install(server, *(policy(LOOPS, name=f"p{index}") for index in range(20)))
    install(server, *(binding("Warn", name=f"b{index}", policyName=f"p{index}") for index in range(20)))
    warnings = server.create(web()).warnings
    cancelled = [warning for warning in warnings if warning.endswith("actual cost limit exceeded")]
    assert len(cancelled) == limits.CEL_REQUEST // limits.CEL_CALL - 1
    spent = "validation failed due to running out of cost budget, no further validation rules will be run"
    assert all(warning.endswith(spent) for warning in warnings[len(cancelled) :])


def test_there_are_only_so_many_policies(server: ApiServer) -> None:
    for index in range(limits.POLICIES):
        server.store.put(policy(name=f"p{index}"))
    with pytest.raises(errors.Forbidden, match="this cluster has its limit of 100 objects of this kind"):
        server.create(policy())


def test_all_policies_together_say_no_more_than_a_server_reads_at_once(server: ApiServer) -> None:
    long = ["true" + " " * (limits.POLICY_CHARACTERS // 2 - 10)] * 2
    install(server, *(policy(*long, name=f"p{index}") for index in range(3)), policy())
    with pytest.raises(errors.Forbidden, match="all policies together have at most 100000 characters"):
        server.create(policy(*long, name="p3"))
    longer = {"spec": {"validations": [{"expression": each} for each in long]}}
    with pytest.raises(errors.Forbidden, match="all policies together have at most 100000 characters"):
        server.patch(Ref("ValidatingAdmissionPolicy", "", "few"), longer)


# ------------------------------------------------------------------------------------------------ params

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap"}
MOST = "object.spec.replicas <= int(params.data.most)"


def limited(server: ApiServer, paramRef: Obj, kind: Obj = CONFIG, expression: str = MOST) -> None:
    ref = {"parameterNotFoundAction": "Deny", **paramRef}
    install(server, policy(expression, paramKind=kind), binding(paramRef=ref))


@pytest.mark.parametrize("where", [{"namespace": "default"}, {}], ids=["where it says", "where the request is"])
def test_a_parameter_is_found_by_name(server: ApiServer, where: Obj) -> None:
    limited(server, {"name": "limits", **where})
    missing = "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
    assert refusal(server, web(3)) == missing
    server.create(config("limits", data={"most": "3"}))
    assert refusal(server, web(3)) == ""
    assert refusal(server, web(4)) == f"failed expression: {MOST}"


def test_a_parameter_that_is_missing_may_be_no_matter(server: ApiServer) -> None:
    limited(server, {"name": "limits", "parameterNotFoundAction": "Allow"})
    assert refusal(server, web()) == ""


def test_each_of_several_parameters_is_asked(server: ApiServer) -> None:
    limited(server, {"selector": {"matchLabels": {"limits": "yes"}}})
    install(server, config("a", data={"most": "9"}, labels={"limits": "yes"}), config("b", data={"most": "1"}))
    assert refusal(server, web(5)) == ""
    server.patch(Ref("ConfigMap", "default", "b"), {"metadata": {"labels": {"limits": "yes"}}})
    assert refusal(server, web(5)) == f"failed expression: {MOST}"


def test_without_a_reference_there_are_no_parameters(server: ApiServer) -> None:
    install(server, policy("params != null", paramKind=CONFIG), binding())
    assert refusal(server, web()) == "failed expression: params != null"


def test_a_kind_that_nobody_knows_is_a_mistake_of_the_policy(server: ApiServer) -> None:
    limited(server, {"name": "x"}, {"apiVersion": "rules.example.com/v1", "kind": "ReplicaLimit"})
    with pytest.raises(errors.Denied) as refused:
        server.create(web())
    why = "failed to find resource referenced by paramKind: 'rules.example.com/v1, Kind=ReplicaLimit'"
    expected = f"ValidatingAdmissionPolicy 'few' denied request: failed to configure policy: {why}"
    assert refused.value.message == f'deployments.apps "web" is forbidden: {expected}'


def test_objects_of_a_kind_of_ones_own_are_parameters(server: ApiServer) -> None:
    defined = crd("Website", scope="Cluster")
    server.scheme.register(definitions.definition(defined))
    server.store.put(defined)
    kind = {"apiVersion": "example.com/v1", "kind": "Website"}
    limited(server, {"name": "home"}, kind, "object.spec.replicas <= params.spec.replicas && params.kind == 'Website'")
    home = {**kind, "metadata": {"name": "home"}, "spec": {"host": "example.org", "replicas": 4}}
    server.create(home)
    assert refusal(server, web(4)) == ""
    assert refusal(server, web(5)).startswith("failed expression: object.spec.replicas <= params.spec.replicas")
    wrong = {"spec": {"paramRef": {"name": "home", "namespace": "default", "parameterNotFoundAction": "Deny"}}}
    server.patch(Ref("ValidatingAdmissionPolicyBinding", "", "few"), wrong)
    why = "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
    assert refusal(server, web(4)) == f"failed to configure binding: {why}"


def test_what_is_in_no_namespace_has_no_parameters_in_its_own(server: ApiServer) -> None:
    match = about(rule("persistentvolumes", group=""))
    ref = {"name": "limits", "parameterNotFoundAction": "Allow"}
    install(server, policy("false", paramKind=CONFIG, matchConstraints=match), binding(paramRef=ref))
    volume = {
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}},
    }  # fmt: skip
    why = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
    assert refusal(server, volume) == f"failed to configure binding: {why}"


def test_more_parameters_than_anybody_can_ask_come_to_an_end(server: ApiServer) -> None:
    limited(server, {"selector": {}}, expression="true")
    for index in range(2_000):
        server.store.put(config(f"c{index:04d}"))
    assert refusal(server, web()) == ""
    limits_ = [f"['a', 'b'].all(x, x != '{index}')" for index in range(60)]
    server.patch(
        Ref("ValidatingAdmissionPolicy", "", "few"),
        {"spec": {"validations": [{"expression": each} for each in limits_]}},
    )
    assert "running out of cost budget" in refusal(server, web())
