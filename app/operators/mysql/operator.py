"""mysql-operator: the loop that knows what an expert for MySQL knows.

It makes of an InnoDBCluster what that needs (objects.py), finds out how the servers are (diagnosis.py), and takes them
into the group, brings them back, forces a quorum or starts the group again (handling.py). Who is primary decide the
servers themselves: the operator only writes it down as a label. It runs in a pod (`runs_in`), and what it remembers is
gone with that pod. Models the controller of mysql-operator 2.2.2 (`mysqloperator/controller/innodbcluster`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.api import times
from app.api.messages import N_, Message, message
from app.api.mysql_groups import INNODB_CLUSTER, MYSQL_GROUP, group_ref
from app.api.objects import Obj, Ref, annotations_of, is_terminating, labels_of, name_of, namespace_of, ref_of
from app.operators.mysql import diagnosis, objects, sayings, views
from app.operators.mysql.handling import ClusterSeen, Handling, Memory
from app.operators.mysql.objects import CLUSTER_FINALIZER, CLUSTER_LABEL, CREATED_BY
from app.operators.mysql.places import group_of, runs_here
from app.reconcile import (
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Difference,
    Patch,
    Posts,
    Reader,
    Remember,
    Wake,
    itself,
)

HANDLED = "kopf.zalando.org/last-handled-configuration"
NOT_BUILT = ("initDB", "keyring", "logs", "metrics", "readReplicas")
_MADE = (
    "ConfigMap", "CronJob", "Deployment", "PodDisruptionBudget", "RoleBinding", "Secret", "Service", "ServiceAccount",
    "StatefulSet",
)  # fmt: skip


class MySQLOperator(Controller[ClusterSeen]):
    name = "mysql-operator"
    title = N_("MySQL operator")
    subject = N_("The MySQL operator")
    component = "operator"
    posts = Posts("mysqloperator-evt-", "mysql.oracle.com/mysqloperator-operator")
    lane = 4
    reconciles = INNODB_CLUSTER
    concurrency = 0
    runs_in = objects.PROGRAM
    sleeps = True
    says = sayings.OPERATOR

    def __init__(self) -> None:
        self.wakes = (
            itself(INNODB_CLUSTER),
            Wake("Pod", _cluster_of),
            Wake(MYSQL_GROUP, lambda obj, reader: (_of_group(obj),)),
        )
        self.reads = (
            Cache("Pod", selects=_is_server_pod, indexes={"cluster": _clusters_of}),
            Cache(MYSQL_GROUP, sees=_noticed),
            Cache("PodSandbox", selects=runs_here, indexes={"group": _groups_of}),
            Cache("Machine"),
            *(Cache(kind, selects=_is_part) for kind in _MADE),
        )

    def observe(self, key: Ref, reader: Reader) -> ClusterSeen | None:
        cluster = reader.get(key)
        if cluster is None:
            return None
        group = group_ref(key.namespace, key.name)
        wanted = [ref_of(each) for each in objects.all_of(cluster)]
        there = {ref: found for ref in wanted if (found := reader.get(ref)) is not None}
        pods = sorted(reader.by("Pod", "cluster", key), key=name_of)
        sandboxes = reader.by("PodSandbox", "group", group)
        names = sorted({each["spec"]["nodeName"] for each in sandboxes})
        machines = [each for name in names if (each := reader.get(Ref("Machine", "", name))) is not None]
        memory = reader.remembered() or Memory()
        asked = reader.live_get(group)
        return ClusterSeen(cluster, pods, there, asked, sandboxes, machines, memory, reader.now_ms)

    @staticmethod
    def saw(seen: ClusterSeen) -> Message:
        found = Handling(seen).diagnosis
        text = N_("%(who)s asks the servers of %(name)s: %(n)s are ONLINE.")
        return message(text, name=name_of(seen.cluster), n=found.online)

    def diff(self, seen: ClusterSeen) -> Iterable[Difference]:
        if is_terminating(seen.cluster):
            return _take_down(seen)
        if refused := _refused(seen.cluster):
            return _refuse(seen, refused)
        if CREATED_BY not in annotations_of(seen.cluster):
            return _create(seen)
        return _look_after(seen)


# ---------------------------------------------------------------------------------------------------- creation


def _create(seen: ClusterSeen) -> Iterator[Difference]:
    """Look first, create what is missing; what is missing later stays so."""
    cluster = seen.cluster
    missing = [each for each in objects.all_of(cluster) if ref_of(each) not in seen.there]
    for wanted in missing:
        failed = Announce(cluster, "Warning", "CreateResourceFailed", "{error}", "CreateCluster")
        yield Difference(ref_of(wanted), "exists", True, False, "ObjectMissing", (Create(wanted, on_error=failed),))
    if missing:
        return
    text = "Dependency resources created, switching status to PENDING"
    told = Announce(cluster, "Normal", "ResourcesCreated", text, "CreateCluster")
    first = {"status": diagnosis.PENDING, "onlineInstances": 0, "lastProbeTime": times.rfc3339(seen.now_ms)}
    marks = {"annotations": {CREATED_BY: objects.OPERATOR_VERSION, HANDLED: _handled(cluster)}}
    actions = (
        Patch(ref_of(cluster), {"metadata": marks}),
        Patch(ref_of(cluster), {"status": {"cluster": first}}, subresource="status", announce=told),
    )
    yield Difference(ref_of(cluster), "status.cluster", diagnosis.PENDING, "", "ClusterCreated", actions)
    yield from _not_built(cluster, {})


def _not_built(cluster: Obj, before: Mapping[str, Any]) -> Iterator[Difference]:
    """Fields of Oracle's schema of which nothing is made here: whoever asks for one is told so. `before`: the spec."""
    for field in NOT_BUILT:
        wanted = cluster["spec"].get(field)
        if wanted and wanted != before.get(field):
            text = f"Loopscope does not build spec.{field}: nothing comes of it"
            told = Announce(cluster, "Warning", "NotBuilt", text, "CreateCluster")
            yield Difference(ref_of(cluster), f"spec.{field}", field, "", "NotBuilt", (told,))


def _refused(cluster: Obj) -> str:
    """What is wrong with its declaration; "": nothing."""
    version = objects.version_of(cluster)
    least, most = objects.LEAST_VERSION, objects.DEFAULT_VERSION
    if views.version_key(least) <= views.version_key(version) <= views.version_key(most):
        return ""
    return f"version {version} must be between {least} and {most}"


def _refuse(seen: ClusterSeen, refused: str) -> Iterator[Difference]:
    """It is told once, and left as it is until the declaration is edited."""
    if seen.memory.refused == refused:
        return
    cluster, is_new = seen.cluster, CREATED_BY not in annotations_of(seen.cluster)
    actions: list[Action] = [Announce(cluster, "Error", "InvalidArgument", refused, "CreateCluster")]
    if is_new:
        status = {"status": diagnosis.INVALID, "onlineInstances": 0, "lastProbeTime": times.rfc3339(seen.now_ms)}
        actions.append(Patch(ref_of(cluster), {"status": {"cluster": status}}, subresource="status"))
    actions.append(Remember(Memory(seen.memory.restarts, (), "", 0, seen.memory.order, refused)))
    known = f"{objects.LEAST_VERSION} to {objects.DEFAULT_VERSION}"
    yield Difference(
        ref_of(cluster), "spec.version", known, objects.version_of(cluster), "VersionRefused", tuple(actions)
    )


# --------------------------------------------------------------------------------------------------- its life


def _look_after(seen: ClusterSeen) -> Iterator[Difference]:
    yield from _edited(seen)
    handling = Handling(seen)
    yield from handling.differences()
    yield from handling.remembered()


def _handled(cluster: Obj) -> str:
    return json.dumps({"spec": cluster["spec"]}, sort_keys=True, separators=(",", ":"))


def _edited(seen: ClusterSeen) -> Iterator[Difference]:
    """Fields that have a handler. `podSpec` has none: an edit of it changes nothing, and nobody is told."""
    cluster, marks = seen.cluster, annotations_of(seen.cluster)
    new = _handled(cluster)
    if marks.get(HANDLED) == new or "createTime" not in (cluster.get("status") or {}):
        return
    old = {**cluster, "spec": json.loads(marks[HANDLED])["spec"]}
    servers, routers = objects.server_set(cluster), objects.router_deployment(cluster)
    now = times.rfc3339(seen.now_ms)
    if servers in seen.there:
        yield from _patched(servers, _server_patch(old, cluster, seen.there[servers], now), old, cluster)
    if routers in seen.there:
        yield from _patched(routers, _router_patch(old, cluster, seen.there[routers], now), old, cluster)
    patch = Patch(ref_of(cluster), {"metadata": {"annotations": {HANDLED: new}}})
    yield Difference(ref_of(cluster), "spec", "handled", "edited", "SpecEdited", (patch,))
    yield from _not_built(cluster, old["spec"])


def _patched(about: Ref, patch: dict[str, Any], old: Obj, new: Obj) -> Iterator[Difference]:
    if patch:
        desired, observed = _facts(new), _facts(old)
        yield Difference(about, "spec", desired, observed, "SpecEdited", (Patch(about, {"spec": patch}),))


def _facts(cluster: Obj) -> dict[str, Any]:
    routers, instances = objects.routers_of(cluster), objects.instances_of(cluster)
    return {"version": objects.version_of(cluster), "instances": instances, "routers": routers}


def _server_patch(old: Obj, new: Obj, stateful_set: Obj, now: str) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    if objects.instances_of(old) != objects.instances_of(new):
        patch["replicas"] = objects.instances_of(new)
    image = objects.image(new, "server", objects.version_of(new))
    if objects.image(old, "server", objects.version_of(old)) != image:
        patch["template"] = _with_image(stateful_set, ("mysql", "initmysql"), image, now)
    return patch


def _router_patch(old: Obj, new: Obj, deployment: Obj, now: str) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    if objects.routers_of(old) != objects.routers_of(new):
        patch["replicas"] = objects.routers_of(new)
    version = (new["spec"].get("router") or {}).get("version") or objects.version_of(new)
    image = objects.image(new, "router", version)
    if deployment["spec"]["template"]["spec"]["containers"][0]["image"] != image:
        patch["template"] = _with_image(deployment, ("router",), image, now)
    return patch


def _with_image(workload: Obj, names: tuple[str, ...], image: str, now: str) -> dict[str, Any]:
    pod = workload["spec"]["template"]["spec"]
    changed = {
        field: [{**each, "image": image} if each["name"] in names else each for each in pod[field]]
        for field in ("initContainers", "containers")
        if pod.get(field)
    }
    return {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}, "spec": changed}


# ---------------------------------------------------------------------------------------------------- deletion


def _take_down(seen: ClusterSeen) -> Iterator[Difference]:
    """Routers first, then the servers, and at last its own finalizer."""
    cluster, about = seen.cluster, ref_of(seen.cluster)
    old = ((cluster.get("status") or {}).get("cluster") or {}).get("status")
    if old not in (diagnosis.FINALIZING, None):
        status = {"status": diagnosis.FINALIZING, "onlineInstances": Handling(seen).diagnosis.online}
        patch = Patch(about, {"status": {"cluster": status}}, subresource="status")
        yield Difference(about, "status.cluster", diagnosis.FINALIZING, old, "StatusOutdated", (patch,))
    for ref in (objects.router_deployment(cluster), objects.server_set(cluster)):
        if ref in seen.there and seen.there[ref]["spec"]["replicas"]:
            patch = Patch(ref, {"spec": {"replicas": 0}})
            yield Difference(ref, "spec.replicas", 0, seen.there[ref]["spec"]["replicas"], "ClusterDeleted", (patch,))
    handling = Handling(seen)
    yield from handling.goings()
    finalizers = cluster["metadata"].get("finalizers") or ()
    if not seen.pods and CLUSTER_FINALIZER in finalizers:
        kept = [each for each in finalizers if each != CLUSTER_FINALIZER]
        patch = Patch(about, {"metadata": {"finalizers": kept}})
        yield Difference(about, "metadata.finalizers", kept, list(finalizers), "ClusterDeleted", (patch,))


# ------------------------------------------------------------------------------------------ what it watches


def _is_server_pod(pod: Obj) -> bool:
    return labels_of(pod).get("component") == "mysqld" and CLUSTER_LABEL in labels_of(pod)


def _is_part(obj: Obj) -> bool:
    return CLUSTER_LABEL in labels_of(obj)


def _clusters_of(pod: Obj) -> tuple[Ref]:
    return (Ref(INNODB_CLUSTER, namespace_of(pod), labels_of(pod).get(CLUSTER_LABEL, "")),)


def _cluster_of(pod: Obj, reader: Reader) -> tuple[Ref]:
    return _clusters_of(pod)


def _of_group(group: Obj) -> Ref:
    return Ref(INNODB_CLUSTER, namespace_of(group), name_of(group))


def _groups_of(sandbox: Obj) -> tuple[Ref]:
    return (group_ref(namespace_of(sandbox), group_of(sandbox)),)


def _noticed(old: Obj, new: Obj) -> bool:
    """A notice of a changed view comes over a connection to a server. Silence among them does not."""
    return _news(old) != _news(new)


def _news(group: Obj) -> list[Any]:
    servers = (group.get("status") or {}).get("servers") or {}
    found = [each["member"]["view"] for each in servers.values() if "view" in (each.get("member") or {})]
    return [view for at, view in enumerate(found) if view not in found[:at]]
