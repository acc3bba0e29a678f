"""The APIServices that a cluster has from its beginning: one for each group and version that the API server serves
itself, and the one of the metrics. `app.registry.bootstrap` stores them.

Models kubernetes/pkg/controlplane/apiserver/aggregator.go and cmd/kube-apiserver/app/aggregator.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.objects import Obj

# Group and version, and how early they are looked at among others.
_PRIORITIES = (
    ("", "v1", 18000, 1),
    ("apps", "v1", 17800, 15),
    ("events.k8s.io", "v1", 17750, 15),
    ("authentication.k8s.io", "v1", 17700, 15),
    ("authorization.k8s.io", "v1", 17600, 15),
    ("autoscaling", "v1", 17500, 15),
    ("autoscaling", "v2", 17500, 30),
    ("batch", "v1", 17400, 15),
    ("certificates.k8s.io", "v1", 17300, 15),
    ("networking.k8s.io", "v1", 17200, 15),
    ("policy", "v1", 17100, 15),
    ("rbac.authorization.k8s.io", "v1", 17000, 15),
    ("storage.k8s.io", "v1", 16800, 15),
    ("admissionregistration.k8s.io", "v1", 16700, 15),
    ("apiextensions.k8s.io", "v1", 16700, 15),
    ("scheduling.k8s.io", "v1", 16600, 15),
    ("coordination.k8s.io", "v1", 16500, 15),
    ("node.k8s.io", "v1", 16300, 15),
    ("discovery.k8s.io", "v1", 16200, 15),
    ("resource.k8s.io", "v1", 16200, 21),
    ("flowcontrol.apiserver.k8s.io", "v1", 16100, 21),
)


def built_in() -> Iterator[Obj]:
    for group, version, minimum, priority in _PRIORITIES:
        spec = {"group": group, "version": version, "groupPriorityMinimum": minimum, "versionPriority": priority}
        labels = {"kube-aggregator.kubernetes.io/automanaged": "onstart"}
        why = ("Local", "Local APIServices are always available")
        yield _api_service({key: value for key, value in spec.items() if value != ""}, labels, *why)
    service = {"name": "metrics-server", "namespace": "kube-system", "port": 443}
    spec = {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100}
    whole = {**spec, "service": service, "insecureSkipTLSVerify": True}
    yield _api_service(whole, {"k8s-app": "metrics-server"}, "Passed", "all checks passed")


def available_since(service: Obj, time: str) -> Obj:
    """The same, whose condition bears the time at which it was made."""
    (condition,) = service["status"]["conditions"]
    return {**service, "status": {"conditions": [{**condition, "lastTransitionTime": time}]}}


def _api_service(spec: dict[str, Any], labels: dict[str, str], reason: str, message: str) -> Obj:
    condition = {"type": "Available", "status": "True", "lastTransitionTime": None}
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"{spec['version']}.{spec.get('group', '')}", "labels": labels},
        "spec": spec,
        "status": {"conditions": [{**condition, "reason": reason, "message": message}]},
    }
