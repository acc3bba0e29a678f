"""Which objects are meant, and what a value is compared with."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.selectors import parse_labels
from app.scenarios.selecting import Selector, compared, parts, values
from tests.support import builders

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web-1",
        "namespace": "default",
        "labels": {"app": "web", "example.com/tier": "front"},
        "creationTimestamp": "2026-01-01T00:00:10Z",
    },
    "spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}, {"name": "side", "image": "envoy"}]},
    "status": {
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "nginx", "restartCount": 2}, {"name": "side", "restartCount": 0}],
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("metadata.name", ["web-1"]),
        ("metadata.labels[example.com/tier]", ["front"]),
        ("spec.containers[0].image", ["nginx:1.27"]),
        ("spec.containers[side].image", ["envoy"]),
        ("spec.containers[*].image", ["nginx:1.27", "envoy"]),
        ("status.conditions[Ready].status", ["True"]),
        ("status.containerStatuses[*].restartCount", [2, 0]),
        ("spec.containers[-1].image", ["envoy"]),
        ("spec.containers[-2].image", ["nginx:1.27"]),
        ("spec.containers[9].image", []),
        ("spec.nodeName", []),
        ("metadata.name.first", []),
    ],
)
def test_a_path_names_every_value_that_stands_there(path: str, found: list[Any]) -> None:
    assert list(values(POD, parts(path))) == found


@pytest.mark.parametrize("path", ["", ".", "a..b", "a[", "a[]", "a]b", "a.b."])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        parts(path)


@pytest.mark.parametrize(
    ("wanted", "found", "holds"),
    [
        (3, [3], True),
        (3, [2], False),
        (3, [], False),
        (3, [1, 3], True),
        ("3", [3], False),
        (">= 3", [3], True),
        (">= 3", [2.5], False),
        ("<3", [2], True),
        ("> 2", [2], False),
        ("<= 2", [2], True),
        (">= 3", ["many"], False),
        ("!= 3", [2], True),
        ("!= 3", [], True),
        ("!= 3", [2, 3], False),
        ("!= true", [True], False),
        ("!= Running", ["Pending"], True),
        (True, [True], True),
        (True, [1], False),
        (False, [0], False),
        (None, [], True),
        (None, [0], False),
        ("*", [{}], True),
        ("*", [], False),
        ("nginx:*", ["nginx:1.27"], True),
        ("nginx:*", ["redis"], False),
        (["a", "b"], ["b"], True),
        (["a", "b"], ["c"], False),
    ],
)
def test_what_a_value_should_be(wanted: Any, found: list[Any], holds: bool) -> None:
    assert compared(wanted).holds(found) is holds


def test_another_field_of_the_same_object() -> None:
    deployment = {"spec": {"replicas": 3}, "status": {"readyReplicas": 2}}
    assert not compared("$spec.replicas").holds([2], deployment)
    assert compared("< $spec.replicas").holds([2], deployment)
    assert compared("!= $spec.replicas").holds([2], deployment)
    assert not compared("$spec.nothing").holds([2], deployment)
    with pytest.raises(ValueError, match="no number"):
        compared("> many")


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        (Selector("Pod"), True),
        (Selector("Pod", name="web-1"), True),
        (Selector("Pod", name="web-*"), True),
        (Selector("Pod", name="web"), False),
        (Selector("Pod", namespace="kube-system"), False),
        (Selector("Pod", labels=parse_labels("app=web,tier!=x")), True),
        (Selector("Pod", labels=parse_labels("app=debug")), False),
        (Selector("Pod", ready=True), True),
        (Selector("Pod", ready=False), False),
        (Selector("Pod", terminating=False), True),
        (Selector("Pod", terminating=True), False),
        (Selector("Pod", where=((parts("metadata.labels[app]"), compared("web")),)), True),
        (Selector("Pod", where=((parts("spec.nodeName"), compared("*")),)), False),
    ],
)
def test_an_object_is_meant_if_all_of_it_holds(selector: Selector, selects: bool) -> None:
    assert selector.selects(POD) is selects


def test_new_is_what_was_made_since_one_asked() -> None:
    made_ms = builders.NOW_MS - builders.NOW_MS % 1000
    pod = builders.pod("web-1")
    pod = {**pod, "metadata": {**pod["metadata"], "creationTimestamp": "2026-01-01T00:00:10Z"}}
    new, old = Selector("Pod", new=True), Selector("Pod", new=False)
    at_ms = 1_767_225_610_000
    assert new.selects(pod, at_ms)
    assert new.selects(pod, at_ms + 900), "a second is as fine as Kubernetes tells it"
    assert old.selects(pod, at_ms + 1_000)
    assert made_ms
