"""The deployment controller: keeps one ReplicaSet per pod template and shifts pods from the old ones to the new one.

The engine runs it for every Deployment whose own object, or one of whose ReplicaSets, changed. It never touches a pod.
Models kubernetes/pkg/controller/deployment: deployment_controller.go, sync.go, rolling.go, recreate.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app import pod_control
from app.api import objects, selectors
from app.api.messages import Message
from app.api.objects import Obj, Ref, ref_of
from app.api.status import changed_fields
from app.component_helpers import replicas
from app.component_helpers.rollouts import REVISION, revision_of
from app.controllers.deployment import sayings, waking
from app.controllers.deployment import status as deployment_status
from app.controllers.deployment.rollout import (
    Rollout,
    is_rolling,
    is_saturated,
    max_unavailable,
    new_annotations,
    new_name,
    new_replica_set,
    new_replicas,
    proportional_sizes,
    replica_annotations,
    replicas_of,
    rollout_of,
    status_count,
    total_replicas,
    was_scaled,
)
from app.reconcile import (
    BY_NAMESPACE,
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Failure,
    Reader,
    RequeueAfter,
    Update,
    UpdateStatus,
    Wake,
    itself,
    went,
)


@dataclass(frozen=True, slots=True)
class DeploymentObservation:
    deployment: Obj
    replica_sets: tuple[Obj, ...]  # those it controls
    orphans: tuple[Obj, ...]  # ReplicaSets of the namespace that nobody controls
    running_pods: Mapping[str, int]  # by name of the ReplicaSet, terminating ones too; only for Recreate
    holder_of_name: Obj | None  # who has the name that the new ReplicaSet would get
    failures: tuple[Failure, ...]
    now_ms: int


class DeploymentController(Controller[DeploymentObservation]):
    name = "deployment-controller"
    title = "Deployment"
    lane = 30
    reconciles = "Deployment"
    concurrency = 5
    says = sayings.SAYS
    labels = sayings.LABELS

    def __init__(self) -> None:
        self.wakes = (
            itself("Deployment"),
            Wake("ReplicaSet", waking.deployments_of),
            Wake("Pod", waking.waiting_for_pods_to_go, when=went),
        )
        self.reads = (
            Cache("Deployment", indexes=BY_NAMESPACE),
            Cache("ReplicaSet", indexes={"controller": waking.controller_or_namespace}),
            Cache(
                "Pod",
                sees=lambda old, new: waking.running(old) != waking.running(new),
                totals={"running": waking.running},
            ),
        )

    def observe(self, key: Ref, reader: Reader) -> DeploymentObservation | None:
        deployment = reader.get(key)
        if deployment is None:
            return None
        replica_sets = tuple(reader.by("ReplicaSet", "controller", objects.uid_of(deployment)))
        running, holder = {}, None
        if not is_rolling(deployment):
            uids = {objects.name_of(each): objects.uid_of(each) for each in replica_sets}
            left = reader.totals("Pod", "running")
            running = {name: sum(left.get(uid, ())) for name, uid in uids.items()}
        if rollout_of(deployment, replica_sets).new is None:
            holder = reader.get(Ref("ReplicaSet", key.namespace, new_name(deployment)))
        return DeploymentObservation(
            deployment=deployment,
            replica_sets=replica_sets,
            orphans=tuple(reader.by("ReplicaSet", "controller", key.namespace)),
            running_pods=running,
            holder_of_name=holder,
            failures=tuple(reader.failures()),
            now_ms=reader.now_ms,
        )

    @staticmethod
    def saw(seen: DeploymentObservation) -> Message:
        return sayings.saw(seen.deployment, seen.replica_sets)

    def diff(self, seen: DeploymentObservation) -> Iterable[Difference]:
        deployment = seen.deployment
        rollout = rollout_of(deployment, seen.replica_sets)
        if objects.is_terminating(deployment):
            yield from _status(rollout, seen, estimates=False)
            return
        first = tuple(_claims(seen)) or tuple(_revision(rollout)) or tuple(_found(rollout, seen.now_ms))
        if first:  # all else builds on these objects as they are afterwards
            yield from first
            return
        if deployment["spec"].get("paused") or was_scaled(rollout):
            yield from _scale(rollout)
            if deployment["spec"].get("paused"):
                yield from _clean_up(rollout)
            yield from _status(rollout, seen, estimates=False)
            return
        steps = tuple(_roll(rollout, seen) if is_rolling(deployment) else _recreate(rollout, seen))
        yield from steps
        if deployment_status.is_complete(deployment, deployment.get("status") or {}):
            yield from _clean_up(rollout)
        if not any(step.reason in _WRITE_THE_STATUS for step in steps):
            yield from _status(rollout, seen, estimates=True)


_WRITE_THE_STATUS = ("NewReplicaSetNeeded", "TemplateHashCollides", "StatusOutdated")

# ---------------------------------------------------------------------------------------------- which are mine


def _claims(seen: DeploymentObservation) -> Iterator[Difference]:
    """Adopt ReplicaSets that match and belong to nobody; release those that match no more."""
    deployment, name = seen.deployment, objects.name_of(seen.deployment)
    selector = deployment["spec"]["selector"]
    for orphan in seen.orphans:
        if selectors.matches(selector, objects.labels_of(orphan)) and not objects.is_terminating(orphan):
            owners = replicas.owners_with(orphan, deployment)
            yield pod_control.owners_differ(orphan, name, None, "OrphanMatches", owners)
    for owned in seen.replica_sets:
        if not selectors.matches(selector, objects.labels_of(owned)):
            owners = replicas.owners_without(owned, deployment)
            yield pod_control.owners_differ(owned, None, name, "OwnedReplicaSetNoLongerMatches", owners)


# --------------------------------------------------------------------------------------------- the new one


def _revision(rollout: Rollout) -> Iterator[Difference]:
    """The new ReplicaSet bears the highest revision, and the Deployment's annotations and minReadySeconds."""
    new = rollout.new
    if new is None:
        return
    wanted, held = new_annotations(rollout), objects.annotations_of(new)
    seconds = rollout.deployment["spec"].get("minReadySeconds", 0)
    if wanted == held and seconds == new["spec"].get("minReadySeconds", 0):
        return
    desired = {key: value for key, value in wanted.items() if held.get(key) != value}
    observed = {key: held.get(key) for key in desired}
    field, reason = "metadata.annotations", "AnnotationsOutdated"
    if REVISION in desired:
        reason = "RevisionOutdated"
    elif not desired:
        field, reason = "spec.minReadySeconds", "MinReadySecondsOutdated"
        desired, observed = seconds, new["spec"].get("minReadySeconds", 0)
    updated = objects.with_metadata(new, annotations=wanted)
    if seconds != new["spec"].get("minReadySeconds", 0):
        updated = {**updated, "spec": {**new["spec"], "minReadySeconds": seconds}}
    yield Difference(ref_of(new), field, desired, observed, reason, (Update(updated),))


def _found(rollout: Rollout, now_ms: int) -> Iterator[Difference]:
    """A Deployment that finds its ReplicaSet says so before all else."""
    new, deployment = rollout.new, rollout.deployment
    if new is None:
        return
    status = deployment_status.with_found(deployment, objects.name_of(new), now_ms)
    if status != (deployment.get("status") or {}):
        yield _status_outdated(deployment, _with_revision(deployment, revision_of(new)), status)


def _create(rollout: Rollout, seen: DeploymentObservation) -> Iterator[Difference]:
    """A ReplicaSet for the template, with as many pods as there is room for, and the news in the Deployment's status.

    Everything else follows in the reconcile that its appearance wakes.
    """
    deployment = rollout.deployment
    if seen.holder_of_name is not None:
        yield _collision(deployment, seen.holder_of_name)
        return
    replica_set = new_replica_set(rollout)
    name, replicas = objects.name_of(replica_set), replicas_of(replica_set)
    failed = next((f for f in seen.failures if f.difference == "NewReplicaSetNeeded"), None)
    if failed is not None:
        message = f'Failed to create new replica set "{name}": {failed.message}'
        progress = ("False", "ReplicaSetCreateError", message)
        status = deployment_status.with_progress(deployment, *progress, seen.now_ms)
        if status != deployment.get("status"):
            yield _status_outdated(deployment, deployment, status)
            return
    progress = ("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
    status = deployment_status.with_progress(deployment, *progress, seen.now_ms)
    scaled = f"Scaled up replica set {name} from 0 to {replicas}"
    create = Create(
        replica_set,
        announce=Announce(deployment, "Normal", "ScalingReplicaSet", scaled) if replicas else None,
        on_error=Announce(
            deployment, "Warning", "ReplicaSetCreateError", f'Failed to create new replica set "{name}": {{error}}'
        ),
    )
    tell = UpdateStatus(_with_revision(deployment, revision_of(replica_set)), status)
    yield Difference(ref_of(deployment), "spec.template", name, None, "NewReplicaSetNeeded", (create, tell))


def _collision(deployment: Obj, holder: Obj) -> Difference:
    """Another template has the same hash, or a stranger the name: count on, and the hash is another one."""
    held = (deployment.get("status") or {}).get("collisionCount", 0)
    status = {**(deployment.get("status") or {}), "collisionCount": held + 1}
    actions = (UpdateStatus(deployment, status),)
    return Difference(
        ref_of(holder), "metadata.name", None, holder["metadata"]["name"], "TemplateHashCollides", actions
    )


# ------------------------------------------------------------------------------------------------- scaling


def _scale(rollout: Rollout) -> Iterator[Difference]:
    """Scaling is no rollout: one active ReplicaSet takes it all, several share it in proportion to their sizes."""
    deployment, wanted = rollout.deployment, replicas_of(rollout.deployment)
    active = rollout.active
    if len(active) < 2:
        latest = active[0] if active else rollout.new or (rollout.old[-1] if rollout.old else None)
        if latest is not None:
            yield from _resize(deployment, latest, wanted, "DeploymentScaled")
    elif is_saturated(rollout):
        for old in rollout.active_old:
            yield from _resize(deployment, old, 0, "RolloutScaleDown")
    elif is_rolling(deployment):
        sizes = proportional_sizes(rollout)
        for each in active:
            yield from _resize(deployment, each, sizes[objects.name_of(each)], "ProportionalScaling", notes=True)


def _resize(deployment: Obj, replica_set: Obj, size: int, reason: str, *, notes: bool = False) -> Iterator[Difference]:
    """`notes`: write the Deployment's new size into the annotations even where the ReplicaSet's own size stays."""
    held = replicas_of(replica_set)
    annotations = {**objects.annotations_of(replica_set), **replica_annotations(deployment)}
    if size == held and not (notes and annotations != objects.annotations_of(replica_set)):
        return
    direction = "up" if size > held else "down"
    message = f"Scaled {direction} replica set {objects.name_of(replica_set)} from {held} to {size}"
    resized = objects.with_metadata(replica_set, annotations=annotations)
    update = Update(
        {**resized, "spec": {**replica_set["spec"], "replicas": size}},
        announce=Announce(deployment, "Normal", "ScalingReplicaSet", message) if size != held else None,
    )
    yield Difference(ref_of(replica_set), "spec.replicas", size, held, reason, (update,))


# ------------------------------------------------------------------------------------------------- rollout


def _roll(rollout: Rollout, seen: DeploymentObservation) -> Iterator[Difference]:
    """RollingUpdate: up while there is room above, else down while enough pods are available. Never both at once."""
    deployment, new = rollout.deployment, rollout.new
    if new is None:
        yield from _create(rollout, seen)
        return
    wanted, held = replicas_of(deployment), replicas_of(new)
    size = wanted if held > wanted else new_replicas(rollout, held)
    if size != held:
        reason = "RolloutScaleUp" if size > held else "RolloutScaleDown"
        yield from _resize(deployment, new, size, reason)
        return
    if not rollout.active_old:
        return
    least = wanted - max_unavailable(deployment)
    spare = total_replicas(rollout.all) - least - (held - status_count(new, "availableReplicas"))
    available = sum(status_count(each, "availableReplicas") for each in rollout.all)
    steps = tuple(_drop_unhealthy(rollout, spare)) or tuple(_drop_oldest(rollout, min(spare, available - least)))
    yield from steps
    if not steps:
        yield Difference(ref_of(deployment), "status.availableReplicas", least, available, "MaxUnavailableReached")


def _drop_unhealthy(rollout: Rollout, spare: int) -> Iterator[Difference]:
    """Old pods that are not available cost nothing: they go first. What else may go, the next reconcile sees."""
    for old in rollout.active_old:
        count = min(spare, replicas_of(old) - status_count(old, "availableReplicas"))
        if count > 0:
            spare -= count
            yield from _resize(rollout.deployment, old, replicas_of(old) - count, "UnhealthyOldReplicas")


def _drop_oldest(rollout: Rollout, spare: int) -> Iterator[Difference]:
    for old in rollout.active_old:
        count = min(spare, replicas_of(old))
        if count > 0:
            spare -= count
            yield from _resize(rollout.deployment, old, replicas_of(old) - count, "RolloutScaleDown")


def _recreate(rollout: Rollout, seen: DeploymentObservation) -> Iterator[Difference]:
    """Recreate: nothing new before the last old pod is gone, its processes included."""
    deployment, new = rollout.deployment, rollout.new
    if rollout.active_old:
        for old in rollout.active_old:
            yield from _resize(deployment, old, 0, "RolloutScaleDown")
        return
    left = sum(
        max(status_count(old, "replicas"), seen.running_pods.get(objects.name_of(old), 0)) for old in rollout.old
    )
    if left:
        yield Difference(ref_of(deployment), "old pods", 0, left, "OldPodsStillRunning")
    elif new is None:
        yield from _create(rollout, seen)
    else:
        yield from _resize(deployment, new, replicas_of(deployment), "RolloutScaleUp")


def _clean_up(rollout: Rollout) -> Iterator[Difference]:
    """Old ReplicaSets beyond the history limit go, the lowest revision first; one with pods is passed over."""
    limit = rollout.deployment["spec"].get("revisionHistoryLimit", deployment_status.NO_DEADLINE)
    alive = [old for old in rollout.old if not objects.is_terminating(old)]
    surplus = sorted(alive, key=revision_of)[: max(0, len(alive) - limit)]
    for old in surplus:
        generation = old["metadata"].get("generation", 0)
        if replicas_of(old) or status_count(old, "replicas") or generation > status_count(old, "observedGeneration"):
            continue
        actions = (Delete(ref_of(old)),)
        yield Difference(
            ref_of(old), "spec.revisionHistoryLimit", limit, len(alive), "RevisionHistoryExceeded", actions
        )


# -------------------------------------------------------------------------------------------------- status


def _status(rollout: Rollout, seen: DeploymentObservation, *, estimates: bool) -> Iterator[Difference]:
    """Last of all: what was seen, as a status. Where it stays, the progress deadline is what to wake for next."""
    deployment = rollout.deployment
    status = deployment_status.rollout_status(rollout, seen.now_ms, estimates=estimates)
    noted = deployment
    if rollout.new is not None and REVISION in objects.annotations_of(rollout.new):
        noted = _with_revision(deployment, revision_of(rollout.new))
    if noted is not deployment or status != (deployment.get("status") or {}):
        yield _status_outdated(deployment, noted, status)
        return
    delay_ms = deployment_status.deadline_in_ms(deployment, status, seen.now_ms) if estimates else None
    if delay_ms is not None:
        seconds = deployment["spec"]["progressDeadlineSeconds"]
        wake = RequeueAfter(delay_ms, "progressDeadlineSeconds")
        yield Difference(
            ref_of(deployment), "spec.progressDeadlineSeconds", seconds, None, "RolloutInProgress", (wake,)
        )


def _status_outdated(deployment: Obj, noted: Obj, status: Obj) -> Difference:
    desired, observed = changed_fields(status, deployment.get("status"))
    if noted is not deployment:
        desired |= {"revision": revision_of(noted)}
        observed |= {"revision": revision_of(deployment) or None}
    return Difference(ref_of(deployment), "status", desired, observed, "StatusOutdated", (UpdateStatus(noted, status),))


def _with_revision(deployment: Obj, revision: int) -> Obj:
    """The same object if it bears that revision already. The API server takes annotations along with a status."""
    if revision_of(deployment) == revision:
        return deployment
    annotations = {**objects.annotations_of(deployment), REVISION: str(revision)}
    return objects.with_metadata(deployment, annotations=annotations)
