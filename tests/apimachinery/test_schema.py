"""Decoding, in Kubernetes' own words: what `errors.md` recorded from a real API server, restated."""

from __future__ import annotations

import timeit
from typing import Any

import pytest

from app.api.errors import NotFound
from app.apimachinery.scheme import schema
from tests.support.kinds import SCHEME, decode, shape


def deployment(**spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    wanted = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": wanted}


def pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "nginx:1.27", **(container or {})}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers, **spec}}


def refusal(doc: Any) -> schema.DecodingError:
    with pytest.raises(schema.DecodingError) as caught:
        decode(doc)
    return caught.value


HANDLED = 'in version "v1" cannot be handled as a'
CASES = [
    (
        "an unknown field",
        deployment(replica=3),
        f'Deployment {HANDLED} Deployment: strict decoding error: unknown field "spec.replica"',
        "spec.replica",
    ),
    (
        "an unknown nested field",
        pod({"imagePullPolcy": "Always"}),
        f'Pod {HANDLED} Pod: strict decoding error: unknown field "spec.containers[0].imagePullPolcy"',
        "spec.containers[0].imagePullPolcy",
    ),
    (
        "text for a number",
        deployment(replicas="three"),
        f"Deployment {HANDLED} Deployment: json: cannot unmarshal string into Go struct field "
        "DeploymentSpec.spec.replicas of type int32",
        "spec.replicas",
    ),
    (
        "a map for a list",
        pod() | {"spec": {"containers": {"name": "c"}}},
        f"Pod {HANDLED} Pod: json: cannot unmarshal object into Go struct field PodSpec.spec.containers "
        "of type []v1.Container",
        "spec.containers",
    ),
    (
        "a boolean for text",
        pod({"env": [{"name": "A", "value": True}]}),
        f"Pod {HANDLED} Pod: json: cannot unmarshal bool into Go struct field EnvVar.spec.containers.env.value "
        "of type string",
        "spec.containers[0].env[0].value",
    ),
    (
        "a number for a named string",
        pod(restartPolicy=5),
        f"Pod {HANDLED} Pod: json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy "
        "of type v1.RestartPolicy",
        "spec.restartPolicy",
    ),
    (
        "a bad quantity",
        pod({"resources": {"requests": {"cpu": "lots"}}}),
        f"Pod {HANDLED} Pod: quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        "spec.containers[0].resources.requests.cpu",
    ),
    (
        "a number beyond int32",
        deployment(replicas=3_000_000_000),
        f"Deployment {HANDLED} Deployment: json: cannot unmarshal number 3000000000 into Go struct field "
        "DeploymentSpec.spec.replicas of type int32",
        "spec.replicas",
    ),
    (
        "a number in a map of text",
        pod() | {"metadata": {"name": "p", "labels": {"version": 2}}},
        f"Pod {HANDLED} Pod: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels "
        "of type string",
        "metadata.labels.version",
    ),
]


@pytest.mark.parametrize(("doc", "message", "field"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_wrong_document_is_refused_as_kubernetes_does(doc: Any, message: str, field: str) -> None:
    error = refusal(doc)
    assert (error.code, error.message) == (400, message)
    assert error.problems[0].field == field
    assert "details" not in error.status()  # what names the field is for the editor, not for the wire


def test_several_unknown_fields_come_in_one_sentence() -> None:
    doc = deployment(replica=3)
    doc["spec"]["template"]["spec"]["container"] = []
    assert refusal(doc).message == (
        f"Deployment {HANDLED} Deployment: strict decoding error: "
        'unknown field "spec.template.spec.container", unknown field "spec.replica"'
    )


def test_a_wrong_type_is_told_before_unknown_fields_but_all_are_listed() -> None:
    error = refusal(deployment(replica=3, replicas="three"))
    assert "cannot unmarshal string" in error.message
    assert [problem.field for problem in error.problems] == ["spec.replicas", "spec.replica"]


def test_not_strict_unknown_fields_are_dropped_with_a_warning() -> None:
    obj, warnings = SCHEME.decode_with_warnings(deployment(replica=3))
    assert warnings == ('unknown field "spec.replica"',)
    assert "replica" not in obj["spec"]
    assert decode(deployment(replica=3), strict=False) == obj


def test_what_go_leaves_out_is_left_out() -> None:
    doc = pod({"env": [], "args": None, "tty": False, "workingDir": ""}, hostNetwork=False, volumes=None)
    assert decode(doc) == pod()


def test_pointers_keep_their_zeros_and_empty_structs_stay() -> None:
    doc = pod(automountServiceAccountToken=False, securityContext={}, volumes=[{"name": "v", "emptyDir": {}}])
    assert decode(doc) == doc
    assert decode(deployment(replicas=0))["spec"]["replicas"] == 0


def test_null_inside_maps_and_lists_becomes_the_empty_value() -> None:
    doc = pod() | {"metadata": {"name": "p", "labels": {"a": None}}}
    assert decode(doc)["metadata"]["labels"] == {"a": ""}
    assert decode(pod() | {"spec": {"containers": [None]}})["spec"]["containers"] == [{}]


def test_quantities_become_canonical() -> None:
    resources = {"limits": {"cpu": 1.5, "memory": "1024Mi"}, "requests": {"cpu": "0.5", "memory": 1e6}}
    decoded = decode(pod({"resources": resources}))["spec"]["containers"][0]["resources"]
    assert decoded == {"limits": {"cpu": "1500m", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1M"}}


def test_the_document_itself_is_not_touched() -> None:
    doc = pod({"env": None})
    decode(doc)
    assert doc == pod({"env": None})


@pytest.mark.parametrize(
    ("doc", "message"),
    [
        ("text", "json: cannot unmarshal string into Go value of type map[string]interface {}"),
        ([], "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ({"apiVersion": "v1"}, "Object 'Kind' is missing in '{\"apiVersion\":\"v1\"}'"),
        ({"kind": "Pod"}, "Object 'APIVersion' is missing in '{\"kind\":\"Pod\"}'"),
    ],
)
def test_what_is_no_object_is_refused(doc: Any, message: str) -> None:
    assert refusal(doc).message == message


@pytest.mark.parametrize(
    ("api_version", "kind"), [("apps/v1beta9", "Deployment"), ("v1", "Podd"), ("loopscope.internal/v1", "Machine")]
)
def test_unknown_and_internal_kinds_are_refused(api_version: str, kind: str) -> None:
    with pytest.raises(NotFound, match=f'no matches for kind "{kind}" in version "{api_version}"'):
        decode({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}})


def test_endless_nesting_is_an_error_and_no_crash() -> None:
    fields: Any = {}
    for _ in range(5000):
        fields = {"f:a": fields}
    doc = pod() | {"metadata": {"name": "p", "managedFields": [{"fieldsV1": fields}]}}
    assert refusal(doc).message == f"Pod {HANDLED} Pod: exceeded max depth"


def test_list_strategies_are_those_of_the_schema() -> None:
    containers = ("spec", "template", "spec", "containers")
    assert schema.list_strategy(shape("Deployment"), containers) == ("merge", "name", False, ("name",))
    ports = schema.list_strategy(shape("Deployment"), (*containers, schema.ITEM, "ports"))
    assert (ports.key, ports.keys) == ("containerPort", ("containerPort", "protocol"))
    assert schema.list_strategy(shape("Pod"), ("metadata", "finalizers")) == ("merge", "", False, ())
    assert schema.list_strategy(shape("Pod"), ("spec", "tolerations")).strategy == "replace"
    assert schema.list_strategy(shape("Pod"), ("spec", "volumes")).retain_keys
    assert schema.list_strategy(shape("Unheard"), ("spec", "things")) == ("replace", "", False, ())
    assert schema.map_strategy(shape("Deployment"), ("spec", "strategy")) == "retainKeys"
    assert schema.map_strategy(shape("Deployment"), ("metadata", "labels")) == "merge"
    assert schema.list_strategy(shape("Service"), ("spec", "ports")).key == "port"
    assert not schema.list_strategy(shape("Pod"), ("spec", "tolerations")).key


def test_types_are_found_through_lists_and_maps() -> None:
    def type_of(*path: str) -> str | None:
        found = schema.type_at(shape("Pod"), path)
        return found.type if found else None

    assert type_of("spec", "containers") == "[]Container"
    assert type_of("spec", "containers", "[]", "image") == "string"
    assert type_of("spec", "containers", "image") == "string"  # as kubectl explain writes it
    assert type_of("metadata", "labels", "app") == "string"
    assert type_of("spec", "nodeName", "deeper") is None
    assert type_of("spec", "nope") is None


@pytest.mark.parametrize(
    ("kind", "path", "nearest"),
    [
        ("Deployment", "spec.replica", "replicas"),
        ("Pod", "spec.containers[0].imagePullPolcy", "imagePullPolicy"),
        ("Pod", "spec.contaners", "containers"),
        ("Pod", "spec.containers[0].livenessprobe", "livenessProbe"),
        ("Service", "spec.zzz", None),
        ("Pod", "status2", "status"),
    ],
)
def test_the_nearest_right_name_is_suggested(kind: str, path: str, nearest: str | None) -> None:
    assert schema.suggest(shape(kind), path) == nearest


def test_decoding_a_deployment_takes_less_than_a_millisecond() -> None:
    doc = deployment()
    decode(doc)
    assert min(timeit.repeat(lambda: decode(doc), number=20, repeat=5)) / 20 < 0.001
