"""What is declared, as text: one field changed, and all else left as its author wrote it."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.errors import NotFound
from app.api.objects import Ref
from app.apimachinery.yamltext import read
from app.cluster import Cluster
from app.commands import Apply, CreateObject, Scale
from app.scenarios import desired
from app.scenarios.desired import Changed, changes, edited, replaced, text_of, with_field
from app.scenarios.selecting import parts, values

TEXT = """\
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 3  # as many as there are nodes
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: "nginx:1.27"
        resources:
          limits: {cpu: 500m, memory: 64Mi}
"""
WEB = Ref("Deployment", "default", "web")


@pytest.mark.parametrize(
    ("field", "value", "old", "new"),
    [
        ("spec.replicas", 5, "  replicas: 3  # as many", "  replicas: 5  # as many"),
        ("spec.template.spec.containers[nginx].image", "nginx:1.28", 'image: "nginx:1.27"', "image: nginx:1.28"),
        ("spec.template.spec.containers[0].image", "nginx:1.28", 'image: "nginx:1.27"', "image: nginx:1.28"),
        ("metadata.labels[app]", "shop", "labels: {app: web}}\nspec", "labels: {app: shop}}\nspec"),
        ("spec.template.spec.containers[nginx].resources.limits.cpu", "1", "{cpu: 500m,", '{cpu: "1",'),
        ("spec.template.spec.containers[nginx].resources.limits.memory", "1Gi", "memory: 64Mi}", "memory: 1Gi}"),
        ("metadata.name", "yes", "{name: web,", '{name: "yes",'),
    ],
)
def test_only_the_value_changes_and_comments_stay(field: str, value: Any, old: str, new: str) -> None:
    assert with_field(TEXT, parts(field), value) == TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spec.minReadySeconds", 5),
        ("spec.template.spec.containers[nginx].resources.limits", {"memory": "1Gi"}),
        ("spec.template.metadata.annotations[example.com/a.b]", "x\ny"),
        ("spec.strategy.type", "Recreate"),
    ],
)
def test_what_is_not_written_in_one_line_is_said_all_the_same(field: str, value: Any) -> None:
    old, new = next(read(TEXT)).value, next(read(with_field(TEXT, parts(field), value))).value
    assert list(values(new, parts(field))) == [value]
    assert all(field.startswith(change.field) or change.field.startswith(_plain(field)) for change in changes(old, new))


def _plain(field: str) -> str:
    return field.replace("[nginx]", "[0]")


def test_changes_are_told_field_by_field() -> None:
    old = {"a": 1, "b": {"c": [1, 2], "d": 4}, "e": 5}
    new = {"a": 1, "b": {"c": [1, 3], "d": None}, "f": [1]}
    assert list(changes(old, new)) == [
        Changed("b.c[1]", 2, 3),
        Changed("b.d", 4, None),
        Changed("e", 5, None),
        Changed("f", None, [1]),
    ]


def test_the_newest_text_that_declares_an_object_is_the_one() -> None:
    cluster = Cluster(latencies="zero")
    assert text_of(cluster, WEB) is None
    with pytest.raises(NotFound, match="nothing is declared of deployment/web"):
        edited(cluster, WEB, "spec.replicas", 5)
    cluster.submit(Apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n---\n" + TEXT))
    assert text_of(cluster, WEB) == TEXT
    edit = edited(cluster, WEB, "spec.replicas", 5)
    assert edit.changes == (Changed("spec.replicas", 3, 5),)
    cluster.submit(Apply(edit.text))
    cluster.submit(Scale(WEB, 9))
    assert text_of(cluster, WEB) == edit.text, "what is scaled by hand is not declared"
    cluster.submit(Apply(edit.text.replace("replicas: 5", "replicas: many")))
    assert text_of(cluster, WEB) == edit.text, "what was refused is not declared"


def test_what_a_client_applied_is_known_from_the_object() -> None:
    cluster = Cluster(latencies="zero")
    note = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1"}}'
    meta = {"name": "a", "namespace": "default", "annotations": {desired._LAST_APPLIED: note}}
    import json

    cluster.submit(CreateObject(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})))
    text = text_of(cluster, Ref("ConfigMap", "default", "a"))
    assert text is not None
    assert next(read(text)).value["data"] == {"x": "1"}


def test_a_replaced_text_tells_what_is_different() -> None:
    cluster = Cluster(latencies="zero")
    cluster.submit(Apply(TEXT))
    (edit,) = replaced(cluster, TEXT.replace("replicas: 3", "replicas: 4").replace("64Mi", "128Mi"))
    assert [(change.old, change.new) for change in edit.changes] == [(3, 4), ("64Mi", "128Mi")]
    (new,) = replaced(cluster, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\n")
    assert new.changes == (), "of something new nothing has changed"
