"""Which pods and nodes look different because something beside them changed: what their reasons are made of.

A pod is drawn with what its machine, its maker, its disks and its memory say (`reasons`), so a change of those draws it
anew. Called by `pushed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.api import objects
from app.api.breath import breathing
from app.api.mysql_groups import MYSQL_GROUP
from app.api.objects import Obj, Ref
from app.api.quorum_queues import QUORUM_QUEUE
from app.component_helpers import pods as helpers
from app.look import Look
from app.rooms import Frame
from app.web.present import databases, memory, queues, reasons, truth
from app.web.present.names import known

Test = Callable[[Obj], bool]


def pods(cluster: Look, change: Frame) -> dict[Ref, Obj]:
    """Those that changed, and those beside which something did, as they are."""
    found = {ref: obj for ref, obj in change.changed.items() if ref.kind == "Pod" and obj is not None}
    tests: list[Test] = []
    for ref, obj in change.changed.items():
        old = change.before.get(ref)
        if ref.kind in ("PodSandbox", "PodMetrics") and _matters(cluster, ref, old, obj):
            pod = known(ref) if ref.kind == "PodSandbox" else Ref("Pod", ref.namespace, ref.name)
            found |= _existing(cluster, [pod])
        elif ref.kind in (MYSQL_GROUP, QUORUM_QUEUE):
            tests.append(_is_server_of(ref, obj or old))
        elif ref.kind == "Load":
            found |= _with_other_memory(cluster, ref, old, obj)
        elif (test := _beside(cluster, ref, old, obj)) is not None:
            tests.append(test)
    if tests:
        found |= {
            objects.ref_of(pod): pod for pod in breathing(cluster.objects("Pod")) if any(test(pod) for test in tests)
        }
    return found


def _is_server_of(ref: Ref, kept: Obj | None) -> Test:
    """Of the database or the queue whose servers this is kept of."""
    assert kept is not None
    if ref.kind == QUORUM_QUEUE:
        named = {queues.NAME_LABEL: kept["spec"]["cluster"]}
    else:
        named = {databases.names_of(kept).cluster: ref.name}
    return lambda pod: objects.namespace_of(pod) == ref.namespace and named.items() <= objects.labels_of(pod).items()


def silent_nodes(cluster: Look, change: Frame) -> set[str]:
    """Machines that cannot report, on which something runs or is believed to run that was not before."""
    names: set[str] = set()
    for ref, obj in change.changed.items():
        for each in (obj, change.before.get(ref)):
            if each is not None and ref.kind in ("Pod", "PodSandbox"):
                names.add(each["spec"].get("nodeName") or "")
    return {name for name in names if name and truth.is_silent(cluster, name)}


def _existing(cluster: Look, refs: Iterable[Ref]) -> dict[Ref, Obj]:
    return {ref: obj for ref in refs if (obj := cluster.get(ref)) is not None}


def _matters(cluster: Look, ref: Ref, old: Obj | None, new: Obj | None) -> bool:
    """What a machine keeps of a pod is news where nobody else tells it."""
    known_of = new or old
    if ref.kind == "PodMetrics" or known_of is None:
        return known_of is not None
    return memory.grows(old) or memory.grows(new) or truth.is_silent(cluster, known_of["spec"]["nodeName"])


def _with_other_memory(cluster: Look, ref: Ref, old: Obj | None, new: Obj | None) -> dict[Ref, Obj]:
    """The pods that take more of their limit, or less, than a second before."""
    before, after = (memory.under_load(each) for each in (old, new))
    names = [name for name in (before | after) if before.get(name) != after.get(name)]
    found = _existing(cluster, (Ref("Pod", ref.namespace, name) for name in names))
    return {ref: pod for ref, pod in found.items() if memory.is_news(pod, before.get(ref.name), after.get(ref.name))}


def _beside(cluster: Look, ref: Ref, old: Obj | None, new: Obj | None) -> Test | None:
    """Which pods see another thing beside them; None: none."""
    match ref.kind:
        case "Node" if (old is None) != (new is None):
            return lambda pod: helpers.node_name(pod) == ref.name
        case "Machine" if _how(old) != _how(new):
            return lambda pod: helpers.node_name(pod) == ref.name
        case "PersistentVolumeClaim":
            return lambda pod: objects.namespace_of(pod) == ref.namespace and _has(pod, ref.name)
        case "PriorityClass":
            return lambda pod: True
        case kind if kind in reasons.MAKERS and _labels(old) != _labels(new):
            return lambda pod: objects.namespace_of(pod) == ref.namespace and _is_made_by(pod, ref.name)
    return None


def _how(machine: Obj | None) -> tuple[str, str] | None:
    return None if machine is None else (machine["spec"].get("power", "on"), machine["spec"].get("network", "on"))


def _has(pod: Obj, claim: str) -> bool:
    return any(reasons.claim_of(volume) == claim for volume in pod["spec"].get("volumes") or ())


def _labels(maker: Obj | None) -> dict[str, str] | None:
    if maker is None:
        return None
    labels: dict[str, str] = (maker["spec"]["template"].get("metadata") or {}).get("labels") or {}
    return labels


def _is_made_by(pod: Obj, name: str) -> bool:
    owner = objects.controller_of(pod)
    return name == (owner["name"] if owner else str(pod["metadata"].get("generateName") or "").removesuffix("-"))
