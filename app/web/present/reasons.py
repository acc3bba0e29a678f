"""Why a pod is as it is, in a few words that stand on its card: what it waits for, and what is special about it.

From the objects alone. Called by `board` and `pushed`, for `card.PodView`; what a machine that was cut off really runs
is in `truth`, how much memory is in use in `memory`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.api import conditions, objects
from app.api.mysql_groups import ALPHA_ROLE_LABEL, ROLE_LABEL
from app.api.objects import Obj, Ref
from app.component_helpers import pods
from app.look import Look
from app.web.present import card, databases, memory, queues, truth
from app.web.present.card import Mark, PodView
from app.web.present.words import Words

MAKERS = ("ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job")
"""Kinds that make pods by a template of their own."""
ROOM = ("Insufficient ", "Too many pods")
SHOWN_WHYS = 2
_VERDICT = re.compile(r"(\d+) (.+?)(?=, \d+ |\.(?: |$))")
_SYSTEM_LABELS = (
    "controller-revision-hash",
    "pod-template-hash",
    "pod-template-generation",
    "controller-uid",
    "job-name",
    ROLE_LABEL,
    ALPHA_ROLE_LABEL,
)


def pod(cluster: Look, obj: Obj, nodes: set[str] | None, _: Words) -> PodView:
    """Its card, with the reasons on it."""
    return card.pod(obj, nodes)._replace(
        why=waiting(obj, _), marks=tuple(marks(cluster, obj, _)), memory=memory.of(cluster, obj)
    )


# ------------------------------------------------------------------------------------------------ it waits


def waiting(obj: Obj, _: Words) -> str:
    """Why it has no node yet: `no room: 3 × Insufficient cpu`. "" if it has one, or nobody has looked for one yet."""
    status = obj.get("status") or {}
    scheduled = conditions.find(status.get("conditions"), "PodScheduled")
    if scheduled is None or scheduled["status"] != "False":
        return ""
    if nominated := status.get("nominatedNodeName"):
        return _("others make room on %(node)s", node=nominated)
    if scheduled.get("reason") == "SchedulingGated":
        return _("held back by its scheduling gates")
    return _no_node(str(scheduled.get("message") or ""), _)


def _no_node(message: str, _: Words) -> str:
    """Of what the scheduler wrote down the reasons of most nodes."""
    _nodes, found, verdicts = message.partition(" nodes are available: ")
    if not found:
        return _("no node: %(why)s", why=message) if message else ""
    here, _dot, _preemption = verdicts.partition(". ")
    counted = [(int(count), reason) for count, reason in _VERDICT.findall(f"{here.rstrip('.')}.")]
    counted.sort(key=lambda each: -each[0])
    why = ", ".join(f"{count} × {reason}" for count, reason in counted[:SHOWN_WHYS]) or here
    if counted and all(reason.startswith(ROOM) for _count, reason in counted):
        return _("no room: %(why)s", why=why)
    return _("no node: %(why)s", why=why)


# ------------------------------------------------------------------------------------------------ it is special


def marks(cluster: Look, obj: Obj, _: Words) -> Iterator[Mark]:
    """What tells it from its like, the most urgent first."""
    yield from truth.marks(cluster, obj, _)
    yield from _part(cluster, obj, _)
    yield from _out_of_memory(obj, _)
    yield from _labels(cluster, obj, _)
    yield from _priority(cluster, obj, _)
    yield from _disks(cluster, obj, _)


def _part(cluster: Look, obj: Obj, _: Words) -> Iterator[Mark]:
    """Its part among servers that keep themselves."""
    if role := databases.role(cluster, obj):
        yield Mark(role, _("By the view that the servers of the group agreed on."), "role")
    if led := queues.leads(cluster, obj):
        yield Mark(_("leads %(names)s", names=", ".join(led)), _("The members of the queue elected it."), "role")


def _out_of_memory(obj: Obj, _: Words) -> Iterator[Mark]:
    """A container was killed for it, and runs or waits again: kubectl's STATUS does not say so any more."""
    for status in pods.container_statuses(obj):
        if ((status.get("lastState") or {}).get("terminated") or {}).get("reason") == "OOMKilled":
            why = _("Container %(name)s took more memory than its limit and was killed.", name=status["name"])
            yield Mark("OOMKilled", why, "bad")
            return


def _labels(cluster: Look, obj: Obj, _: Words) -> Iterator[Mark]:
    maker, template = _template(cluster, obj)
    if maker is None:
        return
    own, owner = objects.labels_of(obj), f"{maker.kind} {maker.name}"
    for key, wanted in template.items():
        if (value := own.get(key)) != wanted:
            text = _("no label %(key)s", key=key) if value is None else f"{key}={value}"
            yield Mark(
                text, _("The template of %(owner)s says %(wanted)s.", owner=owner, wanted=f"{key}={wanted}"), "own"
            )
    for key, value in own.items():
        if key not in template and not _is_systems(key):
            yield Mark(f"{key}={value}", _("A label that the template of %(owner)s has not.", owner=owner), "own")
    if objects.controller_of(obj) is None:
        yield Mark(_("nobody’s"), _("%(owner)s made it and does not count it any more.", owner=owner), "own")


def _template(cluster: Look, obj: Obj) -> tuple[Ref | None, Mapping[str, str]]:
    """Who made the pod, and the labels of its template; a pod that was let go bears the name of its maker still."""
    maker = maker_of(cluster, obj)
    if maker is None:
        return None, {}
    made_by = cluster.get(maker)
    template = ((made_by or {}).get("spec") or {}).get("template") or {}
    return (maker, (template.get("metadata") or {}).get("labels") or {}) if made_by else (None, {})


def maker_of(cluster: Look, obj: Obj) -> Ref | None:
    """Its controller; of a pod that was let go the object after which it is named, if there still is one."""
    namespace, owner = objects.namespace_of(obj), objects.controller_of(obj)
    if owner is not None:
        kind = objects.kind_of(owner)
        return Ref(kind, namespace, owner["name"]) if kind in MAKERS else None
    name = str(obj["metadata"].get("generateName") or "").removesuffix("-")
    refs = (Ref(kind, namespace, name) for kind in MAKERS) if name else ()
    return next((ref for ref in refs if cluster.get(ref) is not None), None)


def _is_systems(key: str) -> bool:
    return "kubernetes.io/" in key or key in _SYSTEM_LABELS


def _priority(cluster: Look, obj: Obj, _: Words) -> Iterator[Mark]:
    priority = int(obj["spec"].get("priority") or 0)
    if priority == _usual_priority(cluster):
        return
    named = obj["spec"].get("priorityClassName") or ""
    why = _("PriorityClass %(name)s: %(value)s", name=named, value=priority) if named else str(priority)
    yield Mark(_("priority %(value)s", value=priority), why)


def _usual_priority(cluster: Look) -> int:
    """Of a pod that names no PriorityClass."""
    usual = (each for each in cluster.objects("PriorityClass") if each.get("globalDefault"))
    return next((int(each.get("value") or 0) for each in usual), 0)


def _disks(cluster: Look, obj: Obj, _: Words) -> Iterator[Mark]:
    for volume in obj["spec"].get("volumes") or ():
        claim = claim_of(volume)
        if not claim:
            continue
        found = cluster.get(Ref("PersistentVolumeClaim", objects.namespace_of(obj), claim))
        status, spec = (found or {}).get("status") or {}, (found or {}).get("spec") or {}
        phase = str(status.get("phase") or "Pending") if found else _("missing")
        size = str((status.get("capacity") or {}).get("storage") or "")
        why = " · ".join(
            filter(None, (f"PersistentVolumeClaim {claim}", phase, size, str(spec.get("volumeName") or "")))
        )
        name = str(volume["name"])
        if phase == "Bound":
            yield Mark(_("disk %(name)s", name=name), why)
        else:
            yield Mark(_("disk %(name)s: %(phase)s", name=name, phase=phase), why, "bad")


def claim_of(volume: Mapping[str, Any]) -> str:
    """The name of its PersistentVolumeClaim, or ""."""
    return str((volume.get("persistentVolumeClaim") or {}).get("claimName") or "")
