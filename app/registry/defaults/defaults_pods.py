"""What the API server adds to a pod spec, in a pod or in a template, and what it takes away: fields of features that
are off in 1.36.

`app.registry.defaults.defaults` calls these; so do the defaults of workloads, for their templates. Models
`SetDefaults_PodSpec` and what it calls in kubernetes `pkg/apis/core/v1/defaults.go`, and the admission plugins
DefaultTolerationSeconds and Priority.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.api.memo import by_identity
from app.api.objects import Obj
from app.component_helpers.namespaces import DEFAULT_ACCOUNT
from app.registry.defaults.filling import each, filled, having, inside, without

DEFAULT_TOLERATION_SECONDS = 300

# ------------------------------------------------------------------------------------------------ pod specs


def _default_template_spec(spec: Mapping[str, Any]) -> Obj:
    """What a pod spec gets wherever it stands, in a pod or in a template."""
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")  # two names of one field
    accounts = {"serviceAccountName": account, "serviceAccount": account} if account else {}
    complete = filled(dict(spec) if not isinstance(spec, dict) else spec, {**_SPEC_DEFAULTS, **accounts})
    complete = without(complete, "schedulingGroup")
    for field in ("containers", "initContainers", "ephemeralContainers"):
        complete = each(complete, field, _container)
    return each(complete, "volumes", _volume)


def _default_pod_spec(spec: Mapping[str, Any]) -> Obj:
    """What only a pod's own spec gets, so that templates keep what was written."""
    complete = filled(template_spec(spec), {"enableServiceLinks": True})
    for field in ("containers", "initContainers"):
        complete = each(complete, field, _requests_from_limits)
        if complete.get("hostNetwork"):
            complete = each(complete, field, lambda container: each(container, "ports", _host_port))
    return complete


def _admit_spec(spec: Mapping[str, Any], class_name: str, priority: int, preemption: str) -> Obj:
    tolerations = list(spec.get("tolerations", ()))
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(_tolerates(toleration, key) for toleration in tolerations):
            toleration = {"key": key, "operator": "Exists", "effect": "NoExecute"}
            tolerations.append({**toleration, "tolerationSeconds": DEFAULT_TOLERATION_SECONDS})
    admitted = spec if len(tolerations) == len(spec.get("tolerations", ())) else {**spec, "tolerations": tolerations}
    named = {"priorityClassName": class_name} if class_name else {}
    named |= {"serviceAccountName": DEFAULT_ACCOUNT, "serviceAccount": DEFAULT_ACCOUNT}
    return filled(admitted, {**named, "priority": priority, "preemptionPolicy": preemption})


template_spec = by_identity(_default_template_spec)
pod_spec = by_identity(_default_pod_spec)
admitted_spec = by_identity(_admit_spec)

_SPEC_DEFAULTS: Obj = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}


def _tolerates(toleration: Mapping[str, Any], key: str) -> bool:
    return toleration.get("key", "") in ("", key) and toleration.get("effect", "") in ("", "NoExecute")


def _requests_from_limits(container: Obj) -> Obj:
    resources = container.get("resources", {})
    if not resources.get("limits"):
        return container
    requests = filled(resources.get("requests", {}), resources["limits"])
    return having(container, "resources", having(resources, "requests", requests))


def _host_port(port: Obj) -> Obj:
    return filled(port, {"hostPort": port["containerPort"]}) if "containerPort" in port else port


# ----------------------------------------------------------------------------------- containers and volumes


def _container(container: Obj) -> Obj:
    complete = filled(
        container,
        {
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": pull_policy(container.get("image", "")),
        },
    )
    complete = each(complete, "ports", tcp)
    complete = each(complete, "env", _variable)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        complete = inside(complete, probe, _probe)
    return inside(complete, "lifecycle", _lifecycle)


def pull_policy(image: str) -> str:
    """Always for `:latest` or no tag at all, else IfNotPresent."""
    if "@" in image or not re.fullmatch(r"[a-z0-9].*", image.rpartition("/")[2]):
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2] or "latest"
    return "Always" if tag == "latest" else "IfNotPresent"


def _probe(probe: Obj) -> Obj:
    numbers = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    complete = inside(filled(probe, numbers), "httpGet", _http_get)
    return inside(complete, "grpc", lambda grpc: filled(grpc, {"service": ""}, text=True))


def _lifecycle(lifecycle: Obj) -> Obj:
    for hook in ("postStart", "preStop"):
        lifecycle = inside(lifecycle, hook, lambda handler: inside(handler, "httpGet", _http_get))
    return without(lifecycle, "stopSignal")


def _http_get(action: Obj) -> Obj:
    return filled(action, {"path": "/", "scheme": "HTTP"})


def _variable(variable: Obj) -> Obj:
    return inside(variable, "valueFrom", _field_reference)


def _field_reference(source: Obj) -> Obj:
    return inside(source, "fieldRef", lambda reference: filled(reference, {"apiVersion": "v1"}))


def tcp(port: Obj) -> Obj:
    """Any port of a container, a Service or a policy."""
    return filled(port, {"protocol": "TCP"})


_SOURCES: dict[str, dict[str, Any]] = {
    **{source: {"defaultMode": 0o644} for source in ("secret", "configMap", "downwardAPI", "projected")},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}


def _volume(volume: Obj) -> Obj:
    if not volume.keys() - {"name"}:
        return {**volume, "emptyDir": {}}
    for source, values in _SOURCES.items():
        volume = having(volume, source, filled(volume[source], values)) if source in volume else volume
    volume = inside(volume, "hostPath", lambda found: filled(found, {"type": ""}, text=True))
    volume = inside(volume, "downwardAPI", lambda found: each(found, "items", _field_reference))
    volume = inside(volume, "projected", lambda found: each(found, "sources", _projection))
    volume = inside(volume, "ephemeral", lambda found: inside(found, "volumeClaimTemplate", claim))
    return inside(volume, "image", lambda found: filled(found, {"pullPolicy": pull_policy(found.get("reference", ""))}))


def _projection(source: Obj) -> Obj:
    source = inside(source, "serviceAccountToken", lambda token: filled(token, {"expirationSeconds": 3600}))
    source = inside(source, "downwardAPI", lambda found: each(found, "items", _field_reference))
    return without(source, "clusterTrustBundle", "podCertificate")


def claim(obj: Obj) -> Obj:
    """A PersistentVolumeClaim, or the template of one."""
    return inside(obj, "spec", lambda spec: filled(spec, {"volumeMode": "Filesystem"}))
