"""A Deployment beside its ReplicaSets: which is new, which are old, how many pods each may have, which revision it is.

Pure arithmetic and look-ups, with which the deployment controller decides. What its revisions are, and the way back to
one, is in app/component_helpers/rollouts.py. Models kubernetes/pkg/controller/deployment/util/deployment_util.go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.api import names, numbers, objects
from app.api.objects import Obj
from app.component_helpers.rollouts import (
    DESIRED_REPLICAS,
    HASH_LABEL,
    MAX_REPLICAS,
    NOT_COPIED,
    REVISION,
    REVISION_HISTORY,
    annotated_number,
    revision_of,
    same_template,
)

REVISION_HISTORY_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Rollout:
    """A Deployment, the ReplicaSet of its current template (None: not there yet) and those of earlier templates,
    oldest first."""

    deployment: Obj
    new: Obj | None
    old: tuple[Obj, ...]

    @property
    def all(self) -> tuple[Obj, ...]:
        return self.old if self.new is None else (*self.old, self.new)

    @property
    def active(self) -> tuple[Obj, ...]:
        """Those that want pods."""
        return tuple(each for each in self.all if replicas_of(each))

    @property
    def active_old(self) -> tuple[Obj, ...]:
        return tuple(old for old in self.old if replicas_of(old))


def rollout_of(deployment: Obj, replica_sets: Iterable[Obj]) -> Rollout:
    """Of several ReplicaSets with the current template the oldest is the new one."""
    by_age = sorted(replica_sets, key=age_key)
    template = deployment["spec"]["template"]
    new = next((each for each in by_age if same_template(each["spec"]["template"], template)), None)
    return Rollout(deployment, new, tuple(each for each in by_age if each is not new))


def age_key(replica_set: Obj) -> tuple[str, str]:
    """Sorts the oldest first."""
    meta = replica_set["metadata"]
    return meta.get("creationTimestamp", ""), meta["name"]


# ---------------------------------------------------------------------------------------- the new ReplicaSet


def new_name(deployment: Obj) -> str:
    """`web-7d4b9c5f6d`: the Deployment's name and the hash of its template."""
    return f"{objects.name_of(deployment)}-{_hash(deployment)}"


def new_replica_set(rollout: Rollout) -> Obj:
    """The ReplicaSet to create for the current template, with as many pods as there is room for."""
    deployment = rollout.deployment
    spec, template, digest = deployment["spec"], deployment["spec"]["template"], _hash(deployment)
    metadata = template.get("metadata") or {}
    labels = _with_hash(metadata.get("labels"), digest)
    seconds = {"minReadySeconds": spec["minReadySeconds"]} if spec.get("minReadySeconds") else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": new_name(deployment),
            "namespace": objects.namespace_of(deployment),
            "labels": labels,
            "annotations": new_annotations(rollout),
            "ownerReferences": [objects.owner_reference(deployment)],
        },
        "spec": {
            "replicas": new_replicas(rollout, 0),
            **seconds,
            "selector": {**spec["selector"], "matchLabels": _with_hash(spec["selector"].get("matchLabels"), digest)},
            "template": {**template, "metadata": {**metadata, "labels": labels}},
        },
    }


def _hash(deployment: Obj) -> str:
    collisions = (deployment.get("status") or {}).get("collisionCount")
    return names.template_hash(deployment["spec"]["template"], collisions)


def _with_hash(labels: dict[str, str] | None, digest: str) -> dict[str, str]:
    return {**(labels or {}), HASH_LABEL: digest}


# --------------------------------------------------------------------------------------------- how many pods


def replicas_of(obj: Obj) -> int:
    """`spec.replicas` of a Deployment or ReplicaSet."""
    replicas: int = obj["spec"].get("replicas", 1)
    return replicas


def status_count(replica_set: Obj, field: str) -> int:
    """A number of its status; 0 where it says nothing."""
    count: int = (replica_set.get("status") or {}).get(field, 0)
    return count


def total_replicas(replica_sets: Iterable[Obj]) -> int:
    """Pods wanted by all of them."""
    return sum(map(replicas_of, replica_sets))


def is_rolling(deployment: Obj) -> bool:
    return bool(deployment["spec"].get("strategy", {}).get("type", "RollingUpdate") == "RollingUpdate")


def max_surge(deployment: Obj) -> int:
    """Pods there may be above `spec.replicas` during a rollout."""
    return _fenceposts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Obj) -> int:
    """Pods that may be missing from `spec.replicas` during a rollout."""
    replicas = replicas_of(deployment)
    return min(_fenceposts(deployment)[1], replicas) if is_rolling(deployment) and replicas else 0


def max_replicas(deployment: Obj) -> int:
    return replicas_of(deployment) + max_surge(deployment)


def _fenceposts(deployment: Obj) -> tuple[int, int]:
    """(surge, unavailable): percentages of surge round up, of unavailable down; both 0 would never move."""
    rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate") or {}
    replicas = replicas_of(deployment)
    surge = _scaled(rolling.get("maxSurge", "25%"), replicas, math.ceil)
    unavailable = _scaled(rolling.get("maxUnavailable", "25%"), replicas, math.floor)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _scaled(value: int | str, total: int, rounded: Callable[[float], int]) -> int:
    if isinstance(value, int):
        return value
    return rounded(int(value.rstrip("%")) * total / 100)


def new_replicas(rollout: Rollout, current: int) -> int:
    """How many pods the new ReplicaSet may have by now, `current` being what it has."""
    wanted = replicas_of(rollout.deployment)
    if not is_rolling(rollout.deployment):
        return wanted
    room = max_replicas(rollout.deployment) - total_replicas(rollout.old) - current
    return current + min(room, wanted - current) if room > 0 else current


def was_scaled(rollout: Rollout) -> bool:
    """Somebody changed the Deployment's replicas since its ReplicaSets were last sized."""
    noted = [annotated_number(each, DESIRED_REPLICAS) for each in rollout.active]
    return any(number is not None and number != replicas_of(rollout.deployment) for number in noted)


def is_saturated(rollout: Rollout) -> bool:
    """The new ReplicaSet has all the pods it wants, and they are available."""
    new, wanted = rollout.new, replicas_of(rollout.deployment)
    if new is None or annotated_number(new, DESIRED_REPLICAS) != wanted:
        return False
    return replicas_of(new) == wanted == status_count(new, "availableReplicas")


def proportional_sizes(rollout: Rollout) -> dict[str, int]:
    """Sizes of the active ReplicaSets by name, after the Deployment was scaled while a rollout was under way.

    Each keeps its share of the whole; what rounding leaves over goes to the largest.
    """
    deployment = rollout.deployment
    active = list(rollout.active)
    allowed = max_replicas(deployment) if replicas_of(deployment) else 0
    to_add = allowed - total_replicas(active)
    active.sort(key=age_key, reverse=to_add > 0)
    active.sort(key=replicas_of, reverse=True)
    sizes = {objects.name_of(each): replicas_of(each) for each in active}
    added = 0
    for each in active:
        if added == to_add:
            break
        share = _share(each, deployment)
        share = min(share, to_add - added) if to_add > 0 else max(share, to_add - added)
        sizes[objects.name_of(each)] += share
        added += share
    if active:
        largest = objects.name_of(active[0])
        sizes[largest] = max(0, sizes[largest] + to_add - added)
    return sizes


def _share(replica_set: Obj, deployment: Obj) -> int:
    """By how many pods a ReplicaSet grows (or shrinks) to keep its share."""
    size = replicas_of(replica_set)
    if not replicas_of(deployment):
        return -size
    before = annotated_number(replica_set, MAX_REPLICAS) or status_count(deployment, "replicas")
    if not before:
        return 0
    return math.floor(size * max_replicas(deployment) / before + 0.5) - size


# ------------------------------------------------------------------------------------------------- revisions


def replica_annotations(deployment: Obj) -> dict[str, str]:
    """What a ReplicaSet notes of the Deployment's size when it is scaled, so that a later change of size is seen."""
    return {DESIRED_REPLICAS: str(replicas_of(deployment)), MAX_REPLICAS: str(max_replicas(deployment))}


def new_annotations(rollout: Rollout) -> dict[str, str]:
    """What the annotations of the new ReplicaSet should be: the Deployment's own, and the highest revision.

    A ReplicaSet that becomes new again (`rollout undo`) keeps its earlier revisions in its history.
    """
    current = objects.annotations_of(rollout.new) if rollout.new else {}
    copied = {k: v for k, v in objects.annotations_of(rollout.deployment).items() if k not in NOT_COPIED}
    wanted = {**current, **copied}
    revision = max(map(revision_of, rollout.old), default=0) + 1
    held = current.get(REVISION, "")
    number = numbers.whole(held or "0")
    if number is None:
        return wanted
    if number < revision:
        wanted[REVISION] = str(revision)
        if held:
            wanted[REVISION_HISTORY] = _with_revision(current.get(REVISION_HISTORY, ""), held)
    return wanted if rollout.new else {**wanted, **replica_annotations(rollout.deployment)}


def _with_revision(history: str, revision: str) -> str:
    revisions = [*filter(None, history[-REVISION_HISTORY_CHARS:].split(",")), revision]
    while len(",".join(revisions)) > REVISION_HISTORY_CHARS:
        revisions.pop(0)
    return ",".join(revisions)
