"""A kubelet registers its node, keeps its status right, and renews its lease in the background."""

from __future__ import annotations

from typing import Any

from app import nodes
from app.api import times
from app.api.objects import Obj, Ref, with_metadata
from app.nodes.kubelet.node_status import MachineSeen, NodeStatus, new_lease, new_node
from app.reconcile import Create, Difference, Patch, Remember, RequeueAfter
from tests.support.builders import NOW_MS
from tests.support.machines import events, only, reasons
from tests.support.reading import reader

MACHINE = nodes.machine("node-1", 1, zone="zone-a")
NODE = with_metadata(new_node(MACHINE, NOW_MS), uid="node-uid")
LEASE = new_lease(NODE, NOW_MS)


def diff(
    node: Obj | None = NODE,
    lease: Obj | None = LEASE,
    machine: Obj = MACHINE,
    registered: bool = True,
    now_ms: int = NOW_MS,
) -> list[Difference]:
    return list(NodeStatus("node-1").diff(MachineSeen(machine, node, lease, registered, now_ms)))


def test_a_new_machine_registers_its_node() -> None:
    found = diff(None, None, registered=False)
    (register,) = found
    create = register.actions[0]
    assert isinstance(create, Create)
    node = create.obj
    assert node["spec"] == {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"]}
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "node-1"
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "zone-a"
    assert node["status"]["capacity"] == {
        "cpu": "4", "ephemeral-storage": "100Gi", "hugepages-2Mi": "0", "memory": "8Gi", "pods": "110",
    }  # fmt: skip
    assert [(each["type"], each["status"], each["reason"]) for each in node["status"]["conditions"]] == [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID"),
        ("Ready", "True", "KubeletReady"),
    ]
    assert node["status"]["addresses"][0] == {"type": "InternalIP", "address": "10.0.0.11"}
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.2"
    assert events(found) == [("Starting", "Starting kubelet."), ("NodeReady", "Node node-1 status is now: NodeReady")]
    assert register.actions[-1] == Remember(True)


def test_a_node_that_was_deleted_is_not_registered_again() -> None:
    assert reasons(diff(None, LEASE)) == ["LeaseHeld"]


def test_the_lease_belongs_to_the_node() -> None:
    (found,) = diff(lease=None)
    create = found.actions[0]
    assert isinstance(create, Create)
    assert create.obj["spec"] == {
        "holderIdentity": "node-1", "leaseDurationSeconds": 40, "renewTime": "2026-01-01T09:00:00.000000Z",
    }  # fmt: skip
    assert create.obj["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Node", "name": "node-1", "uid": "node-uid"}
    ]
    assert (found.background, found.actions[1]) == (True, RequeueAfter(10_000, "lease renewal"))


def test_the_lease_is_renewed_every_ten_seconds_in_the_background() -> None:
    (early,) = diff(now_ms=NOW_MS + 4_000)
    assert (early.actions, early.background) == ((RequeueAfter(6_000, "lease renewal"),), True)
    (due,) = diff(now_ms=NOW_MS + 10_000)
    renewed = {"spec": {"renewTime": "2026-01-01T09:00:10.000000Z"}}
    assert due.actions == (
        Patch(Ref("Lease", "kube-node-lease", "node-1"), renewed), RequeueAfter(10_000, "lease renewal"),
    )  # fmt: skip
    assert due.background


def test_an_unchanged_status_is_reported_every_five_minutes() -> None:
    assert "HeartbeatDue" not in reasons(diff(now_ms=NOW_MS + 299_000))
    beat = only(diff(now_ms=NOW_MS + 300_000), "HeartbeatDue")
    patch = beat.actions[0]
    assert isinstance(patch, Patch)
    conditions = patch.patch["status"]["conditions"]
    assert {each["lastHeartbeatTime"] for each in conditions} == {times.rfc3339(NOW_MS + 300_000)}
    assert {each["lastTransitionTime"] for each in conditions} == {times.rfc3339(NOW_MS)}
    assert beat.background


def test_a_node_that_was_given_up_says_that_it_is_back() -> None:
    unknown = [{**each, "status": "Unknown", "reason": "NodeStatusUnknown"} for each in NODE["status"]["conditions"]]
    given_up = {**NODE, "status": {**NODE["status"], "conditions": unknown}}
    back = only(diff(given_up, now_ms=NOW_MS + 9_000), "NodeStatusOutdated")
    assert not back.background
    assert events([back]) == [("NodeReady", "Node node-1 status is now: NodeReady")]
    patch = back.actions[0]
    assert isinstance(patch, Patch)
    assert patch.patch["status"]["conditions"][3]["lastTransitionTime"] == "2026-01-01T09:00:09Z"


def test_what_the_machine_has_is_what_the_node_says() -> None:
    grown: dict[str, Any] = {
        **MACHINE,
        "spec": {**MACHINE["spec"], "cpu": "8"},
        "status": {"images": {"nginx:1.27": 72}},
    }
    patch = only(diff(machine=grown), "NodeStatusOutdated").actions[0]
    assert isinstance(patch, Patch)
    assert patch.patch["status"].keys() == {"capacity", "allocatable", "images"}
    assert patch.patch["status"]["images"] == [{"names": ["docker.io/library/nginx:1.27"], "sizeBytes": 72}]
    assert patch.subresource == "status"


def test_it_reads_the_machine_its_node_and_its_lease() -> None:
    controller, key = NodeStatus("node-1"), Ref("Machine", "", "node-1")
    found = controller.observe(key, reader(controller, MACHINE, NODE, LEASE, memory=True))
    assert found is not None
    assert found.node is not None
    assert found.lease is not None
    assert found.registered
    assert controller.observe(key, reader(controller)) is None


def test_machines_have_addresses_of_their_own() -> None:
    machines = [nodes.machine(f"node-{number}", number) for number in range(1, 600)]
    assert (
        len({each["spec"]["podCIDR"] for each in machines})
        == len({each["spec"]["address"] for each in machines})
        == 599
    )
    assert [each.actor for each in nodes.machine_controllers("node-7")] == [
        "kubelet-node-status/node-7", "kubelet/node-7", "container-runtime/node-7", "kube-proxy/node-7",
    ]  # fmt: skip
