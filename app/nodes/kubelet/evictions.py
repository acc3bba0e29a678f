"""Which pod a machine gives up when its memory or its disk runs short. Called by node_status.py, every ten seconds.

Memory is taken by programs that grow; a disk is full when somebody filled it. Pods that use more than they requested go
first, then those of low priority, then those that use most beyond their request; one at a time. Models `synchronize`,
`rankMemoryPressure`, `rankDiskPressureFunc` and `evictionMessage` in kubernetes/pkg/kubelet/eviction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.api import quantities
from app.api.errors import ServiceUnavailable
from app.api.objects import Obj, find_named, get_path, name_of, namespace_of, ref_of
from app.component_helpers import pods
from app.nodes import sandbox
from app.nodes.kubelet import endings
from app.nodes.sandbox import RUNNING, Container
from app.reconcile import Announce, Difference, Reader, RequeueAfter

MEMORY, DISK = "memory", "ephemeral-storage"
_CRITICAL_PRIORITY = 2_000_000_000
_EVERY_MS = 10_000
_IDLE = {MEMORY: 16 << 20, DISK: 32 << 10}  # what a container uses of which nothing more is known, in bytes
_LEAST_MEMORY = 100 << 20


class Shortage(NamedTuple):
    """Of what the machine has too little, and who runs on it."""

    resource: str
    available: int  # bytes
    pods: Sequence[tuple[Obj, Obj]]  # each with its sandbox


def grows(found: Obj) -> bool:
    """Whether a program in it takes more and more memory."""
    return any("memory" in each for each in sandbox.known_of(found).values())


def shortage(machine: Obj, reader: Reader) -> Shortage | None:
    """Of memory before that of disk. Raises nothing: who cannot ask for its pods evicts none."""
    used = sum(
        _memory(known, reader.now_ms)
        for found in reader.list("PodSandbox")
        for known in _running_in(found).values()
        if "memory" in known
    )
    available = quantities.value(machine["spec"]["memory"]) - used
    if available < _LEAST_MEMORY:
        return Shortage(MEMORY, max(0, available), _pods(machine, reader))
    if machine["spec"].get("disk") == "full":
        return Shortage(DISK, 0, _pods(machine, reader))
    return None


def _pods(machine: Obj, reader: Reader) -> list[tuple[Obj, Obj]]:
    try:
        bound = reader.live_on(name_of(machine))
    except ServiceUnavailable:
        return []
    node = name_of(machine)
    here = {(namespace_of(pod), name_of(pod)): pod for pod in bound}
    found = []
    for each in reader.live("PodSandbox", None):
        pod = here.get((namespace_of(each), each["spec"]["podName"]))
        if each["spec"]["nodeName"] == node and pod is not None and pod["metadata"]["uid"] == each["spec"]["podUID"]:
            found.append((pod, each))
    return found


def of(node: Obj, short: Shortage, now_ms: int) -> Iterator[Difference]:
    """The next pod to go, once the one before it is gone."""
    wait = RequeueAfter(_EVERY_MS, "eviction")
    if any((sandbox.ending_of(found) or {}).get("reason") == endings.EVICTED for _, found in short.pods):
        yield Difference(ref_of(node), "status", "enough", f"too little {short.resource}", "EvictionUnderWay", (wait,))
        return
    candidates = [(pod, found) for pod, found in short.pods if _running_in(found) and not is_critical(pod)]
    if not candidates:
        return
    pod, found = min(candidates, key=lambda each: _rank(each[0], each[1], short.resource, now_ms))
    told = Announce(node, "Warning", "EvictionThresholdMet", f"Attempting to reclaim {short.resource}")
    evict = endings.eviction(pod, found, message(pod, found, short, now_ms), disrupts=True)
    yield Difference(ref_of(pod), "status.phase", "Failed", "Running", endings.EVICTED, (told, evict, wait))


def message(pod: Obj, found: Obj, short: Shortage, now_ms: int) -> str:
    """In the kubelet's words."""
    threshold = {MEMORY: "100Mi", DISK: "10Gi"}[short.resource]
    text = f"The node was low on resource: {short.resource}. "
    text += f"Threshold quantity: {threshold}, available: {_written(short.available)}. "
    for name, used in _used(found, short.resource, now_ms).items():
        container = find_named(pod["spec"]["containers"], name) or find_named(pod["spec"].get("initContainers"), name)
        request = str(get_path(container, "resources.requests", {}).get(short.resource, "0"))
        if used > quantities.value(request):
            text += f"Container {name} was using {_written(used)}, request is {quantities.canonical(request)}, "
            text += f"has larger consumption of {short.resource}. "
    return text


def _rank(pod: Obj, found: Obj, resource: str, now_ms: int) -> tuple[bool, int, int, str]:
    """The least goes first."""
    beyond = sum(_used(found, resource, now_ms).values()) - quantities.value(pods.total(pod, resource))
    return beyond <= 0, _priority(pod), -beyond, pod["metadata"]["uid"]


def _priority(pod: Obj) -> int:
    priority: int = pod["spec"].get("priority") or 0
    return priority


def is_critical(pod: Obj) -> bool:
    return _priority(pod) >= _CRITICAL_PRIORITY


def _running_in(found: Obj) -> dict[str, Container]:
    return {name: known for name, known in sandbox.known_of(found).items() if known["state"] == RUNNING}


def _used(found: Obj, resource: str, now_ms: int) -> dict[str, int]:
    """By each container that runs, in bytes."""
    running = _running_in(found)
    if resource == MEMORY:
        return {name: _memory(known, now_ms) for name, known in running.items()}
    wanted = sandbox.wanted_of(found)
    return {
        name: _IDLE[DISK]
        + sum(file.written(now_ms - known["startedMs"]) for file in sandbox.program_of(wanted[name]).files)
        for name, known in running.items()
    }


def _memory(known: Container, now_ms: int) -> int:
    if "memory" not in known:
        return _IDLE[MEMORY]
    at_start, each_second = known["memory"]["atStart"], known["memory"]["perSecond"]
    used: int = at_start + each_second * (now_ms - known["startedMs"]) // 1000
    return used


def _written(size: int) -> str:
    return quantities.canonical(f"{size // 1024}Ki")
