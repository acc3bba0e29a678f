"""Questions about pods that several loops ask: is it active, ready, available, what does it request.

Controllers, the scheduler, kubelets and printers call these on pods from their caches; nothing here reads or writes.
Models kubernetes/pkg/api/v1/pod, `controller.FilterActivePods` and component-helpers `resource.PodRequests`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import conditions, memo, quantities, times
from app.api.objects import Obj, is_terminating

Status = dict[str, Any]


def phase(pod: Obj) -> str:
    """Pending, Running, Succeeded, Failed or Unknown; Pending where nobody said so yet."""
    found: str = (pod.get("status") or {}).get("phase") or "Pending"
    return found


def node_name(pod: Obj) -> str:
    """The node it is bound to, or ""."""
    name: str = pod["spec"].get("nodeName") or ""
    return name


def is_terminal(pod: Obj) -> bool:
    """Has finished for good: no container of it will run again."""
    return phase(pod) in ("Succeeded", "Failed")


def is_active(pod: Obj) -> bool:
    """Counts as a replica: neither finished nor marked for deletion."""
    return not is_terminating(pod) and not is_terminal(pod)


def ready_condition(pod: Obj) -> conditions.Condition | None:
    return conditions.find((pod.get("status") or {}).get("conditions"), "Ready")


def disrupted(pod: Obj, reason: str, message: str) -> conditions.Condition:
    """What stands on a pod that a loop is about to remove: why it does so, and of which generation that is said."""
    said = {"status": "True", "lastProbeTime": None, "reason": reason, "message": message}
    return {"type": "DisruptionTarget", "observedGeneration": pod["metadata"].get("generation", 1), **said}


def is_ready(pod: Obj) -> bool:
    ready = ready_condition(pod)
    return ready is not None and ready["status"] == "True"


def ready_since_ms(pod: Obj) -> int | None:
    """When it became ready; None if it is not ready."""
    ready = ready_condition(pod)
    if ready is None or ready["status"] != "True" or not ready.get("lastTransitionTime"):
        return None
    return times.parse(ready["lastTransitionTime"])


def is_available(pod: Obj, min_ready_seconds: int, now_ms: int) -> bool:
    """Ready, and that for `min_ready_seconds` without a break."""
    if min_ready_seconds == 0:
        return is_ready(pod)
    since_ms = ready_since_ms(pod)
    return since_ms is not None and since_ms + min_ready_seconds * 1000 <= now_ms


# ----------------------------------------------------------------------------------------- containers


def container_statuses(pod: Obj) -> list[Status]:
    """What the kubelet says of each container; [] before it has."""
    return (pod.get("status") or {}).get("containerStatuses") or []


def init_container_statuses(pod: Obj) -> list[Status]:
    return (pod.get("status") or {}).get("initContainerStatuses") or []


def ephemeral_container_statuses(pod: Obj) -> list[Status]:
    return (pod.get("status") or {}).get("ephemeralContainerStatuses") or []


def container_status(pod: Obj, name: str) -> Status | None:
    """Of one container, whatever it is there for."""
    for status in (*container_statuses(pod), *init_container_statuses(pod), *ephemeral_container_statuses(pod)):
        if status["name"] == name:
            return status
    return None


def is_sidecar(container: Mapping[str, Any]) -> bool:
    """An init container that keeps running beside the others."""
    return container.get("restartPolicy") == "Always"


def max_restarts(pod: Obj) -> int:
    """Of the container that was restarted most often."""
    return max((status.get("restartCount", 0) for status in container_statuses(pod)), default=0)


# ------------------------------------------------------------------------------------------- requests


def requests(pod: Obj) -> tuple[int, int]:
    """What the scheduler reserves for the pod: (CPU in millicores, memory in bytes)."""
    return _requests(pod["spec"])


def total(pod: Obj, resource: str, field: str = "requests") -> str:
    """What the pod needs of a resource as a whole (or with `field="limits"` may use), a canonical quantity: the larger
    of what its containers need together and what any init container needs while it runs, sidecars running on from
    their start; a request of the pod itself replaces that; plus the overhead."""
    spec = pod["spec"]
    sidecars = peak = "0"
    for container in spec.get("initContainers") or ():
        needed = quantities.add(sidecars, _amount(container, resource, field))
        peak = max(peak, needed, key=quantities.parse)
        if is_sidecar(container):
            sidecars = needed
    together = quantities.add(sidecars, *(_amount(each, resource, field) for each in spec.get("containers") or ()))
    own = ((spec.get("resources") or {}).get(field) or {}).get(resource)
    needed = max(together, peak, key=quantities.parse) if own is None else str(own)
    overhead = (spec.get("overhead") or {}).get(resource, "0")
    return needed if field == "limits" and needed == "0" else quantities.add(needed, str(overhead))


@memo.by_identity
def _requests(spec: Mapping[str, Any]) -> tuple[int, int]:
    pod = {"spec": spec}
    return quantities.milli(total(pod, "cpu")), quantities.value(total(pod, "memory"))


def _amount(of: Mapping[str, Any], resource: str, field: str) -> str:
    return str(((of.get("resources") or {}).get(field) or {}).get(resource, "0"))
