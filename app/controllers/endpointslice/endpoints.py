"""Endpoints: what a Service knows of each pod that may get its traffic, and through which ports.

The EndpointSlice controller writes them; printers and the data path read them. Pure.
Models kubernetes/staging/src/k8s.io/endpointslice: utils.go, util/controller_utils.go and
util/trigger_time_tracker.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.api import memo
from app.api.objects import Obj, is_terminating, name_of
from app.component_helpers import pods

Endpoint = dict[str, Any]
Ports = tuple[tuple[str, int | None, str, str], ...]  # name, number, protocol, appProtocol, in order


def belongs(pod: Obj) -> bool:
    """Terminating pods stay as long as they run; a pod without an address cannot be reached."""
    return bool((pod.get("status") or {}).get("podIP")) and not pods.is_terminal(pod)


def endpoint_of(pod: Obj, service: Obj, zones: Mapping[str, str]) -> Endpoint | None:
    """None: it is none. `zones` by name of the node."""
    everybody = bool(service["spec"].get("publishNotReadyAddresses"))
    zone = zones.get(pods.node_name(pod), "") if zones else ""
    return _endpoint_of(pod, name_of(service), everybody, zone)


@memo.by_identity
def _endpoint_of(pod: Obj, service: str, everybody: bool, zone: str) -> Endpoint | None:
    if not belongs(pod):
        return None
    meta, spec = pod["metadata"], pod["spec"]
    serving, terminating = pods.is_ready(pod), is_terminating(pod)
    ready = everybody or (serving and not terminating)
    endpoint: Endpoint = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]},
    }
    if spec.get("hostname") and spec.get("subdomain") == service:
        endpoint["hostname"] = spec["hostname"]
    if spec.get("nodeName"):
        endpoint["nodeName"] = spec["nodeName"]
    if zone:
        endpoint["zone"] = zone
    return endpoint


def uid_of(endpoint: Endpoint) -> str:
    """Of the pod: by this an endpoint of today is found among those of yesterday."""
    uid: str = (endpoint.get("targetRef") or {}).get("uid", "")
    return uid


def is_ready(endpoint: Endpoint) -> bool:
    return bool((endpoint.get("conditions") or {}).get("ready"))


def _is_serving(endpoint: Endpoint | None) -> bool | None:
    """None: there is none."""
    return bool((endpoint.get("conditions") or {}).get("serving")) if endpoint is not None else None


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


def changed_at(service: Obj, selected: Sequence[Obj], slices: Sequence[Obj], zones: Mapping[str, str]) -> str:
    """When the earliest change happened that the slices do not show yet, as RFC 3339; "" if no moment is known.

    A Service that has no slice yet changed when it was created, a pod when its readiness did. Upstream remembers
    these times; here they are found by comparing pods with the slices.
    """
    if not slices:
        return str(service["metadata"]["creationTimestamp"])
    written = [each for one in slices for each in one.get("endpoints") or ()]
    shown, known = set(map(id, written)), {uid_of(each): each for each in written}
    times = []
    for pod in selected:
        endpoint = endpoint_of(pod, service, zones)
        if id(endpoint) not in shown and _is_serving(known.get(pod["metadata"]["uid"])) != _is_serving(endpoint):
            ready = pods.ready_condition(pod)
            times.append(str((ready or {}).get("lastTransitionTime") or ""))
    return min(filter(None, times), default="")
