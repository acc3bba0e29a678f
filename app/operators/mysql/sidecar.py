"""mysql-sidecar: what the second container of each server's pod does: it says when the server is prepared.

That opens the first of the pod's two readiness gates; the operator, who opens the other, begins with a server then.
One loop stands for all sidecars, as one lane does for all kubelets. Models the sidecar of
mysql-operator 2.2.2 (`mysqloperator/sidecar_main.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import conditions
from app.api.messages import N_, Message, message
from app.api.mysql_groups import MYSQL_GROUP, group_ref
from app.api.objects import Obj, Ref, is_terminating, labels_of, name_of, namespace_of, ref_of, uid_of
from app.operators.mysql import sayings
from app.operators.mysql.objects import CLUSTER_LABEL, CONFIGURED
from app.reconcile import Cache, Controller, Difference, Patch, Reader, Wake, itself


@dataclass(frozen=True, slots=True)
class SidecarsSeen:
    group: Obj
    pods: Sequence[Obj]
    now_ms: int


class MySQLSidecar(Controller[SidecarsSeen]):
    name = "mysql-sidecar"
    title = N_("MySQL sidecar")
    subject = N_("The sidecar of a MySQL server")
    lane = 104
    reconciles = MYSQL_GROUP
    concurrency = 0
    sleeps = True
    says = sayings.SIDECAR

    def __init__(self) -> None:
        self.wakes = (itself(MYSQL_GROUP), Wake("Pod", _group_of))
        self.reads = (
            Cache(MYSQL_GROUP, sees=_started),
            Cache("Pod", selects=_is_server_pod, indexes={"group": _groups_of}),
        )

    def observe(self, key: Ref, reader: Reader) -> SidecarsSeen | None:
        group = reader.get(key)
        return None if group is None else SidecarsSeen(group, reader.by("Pod", "group", key), reader.now_ms)

    @staticmethod
    def saw(seen: SidecarsSeen) -> Message:
        running = sum("member" in each for each in _servers(seen.group).values())
        return message(N_("%(who)s looks whether it answers: %(n)s do."), n=running)

    def diff(self, seen: SidecarsSeen) -> Iterable[Difference]:
        servers = _servers(seen.group)
        for pod in seen.pods:
            known = (pod.get("status") or {}).get("conditions") or []
            server = servers.get(name_of(pod)) or {}
            runs = "member" in server and server["process"].startswith(f"{uid_of(pod)}/")
            if not runs or conditions.is_true(known, CONFIGURED) or is_terminating(pod):
                continue
            open_ = {"type": CONFIGURED, "status": "True", "lastProbeTime": None}
            status = {"status": {"conditions": conditions.with_condition(known, open_, seen.now_ms)}}
            patch = Patch(ref_of(pod), status, uid=uid_of(pod), subresource="status")
            yield Difference(ref_of(pod), "status.conditions", "configured", "not yet", "ServerPrepared", (patch,))


def _servers(group: Obj) -> Mapping[str, Mapping[str, Any]]:
    return (group.get("status") or {}).get("servers") or {}


def _started(old: Obj, new: Obj) -> bool:
    def processes(group: Obj) -> dict[str, tuple[Any, bool]]:
        return {name: (each["process"], "member" in each) for name, each in _servers(group).items()}

    return processes(old) != processes(new)


def _is_server_pod(pod: Obj) -> bool:
    return labels_of(pod).get("component") == "mysqld" and CLUSTER_LABEL in labels_of(pod)


def _groups_of(pod: Obj) -> tuple[Ref]:
    return (group_ref(namespace_of(pod), labels_of(pod).get(CLUSTER_LABEL, "")),)


def _group_of(pod: Obj, reader: Reader) -> tuple[Ref]:
    return _groups_of(pod)
