"""Pods; their STATUS the page shows on its cards too.

Models kubernetes/pkg/printers/internalversion/printers.go, as do the other files of this folder.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from app.api import conditions
from app.api.objects import Obj, get_path, is_terminating, name_of
from app.component_helpers import pods
from app.kubectl.printers.durations import since
from app.kubectl.printers.printing import NONE, Cells, Printer, age_of, columns


class _PodState(NamedTuple):
    status: str
    ready: int
    total: int
    restarts: int
    restarted: str  # when a container last ended, "" if never


def pod_status(pod: Obj) -> str:
    """The STATUS column: `Running`, `Init:0/1`, `CrashLoopBackOff`, `Completed`, `Terminating`, ..."""
    return _pod_state(pod).status


def _restarted(state: _PodState, now_ms: int) -> str:
    """The RESTARTS column: `3 (42s ago)`."""
    if not state.restarts or not state.restarted:
        return str(state.restarts)
    return f"{state.restarts} ({since(state.restarted, now_ms)} ago)"


def _pod_state(pod: Obj) -> _PodState:
    """What keeps the pod waiting, or why it ended, says more than its phase; later sections overrule earlier ones."""
    status = pod.get("status") or {}
    init, initialized = _init_state(pod)
    reason = init.status or _phase_or_reason(status)
    ready, restarts, restarted = init.ready, init.restarts, init.restarted
    if initialized:
        own = _containers_state(pods.container_statuses(pod), reason)
        reason = own.status
        ready, restarts, restarted = ready + own.ready, restarts + own.restarts, max(restarted, own.restarted)
        if reason == "Completed" and own.ready:
            reason = "Running" if pods.is_ready(pod) else "NotReady"
    if is_terminating(pod) and status.get("reason") == "NodeLost":
        reason = "Unknown"
    elif is_terminating(pod) and not pods.is_terminal(pod):
        reason = "Terminating"
    return _PodState(reason, ready, init.total, restarts, restarted)


def _phase_or_reason(status: dict[str, Any]) -> str:
    scheduled = conditions.find(status.get("conditions"), "PodScheduled")
    if scheduled and scheduled.get("reason") == "SchedulingGated":
        return "SchedulingGated"
    reason: str = status.get("reason") or status.get("phase") or ""
    return reason


def _init_state(pod: Obj) -> tuple[_PodState, bool]:
    """How far the init containers are, with the status "" if they keep nothing waiting; and whether the other
    containers count: once initialized, of the init containers only sidecars do."""
    declared = {container["name"]: container for container in pod["spec"].get("initContainers") or ()}
    sidecars = {name for name, container in declared.items() if pods.is_sidecar(container)}
    reason, ready, seen = "", 0, []
    for index, status in enumerate(pods.init_container_statuses(pod)):
        seen.append(status)
        ended = (status.get("state") or {}).get("terminated")
        if ended and ended.get("exitCode", 0) == 0:
            continue
        if status["name"] in sidecars and status.get("started"):
            ready += bool(status.get("ready"))
            continue
        reason = _init_reason(status, ended, index, len(declared))
        break
    initialized = not reason or conditions.is_true((pod.get("status") or {}).get("conditions"), "Initialized")
    counted = [status for status in seen if status["name"] in sidecars] if initialized else seen
    total = len(pod["spec"].get("containers") or ()) + len(sidecars)
    return _PodState(reason, ready, total, _restarts(counted), _last_ended(counted)), initialized


def _init_reason(status: dict[str, Any], ended: dict[str, Any] | None, index: int, total: int) -> str:
    if ended:
        return f"Init:{_why_ended(ended)}"
    waiting = ((status.get("state") or {}).get("waiting") or {}).get("reason", "")
    return f"Init:{waiting}" if waiting not in ("", "PodInitializing") else f"Init:{index}/{total}"


def _containers_state(statuses: list[dict[str, Any]], reason: str) -> _PodState:
    """The first container that waits or has ended gives the reason."""
    ready = 0
    for status in reversed(statuses):
        state = status.get("state") or {}
        if waiting := (state.get("waiting") or {}).get("reason"):
            reason = waiting
        elif state.get("terminated") is not None:
            reason = _why_ended(state["terminated"])
        elif status.get("ready") and state.get("running") is not None:
            ready += 1
    return _PodState(reason, ready, len(statuses), _restarts(statuses), _last_ended(statuses))


def _why_ended(ended: dict[str, Any]) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _restarts(statuses: list[dict[str, Any]]) -> int:
    return sum(status.get("restartCount", 0) for status in statuses)


def _last_ended(statuses: list[dict[str, Any]]) -> str:
    """Times of one form sort as text."""
    return max((get_path(status, "lastState.terminated.finishedAt") or "" for status in statuses), default="")


def _pod(pod: Obj, now_ms: int) -> Cells:
    status, spec, state = pod.get("status") or {}, pod["spec"], _pod_state(pod)
    gates = [gate["conditionType"] for gate in spec.get("readinessGates") or ()]
    passed = sum(conditions.is_true(status.get("conditions"), gate) for gate in gates)
    return (
        name_of(pod),
        f"{state.ready}/{state.total}",
        state.status,
        _restarted(state, now_ms),
        age_of(pod, now_ms),
        next((each.get("ip") for each in status.get("podIPs") or ()), None) or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        f"{passed}/{len(gates)}" if gates else NONE,
    )


PRINTERS = {
    "Pod": Printer(columns("Name, Ready, Status, Restarts, Age, *IP, *Node, *Nominated Node, *Readiness Gates"), _pod),
}
