"""What a kind needs of the server: its first status, its generation, the selector of a Job."""

from __future__ import annotations

import random

import pytest

from app.api import times
from app.api.objects import Obj
from app.apiserver.server import ApiServer
from app.apiserver.store import Store
from app.registry.builtin import built_in
from tests.support import every_kind
from tests.support.kinds import KINDS, decode, default

NOW = "2026-01-01T09:00:00Z"


@pytest.fixture
def server() -> ApiServer:
    server = ApiServer(built_in(), Store(), lambda: times.parse(NOW), random.Random(1))
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return server


def of(kind: str) -> Obj:
    return decode(next(each for each in every_kind.documents() if each["kind"] == kind))


@pytest.mark.parametrize(
    ("kind", "status", "generation"),
    [
        ("ReplicationController", {"replicas": 0}, 1),
        ("StatefulSet", {"replicas": 0, "availableReplicas": 0}, 1),
        (
            "DaemonSet",
            {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0},
            1,
        ),
        ("Job", {}, 1),
        ("CronJob", {}, 1),
        ("HorizontalPodAutoscaler", {"desiredReplicas": 0, "currentMetrics": None}, None),
        (
            "PodDisruptionBudget",
            {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
            1,
        ),
        ("Ingress", {"loadBalancer": {}}, 1),
        ("PersistentVolumeClaim", {"phase": "Pending"}, None),
        ("PersistentVolume", {"phase": "Pending", "lastPhaseTransitionTime": NOW}, None),
        ("ResourceQuota", {}, None),
        ("Secret", None, None),
        ("NetworkPolicy", None, 1),
        ("PriorityClass", None, 1),
    ],
)
def test_a_kinds_first_status_is_the_servers_whatever_a_client_brings(
    server: ApiServer, kind: str, status: object, generation: int | None
) -> None:
    brought = {"status": {"phase": "Bound"}} if "status" in KINDS[kind].subresources else {}
    created = server.create({**of(kind), **brought}).obj
    assert (created.get("status"), created["metadata"].get("generation")) == (status, generation)


@pytest.mark.parametrize(
    "kind", ["ReplicationController", "StatefulSet", "DaemonSet", "Ingress", "PodDisruptionBudget"]
)
def test_the_generation_counts_changes_of_what_is_desired(server: ApiServer, kind: str) -> None:
    created = server.create(of(kind)).obj
    labelled = server.update({**created, "metadata": {**created["metadata"], "labels": {"a": "b"}}}).obj
    assert labelled["metadata"]["generation"] == 1
    fields = {"Ingress": {"ingressClassName": "other"}, "PodDisruptionBudget": {"minAvailable": 1}}
    spec = {**labelled["spec"], **fields.get(kind, {"minReadySeconds": 5})}
    assert server.update({**labelled, "spec": spec}).obj["metadata"]["generation"] == 2


def test_a_daemon_set_counts_its_templates(server: ApiServer) -> None:
    def number(obj: Obj) -> str:
        found: str = obj["metadata"]["annotations"]["deprecated.daemonset.template.generation"]
        return found

    created = server.create(of("DaemonSet")).obj
    spec = created["spec"]
    waiting = server.update({**created, "spec": {**spec, "minReadySeconds": 5}}).obj
    template = {**spec["template"], "metadata": {"labels": {"app": "web", "new": "yes"}}}
    renewed = server.update({**waiting, "spec": {**waiting["spec"], "template": template}}).obj
    assert [number(each) for each in (created, waiting, renewed)] == ["1", "1", "2"]


def test_a_job_selects_its_own_pods(server: ApiServer) -> None:
    job = server.create(of("Job")).obj
    uid = job["metadata"]["uid"]
    labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": "work"}
    labels |= {"controller-uid": uid, "job-name": "work"}
    assert job["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert job["spec"]["template"]["metadata"]["labels"] == job["metadata"]["labels"] == labels


def test_a_job_with_a_selector_of_its_own_keeps_it(server: ApiServer) -> None:
    job = of("Job")
    template = {**job["spec"]["template"], "metadata": {"labels": {"app": "x"}}}
    spec = {**job["spec"], "manualSelector": True, "selector": {"matchLabels": {"app": "x"}}, "template": template}
    assert server.create({**job, "spec": spec}).obj["spec"]["selector"] == {"matchLabels": {"app": "x"}}


def test_a_volume_notes_when_its_phase_changed(server: ApiServer) -> None:
    volume = server.create(of("PersistentVolume")).obj
    server.now_ms = lambda: times.parse("2026-01-01T09:00:05Z")
    bound = server.update({**volume, "status": {**volume["status"], "phase": "Bound"}}, subresource="status").obj
    assert bound["status"] == {"phase": "Bound", "lastPhaseTransitionTime": "2026-01-01T09:00:05Z"}
    told = {**bound["status"], "message": "fine"}
    server.now_ms = lambda: times.parse("2026-01-01T09:00:09Z")
    same = server.update({**bound, "status": told}, subresource="status").obj
    assert same["status"]["lastPhaseTransitionTime"] == "2026-01-01T09:00:05Z"


def test_a_dry_run_shows_what_would_be_stored(server: ApiServer) -> None:
    shown = server.overlay(random.Random(1)).create(of("StatefulSet")).obj
    assert shown["status"] == {"replicas": 0, "availableReplicas": 0}
    assert default(shown) == shown
    assert server.store.objects("StatefulSet") == []
