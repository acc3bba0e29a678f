"""Namespaces that take no pods, or warn of pods, which ask more of their machine than a level allows.

Called by the API server when a pod is created, and for warnings of what makes pods. Models
kubernetes/staging/src/k8s.io/pod-security-admission/admission.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import errors
from app.api.objects import Obj, Ref, get_path, kind_of, labels_of, name_of, namespace_of
from app.apiserver.store import Store
from app.registry import pod_security

_LABEL = "pod-security.kubernetes.io/"
_LEVELS = ("privileged", "baseline", "restricted")
_TEMPLATES = {
    "Pod": "spec",
    "PodTemplate": "template.spec",
    "CronJob": "spec.jobTemplate.spec.template.spec",
    **dict.fromkeys(
        ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"), "spec.template.spec"
    ),
}


def check(obj: Obj, store: Store) -> None:
    """Raises Forbidden for a pod that its namespace does not take."""
    if kind_of(obj) == "Pod" and (why := _violated(obj, _labels(obj, store), "enforce")):
        details = {"name": name_of(obj), "kind": "pods"}
        raise errors.Forbidden(f'pods "{name_of(obj)}" is forbidden: violates PodSecurity {why}', details=details)


def warnings(obj: Obj, store: Store) -> tuple[str, ...]:
    """What its author should know of the pods that this makes."""
    why = _violated(obj, _labels(obj, store), "warn") if kind_of(obj) in _TEMPLATES else ""
    return (f"would violate PodSecurity {why}",) if why else ()


def _labels(obj: Obj, store: Store) -> Mapping[str, str]:
    home = store.get(Ref("Namespace", "", namespace_of(obj)))
    return labels_of(home) if home is not None else {}


def _violated(obj: Obj, labels: Mapping[str, str], mode: str) -> str:
    """`"baseline:latest": privileged (...)`; without a level for warnings, that which is enforced counts."""
    level, version = (labels.get(f"{_LABEL}{mode}{part}", "") for part in ("", "-version"))
    if mode == "warn" and not level:
        level, version = labels.get(f"{_LABEL}enforce", ""), version or labels.get(f"{_LABEL}enforce-version", "")
    if level not in _LEVELS:
        return ""
    spec: Mapping[str, Any] = get_path(obj, _TEMPLATES[kind_of(obj)]) or {}
    found = pod_security.violations(level, spec)
    return f'"{level}:{version or "latest"}": {found}' if found else ""
