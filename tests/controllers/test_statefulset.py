"""The StatefulSet controller decides: what was seen -> which Differences."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import objects
from app.api.objects import Obj
from app.component_helpers import revisions
from app.controllers.statefulset.statefulset import StatefulSetController, StatefulSetObservation
from app.reconcile import Announce, Create, Delete, Difference, Patch, RequeueAfter, UpdateStatus
from tests.support.builders import NOW_MS, pod, replica_set, with_spec, with_status

CLAIM = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}


def stateful_set(replicas: int = 3, image: str = "nginx:1.27", **spec: Any) -> Obj:
    like = replica_set("db", replicas=replicas, image=image)
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    body = {
        **like["spec"],
        "serviceName": "db",
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": rolling,
        "revisionHistoryLimit": 10,
        **spec,
    }
    meta = {**like["metadata"], "uid": "sts-db"}
    return {
        **like,
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": meta,
        "spec": body,
        "status": {"replicas": 0},
    }


DB = stateful_set()
NEXT = stateful_set(image="nginx:1.28")


def stored(owner: Obj, number: int) -> Obj:
    """The revision of the owner's template, as the store has it."""
    made = revisions.new_revision(owner, number)
    return objects.with_metadata(made, uid=f"revision-{number}", creationTimestamp="2026-01-01T08:00:00Z")


OLD, NEW = stored(DB, 1), stored(NEXT, 2)
OLD_NAME, NEW_NAME = objects.name_of(OLD), objects.name_of(NEW)
UPDATING = with_status(NEXT, currentRevision=OLD_NAME, updateRevision=NEW_NAME)


def member(number: int, revision: str = OLD_NAME, owner: Obj = DB, **facts: Any) -> Obj:
    labels = {**owner["spec"]["template"]["metadata"]["labels"], revisions.POD_LABEL: revision}
    return pod(f"db-{number}", owner=owner, labels=labels, **facts)


def members(*numbers: int, **facts: Any) -> list[Obj]:
    return [member(number, **facts) for number in numbers]


def diff(owner: Obj = DB, pods: list[Obj] | None = None, **facts: Any) -> list[Difference]:
    given = {"orphans": (), "revisions": (OLD,), "orphaned_revisions": (), "claims": {}, "now_ms": NOW_MS, **facts}
    return list(StatefulSetController().diff(StatefulSetObservation(owner, tuple(pods or ()), **given)))


def acts(differences: list[Difference]) -> list[tuple[str, str, int]]:
    """Reason, whose, and how many actions, of all that is about pods."""
    return [(d.reason, d.about.name, len(d.actions)) for d in differences if d.about.kind == "Pod"]


def only(differences: list[Difference], reason: str) -> Difference:
    (found,) = [each for each in differences if each.reason == reason]
    return found


def status(differences: list[Difference]) -> dict[str, Any]:
    (action,) = only(differences, "StatusOutdated").actions
    assert isinstance(action, UpdateStatus)
    return action.status


PARALLEL = stateful_set(podManagementPolicy="Parallel")
MOST = 2**31 - 1


@pytest.mark.parametrize("start", [0, MOST])
def test_a_set_of_thousands_of_millions_is_counted_and_never_listed(start: int) -> None:
    owner = stateful_set(MOST, podManagementPolicy="Parallel", volumeClaimTemplates=[CLAIM], ordinals={"start": start})
    made = acts(diff(owner, members(start + 1, owner=owner)))
    assert len(made) == 500
    assert (made[0], made[-1]) == (("OrdinalMissing", f"db-{start}", 2), ("OrdinalMissing", f"db-{start + 500}", 2))


def test_it_deletes_so_many_at_a_time() -> None:
    found = diff(stateful_set(0, podManagementPolicy="Parallel"), members(*range(700)))
    assert [each for each, *_ in acts(found)] == ["OrdinalTooHigh"] * 500


@pytest.mark.parametrize(
    ("owner", "pods", "expected"),
    [
        pytest.param(DB, [], [("OrdinalMissing", "db-0", 1)], id="the first alone"),
        pytest.param(DB, members(0), [("OrdinalMissing", "db-1", 1)], id="the next once it is ready"),
        pytest.param(DB, members(0, ready=False), [("PredecessorNotReady", "db-0", 0)], id="not before"),
        pytest.param(DB, members(0, 2), [("OrdinalMissing", "db-1", 1)], id="a gap is filled"),
        pytest.param(DB, members(0, 1, 2), [], id="as wanted"),
        pytest.param(
            DB,
            [member(0), member(1, deleting=True), member(2)],
            [("PodStillTerminating", "db-1", 0)],
            id="a name is not used again before its pod is gone, be its machine dead or not",
        ),
        pytest.param(
            DB,
            [member(0, deleting=True, phase="Succeeded"), *members(1, 2)],
            [("PodStillTerminating", "db-0", 0)],
            id="nor when its processes have ended",
        ),
        pytest.param(
            DB, [member(0), member(1, phase="Failed"), member(2)], [("RecreatingFailedPod", "db-1", 2)], id="evicted"
        ),
        pytest.param(
            stateful_set(1), members(0, 1, 2), [("OrdinalTooHigh", "db-2", 1)], id="one at a time, from the top"
        ),
        pytest.param(
            stateful_set(1),
            [*members(0, 1), member(2, deleting=True)],
            [("PodStillTerminating", "db-2", 0)],
            id="the next when that is gone",
        ),
        pytest.param(
            stateful_set(1),
            [*members(0), member(1, ready=False), member(2, ready=False)],
            [("PredecessorNotReady", "db-2", 0)],
            id="a sick one waits while a lower one is sick too",
        ),
        pytest.param(
            stateful_set(1),
            [*members(0, 1), member(2, ready=False)],
            [("OrdinalTooHigh", "db-2", 1)],
            id="the only sick one may go",
        ),
        pytest.param(
            stateful_set(2, ordinals={"start": 5}), [], [("OrdinalMissing", "db-5", 1)], id="ordinals may start higher"
        ),
        pytest.param(
            stateful_set(2, ordinals={"start": 1}),
            members(0, 1, 2),
            [("OrdinalTooHigh", "db-0", 1)],
            id="one below the start is too much",
        ),
        pytest.param(
            PARALLEL, members(1, ready=False), [("OrdinalMissing", "db-0", 1), ("OrdinalMissing", "db-2", 1)],
            id="Parallel waits for nobody",
        ),
        pytest.param(
            stateful_set(0, podManagementPolicy="Parallel"),
            [*members(0, 1), member(2, deleting=True)],
            [("OrdinalTooHigh", "db-1", 1), ("OrdinalTooHigh", "db-0", 1)],
            id="nor when it goes down",
        ),
    ],
)  # fmt: skip
def test_pods_come_and_go_in_order(owner: Obj, pods: list[Obj], expected: list[tuple[str, str, int]]) -> None:
    assert acts(diff(owner, pods)) == expected


def test_a_new_pod_has_a_name_that_lasts() -> None:
    (create,) = only(diff(), "OrdinalMissing").actions
    assert isinstance(create, Create)
    meta, spec = create.obj["metadata"], create.obj["spec"]
    assert (meta["name"], meta["generateName"]) == ("db-0", "db-")
    assert meta["labels"] == {
        "app": "web",
        "controller-revision-hash": OLD_NAME,
        "statefulset.kubernetes.io/pod-name": "db-0",
        "apps.kubernetes.io/pod-index": "0",
    }
    assert meta["ownerReferences"] == [objects.owner_reference(DB)]
    assert (spec["hostname"], spec["subdomain"]) == ("db-0", "db")
    assert spec["containers"] == DB["spec"]["template"]["spec"]["containers"]
    (again,) = only(diff(), "OrdinalMissing").actions
    assert isinstance(again, Create)
    assert again.obj["spec"]["containers"] is spec["containers"], "pods of one revision share what is equal"
    assert create.announce == Announce(DB, "Normal", "SuccessfulCreate", "Create Pod db-0 in StatefulSet db successful")


def test_claims_are_made_before_their_pod_and_kept() -> None:
    owner = stateful_set(volumeClaimTemplates=[CLAIM])
    claim, create = only(diff(owner), "OrdinalMissing").actions
    assert isinstance(claim, Create)
    assert isinstance(create, Create)
    assert claim.obj["metadata"] == {"name": "data-db-0", "namespace": "default", "labels": {"app": "web"}}
    assert claim.announce is not None
    assert claim.announce.message == "Create Claim data-db-0 Pod db-0 in StatefulSet db success"
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}
    assert create.obj["spec"]["volumes"] == [volume]
    assert len(only(diff(owner, claims={"data-db-0": claim.obj}), "OrdinalMissing").actions) == 1
    pending = [member(0, phase="Pending", node="")]
    assert only(diff(owner, pending), "ClaimMissing").about.name == "db-0"


@pytest.mark.parametrize(
    ("deleted", "scaled", "replicas", "owners"),
    [
        ("Retain", "Retain", 2, []),
        ("Delete", "Retain", 2, ["StatefulSet"]),
        ("Delete", "Retain", 1, ["StatefulSet"]),
        ("Retain", "Delete", 2, []),
        ("Retain", "Delete", 1, ["Pod"]),
        ("Delete", "Delete", 1, ["Pod"]),
    ],
)
def test_who_owns_a_claim_says_with_whom_it_goes(deleted: str, scaled: str, replicas: int, owners: list[str]) -> None:
    policy = {"whenDeleted": deleted, "whenScaled": scaled}
    owner = stateful_set(replicas, volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy=policy)
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data-db-1", "namespace": "default", "uid": "c"},
    }
    found = [d for d in diff(owner, members(0, 1), claims={"data-db-1": claim}) if d.reason == "ClaimRetention"]
    written = [action.patch for d in found for action in d.actions if isinstance(action, Patch)]
    assert [ref["kind"] for patch in written for ref in patch["metadata"]["ownerReferences"]] == owners


BOTH: dict[str, Any] = {"revisions": (OLD, NEW)}


@pytest.mark.parametrize(
    ("owner", "pods", "expected"),
    [
        pytest.param(UPDATING, members(0, 1, 2), [("PodOfOldRevision", "db-2", 1)], id="from the highest down"),
        pytest.param(
            UPDATING,
            [*members(0, 1), member(2, NEW_NAME)],
            [("PodOfOldRevision", "db-1", 1)],
            id="the next once it is well",
        ),
        pytest.param(
            UPDATING,
            [*members(0, 1), member(2, NEW_NAME, ready=False)],
            [("PredecessorNotReady", "db-2", 0)],
            id="a broken update stays where it is",
        ),
        pytest.param(
            with_spec(UPDATING, podManagementPolicy="Parallel"),
            [*members(0, 1), member(2, NEW_NAME, ready=False)],
            [("UpdatedPodNotReady", "db-2", 0)],
            id="in Parallel too",
        ),
        pytest.param(
            with_spec(UPDATING, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}),
            [*members(0, 1), member(2, NEW_NAME)],
            [],
            id="not below the partition",
        ),
        pytest.param(
            with_spec(UPDATING, updateStrategy={"type": "OnDelete"}), members(0, 1, 2), [], id="OnDelete: by hand"
        ),
    ],
)
def test_updates(owner: Obj, pods: list[Obj], expected: list[tuple[str, str, int]]) -> None:
    assert acts(diff(owner, pods, **BOTH)) == expected


@pytest.mark.parametrize(("partition", "revision", "image"), [(0, NEW_NAME, "nginx:1.28"), (2, OLD_NAME, "nginx:1.27")])
def test_below_the_partition_a_pod_returns_as_it_was(partition: int, revision: str, image: str) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    owner = with_spec(UPDATING, updateStrategy=strategy)
    (create,) = only(diff(owner, members(0, 2), **BOTH), "OrdinalMissing").actions
    assert isinstance(create, Create)
    assert create.obj["metadata"]["labels"]["controller-revision-hash"] == revision
    assert create.obj["spec"]["containers"][0]["image"] == image


def test_each_template_is_kept_as_a_revision() -> None:
    (create,) = only(diff(revisions=()), "NewRevisionNeeded").actions
    assert create == Create(revisions.new_revision(DB, 1))
    (second,) = only(diff(NEXT), "NewRevisionNeeded").actions
    assert isinstance(second, Create)
    assert (second.obj["revision"], second.obj["data"]["spec"]["template"]["$patch"]) == (2, "replace")


def test_a_template_that_is_back_gets_the_highest_number() -> None:
    gap = only(diff(DB, **BOTH), "TemplateIsBack")
    assert (gap.about.name, gap.desired, gap.observed) == (OLD_NAME, 3, 1)
    assert [action.patch for action in gap.actions if isinstance(action, Patch)] == [{"revision": 3}]


def test_lost_revisions_are_adopted_and_former_ones_forgotten() -> None:
    lost = objects.with_metadata(OLD, ownerReferences=None)
    assert only(diff(revisions=(), orphaned_revisions=(lost,)), "OrphanMatches").about.name == OLD_NAME
    owner = with_spec(UPDATING, revisionHistoryLimit=0)
    done = with_status(owner, currentRevision=NEW_NAME)
    assert [d.reason for d in diff(owner, members(0), **BOTH) if d.reason == "HistoryTooLong"] == []
    gap = only(diff(done, [member(n, NEW_NAME) for n in range(3)], **BOTH), "HistoryTooLong")
    assert isinstance(gap.actions[0], Delete)
    assert gap.about.name == OLD_NAME


def test_the_status_counts_what_was_seen() -> None:
    assert status(diff()) == {
        "observedGeneration": 1,
        "replicas": 0,
        "currentRevision": OLD_NAME,
        "updateRevision": OLD_NAME,
        "collisionCount": 0,
        "availableReplicas": 0,
    }
    seen = status(diff(DB, [member(0), member(1, deleting=True), member(2, phase="Pending", node="")]))
    counts = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    assert [seen[field] for field in counts] == [3, 2, 2, 2, 2]


def test_an_update_moves_the_counts_and_in_the_end_the_current_revision() -> None:
    began = status(diff(UPDATING, members(0, 1, 2), **BOTH))
    assert (began["currentReplicas"], began.get("updatedReplicas")) == (2, None)
    ended = status(diff(UPDATING, [member(n, NEW_NAME) for n in range(3)], **BOTH))
    assert (ended["currentRevision"], ended["currentReplicas"], ended["updatedReplicas"]) == (NEW_NAME, 3, 3)
    between = status(diff(UPDATING, [member(n, NEW_NAME) for n in (0, 1)], **BOTH))
    assert between["currentRevision"] == OLD_NAME


def test_ready_is_not_yet_available() -> None:
    owner = stateful_set(minReadySeconds=10)
    found = diff(owner, [member(0, ready_since_ms=NOW_MS - 4_000)])
    assert acts(found) == [("PredecessorNotReady", "db-0", 0)]
    assert only(found, "MinReadySecondsNotOver").actions == (RequeueAfter(6_000, "minReadySeconds"),)
    assert (status(found)["readyReplicas"], status(found)["availableReplicas"]) == (1, 0)


def test_pods_with_its_names_are_adopted_and_strangers_are_not() -> None:
    orphans = (pod("db-0"), pod("db-x"), pod("other-1"))
    assert [d.about.name for d in diff(orphans=orphans) if d.reason == "OrphanMatches"] == ["db-0"]


def test_a_set_that_goes_only_counts() -> None:
    going = objects.with_metadata(DB, deletionTimestamp="2026-01-01T09:00:00Z")
    assert [d.reason for d in diff(going, members(0))] == ["StatusOutdated"]


def test_a_quiet_set_asks_for_nothing() -> None:
    written = status(diff(DB, members(0, 1, 2)))
    assert diff({**DB, "status": written}, members(0, 1, 2)) == []
