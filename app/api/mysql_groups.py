"""MySQLGroup: the MySQL servers of one cluster, as they are. An internal kind: no API client sees it.

It is made with the cluster's StatefulSet and has its name. Servers change it as they live (app/operators/mysql); an
administrator tells them what to do in its spec, and clients say there how much they write.

    spec:
      agents: true                                               # of 2018; absent: those of an InnoDBCluster
      orders: [{id, do, server, seeds, method, multi, weight}]   # the newest ones; `id` grows
      writes: {perSecond, startedMs}                             # absent: nobody writes
    status: see app/operators/mysql/written.py
"""

from __future__ import annotations

from typing import Any

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref

MYSQL_GROUP = "MySQLGroup"
INNODB_CLUSTER = "InnoDBCluster.mysql.oracle.com"
CLUSTER_LABEL, ROLE_LABEL = "mysql.oracle.com/cluster", "mysql.oracle.com/cluster-role"
MYSQL_BACKUP = "MySQLBackup.mysql.oracle.com"

ALPHA_CLUSTER = "Cluster.mysql.oracle.com"  # of the operator of 2018, who has agents beside the servers
ALPHA_CLUSTER_LABEL, ALPHA_ROLE_LABEL = "v1alpha1.mysql.oracle.com/cluster", "v1alpha1.mysql.oracle.com/role"
SILENT_MS = 5_000  # without a sign of life, and a member is UNREACHABLE


def group_ref(namespace: str, cluster: str) -> Ref:
    return Ref(MYSQL_GROUP, namespace, cluster)


def kept_for(group: Obj) -> Ref:
    """The object that asked for these servers."""
    kind = ALPHA_CLUSTER if group["spec"].get("agents") else INNODB_CLUSTER
    return Ref(kind, group["metadata"]["namespace"], group["metadata"]["name"])


def mysql_group(namespace: str, cluster: str) -> Obj:
    """Of a cluster whose servers have not started yet."""
    meta: dict[str, Any] = {"name": cluster, "namespace": namespace}
    return {"apiVersion": INTERNAL_V1, "kind": MYSQL_GROUP, "metadata": meta, "spec": {"orders": []}, "status": {}}
