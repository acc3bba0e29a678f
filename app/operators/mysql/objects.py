"""What one InnoDBCluster becomes: the objects that the operator makes of it, in its order. Pure.

Models `cluster_objects.py` and `router_objects.py` of mysql-operator 2.2.2, as far as something here acts on it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from app.api import objects
from app.api.mysql_groups import CLUSTER_LABEL as CLUSTER_LABEL
from app.api.mysql_groups import ROLE_LABEL as ROLE_LABEL
from app.api.mysql_groups import mysql_group
from app.api.objects import Obj, Ref, name_of, namespace_of
from app.reconcile import PodProgram

OPERATOR_VERSION = "9.1.0-2.2.2"
LEAST_VERSION, DEFAULT_VERSION = "8.0.27", "9.1.0"
REPOSITORY = "container-registry.oracle.com/mysql"
CONFIGURED, READY = "mysql.oracle.com/configured", "mysql.oracle.com/ready"
CLUSTER_FINALIZER, POD_FINALIZER = "mysql.oracle.com/cluster", "mysql.oracle.com/membership"
CREATED_BY, MEMBERSHIP = "mysql.oracle.com/mysql-operator-version", "mysql.oracle.com/membership-info"
PROGRAM = PodProgram("community-operator", "operator")
SCHEDULE_LABEL, PROFILE_LABEL = "mysql.oracle.com/backup-schedule", "mysql.oracle.com/backup-profile"

_PORTS = (("mysql", 3306), ("mysqlx", 33060), ("gr-xcom", 33061))
_ROUTER_PORTS = (
    ("mysql", 3306, 6446),
    ("mysqlx", 33060, 6448),
    ("mysql-alternate", 6446, 6446),
    ("mysqlx-alternate", 6448, 6448),
    ("mysql-ro", 6447, 6447),
    ("mysqlx-ro", 6449, 6449),
    ("mysql-rw-split", 6450, 6450),
    ("router-rest", 8443, 8443),
)
_LISTENS = (
    ("mysqlrw", 6446), ("mysqlro", 6447), ("mysqlxrw", 6448), ("mysqlxro", 6449), ("mysqlrwsplit", 6450),
    ("router-rest", 8443),
)  # fmt: skip


def version_of(cluster: Obj) -> str:
    return str(cluster["spec"].get("version") or DEFAULT_VERSION)


def instances_of(cluster: Obj) -> int:
    return int(cluster["spec"].get("instances", 1))


def routers_of(cluster: Obj) -> int:
    return int((cluster["spec"].get("router") or {}).get("instances", 1))


def edition_of(cluster: Obj) -> str:
    return str(cluster["spec"].get("edition") or "community")


def image(cluster: Obj, program: str, version: str) -> str:
    """Of "server", "router" or "operator"."""
    repository = cluster["spec"].get("imageRepository") or REPOSITORY
    return f"{repository}/{edition_of(cluster)}-{program}:{version}"


def server_set(cluster: Obj) -> Ref:
    return Ref("StatefulSet", namespace_of(cluster), name_of(cluster))


def router_deployment(cluster: Obj) -> Ref:
    return Ref("Deployment", namespace_of(cluster), f"{name_of(cluster)}-router")


def all_of(cluster: Obj) -> list[Obj]:
    """In the order in which they are made. The group of servers itself, which no client sees, goes before its pods."""
    name = name_of(cluster)
    made = [
        _object(cluster, "v1", "ConfigMap", f"{name}-initconf", data=_configuration(cluster)),
        _secret(cluster, "privsecrets", "clusterAdmin", "mysqladmin"),
        _secret(cluster, "router", "router", "mysqlrouter"),
        _instances_service(cluster),
        _object(cluster, "v1", "ServiceAccount", f"{name}-sidecar-sa"),
        _role_binding(cluster),
        mysql_group(namespace_of(cluster), name),
        _stateful_set(cluster),
        _budget(cluster),
        _service(cluster),
        *([_routers(cluster)] if routers_of(cluster) else []),
        _secret(cluster, "backup", "backup", "mysqlbackup"),
    ]
    return [*made, *(_schedule(cluster, each) for each in cluster["spec"].get("backupSchedules") or ())]


def labels(cluster: Obj, component: str) -> dict[str, str]:
    program = {"mysqld": "mysql-innodbcluster-mysql-server", "mysqlrouter": "mysql-innodbcluster-router"}
    name = name_of(cluster)
    return {
        "component": component,
        "tier": "mysql",
        CLUSTER_LABEL: name,
        "app.kubernetes.io/name": program[component].removesuffix("-router").removesuffix("-mysql-server"),
        "app.kubernetes.io/instance": f"{program[component]}-{name}"[:63],
        "app.kubernetes.io/component": "database" if component == "mysqld" else "router",
        "app.kubernetes.io/managed-by": "mysql-operator",
        "app.kubernetes.io/created-by": "mysql-operator",
    }


def server_labels(cluster: Obj) -> dict[str, str]:
    return {**labels(cluster, "mysqld"), "mysql.oracle.com/instance-type": "group-member"}


def _object(cluster: Obj, version: str, kind: str, name: str, **parts: Any) -> Obj:
    labels = {CLUSTER_LABEL: name_of(cluster), "tier": "mysql"}
    return objects.owned(cluster, version, kind, name, labels, **parts)


def _configuration(cluster: Obj) -> dict[str, str]:
    return {
        "00-basic.cnf": "[mysqld]\nrelay_log_recovery=ON\n",
        "01-group_replication.cnf": "[mysqld]\nloose_group_replication_start_on_boot=OFF\n",
        "99-extra.cnf": cluster["spec"].get("mycnf") or "",
    }


def _secret(cluster: Obj, suffix: str, prefix: str, user: str) -> Obj:
    """The password follows from the cluster, so that a room that is lived through again has the same."""
    password = hashlib.sha256(f"{objects.uid_of(cluster)}/{suffix}".encode()).hexdigest()[:32]
    data = {f"{prefix}Username": user, f"{prefix}Password": password}
    return _object(cluster, "v1", "Secret", f"{name_of(cluster)}-{suffix}", stringData=data)


def _instances_service(cluster: Obj) -> Obj:
    spec = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": {"component": "mysqld", "tier": "mysql", CLUSTER_LABEL: name_of(cluster)},
        "ports": [{"name": name, "port": port, "targetPort": port} for name, port in _PORTS],
    }
    return _object(cluster, "v1", "Service", f"{name_of(cluster)}-instances", spec=spec)


def _role_binding(cluster: Obj) -> Obj:
    name = name_of(cluster)
    who = {"kind": "ServiceAccount", "name": f"{name}-sidecar-sa", "namespace": namespace_of(cluster)}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "mysql-sidecar"}
    version = "rbac.authorization.k8s.io/v1"
    return _object(cluster, version, "RoleBinding", f"{name}-sidecar-rb", subjects=[who], roleRef=role)


def _stateful_set(cluster: Obj) -> Obj:
    selector = {"component": "mysqld", "tier": "mysql", CLUSTER_LABEL: name_of(cluster)}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    spec = {
        "serviceName": f"{name_of(cluster)}-instances",
        "replicas": instances_of(cluster),
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": selector},
        "template": {"metadata": {"labels": server_labels(cluster)}, "spec": _server_spec(cluster)},
        "volumeClaimTemplates": [
            {"metadata": {"name": "datadir"}, "spec": cluster["spec"].get("datadirVolumeClaimTemplate") or claim}
        ],
    }
    return _object(cluster, "apps/v1", "StatefulSet", name_of(cluster), spec=spec)


def _server_spec(cluster: Obj) -> dict[str, Any]:
    server, helper = image(cluster, "server", version_of(cluster)), image(cluster, "operator", OPERATOR_VERSION)
    mounts = [{"name": "datadir", "mountPath": "/var/lib/mysql"}]
    module = ["mysqlsh", "--pym", "mysqloperator"]
    extra = {each["name"]: each for each in (cluster["spec"].get("podSpec") or {}).get("containers") or ()}
    containers: list[dict[str, Any]] = [
        {"name": "sidecar", "image": helper, "command": [*module, "sidecar"]},
        {"name": "mysql", "image": server, "args": ["mysqld", "--user=mysql"], **_probes(), "volumeMounts": mounts,
         "ports": [{"name": name, "containerPort": port} for name, port in _PORTS]},
    ]  # fmt: skip
    return {
        "serviceAccountName": f"{name_of(cluster)}-sidecar-sa",
        "securityContext": {"runAsUser": 27, "runAsGroup": 27, "fsGroup": 27},
        "terminationGracePeriodSeconds": 120,
        "readinessGates": [{"conditionType": CONFIGURED}, {"conditionType": READY}],
        "initContainers": [
            {"name": "fixdatadir", "image": helper, "command": ["chown", "27:27", "/var/lib/mysql"],
             "volumeMounts": mounts},
            {"name": "initconf", "image": helper, "command": [*module, "init"]},
            {"name": "initmysql", "image": server, "args": ["mysqld", "--user=mysql", "--initialize"],
             "volumeMounts": mounts},
        ],
        "containers": [{**each, **extra.get(each["name"], {})} for each in containers],
        "volumes": [
            {"name": "rootcreds", "secret": {"secretName": cluster["spec"]["secretName"]}},
            {"name": "initconf", "configMap": {"name": f"{name_of(cluster)}-initconf"}},
        ],
    }  # fmt: skip


def _probes() -> dict[str, Any]:
    def probe(script: str, delay: int, period: int, failures: int) -> dict[str, Any]:
        command = {"command": ["/bin/bash", f"/{script}.sh"]}
        return {"exec": command, "initialDelaySeconds": delay, "periodSeconds": period, "failureThreshold": failures}

    return {
        "startupProbe": probe("livenessprobe", 5, 3, 10_000),
        "readinessProbe": probe("readinessprobe", 10, 5, 10_000),
        "livenessProbe": probe("livenessprobe", 15, 15, 10),
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "sleep 60 && mysqladmin -ulocalroot shutdown"]}}},
    }


def _budget(cluster: Obj) -> Obj:
    selector = {"component": "mysqld", "tier": "mysql", CLUSTER_LABEL: name_of(cluster)}
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector}}
    return _object(cluster, "policy/v1", "PodDisruptionBudget", f"{name_of(cluster)}-pdb", spec=spec)


def _service(cluster: Obj) -> Obj:
    wanted = cluster["spec"].get("service") or {}
    first = {"mysql-ro": 6447, "mysql-rw-split": 6450}.get(wanted.get("defaultPort", ""), 6446)
    ports = [
        {"name": name, "port": port, "targetPort": first if port == 3306 else target}
        for name, port, target in _ROUTER_PORTS
    ]
    selector = {"component": "mysqlrouter", "tier": "mysql", CLUSTER_LABEL: name_of(cluster)}
    spec = {"type": wanted.get("type", "ClusterIP"), "selector": selector, "ports": ports}
    return _object(cluster, "v1", "Service", name_of(cluster), spec=spec)


def _routers(cluster: Obj) -> Obj:
    version = (cluster["spec"].get("router") or {}).get("version") or version_of(cluster)
    container = {
        "name": "router",
        "image": image(cluster, "router", version),
        "ports": [{"name": name, "containerPort": port} for name, port in _LISTENS],
        "readinessProbe": {"exec": {"command": ["cat", "/tmp/mysqlrouter/mysqlrouter.conf"]}, "periodSeconds": 5},
    }
    selector = {"component": "mysqlrouter", "tier": "mysql", CLUSTER_LABEL: name_of(cluster)}
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": selector},
        "template": {
            "metadata": {"labels": labels(cluster, "mysqlrouter")},
            "spec": {"securityContext": {"runAsUser": 999, "fsGroup": 999}, "containers": [container]},
        },
    }
    return _object(cluster, "apps/v1", "Deployment", f"{name_of(cluster)}-router", spec=spec)


def _schedule(cluster: Obj, wanted: dict[str, Any]) -> Obj:
    """A CronJob whose pod does no more than create a MySQLBackup."""
    name = f"{name_of(cluster)}-{wanted['name']}-cb"
    container = {
        "name": "operator-backup-job",
        "image": image(cluster, "operator", OPERATOR_VERSION),
        "command": ["sh", "-c", "sleep 2; mysqlsh --pym mysqloperator backup --command create-backup-object"],
    }
    pod = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 60, "containers": [container]}
    profile = {PROFILE_LABEL: wanted["backupProfileName"]} if "backupProfileName" in wanted else {}
    marks = {CLUSTER_LABEL: name_of(cluster), SCHEDULE_LABEL: wanted["name"], **profile}
    spec = {
        "schedule": wanted["schedule"],
        "concurrencyPolicy": "Forbid",
        "suspend": not wanted.get("enabled", True),
        "jobTemplate": {
            "metadata": {"labels": marks},
            "spec": {"backoffLimit": 0, "template": {"metadata": {"labels": marks}, "spec": pod}},
        },
    }
    return _object(cluster, "batch/v1", "CronJob", name, spec=spec)
