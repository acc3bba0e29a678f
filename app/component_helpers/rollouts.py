"""The revisions of a Deployment, which its ReplicaSets keep: what was rolled out before, and the way back there.

The deployment controller numbers them and asks which ReplicaSet has the present template; whoever turns a Deployment
back (commands) asks for an earlier one. Nothing here reads or writes. What StatefulSets and DaemonSets keep is in
revisions.py. Models kubernetes/pkg/controller/deployment/util/deployment_util.go and kubectl/pkg/polymorphichelpers
(history.go, rollback.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from app.api import numbers, objects
from app.api.errors import ApiError, BadRequest, NotFound
from app.api.objects import Obj

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
CHANGE_CAUSE = "kubernetes.io/change-cause"
NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        "deprecated.deployment.rollback.to",
    }
)
"""Annotations that belong to the Deployment or to one ReplicaSet alone."""


class Revision(NamedTuple):
    """One line of `kubectl rollout history`."""

    revision: int
    change_cause: str
    replica_set: Obj


def revision_of(obj: Obj) -> int:
    """0 where none is written."""
    return annotated_number(obj, REVISION) or 0


def annotated_number(obj: Obj, annotation: str) -> int | None:
    """None if it is not there or not a number."""
    return numbers.whole(objects.annotations_of(obj).get(annotation))


def same_template(one: Obj, other: Obj) -> bool:
    """Equal but for the `pod-template-hash` label."""
    if one.get("spec") is not other.get("spec") and one.get("spec") != other.get("spec"):
        return False
    return _metadata_without_hash(one) == _metadata_without_hash(other)


def history(deployment: Obj, replica_sets: Iterable[Obj]) -> list[Revision]:
    """Of the ReplicaSets that the Deployment controls, the earliest revision first."""
    uid = objects.uid_of(deployment)
    owned = [each for each in replica_sets if objects.controller_uid(each) == uid and revision_of(each)]
    lines = [Revision(revision_of(each), objects.annotations_of(each).get(CHANGE_CAUSE, ""), each) for each in owned]
    return sorted(lines, key=lambda line: line.revision)


def rolled_back(deployment: Obj, replica_sets: Sequence[Obj], to_revision: int = 0) -> Obj:
    """The Deployment as `kubectl rollout undo` writes it: template and annotations of an earlier revision.

    `to_revision` 0 means the one before the current. The same object comes back if it has that template already
    (kubectl: `skipped rollback (current template already matches revision N)`). Raises BadRequest and NotFound.
    """
    target = _target(deployment, replica_sets, to_revision)
    template = target["spec"]["template"]
    if same_template(template, deployment["spec"]["template"]):
        return deployment
    kept = {k: v for k, v in objects.annotations_of(deployment).items() if k in NOT_COPIED}
    taken = {k: v for k, v in objects.annotations_of(target).items() if k not in NOT_COPIED}
    changed = objects.with_metadata(deployment, annotations={**kept, **taken})
    return {**changed, "spec": {**deployment["spec"], "template": _without_hash(template)}}


def _target(deployment: Obj, replica_sets: Sequence[Obj], to_revision: int) -> Obj:
    if deployment["spec"].get("paused"):
        resume = "resume it first with 'kubectl rollout resume' and try again"
        raise BadRequest(f"you cannot rollback a paused deployment; {resume}")
    if to_revision < 0:
        raise _unknown_revision(to_revision)
    lines = history(deployment, replica_sets)
    if to_revision:
        found = next((line.replica_set for line in lines if line.revision == to_revision), None)
        if found is None:
            raise _unknown_revision(to_revision)
        return found
    if len(lines) < 2:
        raise NotFound(f'no rollout history found for deployment "{objects.name_of(deployment)}"')
    return lines[-2].replica_set


def _unknown_revision(revision: int) -> ApiError:
    return NotFound(f"unable to find specified revision {revision} in history")


def _without_hash(template: Obj) -> Obj:
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    return {**template, "metadata": {**metadata, "labels": labels}}


def _metadata_without_hash(template: Obj) -> dict[str, Any]:
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    return {key: value for key, value in {**metadata, "labels": labels}.items() if value}
