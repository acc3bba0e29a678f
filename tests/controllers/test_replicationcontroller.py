"""The ReplicationController decides: what was seen -> which Differences. How it ranks is tested with the ReplicaSet."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import objects
from app.api.objects import Obj, Ref
from app.controllers.replicaset.replicationcontroller import ReplicationController, ReplicationControllerObservation
from app.reconcile import Create, Delete, Difference, Failure, Patch, RequeueAfter, UpdateStatus
from tests.support.builders import NOW_MS, pod, replica_set, with_spec, with_status


def controller(replicas: int = 3, **spec: Any) -> Obj:
    """A ReplicationController that selects and makes pods with the builders' labels."""
    like = replica_set("guestbook", replicas=replicas)
    body = {**like["spec"], "selector": like["spec"]["selector"]["matchLabels"], **spec}
    meta = {**like["metadata"], "uid": "rc-guestbook"}
    return {**like, "apiVersion": "v1", "kind": "ReplicationController", "metadata": meta, "spec": body}


RC = controller()


def owned(*names: str, **facts: Any) -> list[Obj]:
    return [pod(name, owner=RC, **facts) for name in names]


def diff(rc: Obj = RC, pods: list[Obj] | None = None, **facts: Any) -> list[Difference]:
    given = {"orphans": (), "failures": (), "now_ms": NOW_MS, **facts}
    seen = ReplicationControllerObservation(replication_controller=rc, owned_pods=tuple(pods or ()), **given)
    return list(ReplicationController().diff(seen))


def only(differences: list[Difference], reason: str) -> Difference:
    (found,) = [each for each in differences if each.reason == reason]
    return found


@pytest.mark.parametrize(
    ("replicas", "pods", "reason", "count"),
    [
        pytest.param(3, [], "TooFewReplicas", 3, id="nothing there: all are created"),
        pytest.param(
            3, [*owned("a", "b"), *owned("c", deleting=True)], "TooFewReplicas", 1, id="a marked one counts not"
        ),
        pytest.param(1, owned("a", "b", "c"), "TooManyReplicas", 2, id="two too many: two are deleted"),
        pytest.param(0, owned("a"), "TooManyReplicas", 1, id="scaled to zero: all are deleted"),
        pytest.param(3, owned("a", "b", "c"), None, 0, id="as many as wanted: nothing to do"),
        pytest.param(900, [], "TooFewReplicas", 500, id="five hundred at once is the limit"),
    ],
)
def test_replicas(replicas: int, pods: list[Obj], reason: str | None, count: int) -> None:
    found = [d for d in diff(controller(replicas), pods) if d.field == "spec.replicas"]
    assert [(d.reason, len(d.actions)) for d in found] == ([(reason, count)] if reason else [])


def test_a_new_pod_is_made_from_the_template_and_announced() -> None:
    create = only(diff(), "TooFewReplicas").actions[0]
    assert isinstance(create, Create)
    assert create.obj["metadata"]["generateName"] == "guestbook-"
    assert create.obj["metadata"]["ownerReferences"] == [objects.owner_reference(RC)]
    assert create.obj["spec"] is RC["spec"]["template"]["spec"]
    assert create.announce is not None
    assert (create.announce.about, create.announce.reason) == (RC, "SuccessfulCreate")


def test_not_ready_pods_go_first() -> None:
    gap = only(diff(controller(1), owned("a", "b") + owned("c", ready=False)), "TooManyReplicas")
    assert next(each.ref.name for each in gap.actions if isinstance(each, Delete)) == "c"


def test_orphans_are_adopted_and_strangers_released() -> None:
    orphans = (pod("stray"), pod("other", labels={"app": "db"}))
    differences = diff(RC, owned("a", "b") + owned("c", labels={"app": "debug"}), orphans=orphans)
    adoption, release = only(differences, "OrphanMatches"), only(differences, "OwnedPodNoLongerMatches")
    owners = [objects.owner_reference(RC)]
    assert adoption.actions == (Patch(adoption.about, {"metadata": {"ownerReferences": owners}}, uid="pod-stray"),)
    assert release.actions == (Patch(release.about, {"metadata": {"ownerReferences": None}}, uid="pod-c"),)
    assert "TooFewReplicas" not in [each.reason for each in differences]


def test_its_status_does_not_count_terminating_pods() -> None:
    (action,) = only(diff(RC, owned("a", "b", "c") + owned("d", deleting=True)), "StatusOutdated").actions
    assert isinstance(action, UpdateStatus)
    counts = {"replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
    assert action.status == {**counts, "observedGeneration": 1}
    assert diff(with_status(RC, **action.status), owned("a", "b", "c")) == []


def test_a_ready_pod_is_available_after_min_ready_seconds() -> None:
    rc = controller(1, minReadySeconds=30)
    waiting = only(diff(rc, owned("a", ready_since_ms=NOW_MS - 10_000)), "MinReadySecondsNotOver")
    assert waiting.actions == (RequeueAfter(20_000, "minReadySeconds"),)


def test_what_failed_becomes_a_condition() -> None:
    failure = Failure("TooFewReplicas", 403, "forbidden: exceeded quota")
    (action,) = only(diff(RC, failures=(failure,)), "StatusOutdated").actions
    assert isinstance(action, UpdateStatus)
    (condition,) = action.status["conditions"]
    assert (condition["type"], condition["reason"]) == ("ReplicaFailure", "FailedCreate")


def test_one_that_is_being_deleted_makes_no_pods() -> None:
    going = objects.with_metadata(RC, deletionTimestamp="2026-01-01T09:00:00Z")
    assert [each.reason for each in diff(going)] == ["StatusOutdated"]


class Cache:
    """A cache with one ReplicationController in it."""

    def by(self, kind: str, index: str, value: str) -> tuple[Obj, ...]:
        return (RC,) if (kind, index, value) == ("ReplicationController", "namespace", "default") else ()


@pytest.mark.parametrize(
    ("before", "after", "wakes"),
    [
        pytest.param(pod("p", owner=RC, ready=False), pod("p", owner=RC), True, id="its own pod became ready"),
        pytest.param(pod("p", ready=False), pod("p"), True, id="an orphan that it would adopt became ready"),
        pytest.param(pod("p", labels={}, ready=False), pod("p", labels={}), False, id="an orphan without its labels"),
        pytest.param(
            pod("p", owner=replica_set(), ready=False), pod("p", owner=replica_set()), None, id="a ReplicaSet's pod"
        ),
        pytest.param(pod("p", owner=RC), pod("p", owner=RC, restarts=1), None, id="a restart is not its business"),
    ],
)
def test_what_wakes_it(before: Obj, after: Obj, wakes: bool | None) -> None:
    """None: it is not even told."""
    pods = next(each for each in ReplicationController().reads if each.kind == "Pod")
    assert pods.sees is not None
    assert pods.sees(before, after) is (wakes is not None)
    wake = next(each for each in ReplicationController().wakes if each.kind == "Pod")
    keys = tuple(wake.keys(after, Cache()))  # type: ignore[arg-type]
    if wakes is not None:
        assert keys == ((Ref("ReplicationController", "default", "guestbook"),) if wakes else ())


def test_a_scaled_controller_tells_the_generation_it_acted_on() -> None:
    (action,) = only(diff(with_spec(RC, replicas=2), owned("a", "b")), "StatusOutdated").actions
    assert isinstance(action, UpdateStatus)
    assert action.status["observedGeneration"] == 2
