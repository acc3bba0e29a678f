"""What must hold after every step, whatever breaks. A `Watchman` looks at what each step wrote, and no further."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from app.api.objects import Obj, Ref, controller_of, is_terminating, name_of, ref_of
from app.apiserver.store import Change
from app.cluster import Cluster
from app.commands import Drain, EvictPod
from app.component_helpers import pods as podlib
from app.controllers.deployment.deployment import DeploymentObservation
from app.controllers.deployment.rollout import max_unavailable, replicas_of, status_count
from app.engine.trace import Acted, Commanded, Step

ENDED = ("Succeeded", "Failed")
# To scale in the middle of a rollout takes from every ReplicaSet in proportion, whoever of them is available.
A_PERSONS_DOING = ("ProportionalScaling", "DeploymentScaled")


class Watchman:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def look(self, step: Step) -> None:
        record = step.record
        if isinstance(record, Acted):
            if isinstance(record.observation, DeploymentObservation):
                no_rollout_beyond_max_unavailable(record)
            changes = record.result.changes
        elif isinstance(record, Commanded):
            changes = tuple(change for result in record.results for change in result.changes)
        else:
            return
        for change in changes:
            if change.ref.kind == "Pod":
                self.look_at_pod(change)
            elif change.ref.kind == "PodSandbox" and change.ref.name.startswith("db-"):
                no_identity_lives_twice(self.cluster)
        if isinstance(record, Commanded) and isinstance(record.command, (EvictPod, Drain)):
            no_eviction_beyond_the_budget(changes)

    def look_at_pod(self, change: Change) -> None:
        one_controller_owner(change.obj)
        if change.new is None:
            return
        bound = change.new["spec"].get("nodeName")
        if bound and not (change.old and change.old["spec"].get("nodeName")):
            no_node_beyond_its_capacity(self.cluster, bound)
        owner = controller_of(change.new)
        if change.type == "ADDED" and owner is not None and owner["kind"] == "Job":
            at_most_parallelism(self.cluster, owner)


def one_controller_owner(pod: Obj) -> None:
    assert sum(bool(owner.get("controller")) for owner in pod["metadata"].get("ownerReferences", ())) <= 1


def no_node_beyond_its_capacity(cluster: Cluster, node: str) -> None:
    held = [
        pod
        for pod in cluster.objects("Pod")
        if pod["spec"].get("nodeName") == node and pod["status"].get("phase") not in ENDED
    ]
    milli = sum(cpu_milli(pod) for pod in held)
    assert milli <= 4000, f"{node} holds pods of {milli}m on 4 CPUs"


def cpu_milli(pod: Obj) -> int:
    texts = [c.get("resources", {}).get("requests", {}).get("cpu", "0") for c in pod["spec"]["containers"]]
    return sum(int(text.removesuffix("m")) if text.endswith("m") else int(Fraction(text) * 1000) for text in texts)


def at_most_parallelism(cluster: Cluster, owner: Obj) -> None:
    job = cluster.get(Ref("Job", "default", owner["name"]))
    if job is None or job["metadata"]["uid"] != owner["uid"]:
        return
    active = [
        pod
        for pod in cluster.objects("Pod", "default")
        if (controller_of(pod) or {}).get("uid") == owner["uid"]
        and not is_terminating(pod)
        and pod["status"].get("phase") not in ENDED
    ]
    assert len(active) <= job["spec"]["parallelism"], f"Job {name_of(job)} has {len(active)} active pods"


def no_rollout_beyond_max_unavailable(acted: Acted) -> None:
    """By what the loop saw, and as far as it lies with the loop: it takes no available pod below what must be there."""
    deployment, sets = acted.observation.deployment, acted.observation.replica_sets
    resized = [each for each in acted.differences if each.field == "spec.replicas"]
    if any(each.reason in A_PERSONS_DOING for each in resized) or any(is_stale(each) for each in sets):
        return
    planned = {each.about: each.desired for each in resized}
    before = sum(min(status_count(each, "availableReplicas"), replicas_of(each)) for each in sets)
    after = sum(
        min(status_count(each, "availableReplicas"), planned.get(ref_of(each), replicas_of(each))) for each in sets
    )
    least = replicas_of(deployment) - max_unavailable(deployment)
    assert after >= min(before, least), f"{after} of at least {least} stay available: {planned}"


def is_stale(replica_set: Obj) -> bool:
    """It counts pods as available that it was told to delete: Kubernetes' arithmetic believes it, and so does ours."""
    return bool(replica_set["metadata"].get("generation", 0) > status_count(replica_set, "observedGeneration"))


def no_identity_lives_twice(cluster: Cluster) -> None:
    """On no two machines, nor twice on one, are there running processes of pods of a StatefulSet with one name."""
    alive = Counter(
        name_of(sandbox).rpartition(".")[0]
        for sandbox in cluster.objects("PodSandbox")
        if name_of(sandbox).startswith("db-")
        and any(each["state"] == "running" for each in (sandbox["status"].get("containers") or {}).values())
    )
    assert not [name for name, count in alive.items() if count > 1], f"lives twice: {alive}"


def no_eviction_beyond_the_budget(changes: tuple[Change, ...]) -> None:
    """Who was ready and was evicted was counted before, and was allowed."""
    allowed: dict[Ref, int] = {}
    for change in changes:
        if change.ref.kind == "PodDisruptionBudget" and change.old is not None and change.new is not None:
            allowed.setdefault(change.ref, change.old["status"]["disruptionsAllowed"])
            assert change.new["status"]["disruptionsAllowed"] >= 0
    gone = {
        change.ref
        for change in changes
        if change.ref.kind == "Pod" and change.old is not None and guarded_and_ready(change.old) and not_before(change)
    }
    assert len(gone) <= sum(allowed.values()), f"evicted beyond the budget: {sorted(gone)}"


def guarded_and_ready(pod: Obj) -> bool:
    return pod["metadata"].get("labels", {}).get("app") == "web" and podlib.is_ready(pod) and not is_terminating(pod)


def not_before(change: Change) -> bool:
    return change.new is None or is_terminating(change.new)
