"""The pods of a DaemonSet by node: where one should run, what a new one looks like, how many may be exchanged at once.

The DaemonSet loop asks; nothing here reads or writes.
Models kubernetes/pkg/controller/daemon (daemon_controller.go, update.go) and its util/daemonset_util.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import memo, objects
from app.api.objects import Obj
from app.component_helpers import placement, pods, revisions

TEMPLATE_GENERATION = "pod-template-generation"
"""On every pod; the DaemonSet notes the present number in an annotation."""

_NOTED_GENERATION = "deprecated.daemonset.template.generation"
_STAYS = ("not-ready", "unreachable")  # a daemon outlives the failure of its node
_STARTS = ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")  # and is needed all the same


class Verdict(NamedTuple):
    """What a node means to a DaemonSet."""

    should_run: bool
    may_stay: bool  # a pod that is there already


_NEVER, _HERE = Verdict(False, False), Verdict(True, True)


@dataclass(frozen=True, slots=True)
class Daemons:
    """A DaemonSet beside the nodes and its pods on them."""

    daemon_set: Obj
    hash: str
    verdicts: Mapping[str, Verdict]  # by node, in order of names
    by_node: Mapping[str, Sequence[Obj]]  # oldest first; of terminating pods those that have not ended
    now_ms: int

    @property
    def desired(self) -> int:
        return sum(verdict.should_run for verdict in self.verdicts.values())

    def is_new(self, pod: Obj) -> bool:
        return objects.labels_of(pod).get(revisions.POD_LABEL) == self.hash

    def is_available(self, pod: Obj) -> bool:
        return pods.is_available(pod, self.daemon_set["spec"].get("minReadySeconds", 0), self.now_ms)


def daemons_of(daemon_set: Obj, digest: str, nodes: Iterable[Obj], held: Iterable[Obj], now_ms: int) -> Daemons:
    by_node: dict[str, list[Obj]] = {}
    for pod in sorted(held, key=_age):
        # One that has ended and is only waiting to be removed makes room already.
        if not (objects.is_terminating(pod) and pods.is_terminal(pod)):
            by_node.setdefault(target_node(pod), []).append(pod)
    spec = _pod_spec(daemon_set["spec"]["template"])
    verdicts = {objects.name_of(node): _verdict(spec, node) for node in nodes}
    return Daemons(daemon_set, digest, verdicts, by_node, now_ms)


def _age(pod: Obj) -> tuple[str, str]:
    return pod["metadata"].get("creationTimestamp", ""), objects.name_of(pod)


def _verdict(spec: Mapping[str, Any], node: Obj) -> Verdict:
    if "nodeName" in spec and spec["nodeName"] != objects.name_of(node):
        return _NEVER
    if ("nodeSelector" in spec or "affinity" in spec) and not placement.wants_node(spec, node):
        return _NEVER
    taints = (node.get("spec") or {}).get("taints") or ()
    if not taints or not placement.untolerated(taints, spec["tolerations"], placement.HARD_EFFECTS):
        return _HERE
    return Verdict(False, not placement.untolerated(taints, spec["tolerations"], ("NoExecute",)))


def target_node(pod: Obj) -> str:
    """The node it runs on, or was made for; "" for a pod that is bound to none and names none."""
    if bound := pods.node_name(pod):
        return bound
    required = objects.get_path(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for field in term.get("matchFields") or ():
            if field["key"] == "metadata.name" and len(field.get("values") or ()) == 1:
                return str(field["values"][0])
    return ""


# ------------------------------------------------------------------------------------------------ new ones


def new_pod(daemons: Daemons, node: str) -> Obj:
    """For one node: its affinity, by the node's name, takes the place of what the template required."""
    daemon_set = daemons.daemon_set
    template = daemon_set["spec"]["template"]
    meta, spec = template.get("metadata") or {}, _pod_spec(template)
    labels = {**(meta.get("labels") or {}), revisions.POD_LABEL: daemons.hash}
    if generation := objects.annotations_of(daemon_set).get(_NOTED_GENERATION):
        labels[TEMPLATE_GENERATION] = generation
    optional = {key: meta[key] for key in ("annotations", "finalizers") if meta.get(key)}
    affinity = spec.get("affinity") or {}
    by_name = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [by_name]}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{objects.name_of(daemon_set)}-",
            "namespace": objects.namespace_of(daemon_set),
            "labels": labels,
            **optional,
            "ownerReferences": [objects.owner_reference(daemon_set)],
        },
        "spec": {
            **spec,
            "affinity": {**affinity, "nodeAffinity": {**(affinity.get("nodeAffinity") or {}), **required}},
        },
    }


@memo.by_identity
def _pod_spec(template: Obj) -> Obj:
    """The template's, with the tolerations that every daemon has."""
    spec = template["spec"]
    held = list(spec.get("tolerations") or ())
    starts = (*_STARTS, "network-unavailable") if spec.get("hostNetwork") else _STARTS
    for names, effect in ((_STAYS, "NoExecute"), (starts, "NoSchedule")):
        for name in names:
            added = {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
            same = [_matched(each) == _matched(added) for each in held]
            held = [added if equal else each for each, equal in zip(held, same, strict=True)]
            held += [] if any(same) else [added]
    return {**spec, "tolerations": held}


def _matched(toleration: Mapping[str, Any]) -> tuple[Any, ...]:
    """What two tolerations have in common if one takes the other's place."""
    return tuple(toleration.get(key) or "" for key in ("key", "operator", "effect", "value"))


# ----------------------------------------------------------------------------------------------- exchanging


def is_rolling(daemon_set: Obj) -> bool:
    return bool((daemon_set["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def bounds(daemons: Daemons) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in pods. Shares round up; both nought would never move."""
    rolling = (daemons.daemon_set["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    surge = _scaled(rolling.get("maxSurge", 0), daemons.desired)
    unavailable = _scaled(rolling.get("maxUnavailable", 1), daemons.desired)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def surges(daemon_set: Obj) -> bool:
    """May a node have an old pod and a new one for a while?"""
    rolling = (daemon_set["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return is_rolling(daemon_set) and rolling.get("maxSurge", 0) not in (0, "0%")


def _scaled(value: int | str, total: int) -> int:
    return value if isinstance(value, int) else math.ceil(int(value.rstrip("%")) * total / 100)


class OnNode(NamedTuple):
    """The pods of a node in an update."""

    old: Obj | None
    new: Obj | None


def old_and_new(daemons: Daemons, node: str) -> OnNode | None:
    """None where one goes, or where there are too many: it is not settled what runs there."""
    old: list[Obj] = []
    new: list[Obj] = []
    for pod in daemons.by_node.get(node, ()):
        if objects.is_terminating(pod):
            return None
        (new if daemons.is_new(pod) else old).append(pod)
    if len(old) > 1 or len(new) > 1:
        return None
    return OnNode(next(iter(old), None), next(iter(new), None))


# ------------------------------------------------------------------------------------------------- status


def status(daemons: Daemons) -> dict[str, Any]:
    """Counted by nodes; of several pods on one the oldest speaks. Zeros are left out where the API leaves them out."""
    current = misscheduled = ready = available = updated = 0
    for node, verdict in daemons.verdicts.items():
        held = daemons.by_node.get(node)
        if not held:
            continue
        if not verdict.should_run:
            misscheduled += 1
            continue
        current += 1
        ready += pods.is_ready(held[0])
        available += daemons.is_available(held[0])
        updated += daemons.is_new(held[0])
    desired = daemons.desired
    counts = {
        "updatedNumberScheduled": updated,
        "numberAvailable": available,
        "numberUnavailable": desired - available,
    }
    return {
        "currentNumberScheduled": current,
        "numberMisscheduled": misscheduled,
        "desiredNumberScheduled": desired,
        "numberReady": ready,
        "observedGeneration": daemons.daemon_set["metadata"]["generation"],
        **{field: count for field, count in counts.items() if count},
    }
