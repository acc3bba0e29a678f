"""Whatever people send, the answer is an ApiError or an object that is well-formed, and it comes at once."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.errors import ApiError, NotFound
from app.api.objects import Obj
from app.apimachinery.documents import parse
from app.apimachinery.openapi import explain
from app.apimachinery.scheme import schema
from app.apimachinery.yamltext import dump
from app.kubectl.manifests import check
from tests.support import every_kind
from tests.support.kinds import SCHEME, admit, decode, default, shape, validate, validate_update

pytestmark = pytest.mark.long

SEED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, annotations: {note: x}}
spec:
  replicas: 3
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 25%}}
  selector: {matchLabels: {app: web}, matchExpressions: [{key: a, operator: In, values: [b]}]}
  template:
    metadata: {labels: {app: web, a: b}}
    spec:
      initContainers: [{name: i, image: busybox}]
      containers:
      - name: nginx
        image: nginx:1.27
        ports: [{containerPort: 80, name: http}]
        env: [{name: A, value: b}, {name: C, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
        resources: {requests: {cpu: 100m}, limits: {cpu: 1, memory: 1Gi}}
        readinessProbe: {httpGet: {port: 80}}
        volumeMounts: [{name: v, mountPath: /v}]
      volumes: [{name: v, configMap: {name: cm}}]
      tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: http, nodePort: 30080}]}
---
apiVersion: v1
kind: Pod
metadata: {generateName: p-, ownerReferences: [{apiVersion: v1, kind: Pod, name: o, uid: u, controller: true}]}
spec: {containers: [{name: c, image: nginx}]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}, data: {a: b}, binaryData: {c: aGk=}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: blue}}
---
{apiVersion: v1, kind: Node, metadata: {name: n}, spec: {taints: [{key: a, effect: NoSchedule}]},
 status: {capacity: {cpu: 4}}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e}, addressType: IPv4,
 endpoints: [{addresses: [10.0.0.1]}], ports: [{port: 80}]}
---
{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l}, spec: {renewTime: "2026-01-01T00:00:00.000000Z"}}
---
{apiVersion: v1, kind: Event, metadata: {name: v}, involvedObject: {kind: Pod}, firstTimestamp: "2026-01-01T00:00:00Z"}
"""
DOCUMENTS = [*(document.obj for document in parse(SEED)), *every_kind.documents()]
NAMES = sorted(
    {name for fields in ("spec", "metadata", "containers", "image", "port", "name", "labels") for name in (fields,)}
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "-1", "1e400", "0x1", "25%", "None", "\ud800", "9" * 30, "2026-13-01T00:00:00Z", "Always"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=6,
)


def mutated(node: Any, draw: Any) -> Any:
    """`node` with one thing in it replaced, removed, added or repeated."""
    if isinstance(node, dict) and node and draw(st.integers(0, 9)) < 8:
        key = draw(st.sampled_from(sorted(node)))
        return {**node, key: mutated(node[key], draw)}
    if isinstance(node, list) and node and draw(st.integers(0, 9)) < 8:
        index = draw(st.integers(0, len(node) - 1))
        return [*node[:index], mutated(node[index], draw), *node[index + 1 :]]
    match draw(st.sampled_from(["replace", "remove", "add", "repeat"])):
        case "remove" if isinstance(node, dict | list):
            return type(node)()
        case "add" if isinstance(node, dict):
            return {**node, draw(st.text(max_size=6) | st.sampled_from(NAMES)): draw(values)}
        case "repeat" if isinstance(node, list):
            return node * 2
    return draw(values)


@st.composite
def documents(draw: Any) -> Any:
    doc = draw(st.sampled_from(DOCUMENTS))
    for _ in range(draw(st.integers(1, 3))):
        doc = mutated(doc, draw)
    return doc


quick = settings(max_examples=1000, deadline=1000, suppress_health_check=[HealthCheck.too_slow])


def accepted(doc: Any) -> Obj | None:
    """The object that a document is, None if it is refused as it should be: by an error of the client's making."""
    code = 200
    status = {}
    try:
        return default(decode(doc, strict=False))
    except ApiError as error:
        code, status = error.code, error.status()
    assert 400 <= code < 500
    json.dumps(status)
    return None


@quick
@given(documents(), documents())
def test_mutated_documents_are_refused_or_become_objects(doc: Any, other: Any) -> None:
    obj, before = accepted(doc), accepted(other)
    if obj is None:
        return
    obj = admit(obj) if "priorityClassName" not in obj.get("spec", {}) else obj
    assert default(obj) == obj
    assert decode(obj) == obj
    for cause in validate(obj):
        str(cause).encode()
    if before and obj["kind"] == before["kind"]:
        validate_update(obj, before)
    assert parse(dump(obj))[0].obj == obj


@st.composite
def texts(draw: Any) -> str:
    """The seed, with pieces cut out, moved and put in."""
    text = SEED
    pieces = [
        "\t",
        "---\n",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        '"',
        "'",
        "\x00",
        "\ud800",
        "|\n",
        "#",
    ]
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 30))
        text = text[:at] + draw(st.sampled_from(pieces) | st.text(max_size=5)) + text[at + length :]
    return text


@settings(quick, max_examples=500)
@given(texts())
def test_mutated_texts_get_problems_with_lines_that_exist(text: str) -> None:
    lines = text.count("\n") + 2
    for problem in check(SCHEME, text):
        assert 1 <= problem.line <= lines
        assert problem.message
        assert problem.column >= 1


@settings(quick, max_examples=300)
@given(st.sampled_from(sorted(schema.kinds())), st.text(max_size=30))
def test_any_path_may_be_asked_about(kind: str, path: str) -> None:
    kind = kind.rpartition("/")[2]
    explain.fields_at(shape(kind), path)
    schema.suggest(shape(kind), path or "x")
    with contextlib.suppress(NotFound):
        explain.describe_field(shape(kind), path)
