"""The ReplicaSet controller decides: what was seen -> which Differences."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import objects
from app.api.objects import Obj, Ref
from app.controllers.replicaset.replicaset import ReplicaSetController, ReplicaSetObservation
from app.reconcile import Create, Delete, Difference, Failure, Patch, RequeueAfter, UpdateStatus
from tests.support.builders import NOW_MS, deployment, pod, replica_set, with_status

RS = replica_set("web-abc", replicas=3)
QUIET = {"fullyLabeledReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
QUIET_STATUS = {"replicas": 3, **QUIET, "terminatingReplicas": 0, "observedGeneration": 1}


def owned(*names: str, **facts: Any) -> list[Obj]:
    return [
        pod(name, owner=facts.get("owner", RS), **{k: v for k, v in facts.items() if k != "owner"}) for name in names
    ]


TWO = owned("a", "b")


def seen(rs: Obj = RS, pods: list[Obj] | None = None, **facts: Any) -> ReplicaSetObservation:
    given = {"orphans": (), "related_pods": (), "failures": (), "now_ms": NOW_MS, **facts}
    return ReplicaSetObservation(replica_set=rs, owned_pods=tuple(pods or ()), **given)


def diff(rs: Obj = RS, pods: list[Obj] | None = None, **facts: Any) -> list[Difference]:
    return list(ReplicaSetController().diff(seen(rs, pods, **facts)))


def only(differences: list[Difference], reason: str) -> Difference:
    (found,) = [each for each in differences if each.reason == reason]
    return found


def status_of(differences: list[Difference]) -> dict[str, Any]:
    (action,) = only(differences, "StatusOutdated").actions
    assert isinstance(action, UpdateStatus)
    return action.status


# ----------------------------------------------------------------------------------------------- how many


@pytest.mark.parametrize(
    ("replicas", "pods", "reason", "count"),
    [
        pytest.param(3, [], "TooFewReplicas", 3, id="nothing there: all are created"),
        pytest.param(3, owned("a", "b"), "TooFewReplicas", 1, id="one missing: one is created"),
        pytest.param(3, [*TWO, *owned("c", deleting=True)], "TooFewReplicas", 1, id="a marked pod is replaced at once"),
        pytest.param(3, [*TWO, *owned("c", phase="Failed")], "TooFewReplicas", 1, id="a failed pod is replaced"),
        pytest.param(3, [*TWO, *owned("c", ready=False, restarts=7)], None, 0, id="a crash is not its business"),
        pytest.param(3, owned("a", "b", "c"), None, 0, id="as many as wanted: nothing to do"),
        pytest.param(1, owned("a", "b", "c"), "TooManyReplicas", 2, id="two too many: two are deleted"),
        pytest.param(0, owned("a", "b"), "TooManyReplicas", 2, id="scaled to zero: all are deleted"),
        pytest.param(2000, [], "TooFewReplicas", 500, id="five hundred at once is the limit"),
    ],
)
def test_replicas(replicas: int, pods: list[Obj], reason: str | None, count: int) -> None:
    differences = [d for d in diff(replica_set("web-abc", replicas=replicas), pods) if d.field == "spec.replicas"]
    if reason is None:
        assert differences == []
        return
    (gap,) = differences
    active = [each for each in pods if not objects.is_terminating(each) and each["status"]["phase"] == "Running"]
    assert (gap.reason, gap.desired, gap.observed, len(gap.actions)) == (reason, replicas, len(active), count)


def test_a_new_pod_is_made_from_the_template() -> None:
    gap = only(diff(RS, []), "TooFewReplicas")
    create = gap.actions[0]
    assert isinstance(create, Create)
    assert create.obj["metadata"] == {
        "generateName": "web-abc-",
        "namespace": "default",
        "labels": {"app": "web"},
        "ownerReferences": [objects.owner_reference(RS)],
    }
    assert create.obj["spec"] is RS["spec"]["template"]["spec"], "5,000 pods share one spec"
    assert create.announce is not None
    assert create.on_error is not None
    assert (create.announce.about, create.announce.reason, create.announce.message) == (
        RS,
        "SuccessfulCreate",
        "Created pod: {name}",
    )
    assert (create.on_error.type, create.on_error.reason, create.on_error.message) == (
        "Warning",
        "FailedCreate",
        "Error creating: {error}",
    )


def test_a_replica_set_that_is_being_deleted_makes_no_pods_and_still_tells_its_status() -> None:
    going = objects.with_metadata(RS, deletionTimestamp="2026-01-01T09:00:00Z")
    assert [each.reason for each in diff(going, owned("a"), orphans=(pod("b"),))] == ["StatusOutdated"]


# ------------------------------------------------------------------------------------------------ which go first

HOUR, MINUTE = 3_600_000, 60_000
AN_HOUR, A_MINUTE = {"ready_since_ms": NOW_MS - HOUR}, {"ready_since_ms": NOW_MS - MINUTE}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"node": ""}, {}, id="unassigned before assigned"),
        pytest.param({"phase": "Pending"}, {"phase": "Unknown"}, id="pending before unknown"),
        pytest.param({"phase": "Unknown"}, {}, id="unknown before running"),
        pytest.param({"ready": False}, {}, id="not ready before ready"),
        pytest.param(
            {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-1"}}},
            {},
            id="cheaper to delete before dearer",
        ),
        pytest.param({"node": "crowded"}, {"node": "empty"}, id="on the crowded node before on the empty one"),
        pytest.param(A_MINUTE, AN_HOUR, id="ready for shorter first"),
        pytest.param({"restarts": 3}, {"restarts": 1}, id="more restarts first"),
        pytest.param(
            {"created_ms": NOW_MS - MINUTE, **A_MINUTE},
            {"created_ms": NOW_MS - HOUR, **A_MINUTE},
            id="younger before older",
        ),
        pytest.param(
            {"ready_since_ms": NOW_MS - 70_000},
            {"ready_since_ms": NOW_MS - 69_000},
            id="ready for about as long: the smaller uid, whatever the restarts",
        ),
    ],
)
def test_the_first_to_go(first: dict[str, Any], second: dict[str, Any]) -> None:
    rs = replica_set("web-abc", replicas=1, owner=deployment())
    pods = [pod("a", owner=rs, **first), pod("b", owner=rs, **second)]
    crowd = (pod("other", node="crowded"), *pods)
    for order in (pods, pods[::-1]):
        gap = only(diff(rs, order, related_pods=crowd), "TooManyReplicas")
        assert [action.ref.name for action in gap.actions if isinstance(action, Delete)] == ["a"]


@pytest.mark.parametrize(
    ("nodes", "left"),
    [
        pytest.param("112233", "123", id="a pod and a younger one on each node: the younger ones go"),
        pytest.param("111223", "223", id="how crowded a node is counts once: the fullest node gives all"),
    ],
)
def test_six_pods_scaled_to_three(nodes: str, left: str) -> None:
    rs = replica_set("web-abc", replicas=3, owner=deployment())
    ages = (AN_HOUR, A_MINUTE) * 3
    pods = [pod(f"web-{i}", owner=rs, node=node, **age) for i, (node, age) in enumerate(zip(nodes, ages, strict=True))]
    gap = only(diff(rs, pods, related_pods=tuple(pods)), "TooManyReplicas")
    gone = {action.ref.name for action in gap.actions if isinstance(action, Delete)}
    assert "".join(node for i, node in enumerate(nodes) if f"web-{i}" not in gone) == left


def test_a_deletion_is_announced_on_the_replica_set() -> None:
    (delete,) = only(diff(replica_set("web-abc", replicas=0), owned("a")), "TooManyReplicas").actions
    assert isinstance(delete, Delete)
    assert delete.ref == Ref("Pod", "default", "a")
    assert delete.announce is not None
    assert (delete.announce.reason, delete.announce.message) == ("SuccessfulDelete", "Deleted pod: {name}")


# ---------------------------------------------------------------------------------------------- which are mine


def test_a_matching_orphan_is_adopted_and_counts() -> None:
    differences = diff(RS, owned("a", "b"), orphans=(pod("stray"), pod("stranger", labels={"app": "db"})))
    adoption = only(differences, "OrphanMatches")
    assert adoption.about == Ref("Pod", "default", "stray")
    assert adoption.actions == (
        Patch(adoption.about, {"metadata": {"ownerReferences": [objects.owner_reference(RS)]}}, uid="pod-stray"),
    )
    assert [each.reason for each in differences] == ["OrphanMatches", "StatusOutdated"]
    assert status_of(differences)["replicas"] == 3


@pytest.mark.parametrize(
    "orphan",
    [
        pytest.param(pod("x", deleting=True), id="an orphan on its way out"),
        pytest.param(pod("x", phase="Succeeded"), id="an orphan that has finished"),
        pytest.param(pod("x", labels={}), id="an orphan without labels"),
    ],
)
def test_what_is_not_adopted(orphan: Obj) -> None:
    differences = diff(with_status(RS, **QUIET_STATUS), owned("a", "b", "c"), orphans=(orphan,))
    assert differences == []


def test_a_pod_whose_label_changed_is_released_and_replaced() -> None:
    pods = owned("a", "b") + owned("c", labels={"app": "debug"})
    differences = diff(RS, pods)
    release = only(differences, "OwnedPodNoLongerMatches")
    assert release.actions == (Patch(release.about, {"metadata": {"ownerReferences": None}}, uid="pod-c"),)
    assert len(only(differences, "TooFewReplicas").actions) == 1


# -------------------------------------------------------------------------------------------------- status


def test_status_tells_what_was_seen_before_acting() -> None:
    pods = owned("a", "b") + owned("c", ready=False) + owned("d", deleting=True) + owned("e", phase="Failed")
    assert status_of(diff(RS, pods)) == {
        "replicas": 3,
        "fullyLabeledReplicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 1,
        "observedGeneration": 1,
    }


def test_zeros_are_left_out_but_for_two() -> None:
    assert status_of(diff(RS, [])) == {"replicas": 0, "terminatingReplicas": 0, "observedGeneration": 1}


def test_status_comes_last() -> None:
    assert [each.reason for each in diff(RS, [])] == ["TooFewReplicas", "StatusOutdated"]


def test_a_status_difference_names_the_fields_that_changed() -> None:
    rs = with_status(RS, **QUIET_STATUS | {"readyReplicas": 2})
    gap = only(diff(rs, owned("a", "b", "c")), "StatusOutdated")
    assert (gap.desired, gap.observed) == ({"readyReplicas": 3}, {"readyReplicas": 2})


def test_a_quiet_replica_set_has_no_differences() -> None:
    pods = owned("a", "b", "c")
    settled = with_status(RS, **status_of(diff(RS, pods)))
    assert diff(settled, pods) == []


def test_a_ready_pod_is_available_after_min_ready_seconds() -> None:
    rs = replica_set("web-abc", replicas=1, minReadySeconds=30)
    pods = [pod("a", owner=rs, ready_since_ms=NOW_MS - 10_000)]
    differences = diff(rs, pods)
    assert "availableReplicas" not in status_of(differences)
    assert only(differences, "MinReadySecondsNotOver").actions == (RequeueAfter(20_000, "minReadySeconds"),)
    later = diff(rs, pods, now_ms=NOW_MS + 20_000)
    assert [each.reason for each in later] == ["StatusOutdated"]
    assert status_of(later)["availableReplicas"] == 1


def test_a_failed_creation_becomes_a_condition_and_goes_with_success() -> None:
    failure = Failure("TooFewReplicas", 403, 'pods "web-abc-" is forbidden: exceeded quota')
    differences = diff(RS, owned("a", "b"), failures=(failure,))
    status = status_of(differences)
    assert status["conditions"] == [
        {
            "type": "ReplicaFailure",
            "status": "True",
            "reason": "FailedCreate",
            "message": 'pods "web-abc-" is forbidden: exceeded quota',
            "lastTransitionTime": "2026-01-01T09:00:00Z",
        }
    ]
    failing = {**RS, "status": status}
    assert [each.reason for each in diff(failing, owned("a", "b"), failures=(failure,))] == ["TooFewReplicas"]
    assert "conditions" not in status_of(diff(failing, owned("a", "b", "c")))


def test_another_failure_is_no_replica_failure() -> None:
    failure = Failure("StatusOutdated", 409, "the object has been modified")
    assert "conditions" not in status_of(diff(RS, [], failures=(failure,)))


def test_in_a_namespace_that_is_being_deleted_it_tries_no_second_time() -> None:
    why = "unable to create new content in namespace shop because it is being terminated"
    failure = Failure("TooFewReplicas", 403, f'pods "web-abc-" is forbidden: {why}')
    differences = diff(RS, [], failures=(failure,))
    assert only(differences, "NamespaceTerminating").actions == ()
    assert "conditions" not in status_of(differences)
