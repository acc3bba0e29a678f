"""What is broken as the page tells it: from the store, with the command that mends it; and which loops matter."""

from __future__ import annotations

from typing import Any

import pytest

from app import scenarios
from app.cluster import Cluster
from app.commands import (
    COMMANDS,
    AddNode,
    ApiServerDown,
    Apply,
    Chaos,
    Command,
    CrashController,
    CrashMidway,
    CutNetwork,
    DelayWatch,
    DropEvents,
    DropNextEvent,
    EdgeTriggered,
    FailZone,
    FillDisk,
    PowerNode,
    RemoveNode,
    RunNow,
    SlowNode,
    StaleCache,
    StopController,
    Suspend,
    TwoCopies,
    command_from_json,
)
from app.engine.trace import Commanded, Differed
from app.rooms.story import Story
from app.web.present import awake, board, captions, faults, frame
from tests.support.looks import Stage, frame_since
from tests.support.voices import ENGLISH

_ = ENGLISH
RS = "replicaset-controller"


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(latencies="zero", zones=3)
    cluster.submit(Apply(scenarios.get("self-healing").manifests))
    cluster.run()
    return cluster


def do(cluster: Cluster, command: Command) -> Commanded:
    record = cluster.submit(command).record
    assert isinstance(record, Commanded)
    assert not record.error
    return record


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (PowerNode("node-1"), "node-1: no power"),
        (CutNetwork("node-1"), "node-1: cut off"),
        (SlowNode("node-1", 3), "node-1: 3× slower"),
        (FillDisk("node-1"), "node-1: disk full"),
        (ApiServerDown(), "API server down"),
        (Chaos(6), "chaos, 6 a minute"),
        (StopController(RS), "ReplicaSet: stopped"),
        (EdgeTriggered(RS), "ReplicaSet: edge"),
        (DelayWatch(RS, 2000), "ReplicaSet: hears 2 s late"),
        (DropEvents(RS, 3), "ReplicaSet: loses 1 event in 3"),
        (DropEvents(RS, 1), "ReplicaSet: loses all events"),
        (StopController("kubelet/node-2"), "kubelet (node-2): stopped"),
        (CrashMidway(RS), "ReplicaSet: will die between two writes"),
        (StaleCache(RS), "ReplicaSet: stale cache"),
        (DropNextEvent(RS), "ReplicaSet: loses the next event"),
        (TwoCopies(RS), "ReplicaSet: two copies"),
    ],
)
def test_what_is_broken_is_listed_until_its_button_mends_it(cluster: Cluster, command: Command, text: str) -> None:
    assert faults.faults(cluster, _) == ()
    do(cluster, command)
    (fault,) = faults.faults(cluster, _)
    assert fault.text == text
    do(cluster, command_from_json(dict(fault.command)))
    assert faults.faults(cluster, _) == ()


def test_a_node_shows_how_its_machine_is(cluster: Cluster) -> None:
    for command in (PowerNode("node-1"), SlowNode("node-2", 10), FillDisk("node-2"), RemoveNode("node-3")):
        do(cluster, command)
    nodes = {view.name: view for view in board.board(cluster, _).nodes}
    assert [words for _sign, words in nodes["node-1"].machine.marks] == ["no power"]
    assert [words for _sign, words in nodes["node-2"].machine.marks] == ["10× slower", "disk full"]
    assert nodes["node-3"].machine.power == "gone"


def test_a_zone_is_dark_when_all_its_machines_are(cluster: Cluster) -> None:
    do(cluster, FailZone("zone-a"))
    assert faults.zones(cluster) == [("zone-a", True), ("zone-b", False), ("zone-c", False)]


EVERY: tuple[dict[str, Any], ...] = (
    {"do": "turns", "on": True}, {"do": "turns", "on": False},
    {"do": "power", "node": "n"}, {"do": "power", "node": "n", "on": True}, {"do": "cut", "node": "n"},
    {"do": "cut", "node": "n", "cut": False}, {"do": "slow", "node": "n"}, {"do": "slow", "node": "n", "factor": 1},
    {"do": "disk", "node": "n"}, {"do": "disk", "node": "n", "full": False}, {"do": "add-node"},
    {"do": "add-node", "zone": "zone-a"}, {"do": "remove-node", "node": "n"}, {"do": "zone", "zone": "z"},
    {"do": "zone", "zone": "z", "failed": False}, {"do": "api-server"}, {"do": "api-server", "down": False},
    {"do": "stop-controller", "actor": RS}, {"do": "stop-controller", "actor": RS, "stopped": False},
    {"do": "crash-controller", "actor": RS}, {"do": "delay-watch", "actor": RS},
    {"do": "delay-watch", "actor": RS, "delay_ms": 500}, {"do": "drop-events", "actor": RS},
    {"do": "drop-events", "actor": RS, "every": 1}, {"do": "drop-events", "actor": RS, "every": 2},
    {"do": "crash-midway", "actor": RS}, {"do": "crash-midway", "actor": RS, "on": False},
    {"do": "stale-cache", "actor": RS}, {"do": "stale-cache", "actor": RS, "for_ms": 0},
    {"do": "drop-next-event", "actor": RS}, {"do": "drop-next-event", "actor": RS, "on": False},
    {"do": "drop-next-event", "actor": RS, "kind": "Pod"}, {"do": "two-copies", "actor": RS},
    {"do": "two-copies", "actor": RS, "on": False},
    {"do": "edge", "actor": RS}, {"do": "edge", "actor": RS, "on": False}, {"do": "chaos"},
    {"do": "on-call", "actor": RS}, {"do": "on-call", "actor": RS, "on": False},
    {"do": "by-hand", "actor": RS, "ref": ["ReplicaSet", "default", "a"]},
    {"do": "chaos", "per_minute": 6}, {"do": "suspend", "ref": ["Job", "default", "a"]},
    {"do": "suspend", "ref": ["Job", "default", "a"], "suspended": False},
    {"do": "run-now", "ref": ["CronJob", "default", "a"]}, {"do": "drain", "node": "n"},
    {"do": "traffic", "ref": ["Service", "default", "a"], "rps": 9}, {"do": "leave-out", "command": "a", "why": "slow"},
    {"do": "writes", "ref": ["InnoDBCluster.mysql.oracle.com", "default", "a"]},
    {"do": "writes", "ref": ["InnoDBCluster.mysql.oracle.com", "default", "a"], "per_second": 0},
    {"do": "queue", "ref": ["RabbitmqCluster.rabbitmq.com", "default", "a"]},
    {"do": "queue", "ref": ["RabbitmqCluster.rabbitmq.com", "default", "a"], "size": 0},
    {"do": "define-controller", "name": "a", "parent": "pods", "text": ""},
    {"do": "define-controller", "name": "a", "parent": "pods", "text": "", "edge": True},
    {"do": "remove-controller", "name": "a"}, {"do": "strike-controller", "name": "a", "limit": "time"},
    {"do": "strike-controller", "name": "a", "limit": "memory"},
    {"do": "writes", "ref": ["InnoDBCluster.mysql.oracle.com", "default", "a"], "per_second": 9},
    {"do": "queue", "ref": ["RabbitmqCluster.rabbitmq.com", "default", "a"], "per_second": 9},
    {"do": "leave-out", "command": "a", "why": "killed"}, {"do": "leave-out", "command": "a", "why": "KeyError"},
    {"do": "queue", "ref": ["RabbitmqCluster.rabbitmq.com", "default", "a"], "per_second": 5},
)  # fmt: skip


def test_every_command_has_a_sentence_of_its_own() -> None:
    said = [captions.commanded(command_from_json(data), 1, _) for data in EVERY]
    assert len(set(said)) == len(EVERY)
    assert not [text for text in said if "You did" in text]
    named = {data["do"] for data in EVERY}
    physical = {name for name, kind in COMMANDS.items() if kind.physical} - {
        "bootstrap",
        "crash",
        "latencies",
        "traffic",
    }
    assert physical <= named


def test_the_loops_that_matter_are_those_of_declared_kinds_and_those_that_acted(cluster: Cluster) -> None:
    declared = awake.declared(cluster, cluster.actors)
    assert {"deployment-controller", RS, "default-scheduler", "kubelet", "container-runtime"} <= set(declared)
    assert not {"replication-controller", "chaos-monkey", "namespace-controller"} & set(declared)
    acted = awake.acted(cluster.trace)
    assert "kubelet-node-status" in acted
    assert "chaos-monkey" not in acted


CRON = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: main, image: "busybox:1"}]
"""


def test_a_cron_job_is_suspended_and_run_before_its_time(cluster: Cluster) -> None:
    do(cluster, Apply(CRON))
    (cron,) = cluster.objects("CronJob")
    ref = command_from_json({"do": "suspend", "ref": ["CronJob", "default", "report"]})
    assert isinstance(ref, Suspend)
    do(cluster, ref)
    assert cluster.objects("CronJob")[0]["spec"]["suspend"] is True
    do(cluster, RunNow(ref.ref))
    do(cluster, RunNow(ref.ref))
    jobs = cluster.objects("Job")
    assert [job["metadata"]["name"] for job in jobs] == ["report-manual-1", "report-manual-2"]
    assert jobs[0]["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    assert jobs[0]["metadata"]["ownerReferences"][0]["uid"] == cron["metadata"]["uid"]


def test_adding_a_machine_and_crashing_a_loop_break_nothing(cluster: Cluster) -> None:
    do(cluster, AddNode())
    do(cluster, CrashController(RS))
    assert faults.faults(cluster, _) == ()


def test_a_heartbeat_does_not_speak_over_what_a_person_did(cluster: Cluster) -> None:
    revision, step = cluster.store.revision, cluster.trace.count
    do(cluster, CutNetwork("node-1"))
    for _count in range(40):
        cluster.step()
    story = Story(cluster, lambda _step, _languages: 900)
    story.hear(cluster.trace.since(step))
    said = frame(Stage(cluster), frame_since(cluster, revision, step, story.together()), _)["card"].caption
    assert said.text == "You cut the network of node-1: it goes on alone."
    spoken = [
        record.differences
        for each in cluster.trace.since(step)
        if isinstance(record := each.record, Differed) and each.actor == "kubelet-node-status/node-1"
    ]
    assert spoken
