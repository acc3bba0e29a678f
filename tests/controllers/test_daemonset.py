"""The DaemonSet controller decides: what was seen -> which Differences."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import objects
from app.api.objects import Obj
from app.component_helpers import revisions
from app.controllers.daemonset.daemonset import Backoff, DaemonSetController, DaemonSetObservation
from app.reconcile import Announce, Create, Delete, Difference, Remember, RequeueAfter, UpdateStatus
from tests.support.builders import NOW_MS, node, pod, replica_set, template

NODES = (node("node-1"), node("node-2"), node("node-3"))


def daemon_set(image: str = "nginx:1.27", *, surge: int | str = 0, unavailable: int | str = 1, **pod_spec: Any) -> Obj:
    like = replica_set("agent")
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    spec = {
        "selector": like["spec"]["selector"],
        "template": template(image=image, **pod_spec),
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
        "revisionHistoryLimit": 10,
    }
    notes = {"deprecated.daemonset.template.generation": "1"}
    meta = {**like["metadata"], "uid": "ds-agent", "annotations": notes}
    return {**like, "kind": "DaemonSet", "metadata": meta, "spec": spec, "status": {}}


AGENT = daemon_set()
NEXT = daemon_set("nginx:1.28")
OLD_HASH, NEW_HASH = revisions.hash_of(AGENT), revisions.hash_of(NEXT)


def stored(owner: Obj, number: int) -> Obj:
    return objects.with_metadata(revisions.new_revision(owner, number), creationTimestamp="2026-01-01T08:00:00Z")


def daemon(on: str, name: str = "", *, revision: str = OLD_HASH, owner: Obj = AGENT, **facts: Any) -> Obj:
    labels = {**owner["spec"]["template"]["metadata"]["labels"], revisions.POD_LABEL: revision}
    return pod(name or f"agent-{on}", owner=owner, labels=labels, node=on, **facts)


def everywhere(**facts: Any) -> list[Obj]:
    return [daemon(objects.name_of(each), **facts) for each in NODES]


def diff(owner: Obj = AGENT, pods: list[Obj] | None = None, **facts: Any) -> list[Difference]:
    given = {
        "orphans": (),
        "nodes": NODES,
        "revisions": (stored(AGENT, 1), stored(NEXT, 2)) if owner is not AGENT else (stored(AGENT, 1),),
        "orphaned_revisions": (),
        "backoffs": {},
        "now_ms": NOW_MS,
        **facts,
    }
    return list(DaemonSetController().diff(DaemonSetObservation(owner, tuple(pods or ()), **given)))


def only(differences: list[Difference], reason: str) -> Difference:
    (found,) = [each for each in differences if each.reason == reason]
    return found


def deleted(differences: list[Difference]) -> list[str]:
    return [action.ref.name for d in differences for action in d.actions if isinstance(action, Delete)]


def created_for(differences: list[Difference]) -> list[str]:
    pods = [action.obj for d in differences for action in d.actions if isinstance(action, Create)]
    path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
    terms = [objects.get_path(each, path)["nodeSelectorTerms"] for each in pods if each["kind"] == "Pod"]
    return [term["matchFields"][0]["values"][0] for (term,) in terms]


def status(differences: list[Difference]) -> dict[str, Any]:
    (action,) = only(differences, "StatusOutdated").actions
    assert isinstance(action, UpdateStatus)
    return action.status


# ------------------------------------------------------------------------------------ a pod for every node


TAINT = {"key": "k", "effect": "NoSchedule"}
CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}
NO_NETWORK = {"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}
ANYWHERE = [{"operator": "Exists"}]


@pytest.mark.parametrize(
    ("nodes", "owner", "expected"),
    [
        pytest.param(NODES, AGENT, ["node-1", "node-2", "node-3"], id="one for each"),
        pytest.param((node(unschedulable=True, taints=[CORDONED]),), AGENT, ["node-1"], id="a cordoned one too"),
        pytest.param((node(taints=[NOT_READY]),), AGENT, ["node-1"], id="one that is not ready too"),
        pytest.param((node(taints=[NO_NETWORK]),), AGENT, [], id="not without a network"),
        pytest.param((node(taints=[NO_NETWORK]),), daemon_set(hostNetwork=True), ["node-1"], id="but with the host's"),
        pytest.param((node(taints=[TAINT]),), AGENT, [], id="not where a taint forbids it"),
        pytest.param((node(taints=[TAINT]),), daemon_set(tolerations=ANYWHERE), ["node-1"], id="if not tolerated"),
        pytest.param(
            (node("a"), node("b", labels={"disk": "ssd"})),
            daemon_set(nodeSelector={"disk": "ssd"}),
            ["b"],
            id="where the selector says",
        ),
        pytest.param((node("a"), node("b")), daemon_set(nodeName="b"), ["b"], id="on the one node it names"),
    ],
)
def test_where_a_pod_is_made(nodes: tuple[Obj, ...], owner: Obj, expected: list[str]) -> None:
    assert created_for(diff(owner, nodes=nodes, revisions=())) == expected


def test_a_new_pod_is_made_for_its_node() -> None:
    create = only(diff(), "NodesWithoutPod").actions[0]
    assert isinstance(create, Create)
    meta, spec = create.obj["metadata"], create.obj["spec"]
    labels = {"app": "web", "controller-revision-hash": OLD_HASH, "pod-template-generation": "1"}
    assert (meta["generateName"], meta["labels"]) == ("agent-", labels)
    assert create.announce == Announce(AGENT, "Normal", "SuccessfulCreate", "Created pod: {name}")
    keys = [f"{each['key'].removeprefix('node.kubernetes.io/')}:{each['effect']}" for each in spec["tolerations"]]
    assert keys == [
        "not-ready:NoExecute",
        "unreachable:NoExecute",
        "disk-pressure:NoSchedule",
        "memory-pressure:NoSchedule",
        "pid-pressure:NoSchedule",
        "unschedulable:NoSchedule",
    ]


def test_a_node_that_has_one_gets_no_other() -> None:
    pods = [daemon("node-1"), daemon("node-2", deleting=True)]
    assert created_for(diff(AGENT, pods)) == ["node-3"]
    ended = [daemon("node-1"), daemon("node-2", deleting=True, phase="Succeeded"), daemon("node-3")]
    assert created_for(diff(AGENT, ended)) == ["node-2"]


def test_a_pod_that_is_not_bound_yet_counts_for_its_node() -> None:
    path = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}]}}  # fmt: skip
    unbound = daemon("", "agent-x", affinity={"nodeAffinity": path})
    assert created_for(diff(AGENT, [unbound])) == ["node-1", "node-3"]
    gone = diff(AGENT, [unbound], nodes=(node("node-1"),))
    assert only(gone, "NodeIsGone").about.name == "agent-x"


def test_pods_go_from_where_they_may_not_be() -> None:
    selective = daemon_set(nodeSelector={"disk": "ssd"})
    pods = everywhere(owner=selective, revision=revisions.hash_of(selective))
    found = diff(selective, pods, revisions=(stored(selective, 1),))
    assert deleted(found) == ["agent-node-1", "agent-node-2", "agent-node-3"]
    assert (status(found)["numberMisscheduled"], status(found)["desiredNumberScheduled"]) == (3, 0)


def test_a_taint_that_only_forbids_new_pods_leaves_old_ones() -> None:
    assert deleted(diff(AGENT, [daemon("node-1")], nodes=(node(taints=[TAINT]),))) == []
    evicting = {"key": "k", "effect": "NoExecute"}
    assert deleted(diff(AGENT, [daemon("node-1")], nodes=(node(taints=[evicting]),))) == ["agent-node-1"]


def test_what_is_left_on_a_node_that_is_gone_is_not_its_business() -> None:
    assert deleted(diff(AGENT, [daemon("node-9")], nodes=())) == []


def test_of_several_on_a_node_the_oldest_stays() -> None:
    pods = [daemon("node-1", "b", created_ms=NOW_MS - 1_000), daemon("node-1", "a", created_ms=NOW_MS - 5_000)]
    assert deleted(diff(AGENT, pods, nodes=NODES[:1])) == ["b"]


def test_a_failed_pod_is_replaced_ever_more_slowly() -> None:
    pods = [daemon("node-1", phase="Failed"), *everywhere()[1:]]
    said, gone, kept = only(diff(AGENT, pods), "FailedDaemonPod").actions
    text = "Found failed daemon pod default/agent-node-1 on node node-1, will try to kill it"
    assert said == Announce(AGENT, "Warning", "FailedDaemonPod", text)
    assert isinstance(gone, Delete)
    assert kept == Remember({"node-1": Backoff(1_000, NOW_MS)})
    waiting = diff(AGENT, pods, backoffs={"node-1": Backoff(8_000, NOW_MS - 3_000)})
    assert [type(action) for action in only(waiting, "FailedDaemonPod").actions] == [RequeueAfter]
    again = only(diff(AGENT, pods, backoffs={"node-1": Backoff(8_000, NOW_MS - 9_000)}), "FailedDaemonPod")
    assert again.actions[-1] == Remember({"node-1": Backoff(16_000, NOW_MS)})


# ------------------------------------------------------------------------------------------------ updates


@pytest.mark.parametrize(
    ("pods", "unavailable", "expected"),
    [
        pytest.param(everywhere(), 1, ["agent-node-1"], id="one node at a time"),
        pytest.param(everywhere(), "50%", ["agent-node-1", "agent-node-2"], id="a share rounds up"),
        pytest.param(
            [daemon("node-1", revision=NEW_HASH, ready=False), *everywhere()[1:]],
            1,
            [],
            id="a new one first gets ready",
        ),
        pytest.param(
            [daemon("node-1", deleting=True), *everywhere()[1:]], 1, [], id="one that goes leaves its node without"
        ),
        pytest.param(
            [daemon("node-1", ready=False), *everywhere()[1:]], 1, ["agent-node-1"], id="broken old ones cost nothing"
        ),
        pytest.param(
            [*everywhere()[:2], daemon("node-3", revision=NEW_HASH)],
            2,
            ["agent-node-1", "agent-node-2"],
            id="and so on",
        ),
        pytest.param(everywhere(revision=NEW_HASH), 1, [], id="until all are new"),
    ],
)
def test_rolling_update(pods: list[Obj], unavailable: int | str, expected: list[str]) -> None:
    assert deleted(diff(daemon_set("nginx:1.28", unavailable=unavailable), pods)) == expected


@pytest.mark.parametrize(
    ("pods", "created", "gone"),
    [
        pytest.param(everywhere(), ["node-1"], [], id="a new one beside the old"),
        pytest.param(
            [*everywhere(), daemon("node-1", "new", revision=NEW_HASH, ready=False)], [], [], id="which stays until"
        ),
        pytest.param(
            [*everywhere(), daemon("node-1", "new", revision=NEW_HASH)], [], ["agent-node-1"], id="the new is available"
        ),
    ],
)
def test_surge(pods: list[Obj], created: list[str], gone: list[str]) -> None:
    found = diff(daemon_set("nginx:1.28", surge=1, unavailable=0), pods)
    assert (created_for(found), deleted(found)) == (created, gone)


def test_on_delete_is_by_hand() -> None:
    owner = {**NEXT, "spec": {**NEXT["spec"], "updateStrategy": {"type": "OnDelete"}}}
    assert deleted(diff(owner, everywhere())) == []
    assert created_for(diff(owner, everywhere()[1:])) == ["node-1"]


def test_nothing_is_exchanged_while_pods_are_missing() -> None:
    assert deleted(diff(NEXT, everywhere()[1:])) == []


def test_revisions_that_no_pod_is_of_are_forgotten() -> None:
    owner = {**NEXT, "spec": {**NEXT["spec"], "revisionHistoryLimit": 0}}
    assert [d for d in diff(owner, everywhere()) if d.reason == "HistoryTooLong"] == []
    gap = only(diff(owner, everywhere(revision=NEW_HASH)), "HistoryTooLong")
    assert gap.about.name == f"agent-{OLD_HASH}"


# ------------------------------------------------------------------------------------------------- status


def test_the_status_counts_nodes() -> None:
    assert status(diff()) == {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 3,
        "numberReady": 0,
        "observedGeneration": 1,
        "numberUnavailable": 3,
    }
    seen = status(diff(NEXT, [daemon("node-1", revision=NEW_HASH), daemon("node-2"), daemon("node-3", ready=False)]))
    fields = ("currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable", "numberUnavailable")
    assert [seen[field] for field in fields] == [3, 2, 1, 2, 1]


def test_ready_is_not_yet_available() -> None:
    owner = {**AGENT, "spec": {**AGENT["spec"], "minReadySeconds": 10}}
    pods = [daemon("node-1", ready_since_ms=NOW_MS - 4_000)]
    found = diff(owner, pods, nodes=NODES[:1], revisions=(stored(AGENT, 1),))
    assert only(found, "MinReadySecondsNotOver").actions == (RequeueAfter(6_000, "minReadySeconds"),)


def test_a_set_that_goes_does_nothing_and_a_quiet_one_asks_for_nothing() -> None:
    going = objects.with_metadata(AGENT, deletionTimestamp="2026-01-01T09:00:00Z")
    assert diff(going, everywhere()[1:], revisions=(stored(AGENT, 1),)) == []
    written = status(diff(AGENT, everywhere()))
    quiet = {**AGENT, "status": written}
    assert diff(quiet, everywhere(), revisions=(stored(AGENT, 1),)) == []
