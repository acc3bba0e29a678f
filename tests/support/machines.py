"""Machines and sandboxes for the tests of kubelets and container runtimes."""

from __future__ import annotations

from typing import Any

from app import nodes
from app.api.objects import Obj, find_named, with_metadata
from app.nodes import sandbox
from app.nodes.kubelet.containers import PodSeen
from app.nodes.kubelet.kubelet import Kubelet
from app.nodes.kubelet.restarts import Memory
from app.reconcile import Announce, Difference, Patch
from tests.support.builders import NOW_MS, pod

IMAGE = "nginx:1.27"
MACHINE = {
    **nodes.machine("node-1", 1, latencies="realistic"),
    "status": {"images": {IMAGE: 72_223_946}},
}


def machine(*images: str, latencies: str = "realistic") -> Obj:
    """node-1 with these images on its disk."""
    return {**nodes.machine("node-1", 1, latencies=latencies), "status": {"images": dict.fromkeys(images, 1_000_000)}}


def new_pod(**options: Any) -> Obj:
    """Bound to node-1, not yet seen by its kubelet."""
    scheduled = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": "2026-01-01T08:59:59Z",
    }
    made = pod(phase="Pending", ready=False, **options)
    return {**made, "status": {"phase": "Pending", "conditions": [scheduled], "qosClass": "BestEffort"}}


def wanted(**fields: Any) -> dict[str, Any]:
    return {"image": IMAGE, "command": [], "attempt": 0, "resources": {}, "pull": 0, **fields}


def known(state: str, **fields: Any) -> dict[str, Any]:
    """A container of a sandbox's status. Running ones started a minute ago."""
    about: dict[str, Any] = {"state": state, "attempt": 0, "image": IMAGE, "pull": 0}
    if state in ("running", "exited"):
        about |= {"resources": {}, "startedMs": NOW_MS - 60_000}
    if state == "exited":
        about |= {"finishedMs": NOW_MS, "exitCode": 1, "reason": "Error"}
    if state in ("pulling", "pull-failed", "creating"):
        about["sinceMs"] = NOW_MS
    return {**about, **fields}


def a_sandbox(
    of: Obj, asked: dict[str, Any] | None = None, did: dict[str, Any] | None = None, ip: str = "10.244.1.5"
) -> Obj:
    """The sandbox of a pod; by default the runtime has not touched it."""
    made = sandbox.new_sandbox(of, {"nginx": wanted()} if asked is None else asked)
    status = {"ip": ip, "containers": did} if did is not None else {}
    return {**made, "metadata": {**made["metadata"], "uid": "sandbox-1"}, "status": status}


def seen(
    of: Obj | None, box: Obj | None = None, memory: Memory | None = None, now_ms: int = NOW_MS, on: Obj = MACHINE
) -> PodSeen:
    return PodSeen(of, box, on, memory or Memory(), now_ms)


def diff(*args: Any, **options: Any) -> list[Difference]:
    return list(Kubelet("node-1").diff(seen(*args, **options)))


def reasons(differences: list[Difference]) -> list[str]:
    return [difference.reason for difference in differences]


def only(differences: list[Difference], reason: str) -> Difference:
    (found,) = [each for each in differences if each.reason == reason]
    return found


def events(differences: list[Difference]) -> list[tuple[str, str]]:
    """(reason, message) of every Event, in order."""
    found: list[Announce | None] = []
    for difference in differences:
        for action in difference.actions:
            found.append(action if isinstance(action, Announce) else getattr(action, "announce", None))
    return [(event.reason, event.message) for event in found if event is not None]


def reported(differences: list[Difference]) -> dict[str, Any]:
    """The status that the kubelet patches; {} if it does not."""
    for difference in differences:
        for action in difference.actions:
            if isinstance(action, Patch) and action.ref.kind == "Pod":
                status: dict[str, Any] = action.patch["status"]
                return status
    return {}


def asked_of_runtime(differences: list[Difference], name: str = "nginx") -> dict[str, Any]:
    """What the kubelet changes in the sandbox for one container; {} if nothing."""
    for difference in differences:
        for action in difference.actions:
            if isinstance(action, Patch) and action.ref.kind == "PodSandbox":
                container: dict[str, Any] = action.patch["spec"]["containers"].get(name, {})
                return container
    return {}


def after(of: Obj, differences: list[Difference]) -> Obj:
    """The pod once the API server has taken the kubelet's report."""
    return {**of, "status": {**of["status"], **reported(differences)}}


def container_of(status: dict[str, Any], name: str = "nginx") -> dict[str, Any]:
    found = find_named(status["containerStatuses"], name)
    assert found is not None
    return found


def condition(status: dict[str, Any], type_: str) -> dict[str, Any]:
    return next(each for each in status["conditions"] if each["type"] == type_)


def with_container(of: Obj, **fields: Any) -> Obj:
    (container,) = of["spec"]["containers"]
    return {**of, "spec": {**of["spec"], "containers": [{**container, **fields}]}}


def deleted(of: Obj, grace: int = 30) -> Obj:
    marks = {"deletionTimestamp": "2026-01-01T09:00:30Z", "deletionGracePeriodSeconds": grace}
    return with_metadata(of, generation=2, **marks)
