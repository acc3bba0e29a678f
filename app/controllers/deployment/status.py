"""The status of a Deployment: counts of its ReplicaSets, and the conditions Available, Progressing, ReplicaFailure.

The deployment controller writes what `rollout_status` returns. All of it is pure; times are virtual milliseconds.
Models kubernetes/pkg/controller/deployment/progress.go, sync.go (calculateStatus, checkPausedConditions) and
util/deployment_util.go (DeploymentComplete, DeploymentProgressing, DeploymentTimedOut).
"""

from __future__ import annotations

from typing import Any

from app.api import conditions, objects, times
from app.api.conditions import Condition
from app.api.objects import Obj
from app.controllers.deployment.rollout import Rollout, max_unavailable, replicas_of, status_count, total_replicas

Status = dict[str, Any]

NO_DEADLINE = 2**31 - 1


def rollout_status(rollout: Rollout, now_ms: int, *, estimates: bool) -> Status:
    """The status as it should be. `estimates`: judge progress too, as is done while a rollout may be under way, and
    not when the Deployment is paused, being scaled or going away."""
    deployment = rollout.deployment
    status = _counts(rollout)
    held = _before_judging(rollout, now_ms)
    found = _add(held, _available(deployment, status), now_ms)
    if estimates:
        found = _judged(rollout, status, held, found, now_ms)
        failure = _replica_failure(rollout)
        if failure is None:
            found = conditions.without(found, "ReplicaFailure")
        elif not _same(conditions.find(found, "ReplicaFailure"), failure):
            found = [*conditions.without(found, "ReplicaFailure"), failure]
    if found:
        status["conditions"] = found
    if "collisionCount" in (deployment.get("status") or {}):
        status["collisionCount"] = deployment["status"]["collisionCount"]
    return status


def with_progress(deployment: Obj, status: str, reason: str, message: str, now_ms: int) -> Status:
    """The present status with another Progressing condition; the same one where there is no deadline."""
    held: Status = deployment.get("status") or {}
    if not has_deadline(deployment):
        return held
    return {**held, "conditions": _add(held.get("conditions") or [], _progressing(status, reason, message), now_ms)}


def with_found(deployment: Obj, name: str, now_ms: int) -> Status:
    """The present status with the news that a ReplicaSet of this template is there already, where nothing is said of
    progress yet."""
    held: Status = deployment.get("status") or {}
    if deployment["spec"].get("paused") or conditions.find(held.get("conditions"), "Progressing") is not None:
        return held
    return with_progress(deployment, "True", "FoundNewReplicaSet", f'Found new replica set "{name}"', now_ms)


def has_deadline(deployment: Obj) -> bool:
    return bool(deployment["spec"].get("progressDeadlineSeconds", NO_DEADLINE) != NO_DEADLINE)


def is_complete(deployment: Obj, status: Status) -> bool:
    """Every pod is of the current template and available, and nothing newer was asked for."""
    wanted = replicas_of(deployment)
    seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    return seen and all(
        status.get(field, 0) == wanted for field in ("updatedReplicas", "replicas", "availableReplicas")
    )


# Over already, one way or the other: pods that are lost or added later are no rollout.
_NOT_JUDGED = ("ProgressDeadlineExceeded", "NewReplicaSetAvailable")


def deadline_in_ms(deployment: Obj, status: Status, now_ms: int) -> int | None:
    """After how long to judge a silent rollout again; None if there is nothing to judge."""
    progressing = conditions.find(status.get("conditions"), "Progressing")
    if not has_deadline(deployment) or progressing is None:
        return None
    if is_complete(deployment, status) or progressing.get("reason") in _NOT_JUDGED:
        return None
    # One second more: conditions bear whole seconds.
    return max(0, _deadline_ms(deployment, progressing) - now_ms) + 1000


# ------------------------------------------------------------------------------------------------ its parts


def _counts(rollout: Rollout) -> Status:
    """Fields that are 0 are left out, as the API does, but for `terminatingReplicas`."""
    replica_sets = rollout.all
    available = sum(status_count(each, "availableReplicas") for each in replica_sets)
    counts = {
        "observedGeneration": rollout.deployment["metadata"].get("generation", 0),
        "replicas": sum(status_count(each, "replicas") for each in replica_sets),
        "updatedReplicas": status_count(rollout.new, "replicas") if rollout.new else 0,
        "readyReplicas": sum(status_count(each, "readyReplicas") for each in replica_sets),
        "availableReplicas": available,
        "unavailableReplicas": max(0, total_replicas(replica_sets) - available),
    }
    status: Status = {field: count for field, count in counts.items() if count}
    return status | {"terminatingReplicas": sum(status_count(each, "terminatingReplicas") for each in replica_sets)}


def _before_judging(rollout: Rollout, now_ms: int) -> list[Condition]:
    """The conditions there are, after what a pause or a resumption says of progress."""
    deployment = rollout.deployment
    held: list[Condition] = (deployment.get("status") or {}).get("conditions") or []
    if not has_deadline(deployment) or objects.is_terminating(deployment):
        return held
    current = conditions.find(held, "Progressing")
    reason = current.get("reason", "") if current else ""
    paused = bool(deployment["spec"].get("paused"))
    if reason != "ProgressDeadlineExceeded" and paused and reason != "DeploymentPaused":
        return _add(held, _progressing("Unknown", "DeploymentPaused", "Deployment is paused"), now_ms)
    if not paused and reason == "DeploymentPaused":
        return _add(held, _progressing("Unknown", "DeploymentResumed", "Deployment is resumed"), now_ms)
    return held


def _available(deployment: Obj, status: Status) -> Condition:
    if status.get("availableReplicas", 0) >= replicas_of(deployment) - max_unavailable(deployment):
        reason, message = "MinimumReplicasAvailable", "Deployment has minimum availability."
        return {"type": "Available", "status": "True", "reason": reason, "message": message}
    reason, message = "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
    return {"type": "Available", "status": "False", "reason": reason, "message": message}


def _judged(
    rollout: Rollout, status: Status, held: list[Condition], found: list[Condition], now_ms: int
) -> list[Condition]:
    """`found` with what can be said of progress. A rollout that completed is not judged again."""
    deployment = rollout.deployment
    if not has_deadline(deployment):
        return conditions.without(found, "Progressing")
    current = conditions.find(held, "Progressing")
    only_new = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if only_new and current is not None and current.get("reason") == "NewReplicaSetAvailable":
        return found
    who = (
        f'ReplicaSet "{objects.name_of(rollout.new)}"' if rollout.new else f'Deployment "{objects.name_of(deployment)}"'
    )
    if is_complete(deployment, status):
        done = _progressing("True", "NewReplicaSetAvailable", f"{who} has successfully progressed.")
        return _add(found, done, now_ms)
    if _has_progressed(deployment.get("status") or {}, status):
        moving = _progressing("True", "ReplicaSetUpdated", f"{who} is progressing.")
        return _add(found, moving, now_ms, touch=True)
    if current is not None and _timed_out(deployment, current, now_ms):
        late = _progressing("False", "ProgressDeadlineExceeded", f"{who} has timed out progressing.")
        return _add(found, late, now_ms)
    return found


def _has_progressed(before: Status, now: Status) -> bool:
    """More pods of the new template, fewer of old ones, more ready or more available."""

    def old_pods(status: Status) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old_pods(now) < old_pods(before) or any(now.get(field, 0) > before.get(field, 0) for field in more)


def _timed_out(deployment: Obj, progressing: Condition, now_ms: int) -> bool:
    if progressing.get("reason") == "NewReplicaSetAvailable":
        return False
    return progressing.get("reason") == "ProgressDeadlineExceeded" or _deadline_ms(deployment, progressing) < now_ms


def _deadline_ms(deployment: Obj, progressing: Condition) -> int:
    seconds: int = deployment["spec"]["progressDeadlineSeconds"]
    return times.parse(progressing["lastUpdateTime"]) + seconds * 1000


def _replica_failure(rollout: Rollout) -> Condition | None:
    """The ReplicaFailure of the new ReplicaSet, else of an old one, as a condition of the Deployment."""
    for replica_set in ((rollout.new,) if rollout.new else ()) + rollout.old:
        failure = conditions.find((replica_set.get("status") or {}).get("conditions"), "ReplicaFailure")
        if failure is not None:
            return {**failure, "lastUpdateTime": failure["lastTransitionTime"]}
    return None


def _same(one: Condition | None, other: Condition) -> bool:
    return one is not None and one["status"] == other["status"] and one.get("reason") == other.get("reason")


def _progressing(status: str, reason: str, message: str) -> Condition:
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def _add(held: list[Condition], condition: Condition, now_ms: int, touch: bool = False) -> list[Condition]:
    return conditions.with_condition(held, condition, now_ms, update_time=True, touch=touch)
