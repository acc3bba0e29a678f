"""What the API server fills in for the kinds beyond pods and Deployments. Recorded: restated from a real 1.36."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from app.apimachinery.documents import parse
from app.registry.defaults import defaults
from tests.support import every_kind
from tests.support.kinds import decode, default


def stored(text: str) -> Obj:
    return default(decode(parse(text)[0].obj))


def only(kind: str) -> Obj:
    (found,) = [each for each in every_kind.documents() if each["kind"] == kind]
    return default(decode(found))


@pytest.mark.parametrize(
    "document", every_kind.documents(), ids=lambda each: f"{each['kind']} {each['metadata']['name']}"
)
def test_defaulting_is_done_once_and_decodes_to_itself(document: Obj) -> None:
    text = repr(document)
    once = default(decode(document))
    assert default(once) == once
    assert decode(once) == once
    assert repr(document) == text


RECORDED: list[tuple[str, dict[str, Any]]] = [
    (
        "StatefulSet",
        {
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        },
    ),
    (
        "DaemonSet",
        {
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
            "revisionHistoryLimit": 10,
        },
    ),
    (
        "Job",
        {
            "parallelism": 2,
            "completions": 3,
            "backoffLimit": 6,
            "manualSelector": False,
            "completionMode": "NonIndexed",
            "suspend": False,
            "podReplacementPolicy": "TerminatingOrFailed",
        },
    ),
    (
        "CronJob",
        {
            "concurrencyPolicy": "Allow",
            "suspend": False,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        },
    ),
    (
        "HorizontalPodAutoscaler",
        {
            "minReplicas": 1,
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "selectPolicy": "Max",
                    "policies": [
                        {"type": "Pods", "value": 4, "periodSeconds": 15},
                        {"type": "Percent", "value": 100, "periodSeconds": 15},
                    ],
                },
                "scaleDown": {
                    "stabilizationWindowSeconds": 30,
                    "selectPolicy": "Max",
                    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
                },
            },
        },
    ),
]


@pytest.mark.parametrize(("kind", "spec"), RECORDED, ids=[kind for kind, _ in RECORDED])
def test_what_a_real_server_fills_in(kind: str, spec: dict[str, Any]) -> None:
    found = only(kind)["spec"]
    assert {name: found.get(name) for name in spec} == spec


def test_the_job_of_a_cron_job_is_filled_in_only_when_it_is_made() -> None:
    template = only("CronJob")["spec"]["jobTemplate"]
    assert set(template) == {"metadata", "spec"}
    assert set(template["spec"]) == {"template"}
    assert template["spec"]["template"]["spec"]["dnsPolicy"] == "ClusterFirst"


def test_a_job_that_names_neither_number_runs_one_pod_once() -> None:
    job = "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {%stemplate: {spec: {restartPolicy: Never}}}}"
    one, queue = stored(job % "")["spec"], stored(job % "parallelism: 3, ")["spec"]
    assert (one["completions"], one["parallelism"]) == (1, 1)
    assert ("completions" in queue, queue["parallelism"]) == (False, 3)


def test_the_claims_of_a_stateful_set_are_whole_objects() -> None:
    (claim,) = only("StatefulSet")["spec"]["volumeClaimTemplates"]
    assert (claim["apiVersion"], claim["kind"]) == ("v1", "PersistentVolumeClaim")
    assert (claim["spec"]["volumeMode"], claim["status"]) == ("Filesystem", {"phase": "Pending"})


def test_a_replication_controller_takes_labels_and_selector_from_its_template() -> None:
    found = only("ReplicationController")
    assert found["metadata"]["labels"] == found["spec"]["selector"] == {"app": "web"}
    own = stored(
        "{apiVersion: v1, kind: ReplicationController, metadata: {name: r, labels: {a: b}}, "
        "spec: {selector: {c: d}, template: {metadata: {labels: {c: d, e: f}}}}}"
    )
    assert (own["metadata"]["labels"], own["spec"]["selector"], own["spec"]["replicas"]) == ({"a": "b"}, {"c": "d"}, 1)


def test_an_autoscaler_without_metrics_follows_the_cpu() -> None:
    found = stored(
        "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 2}}"
    )
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    assert found["spec"]["metrics"] == [{"type": "Resource", "resource": cpu}]


def test_what_is_written_into_a_secret_as_text_is_kept_encoded() -> None:
    found = stored("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: Yg==, c: ZA==}, stringData: {a: x}}")
    assert (found["type"], found["data"]) == ("Opaque", {"a": "eA==", "c": "ZA=="})
    assert "stringData" not in found


def test_volumes_and_classes() -> None:
    volume, claim, storage = only("PersistentVolume")["spec"], only("PersistentVolumeClaim"), only("StorageClass")
    assert (volume["persistentVolumeReclaimPolicy"], volume["volumeMode"]) == ("Retain", "Filesystem")
    assert volume["hostPath"] == {"path": "/data", "type": ""}
    assert claim["spec"]["volumeMode"] == "Filesystem"
    assert (storage["reclaimPolicy"], storage["volumeBindingMode"]) == ("Delete", "Immediate")


def test_networks() -> None:
    policy = only("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert [port["protocol"] for port in policy["ingress"][0]["ports"]] == ["TCP", "UDP"]
    assert only("IngressClass")["spec"]["parameters"]["scope"] == "Cluster"
    assert only("Endpoints")["subsets"][0]["ports"][0]["protocol"] == "TCP"


def test_rules() -> None:
    subjects = only("RoleBinding")["subjects"]
    assert only("RoleBinding")["roleRef"]["apiGroup"] == "rbac.authorization.k8s.io"
    assert [each.get("apiGroup") for each in subjects] == ["rbac.authorization.k8s.io", None]
    container = only("LimitRange")["spec"]["limits"][0]
    assert container["default"] == {"memory": "1Gi", "cpu": "2"}
    assert container["defaultRequest"] == {"memory": "1Gi", "cpu": "2"}
    assert only("PriorityClass")["preemptionPolicy"] == "PreemptLowerPriority"


@pytest.mark.parametrize("name", ["serviceAccountName", "serviceAccount"])
def test_the_account_of_a_pod_has_two_names(name: str) -> None:
    spec = stored(f"{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{{name}: robot}}}}")["spec"]
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "robot"


def test_the_priority_of_a_pod_is_that_of_its_class() -> None:
    def priority_class(name: str, value: int, **more: Any) -> Obj:
        return {"kind": "PriorityClass", "metadata": {"name": name}, "value": value, **more}

    classes = [priority_class("high", 9, preemptionPolicy="Never"), priority_class("usual", 3, globalDefault=True)]
    named = stored("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {priorityClassName: high}}")
    plain = stored("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {}}")
    high, usual, none = defaults.admit(named, classes), defaults.admit(plain, classes), defaults.admit(plain)
    assert (high["spec"]["priority"], high["spec"]["preemptionPolicy"]) == (9, "Never")
    assert (usual["spec"]["priority"], usual["spec"]["priorityClassName"]) == (3, "usual")
    assert (none["spec"]["priority"], none["spec"].get("priorityClassName")) == (0, None)
