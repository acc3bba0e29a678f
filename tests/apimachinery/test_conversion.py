"""autoscaling/v1 and back: nothing is lost, whatever v1 has no field for."""

from __future__ import annotations

import json

import pytest

from app.api.objects import Obj
from app.apimachinery.scheme import conversion, schema
from tests.support.kinds import SCHEME, decode

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
}
SELECTOR = {"matchLabels": {"verb": "GET"}}


def v2(**spec: object) -> Obj:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": TARGET, "maxReplicas": 5, **spec},
        "status": {"currentReplicas": 0, "desiredReplicas": 0},
    }


def v1(**spec: object) -> Obj:
    return {**v2(**spec), "apiVersion": "autoscaling/v1"}


def to_v1(obj: Obj) -> Obj:
    return SCHEME.definition("HorizontalPodAutoscaler").to_version(obj, "autoscaling/v1")


def there_and_back(obj: Obj) -> Obj:
    return conversion.autoscaler_from_v1(to_v1(obj))


def test_the_cpu_is_a_field_in_v1() -> None:
    assert to_v1(v2(metrics=[CPU])) == v1(targetCPUUtilizationPercentage=70)
    assert conversion.autoscaler_from_v1(v1(targetCPUUtilizationPercentage=70)) == v2(metrics=[CPU])


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (
            {
                "type": "Resource",
                "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
            },
            {"resource": {"name": "memory", "targetAverageValue": "1Gi"}},
        ),
        (
            {
                "type": "ContainerResource",
                "containerResource": {
                    "name": "cpu", "container": "app", "target": {"type": "Utilization", "averageUtilization": 60},
                },
            },
            {"containerResource": {"name": "cpu", "container": "app", "targetAverageUtilization": 60}},
        ),
        (
            {
                "type": "Pods",
                "pods": {
                    "metric": {"name": "rps", "selector": SELECTOR},
                    "target": {"type": "AverageValue", "averageValue": "10"},
                },
            },
            {"pods": {"metricName": "rps", "selector": SELECTOR, "targetAverageValue": "10"}},
        ),
        (
            {
                "type": "Object",
                "object": {
                    "describedObject": TARGET, "metric": {"name": "rps"}, "target": {"type": "Value", "value": "2k"},
                },
            },
            {"object": {"target": TARGET, "metricName": "rps", "targetValue": "2k"}},
        ),
        (
            {
                "type": "Object",
                "object": {
                    "describedObject": TARGET,
                    "metric": {"name": "rps"},
                    "target": {"type": "AverageValue", "averageValue": "7"},
                },
            },
            {"object": {"target": TARGET, "metricName": "rps", "targetValue": "0", "averageValue": "7"}},
        ),
        (
            {
                "type": "External",
                "external": {
                    "metric": {"name": "queue", "selector": SELECTOR}, "target": {"type": "Value", "value": "30"},
                },
            },
            {"external": {"metricName": "queue", "metricSelector": SELECTOR, "targetValue": "30"}},
        ),
    ],
    ids=["memory", "a container", "pods", "an object", "an object by average", "external"],
)  # fmt: skip
def test_other_metrics_travel_in_an_annotation(metric: Obj, said: Obj) -> None:
    shown = to_v1(v2(metrics=[CPU, metric]))
    assert shown["spec"]["targetCPUUtilizationPercentage"] == 70
    annotation = json.loads(shown["metadata"]["annotations"][conversion.METRICS])
    assert annotation == [{"type": metric["type"], **said}]
    assert there_and_back(v2(metrics=[CPU, metric])) == v2(metrics=[CPU, metric])


def test_so_do_behavior_conditions_and_current_metrics() -> None:
    whole = v2(metrics=[CPU], behavior={"scaleDown": {"stabilizationWindowSeconds": 30}})
    used = {
        "type": "Resource",
        "resource": {"name": "cpu", "current": {"averageUtilization": 33, "averageValue": "1m"}},
    }
    condition = {"type": "AbleToScale", "status": "True"}
    whole["status"] |= {"currentMetrics": [used], "conditions": [condition]}
    whole["metadata"] |= {"annotations": {"note": "hi"}}
    shown = to_v1(whole)
    assert shown["status"] == {"currentReplicas": 0, "desiredReplicas": 0, "currentCPUUtilizationPercentage": 33}
    assert there_and_back(whole) == whole


@pytest.mark.parametrize("text", ["no json", "7", "{}", '[1, {"type": "Nope"}]'])
def test_what_a_person_wrote_there_does_no_harm(text: str) -> None:
    strange = v1()
    strange["metadata"] |= {"annotations": {conversion.METRICS: text, conversion.BEHAVIOR: text}}
    stored = decode(strange)
    assert stored["apiVersion"] == "autoscaling/v2"
    assert "annotations" not in stored["metadata"]


def test_other_kinds_are_left_alone() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    assert decode(pod) == pod
    assert SCHEME.definition("Pod").to_version(pod, "v1") is pod


def test_decoding_converts_and_errors_name_the_version_that_was_sent() -> None:
    assert decode(v1(targetCPUUtilizationPercentage=70)) == v2(metrics=[CPU])
    with pytest.raises(schema.DecodingError, match='in version "v1" cannot be handled'):
        decode(v1(metrics=[CPU]))
