"""What a write says about the world, as a sentence: "The image of Pod web-1 could not be pulled."

Taken from the values written, so that a status tells its news and not that it was written. Called by `captions` for
the Difference that asks for the write and for the write itself. "" where there is nothing better to say than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import conditions
from app.reconcile import Action, Create, Difference, Patch, Update, UpdateStatus
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

SANDBOX = {
    "SandboxMissing": N_("%(who)s asks the container runtime for the containers of Pod %(name)s."),
    "ContainersMissing": N_("%(who)s asks the container runtime for the next containers of Pod %(name)s."),
    "ImageMissing": N_("%(who)s asks for another pull of the image of Pod %(name)s."),
    "ContainerDied": N_("%(who)s has the container of Pod %(name)s started again."),
    "ContainerChanged": N_("%(who)s has the container of Pod %(name)s restarted with its new image."),
    "Unhealthy": N_("%(who)s has the container of Pod %(name)s restarted: its probe failed."),
    "PodDeleted": N_("%(who)s tells the container of Pod %(name)s to stop."),
    "PodTerminated": N_("%(who)s clears away what is left of Pod %(name)s."),
    "PodGone": N_("%(who)s clears away what is left of Pod %(name)s."),
}
STATES = {
    "pulling": N_("%(who)s pulls the image of Pod %(name)s."),
    "pull-failed": N_("%(who)s could not pull the image of Pod %(name)s."),
    "creating": N_("%(who)s creates the container of Pod %(name)s."),
    "running": N_("The container of Pod %(name)s runs now on its machine."),
    "exited": N_("The container of Pod %(name)s has ended."),
}


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


def is_trouble(action: Action | None) -> bool:
    """Whether a status that is written says that something does not work."""
    match action:
        case UpdateStatus(status=status):
            return _is_stuck(status) or _failure(status) is not None
        case Patch(ref=ref, patch={"status": Mapping() as status}) if ref.kind == "Pod":
            return any(_waiting(each).get("reason") in TROUBLE for each in _containers(status))
    return False


def changed(gap: Difference, action: Action, who: str, _: Words) -> str:
    """What a write other than a status changes, in the words of the page."""
    if isinstance(action, Create) and action.obj["kind"] == "PodSandbox":
        asked_for = SANDBOX["SandboxMissing"]
        return _(asked_for, who=who, name=gap.about.name)
    ref = getattr(action, "ref", None)
    if ref is not None and ref.kind == "PodSandbox":
        text = STATES.get(_state(action)) or SANDBOX.get(gap.reason)
        return _(text, who=who, name=known(ref).name) if text else ""
    if gap.about.kind == "DataPath":
        return _rules(gap, action, who, _)
    if ref is not None and ref.kind == "Machine":
        return _("%(who)s keeps the image that was pulled.", who=who)
    if gap.field == "spec.replicas" and isinstance(action, Patch | Update):
        return _(
            "%(who)s sets %(kind)s %(name)s from %(observed)s to %(desired)s pods.",
            who=who,
            kind=gap.about.kind,
            name=gap.about.name,
            observed=brief(gap.observed),
            desired=brief(gap.desired),
        )
    return ""


def _rules(gap: Difference, action: Action, who: str, _: Words) -> str:
    name = known(gap.about).name
    if isinstance(action, Create | Patch):
        return _.many(
            "%(who)s sends Service %(name)s to %(n)s pod.",
            "%(who)s sends Service %(name)s to %(n)s pods.",
            len(gap.desired),
            who=who,
            name=name,
        )
    return _("%(who)s forgets the rules for Service %(name)s.", who=who, name=name)


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
