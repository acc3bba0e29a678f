"""A cluster with the MySQL operator installed, in the words of the domain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import app.operators.mysql
from app.api.mysql_groups import INNODB_CLUSTER, group_ref
from app.api.objects import Obj, Ref, labels_of, name_of
from app.cluster import Cluster
from app.commands import Apply, CrashContainer, CutNetwork, DeleteObject, PowerNode, Scale, SetWrites
from app.operators.mysql.objects import ROLE_LABEL
from tests.support.world import World

MANIFESTS = Path(app.operators.mysql.__file__).parent
INSTALL = (MANIFESTS / "install.yaml").read_text()
CLUSTER = Ref(INNODB_CLUSTER, "default", "mycluster")
OPERATOR = Ref("Deployment", "mysql-operator", "mysql-operator")
PASSWORDS = """
apiVersion: v1
kind: Secret
metadata: {name: mypwds}
stringData: {rootUser: root, rootHost: '%', rootPassword: sakila}
"""

PROFILES = """, backupProfiles: [{name: nightly, dumpInstance: {storage: {persistentVolumeClaim: {claimName: b}}}}]"""
ASKED = """
apiVersion: mysql.oracle.com/v2
kind: MySQLBackup
metadata: {name: now}
spec: {clusterName: %s, %s}
"""
ALPHA_DECLARED = "apiVersion: mysql.oracle.com/v1alpha1\nkind: Cluster\nmetadata: {name: old}\nspec: {members: %d}\n"


def alpha_up(members: int = 3) -> World:
    """A Cluster of 2018."""
    world = World()
    world.apply((MANIFESTS / "install-v1alpha1.yaml").read_text())
    world.settle()
    world.apply(ALPHA_DECLARED % members)
    world.wait(120)
    return world


def declared(instances: int = 3, more: str = "") -> str:
    spec = f"secretName: mypwds, instances: {instances}, router: {{instances: 1}}, tlsUseSelfSigned: true{more}"
    return f"apiVersion: mysql.oracle.com/v2\nkind: InnoDBCluster\nmetadata: {{name: mycluster}}\nspec: {{{spec}}}\n"


class MySQLWorld(World):
    """`paths` are the statuses that the InnoDBCluster went through since `mark`, as "ONLINE 3"."""

    def __init__(self, instances: int = 3, more: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.apply(INSTALL + "---" + PASSWORDS)
        self.settle()
        self.apply(declared(instances, more))
        self.mark()
        self.come_to_rest()

    def come_to_rest(self, seconds: int = 900) -> None:
        """Until nothing is left to do."""
        assert self.run(limit_ms=seconds * 1000).reason == "quiet"

    def mark(self) -> None:
        self.from_step, self.from_ms = self.trace.count, self.now_ms

    # what is done

    def edit(self, instances: int = 3, more: str = "") -> None:
        self.do(Apply(declared(instances, more)))

    def crash_server(self, *pods: str) -> None:
        self.mark()
        for pod in pods:
            self.do(CrashContainer(Ref("Pod", "default", pod), "mysql", 137))

    def delete_pod(self, *pods: str) -> None:
        self.mark()
        for pod in pods:
            self.kill(pod)

    def delete_cluster(self) -> None:
        self.mark()
        self.do(DeleteObject(CLUSTER))

    def cut(self, pod: str, *, cut: bool = True) -> None:
        self.do(CutNetwork(self.node_of(pod), cut))

    def power(self, pod: str, *, on: bool) -> None:
        self.do(PowerNode(self.node_of(pod), on))

    def operators(self, count: int) -> None:
        self.do(Scale(OPERATOR, count))
        self.come_to_rest()

    def write(self, per_second: int) -> None:
        self.do(SetWrites(CLUSTER, per_second))

    # what is seen

    @property
    def servers(self) -> list[Obj]:
        return [pod for pod in self.objects("Pod", "default") if labels_of(pod).get("component") == "mysqld"]

    def node_of(self, pod: str) -> str:
        return str(self.pod_called(pod)["spec"]["nodeName"])

    def pod_called(self, name: str) -> Obj:
        found = self.get(Ref("Pod", "default", name))
        assert found is not None
        return found

    def restarts(self, pod: str) -> int:
        statuses = self.pod_called(pod)["status"]["containerStatuses"]
        return int(next(each["restartCount"] for each in statuses if each["name"] == "mysql"))

    @property
    def status(self) -> str:
        return _said((self.get(CLUSTER) or {}).get("status") or {})

    def with_role(self, role: str) -> list[str]:
        return [name_of(pod) for pod in self.servers if labels_of(pod).get(ROLE_LABEL) == role]

    @property
    def primary(self) -> str:
        (name,) = self.with_role("PRIMARY")
        return name

    @property
    def others(self) -> list[str]:
        return self.with_role("SECONDARY")

    @property
    def path(self) -> list[str]:
        """Since the mark."""
        seen: list[str] = []
        for step in self.trace.since(self.from_step):
            for change in getattr(getattr(step.record, "result", None), "changes", ()):
                if change.ref == CLUSTER and change.new is not None:
                    said = _said(change.new.get("status") or {})
                    seen += [said] if said and said not in seen[-1:] else []
        return seen

    def told(self) -> list[str]:
        """Events of the InnoDBCluster since the mark, in order."""
        found = []
        for step in self.trace.since(self.from_step):
            for change in getattr(getattr(step.record, "result", None), "changes", ()):
                event = change.new if change.ref.kind == "Event" else None
                if event is not None and event["involvedObject"]["kind"] == "InnoDBCluster":
                    found.append(f"{event['type']} {event['reason']}: {event['message']}")
        return found

    @property
    def group(self) -> dict[str, Any]:
        found = self.get(group_ref("default", "mycluster"))
        assert found is not None
        status: dict[str, Any] = found["status"]
        return status

    @property
    def writes(self) -> dict[str, Any]:
        written: dict[str, Any] = self.group["writes"]
        return written

    @property
    def routers(self) -> int:
        deployment = self.get(Ref("Deployment", "default", "mycluster-router"))
        assert deployment is not None
        return int(deployment["spec"]["replicas"])


_ready: dict[tuple[int, str], MySQLWorld] = {}


def mysql(instances: int = 3, more: str = "") -> MySQLWorld:
    """A cluster of so many servers that has come up, each time the same."""
    if (instances, more) not in _ready:
        _ready[instances, more] = MySQLWorld(instances, more)
    copied: Cluster = _ready[instances, more].copy()
    world = MySQLWorld.__new__(MySQLWorld)
    vars(world).update(vars(copied))
    world.engine.on_strike = world._strike
    world.mark()
    return world


def _said(status: dict[str, Any]) -> str:
    found = status.get("cluster") or {}
    return f"{found['status']} {found['onlineInstances']}" if found else ""
