"""The rows of the kinds, against facts of Kubernetes 1.36's discovery."""

from __future__ import annotations

import pytest

from app.api import kinds
from app.api.objects import Ref, is_of, kind_of, ref_of
from app.apimachinery.scheme import schema
from app.kubectl.printers import printers
from tests.support.kinds import KINDS, SCHEME

VISIBLE = [row for row in KINDS.values() if not row.is_local]


@pytest.mark.parametrize("row", VISIBLE, ids=lambda row: row.kind)
def test_every_kind_has_fields_and_a_table(row: kinds.Kind) -> None:
    assert f"{row.api_version}/{row.kind}" in schema.kinds()
    assert SCHEME.kind_of(row.api_version, row.kind) is row
    assert printers.table(row.kind, (), 0).columns[0].name in ("Name", "Last Seen")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rc", "ReplicationController"),
        ("sts", "StatefulSet"),
        ("ds", "DaemonSet"),
        ("cj", "CronJob"),
        ("hpa", "HorizontalPodAutoscaler"),
        ("pdb", "PodDisruptionBudget"),
        ("pvc", "PersistentVolumeClaim"),
        ("pv", "PersistentVolume"),
        ("sc", "StorageClass"),
        ("sa", "ServiceAccount"),
        ("ing", "Ingress"),
        ("netpol", "NetworkPolicy"),
        ("pc", "PriorityClass"),
        ("quota", "ResourceQuota"),
        ("limits", "LimitRange"),
        ("ep", "Endpoints"),
        ("ingressclasses", "IngressClass"),
        ("Secret", "Secret"),
    ],
)
def test_kinds_are_found_by_the_names_people_use(name: str, kind: str) -> None:
    found = SCHEME.lookup(name)
    assert found is not None
    assert found.kind == kind


def test_the_category_all() -> None:
    assert {row.plural for row in VISIBLE if "all" in row.categories} == {
        "pods",
        "replicationcontrollers",
        "services",
        "daemonsets",
        "deployments",
        "replicasets",
        "statefulsets",
        "horizontalpodautoscalers",
        "cronjobs",
        "jobs",
    }


def test_what_belongs_to_no_namespace() -> None:
    assert {row.kind for row in VISIBLE if not row.namespaced} == {
        "Namespace",
        "Node",
        "PersistentVolume",
        "StorageClass",
        "PriorityClass",
        "IngressClass",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "CSIDriver",
        "CSINode",
        "VolumeAttachment",
        "VolumeAttributesClass",
        "RuntimeClass",
        "DeviceClass",
        "ResourceSlice",
        "APIService",
        "CertificateSigningRequest",
        "FlowSchema",
        "IPAddress",
        "PriorityLevelConfiguration",
        "ServiceCIDR",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }


def test_what_is_scaled_and_what_has_a_status_of_its_own() -> None:
    scaled = {row.kind for row in VISIBLE if "scale" in row.subresources}
    assert scaled == {"ReplicationController", "ReplicaSet", "Deployment", "StatefulSet"}
    assert not {row.kind for row in VISIBLE if "status" in row.subresources} & {
        "ConfigMap",
        "Secret",
        "ServiceAccount",
        "Endpoints",
        "EndpointSlice",
        "IngressClass",
        "NetworkPolicy",
        "StorageClass",
        "PriorityClass",
        "Role",
        "LimitRange",
        "PodTemplate",
    }


@pytest.mark.parametrize(
    ("api_version", "kind", "key"),
    [
        ("v1", "Pod", "Pod"),
        ("apps/v1", "Deployment", "Deployment"),
        ("autoscaling/v2", "HorizontalPodAutoscaler", "HorizontalPodAutoscaler"),
        ("apps/v1beta1", "Deployment", "Deployment"),
        ("loopscope.internal/v1", "Machine", "Machine"),
        ("", "Pod", "Pod"),
        ("example.com/v1", "Service", "Service.example.com"),
        ("gateway.networking.k8s.io/v1", "Gateway", "Gateway.gateway.networking.k8s.io"),
    ],
)
def test_a_kind_that_is_not_kubernetes_own_bears_its_group(api_version: str, kind: str, key: str) -> None:
    assert kinds.key_of(api_version, kind) == key
    assert kinds.bare_kind(key) == kind
    obj = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}}
    assert ref_of(obj) == Ref(key, "", "a")
    assert (kind_of(obj), is_of(obj, key), is_of(obj, "Other")) == (key, True, False)
    assert ref_of(obj).bare_kind == kind


def test_the_groups_of_all_built_in_kinds_are_kubernetes_own() -> None:
    assert all(row.is_own and row.key == row.kind for row in KINDS.values())


@pytest.mark.parametrize(("api_version", "text"), [("v1", "pod"), ("apps/v1", "pod.apps"), ("a.b/v1", "pod.a.b")])
def test_a_kind_as_kubectl_prints_it(api_version: str, text: str) -> None:
    assert kinds.printed(api_version, "Pod") == text
