"""What a client looks at before it reads the object: status lines, forms, parameters, old addresses, reviews."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from app.api.errors import BadRequest
from app.web import kubeconfig
from app.web.kube import options
from tests.support.clients import Api
from tests.support.custom import define, widget

CONFIGS = "/api/v1/namespaces/default/configmaps"
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PROTOBUF = "application/vnd.kubernetes.protobuf"
AUTHORIZATION, AUTHENTICATION = "/apis/authorization.k8s.io/v1", "/apis/authentication.k8s.io/v1"
JSON = {"Content_Type": "application/json"}


@pytest.mark.parametrize(("scheme", "skips"), [("http", True), ("https", None)])
def test_a_certificate_is_left_unchecked_only_where_there_is_none(scheme: str, skips: bool | None) -> None:
    """The JavaScript client refuses plain HTTP unless it is told so."""
    config = yaml.safe_load(kubeconfig.text("abcdefgh", f"{scheme}://room.example/kube"))
    assert config["clusters"][0]["cluster"].get("insecure-skip-tls-verify") is skips


# ---------------------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize("text", ["true", "True", "1", "", "yes", "no", "f", "00"])
def test_whatever_is_not_false_says_yes(text: str) -> None:
    assert options.flag({"watch": text}, "watch")


@pytest.mark.parametrize("query", [{}, {"watch": "0"}, {"watch": "false"}, {"watch": "False"}, {"watch": "FALSE"}])
def test_only_these_say_no(query: dict[str, str]) -> None:
    assert not options.flag(query, "watch")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "invalid syntax"),
        ("1.5", "invalid syntax"),
        ("-+1", "invalid syntax"),
        ("9223372036854775808", "value out of range"),
        ("9" * 5000, "value out of range"),
    ],
)
def test_numbers_that_go_does_not_read(text: str, why: str) -> None:
    with pytest.raises(BadRequest) as refused:
        options.number({"limit": text}, "limit")
    assert refused.value.message == f'strconv.ParseInt: parsing "{text}": {why}'


def test_orphans_may_be_asked_for_as_a_python_client_writes_it(api: Api) -> None:
    api.ok("DELETE", "/apis/apps/v1/namespaces/default/deployments/web?orphanDependents=True")
    deleted = api.get("/apis/apps/v1/namespaces/default/deployments/web")
    assert deleted["metadata"]["finalizers"] == ["orphan"]


@pytest.mark.parametrize("path", ["/api/v1/namespaces", CONFIGS, "/api", "/version"])
def test_a_timeout_is_a_span_of_time(api: Api, path: str) -> None:
    status = api.status("GET", f"{path}?timeout=invalid")
    why = 'invalid timeout specified in the request URL - time: invalid duration "invalid"'
    assert (status["code"], status["message"]) == (400, why)
    assert api.ask("GET", f"{path}?timeout=32s").status_code == 200


def test_a_watch_does_not_look_at_its_timeout(api: Api) -> None:
    with api.ask("GET", f"{CONFIGS}?watch=1&timeout=invalid") as response:
        assert response.status_code == 200


# ---------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("method", "path", "body", "line"),
    [
        ("GET", CONFIGS, None, "200 OK"),
        ("POST", CONFIGS, CONFIG, "201 Created"),
        ("POST", "/api/v1/namespaces", {"metadata": {"name": "default"}}, "409 Conflict"),
        ("GET", f"{CONFIGS}/none", None, "404 Not Found"),
        ("PATCH", f"{CONFIGS}/none", {}, "415 Unsupported Media Type"),
        ("POST", CONFIGS, {"metadata": {"name": "_"}}, "422 Unprocessable Entity"),
    ],
)
def test_an_answer_begins_and_ends_as_go_writes_it(api: Api, method: str, path: str, body: Any, line: str) -> None:
    response = api.ask(method, path, body, **JSON)
    assert response.status == line
    assert response.get_data().endswith(b"}\n")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api"),
        ("GET", "/api/v1"),
        ("GET", "/apis/apps/v1"),
        ("POST", f"{AUTHORIZATION}/selfsubjectaccessreviews"),
        ("POST", f"{AUTHENTICATION}/tokenreviews"),
    ],
)
def test_what_has_no_table_is_not_made_one(api: Api, method: str, path: str) -> None:
    body = {"spec": {"token": "x", "nonResourceAttributes": {"path": "/", "verb": "get"}}}
    status = api.status(method, path, body if method == "POST" else None, Accept=TABLE, **JSON)
    assert (status["code"], status["reason"]) == (406, "NotAcceptable")
    either = api.ask(method, path, body if method == "POST" else None, Accept=f"{TABLE},application/json", **JSON)
    assert either.status_code < 300


def test_a_scale_has_a_table_of_its_own(api: Api) -> None:
    table = api.get("/apis/apps/v1/namespaces/default/deployments/web/scale", Accept=TABLE)
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert table["rows"][0]["cells"][:2] == ["web", 3]


@pytest.mark.parametrize("query", ["", "?watch=true"])
def test_protobuf_alone_is_not_to_be_had(api: Api, query: str) -> None:
    assert api.status("GET", CONFIGS + query, Accept=PROTOBUF)["code"] == 406
    with api.ask("GET", CONFIGS + query, Accept=f"{PROTOBUF};stream=watch,application/json;stream=watch") as response:
        assert (response.status_code, response.mimetype) == (200, "application/json")


def test_items_of_a_typed_list_leave_their_kind_to_the_list(api: Api) -> None:
    api.ok("POST", CONFIGS, CONFIG)
    mine = f"{CONFIGS}?fieldSelector=metadata.name%3Da"
    for version in ("v1", "v2"):
        autoscalers = f"/apis/autoscaling/{version}/namespaces/default/horizontalpodautoscalers"
        scaler = {"metadata": {"name": "h"}, "spec": {"maxReplicas": 2, "scaleTargetRef": TARGET}}
        if version == "v1":
            api.ok("POST", autoscalers, scaler, **JSON)
        assert "kind" not in api.get(autoscalers)["items"][0]
    (item,) = api.get(mine)["items"]
    assert not {"kind", "apiVersion"} & set(item)
    assert api.get(f"{CONFIGS}/a")["kind"] == "ConfigMap"
    assert api.ok("DELETE", mine)["items"][0]["metadata"]["name"] == "a"


def test_items_of_a_custom_kind_bear_theirs(api: Api) -> None:
    define(api.cluster)
    widgets = "/apis/example.com/v1/namespaces/default/widgets"
    api.ok("POST", widgets, widget("w"))
    (item,) = api.get(widgets)["items"]
    assert (item["apiVersion"], item["kind"]) == ("example.com/v1", "Widget")


# ---------------------------------------------------------------------------------------------- old addresses


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/v1/watch/configmaps", ["a", "b"]),
        ("/api/v1/watch/namespaces/default/configmaps", ["a"]),
        ("/api/v1/watch/namespaces/default/configmaps/a", ["a"]),
        ("/api/v1/watch/namespaces/kube-system", ["kube-system"]),
        ("/apis/apps/v1/watch/namespaces/default/deployments", ["web"]),
    ],
)
def test_a_watch_by_its_old_address(api: Api, path: str, told: list[str]) -> None:
    for namespace, name in (("default", "a"), ("kube-system", "b")):
        api.ok("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": name}}, **JSON)
    seen = [event["object"]["metadata"]["name"] for event in api.stream(f"{path}?timeoutSeconds=1")]
    assert [name for name in seen if name in told] == told


def test_an_old_address_is_for_looking_only(api: Api) -> None:
    assert api.status("DELETE", "/api/v1/watch/namespaces/default/configmaps/a")["code"] == 405
    assert api.status("GET", "/api/v1/watch/namespaces/default/pods/a/status")["code"] == 404


# ---------------------------------------------------------------------------------------------- reviews


def test_discovery_tells_of_every_review(api: Api) -> None:
    found = {
        row["name"]: (row["namespaced"], row["verbs"])
        for group in (AUTHENTICATION, AUTHORIZATION)
        for row in api.get(group)["resources"]
    }
    assert found == {
        "selfsubjectreviews": (False, ["create"]),
        "tokenreviews": (False, ["create"]),
        "localsubjectaccessreviews": (True, ["create"]),
        "selfsubjectaccessreviews": (False, ["create"]),
        "selfsubjectrulesreviews": (False, ["create"]),
        "subjectaccessreviews": (False, ["create"]),
    }


PODS = {"namespace": "default", "verb": "get", "resource": "pods"}
LOCAL = "namespaces/default/localsubjectaccessreviews"


@pytest.mark.parametrize(
    ("path", "meta", "spec"),
    [
        ("selfsubjectaccessreviews", {}, {"resourceAttributes": PODS}),
        ("subjectaccessreviews", {}, {"user": "bob", "nonResourceAttributes": {"path": "/", "verb": "get"}}),
        (LOCAL, {"namespace": "default"}, {"groups": ["devs"], "resourceAttributes": PODS}),
    ],
)
def test_everybody_may_everything(api: Api, path: str, meta: Any, spec: Any) -> None:
    said = api.ok("POST", f"{AUTHORIZATION}/{path}", {"metadata": meta, "spec": spec}, **JSON)
    assert (said["spec"], said["metadata"], said["status"]["allowed"]) == (spec, meta, True)


@pytest.mark.parametrize(
    ("path", "meta", "spec", "code", "why"),
    [
        ("selfsubjectaccessreviews", {}, {}, 422,
         "spec.resourceAttributes: Invalid value: null: "
         "exactly one of nonResourceAttributes or resourceAttributes must be specified"),
        ("selfsubjectaccessreviews", {}, {"resourceAttributes": PODS, "nonResourceAttributes": {"path": "/"}}, 422,
         "cannot be specified in combination with resourceAttributes"),
        ("subjectaccessreviews", {}, {"resourceAttributes": PODS}, 422,
         'spec.user: Invalid value: "": at least one of user or group must be specified'),
        (LOCAL, {"namespace": "default"}, {"user": "bob", "nonResourceAttributes": {"path": "/"}}, 422,
         "disallowed on this kind of request"),
        (LOCAL, {"namespace": "other"}, {"user": "bob", "resourceAttributes": {"namespace": "other"}}, 400,
         "spec.resourceAttributes.namespace must match namespace: default"),
        ("subjectaccessreviews", {}, {"user": 5}, 400, "cannot unmarshal number into Go struct field"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(api: Api, path: str, meta: Any, spec: Any, code: int, why: str) -> None:
    status = api.status("POST", f"{AUTHORIZATION}/{path}", {"metadata": meta, "spec": spec}, **JSON)
    assert status["code"] == code
    assert why in status["message"]


def reviewed(api: Api, token: str, *audiences: str) -> Any:
    spec = {"token": token, **({"audiences": list(audiences)} if audiences else {})}
    return api.ok("POST", f"{AUTHENTICATION}/tokenreviews", {"spec": spec}, **JSON)["status"]


def test_a_token_is_known_while_its_account_is_there(api: Api) -> None:
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    uid = api.ok("POST", accounts, {"metadata": {"name": "robot"}}, **JSON)["metadata"]["uid"]
    asked = {"spec": {"audiences": ["vault", "db"]}}
    token = api.ok("POST", f"{accounts}/robot/token", asked, **JSON)["status"]["token"]
    said = reviewed(api, token, "db", "web")
    assert (said["authenticated"], said["audiences"]) == (True, ["db"])
    assert said["user"]["username"] == "system:serviceaccount:default:robot"
    assert said["user"]["uid"] == uid
    refused = {"user": {}, "error": "invalid bearer token"}
    assert reviewed(api, token) == refused, "it is for others than the API server"
    api.ok("DELETE", f"{accounts}/robot")
    assert reviewed(api, token, "db") == refused


@pytest.mark.parametrize("token", ["x", "a.b.c", "a.e30.c", "..", "a.W10.c"])
def test_what_is_no_token_of_ours(api: Api, token: str) -> None:
    assert reviewed(api, token) == {"user": {}, "error": "invalid bearer token"}


def test_a_review_needs_a_token(api: Api) -> None:
    status = api.status("POST", f"{AUTHENTICATION}/tokenreviews", {"spec": {}}, **JSON)
    assert (status["code"], status["message"]) == (400, "token is required for TokenReview in authentication")
