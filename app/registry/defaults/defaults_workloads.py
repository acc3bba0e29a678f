"""What the API server adds to workloads: whatever has a pod template, and what scales it.

`app.registry.defaults.defaults` calls these, one per kind. Models kubernetes `pkg/apis/apps/v1`, `pkg/apis/batch/v1`,
`pkg/apis/autoscaling/v2` and the ReplicationController's in `pkg/apis/core/v1`: `defaults.go` in each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.api.objects import Obj, labels_of
from app.registry.defaults.defaults_pods import claim, template_spec
from app.registry.defaults.filling import each, filled, having, inside

_MAX_INT32 = 2**31 - 1


def deployment(obj: Obj) -> Obj:
    spec = filled(obj.get("spec", {}), {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = filled(spec.get("strategy", {}), {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        rolling = filled(strategy.get("rollingUpdate", {}), {"maxUnavailable": "25%", "maxSurge": "25%"})
        strategy = having(strategy, "rollingUpdate", rolling)
    return having(obj, "spec", having(with_template(spec), "strategy", strategy))


def replica_set(obj: Obj) -> Obj:
    return having(obj, "spec", with_template(filled(obj.get("spec", {}), {"replicas": 1})))


def replication_controller(obj: Obj) -> Obj:
    """Selector and labels are the template's where they are not given."""
    spec = filled(obj.get("spec", {}), {"replicas": 1})
    if "template" not in spec:
        return having(obj, "spec", spec)
    spec = with_template(spec)
    labels = spec["template"]["metadata"].get("labels")
    if labels:
        spec = spec if spec.get("selector") else {**spec, "selector": labels}
        obj = obj if labels_of(obj) else having(obj, "metadata", {**obj["metadata"], "labels": labels})
    return having(obj, "spec", spec)


def stateful_set(obj: Obj) -> Obj:
    keep = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    spec = filled(obj.get("spec", {}), {"podManagementPolicy": "OrderedReady"})
    strategy = filled(spec.get("updateStrategy", {}), {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        strategy = having(strategy, "rollingUpdate", filled(strategy.get("rollingUpdate", {}), {"partition": 0}))
    spec = having(filled(spec, {"replicas": 1, "revisionHistoryLimit": 10}), "updateStrategy", strategy)
    policy = filled(spec.get("persistentVolumeClaimRetentionPolicy", {}), keep)
    spec = having(with_template(spec), "persistentVolumeClaimRetentionPolicy", policy)
    return having(obj, "spec", each(spec, "volumeClaimTemplates", _claim_template))


def _claim_template(template: Obj) -> Obj:
    empty: Obj = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {}, "spec": {}}
    named = filled(template, empty)
    return claim(having(named, "status", filled(named.get("status", {}), {"phase": "Pending"})))


def daemon_set(obj: Obj) -> Obj:
    spec = filled(obj.get("spec", {}), {"revisionHistoryLimit": 10})
    strategy = filled(spec.get("updateStrategy", {}), {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        rolling = filled(strategy.get("rollingUpdate", {}), {"maxUnavailable": 1, "maxSurge": 0})
        strategy = having(strategy, "rollingUpdate", rolling)
    return having(obj, "spec", having(with_template(spec), "updateStrategy", strategy))


def job(obj: Obj) -> Obj:
    spec = obj.get("spec", {})
    if "completions" not in spec and "parallelism" not in spec:
        spec = {**spec, "completions": 1}
    replacement = "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"
    filled_in = {
        "parallelism": 1,
        "backoffLimit": _MAX_INT32 if "backoffLimitPerIndex" in spec else 6,
        "manualSelector": False,
        "completionMode": "NonIndexed",
        "suspend": False,
        "podReplacementPolicy": replacement,
    }
    spec = _with_failure_policy(with_template(filled(spec, filled_in)))
    labels = spec["template"]["metadata"].get("labels")
    if labels and not labels_of(obj):
        obj = having(obj, "metadata", {**obj["metadata"], "labels": labels})
    return having(obj, "spec", spec)


def _with_failure_policy(spec: Obj) -> Obj:
    return inside(
        spec,
        "podFailurePolicy",
        lambda policy: each(
            policy,
            "rules",
            lambda rule: each(rule, "onPodConditions", lambda pattern: filled(pattern, {"status": "True"})),
        ),
    )


def cron_job(obj: Obj) -> Obj:
    """Of the job only the pod template is filled in: the rest when a job is made of it."""
    limits = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
    spec = filled(obj.get("spec", {}), {"concurrencyPolicy": "Allow", "suspend": False, **limits})
    template = filled(spec.get("jobTemplate", {}), {"metadata": {}, "spec": {}})
    template = having(template, "spec", _with_failure_policy(with_template(template["spec"])))
    return having(obj, "spec", having(spec, "jobTemplate", template))


def pod_template(obj: Obj) -> Obj:
    return with_template(obj)


def with_template(owner: Obj) -> Obj:
    """`owner` with its `template` filled in."""
    template = filled(owner.get("template", {}), {"metadata": {}})
    return having(owner, "template", having(template, "spec", template_spec(template.get("spec", {}))))


# ---------------------------------------------------------------------------------------------- autoscaling

_CPU: Obj = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
_SCALE_UP: Mapping[str, Any] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
_SCALE_DOWN: Mapping[str, Any] = {
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}


def autoscaler(obj: Obj) -> Obj:
    """Without metrics it follows the CPU; with any behavior the rules it does not name are Kubernetes' own."""
    spec = filled(obj.get("spec", {}), {"minReplicas": 1})
    if not spec.get("metrics"):
        spec = {**spec, "metrics": [{"type": "Resource", "resource": _CPU}]}
    return having(obj, "spec", inside(spec, "behavior", _behavior))


def _behavior(behavior: Obj) -> Obj:
    for direction, rules in (("scaleUp", _SCALE_UP), ("scaleDown", _SCALE_DOWN)):
        behavior = having(behavior, direction, filled(behavior.get(direction, {}), rules))
    return behavior


WORKLOADS: dict[str, Callable[[Obj], Obj]] = {
    "Deployment": deployment,
    "ReplicaSet": replica_set,
    "ReplicationController": replication_controller,
    "StatefulSet": stateful_set,
    "DaemonSet": daemon_set,
    "Job": job,
    "CronJob": cron_job,
    "PodTemplate": pod_template,
    "HorizontalPodAutoscaler": autoscaler,
}
