"""A pod's `status`, computed from what its containers do. Pure; called by the kubelet.

Models `generateAPIPodStatus` in kubernetes/pkg/kubelet/kubelet_pods.go and kubernetes/pkg/kubelet/status/generate.go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from app.api import times
from app.api.conditions import Condition, find
from app.api.objects import Obj, is_terminating
from app.nodes import sandbox
from app.nodes.kubelet import resizing
from app.nodes.runtime import images
from app.nodes.sandbox import Container

Status = dict[str, Any]

_OURS = (
    *(resizing.PENDING, resizing.IN_PROGRESS),
    *("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"),
)
_TERMINATED = {"status": "True", "reason": "TerminationByKubelet"}
_NEVER_RAN = {
    "exitCode": 137,
    "reason": "ContainerStatusUnknown",
    "message": "The container could not be located when the pod was terminated",
    "startedAt": None,
    "finishedAt": None,
}


def pod_status(
    pod: Obj,
    machine: Obj,
    found: Obj | None,
    inits: list[Status],
    apps: list[Status],
    now_ms: int,
    *,
    over: bool = False,
    ending: Mapping[str, Any] | None = None,
    added: Sequence[Status] = (),
    resizes: Sequence[Condition] = (),
) -> Status:
    """The whole status. `inits`, `apps` and `added` are the statuses of its containers; `over`: none will run again;
    `ending`: why it was ended (app/nodes/sandbox.py); `resizes`: conditions of containers that change their size.

    Of a pod that is to go, equal to the old one but for observedGeneration, it keeps that as well: the generation that
    comes with the mark of deletion alone is no news.
    """
    old: Status = pod.get("status") or {}
    generation = pod["metadata"].get("generation", 1)
    arguments = (pod, machine, found, inits, apps, now_ms, over, ending or {}, added, resizes)
    kept = old.get("observedGeneration", generation) if is_terminating(pod) else generation
    new = _status(*arguments, generation=kept)
    if new != old and new["observedGeneration"] != generation:
        new = _status(*arguments, generation=generation)
    return new


def _status(
    pod: Obj, machine: Obj, found: Obj | None, inits: list[Status], apps: list[Status], now_ms: int, over: bool,
    ending: Mapping[str, Any], added: Sequence[Status], resizes: Sequence[Condition], *, generation: int,
) -> Status:  # fmt: skip
    old: Status = pod.get("status") or {}
    address, ip = machine["spec"]["address"], sandbox.ip_of(found)
    why = {key: ending[key] for key in ("reason", "message") if over and key in ending}
    phase = "Failed" if why else _phase(pod, inits, apps, over)
    new = {**old, "observedGeneration": generation, "phase": phase, **why}
    conditions = _conditions(pod, bool(ip) and not over, inits, apps, phase)
    if why and ending.get("disrupts"):
        conditions.append({"type": "DisruptionTarget", **_TERMINATED, "message": ending["message"]})
    new["conditions"] = _stamped(resizes, conditions, old.get("conditions") or [], generation, now_ms)
    new |= {"hostIP": address, "hostIPs": [{"ip": address}]}
    if ip:
        new |= {"podIP": ip, "podIPs": [{"ip": ip}]}
    new.setdefault("startTime", times.rfc3339(now_ms))
    if inits:
        new["initContainerStatuses"] = inits
    new["containerStatuses"] = apps
    if added:
        new["ephemeralContainerStatuses"] = [*added]
    return new


def changes(old: Status, new: Status) -> Status:
    """The merge patch from one to the other."""
    return {key: value for key, value in new.items() if old.get(key) != value}


def summary(status: Status) -> str:
    """`Running 1/1`: the phase, or why a container waits or how it ended, and how many are ready; and whether a
    readiness gate holds the pod back all the same."""
    statuses = status.get("containerStatuses") or []
    ready = sum(each["ready"] for each in statuses)
    words: str = status.get("phase", "Pending")
    for each in (*statuses, *(status.get("initContainerStatuses") or [])):
        state = each["state"].get("waiting") or each["state"].get("terminated")
        if state and words not in ("Succeeded", "Failed") and state.get("reason") != "PodInitializing":
            words = state.get("reason") or words
    if not statuses:
        return words
    held = find(status.get("conditions"), "Ready")
    is_held = ready == len(statuses) and held is not None and held["status"] == "False"
    return f"{words} {ready}/{len(statuses)}{', not Ready' if is_held else ''}"


# ------------------------------------------------------------------------------------------- containers


def container_status(
    pod: Obj, container: dict[str, Any], known: Container | None, state: Status, *, last: Status | None = None,
    ready: bool = False, started: bool = False,
) -> Status:  # fmt: skip
    """One entry of containerStatuses. `known` is the container of the sandbox, None before it ever ran."""
    ran = known is not None and "startedMs" in known
    image = known["image"] if known is not None else container["image"]
    status: Status = {
        "name": container["name"],
        "state": state,
        "lastState": last or {},
        "ready": ready,
        "restartCount": known["attempt"] if known is not None else 0,
        "image": image,
        "imageID": images.image_id(image) if ran else "",
    }
    if known is not None and ran:
        status["containerID"] = container_id(pod, container["name"], known["attempt"])
    return {**status, "started": started}


def container_id(pod: Obj, name: str, attempt: int) -> str:
    digest = hashlib.sha256(f"{pod['metadata']['uid']}/{name}/{attempt}".encode()).hexdigest()
    return f"containerd://{digest}"


def waiting(reason: str, message: str = "") -> Status:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def running(known: Container) -> Status:
    return {"running": {"startedAt": times.rfc3339(known["startedMs"])}}


def terminated(pod: Obj, name: str, ended: Container) -> Status:
    """`ended` is a container of a sandbox that exited, or the `last` of one."""
    return {
        "terminated": {
            "exitCode": ended["exitCode"],
            "reason": ended["reason"],
            "startedAt": times.rfc3339(ended["startedMs"]),
            "finishedAt": times.rfc3339(ended["finishedMs"]),
            "containerID": container_id(pod, name, ended["attempt"]),
            **({"message": ended["message"]} if "message" in ended else {}),
        }
    }


def never_ran(status: Status) -> Status:
    """A container that had not ended when its pod was torn down."""
    return {**status, "state": {"terminated": _NEVER_RAN}, "ready": False, "started": False}


# ---------------------------------------------------------------------------------- phase and conditions


def _phase(pod: Obj, inits: Sequence[Status], apps: Sequence[Status], over: bool) -> str:
    policy = pod["spec"].get("restartPolicy", "Always")
    begun = any("containerID" in app for app in apps)
    if not over and not begun and any(not _is_past(init) for init in inits):
        return "Pending"
    if any("waiting" in app["state"] and not app["lastState"] for app in apps):
        return "Failed" if over else "Pending"
    if any("running" in each["state"] for each in (*apps, *inits)):
        return "Running"
    ends = [(app["state"].get("terminated") or app["lastState"].get("terminated") or {}) for app in apps]
    succeeded = all(end.get("exitCode") == 0 for end in ends)
    if over or policy == "Never" or (policy == "OnFailure" and succeeded):
        return "Succeeded" if succeeded else "Failed"
    return "Running"


def _is_past(init: Status) -> bool:
    """An init container that no longer holds up the pod: it ended well, or it is a sidecar that runs."""
    return bool(init["ready"])


def _conditions(pod: Obj, network: bool, inits: list[Status], apps: list[Status], phase: str) -> list[Condition]:
    """The five conditions of a kubelet, without times."""
    done: Condition = {"type": "Initialized", "status": "True"}
    pending = [init["name"] for init in inits if not _is_past(init)]
    if phase == "Succeeded":
        done["reason"] = "PodCompleted"
    elif pending:
        message = f"containers with incomplete status: [{' '.join(pending)}]"
        done |= {"status": "False", "reason": "ContainersNotInitialized", "message": message}
    unready = [app["name"] for app in apps if not app["ready"]]
    verdict: dict[str, str] = {"status": "True"}
    if phase in ("Succeeded", "Failed"):
        verdict = {"status": "False", "reason": "PodCompleted" if phase == "Succeeded" else "PodFailed"}
    elif unready:
        message = f"containers with unready status: [{' '.join(unready)}]"
        verdict = {"status": "False", "reason": "ContainersNotReady", "message": message}
    return [
        {"type": "PodReadyToStartContainers", "status": str(network)},
        done,
        {"type": "Ready", **_with_gates(pod, verdict)},
        {"type": "ContainersReady", **verdict},
        {"type": "PodScheduled", "status": "True"},
    ]


def _with_gates(pod: Obj, verdict: dict[str, str]) -> dict[str, str]:
    """A pod whose containers are ready waits for its readiness gates: conditions that others set."""
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
    if not gates or verdict["status"] != "True":
        return verdict
    missing = [text for gate in gates if (text := _closed(pod, gate))]
    if not missing:
        return verdict
    return {"status": "False", "reason": "ReadinessGatesNotReady", "message": ", ".join(missing)}


def _closed(pod: Obj, gate: str) -> str:
    """Why that gate is not open; "" if it is."""
    condition = find((pod.get("status") or {}).get("conditions") or [], gate)
    if condition is None:
        return f'corresponding condition of pod readiness gate "{gate}" does not exist.'
    if condition["status"] == "True":
        return ""
    return f'the status of pod readiness gate "{gate}" is not "True", but {condition["status"]}'


def _stamped(
    resizes: Sequence[Condition], ours: list[Condition], old: list[Condition], generation: int, now_ms: int
) -> list[Condition]:
    """Ours in Kubernetes' order and with times, then what others wrote; the same list if nothing changed."""
    stamped = [*resizes]
    for condition in ours:
        before = find(old, condition["type"])
        same = before is not None and before["status"] == condition["status"]
        since = before["lastTransitionTime"] if before is not None and same else times.rfc3339(now_ms)
        times_ = {"lastProbeTime": None, "lastTransitionTime": since}
        kind, status = condition["type"], condition["status"]
        rest = {key: value for key, value in condition.items() if key not in ("type", "status")}
        stamped.append({"type": kind, "observedGeneration": generation, "status": status, **times_, **rest})
    written = {*_OURS, *(condition["type"] for condition in ours)}
    stamped += [condition for condition in old if condition["type"] not in written]
    return old if stamped == old else stamped
