"""The Deployment controller decides: what was seen -> which Differences."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import conditions, objects
from app.api.objects import Obj, Ref
from app.component_helpers import rollouts
from app.controllers.deployment import rollout
from app.controllers.deployment import status as deployment_status
from app.controllers.deployment.deployment import DeploymentController, DeploymentObservation
from app.reconcile import Create, Delete, Difference, Failure, Patch, RequeueAfter, Update, UpdateStatus
from tests.support.builders import LABELS, NOW_MS, deployment, replica_set, with_spec, with_status

NEW_IMAGE = "nginx:1.28"


def seen(web: Obj, replica_sets: list[Obj] | None = None, **facts: Any) -> DeploymentObservation:
    """Of a Deployment that has said before that its ReplicaSet is there."""
    progress = deployment_status.with_progress(web, "True", "NewReplicaSetCreated", "", NOW_MS)
    web = web if web.get("status") or not replica_sets else {**web, "status": progress}
    given = {"orphans": (), "running_pods": {}, "holder_of_name": None, "failures": (), "now_ms": NOW_MS, **facts}
    return DeploymentObservation(deployment=web, replica_sets=tuple(replica_sets or ()), **given)


def diff(web: Obj, replica_sets: list[Obj] | None = None, **facts: Any) -> list[Difference]:
    return list(DeploymentController().diff(seen(web, replica_sets, **facts)))


def only(differences: list[Difference], reason: str) -> Difference:
    (found,) = [each for each in differences if each.reason == reason]
    return found


def reasons(differences: list[Difference]) -> list[str]:
    return [each.reason for each in differences]


def status_of(differences: list[Difference]) -> dict[str, Any]:
    (action,) = only(differences, "StatusOutdated").actions
    assert isinstance(action, UpdateStatus)
    return action.status


def condition(status: dict[str, Any], type: str) -> tuple[str, str, str]:
    found = conditions.find(status["conditions"], type)
    assert found is not None
    return found["status"], found["reason"], found["message"]


def member(web: Obj, name: str, replicas: int, revision: int, **facts: Any) -> Obj:
    """A ReplicaSet of `web`, all of whose pods are available unless `status` says otherwise."""
    status = facts.pop("status", {})
    full = {"readyReplicas": replicas, "availableReplicas": replicas} if replicas else {}
    notes = {rollouts.REVISION: str(revision), **rollout.replica_annotations(web), **facts.pop("notes", {})}
    counts = {"replicas": replicas, **full, "terminatingReplicas": 0, "observedGeneration": 1, **status}
    return replica_set(name, replicas=replicas, owner=web, metadata={"annotations": notes}, status=counts, **facts)


# --------------------------------------------------------------------------------------------- the new one


def test_a_first_replica_set_is_created_with_the_news_in_the_status() -> None:
    (gap,) = diff(deployment())
    create, tell = gap.actions
    assert isinstance(create, Create)
    assert isinstance(tell, UpdateStatus)
    name = objects.name_of(create.obj)
    digest = name.removeprefix("web-")
    labels = {**LABELS, "pod-template-hash": digest}
    assert (gap.reason, gap.desired, gap.observed) == ("NewReplicaSetNeeded", name, None)
    assert create.obj["metadata"] == {
        "name": name,
        "namespace": "default",
        "labels": labels,
        "annotations": {
            "deployment.kubernetes.io/revision": "1",
            "deployment.kubernetes.io/desired-replicas": "3",
            "deployment.kubernetes.io/max-replicas": "4",
        },
        "ownerReferences": [objects.owner_reference(deployment())],
    }
    assert create.obj["spec"]["replicas"] == 3
    assert create.obj["spec"]["selector"] == {"matchLabels": labels}
    assert create.obj["spec"]["template"]["metadata"]["labels"] == labels
    assert create.announce is not None
    assert create.announce.message == f"Scaled up replica set {name} from 0 to 3"
    assert condition(tell.status, "Progressing") == (
        "True",
        "NewReplicaSetCreated",
        f'Created new replica set "{name}"',
    )
    assert objects.annotations_of(tell.obj)[rollouts.REVISION] == "1"


def test_a_failed_creation_is_told_once_and_tried_again() -> None:
    failure = Failure("NewReplicaSetNeeded", 403, "forbidden: exceeded quota")
    (gap,) = diff(deployment(), failures=(failure,))
    (tell,) = gap.actions
    assert isinstance(tell, UpdateStatus)
    status, reason, message = condition(tell.status, "Progressing")
    assert (status, reason) == ("False", "ReplicaSetCreateError")
    assert message.endswith(": forbidden: exceeded quota")
    told = with_status(deployment(), **tell.status)
    assert reasons(diff(told, failures=(failure,))) == ["NewReplicaSetNeeded"]


def test_a_name_that_is_taken_makes_another_hash() -> None:
    web = deployment()
    (gap,) = diff(web, holder_of_name=replica_set(rollout.new_name(web)))
    assert gap.reason == "TemplateHashCollides"
    (tell,) = gap.actions
    assert isinstance(tell, UpdateStatus)
    assert tell.status == {"collisionCount": 1}
    assert rollout.new_name(with_status(web, **tell.status)) != rollout.new_name(web)


def test_annotations_of_the_deployment_are_copied() -> None:
    notes = {rollouts.CHANGE_CAUSE: "nginx 1.27", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
    web = deployment(metadata={"annotations": notes})
    (gap,) = diff(web, [member(web, "web-a", 3, 1)])
    assert (gap.reason, gap.desired) == ("AnnotationsOutdated", {rollouts.CHANGE_CAUSE: "nginx 1.27"})


def test_min_ready_seconds_reach_the_new_replica_set() -> None:
    web = deployment(minReadySeconds=10)
    (gap,) = diff(web, [member(web, "web-a", 3, 1)])
    (update,) = gap.actions
    assert isinstance(update, Update)
    assert (gap.reason, update.obj["spec"]["minReadySeconds"]) == ("MinReadySecondsOutdated", 10)


# ---------------------------------------------------------------------------------------------- which are mine


def test_a_matching_orphan_is_adopted_before_anything_else() -> None:
    web, orphan = deployment(), replica_set("web-a")
    (gap,) = diff(web, orphans=(orphan, replica_set("db", labels={"app": "db"})))
    patch = Patch(
        Ref("ReplicaSet", "default", "web-a"),
        {"metadata": {"ownerReferences": [objects.owner_reference(web)]}},
        uid="replicaset-web-a",
    )
    assert (gap.reason, gap.actions) == ("OrphanMatches", (patch,))


def test_a_replica_set_that_matches_no_more_is_released() -> None:
    web = deployment()
    (gap,) = diff(web, [member(web, "web-a", 3, 1, labels={"app": "other"})])
    assert gap.reason == "OwnedReplicaSetNoLongerMatches"


# ------------------------------------------------------------------------------------------------- scaling


def test_scaling_a_settled_deployment_scales_its_one_replica_set() -> None:
    before = deployment(replicas=3)
    replica = member(before, "web-a", 3, 1)
    web = with_spec(before, replicas=5)
    gap = only(diff(web, [replica]), "DeploymentScaled")
    (update,) = gap.actions
    assert isinstance(update, Update)
    assert (gap.desired, gap.observed, update.obj["spec"]["replicas"]) == (5, 3, 5)
    assert objects.annotations_of(update.obj) == {
        "deployment.kubernetes.io/revision": "1",
        "deployment.kubernetes.io/desired-replicas": "5",
        "deployment.kubernetes.io/max-replicas": "7",
    }
    assert update.announce is not None
    assert update.announce.message == "Scaled up replica set web-a from 3 to 5"


def test_scaling_in_mid_rollout_is_proportional() -> None:
    before = deployment(replicas=10, image=NEW_IMAGE, max_surge=3, max_unavailable=2)
    members = [member(before, "old", 8, 1), member(before, "new", 5, 2, image=NEW_IMAGE)]
    gaps = [each for each in diff(with_spec(before, replicas=15), members) if each.field == "spec.replicas"]
    assert [(each.about.name, each.reason, each.observed, each.desired) for each in gaps] == [
        ("old", "ProportionalScaling", 8, 11),
        ("new", "ProportionalScaling", 5, 7),
    ]


def test_a_paused_deployment_scales_but_does_not_roll() -> None:
    before = deployment(replicas=3, paused=True)
    replica = member(before, "web-a", 3, 1)
    differences = diff(
        with_spec(before, replicas=4, template=deployment(image=NEW_IMAGE)["spec"]["template"]), [replica]
    )
    assert reasons(differences) == ["DeploymentScaled", "StatusOutdated"]
    assert condition(status_of(differences), "Progressing") == ("Unknown", "DeploymentPaused", "Deployment is paused")


def test_a_resumed_deployment_says_so() -> None:
    web = deployment(paused=True)
    replica = member(web, "web-a", 3, 1)
    paused = with_status(web, **status_of(diff(web, [replica])))
    resumed = with_spec(paused, paused=False, template=deployment(image=NEW_IMAGE)["spec"]["template"])
    (gap,) = [each for each in diff(resumed, [replica]) if each.reason == "NewReplicaSetNeeded"]
    assert len(gap.actions) == 2


# ------------------------------------------------------------------------------------------------ Recreate


def recreating() -> tuple[Obj, Obj]:
    web = deployment(image=NEW_IMAGE, recreate=True)
    return web, member(web, "old", 3, 1)


def test_recreate_scales_the_old_down_first() -> None:
    web, old = recreating()
    differences = diff(web, [old], running_pods={"old": 3})
    gap = only(differences, "RolloutScaleDown")
    assert (gap.about.name, gap.desired, gap.observed) == ("old", 0, 3)


@pytest.mark.parametrize(
    ("status", "running", "left"),
    [
        pytest.param({"replicas": 3}, {"old": 3}, 3, id="pods not yet marked"),
        pytest.param({"replicas": 0}, {"old": 2}, 2, id="pods that are terminating"),
    ],
)
def test_recreate_waits_for_old_pods(status: dict[str, int], running: dict[str, int], left: int) -> None:
    web, old = recreating()
    old = with_status(with_spec(old, replicas=0), **status)
    gap = only(diff(web, [old], running_pods=running), "OldPodsStillRunning")
    assert (gap.observed, gap.actions) == (left, ())


def test_recreate_creates_the_new_when_the_old_are_gone() -> None:
    web, _ = recreating()
    gone = member(web, "old", 0, 1)
    (gap,) = diff(web, [gone], running_pods={"old": 0})
    create = gap.actions[0]
    assert isinstance(create, Create)
    assert create.obj["spec"]["replicas"] == 3
    assert objects.annotations_of(create.obj)[rollouts.MAX_REPLICAS] == "3"


# ----------------------------------------------------------------------------------- history and status


def test_old_replica_sets_beyond_the_limit_go_lowest_revision_first() -> None:
    web = deployment(revisionHistoryLimit=1, image="nginx:9", metadata={"annotations": {rollouts.REVISION: "4"}})
    old = [member(web, f"old-{n}", 0, n, image=f"nginx:{n}") for n in (3, 1, 2)]
    new = member(web, "new", 3, 4, image="nginx:9")
    settled = with_status(web, **status_of(diff(web, [*old, new])))
    gaps = [each for each in diff(settled, [*old, new]) if each.reason == "RevisionHistoryExceeded"]
    assert [each.actions for each in gaps] == [
        (Delete(Ref("ReplicaSet", "default", "old-1")),),
        (Delete(Ref("ReplicaSet", "default", "old-2")),),
    ]


def test_status_while_pods_start() -> None:
    web = deployment()
    starting = {"readyReplicas": 0, "availableReplicas": 0, "fullyLabeledReplicas": 3}
    status = status_of(diff(web, [member(web, "web-a", 3, 1, status=starting)]))
    shown = {field: value for field, value in status.items() if field != "conditions"}
    assert shown == {
        "observedGeneration": 1,
        "replicas": 3,
        "updatedReplicas": 3,
        "unavailableReplicas": 3,
        "terminatingReplicas": 0,
    }
    assert condition(status, "Available") == (
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
    )
    assert condition(status, "Progressing") == ("True", "ReplicaSetUpdated", 'ReplicaSet "web-a" is progressing.')


def test_status_when_all_is_done() -> None:
    web = deployment()
    replica = member(web, "web-a", 3, 1)
    status = status_of(diff(web, [replica]))
    assert condition(status, "Available") == (
        "True",
        "MinimumReplicasAvailable",
        "Deployment has minimum availability.",
    )
    assert condition(status, "Progressing") == (
        "True",
        "NewReplicaSetAvailable",
        'ReplicaSet "web-a" has successfully progressed.',
    )


def test_who_finds_its_replica_set_says_so_before_all_else() -> None:
    web = deployment()
    found = member(web, "web-a", 3, 1)
    (gap,) = diff(with_status(web, observedGeneration=0), [found])
    (tell,) = gap.actions
    assert isinstance(tell, UpdateStatus)
    assert objects.annotations_of(tell.obj)[rollouts.REVISION] == "1"
    assert condition(tell.status, "Progressing") == ("True", "FoundNewReplicaSet", 'Found new replica set "web-a"')
    assert "replicas" not in tell.status
    then = status_of(diff(with_status(web, **tell.status), [found]))
    assert condition(then, "Progressing")[1] == "NewReplicaSetAvailable"


def test_progress_moves_the_update_time_only() -> None:
    web = deployment()
    one = with_status(web, **status_of(diff(web, [member(web, "web-a", 3, 1, status={"availableReplicas": 1})])))
    two = status_of(diff(one, [member(web, "web-a", 3, 1, status={"availableReplicas": 2})], now_ms=NOW_MS + 5000))
    progressing = conditions.find(two["conditions"], "Progressing")
    assert progressing is not None
    assert progressing["lastUpdateTime"] == "2026-01-01T09:00:05Z"
    assert progressing["lastTransitionTime"] == "2026-01-01T09:00:00Z"


def test_a_silent_rollout_is_looked_at_again_at_its_deadline_and_then_fails() -> None:
    web = deployment(progressDeadlineSeconds=15, metadata={"annotations": {rollouts.REVISION: "1"}})
    replica = member(web, "web-a", 3, 1, status={"readyReplicas": 0, "availableReplicas": 0})
    waiting = with_status(web, **status_of(diff(web, [replica])))
    (gap,) = diff(waiting, [replica], now_ms=NOW_MS + 5000)
    assert gap.actions == (RequeueAfter(11_000, "progressDeadlineSeconds"),)
    late = diff(waiting, [replica], now_ms=NOW_MS + 16_000)
    assert condition(status_of(late), "Progressing") == (
        "False",
        "ProgressDeadlineExceeded",
        'ReplicaSet "web-a" has timed out progressing.',
    )
    failed = with_status(waiting, **status_of(late))
    assert diff(failed, [replica], now_ms=NOW_MS + 20_000) == [], "told once, and then nothing wakes it"


def test_a_replica_failure_shows_on_the_deployment() -> None:
    web = deployment()
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "forbidden"}
    failure["lastTransitionTime"] = "2026-01-01T08:59:00Z"
    status = status_of(diff(web, [member(web, "web-a", 3, 1, status={"conditions": [failure]})]))
    assert conditions.find(status["conditions"], "ReplicaFailure") == {
        **failure,
        "lastUpdateTime": "2026-01-01T08:59:00Z",
    }


def test_a_quiet_deployment_has_no_differences() -> None:
    web = deployment(metadata={"annotations": {rollouts.REVISION: "1"}})
    replica = member(web, "web-a", 3, 1)
    settled = with_status(web, **status_of(diff(web, [replica])))
    assert diff(settled, [replica], now_ms=NOW_MS + 10**9) == []


def test_a_deployment_that_is_being_deleted_only_tells_its_status() -> None:
    web = objects.with_metadata(deployment(), deletionTimestamp="2026-01-01T09:00:00Z")
    replica = member(web, "web-a", 2, 1)
    assert reasons(diff(web, [replica], orphans=(replica_set("stray"),))) == ["StatusOutdated"]
