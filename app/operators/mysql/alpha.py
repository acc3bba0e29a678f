"""mysql-operator-v1alpha1: the MySQL operator of 2018, for contrast.

It is level-based and knows little: a Cluster is one headless Service and one StatefulSet, and both are put right
whenever it looks. What an expert knows is in the agents beside the servers (agents.py), who look every 15 s. Models the
operator github.com/oracle/mysql-operator 0.3.0 (`pkg/controllers/cluster`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.api import conditions
from app.api.messages import N_, Message, message
from app.api.mysql_groups import ALPHA_CLUSTER, ALPHA_CLUSTER_LABEL, mysql_group
from app.api.objects import Obj, Ref, is_terminating, labels_of, name_of, namespace_of, owned, ref_of, uid_of
from app.operators.mysql import sayings
from app.reconcile import (
    BACKGROUND,
    Announce,
    Cache,
    Controller,
    Create,
    Difference,
    Patch,
    PodProgram,
    Reader,
    Wake,
    itself,
)

_MEMBERS, _VERSION = 3, "8.0.12"
_MADE = ("Secret", "Service", "StatefulSet")


@dataclass(frozen=True, slots=True)
class AlphaSeen:
    cluster: Obj
    there: Mapping[Ref, Obj]
    now_ms: int


class AlphaOperator(Controller[AlphaSeen]):
    name = "mysql-operator-v1alpha1"
    title = N_("MySQL operator of 2018")
    subject = N_("The MySQL operator of 2018")
    component = "mysql-operator"
    lane = 7
    reconciles = ALPHA_CLUSTER
    runs_in = PodProgram("mysql-operator")
    sleeps = True
    says = sayings.ALPHA

    def __init__(self) -> None:
        self.wakes = (itself(ALPHA_CLUSTER), *(Wake(kind, _cluster_of) for kind in _MADE))
        self.reads = tuple(Cache(kind, selects=_is_part) for kind in _MADE)

    def observe(self, key: Ref, reader: Reader) -> AlphaSeen | None:
        cluster = reader.get(key)
        if cluster is None:
            return None
        wanted = [ref_of(each) for each in _all_of(cluster)]
        there = {ref: found for ref in wanted if ref.kind in _MADE and (found := reader.get(ref)) is not None}
        groups = {ref_of(each): each for each in reader.live("MySQLGroup", key.namespace)}
        there |= {ref: groups[ref] for ref in wanted if ref in groups}
        return AlphaSeen(cluster, there, reader.now_ms)

    @staticmethod
    def saw(seen: AlphaSeen) -> Message:
        text = N_("%(who)s looks at %(name)s: %(n)s of its parts are there.")
        return message(text, name=name_of(seen.cluster), n=len(seen.there))

    def diff(self, seen: AlphaSeen) -> Iterator[Difference]:
        cluster, about = seen.cluster, ref_of(seen.cluster)
        if is_terminating(cluster):
            return
        for wanted in _all_of(cluster):
            if ref_of(wanted) not in seen.there:
                yield Difference(ref_of(wanted), "exists", True, False, "PartMissing", (Create(wanted),))
        stateful_set = seen.there.get(Ref("StatefulSet", about.namespace, about.name))
        if stateful_set is None:
            return
        members, replicas = _members(cluster), stateful_set["spec"]["replicas"]
        if members != replicas:
            patch = Patch(ref_of(stateful_set), {"spec": {"replicas": members}})
            yield Difference(ref_of(stateful_set), "spec.replicas", members, replicas, "MembersDiffer", (patch,))
        yield from _status(seen, (stateful_set.get("status") or {}).get("readyReplicas", 0), members)
        told = Announce(cluster, "Normal", "Synced", "Cluster synced successfully")
        yield Difference(about, "parts", "in sync", "in sync", "ClusterSynced", (told,), pace=BACKGROUND)


def _status(seen: AlphaSeen, ready: int, members: int) -> Iterable[Difference]:
    """Of quorum it knows nothing: it counts pods that are ready."""
    old = (seen.cluster.get("status") or {}).get("conditions") or []
    wanted: conditions.Condition = {"type": "Ready", "status": str(ready == members)}
    new = conditions.with_condition(old, wanted, seen.now_ms)
    if new is not old:
        about = ref_of(seen.cluster)
        patch = Patch(about, {"status": {"conditions": new}})
        yield Difference(about, "status.Ready", ready == members, f"{ready}/{members}", "StatusOutdated", (patch,))


def _members(cluster: Obj) -> int:
    return int((cluster.get("spec") or {}).get("members", _MEMBERS))


def _all_of(cluster: Obj) -> list[Obj]:
    namespace, name, spec = namespace_of(cluster), name_of(cluster), cluster.get("spec") or {}
    group = mysql_group(namespace, name)
    made = [
        _object(cluster, "v1", "Service", name, spec={
            "clusterIP": "None", "publishNotReadyAddresses": True, "selector": {ALPHA_CLUSTER_LABEL: name},
            "ports": [{"name": "mysql", "port": 3306}],
        }),
        {**group, "spec": {**group["spec"], "agents": True, "multi": bool(spec.get("multiMaster"))}},
        _object(cluster, "apps/v1", "StatefulSet", name, spec=_stateful_set(cluster)),
    ]  # fmt: skip
    if "rootPasswordSecret" in spec:
        return made
    password = hashlib.sha256(f"{uid_of(cluster)}/root".encode()).hexdigest()[:16]
    return [_object(cluster, "v1", "Secret", f"{name}-root-password", stringData={"password": password}), *made]


def _object(cluster: Obj, version: str, kind: str, name: str, **parts: Any) -> Obj:
    return owned(cluster, version, kind, name, {ALPHA_CLUSTER_LABEL: name_of(cluster)}, **parts)


def _stateful_set(cluster: Obj) -> dict[str, Any]:
    name, spec = name_of(cluster), cluster.get("spec") or {}
    containers = [
        {"name": "mysql", "image": f"mysql/mysql-server:{spec.get('version', _VERSION)}",
         "ports": [{"containerPort": 3306}], "volumeMounts": [{"name": "datadir", "mountPath": "/var/lib/mysql"}]},
        {"name": "mysql-agent", "image": "iad.ocir.io/oracle/mysql-agent:0.3.0", "args": ["--v=4"]},
    ]  # fmt: skip
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {
        "serviceName": name,
        "replicas": _members(cluster),
        "selector": {"matchLabels": {ALPHA_CLUSTER_LABEL: name}},
        "template": {"metadata": {"labels": {ALPHA_CLUSTER_LABEL: name}}, "spec": {"containers": containers}},
        "volumeClaimTemplates": [{"metadata": {"name": "datadir"}, "spec": claim}],
    }


def _is_part(obj: Obj) -> bool:
    return ALPHA_CLUSTER_LABEL in labels_of(obj)


def _cluster_of(obj: Obj, reader: Reader) -> tuple[Ref]:
    return (Ref(ALPHA_CLUSTER, namespace_of(obj), labels_of(obj)[ALPHA_CLUSTER_LABEL]),)
