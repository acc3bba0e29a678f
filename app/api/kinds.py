"""The kinds this control plane knows: one row each.

A row is a fact sheet from Kubernetes 1.36 discovery. `runs` is False for kinds that are accepted, validated
and stored but that no loop here acts on. Internal kinds (`group` "loopscope.internal") are what a machine
knows and no API client sees: they are kept in the same store so that everything that moves leaves a trace.
"""

from __future__ import annotations

from typing import NamedTuple

from app.api.errors import NotFound

INTERNAL = "loopscope.internal"


class Kind(NamedTuple):
    kind: str
    group: str
    version: str
    plural: str
    singular: str
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    runs: bool = True
    measured: bool = False  # kept by metrics-server in its own memory; clients may only look

    @property
    def is_local(self) -> bool:
        """Whoever writes it asks no API server."""
        return self.internal or self.measured

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def internal(self) -> bool:
        return self.group == INTERNAL

    @property
    def resource(self) -> str:
        """As error texts name it: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_STATUS, _SCALE, _ALL = ("status",), ("status", "scale"), ("all",)
_RBAC = "rbac.authorization.k8s.io"

# In the order of discovery: groups, and within a group plural names.
_ROWS = (
    Kind("ConfigMap", "", "v1", "configmaps", "configmap", ("cm",), runs=False),
    Kind("Endpoints", "", "v1", "endpoints", "endpoints", ("ep",), runs=False),
    Kind("Event", "", "v1", "events", "event", ("ev",)),
    Kind("LimitRange", "", "v1", "limitranges", "limitrange", ("limits",)),
    Kind("Namespace", "", "v1", "namespaces", "namespace", ("ns",), False, ("status", "finalize")),
    Kind("Node", "", "v1", "nodes", "node", ("no",), False, ("status",)),
    Kind("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", ("pvc",), True, _STATUS),
    Kind("PersistentVolume", "", "v1", "persistentvolumes", "persistentvolume", ("pv",), False, _STATUS),
    Kind("Pod", "", "v1", "pods", "pod", ("po",), True,
         ("status", "attach", "binding", "eviction", "exec", "log"), _ALL),
    Kind("PodTemplate", "", "v1", "podtemplates", "podtemplate", runs=False),
    Kind("ReplicationController", "", "v1", "replicationcontrollers", "replicationcontroller", ("rc",), True, _SCALE,
         _ALL),
    Kind("ResourceQuota", "", "v1", "resourcequotas", "resourcequota", ("quota",), True, _STATUS),
    Kind("Secret", "", "v1", "secrets", "secret", runs=False),
    Kind("ServiceAccount", "", "v1", "serviceaccounts", "serviceaccount", ("sa",), True, ("token",), runs=False),
    Kind("Service", "", "v1", "services", "service", ("svc",), True, _STATUS, _ALL),
    Kind("ControllerRevision", "apps", "v1", "controllerrevisions", "controllerrevision"),
    Kind("DaemonSet", "apps", "v1", "daemonsets", "daemonset", ("ds",), True, _STATUS, _ALL),
    Kind("Deployment", "apps", "v1", "deployments", "deployment", ("deploy",), True, _SCALE, _ALL),
    Kind("ReplicaSet", "apps", "v1", "replicasets", "replicaset", ("rs",), True, _SCALE, _ALL),
    Kind("StatefulSet", "apps", "v1", "statefulsets", "statefulset", ("sts",), True, _SCALE, _ALL),
    Kind("HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers", "horizontalpodautoscaler",
         ("hpa",), True, _STATUS, _ALL),
    Kind("CronJob", "batch", "v1", "cronjobs", "cronjob", ("cj",), True, _STATUS, _ALL),
    Kind("Job", "batch", "v1", "jobs", "job", (), True, _STATUS, _ALL),
    Kind("IngressClass", "networking.k8s.io", "v1", "ingressclasses", "ingressclass", (), False, runs=False),
    Kind("Ingress", "networking.k8s.io", "v1", "ingresses", "ingress", ("ing",), True, _STATUS, runs=False),
    Kind("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies", "networkpolicy", ("netpol",), runs=False),
    Kind("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", ("pdb",), True, _STATUS),
    Kind("ClusterRoleBinding", _RBAC, "v1", "clusterrolebindings", "clusterrolebinding", (), False, runs=False),
    Kind("ClusterRole", _RBAC, "v1", "clusterroles", "clusterrole", (), False, runs=False),
    Kind("RoleBinding", _RBAC, "v1", "rolebindings", "rolebinding", runs=False),
    Kind("Role", _RBAC, "v1", "roles", "role", runs=False),
    Kind("StorageClass", "storage.k8s.io", "v1", "storageclasses", "storageclass", ("sc",), False, runs=False),
    Kind("PriorityClass", "scheduling.k8s.io", "v1", "priorityclasses", "priorityclass", ("pc",), False, runs=False),
    Kind("Lease", "coordination.k8s.io", "v1", "leases", "lease"),
    Kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices", "endpointslice"),
    Kind("NodeMetrics", "metrics.k8s.io", "v1beta1", "nodes", "", (), False, measured=True),
    Kind("PodMetrics", "metrics.k8s.io", "v1beta1", "pods", "", measured=True),
    Kind("PodSandbox", INTERNAL, "v1", "podsandboxes", "podsandbox"),
    Kind("Machine", INTERNAL, "v1", "machines", "machine", (), False),
    Kind("ControlPlane", INTERNAL, "v1", "controlplanes", "controlplane", (), False),
    Kind("Load", INTERNAL, "v1", "loads", "load"),
    Kind("DataPath", INTERNAL, "v1", "datapaths", "datapath"),
)  # fmt: skip

KINDS: dict[str, Kind] = {row.kind: row for row in _ROWS}
# Versions that are served beside the one above, which is stored. `app/apimachinery/scheme/conversion.py` knows the way
# there and back.
OLDER = (KINDS["HorizontalPodAutoscaler"]._replace(version="v1"),)
SERVED = (*(row for row in _ROWS if not row.internal), *OLDER)
_BY_API_VERSION = {(row.api_version, row.kind): row for row in (*_ROWS, *OLDER)}
_BY_NAME = {
    name: row
    for row in _ROWS
    if not row.internal
    for name in (row.kind.lower(), *(() if row.measured else (row.plural, row.singular, *row.short_names)))
}


def kind_of(api_version: str, kind: str) -> Kind:
    """Raises NotFound in the words kubectl uses for a kind it cannot map."""
    row = _BY_API_VERSION.get((api_version, kind))
    if row is None or row.internal:
        raise NotFound(
            f'no matches for kind "{kind}" in version "{api_version}"',
            details={"kind": kind, "apiVersion": api_version},
        )
    return row


def lookup(name: str) -> Kind | None:
    """By plural, singular, short name or kind, in any case: `po`, `deploy`, `ReplicaSet`."""
    return _BY_NAME.get(name.lower())
