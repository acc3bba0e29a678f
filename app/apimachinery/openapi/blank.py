"""The smallest object of a kind that the API server takes: what the editor begins with. Called by the web.

Of a custom kind it is made of the schema: the fields that it requires, those that have a default, and where `spec` has
neither, its plain ones. What the schema of a kind of Kubernetes does not demand, but its validation does, stands here.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

from app.api.objects import Obj
from app.apimachinery import patterns
from app.apimachinery.scheme.custom_shapes import INT_OR_STRING, CustomStruct, Schema
from app.apimachinery.scheme.scheme import Definition

NAME = "example"
_LABELS = {"app": NAME}
_POD = {"containers": [{"name": NAME, "image": "nginx:1.27"}]}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": _POD}
_SELECTOR = {"matchLabels": _LABELS}
_JOB = {"template": {"spec": {**_POD, "restartPolicy": "Never"}}}
_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME}
_RULES = {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]}
_SUBJECTS = {"roleRef": _ROLE, "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]}
_TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
_BACKEND = {"service": {"name": NAME, "port": {"number": 80}}}
_DISKS = "disks.example.com"
_POOL = {"name": "node-1", "generation": 1, "resourceSliceCount": 1}
_DEVICES = {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com"}}]}}
_SCHEMA = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
_VERSION = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": _SCHEMA}}
_REQUEST = base64.b64encode(b"-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n").decode()
_DEPLOYMENTS = {
    "apiGroups": ["apps"],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["deployments"],
}

_KUBERNETES: dict[str, Obj] = {
    "ConfigMap": {"data": {"greeting": "hello"}},
    "Secret": {"stringData": {"password": "secret"}},
    "Pod": {"spec": _POD},
    "PodTemplate": {"template": _TEMPLATE},
    "ReplicationController": {"spec": {"replicas": 1, "selector": _LABELS, "template": _TEMPLATE}},
    "ReplicaSet": {"spec": {"replicas": 1, "selector": _SELECTOR, "template": _TEMPLATE}},
    "Deployment": {"spec": {"replicas": 1, "selector": _SELECTOR, "template": _TEMPLATE}},
    "StatefulSet": {"spec": {"replicas": 1, "serviceName": NAME, "selector": _SELECTOR, "template": _TEMPLATE}},
    "DaemonSet": {"spec": {"selector": _SELECTOR, "template": _TEMPLATE}},
    "Job": {"spec": _JOB},
    "CronJob": {"spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": _JOB}}},
    "Service": {"spec": {"selector": _LABELS, "ports": [{"port": 80}]}},
    "Endpoints": {"subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]},
    "EndpointSlice": {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}]},
    "Ingress": {"spec": {"defaultBackend": _BACKEND}},
    "IngressClass": {"spec": {"controller": "example.com/ingress"}},
    "NetworkPolicy": {"spec": {"podSelector": _SELECTOR, "policyTypes": ["Ingress"]}},
    "PersistentVolumeClaim": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    },
    "PersistentVolume": {
        "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/data"}}
    },
    "StorageClass": {"provisioner": _DISKS},
    "CSIStorageCapacity": {"storageClassName": NAME},
    "VolumeAttachment": {"spec": {"attacher": _DISKS, "nodeName": "node-1", "source": {"persistentVolumeName": NAME}}},
    "VolumeAttributesClass": {"driverName": _DISKS, "parameters": {"iops": "3000"}},
    "RuntimeClass": {"handler": NAME},
    "ResourceClaim": {"spec": _DEVICES},
    "ResourceClaimTemplate": {"spec": {"spec": _DEVICES}},
    "ResourceSlice": {"spec": {"driver": "gpu.example.com", "nodeName": "node-1", "pool": _POOL}},
    "HorizontalPodAutoscaler": {"spec": {"scaleTargetRef": _TARGET, "maxReplicas": 5}},
    "PodDisruptionBudget": {"spec": {"minAvailable": 1, "selector": _SELECTOR}},
    "PriorityClass": {"value": 1000},
    "ResourceQuota": {"spec": {"hard": {"pods": "10"}}},
    "LimitRange": {"spec": {"limits": [{"type": "Container", "defaultRequest": {"cpu": "100m"}}]}},
    "Role": _RULES,
    "ClusterRole": _RULES,
    "RoleBinding": _SUBJECTS,
    "ClusterRoleBinding": _SUBJECTS,
    "ControllerRevision": {"revision": 1, "data": {}},
    "Lease": {"spec": {"holderIdentity": NAME, "leaseDurationSeconds": 40}},
    "CertificateSigningRequest": {
        "spec": {"request": _REQUEST, "signerName": "example.com/people", "usages": ["client auth"]}
    },
    "ServiceCIDR": {"spec": {"cidrs": ["10.97.0.0/16"]}},
    "IPAddress": {
        "metadata": {"name": "10.97.0.1"},
        "spec": {"parentRef": {"resource": "services", "namespace": "default", "name": NAME}},
    },
    "FlowSchema": {"spec": {"priorityLevelConfiguration": {"name": NAME}}},
    "PriorityLevelConfiguration": {"spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}},
    "APIService": {
        "metadata": {"name": "v1.example.com"},
        "spec": {"group": "example.com", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 15},
    },
    "ValidatingAdmissionPolicy": {
        "spec": {
            "matchConstraints": {"resourceRules": [_DEPLOYMENTS]},
            "validations": [{"expression": "object.spec.replicas <= 5"}],
        }
    },
    "ValidatingAdmissionPolicyBinding": {"spec": {"policyName": NAME, "validationActions": ["Deny"]}},
    "CustomResourceDefinition": {
        "metadata": {"name": "websites.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Website", "plural": "websites"},
            "scope": "Namespaced",
            "versions": [_VERSION],
        },
    },
}

_TEXTS = (
    NAME,
    "1",
    "example.com",
    "1h",
    "1Gi",
    "0 * * * *",
    "https://example.com",
    "10.0.0.1",
    "a",
    "A",
    "v1",
    "1.0.0",
)
"""What a pattern is tried with."""
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "duration": "1h",
    "email": "you@example.com",
    "hostname": "example.com",
    "ipv4": "10.0.0.1",
    "ipv6": "2001:db8::1",
    "cidr": "10.0.0.0/24",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "byte": "",
}
_ELSEWHERE = ("apiVersion", "kind", "metadata", "status")
_LONGEST = 100  # of a text that has to be long


def blank(definition: Definition) -> Obj:
    row, shape = definition.row, definition.shape
    head = {"apiVersion": row.api_version, "kind": row.kind, "metadata": {"name": NAME}}
    if isinstance(shape, CustomStruct) and shape.schema is not None:
        return {**head, **_body(shape.schema)}
    return {**head, **(_KUBERNETES.get(row.kind, {}) if row.is_own else {})}


def _body(schema: Schema) -> dict[str, Any]:
    properties = {name: each for name, each in (schema.get("properties") or {}).items() if name not in _ELSEWHERE}
    found = _fields({**schema, "properties": properties})
    if "spec" not in properties:
        return found
    spec = properties["spec"]
    plain = {name: _value(each) for name, each in (spec.get("properties") or {}).items() if _is_plain(each)}
    return {**found, "spec": _fields(spec) or plain}


def _fields(schema: Schema) -> dict[str, Any]:
    """Those that are required, or have a default, or have such fields in them."""
    required = schema.get("required") or ()
    found: dict[str, Any] = {}
    for name, each in (schema.get("properties") or {}).items():
        if name in required or "default" in each:
            found[name] = _value(each)
        elif each.get("type") == "object" and (inside := _defaulted(each)):
            found[name] = inside
    return found


def _defaulted(schema: Schema) -> dict[str, Any]:
    """Nobody has to write it, so only where all that it requires has a default."""
    inside = _fields(schema)
    properties = schema.get("properties") or {}
    return inside if all("default" in properties.get(name, {}) for name in schema.get("required") or ()) else {}


def _is_plain(schema: Schema) -> bool:
    return schema.get("type") in ("string", "integer", "number", "boolean")


def _value(schema: Schema) -> Any:
    if "default" in schema:
        return schema["default"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get(INT_OR_STRING):
        return 1
    match schema.get("type"):
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return False
        case "string":
            return _text(schema)
        case "array":
            return [_value(schema.get("items") or {})]
    of = schema.get("additionalProperties")
    if isinstance(of, Mapping) and schema.get("minProperties"):
        return {NAME: _value(of)}
    return _fields(schema)


def _number(schema: Schema) -> int | float:
    """1, or the nearest that is allowed."""
    value: int | float = min(max(1, schema.get("minimum", 1)), schema.get("maximum", math.inf))
    if schema.get("exclusiveMinimum") and value == schema.get("minimum"):
        value += 1
    step = schema.get("multipleOf")
    return value if not step or value % step == 0 else step


def _text(schema: Schema) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    least, most, pattern = schema.get("minLength") or 0, schema.get("maxLength"), schema.get("pattern")
    fitting = [text.ljust(min(least, _LONGEST), "x")[:most] for text in _TEXTS]
    return next((text for text in fitting if not pattern or _matches(pattern, text)), fitting[0])


def _matches(pattern: str, text: str) -> bool:
    try:
        return patterns.compiled(pattern).matches(text)
    except (patterns.BadPattern, patterns.TooCostly):
        return False
