"""The scheduler decides: what was seen of a pod and of every node -> a node, or why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, Ref, with_metadata
from app.reconcile import Announce, Bind, Delete, Difference, Patch, Remember, RequeueAfter
from app.scheduler.facts import NodeSeen, facts_of
from app.scheduler.framework import Decision
from app.scheduler.queue import Attempts
from app.scheduler.scheduler import PodSeen, Scheduler
from tests.support.builders import NOW_MS, node, pod, replica_set, with_status
from tests.support.reading import reader

RS = replica_set()
KEY = Ref("Pod", "default", "web-1")
NEVER = Attempts(0, 0)


def unassigned(**options: Any) -> Obj:
    return pod(**{"node": "", **options})


def see(of: Obj) -> NodeSeen:
    return NodeSeen(of, facts_of(of), (), 0)


def diff(of: Obj, *nodes: Obj, attempts: Attempts = NEVER, now_ms: int = NOW_MS) -> list[Difference]:
    return list(Scheduler().diff(PodSeen(of, tuple(map(see, nodes)), attempts, now_ms)))


def message_of(found: list[Difference]) -> str:
    patch = found[0].actions[0]
    assert isinstance(patch, Patch)
    (condition,) = patch.patch["status"]["conditions"]
    assert isinstance(condition["message"], str)
    return condition["message"]


# ------------------------------------------------------------------------------------------------ deciding


def test_a_pod_is_bound_to_the_best_node_and_the_table_goes_with_it() -> None:
    (found,) = diff(unassigned(), node("node-1", cpu="1"), node("node-2"))
    event = Announce(unassigned(), "Normal", "Scheduled", "Successfully assigned default/web-1 to node-2", "Binding")
    assert found.actions == (Bind(KEY, "node-2", uid="pod-web-1", announce=event),)
    assert isinstance(found.desired, Decision)
    assert (str(found.desired), found.observed, found.field) == ("node-2", "", "spec.nodeName")
    assert [(row.node, row.feasible) for row in found.desired.verdicts] == [("node-1", True), ("node-2", True)]
    assert found.desired.verdicts[1].total > found.desired.verdicts[0].total


def test_once_placed_earlier_failures_are_forgotten() -> None:
    (found,) = diff(unassigned(), node(), attempts=Attempts(3, NOW_MS - 60_000))
    assert found.actions[1:] == (Remember(None),)


# ------------------------------------------------------------------------------------------ unschedulable

CORDONED = node("node-3", unschedulable=True)
TAINTED = node("node-2", taints=[{"key": "a", "effect": "NoSchedule"}])
BUSY = {"requests": {"cpu": "3"}}
PREEMPTION = "no new claims to deallocate, preemption: "


@pytest.mark.parametrize(
    ("options", "nodes", "message"),
    [
        ({}, [], "no nodes available to schedule pods"),
        (
            {"requests": {"cpu": "5"}},
            [node(f"node-{n}") for n in (1, 2, 3)],
            f"0/3 nodes are available: 3 Insufficient cpu. {PREEMPTION}"
            "0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
        ),
        (
            {},
            [node("node-1", pods="0"), TAINTED, CORDONED],
            "0/3 nodes are available: "
            "1 Too many pods, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. "
            f"{PREEMPTION}0/3 nodes are available: 1 No preemption victims found for incoming pod, "
            "2 Preemption is not helpful for scheduling.",
        ),
        (
            {"preemptionPolicy": "Never"},
            [CORDONED],
            f"0/1 nodes are available: 1 node(s) were unschedulable. {PREEMPTION}"
            "not eligible due to preemptionPolicy=Never.",
        ),
    ],
)
def test_why_not_in_kubernetes_words(options: dict[str, Any], nodes: list[Obj], message: str) -> None:
    found = diff(unassigned(**options), *nodes)
    assert message_of(found) == message
    patch = found[0].actions[0]
    assert isinstance(patch, Patch)
    assert patch.announce is not None
    assert (patch.announce.type, patch.announce.reason, patch.announce.message) == (
        "Warning", "FailedScheduling", message,
    )  # fmt: skip


def test_a_full_cluster_says_that_no_pod_would_make_room() -> None:
    of = unassigned(requests={"cpu": "3"})
    full = tuple(see(node(f"node-{n}"))._replace(requested=(2_000, 0, 2, 2_000, 0)) for n in (1, 2, 3))
    found = list(Scheduler().diff(PodSeen(of, full, NEVER, NOW_MS)))
    assert message_of(found) == (
        "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: "
        "0/3 nodes are available: 3 No preemption victims found for incoming pod."
    )


def test_an_unschedulable_pod_says_so_and_is_tried_again_in_five_minutes() -> None:
    found = diff(unassigned(), CORDONED)
    patch = found[0].actions[0]
    assert isinstance(patch, Patch)
    (condition,) = patch.patch["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("PodScheduled", "False", "Unschedulable")
    assert (patch.subresource, found[0].background) == ("status", False)
    assert found[0].actions[1] == Remember(Attempts(1, NOW_MS, ("NodeUnschedulable",)))
    assert (found[1].actions, found[1].background) == (
        (RequeueAfter(300_000, "unschedulable pods are tried again"),), True,
    )  # fmt: skip


def test_the_same_answer_again_is_only_an_event_in_the_background() -> None:
    first = diff(unassigned(), CORDONED)[0].actions[0]
    assert isinstance(first, Patch)
    waiting = with_status(unassigned(), **first.patch["status"])
    again = diff(waiting, CORDONED, attempts=Attempts(1, NOW_MS - 300_000))[0]
    assert [type(action) for action in again.actions] == [Announce, Remember]
    assert again.background


@pytest.mark.parametrize(
    ("number", "backoff_ms"), [(1, 1_000), (2, 2_000), (3, 4_000), (4, 8_000), (5, 10_000), (50, 10_000)]
)
def test_who_was_tried_a_moment_ago_comes_after_all_others(number: int, backoff_ms: int) -> None:
    attempts, scheduler = Attempts(number, NOW_MS), Scheduler()
    assert attempts.backs_off(NOW_MS + backoff_ms - 1)
    assert not attempts.backs_off(NOW_MS + backoff_ms)
    important = unassigned(priority=2_000_000_000)
    early, late = (
        scheduler.urgency(KEY, reader(scheduler, important, now_ms=NOW_MS + wait, memory=attempts))
        for wait in (1, backoff_ms)
    )
    assert early < -(2**31)
    assert late == 2_000_000_000
    assert isinstance(diff(unassigned(), node(), attempts=attempts, now_ms=NOW_MS + 1)[0].actions[0], Bind), (
        "when its turn comes, nobody else waits: so it does not wait either"
    )


# ---------------------------------------------------------------------------------------------- observing


def observe(of: Obj, *others: Obj) -> PodSeen | None:
    scheduler = Scheduler()
    return scheduler.observe(KEY, reader(scheduler, of, *others))


def test_it_sees_what_every_node_has_to_give() -> None:
    small = {"cpu": "1", "memory": "1Gi"}
    found = observe(
        unassigned(owner=RS),
        node("node-1"),
        node("node-2"),
        pod("a", owner=RS, requests=small),
        pod("b", owner=RS),
        pod("c", phase="Succeeded"),
        pod("d", owner=RS, deleting=True),
        pod("e", owner=replica_set("other"), node="node-2"),
    )
    assert found is not None
    mib = 1 << 20
    assert [(seen.facts.name, seen.requested, seen.replicas) for seen in found.nodes] == [
        ("node-1", (1_000, 1 << 30, 3, 1_200, 1_424 * mib), 2),
        ("node-2", (0, 0, 1, 100, 200 * mib), 0),
    ]


@pytest.mark.parametrize(
    "of",
    [
        pod(),
        unassigned(schedulerName="my-scheduler"),
        unassigned(deleting=True),
        unassigned(schedulingGates=[{"name": "wait"}]),
    ],
)
def test_other_pods_are_not_its_business(of: Obj) -> None:
    assert observe(of, node()) is None


# ------------------------------------------------------------------------------------------ what wakes it

PODS, ROOM, NODES, NEIGHBOURS, *VOLUMES = Scheduler().wakes


@pytest.mark.parametrize(
    ("old", "new", "wakes"),
    [
        (None, unassigned(), True),
        (unassigned(), None, True),
        (None, pod(), False),
        (unassigned(), pod(), False),
        (unassigned(), with_status(unassigned(), conditions=[]), False),
        (unassigned(), unassigned(nodeSelector={"disk": "ssd"}), True),
        (pod(), None, False),
    ],
)
def test_a_pod_without_a_node_wakes_it(old: Obj | None, new: Obj | None, wakes: bool) -> None:
    assert PODS.when is not None
    assert PODS.when(old, new) is wakes


@pytest.mark.parametrize(
    ("old", "new", "wakes"),
    [
        (pod(), None, True),
        (pod(), pod(phase="Succeeded"), True),
        (pod(phase="Succeeded"), None, False),
        (unassigned(), None, False),
        (None, pod(), False),
        (pod(), pod(ready=False), False),
    ],
)
def test_a_pod_that_makes_room_wakes_those_that_wait(old: Obj | None, new: Obj | None, wakes: bool) -> None:
    assert ROOM.when is not None
    assert ROOM.when(old, new) is wakes


@pytest.mark.parametrize(
    ("old", "new", "wakes"),
    [
        (None, node(), True),
        (node(), None, True),
        (node(), node(metadata={"resourceVersion": "101"}), False),
        (node(), node(ready=False), False),
        (CORDONED, node("node-3"), True),
        (node(), node(cpu="8"), True),
        (node(), node(labels={"disk": "ssd"}), True),
    ],
)
def test_which_changes_of_a_node_may_concern_those_that_wait(old: Obj | None, new: Obj | None, wakes: bool) -> None:
    assert NODES.when is not None
    assert NODES.when(old, new) is wakes


def test_those_that_wait_are_found_without_a_scan() -> None:
    waiting, bound = unassigned(), pod("web-2")
    found = reader(Scheduler(), waiting, bound, node())
    assert list(NODES.keys(node(), found)) == [KEY]


@pytest.mark.parametrize(
    ("old", "new", "matters"),
    [
        (unassigned(), with_status(unassigned(), phase="Pending"), True),
        (unassigned(), pod(), True),
        (pod(), with_status(pod(), podIP="10.244.1.9"), False),
        (pod(), pod(phase="Failed"), True),
        (pod(), pod(deleting=True), True),
        (pod(), with_metadata(pod(), resourceVersion="101"), False),
    ],
)
def test_how_the_containers_of_a_placed_pod_are_does_not_matter(old: Obj, new: Obj, matters: bool) -> None:
    sees = Scheduler().reads[0].sees
    assert sees is not None
    # As in the store, revisions share what did not change.
    new = {**new, "spec": old["spec"]} if new["spec"] == old["spec"] else new
    assert sees(old, new) is matters


def test_a_heartbeat_does_not_matter_but_a_new_image_does() -> None:
    sees = Scheduler().reads[1].sees
    assert sees is not None
    assert not sees(node(), node(ready=False))
    assert sees(node(), node(status={"images": [{"names": ["a"], "sizeBytes": 1}]}))


# ------------------------------------------------------------------------------------------- preemption


def crowded(*others: Obj, of: Obj) -> PodSeen:
    found = observe(of, node("node-1", cpu="2"), *others)
    assert found is not None
    return found


def important(**options: Any) -> Obj:
    return unassigned(requests={"cpu": "2"}, priority=100, **options)


OLD = pod("old", requests={"cpu": "2"}, priority=1)


def test_the_pods_are_read_only_by_a_pod_that_fits_nowhere_and_is_more_important() -> None:
    assert [each["metadata"]["name"] for each in crowded(OLD, of=important()).bound] == ["old"]
    assert crowded(OLD, of=unassigned(requests={"cpu": "2"}, priority=1)).bound == ()
    assert crowded(OLD, of=important(preemptionPolicy="Never")).bound == ()
    assert crowded(pod("old", priority=1), of=important()).bound == ()
    assert crowded(OLD, of=important()).neighbours is None


def test_a_victim_is_marked_told_and_deleted_before_the_node_is_promised() -> None:
    kill, promise = Scheduler().diff(crowded(OLD, of=important()))
    assert (kill.reason, kill.about.name, promise.reason, promise.desired) == (
        "Preempted", "old", "MakingRoom", "node-1",
    )  # fmt: skip
    mark, delete = kill.actions
    assert isinstance(mark, Patch)
    assert mark.patch["status"]["conditions"][-1]["reason"] == "PreemptionByScheduler"
    assert isinstance(delete, Delete)
    assert delete.announce is not None
    assert delete.announce.message == "Preempted by pod pod-web-1 on node node-1"
    nominate = promise.actions[0]
    assert isinstance(nominate, Patch)
    assert nominate.patch["status"]["nominatedNodeName"] == "node-1"
    assert nominate.patch["status"]["conditions"][0]["message"] == "0/1 nodes are available: 1 Insufficient cpu."


def test_while_a_victim_leaves_nobody_else_has_to() -> None:
    mark = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
    leaving = with_status(pod("old", requests={"cpu": "2"}, priority=1, deleting=True), conditions=[mark])
    found = list(Scheduler().diff(crowded(leaving, of=with_status(important(), nominatedNodeName="node-1"))))
    assert message_of(found) == (
        f"0/1 nodes are available: 1 Insufficient cpu. {PREEMPTION}"
        "not eligible due to a terminating pod on the nominated node."
    )


def test_a_promise_that_cannot_be_kept_is_taken_back() -> None:
    same = pod("same", requests={"cpu": "2"}, priority=100)
    (patch, _), *_ = (
        each.actions for each in diff_of(crowded(same, of=with_status(important(), nominatedNodeName="n")))
    )
    assert isinstance(patch, Patch)
    assert patch.patch["status"]["nominatedNodeName"] is None


def diff_of(seen: PodSeen) -> list[Difference]:
    return list(Scheduler().diff(seen))


def test_a_less_important_pod_loses_the_node_that_it_was_promised() -> None:
    rival = with_status(
        pod("rival", node="", requests={"cpu": "1"}, priority=50), nominatedNodeName="node-1", phase="Pending"
    )
    lost = [each for each in diff_of(crowded(OLD, rival, of=important())) if each.reason == "NominationLost"]
    assert [(each.about.name, each.observed) for each in lost] == [("rival", "node-1")]


def test_a_neighbour_that_comes_wakes_those_that_look_for_company() -> None:
    assert NEIGHBOURS.when is not None
    assert NEIGHBOURS.when(unassigned(), pod())
    assert NEIGHBOURS.when(pod(), pod(labels={"app": "other"}))
    assert not NEIGHBOURS.when(pod(), None)
    assert not NEIGHBOURS.when(None, unassigned())
    port = pod("web-2", node="")
    containers = [{**each, "ports": [{"hostPort": 80}]} for each in port["spec"]["containers"]]
    picky = {**port, "spec": {**port["spec"], "containers": containers}}
    found = reader(Scheduler(), unassigned(), picky, node())
    assert list(NEIGHBOURS.keys(pod("x"), found)) == [Ref("Pod", "default", "web-2")]


def test_the_more_important_is_the_more_urgent() -> None:
    of = important()
    assert Scheduler().urgency(KEY, reader(Scheduler(), of)) == 100
    assert Scheduler().urgency(KEY, reader(Scheduler())) == 0
