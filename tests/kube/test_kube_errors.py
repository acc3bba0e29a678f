"""Wrong requests get the answers that a real API server of 1.36 gives, names and times aside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.objects import Ref
from tests.support.clients import Api

PODS, DEPLOYMENTS = "/api/v1/namespaces/default/pods", "/apis/apps/v1/namespaces/default/deployments"
JSON, YAML = "application/json", "application/yaml"
STRICT = "?fieldValidation=Strict"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"


def pod(**metadata: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "nginx:1.27"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"} | metadata, "spec": spec}


def deployment(**spec: Any) -> dict[str, Any]:
    labels = {"app": "shop"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}}
    whole = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template} | spec
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}, "spec": whole}


def failure(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    status |= {"message": message, "reason": reason}
    if details is not None:
        status["details"] = details
    return status | {"code": code}


def cause(reason: str, message: str, field: str) -> dict[str, Any]:
    return {"reason": reason, "message": message, "field": field}


UNKNOWN = 'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.x"'
WRONG_TYPE = (
    'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field '
    "DeploymentSpec.spec.replicas of type int32"
)
NEGATIVE = "Invalid value: -1: must be greater than or equal to 0"
ACCEPTED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
UNRECOGNIZED = "the object provided is unrecognized (must be of type Deployment): "
SCHEME = 'in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status"),
    [
        pytest.param(DEPLOYMENTS + STRICT, deployment(x=1), JSON, failure(400, "BadRequest", UNKNOWN), id="unknown"),
        pytest.param(
            DEPLOYMENTS, deployment(replicas="two"), JSON, failure(400, "BadRequest", WRONG_TYPE), id="wrong type"
        ),
        pytest.param(
            DEPLOYMENTS,
            deployment(replicas=-1),
            JSON,
            failure(
                422,
                "Invalid",
                f'Deployment.apps "shop" is invalid: spec.replicas: {NEGATIVE}',
                {
                    "name": "shop",
                    "group": "apps",
                    "kind": "Deployment",
                    "causes": [cause("FieldValueInvalid", NEGATIVE, "spec.replicas")],
                },
            ),
            id="negative",
        ),
        pytest.param(
            DEPLOYMENTS,
            "{",
            JSON,
            failure(
                400,
                "BadRequest",
                UNRECOGNIZED + "couldn't get version/kind; json parse error: unexpected end of JSON input ({)",
            ),
            id="half of an object",
        ),
        pytest.param(
            DEPLOYMENTS,
            "",
            JSON,
            failure(
                400,
                "BadRequest",
                UNRECOGNIZED + "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
            ),
            id="nothing",
        ),
        pytest.param(
            PODS,
            "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: p\n",
            YAML,
            failure(
                400,
                "BadRequest",
                "the object provided is unrecognized (must be of type Pod): yaml: line 4: found character that cannot "
                "start any token (61706956657273696f6e3a2076310a6b696e643a20506f640a6d65746164 ...)",
            ),
            id="a tab",
        ),
        pytest.param(
            DEPLOYMENTS,
            "x",
            "text/plain",
            failure(
                415,
                "UnsupportedMediaType",
                f"the body of the request was in an unknown format - accepted media types include: {ACCEPTED}",
            ),
            id="text/plain",
        ),
        pytest.param(
            DEPLOYMENTS,
            pod(),
            JSON,
            failure(
                400,
                "BadRequest",
                'Pod in version "v1" cannot be handled as a Deployment: converting (v1.Pod) to (apps.Deployment): '
                "unknown conversion",
            ),
            id="another kind",
        ),
        pytest.param(
            PODS,
            pod() | {"apiVersion": "apps/v1", "kind": "Podz"},
            JSON,
            failure(
                400,
                "BadRequest",
                'Podz in version "v1" cannot be handled as a Pod: no kind "Podz" is registered for version "apps/v1" '
                + SCHEME,
            ),
            id="no such kind",
        ),
        pytest.param(
            PODS,
            pod(namespace="other"),
            JSON,
            failure(
                400,
                "BadRequest",
                "the namespace of the provided object does not match the namespace sent on the request",
            ),
            id="another namespace",
        ),
        pytest.param(
            "/api/v1/namespaces/nowhere/pods",
            pod(),
            JSON,
            failure(404, "NotFound", 'namespaces "nowhere" not found', {"name": "nowhere", "kind": "namespaces"}),
            id="no such namespace",
        ),
    ],
)
def test_a_refused_create(api: Api, path: str, body: Any, content_type: str, status: dict[str, Any]) -> None:
    before = api.cluster.store.revision
    assert api.status("POST", path, body, Content_Type=content_type) == status
    assert api.cluster.store.revision == before


RESOURCE = "the server could not find the requested resource"
NO_METHOD = "the server does not allow this method on the requested resource"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{PODS}/nope", failure(404, "NotFound", 'pods "nope" not found', {"name": "nope", "kind": "pods"})),
        ("GET", "/apis/apps/v1/namespaces/default/gizmos", failure(404, "NotFound", RESOURCE, {})),
        ("GET", "/apis/apps/v9", failure(404, "NotFound", RESOURCE, {})),
        ("GET", "/apis/apps/v1beta9/namespaces/default/deployments", failure(404, "NotFound", RESOURCE, {})),
        ("GET", f"{PODS}/p/nonsense", failure(404, "NotFound", RESOURCE, {})),
        ("PUT", PODS, failure(405, "MethodNotAllowed", NO_METHOD, {})),
        ("POST", "/api/v1/pods", failure(405, "MethodNotAllowed", NO_METHOD, {})),
        (
            "GET",
            f"{PODS}?labelSelector=a%3D%3D%3Db",
            failure(400, "BadRequest", "unable to parse requirement: found '=', expected: identifier"),
        ),
        (
            "GET",
            f"{PODS}?fieldSelector=spec.foo=bar",
            failure(400, "BadRequest", "field label not supported: spec.foo"),
        ),
        ("GET", f"{PODS}?limit=x", failure(400, "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax')),
        (
            "GET",
            f"{PODS}?resourceVersion=x",
            failure(
                400,
                "BadRequest",
                'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": '
                "invalid syntax",
            ),
        ),
        (
            "GET",
            f"{PODS}?continue=aW52YWxpZA",
            failure(
                400,
                "BadRequest",
                "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of "
                "value",
            ),
        ),
    ],
)
def test_a_request_that_does_not_fit(api: Api, method: str, path: str, status: dict[str, Any]) -> None:
    assert api.status(method, path) == status


@pytest.mark.parametrize("path", ["/foo", "/apis/nogroup/v1", "/apis/nogroup", "/metrics", "/openapi/v3/apis/x/v1"])
def test_an_unknown_address_is_a_plain_404(api: Api, path: str) -> None:
    response = api.ask("GET", path)
    assert (response.status_code, response.get_data(as_text=True)) == (404, "404 page not found\n")


def test_a_list_from_the_future(api: Api) -> None:
    status = api.status("GET", f"{PODS}?resourceVersion=99999999")
    current = api.cluster.store.revision
    message = f"Timeout: Too large resource version: 99999999, current: {current}"
    causes = [cause("ResourceVersionTooLarge", "Too large resource version", "")]
    got = {**status, "details": {**status["details"], "causes": causes}}
    assert got == failure(504, "Timeout", message, {"retryAfterSeconds": 1, "causes": causes})


def test_what_we_cannot_answer_in(api: Api) -> None:
    message = (
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
        "application/vnd.kubernetes.protobuf, application/json;stream=watch, "
        "application/vnd.kubernetes.protobuf;stream=watch"
    )
    assert api.status("GET", PODS, Accept="text/html") == failure(406, "NotAcceptable", message, {})


MODIFIED = (
    'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes '
    "to the latest version and try again"
)
WEB = {"name": "web", "group": "apps", "kind": "deployments"}


def test_conflicts(api: Api) -> None:
    web = api.get(f"{DEPLOYMENTS}/web")
    stale = {**web, "metadata": {**web["metadata"], "resourceVersion": "1"}}
    conflict = failure(409, "Conflict", MODIFIED, WEB)
    assert api.status("PUT", f"{DEPLOYMENTS}/web", stale) == conflict
    patch = {"metadata": {"resourceVersion": "1"}}
    assert api.status("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=MERGE) == conflict
    other = {**web, "metadata": {**web["metadata"], "uid": "x"}}
    message = (
        'Operation cannot be fulfilled on deployments.apps "web": StorageError: invalid object, Code: 4, Key: '
        "/registry/deployments/default/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
        f"precondition: x, UID in object meta: {web['metadata']['uid']}"
    )
    assert api.status("PUT", f"{DEPLOYMENTS}/web", other) == failure(409, "Conflict", message, WEB)


@pytest.mark.parametrize(
    ("field", "value"),
    [("uid", "x"), ("deletionTimestamp", "2020-01-01T00:00:00Z"), ("deletionGracePeriodSeconds", 5)],
)
def test_what_the_server_says_of_an_object_is_not_for_clients_to_change(api: Api, field: str, value: Any) -> None:
    patch = {"metadata": {field: value}}
    status = api.status("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=MERGE)
    why = f"metadata.{field}: Invalid value: {json.dumps(value)}: field is immutable"
    assert (status["message"], status["code"]) == (f'Deployment.apps "web" is invalid: {why}', 422)


def test_times_and_generations_of_clients_are_ignored(api: Api) -> None:
    before = api.get(f"{DEPLOYMENTS}/web")
    patch = {"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z", "generation": 9, "selfLink": "/x", "uid": ""}}
    api.ok("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=MERGE)
    assert api.get(f"{DEPLOYMENTS}/web") == before


def test_who_applies_what_had_a_uid_does_not_make_another(api: Api) -> None:
    wanted = {**deployment(), "metadata": {"name": "shop", "uid": "x"}}
    path = f"{DEPLOYMENTS}/shop?fieldManager=me"
    status = api.status("PATCH", path, wanted, Content_Type="application/apply-patch+yaml")
    why = "uid mismatch: the provided object specified uid x, and no existing object was found"
    assert (status["message"], status["code"]) == (
        f'Operation cannot be fulfilled on deployments.apps "shop": {why}',
        409,
    )


def test_another_name_than_in_the_address(api: Api) -> None:
    web = api.get(f"{DEPLOYMENTS}/web")
    other = {**web, "metadata": {**web["metadata"], "name": "other"}}
    message = "the name of the object (other) does not match the name on the URL (web)"
    assert api.status("PUT", f"{DEPLOYMENTS}/web", other) == failure(400, "BadRequest", message)
    assert api.status("PUT", f"{DEPLOYMENTS}/fresh", deployment())["message"].startswith("the name of the object")


@pytest.mark.parametrize(
    ("content_type", "patch", "status"),
    [
        ("application/json", "{}", failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})),
        (
            "application/json-patch+json",
            [{"op": "replace", "path": "/spec/nope/x", "value": 1}],
            failure(422, "Invalid", "the server rejected our request due to an error in our request", {}),
        ),
        (
            "application/apply-patch+yaml",
            {"apiVersion": "apps/v1", "kind": "Deployment"},
            failure(
                422,
                "Invalid",
                'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
                {
                    "group": "meta.k8s.io",
                    "kind": "PatchOptions",
                    "causes": [
                        cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
                    ],
                },
            ),
        ),
    ],
)
def test_a_refused_patch(api: Api, content_type: str, patch: Any, status: dict[str, Any]) -> None:
    assert api.status("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=content_type) == status


SLIPS = """{"apiVersion": "v1", "kind": "Pod", "zone": 1, "metadata": {"name": "p", "labels": {"a": "1", "a": "2"}},
"kind": "Pod", "spec": {"x": {"y": 1, "y": 2}, "containers": [{"name": "c", "image": "x", "name": "c", "b": 1}]}}"""


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        pytest.param(
            SLIPS,
            JSON,
            'unknown field "zone", duplicate field "metadata.labels.a", duplicate field "kind", '
            'unknown field "spec.x", duplicate field "spec.containers[0].name", unknown field "spec.containers[0].b"',
            id="as they stand in JSON",
        ),
        pytest.param(
            "z: 1\nkind: Pod\napiVersion: v1\nmetadata: {name: p}\nmore: 1\n"
            "spec: {containers: [], a: 1, containers: []}",
            YAML,
            'yaml: unmarshal errors:\n  line 6: key "containers" already set in map, '
            'unknown field "more", unknown field "spec.a", unknown field "z"',
            id="sorted in YAML",
        ),
    ],
)
def test_slips_are_told_in_order_and_where_they_are(api: Api, body: str, content_type: str, said: str) -> None:
    status = api.status("POST", PODS + STRICT, body, Content_Type=content_type)
    assert status["message"].partition("strict decoding error: ")[2] == said


@pytest.mark.parametrize(
    ("patch", "value", "why"),
    [
        ({"spec": {"replicas": "3"}}, "map[spec:map[replicas:3]]", "unrecognized type: int32"),
        ({"spec": {"replicas": 1.5}}, "map[spec:map[replicas:1.5]]", "cannot convert float64 to int32"),
        ({"metadata": {"labels": {"a": 1}}}, "map[metadata:map[labels:map[a:1]]]", "cannot convert int64 to string"),
        ({"metadata": {"labels": {"a": True}}}, "map[metadata:map[labels:map[a:true]]]", "unrecognized type: string"),
        ({"metadata": {"labels": ["a"]}}, "map[metadata:map[labels:[a]]]", "cannot restore map from slice"),
        ({"spec": {"template": "x"}}, "map[spec:map[template:x]]", "cannot restore struct from: string"),
        ({"metadata": {"finalizers": 1}}, "map[metadata:map[finalizers:1]]", "cannot restore slice from int64"),
    ],
)
def test_a_value_of_another_type_in_a_strategic_patch(api: Api, patch: Any, value: str, why: str) -> None:
    status = api.status("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=STRATEGIC)
    assert (status["message"], status["code"]) == (f' "" is invalid: patch: Invalid value: "{value}": {why}', 422)


def test_a_field_that_a_patch_has_twice(api: Api) -> None:
    patch = '{"spec": {"replicas": 1, "replicas": 2}}'
    status = api.status("PATCH", f"{DEPLOYMENTS}/web{STRICT}", patch, Content_Type=MERGE)
    assert status["message"].endswith('strict decoding error: duplicate field "spec.replicas"')
    warned = api.ask("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=MERGE)
    assert warned.headers.getlist("Warning") == ['299 - "duplicate field \\"spec.replicas\\""']


def test_an_unknown_field_in_a_patch(api: Api) -> None:
    patch = '{"spec":{"replica":3}}'
    status = api.status("PATCH", f"{DEPLOYMENTS}/web{STRICT}", patch, Content_Type=MERGE)
    assert status["message"].startswith(' "" is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"apps/v1\\"')
    assert '\\"replica\\":3}' in status["message"]
    assert status["message"].endswith('}": strict decoding error: unknown field "spec.replica"')
    two = '{"spec":{"z":1,"replica":[true,null]}}'
    status = api.status("PATCH", f"{DEPLOYMENTS}/web{STRICT}", two, Content_Type=STRATEGIC)
    assert status["message"] == (
        ' "" is invalid: patch: Invalid value: "map[spec:map[replica:[true <nil>] z:1]]": '
        'strict decoding error: unknown field "spec.replica", unknown field "spec.z"'
    )
    warned = api.ask("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=MERGE)
    assert warned.headers.getlist("Warning") == ['299 - "unknown field \\"spec.replica\\""']
    silent = api.ask("PATCH", f"{DEPLOYMENTS}/web?fieldValidation=Ignore", patch, Content_Type=MERGE)
    assert (silent.status_code, silent.headers.getlist("Warning")) == (200, [])


def test_a_negative_scale(api: Api) -> None:
    scale = api.get(f"{DEPLOYMENTS}/web/scale")
    status = api.status("PUT", f"{DEPLOYMENTS}/web/scale", {**scale, "spec": {"replicas": -1}})
    assert status == failure(
        422,
        "Invalid",
        f'Scale.autoscaling "web" is invalid: spec.replicas: {NEGATIVE}',
        {
            "name": "web",
            "group": "autoscaling",
            "kind": "Scale",
            "causes": [cause("FieldValueInvalid", NEGATIVE, "spec.replicas")],
        },
    )


def test_nothing_new_in_a_namespace_that_is_going_away(api: Api) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    api.ok("POST", "/api/v1/namespaces", namespace)
    api.ok("DELETE", "/api/v1/namespaces/team")
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "l"}}
    assert api.status("POST", "/api/v1/namespaces/team/configmaps", config) == failure(
        403,
        "Forbidden",
        'configmaps "l" is forbidden: unable to create new content in namespace team because it is being terminated',
        {
            "name": "l",
            "kind": "configmaps",
            "causes": [cause("NamespaceTerminating", "namespace team is being terminated", "metadata.namespace")],
        },
    )


def test_what_machines_know_is_nobodys_business(api: Api) -> None:
    assert api.cluster.objects("PodSandbox")
    assert "loopscope" not in str(api.get("/apis"))
    for path in ("/apis/loopscope.internal/v1/podsandboxes", "/apis/loopscope.internal/v1"):
        assert api.ask("GET", path).status_code == 404


def test_a_body_beyond_the_limit(api: Api) -> None:
    status = api.status("POST", PODS, "x" * (3 * 1024 * 1024 + 1))
    assert status["message"] == "Request entity too large: limit is 3145728"
    assert status["code"] == 413


def test_a_room_that_there_is_not(api: Api) -> None:
    response = api.client.get("/rooms/nonsense/kube/api/v1/pods")
    assert response.status_code == 404
    assert response.get_json()["kind"] == "Status"


def test_another_sites_page_can_neither_read_nor_write_here(api: Api) -> None:
    """A browser names the page's origin; kubectl names none. The room's name is the key, but not from elsewhere."""
    response = api.ask("GET", PODS, Origin="https://elsewhere.example")
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_node_may_not_be_bound_to(api: Api) -> None:
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}}
    assert api.status("POST", f"{PODS}/p/binding", binding)["message"] == "target.name: Required value"
    assert api.cluster.get(Ref("Pod", "default", "p")) is None
