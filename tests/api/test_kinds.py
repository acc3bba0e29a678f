"""The rows of the kinds, against facts of Kubernetes 1.36's discovery."""

from __future__ import annotations

import pytest

from app.api import kinds
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
