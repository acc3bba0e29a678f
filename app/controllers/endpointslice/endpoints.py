"""Endpoints: what a Service knows of each pod that may get its traffic, and through which ports.

The EndpointSlice controller writes them; printers and the data path read them. Pure.
Models kubernetes/staging/src/k8s.io/endpointslice: utils.go, util/controller_utils.go and
util/trigger_time_tracker.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.api.objects import Obj, is_terminating
from app.component_helpers import pods

Endpoint = dict[str, Any]
Ports = tuple[tuple[str, int | None, str, str], ...]  # name, number, protocol, appProtocol, in order


def belongs(pod: Obj) -> bool:
    """Terminating pods stay as long as they run; a pod without an address cannot be reached."""
    return bool((pod.get("status") or {}).get("podIP")) and not pods.is_terminal(pod)


def endpoint_of(pod: Obj, service: Obj, zones: Mapping[str, str]) -> Endpoint:
    """`zones` by name of the node."""
    meta, spec = pod["metadata"], pod["spec"]
    serving, terminating = pods.is_ready(pod), is_terminating(pod)
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    endpoint: Endpoint = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]},
    }
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        endpoint["hostname"] = spec["hostname"]
    node = spec.get("nodeName")
    if node:
        endpoint["nodeName"] = node
        if node in zones:
            endpoint["zone"] = zones[node]
    return endpoint


def uid_of(endpoint: Endpoint) -> str:
    """Of the pod: by this an endpoint of today is found among those of yesterday."""
    uid: str = (endpoint.get("targetRef") or {}).get("uid", "")
    return uid


def is_ready(endpoint: Endpoint) -> bool:
    return bool((endpoint.get("conditions") or {}).get("ready"))


def states(endpoints: Iterable[Endpoint]) -> dict[str, str]:
    """Name of the pod -> "ready", "not ready", "terminating" (still serving) or "terminating, not serving"."""
    return {(each.get("targetRef") or {}).get("name") or each["addresses"][0]: _state(each) for each in endpoints}


def _state(endpoint: Endpoint) -> str:
    known = endpoint.get("conditions") or {}
    if known.get("terminating"):
        return "terminating" if known.get("serving") else "terminating, not serving"
    return "ready" if known.get("ready") else "not ready"


# ---------------------------------------------------------------------------------------------------- ports


def ports_of(pod: Obj, service: Obj) -> Ports:
    """The Service's ports as this pod offers them. A port that the pod does not name is left out."""
    return tuple(
        (port.get("name", ""), number, port.get("protocol", "TCP"), port.get("appProtocol", ""))
        for port in service["spec"].get("ports") or ()
        for number in (_number(port, pod),)
        if number is not None
    )


def same_for_all(service: Obj) -> bool:
    """No port is given by a name that each pod may understand in its own way."""
    return all(isinstance(port.get("targetPort", 0), int) for port in service["spec"].get("ports") or ())


def ports_in(endpoint_slice: Obj) -> Ports:
    return tuple(
        (port.get("name", ""), port.get("port"), port.get("protocol", "TCP"), port.get("appProtocol", ""))
        for port in endpoint_slice.get("ports") or ()
    )


def as_list(ports: Ports) -> list[dict[str, Any]] | None:
    """As a slice holds them; None for none, as the API shows it."""
    return [
        {"name": name, "protocol": protocol, "port": number, **({"appProtocol": app} if app else {})}
        for name, number, protocol, app in ports
    ] or None


def _number(port: Mapping[str, Any], pod: Obj) -> int | None:
    target = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    sidecars = [each for each in pod["spec"].get("initContainers") or () if pods.is_sidecar(each)]
    for container in [*pod["spec"]["containers"], *sidecars]:
        for offered in container.get("ports") or ():
            if offered.get("name") == target and offered.get("protocol", "TCP") == port.get("protocol", "TCP"):
                number: int = offered["containerPort"]
                return number
    return None


# ---------------------------------------------------------------------------------------------------- times


def changed_at(service: Obj, selected: Sequence[Obj], slices: Sequence[Obj]) -> str:
    """When the earliest change happened that the slices do not show yet, as RFC 3339; "" if no moment is known.

    A Service that has no slice yet changed when it was created, a pod when its readiness did. Upstream remembers
    these times; here they are found by comparing pods with the slices.
    """
    if not slices:
        return str(service["metadata"]["creationTimestamp"])
    known = {
        uid_of(each): bool((each.get("conditions") or {}).get("serving"))
        for one in slices
        for each in one.get("endpoints") or ()
    }
    times = []
    for pod in selected:
        held, ready = known.get(pod["metadata"]["uid"]), pods.ready_condition(pod)
        serving = pods.is_ready(pod)
        should_be_known = belongs(pod)
        if ready is not None and (held != serving if should_be_known else held is not None):
            times.append(str(ready.get("lastTransitionTime") or ""))
    return min(filter(None, times), default="")
