"""What a status says about the world, as a sentence: "The image of …gkzql cannot be pulled (ErrImagePull)."

Taken from the values written, so that a status tells its news and not that it was written. Called by `captions` for
the Difference that asks for the write and by `deeds` for the write itself. "" where there is nothing better to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import conditions
from app.api.names import short_name
from app.api.objects import ref_of
from app.reconcile import Action, Patch, UpdateStatus
from app.web.present.names import called
from app.web.present.words import N_, Words

WAITING = {
    "ErrImagePull": N_("the image of %(name)s cannot be pulled (ErrImagePull)."),
    "ImagePullBackOff": N_("the image of %(name)s cannot be pulled; a pause before the next try (ImagePullBackOff)."),
    "ErrImageNeverPull": N_("the image of %(name)s is not on its node and must not be pulled."),
    "CrashLoopBackOff": N_("a container of %(name)s keeps ending; a pause before the next start (CrashLoopBackOff)."),
    "ContainerCreating": N_("the containers of %(name)s are being made."),
    "PodInitializing": N_("the init containers of %(name)s come first."),
}
TROUBLE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "CrashLoopBackOff")

_REPLICATED = ("ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet")


def reported(action: Action | None, _: Words) -> str:
    """What a status that is written says. It follows a colon."""
    match action:
        case UpdateStatus(obj=obj, status=status) if obj["kind"] == "Deployment":
            return _deployment(obj, status, _)
        case UpdateStatus(obj=obj, status=status) if obj["kind"] in _REPLICATED:
            return _replicas(obj, status, _)
        case UpdateStatus(obj=obj, status=status):
            return _ending(obj, status, _)
        case Patch(ref=ref, patch={"status": Mapping() as status}) if ref.kind == "Pod":
            return _pod(short_name("Pod", ref.name), status, _)
        case Patch(ref=ref, patch={"status": Mapping() as status}) if ref.kind == "Node":
            return _node(ref.name, status, _)
    return ""


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
    for each in status.get("containerStatuses") or ():
        if ended := (each.get("state") or {}).get("terminated"):
            return _ended(name, ended, _)
    ready = conditions.find(status.get("conditions"), "Ready")
    apps = status.get("containerStatuses") or ()
    if ready is not None and ready["status"] == "True":
        return _("%(name)s is ready.", name=name)
    if ready is not None and apps and all("running" in (each.get("state") or {}) for each in apps):
        return _("%(name)s runs, but is not ready.", name=name)
    if ready is not None and "containerStatuses" not in status:
        return _("%(name)s is not ready.", name=name)
    return ""


def _ended(name: str, ended: Mapping[str, Any], _: Words) -> str:
    if ended.get("reason") == "OOMKilled":
        return _("a container of %(name)s took too much memory and was killed (OOMKilled).", name=name)
    if ended["exitCode"] == 0:
        return _("a container of %(name)s has done its work (exit code 0).", name=name)
    return _("a container of %(name)s ended with exit code %(code)s.", name=name, code=ended["exitCode"])


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
        return _("%(name)s is stuck: no progress in %(seconds)s s. Wanted %(want)s, available %(available)s.", **values)
    if values["old"]:
        return _("%(name)s: new pods %(new)s, old %(old)s; wanted %(want)s, available %(available)s.", **values)
    return _("%(name)s: wanted %(want)s, available %(available)s.", **values)


def _replicas(obj: Mapping[str, Any], status: Mapping[str, Any], _: Words) -> str:
    name = short_name(obj["kind"], obj["metadata"]["name"])
    if _failure(status) is not None:
        return _("%(name)s cannot create its pods.", name=name)
    ready = int(status.get("readyReplicas") or status.get("numberReady") or 0)
    want = status.get("desiredNumberScheduled", obj["spec"].get("replicas", 1))
    return _("%(name)s: wanted %(want)s, ready %(ready)s.", name=name, want=want, ready=ready)


def _ending(obj: Mapping[str, Any], status: Mapping[str, Any], _: Words) -> str:
    """Of a Job how it ended; of what has phases (a claim, a volume, a namespace) the phase it came to."""
    what = called(ref_of(obj), _)
    held = (obj.get("status") or {}).get("conditions")
    for type_, text in (("Complete", N_("%(what)s is complete.")), ("Failed", N_("%(what)s has failed."))):
        if conditions.is_true(status.get("conditions"), type_) and not conditions.is_true(held, type_):
            return _(text, what=what)
    phase = status.get("phase")
    if phase and phase != (obj.get("status") or {}).get("phase"):
        return _("%(what)s: %(phase)s.", what=what, phase=phase)
    return ""


def _node(name: str, status: Mapping[str, Any], _: Words) -> str:
    ready = conditions.find(status.get("conditions"), "Ready")
    if ready is not None:
        match ready["status"]:
            case "True":
                return _("%(name)s is ready.", name=name)
            case "False":
                return _("%(name)s is not ready.", name=name)
        return _("nobody knows how %(name)s is.", name=name)
    if set(status) == {"images"}:
        return _.many("%(name)s holds %(n)s image.", "%(name)s holds %(n)s images.", len(status["images"]), name=name)
    return ""
