"""The kinds of Kubernetes 1.36 that this control plane knows, and those that only machines know: one row each.

A row is a fact sheet from discovery. `builtin` makes the scheme of them; adding a kind is one row here.
"""

from __future__ import annotations

from app.api.kinds import INTERNAL, Kind

_STATUS, _SCALE, _ALL = ("status",), ("status", "scale"), ("all",)
_RBAC, _STORAGE, _DEVICES = "rbac.authorization.k8s.io", "storage.k8s.io", "resource.k8s.io"

ROWS = (
    Kind("ConfigMap", "", "v1", "configmaps", "configmap", ("cm",), runs=False),
    Kind("Endpoints", "", "v1", "endpoints", "endpoints", ("ep",)),
    Kind("Event", "", "v1", "events", "event", ("ev",)),
    Kind("LimitRange", "", "v1", "limitranges", "limitrange", ("limits",)),
    Kind("Namespace", "", "v1", "namespaces", "namespace", ("ns",), False, ("status", "finalize")),
    Kind("Node", "", "v1", "nodes", "node", ("no",), False, ("status",)),
    Kind("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", ("pvc",), True, _STATUS),
    Kind("PersistentVolume", "", "v1", "persistentvolumes", "persistentvolume", ("pv",), False, _STATUS),
    Kind("Pod", "", "v1", "pods", "pod", ("po",), True,
         ("status", "attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "resize"), _ALL),
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
    Kind("CSIDriver", _STORAGE, "v1", "csidrivers", "csidriver", (), False, runs=False),
    Kind("CSINode", _STORAGE, "v1", "csinodes", "csinode", (), False, runs=False),
    Kind("CSIStorageCapacity", _STORAGE, "v1", "csistoragecapacities", "csistoragecapacity", runs=False),
    Kind("StorageClass", _STORAGE, "v1", "storageclasses", "storageclass", ("sc",), False, runs=False),
    Kind("VolumeAttachment", _STORAGE, "v1", "volumeattachments", "volumeattachment", (), False, _STATUS, runs=False),
    Kind("VolumeAttributesClass", _STORAGE, "v1", "volumeattributesclasses", "volumeattributesclass", ("vac",), False,
         runs=False),
    Kind("CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions",
         "customresourcedefinition", ("crd", "crds"), False, _STATUS, ("api-extensions",)),
    Kind("PriorityClass", "scheduling.k8s.io", "v1", "priorityclasses", "priorityclass", ("pc",), False, runs=False),
    Kind("Lease", "coordination.k8s.io", "v1", "leases", "lease"),
    Kind("RuntimeClass", "node.k8s.io", "v1", "runtimeclasses", "runtimeclass", (), False, runs=False),
    Kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices", "endpointslice"),
    Kind("DeviceClass", _DEVICES, "v1", "deviceclasses", "deviceclass", (), False, runs=False),
    Kind("ResourceClaim", _DEVICES, "v1", "resourceclaims", "resourceclaim", (), True, _STATUS, runs=False),
    Kind("ResourceClaimTemplate", _DEVICES, "v1", "resourceclaimtemplates", "resourceclaimtemplate", runs=False),
    Kind("ResourceSlice", _DEVICES, "v1", "resourceslices", "resourceslice", (), False, runs=False),
    Kind("NodeMetrics", "metrics.k8s.io", "v1beta1", "nodes", "", (), False, measured=True),
    Kind("PodMetrics", "metrics.k8s.io", "v1beta1", "pods", "", measured=True),
    Kind("PodSandbox", INTERNAL, "v1", "podsandboxes", "podsandbox"),
    Kind("Machine", INTERNAL, "v1", "machines", "machine", (), False),
    Kind("ControlPlane", INTERNAL, "v1", "controlplanes", "controlplane", (), False),
    Kind("Load", INTERNAL, "v1", "loads", "load"),
    Kind("DataPath", INTERNAL, "v1", "datapaths", "datapath"),
    Kind("MySQLGroup", INTERNAL, "v1", "mysqlgroups", "mysqlgroup"),
    Kind("RabbitServer", INTERNAL, "v1", "rabbitservers", "rabbitserver"),
    Kind("QuorumQueue", INTERNAL, "v1", "quorumqueues", "quorumqueue"),
    Kind("OwnController", INTERNAL, "v1", "owncontrollers", "owncontroller", (), False),
)  # fmt: skip
"""In the order of discovery: groups, and within a group plural names."""
