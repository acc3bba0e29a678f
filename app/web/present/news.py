"""What a write says about the world, as a sentence: "The image of Pod web-1 could not be pulled."

Taken from the values written, so that a status tells its news and not that it was written. Called by `captions` for
the Difference that asks for the write and for the write itself. "" where there is nothing better to say than that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any

from app.api import conditions
from app.api.objects import Ref
from app.reconcile import Action, Bind, Create, Delete, Difference, Patch, Update, UpdateStatus
from app.web.present.names import known
from app.web.present.values import brief, clip
from app.web.present.words import N_, Words

WAITING = {
    "ErrImagePull": N_("The image of Pod %(name)s could not be pulled (ErrImagePull)."),
    "ImagePullBackOff": N_(
        "The image of Pod %(name)s could not be pulled. It is tried again after a pause (ImagePullBackOff)."
    ),
    "ErrImageNeverPull": N_("The image of Pod %(name)s is not on its node and must not be pulled."),
    "CrashLoopBackOff": N_(
        "A container of Pod %(name)s keeps ending. It is restarted after a pause (CrashLoopBackOff)."
    ),
    "ContainerCreating": N_("The containers of Pod %(name)s are being created."),
    "PodInitializing": N_("The init containers of Pod %(name)s run first."),
}
TROUBLE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "CrashLoopBackOff")

_REPLICATED = ("ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet")


def reported(action: Action | None, _: Words) -> str:
    """What a status that is written says."""
    match action:
        case UpdateStatus(obj=obj, status=status) if obj["kind"] == "Deployment":
            return _deployment(obj, status, _)
        case UpdateStatus(obj=obj, status=status) if obj["kind"] in _REPLICATED:
            return _replicas(obj, status, _)
        case Patch(ref=ref, patch={"status": Mapping() as status}) if ref.kind == "Pod":
            return _pod(ref.name, status, _)
        case Patch(ref=ref, patch={"status": Mapping() as status}) if ref.kind == "Node":
            return _node(ref.name, status, _)
        case Update(obj=obj) if obj["kind"] == "EndpointSlice":
            return _endpoints(obj, _)
    return ""


def changed(gap: Difference, action: Action, role: str, who: str, _: Words) -> str:
    """What a write other than a status changes, in the words of its loop."""
    ref, saying = _written(action), _.voice(role).says.get(gap.reason)
    if ref is not None and saying is not None:
        done = saying.done.get(f"{ref.kind} {_state(action)}") or saying.done.get(ref.kind)
        if done:
            n = len(gap.desired) if isinstance(gap.desired, Sized) else 0
            return _.say(done, n, who=who, name=known(ref).name)
    if gap.field == "spec.replicas" and isinstance(action, Patch | Update):
        return _(
            "%(who)s sets %(kind)s %(name)s from %(observed)s to %(desired)s pods.",
            who=who,
            kind=gap.about.bare_kind,
            name=gap.about.name,
            observed=brief(gap.observed),
            desired=brief(gap.desired),
        )
    return ""


def _written(action: Action) -> Ref | None:
    """The object that an action writes; None if it writes none."""
    match action:
        case Create(obj=obj) | Update(obj=obj) | UpdateStatus(obj=obj):
            meta = obj["metadata"]
            return Ref(obj["kind"], meta.get("namespace", ""), meta.get("name") or meta.get("generateName", ""))
        case Patch(ref=ref) | Delete(ref=ref) | Bind(ref=ref):
            return ref
    return None


def _state(action: Action) -> str:
    """The state of a container that its runtime wrote down."""
    if not isinstance(action, Patch):
        return ""
    found = (action.patch.get("status") or {}).get("containers") or {}
    states = [str(each.get("state") or "") for each in found.values() if isinstance(each, Mapping)]
    return states[0] if states else ""


def _containers(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]


def _waiting(container: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (container.get("state") or {}).get("waiting") or {}
    return found


def _pod(name: str, status: Mapping[str, Any], _: Words) -> str:
    reasons = [str(_waiting(each).get("reason") or "") for each in _containers(status)]
    for reason in sorted(filter(None, reasons), key=lambda reason: reason not in TROUBLE):
        if reason in WAITING:
            return _(WAITING[reason], name=name)
    for each in _containers(status):
        ended = (each.get("state") or {}).get("terminated")
        if ended:
            return _("A container of Pod %(name)s ended with exit code %(code)s.", name=name, code=ended["exitCode"])
    apps = status.get("containerStatuses")
    if not apps or not all("running" in (each.get("state") or {}) for each in apps):
        return ""
    ready = sum(1 for each in apps if each.get("ready"))
    if ready == len(apps):
        return _("Pod %(name)s runs and is ready.", name=name)
    return _("Pod %(name)s runs but is not ready yet (%(ready)s/%(all)s).", name=name, ready=ready, all=len(apps))


def _is_stuck(status: Mapping[str, Any]) -> bool:
    progressing = conditions.find(status.get("conditions"), "Progressing")
    return progressing is not None and progressing.get("reason") == "ProgressDeadlineExceeded"


def _failure(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = conditions.find(status.get("conditions"), "ReplicaFailure")
    return found if found is not None and found["status"] == "True" else None


def _deployment(obj: Mapping[str, Any], status: Mapping[str, Any], _: Words) -> str:
    current, updated = int(status.get("replicas") or 0), int(status.get("updatedReplicas") or 0)
    values = {
        "name": obj["metadata"]["name"],
        "want": obj["spec"].get("replicas", 1),
        "available": int(status.get("availableReplicas") or 0),
        "old": max(0, current - updated),
        "new": updated,
        "seconds": obj["spec"].get("progressDeadlineSeconds", 600),
    }
    if _is_stuck(status):
        if values["old"]:
            return _(
                "Deployment %(name)s is stuck: no progress in %(seconds)s seconds (ProgressDeadlineExceeded). "
                "Old pods still there: %(old)s. Available: %(available)s of %(want)s.",
                **values,
            )
        return _(
            "Deployment %(name)s is stuck: no progress in %(seconds)s seconds (ProgressDeadlineExceeded). "
            "Available: %(available)s of %(want)s.",
            **values,
        )
    if values["old"]:
        return _(
            "Deployment %(name)s: new pods: %(new)s, old pods: %(old)s. Available: %(available)s of %(want)s.", **values
        )
    return _("Deployment %(name)s: %(available)s of %(want)s pods are available.", **values)


def _replicas(obj: Mapping[str, Any], status: Mapping[str, Any], _: Words) -> str:
    kind, name = obj["kind"], obj["metadata"]["name"]
    failure = _failure(status)
    if failure is not None:
        message = clip(str(failure.get("message") or ""), 160)
        return _("%(kind)s %(name)s cannot create its pods: %(message)s", kind=kind, name=name, message=message)
    return _(
        "%(kind)s %(name)s: %(ready)s of %(want)s pods are ready.",
        kind=kind,
        name=name,
        ready=int(status.get("readyReplicas") or status.get("numberReady") or 0),
        want=status.get("desiredNumberScheduled", obj["spec"].get("replicas", 1)),
    )


def _node(name: str, status: Mapping[str, Any], _: Words) -> str:
    ready = conditions.find(status.get("conditions"), "Ready")
    if ready is not None:
        return (
            _("Node %(name)s is ready.", name=name)
            if ready["status"] == "True"
            else _("Node %(name)s is not ready.", name=name)
        )
    if set(status) == {"images"}:
        return _("Node %(name)s lists the images it holds: %(count)s.", name=name, count=len(status["images"]))
    return ""


def _endpoints(obj: Mapping[str, Any], _: Words) -> str:
    listed = obj.get("endpoints") or []
    ready = sum(1 for each in listed if (each.get("conditions") or {}).get("ready"))
    name = (obj["metadata"].get("labels") or {}).get("kubernetes.io/service-name") or obj["metadata"].get("name", "")
    return _("Service %(name)s now reaches %(ready)s ready pods.", name=name, ready=ready)
