"""What a machine really runs that nobody hears of, beside what the API server believes of it.

A machine without power, or without network, cannot report: the statuses of its pods are as old as its last word. What
runs there is in the machine's own objects, its Machine and its PodSandboxes. Called by `board`, `reasons`, `pushed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from app.api import objects
from app.api.breath import breathing
from app.api.objects import Obj, Ref
from app.component_helpers import pods
from app.look import Look
from app.web.present.card import Mark
from app.web.present.words import Words


class Belief(NamedTuple):
    """Pods with a running container on one machine."""

    believed: int  # as the API server knows it
    running: int
    text: str  # both in one sentence


def is_silent(cluster: Look, node: str) -> bool:
    """Whether that machine cannot tell the API server anything."""
    machine = cluster.get(Ref("Machine", "", node))
    spec = (machine or {}).get("spec") or {}
    return machine is None or spec.get("power") == "off" or spec.get("network") == "cut"


def of_node(cluster: Look, node: str, _: Words) -> Belief | None:
    """None while the machine can report: then what is believed follows at once."""
    if not is_silent(cluster, node):
        return None
    believed = sum(
        1 for pod in breathing(cluster.objects("Pod")) if pods.node_name(pod) == node and _is_believed_to_run(pod)
    )
    running = 0
    if _has_power(cluster, node):
        running = sum(1 for box in cluster.objects("PodSandbox") if box["spec"]["nodeName"] == node and _runs(box))
    text = _(
        "The API server believes that pods run on %(node)s: %(believed)s. In truth: %(running)s.",
        node=node,
        believed=believed,
        running=running,
    )
    return Belief(believed, running, text)


def marks(cluster: Look, pod: Obj, _: Words) -> Iterator[Mark]:
    """Where the status of a pod and the processes of a silent machine are not the same."""
    node = pods.node_name(pod)
    if not node or not is_silent(cluster, node):
        return
    box = _sandbox(cluster, pod)
    runs = box is not None and _has_power(cluster, node) and _runs(box)
    if runs and objects.is_terminating(pod):
        yield Mark(_("still runs"), _("%(node)s was never told to stop it.", node=node), "bad")
    elif _is_believed_to_run(pod) and not runs:
        yield Mark(
            _("not running"), _("The API server believes it runs: it has not heard from %(node)s.", node=node), "bad"
        )
    elif box is not None and runs and (unseen := _attempts(box) - pods.max_restarts(pod)) > 0:
        why = _("Only the kubelet of %(node)s knows: nobody hears from it.", node=node)
        yield Mark(_.many("%(n)s restart unseen", "%(n)s restarts unseen", unseen), why, "bad")


def _sandbox(cluster: Look, pod: Obj) -> Obj | None:
    """Of this very pod: one of the same name that ran before may still be there."""
    ref = Ref("PodSandbox", objects.namespace_of(pod), f"{objects.name_of(pod)}.{pods.node_name(pod)}")
    box = cluster.get(ref)
    return box if box is not None and box["spec"]["podUID"] == objects.uid_of(pod) else None


def _has_power(cluster: Look, node: str) -> bool:
    machine = cluster.get(Ref("Machine", "", node))
    return machine is not None and machine["spec"].get("power", "on") == "on"


def _runs(box: Obj) -> bool:
    known = (box.get("status") or {}).get("containers") or {}
    return any(each.get("state") == "running" for each in known.values())


def _attempts(box: Obj) -> int:
    known = (box.get("status") or {}).get("containers") or {}
    return max((int(each.get("attempt") or 0) for each in known.values()), default=0)


def _is_believed_to_run(pod: Obj) -> bool:
    return any("running" in (status.get("state") or {}) for status in pods.container_statuses(pod))
