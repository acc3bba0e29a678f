"""Texts become documents, and what is wrong with them is marked at its line with what to do."""

from __future__ import annotations

import pytest

from app.api.errors import Cause, Conflict, Invalid
from app.api.limits import MANIFEST_DOCUMENTS
from app.apimachinery.documents import parse
from app.apimachinery.yamltext import ManifestError
from app.kubectl.manifests import Problem, check, problems_of
from tests.support.kinds import SCHEME, decode

TEXT = """\
# a web service
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
"""


def test_a_text_is_several_documents_with_their_lines() -> None:
    deployment, service = parse(TEXT)
    assert (deployment.obj["kind"], deployment.line) == ("Deployment", 2)
    assert (service.obj["kind"], service.line) == ("Service", 20)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 2),
        ("spec.replicas", 9),
        ("spec.template.spec.containers[0].image", 18),
        ("spec.template.spec.containers[0].ports[0].name", 17),
        ("spec.template.spec.containers[7].image", 16),
        ("metadata.labels.app.kubernetes.io/name", 7),
        ("metadata.labels[app.kubernetes.io/name]", 7),
        ("status", 2),
    ],
)
def test_a_field_has_a_line_or_its_nearest_ancestor_has(path: str, line: int) -> None:
    assert parse(TEXT)[0].mark_of(path)[0] == line


def test_empty_documents_are_skipped_and_lists_expanded() -> None:
    text = """---
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: one}
- apiVersion: v1
  kind: ConfigMapList
  items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
---
"""
    documents = parse(text)
    assert [document.obj["metadata"]["name"] for document in documents] == ["one", "two"]
    assert [document.mark_of("metadata.name")[0] for document in documents] == [8, 12]


def test_items_of_a_typed_list_need_not_say_what_they_are() -> None:
    text = "apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}]\n"
    assert [document.obj for document in parse(text)] == [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    ]
    with pytest.raises(ManifestError, match="kind not set"):
        parse("apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]\n")


def test_items_of_a_list_may_be_aliases() -> None:
    text = "apiVersion: v1\nkind: List\nx: &one {apiVersion: v1, kind: ConfigMap}\nitems: [*one, *one]\n"
    assert [document.line for document in parse(text)] == [4, 4]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1", "error validating data: [apiVersion not set, kind not set]", 1),
        ("apiVersion: apps/v1\nmetadata: {}", "error validating data: kind not set", 1),
        ("\n\nkind: Pod", "error validating data: apiVersion not set", 3),
        ("apiVersion: v1\nkind: 5", "invalid type for kind: expected string, got number", 2),
        ("just text", "cannot unmarshal string into Go value of type map[string]interface {}", 1),
        ("{apiVersion: v1, kind: List, items: [5]}", "cannot unmarshal number into Go value", 1),
    ],
)
def test_what_is_no_object_is_refused(text: str, message: str, line: int) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text)
    assert message in caught.value.message
    assert (caught.value.code, caught.value.line) == (400, line)
    assert caught.value.fix


def test_one_bad_document_is_an_error_of_the_whole_text() -> None:
    with pytest.raises(ManifestError) as caught:
        parse(TEXT + "---\nkind: Pod\n")
    assert caught.value.line == 27


def test_a_text_has_a_limit_of_documents() -> None:
    one = "---\n{apiVersion: v1, kind: ConfigMap}\n"
    assert len(parse(one * MANIFEST_DOCUMENTS)) == MANIFEST_DOCUMENTS
    with pytest.raises(ManifestError, match="more than 200 objects"):
        parse(one * (MANIFEST_DOCUMENTS + 1))


def test_a_good_text_has_no_problems() -> None:
    assert check(SCHEME, TEXT) == []
    assert check(SCHEME, "") == []


def problem_in(text: str) -> Problem:
    (problem,) = check(SCHEME, text)
    return problem


CASES = {
    "a syntax error": (
        TEXT.replace("  replicas: 3", "   replicas: 3"),
        10,
        "did not find expected key",
        "Line 10 does not line up with the lines before it: give it the indentation of its siblings.",
    ),
    "an unknown field": (
        TEXT.replace("replicas", "replica"),
        9,
        'unknown field "spec.replica"',
        'Did you mean "replicas"?',
    ),
    "a wrong type": (
        TEXT.replace("replicas: 3", "replicas: three"),
        9,
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        "Write a whole number here.",
    ),
    "a word that YAML takes for a boolean": (
        TEXT.replace("labels: {app: web}\n    spec", "labels: {app: web, debug: no}\n    spec"),
        14,
        "json: cannot unmarshal bool into Go struct field ObjectMeta.spec.template.metadata.labels of type string",
        "Write text here: in quotes, or YAML reads it as a number, or as true or false.",
    ),
    "a missing field": (
        TEXT.replace("        image: nginx:1.27\n", ""),
        17,
        "spec.template.spec.containers[0].image: Required value",
        'Add "image:".',
    ),
    "an unsupported value": (
        TEXT.replace("    spec:\n", "    spec:\n      dnsPolicy: Mine\n"),
        16,
        'spec.template.spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirstWithHostNet", '
        '"ClusterFirst", "Default", "None"',
        "Write one of ClusterFirstWithHostNet, ClusterFirst, Default, None.",
    ),
    "labels that do not match": (
        TEXT.replace("labels: {app: web}\n    spec", "labels: {app: x}\n    spec"),
        14,
        'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
        "Give the template the labels that the selector asks for.",
    ),
    "a label of the template": (
        TEXT.replace("labels: {app: web}\n    spec", "labels: {app: web, a b: c}\n    spec"),
        14,
        None,
        "",
    ),
    "an address": (TEXT + "  clusterIP: here\n", 26, None, ""),
    "a misspelt kind": (
        TEXT.replace("kind: Service", "kind: Servise"),
        21,
        'no matches for kind "Servise" in version "v1"',
        'Did you mean "Service"?',
    ),
    "a wrong version": (
        TEXT.replace("apps/v1", "apps/v1beta9"),
        2,
        'no matches for kind "Deployment" in version "apps/v1beta9"',
        'Deployment is in "apiVersion: apps/v1".',
    ),
    "a kind that is Kubernetes' but not ours": (
        TEXT.replace("kind: Service", "kind: ComponentStatus"),
        21,
        'no matches for kind "ComponentStatus" in version "v1"',
        "ComponentStatus is a kind of Kubernetes that is not modelled here.",
    ),
}


@pytest.mark.parametrize(("text", "line", "message", "fix"), CASES.values(), ids=CASES.keys())
def test_a_problem_has_its_line_its_sentence_and_a_remedy(text: str, line: int, message: str | None, fix: str) -> None:
    problem = problem_in(text)
    assert problem.line == line
    assert problem.fix == fix
    if message is not None:
        assert problem.message == message


def test_all_problems_are_told_at_once_in_order_of_lines() -> None:
    text = TEXT.replace("replicas: 3", "replica: 3").replace("image:", "imag:").replace("port: 80", "port: 80000")
    assert [(problem.line, problem.field) for problem in check(SCHEME, text)] == [
        (9, "spec.replica"),
        (17, "spec.template.spec.containers[0].image"),
        (18, "spec.template.spec.containers[0].imag"),
        (25, "spec.ports[0].targetPort"),
        (25, "spec.ports[0].port"),
    ]


def test_the_answer_of_a_dry_run_is_marked_at_its_lines() -> None:
    deployment = parse(TEXT)[0]
    causes = [Cause("spec.selector", "FieldValueInvalid", "Invalid value: {}: field is immutable")]
    assert problems_of(SCHEME, deployment, Invalid("...", causes=causes)) == [
        Problem(
            10,
            3,
            "spec.selector",
            "spec.selector: Invalid value: {}: field is immutable",
            "It cannot be changed: put the old value back, or delete the object and apply this as a new one.",
        )
    ]
    assert problems_of(SCHEME, deployment, Conflict("somebody was faster")) == [
        Problem(2, 1, "", "somebody was faster")
    ]


def test_a_decoded_document_is_its_object() -> None:
    assert decode(parse(TEXT)[1].obj)["spec"]["ports"] == [{"port": 80}]


POD = """apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  nodeName: node-1
  containers:
  - name: a
    image: b
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line", "fix"),
    [
        ("replicas: 3", "replicas 3", 9, 'A colon is missing: write "replicas: 3".'),
        ("replicas: 3", "replicas:3", 9, 'A space is missing after the colon: write "replicas: 3".'),
        ("- name: nginx", "- name nginx", 17, 'A colon is missing: write "name: nginx".'),
        ("image: nginx", "image:nginx", 18, 'A space is missing after the colon: write "image: nginx:1.27".'),
        ("kind: Deployment", "kind:Deployment", 3, 'A space is missing after the colon: write "kind: Deployment".'),
    ],
)
def test_a_missing_colon_or_space_is_told_on_its_own_line(right: str, wrong: str, line: int, fix: str) -> None:
    (problem,) = check(SCHEME, TEXT.replace(right, wrong, 1))
    assert (problem.line, problem.fix) == (line, fix)


@pytest.mark.parametrize(
    ("right", "wrong", "line", "fix"),
    [
        ("  name: a\n", "  name:a\n", 4, 'A space is missing after the colon: write "name: a".'),
        ("spec:\n  nodeName: node-1\n  containers:\n  - name: a\n    image: b\n", "spec:\n  hostNetwork true\n", 6,
         'A colon is missing: write "hostNetwork: true".'),
    ],
)  # fmt: skip
def test_so_it_is_where_it_is_all_that_its_map_has(right: str, wrong: str, line: int, fix: str) -> None:
    (problem, *_others) = check(SCHEME, POD.replace(right, wrong, 1))
    assert (problem.line, problem.fix) == (line, fix)


def test_a_text_where_another_text_stands_is_no_slip() -> None:
    problem, *_others = check(
        SCHEME, POD.replace("containers:\n  - name: a\n    image: b\n", "containers: some words\n")
    )
    assert problem.fix == 'Write a list (each item starts with "- ").'


IN, OUT = '"%s" belongs further in: indent it into "%s".', '"%s" belongs further out: beside the fields of "%s".'
PROBE, HANDLER = "readinessProbe:\n", "httpGet: {port: 80}\n"


@pytest.mark.parametrize(
    ("added", "line", "fix"),
    [
        (f"      {PROBE}        {HANDLER}", 19, IN % ("readinessProbe", "containers")),
        (f"  {PROBE}    {HANDLER}", 19, IN % ("readinessProbe", "template.spec.containers")),
        (f"        {PROBE}        {HANDLER}", 20, IN % ("httpGet", "readinessProbe")),
        ("        tty: true\n        replicas: 5\n", 20, OUT % ("replicas", "spec")),
    ],
)
def test_a_field_at_the_wrong_level_is_told_where_it_belongs(added: str, line: int, fix: str) -> None:
    text = TEXT.partition("---")[0] + added
    assert (line, fix) in {(problem.line, problem.fix) for problem in check(SCHEME, text)}
