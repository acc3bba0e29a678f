"""The objects that a RabbitmqCluster becomes, as its operator wants them. Called by cluster_operator.py. Pure.

Models the resource builders of RabbitMQ's cluster-operator 2.22.3, without TLS, Vault and the Prometheus operator.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from app.api import quantities
from app.api.objects import Obj, labels_of, name_of, namespace_of, owned, uid_of

IMAGE = "rabbitmq:4.3.4-management"
SKIP_CHECKS = "skipPreStopChecks"
PLUGINS = ("rabbitmq_peer_discovery_k8s", "rabbitmq_prometheus", "rabbitmq_management")
_PORTS = (("amqp", 5672, "amqp"), ("management", 15672, "http"), ("prometheus", 15692, "prometheus.io/metrics"))
_CONF = """\
log.console = true
queue_master_locator = min-masters
disk_free_limit.absolute = 2GB
cluster_partition_handling = pause_minority
cluster_formation.peer_discovery_backend = rabbit_peer_discovery_k8s
cluster_formation.k8s.host = kubernetes.default
cluster_formation.k8s.address_type = hostname
"""
HINT = "cluster_formation.target_cluster_size_hint"
_MERGE_KEYS = ("name", "topologyKey", "mountPath", "containerPort")


def spec_of(cluster: Obj) -> Mapping[str, Any]:
    """It may have none: then all is as the operator likes it."""
    spec: Mapping[str, Any] = cluster.get("spec") or {}
    return spec


def labels(cluster: Obj) -> dict[str, str]:
    name = name_of(cluster)
    own = {f"app.kubernetes.io/{key}": value for key, value in
           (("name", name), ("component", "rabbitmq"), ("part-of", "rabbitmq"))}  # fmt: skip
    return {**{key: value for key, value in labels_of(cluster).items() if not key.startswith("rabbitmq.com/")}, **own}


def selector(cluster: Obj) -> dict[str, str]:
    return {"app.kubernetes.io/name": name_of(cluster)}


def wanted(cluster: Obj) -> list[Obj]:
    """In the order in which they are made."""
    return [
        _nodes_service(cluster), _service(cluster), _cookie(cluster), _default_user(cluster), _plugins(cluster),
        _server_conf(cluster), _object(cluster, "v1", "ServiceAccount", "server"), _stateful_set(cluster),
    ]  # fmt: skip


def _object(cluster: Obj, version: str, kind: str, suffix: str, **fields: Any) -> Obj:
    name = f"{name_of(cluster)}-{suffix}" if suffix else name_of(cluster)
    return owned(cluster, version, kind, name, labels(cluster), **fields)


# ------------------------------------------------------------------------------------------------- services


def _nodes_service(cluster: Obj) -> Obj:
    spec = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": selector(cluster),
        "ports": [_port("epmd", 4369), _port("cluster-rpc", 25672)],
    }
    return _object(cluster, "v1", "Service", "nodes", spec=spec)


def _service(cluster: Obj) -> Obj:
    asked = spec_of(cluster).get("service") or {}
    ports = [{**_port(name, number), "appProtocol": protocol} for name, number, protocol in _PORTS]
    spec = {"type": asked.get("type", "ClusterIP"), "selector": selector(cluster), "ports": ports}
    made = _object(cluster, "v1", "Service", "", spec=spec)
    if asked.get("annotations"):
        made["metadata"]["annotations"] = dict(asked["annotations"])
    made["metadata"]["labels"] |= asked.get("labels") or {}
    return _overridden(made, cluster, "service")


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "protocol": "TCP", "port": number, "targetPort": number}


# ---------------------------------------------------------------------------------------- secrets, configuration


def _cookie(cluster: Obj) -> Obj:
    data = {".erlang.cookie": _base64(_lot(cluster, "cookie"))}
    return _object(cluster, "v1", "Secret", "erlang-cookie", type="Opaque", data=data)


def _default_user(cluster: Obj) -> Obj:
    user, password = f"default_user_{_lot(cluster, 'user')[:20]}", _lot(cluster, "password")
    host = f"{name_of(cluster)}.{namespace_of(cluster)}.svc"
    data = {
        "username": user,
        "password": password,
        "default_user.conf": f"default_user = {user}\ndefault_pass = {password}\n",
        "provider": "rabbitmq",
        "type": "rabbitmq",
        "host": host,
        "port": "5672",
        "connection_string": f"amqp://{user}:{password}@{host}:5672/",
    }
    encoded = {key: _base64(value) for key, value in data.items()}
    return _object(cluster, "v1", "Secret", "default-user", type="Opaque", data=encoded)


def _lot(cluster: Obj, what: str) -> str:
    """Nobody foresees it, and a replay draws it again."""
    digest = hashlib.sha256(f"{uid_of(cluster)}/{what}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=").replace("-", "x").replace("_", "y")[:32]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def plugins(cluster: Obj) -> list[str]:
    more = (spec_of(cluster).get("rabbitmq") or {}).get("additionalPlugins") or []
    return list(dict.fromkeys((*PLUGINS, *more)))


def _plugins(cluster: Obj) -> Obj:
    text = f"[{','.join(plugins(cluster))}]."
    return _object(cluster, "v1", "ConfigMap", "plugins-conf", data={"enabled_plugins": text})


def _server_conf(cluster: Obj) -> Obj:
    asked = spec_of(cluster).get("rabbitmq") or {}
    conf = f"{_CONF}{HINT} = {replicas(cluster)}\ncluster_name = {name_of(cluster)}\n"
    if "auth_mechanisms" not in asked.get("additionalConfig", ""):
        conf += "auth_mechanisms.1 = PLAIN\nauth_mechanisms.2 = AMQPLAIN\n"
    data = {"operatorDefaults.conf": conf, "userDefinedConfiguration.conf": asked.get("additionalConfig", "")}
    more = {"advanced.config": "advancedConfig", "rabbitmq-env.conf": "envConfig", "erl_inetrc": "erlangInetConfig"}
    data |= {file: asked[field] for file, field in more.items() if asked.get(field)}
    return _object(cluster, "v1", "ConfigMap", "server-conf", data=data)


def replicas(cluster: Obj) -> int:
    return int(spec_of(cluster).get("replicas", 1))


# ----------------------------------------------------------------------------------------------- stateful set


def _stateful_set(cluster: Obj) -> Obj:
    spec: dict[str, Any] = {
        "replicas": replicas(cluster),
        "serviceName": f"{name_of(cluster)}-nodes",
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": selector(cluster)},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"},
        "template": {"metadata": {"labels": labels(cluster)}, "spec": _pod_spec(cluster)},
    }
    if _has_disk(cluster):
        spec["volumeClaimTemplates"] = [_claim(cluster)]
    made = _object(cluster, "apps/v1", "StatefulSet", "server", spec=spec)
    made = _overridden(made, cluster, "statefulSet")
    pod = made["spec"]["template"]["spec"]
    for group in ("initContainers", "containers"):
        pod[group] = [{**each, "resources": _canonical(each.get("resources") or {})} for each in pod[group]]
    return made


def _canonical(resources: Mapping[str, Any]) -> dict[str, Any]:
    """Amounts as the API server writes them, lest they differ for ever."""
    return {
        name: {key: quantities.canonical(str(amount)) for key, amount in amounts.items()}
        if name in ("requests", "limits")
        else amounts
        for name, amounts in resources.items()
    }


def storage(cluster: Obj) -> str:
    return str((spec_of(cluster).get("persistence") or {}).get("storage", "10Gi"))


def _has_disk(cluster: Obj) -> bool:
    return storage(cluster) not in ("0", "0Gi")


def _claim(cluster: Obj) -> Obj:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage(cluster)}}}
    if name := (spec_of(cluster).get("persistence") or {}).get("storageClassName"):
        spec["storageClassName"] = name
    return {"metadata": {"name": "persistence", "labels": labels(cluster)}, "spec": spec}


def _pod_spec(cluster: Obj) -> dict[str, Any]:
    spec = spec_of(cluster)
    made = {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector(cluster)},
            }
        ],
        "securityContext": {"fsGroup": 0, "runAsUser": 999},
        "terminationGracePeriodSeconds": spec.get("terminationGracePeriodSeconds", 604_800),
        "serviceAccountName": f"{name_of(cluster)}-server",
        "automountServiceAccountToken": True,
        "initContainers": [_setup(cluster)],
        "containers": [_server(cluster)],
        "volumes": _volumes(cluster),
    }  # fmt: skip
    return made | {field: spec[field] for field in ("affinity", "tolerations", "imagePullSecrets") if spec.get(field)}


def _setup(cluster: Obj) -> dict[str, Any]:
    wait = spec_of(cluster).get("delayStartSeconds", 30)
    script = (
        f"cp /tmp/erlang-cookie-secret/.erlang.cookie /var/lib/rabbitmq/ ; cp /tmp/plugins/* /operator/ ; sleep {wait}"
    )
    amounts = {"cpu": "100m", "memory": "500Mi"}
    return {
        "name": "setup-container",
        "image": image(cluster),
        "command": ["sh", "-c", script],
        "resources": {"limits": amounts, "requests": amounts},
        "volumeMounts": [
            {"name": "plugins-conf", "mountPath": "/tmp/plugins"},
            {"name": "rabbitmq-erlang-cookie", "mountPath": "/var/lib/rabbitmq/"},
            {"name": "erlang-cookie-secret", "mountPath": "/tmp/erlang-cookie-secret/"},
            {"name": "rabbitmq-plugins", "mountPath": "/operator"},
        ],
    }


def image(cluster: Obj) -> str:
    return str(spec_of(cluster).get("image") or IMAGE)


def _server(cluster: Obj) -> dict[str, Any]:
    name, grace = name_of(cluster), spec_of(cluster).get("terminationGracePeriodSeconds", 604_800)
    checks = {"initialDelaySeconds": 10, "periodSeconds": 10, "timeoutSeconds": 5}
    probe = {"path": "/api/health/checks/reached-target-cluster-size", "port": "management", "scheme": "HTTP"}
    leaves = f'if [ ! -z "$(cat /etc/pod-info/{SKIP_CHECKS})" ]; then exit 0; fi;'
    waits = f" rabbitmq-upgrade await_online_quorum_plus_one -t {grace} && rabbitmq-upgrade drain -t {grace}"
    return {
        "name": "rabbitmq",
        "image": image(cluster),
        "resources": spec_of(cluster).get("resources") or {},
        "env": [
            {"name": "MY_POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {
                "name": "MY_POD_NAMESPACE",
                "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
            },
            {"name": "K8S_SERVICE_NAME", "value": f"{name}-nodes"},
            {"name": "RABBITMQ_ENABLED_PLUGINS_FILE", "value": "/operator/enabled_plugins"},
            {"name": "RABBITMQ_USE_LONGNAME", "value": "true"},
            {"name": "RABBITMQ_NODENAME", "value": "rabbit@$(MY_POD_NAME).$(K8S_SERVICE_NAME).$(MY_POD_NAMESPACE)"},
        ],
        "ports": [
            {"name": port, "containerPort": number, "protocol": "TCP"}
            for port, number in (("epmd", 4369), *((port, number) for port, number, _ in _PORTS))
        ],
        "readinessProbe": {**checks, "failureThreshold": 3, "tcpSocket": {"port": "amqp"}},
        "startupProbe": {**checks, "failureThreshold": 30, "httpGet": probe},
        "lifecycle": {"preStop": {"exec": {"command": ["/bin/bash", "-c", leaves + waits]}}},
        "volumeMounts": [
            {"name": "rabbitmq-erlang-cookie", "mountPath": "/var/lib/rabbitmq/"},
            {"name": "persistence", "mountPath": "/var/lib/rabbitmq/mnesia/"},
            {"name": "rabbitmq-plugins", "mountPath": "/operator"},
            {"name": "server-conf", "mountPath": "/etc/rabbitmq/conf.d/"},
            {"name": "pod-info", "mountPath": "/etc/pod-info/"},
        ],
    }


def _volumes(cluster: Obj) -> list[dict[str, Any]]:
    name = name_of(cluster)
    label = {"path": SKIP_CHECKS, "fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{SKIP_CHECKS}']"}}
    sources = [{"configMap": {"name": f"{name}-server-conf"}}, {"secret": {"name": f"{name}-default-user"}}]
    volumes: list[dict[str, Any]] = [
        {"name": "plugins-conf", "configMap": {"name": f"{name}-plugins-conf"}},
        {"name": "server-conf", "projected": {"sources": sources}},
        {"name": "rabbitmq-erlang-cookie", "emptyDir": {}},
        {"name": "erlang-cookie-secret", "secret": {"secretName": f"{name}-erlang-cookie"}},
        {"name": "rabbitmq-plugins", "emptyDir": {}},
        {"name": "pod-info", "downwardAPI": {"items": [label]}},
    ]
    return volumes if _has_disk(cluster) else [*volumes, {"name": "persistence", "emptyDir": {}}]


# -------------------------------------------------------------------------------------------------- merging


def _overridden(made: Obj, cluster: Obj, what: str) -> Obj:
    override = (spec_of(cluster).get("override") or {}).get(what) or {}
    return {**made, **merged(made, override)}


def merged(old: Any, new: Any) -> Any:
    """`new` laid over `old`, as a strategic merge patch would: items of lists go by what names them."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list) and (key := _merge_key([*old, *new])):
        more = {item[key]: item for item in new}
        kept = [merged(item, more.pop(item[key])) if item[key] in more else item for item in old]
        return [*kept, *more.values()]
    return new


def _merge_key(items: Sequence[Any]) -> str:
    return next(
        (key for key in _MERGE_KEYS if items and all(isinstance(each, dict) and key in each for each in items)), ""
    )


def overlaid(old: Any, new: Any) -> Any:
    """`old` with all that `new` says; what the API server added stays."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{key: overlaid(old.get(key), value) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [overlaid(was, now) for was, now in zip(old, new, strict=True)]
    return new
