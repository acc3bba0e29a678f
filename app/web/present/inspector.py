"""Everything about one object: its YAML with who decided what, its Events, its family, and what can be done to it.

Fetched when somebody opens an object, never pushed, so it may hold forms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.api import objects, times
from app.api.breath import breathing
from app.api.kinds import Kind
from app.api.objects import Obj, Ref
from app.commands import lines
from app.component_helpers import pods
from app.kubectl.describe import describe
from app.look import Look
from app.registry.scales import scale_of
from app.web import kubectl
from app.web.present import asked, board, card, custom, descriptions, manifest, reasons
from app.web.present.clock import age
from app.web.present.values import Chip
from app.web.present.words import Words
from app.web.present.workloads import desired_of

SHOWN_EVENTS = 40
SHOWN_FAMILY = 24
DEPENDENTS = ("ReplicaSet", "ReplicationController", "Job", "ControllerRevision", "Pod", "EndpointSlice")


@dataclass(frozen=True, slots=True)
class EventView:
    type: str
    reason: str
    age: str
    count: int
    source: str
    message: str
    name: str = ""


class ActionView(NamedTuple):
    """A button with the kubectl command that does the same. `inputs` are asked for: (name, label, value, type).

    `pattern` is that command with `{name}` for what is asked; `emptied` the one when `value` is left empty.
    """

    command: str  # the route: commands/<command>
    label: str
    kubectl: str
    values: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str, str, str], ...] = ()
    danger: bool = False
    pattern: str = ""
    emptied: str = ""


def inspector(cluster: Look, ref: Ref, _: Words, *, described: bool = False) -> dict[str, Any]:
    """Context of `templates/_inspector.html`. An object that is gone keeps its name and its Events.

    `described`: with the text of `kubectl describe` instead of the YAML, where there is one."""
    obj = cluster.get(ref)
    knows = obj is not None and describe.knows(ref.kind)
    text = descriptions.text(cluster, obj) if obj and knows and described else ""
    found = endpoints(cluster, ref) if ref.kind == "Service" else ()
    unserved = ref.kind == "Service" and not any(each.state == "ready" for each in found)
    verb, flags = ("describe", "") if text else ("get", " -o yaml")
    return {
        "_": _,
        "lang": _.lang,
        "ref": ref,
        "id": card.element_id(ref),
        "gone": obj is None,
        "pod": reasons.pod(cluster, obj, None, _) if obj and ref.kind == "Pod" else None,
        "columns": custom.columns(cluster, obj) if obj else (),
        "age": _age(obj, cluster.now_ms) if obj else "",
        "owners": tuple(_owners(cluster, obj)) if obj else (),
        "dependents": _dependents(cluster, obj) if obj else (),
        "lines": manifest.lines(obj) if obj else (),
        "applied": manifest.applied_lines(obj) if obj else (),
        "events": events(cluster, ref),
        "endpoints": found,
        "actions": actions(obj, cluster.scheme.find(ref.kind), _) if obj else (),
        "kubectl": f"kubectl {verb} {lines.target(ref)}{flags}{lines.flag(ref.namespace)}",
        "knows": knows,
        "short": obj is not None and (unserved or asked.is_short(obj)),
        "described": text,
        "stored": obj is not None and board.is_stored(cluster, obj, board.reconciled(cluster)),
    }


def events(cluster: Look, ref: Ref) -> tuple[EventView, ...]:
    """Newest first."""
    about = []
    for event in cluster.objects("Event", ref.namespace or "default"):
        involved = event.get("involvedObject") or {}
        if (objects.kind_of(involved), involved.get("name")) == (ref.kind, ref.name):
            about.append(event)
    about.sort(key=_last_seen, reverse=True)
    return tuple(_event(event, cluster.now_ms) for event in about[:SHOWN_EVENTS])


def endpoints(cluster: Look, service: Ref) -> tuple[board.EndpointView, ...]:
    """The places on the lists of a Service."""
    slices = board.slices_by_service(cluster).get(service, ())
    obj = cluster.get(service)
    return board.service(obj, slices).endpoints if obj is not None else ()


def _event(event: Obj, now_ms: int) -> EventView:
    source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
    count = int(event.get("count") or (event.get("series") or {}).get("count") or 1)
    message = str(event.get("message") or "")
    seen = age(now_ms - _last_seen(event))
    type_, reason = str(event.get("type") or ""), str(event.get("reason") or "")
    return EventView(type_, reason, seen, count, str(source), message, objects.name_of(event))


def _last_seen(event: Obj) -> int:
    text = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    return times.parse(text) if text else 0


def _age(obj: Obj, now_ms: int) -> str:
    created = obj["metadata"].get("creationTimestamp")
    return age(now_ms - times.parse(created)) if created else ""


def _owners(cluster: Look, obj: Obj) -> Iterable[Chip]:
    """The chain of controllers above an object, the topmost first."""
    chain: list[Chip] = []
    owner = objects.controller_of(obj)
    while owner and len(chain) < 8:
        ref = Ref(objects.kind_of(owner), objects.namespace_of(obj), owner["name"])
        chain.append(Chip(*ref))
        above = cluster.get(ref)
        owner = objects.controller_of(above) if above else None
    return reversed(chain)


def _dependents(cluster: Look, obj: Obj) -> tuple[Chip, ...]:
    uid, namespace = objects.uid_of(obj), objects.namespace_of(obj)
    if not uid or not namespace:
        return ()
    custom = (row.key for row in cluster.scheme.kinds() if not row.is_own)
    found = [
        Chip(*objects.ref_of(other), objects.is_terminating(other))
        for kind in (*DEPENDENTS, *custom)
        for other in breathing(cluster.objects(kind, namespace))
        if any(reference.get("uid") == uid for reference in objects.owner_refs(other))
    ]
    return tuple(found[:SHOWN_FAMILY])


# ---------------------------------------------------------------------------------------------- actions


def actions(obj: Obj, row: Kind | None, _: Words) -> tuple[ActionView, ...]:
    ref = objects.ref_of(obj)
    match ref.kind:
        case "Pod":
            return _pod_actions(obj, ref, _)
        case "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController":
            return _workload_actions(obj, ref, _)
        case "Job" | "CronJob":
            return _job_actions(obj, ref, _)
        case "Node":
            return _node_actions(obj, ref, _)
    if row is None or "scale" not in row.subresources:
        return (_labels(obj, ref, _), _delete(ref, _))
    return (_scale(ref, scale_of(row, obj)["spec"]["replicas"], _), _labels(obj, ref, _), _delete(ref, _))


def _scale(ref: Ref, replicas: int, _: Words) -> ActionView:
    return _action(_("Scale"), {"do": "scale", "ref": ref, "replicas": replicas}, {"replicas": _("replicas")})


def _pod_actions(obj: Obj, ref: Ref, _: Words) -> tuple[ActionView, ...]:
    kill = _action(_("Kill pod"), {"do": "delete", "ref": ref}, danger=True)
    crash = _action(_("Crash container"), {"do": "crash", "ref": ref}, danger=True)
    force = _action(_("Delete by force"), {"do": "delete", "ref": ref, "grace_seconds": 0}, danger=True)
    running = pods.phase(obj) == "Running" and not objects.is_terminating(obj)
    return (kill, *((crash,) if running else ()), force, _labels(obj, ref, _))


ROLLS_OUT = ("Deployment", "StatefulSet", "DaemonSet")  # and back again, with `kubectl rollout undo`


def _workload_actions(obj: Obj, ref: Ref, _: Words) -> tuple[ActionView, ...]:
    scales = (_scale(ref, desired_of(obj), _),) if ref.kind != "DaemonSet" else ()
    if ref.kind not in ROLLS_OUT:
        return (*scales, _labels(obj, ref, _), _delete(ref, _))
    first, *_others = obj["spec"]["template"]["spec"].get("containers") or [{}]
    image = {"do": "image", "ref": ref, "container": first.get("name", ""), "image": first.get("image", "")}
    undo = _action(_("Roll back"), {"do": "undo", "ref": ref})
    return (
        *scales,
        _action(_("Set image"), image, {"image": _("image")}),
        undo,
        _action(_("Restart rollout"), {"do": "restart", "ref": ref}),
        _delete(ref, _),
        _action(_("Delete, its pods first"), {"do": "delete", "ref": ref, "propagation": "Foreground"}, danger=True),
        _action(_("Delete, keep the pods"), {"do": "delete", "ref": ref, "propagation": "Orphan"}, danger=True),
    )


def _job_actions(obj: Obj, ref: Ref, _: Words) -> tuple[ActionView, ...]:
    suspended = bool((obj.get("spec") or {}).get("suspend"))
    label = _("Resume it") if suspended else _("Suspend it")
    suspend = _action(label, {"do": "suspend", "ref": ref, "suspended": not suspended})
    run = _action(_("Run now"), {"do": "run-now", "ref": ref, "job": f"{ref.name}-now"}, {"job": _("name of the Job")})
    return (*((run,) if ref.kind == "CronJob" else ()), suspend, _labels(obj, ref, _), _delete(ref, _))


def _node_actions(obj: Obj, ref: Ref, _: Words) -> tuple[ActionView, ...]:
    cordoned = bool((obj.get("spec") or {}).get("unschedulable"))
    label = _("Uncordon") if cordoned else _("Cordon")
    return (_action(label, {"do": "cordon", "node": ref.name, "unschedulable": not cordoned}),)


def _labels(obj: Obj, ref: Ref, _: Words) -> ActionView:
    label, value = next(iter(objects.labels_of(obj).items()), ("team", "blue"))
    asked = {"label": _("label"), "value": _("value, empty removes it")}
    return _action(_("Set label"), {"do": "label", "ref": ref, "label": label, "value": value}, asked)


def _delete(ref: Ref, _: Words) -> ActionView:
    return _action(_("Delete"), {"do": "delete", "ref": ref}, danger=True)


def _action(
    label: str, data: Mapping[str, Any], asked: Mapping[str, str] | None = None, *, danger: bool = False
) -> ActionView:
    """A button that does the command `data`; fields in `asked` are inputs with a label, the others are hidden."""
    asked = asked or {}
    inputs, hidden = [], []
    for name, value in data.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if name in asked:
            inputs.append((name, asked[name], text, "number" if isinstance(value, int) else "text"))
        elif name == "ref":
            hidden += [("kind", value.kind), ("namespace", value.namespace), ("name", value.name)]
        elif name != "do":
            hidden.append((name, text))
    blanks = {**data, **{name: f"{{{name}}}" for name in asked}}
    pattern = kubectl.command(blanks) if asked else ""
    emptied = kubectl.command({**blanks, "value": None}) if "value" in asked else ""
    return ActionView(data["do"], label, kubectl.command(data), tuple(hidden), tuple(inputs), danger, pattern, emptied)
