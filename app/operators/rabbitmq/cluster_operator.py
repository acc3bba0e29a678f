"""rabbitmq-cluster-operator: makes of each RabbitmqCluster the objects that run one, and says how it is.

It runs in the pod of its Deployment, and compares what is wanted with what is, as the built-in loops do: services,
secrets, configuration and a StatefulSet (builders.py), then what is left to do once all servers run. It elects nobody
and moves no message: that the servers do among themselves (servers.py). It refuses what would lose messages: fewer
servers, smaller disks (sizes.py).
Models the RabbitmqClusterReconciler of RabbitMQ's cluster-operator 2.22.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.api import times
from app.api.messages import N_, Message, message
from app.api.objects import (
    Obj,
    Ref,
    annotations_of,
    get_path,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
    with_metadata,
)  # fmt: skip
from app.api.quorum_queues import RABBITMQ_CLUSTER
from app.component_helpers.slices import by_service
from app.operators.rabbitmq import builders, conditions, sayings, sizes
from app.operators.rabbitmq.conditions import Verdict
from app.operators.rabbitmq.sizes import ClusterSeen
from app.reconcile import (
    BACKGROUND,
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Difference,
    Patch,
    PodProgram,
    Reader,
    RequeueAfter,
    Update,
    itself,
    owns,
)

FINALIZER = "deletion.finalizers.rabbitmqclusters.rabbitmq.com"
PAUSE = "rabbitmq.com/pauseReconciliation"
CONF_UPDATED, RESTARTED = "rabbitmq.com/serverConfUpdatedAt", "rabbitmq.com/lastRestartAt"
PLUGINS_UPDATED, CREATED = "rabbitmq.com/pluginsUpdatedAt", "rabbitmq.com/createdAt"
REBALANCE, VERSION, ERLANG = (
    "rabbitmq.com/queueRebalanceNeededAt", "rabbitmq.com/rabbitmq-version", "rabbitmq.com/erlang-version"
)  # fmt: skip
_ERLANG = "27.3.4"
_LOOK_AGAIN_MS, _LABELS_MS, _PLUGINS_MS = 15_000, 200, 2_000
_OWNED = ("StatefulSet", "ConfigMap", "Service", "Role", "RoleBinding", "ServiceAccount", "Secret")
_PART_OF = ("app.kubernetes.io/part-of", "rabbitmq")


class RabbitmqClusterOperator(Controller[ClusterSeen]):
    name = "rabbitmq-cluster-operator"
    component = "rabbitmqcluster-controller"
    title = N_("RabbitMQ operator")
    subject = N_("The RabbitMQ operator")
    lane = 6
    reconciles = RABBITMQ_CLUSTER
    runs_in = PodProgram("cluster-operator")
    is_trusted = False
    says = sayings.OPERATOR
    labels = {"owned": N_("what belongs to it"), "servers": N_("what its servers answer"), "claims": N_("its disks")}

    def __init__(self) -> None:
        of = {"cluster": _cluster_label}
        self.wakes = (itself(RABBITMQ_CLUSTER), *(owns(kind, RABBITMQ_CLUSTER) for kind in _OWNED))
        self.reads = (
            *(Cache(kind, selects=_is_part) for kind in _OWNED),
            Cache("EndpointSlice", indexes={"service": by_service}),
            Cache("Pod", selects=_is_part, indexes=of),
            Cache("PersistentVolumeClaim", selects=_is_part, indexes=of),
            Cache("RabbitServer", sees=_answers_differently, indexes={"cluster": _cluster_named}),
        )

    def observe(self, key: Ref, reader: Reader) -> ClusterSeen | None:
        cluster = reader.get(key)
        if cluster is None:
            return None
        where = (key.namespace, key.name)
        wanted = [ref_of(each) for each in builders.wanted(cluster)]
        owned = {ref: found for ref in wanted if (found := reader.get(ref)) is not None}
        return ClusterSeen(
            cluster, owned, reader.by("EndpointSlice", "service", where), reader.by("Pod", "cluster", where),
            reader.by("PersistentVolumeClaim", "cluster", where), reader.by("RabbitServer", "cluster", where),
            reader.now_ms,
        )  # fmt: skip

    @staticmethod
    def saw(seen: ClusterSeen) -> Message:
        stateful_set = seen.stateful_set
        ready = conditions.ready_replicas(stateful_set) if stateful_set is not None else 0
        text = N_("%(who)s looks at %(name)s; servers that are ready: %(n)s of %(all)s.")
        return message(text, name=name_of(seen.cluster), n=ready, all=builders.replicas(seen.cluster))

    def diff(self, seen: ClusterSeen) -> Iterable[Difference]:
        if is_terminating(seen.cluster):
            return _lets_go(seen)
        if labels_of(seen.cluster).get(PAUSE) == "true":
            return _paused(seen)
        return _sync(seen)


def _sync(seen: ClusterSeen) -> Iterator[Difference]:
    cluster, about = seen.cluster, ref_of(seen.cluster)
    if not builders.spec_of(cluster).get("image"):
        patch = Patch(about, {"spec": {"image": builders.IMAGE}})
        yield Difference(about, "spec.image", builders.IMAGE, "", "ImageNotGiven", (patch,))
        return
    if FINALIZER not in (cluster["metadata"].get("finalizers") or ()):
        finalizers = [*(cluster["metadata"].get("finalizers") or ()), FINALIZER]
        yield Difference(
            about, "metadata.finalizers", FINALIZER, "", "FinalizerMissing",
            (Patch(about, {"metadata": {"finalizers": finalizers}}),),
        )  # fmt: skip
    *before, stateful_set = builders.wanted(cluster)
    gaps = [gap for wanted in before for gap in _object(seen, wanted)]
    refused = sizes.refusal(seen)
    if refused is not None:
        yield from gaps
        yield from _status(seen, refused)
        return
    gaps += sizes.about_zero(seen)
    gaps += [*sizes.storage(seen)] or [*_object(seen, stateful_set), *_restart(seen)]
    yield from gaps
    later = [*_after_deploy(seen)] if not gaps else []
    yield from later
    finished = not gaps and not later and seen.stateful_set is not None
    yield from _status(seen, Verdict("True", "Success", "Finish reconciling") if finished else None)


# ------------------------------------------------------------------------------------------ what belongs to it


def _object(seen: ClusterSeen, wanted: Obj) -> Iterator[Difference]:
    """It is made, or made to be what is wanted; the words of the Events are the operator's own."""
    ref = ref_of(wanted)
    found, cluster = seen.owned.get(ref), seen.cluster
    what = f"resource {ref.name} of Type *v1.{ref.bare_kind}"
    if found is None:
        if ref.kind == "StatefulSet":
            wanted = with_metadata(wanted, annotations={CREATED: times.rfc3339(seen.now_ms)})
        told = Announce(cluster, "Normal", "SuccessfulCreate", f"created {what}")
        failed = Announce(cluster, "Warning", "FailedCreate", f"failed to create {what}: {{error}}")
        yield Difference(ref, "exists", True, False, "ObjectMissing", (Create(wanted, told, failed),))
        return
    new = builders.overlaid(found, _changeable(found, wanted))
    if new == found:
        return
    new = _stamped(found, new, seen.now_ms)
    told = Announce(cluster, "Normal", "SuccessfulUpdate", f"updated {what}")
    failed = Announce(cluster, "Warning", "FailedUpdate", f"failed to update {what}: {{error}}")
    yield Difference(ref, "spec", "as wanted", "differs", "ObjectDiffers", (Update(new, told, failed),))


def _changeable(found: Obj, wanted: Obj) -> Obj:
    """Without what is drawn once, or may not change."""
    if wanted["kind"] == "Secret":
        return {key: value for key, value in wanted.items() if key in ("metadata",)}
    if wanted["kind"] != "StatefulSet":
        return wanted
    fixed = ("volumeClaimTemplates", "serviceName", "selector", "podManagementPolicy")
    return {**wanted, "spec": {key: value for key, value in wanted["spec"].items() if key not in fixed}}


def _stamped(found: Obj, new: Obj, now_ms: int) -> Obj:
    """A configuration that changed says when, for the restart and for the plugins."""
    name = name_of(new)
    if new["kind"] == "ConfigMap" and _without_hint(found) != _without_hint(new):
        mark = PLUGINS_UPDATED if name.endswith("-plugins-conf") else CONF_UPDATED
        return with_metadata(new, annotations={**annotations_of(new), mark: times.rfc3339(now_ms)})
    return new


def _without_hint(found: Obj) -> dict[str, str]:
    """More servers are no reason to restart those that run."""
    data: Mapping[str, str] = found.get("data") or {}
    return {
        key: "\n".join(line for line in text.splitlines() if builders.HINT not in line) for key, text in data.items()
    }


def _restart(seen: ClusterSeen) -> Iterator[Difference]:
    conf, stateful_set = seen.find("ConfigMap", "server-conf"), seen.stateful_set
    if conf is None or stateful_set is None:
        return
    updated = annotations_of(conf).get(CONF_UPDATED, "")
    restarted = get_path(stateful_set, "spec.template.metadata.annotations", {}).get(RESTARTED, "")
    if not updated or restarted > updated:
        return
    if times.rfc3339(seen.now_ms) == updated:  # within one second it could not be told which was first
        wait = RequeueAfter(1_000, "a second that is over")
        yield Difference(ref_of(conf), "restartedAt", updated, restarted, "ConfigurationOlder", (wait,))
        return
    ref = ref_of(stateful_set)
    told = Announce(seen.cluster, "Normal", "SuccessfulUpdate", f"restarted StatefulSet {ref.name}")
    patch = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: times.rfc3339(seen.now_ms)}}}}}
    yield Difference(ref, "restartedAt", updated, restarted, "ConfigurationOlder", (Patch(ref, patch, announce=told),))


# ------------------------------------------------------------------------------------------ after the deployment


def _after_deploy(seen: ClusterSeen) -> Iterator[Difference]:
    stateful_set, about = seen.stateful_set, ref_of(seen.cluster)
    if stateful_set is None:
        return
    notes, status = annotations_of(seen.cluster), stateful_set.get("status") or {}
    updating = status.get("currentRevision") != status.get("updateRevision")
    skips = builders.spec_of(seen.cluster).get("skipPostDeploySteps", False)
    if updating and not skips and builders.replicas(seen.cluster) > 1 and REBALANCE not in notes:
        note = Patch(about, {"metadata": {"annotations": {REBALANCE: times.rfc3339(seen.now_ms)}}})
        yield Difference(about, "queues", "spread", "unknown", "QueuesMoved", (note,))
    ready = conditions.ready_replicas(stateful_set)
    if updating or ready != stateful_set["spec"].get("replicas", 1):
        wait = RequeueAfter(_LOOK_AGAIN_MS, "servers that are not ready")
        wanted = stateful_set["spec"].get("replicas", 1)
        yield Difference(about, "status.readyReplicas", wanted, ready, "PodsNotReady", (wait,), pace=BACKGROUND)
        return
    version = builders.image(seen.cluster).rpartition(":")[2].partition("-")[0]
    if ready and (notes.get(VERSION), notes.get(ERLANG)) != (version, _ERLANG):
        note = Patch(about, {"metadata": {"annotations": {VERSION: version, ERLANG: _ERLANG}}})
        yield Difference(about, "version", version, notes.get(VERSION, ""), "VersionNotNoted", (note,))
    yield from _steps(seen, stateful_set)


def _steps(seen: ClusterSeen, stateful_set: Obj) -> Iterator[Difference]:
    """rabbitmq-plugins set, enable_feature_flag all, rabbitmq-queues rebalance all: each once, by an annotation."""
    for obj, mark in (
        (seen.find("ConfigMap", "plugins-conf"), PLUGINS_UPDATED),
        (stateful_set, CREATED),
        (seen.cluster, REBALANCE),
    ):
        since = annotations_of(obj).get(mark) if obj is not None else None
        if obj is None or since is None:
            continue
        ref = ref_of(obj)
        action: Action = Patch(ref, {"metadata": {"annotations": {mark: None}}})
        if mark == PLUGINS_UPDATED and seen.now_ms < times.parse(since) + _PLUGINS_MS:
            action = RequeueAfter(times.parse(since) + _PLUGINS_MS - seen.now_ms, "plugins that changed just now")
        yield Difference(ref, "steps", "done", "to do", "StepsAfterDeploy", (action,))


# ------------------------------------------------------------------------------------------ status, and the end


def _status(seen: ClusterSeen, success: Verdict | None) -> Iterator[Difference]:
    old: dict[str, Any] = seen.cluster.get("status") or {}
    stateful_set, name = seen.stateful_set, name_of(seen.cluster)
    new = old
    for type_, verdict in (
        (conditions.ALL_READY, conditions.all_ready(stateful_set)),
        (conditions.AVAILABLE, conditions.available(seen.slices)),
        (conditions.NO_WARNINGS, conditions.no_warnings(stateful_set)),
        (conditions.SUCCESS, success or _before(old)),
    ):
        new = conditions.with_condition(new, type_, verdict, seen.now_ms)
    if success is None or success.status == "True":
        user = {"name": f"{name}-default-user", "namespace": namespace_of(seen.cluster)}
        keys = {"username": "username", "password": "password"}
        service = {"name": name, "namespace": namespace_of(seen.cluster)}
        new = {**new, "defaultUser": {"secretReference": {**user, "keys": keys}, "serviceReference": service}}
        new = {**new, "binding": {"name": f"{name}-default-user"}}
        new["quorumStatus"] = conditions.quorum_status(seen.slices, seen.servers)
    if success is not None and success.status == "True":
        new["observedGeneration"] = seen.cluster["metadata"].get("generation", 1)
    if new == old:
        return
    refused = success is not None and success.status == "False" and _before(old)[:3] != success
    told = _told_of(seen.cluster, success) if refused and success is not None else None
    about = ref_of(seen.cluster)
    patch = Patch(about, {"status": new}, subresource="status", announce=told)
    reason = _refusal_said(success) if refused and success is not None else "StatusOutdated"
    yield Difference(about, "status", "as seen", "older", reason, (patch,))


def _refusal_said(success: Verdict) -> str:
    return "StorageCannotShrink" if success.reason == "FailedReconcilePVC" else "UnsupportedOperation"


def _told_of(cluster: Obj, refusal: Verdict) -> Announce:
    if refusal.reason == "FailedReconcilePVC":
        text = f"Failed to scale PVCs: {refusal.message}"
        return Announce(cluster, "Warning", "FailedReconcilePersistence", text)
    return Announce(cluster, "Warning", refusal.reason, refusal.message)


def _before(status: Mapping[str, Any]) -> Verdict:
    """What ReconcileSuccess says so far."""
    for each in status.get("conditions") or ():
        if each["type"] == conditions.SUCCESS:
            return Verdict(each["status"], each.get("reason", ""), each.get("message", ""))
    return Verdict("Unknown", "Initialising")


def _paused(seen: ClusterSeen) -> Iterator[Difference]:
    old: dict[str, Any] = seen.cluster.get("status") or {}
    verdict = Verdict("False", "reconciliation paused")
    new = conditions.with_condition(old, conditions.NO_WARNINGS, verdict, seen.now_ms)
    if new != old:
        about = ref_of(seen.cluster)
        told = Announce(seen.cluster, "Warning", "PausedReconciliation", f"label '{PAUSE}' is set to true")
        patch = Patch(about, {"status": new}, subresource="status", announce=told)
        yield Difference(about, "metadata.labels", "not paused", "paused", "ReconciliationPaused", (patch,))


def _lets_go(seen: ClusterSeen) -> Iterator[Difference]:
    """Its pods are told not to wait for each other, then it may go, and they with it."""
    finalizers = seen.cluster["metadata"].get("finalizers") or []
    if FINALIZER not in finalizers:
        return
    waiting = [pod for pod in seen.pods if builders.SKIP_CHECKS not in labels_of(pod)]
    for pod in waiting:
        ref = ref_of(pod)
        patch = Patch(ref, {"metadata": {"labels": {builders.SKIP_CHECKS: "true"}}}, uid=uid_of(pod))
        again = RequeueAfter(_LABELS_MS, "labels")
        yield Difference(ref, f"labels.{builders.SKIP_CHECKS}", "true", "", "ChecksInTheWay", (patch, again))
    if not waiting:
        about = ref_of(seen.cluster)
        patch = Patch(about, {"metadata": {"finalizers": [each for each in finalizers if each != FINALIZER] or None}})
        yield Difference(about, "metadata.finalizers", "", FINALIZER, "ClusterGoes", (patch,))


# ------------------------------------------------------------------------------------------ what it watches


def _answers_differently(old: Obj, new: Obj) -> bool:
    before, after = old.get("status") or {}, new.get("status") or {}
    return any(before.get(name) != after.get(name) for name in ("place", "critical"))


def _is_part(obj: Obj) -> bool:
    key, value = _PART_OF
    return labels_of(obj).get(key) == value


def _cluster_label(obj: Obj) -> list[tuple[str, str]]:
    name = labels_of(obj).get("app.kubernetes.io/name")
    return [(namespace_of(obj), name)] if name else []


def _cluster_named(server: Obj) -> list[tuple[str, str]]:
    return [(namespace_of(server), server["spec"]["cluster"])]
