"""What every cluster has from its beginning, before anybody asks for anything: namespaces, the Service `kubernetes`,
the roles of RBAC and the two system priorities.

They are in a cluster's store before its first loop starts, so that no step tells of them. They have no part in
what the cluster's generator draws: their uids follow from their names. The roles are a table,
`bootstrap_policy_v1_36.json` (tools/generate_bootstrap_policy.py). Models kubernetes/pkg/controlplane/controller
(systemnamespaces, kubernetesservice, defaultservicecidr), plugin/pkg/auth/authorizer/rbac/bootstrappolicy and
pkg/apis/scheduling/v1/helpers.go.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from app.api import times
from app.api.objects import Obj, Ref, labels_of, name_of, ref_of, with_metadata
from app.component_helpers import namespaces
from app.component_helpers.slices import SERVICE_NAME
from app.registry import api_services

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
SERVICE_IP, SERVER_IP, SERVER_PORT = "10.96.0.1", "10.0.0.1", 6443

_RBAC_VERSION = "rbac.authorization.k8s.io/v1"
_BY_DEFAULT = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_KEPT_UP = {"rbac.authorization.kubernetes.io/autoupdate": "true"}


@lru_cache(maxsize=16)
def objects(now_ms: int) -> Mapping[Ref, Obj]:
    """All of them, as they are stored first in a cluster that begins at that time: the same for all such clusters."""
    made = times.rfc3339(now_ms)
    return {
        ref_of(obj): with_metadata(_available(obj, made), creationTimestamp=made, resourceVersion=str(revision))
        for revision, obj in enumerate(_whole(), start=1)
    }


def _available(obj: Obj, made: str) -> Obj:
    return api_services.available_since(obj, made) if obj["kind"] == "APIService" else obj


def shared(obj: Obj) -> Obj:
    """What was read from somewhere: if it is one of them, as it was made, that which all clusters share."""
    if "name" not in obj["metadata"] or ref_of(obj) not in _refs():
        return obj
    made_ms = times.parse(str(obj["metadata"].get("creationTimestamp")))
    found = objects(made_ms).get(ref_of(obj))
    return found if found == obj else obj


def is_built_in(ref: Ref) -> bool:
    """One of them, or what the loops give every namespace: what nobody asked for, so that the page shows it only to who
    does. This is the one place that decides it."""
    return ref in _refs() or namespaces.of_every(ref)


@cache
def _refs() -> frozenset[Ref]:
    return frozenset(map(ref_of, _whole()))


@cache
def _whole() -> tuple[Obj, ...]:
    found = (*_namespaces(), *_service(), *_priorities(), *_policy(), *api_services.built_in())
    return tuple(with_metadata(obj, uid=str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(ref_of(obj))))) for obj in found)


def _namespaces() -> Iterator[Obj]:
    for name in NAMESPACES:
        meta = {"name": name, "labels": {"kubernetes.io/metadata.name": name}}
        spec, status = {"finalizers": ["kubernetes"]}, {"phase": "Active"}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "spec": spec, "status": status}
    for name in NAMESPACES:
        yield namespaces.default_account(name)
        yield namespaces.root_ca(name)


# --------------------------------------------------------------------------------- how pods reach the API server


def _service() -> Iterator[Obj]:
    meta = {"name": "kubernetes", "namespace": "default"}
    spec = {
        "type": "ClusterIP",
        "clusterIP": SERVICE_IP,
        "clusterIPs": [SERVICE_IP],
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
        "sessionAffinity": "None",
        "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": SERVER_PORT}],
    }
    labels = {"component": "apiserver", "provider": "kubernetes"}
    status: dict[str, Any] = {"loadBalancer": {}}
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**meta, "labels": labels},
        "spec": spec,
        "status": status,
    }
    port = {"name": "https", "port": SERVER_PORT, "protocol": "TCP"}
    yield {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {**meta, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        "subsets": [{"addresses": [{"ip": SERVER_IP}], "ports": [port]}],
    }
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**meta, "generation": 1, "labels": {SERVICE_NAME: "kubernetes"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [SERVER_IP], "conditions": {"ready": True}}],
        "ports": [port],
    }


# ---------------------------------------------------------------------------------------------- priorities

_PRIORITIES = (
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
)


def _priorities() -> Iterator[Obj]:
    for name, value, says in _PRIORITIES:
        yield {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name, "generation": 1},
            "value": value,
            "preemptionPolicy": "PreemptLowerPriority",
            "description": says,
        }


# --------------------------------------------------------------------------------------------------- roles


def _policy() -> Iterator[Obj]:
    table = json.loads((Path(__file__).parent / "bootstrap_policy_v1_36.json").read_bytes())
    whole = [_of_policy(row) for row in table]
    roles = sorted((obj for obj in whole if obj["kind"] == "ClusterRole"), key=name_of)
    # The narrowest first: `edit` is itself a part of `admin`.
    for name in ("view", "edit", "admin"):
        found = next(obj for obj in roles if name_of(obj) == name)
        found["rules"] = _aggregated(found, roles)
    yield from whole


def _of_policy(row: dict[str, Any]) -> Obj:
    meta: dict[str, Any] = {"name": row["name"]}
    if "namespace" in row:
        meta["namespace"] = row["namespace"]
    meta |= {"labels": {**_BY_DEFAULT, **row.get("labels", {})}, "annotations": _KEPT_UP}
    parts = {key: value for key, value in row.items() if key not in ("name", "namespace", "labels", "kind")}
    return {"apiVersion": _RBAC_VERSION, "kind": row["kind"], "metadata": meta, **parts}


def _aggregated(role: Obj, roles: list[Obj]) -> list[Any]:
    """The rules of all roles that it selects, each once."""
    rules: list[Any] = []
    wanted = [selector["matchLabels"].items() for selector in role["aggregationRule"]["clusterRoleSelectors"]]
    for each in roles:
        if any(labels <= labels_of(each).items() for labels in wanted):
            rules += [rule for rule in each["rules"] if rule not in rules]
    return rules
