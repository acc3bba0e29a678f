"""A pod as a card: kubectl's STATUS, what it looks like, where it stands.

`place` names the element a pod belongs into, so that one that was bound moves there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.api import conditions, objects, times
from app.api.objects import Obj, Ref
from app.component_helpers import pods
from app.kubectl.printers.pods import pod_status
from app.web.present.memory import Memory
from app.web.present.values import clip

TRAY = "tray-pods"
GONE = "gone-pods"  # terminal pods whose node does not exist any more

TONES = {
    "Running": "ready",
    "Completed": "done",
    "Succeeded": "done",
    "Terminating": "dying",
    "Pending": "wait",
    "ContainerCreating": "new",
    "PodInitializing": "new",
}
GLYPHS = {"ready": "●", "unready": "◐", "wait": "○", "new": "◌", "dying": "✕", "bad": "▲", "done": "✓"}
"""Shape first, colour second: each tone has its own sign."""


class Mark(NamedTuple):
    """Something special about a pod, in a word or two, and a sentence that says why."""

    text: str
    why: str
    tone: str = ""  # "", bad, own: somebody changed it by hand, role: its part among servers


class PodView(NamedTuple):
    id: str
    place: str
    namespace: str
    name: str
    short: str  # without the owner's name: "…-4xk2p"
    status: str  # kubectl's STATUS
    ready: str  # "1/1"
    is_ready: bool
    tone: str
    glyph: str
    restarts: int
    created_ms: int
    deleted_ms: int  # end of the grace period, 0: not marked
    image: str
    ip: str
    node: str
    owner: str
    reason: str  # why it waits, in Kubernetes' words
    runs: bool = False  # a container of it is running, so it can be crashed
    why: str = ""  # it has no node yet, in a few words; this and what follows is filled in by `reasons`
    marks: tuple[Mark, ...] = ()
    memory: Memory | None = None


def element_id(ref: Ref) -> str:
    return f"o-{ref.kind}-{ref.namespace}-{ref.name}"


def pods_id(node_name: str) -> str:
    return f"pods-{node_name}"


def by_place(everything: Iterable[PodView]) -> dict[str, tuple[PodView, ...]]:
    """Oldest first, as they came: a position once taken stays taken."""
    places: dict[str, list[PodView]] = {}
    for view in everything:
        places.setdefault(view.place, []).append(view)
    return {place: tuple(sorted(views, key=lambda v: (v.created_ms, v.name))) for place, views in places.items()}


def pod(obj: Obj, nodes: set[str] | None = None) -> PodView:
    meta, spec = obj["metadata"], obj["spec"]
    ref = objects.ref_of(obj)
    status, is_ready = pod_status(obj), pods.is_ready(obj)
    containers = spec.get("containers") or []
    statuses = pods.container_statuses(obj)
    owner = objects.controller_of(obj)
    node_name = pods.node_name(obj)
    tone = tone_of(status, is_ready)
    return PodView(
        id=element_id(ref),
        place=_place(node_name, nodes),
        namespace=ref.namespace,
        name=ref.name,
        short=_short(ref.name, owner),
        status=status,
        ready=f"{sum(1 for s in statuses if s.get('ready'))}/{len(containers)}",
        is_ready=is_ready,
        tone=tone,
        glyph=GLYPHS[tone],
        restarts=pods.max_restarts(obj),
        created_ms=times.parse(meta["creationTimestamp"]) if meta.get("creationTimestamp") else 0,
        deleted_ms=times.parse(meta["deletionTimestamp"]) if meta.get("deletionTimestamp") else 0,
        image=image_of(spec),
        ip=str((obj.get("status") or {}).get("podIP") or ""),
        node=node_name,
        owner=f"{owner['kind']} {owner['name']}" if owner else "",
        reason=_why_waiting(obj),
        runs=any("running" in (each.get("state") or {}) for each in statuses),
    )


def cell(obj: Obj) -> tuple[str, str, str]:
    """As much of a pod as a square on the canvas of a large cluster shows: namespace/name, node, tone."""
    name = f"{objects.namespace_of(obj)}/{objects.name_of(obj)}"
    return name, pods.node_name(obj), tone_of(pod_status(obj), pods.is_ready(obj))


def tone_of(status: str, is_ready: bool) -> str:
    """Which of the few looks a STATUS has. Whatever is not known to be well is shown as trouble."""
    if status.startswith("Init:") and status[5:6].isdigit():
        return "new"
    tone = TONES.get(status, "bad")
    return "unready" if tone == "ready" and not is_ready else tone


def image_of(spec: Mapping[str, Any]) -> str:
    """The images without the registry, short enough for a card."""
    images = [str(container.get("image", "")) for container in spec.get("containers") or []]
    return clip(", ".join(image.rpartition("/")[2] for image in images), 40)


def _place(node_name: str, nodes: set[str] | None) -> str:
    if not node_name:
        return TRAY
    return pods_id(node_name) if nodes is None or node_name in nodes else GONE


def _short(name: str, owner: Mapping[str, Any] | None) -> str:
    prefix = f"{owner['name']}-" if owner else ""
    return f"…-{name[len(prefix) :]}" if prefix and name.startswith(prefix) else name


def _why_waiting(obj: Obj) -> str:
    scheduled = conditions.find((obj.get("status") or {}).get("conditions"), "PodScheduled")
    if scheduled and scheduled["status"] == "False":
        return str(scheduled.get("message") or scheduled.get("reason") or "")
    for status in pods.container_statuses(obj):
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting.get("message"):
            return str(waiting["message"])
    return ""
