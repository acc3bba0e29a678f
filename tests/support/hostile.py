"""Requests that once stopped a server, and every room in it: for tests/web/test_hostile.py, benchmarks/hostile.py."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

MOST = 2**31 - 1
JSON, YAML = "application/json", "application/yaml"
FORM = "application/x-www-form-urlencoded"
JSON_PATCH, MERGE_PATCH, APPLY_PATCH = (
    "application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml",
)  # fmt: skip
_CORE, _APPS, _BATCH = (f"/kube/{group}/namespaces/default" for group in ("api/v1", "apis/apps/v1", "apis/batch/v1"))
_POD = {"containers": [{"name": "c", "image": "nginx:1.27"}]}
_TEMPLATE = {"metadata": {"labels": {"app": "x"}}, "spec": _POD}
_OF_JOB = {"spec": {**_POD, "restartPolicy": "Never"}}
_SELECTOR = {"matchLabels": {"app": "x"}}
_LONG_ALIASES = f"a: &a {'x' * 60_000}\nb: [{'*a,' * 6_000}]\n"
_CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata: {}\n"


class Request(NamedTuple):
    """`path` below the room; a form's body is its fields."""

    method: str
    path: str
    body: Any
    content_type: str = JSON
    code: int = 201

    @property
    def data(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


def _named(kind: str, api_version: str, spec: dict[str, Any], name: str = "x", **meta: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **meta}, "spec": spec}


def _service(name: str, ports: int, code: int = 201) -> Request:
    listed = [{"name": f"p{number}", "port": number} for number in range(1, ports + 1)]
    return Request(
        "POST", f"{_CORE}/services", _named("Service", "v1", {"type": "NodePort", "ports": listed}, name), code=code
    )


def _cron_job(schedule: str, zone: str, code: int) -> Request:
    spec = {"schedule": schedule, "timeZone": zone, "jobTemplate": {"spec": {"template": _OF_JOB}}}
    return Request("POST", f"{_BATCH}/cronjobs", _named("CronJob", "batch/v1", spec), code=code)


def _workload(kind: str, plural: str, **spec: Any) -> Request:
    whole = {"replicas": MOST, "selector": _SELECTOR, "template": _TEMPLATE, **spec}
    return Request("POST", f"{_APPS}/{plural}", _named(kind, "apps/v1", whole))


_CLAIM = {
    "metadata": {"name": "d"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1"}}},
}
_ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": MOST, "maxUnavailable": MOST}}
_HUGE_JOB = {"parallelism": 100_000, "completions": MOST, "completionMode": "Indexed", "template": _OF_JOB}
_HPA = {
    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
    "minReplicas": MOST - 1, "maxReplicas": MOST,
}  # fmt: skip
_PARALLEL: dict[str, Any] = {"podManagementPolicy": "Parallel", "volumeClaimTemplates": [_CLAIM]}
_MERGES = f"a: &a {{b: 1}}\nc: {{{''.join(f'k{n}: 1,' for n in range(10_000))}<<: [{'*a,' * 30_000}]}}"
_HISTORY, _LABELLED = (
    {"deployment.kubernetes.io/revision-history": "1," * 100_000},
    {"metadata": {"labels": {"b": "c"}}},
)
_INSERTIONS = [
    {"op": "add", "path": "/metadata/annotations", "value": {"list": [0] * 50_000}},
    *[{"op": "add", "path": "/metadata/annotations/list/0", "value": 0}] * 5_000,
]

_DIGITS = f"[{', '.join(map(repr, '0123456789'))}]"
_TOO_LONG = "".join(f"{_DIGITS}.all(a{depth}, " for depth in range(6)) + "a0 != 'x'" + ")" * 6
_ADMISSION = "admissionregistration.k8s.io/v1"
_POLICY = {
    "matchConstraints": {"resourceRules": [{"apiGroups": ["apps"], "apiVersions": ["*"], "operations": ["*"],
                                            "resources": ["*", "*/status"]}]},
    "validations": [{"expression": _TOO_LONG}] * 20,
}  # fmt: skip
_BOUND = {"policyName": "x", "validationActions": ["Warn"]}

HOSTILE: dict[str, list[Request]] = {
    "a Service with 2,769 node ports": [_service("x", 2_769, 422)],
    "Services until no node port is left": [_service("a", 1_500), _service("b", 1_268), _service("c", 1, 422)],
    "a StatefulSet of 2,147,483,647, in parallel, with claims": [
        _workload("StatefulSet", "statefulsets", serviceName="x", **_PARALLEL),
    ],
    "a Deployment of 2,147,483,647 with as many more": [_workload("Deployment", "deployments", strategy=_ROLLING)],
    "a ReplicaSet of 2,147,483,647": [_workload("ReplicaSet", "replicasets")],
    "a HorizontalPodAutoscaler up to 2,147,483,647": [
        Request("POST", "/kube/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
                _named("HorizontalPodAutoscaler", "autoscaling/v2", _HPA)),
    ],
    "a Job of 2,147,483,647": [
        Request("POST", f"{_BATCH}/jobs",
                _named("Job", "batch/v1", {"parallelism": MOST, "completions": MOST, "template": _OF_JOB})),
    ],
    "an Indexed Job, and a status that lists all its indexes": [
        Request("POST", f"{_BATCH}/jobs", _named("Job", "batch/v1", _HUGE_JOB)),
        Request("PATCH", f"{_BATCH}/jobs/x/status", {"status": {"completedIndexes": f"0-{MOST}"}}, MERGE_PATCH, 422),
    ],
    "a cron field without a number": [_cron_job(", * * * *", "Asia/Tokyo", 422)],
    "a cron schedule that never comes, in a time zone": [_cron_job("* * 30 2 *", "Europe/Berlin", 201)],
    "a JSON Patch that copies a part into itself": [
        Request("PATCH", f"{_APPS}/deployments/web",
                [{"op": "copy", "from": "/spec", "path": f"/spec/x{number}"} for number in range(40)], JSON_PATCH, 422),
    ],
    "a JSON Patch that inserts into a long list": [
        Request("PATCH", f"{_APPS}/deployments/web", _INSERTIONS, JSON_PATCH, 422),
    ],
    "60 kB behind 6,000 aliases: create": [Request("POST", f"{_CORE}/configmaps", _CONFIG + _LONG_ALIASES, YAML, 413)],
    "60 kB behind 6,000 aliases: apply": [
        Request("PATCH", f"{_CORE}/configmaps/big?fieldManager=x", _CONFIG + _LONG_ALIASES, APPLY_PATCH, 413),
    ],
    "60 kB behind 6,000 aliases: the editor": [
        Request("POST", "/commands/apply", {"manifest": _CONFIG + _LONG_ALIASES}, FORM, 413),
        Request("POST", "/plan", {"manifest": _CONFIG + _LONG_ALIASES}, FORM, 200),
    ],
    "30,000 maps merged into one of 10,000": [
        Request("POST", "/plan", {"manifest": _MERGES}, FORM, 200),
    ],
    "a policy that loops for every write to a workload": [
        Request("POST", f"/kube/apis/{_ADMISSION}/validatingadmissionpolicies",
                _named("ValidatingAdmissionPolicy", _ADMISSION, _POLICY)),
        Request("POST", f"/kube/apis/{_ADMISSION}/validatingadmissionpolicybindings",
                _named("ValidatingAdmissionPolicyBinding", _ADMISSION, _BOUND)),
        _workload("Deployment", "deployments", replicas=2),
    ],
    "a history of 100,000 revisions": [
        Request("PATCH", f"{_APPS}/deployments/web", {"metadata": {"annotations": _HISTORY}}, MERGE_PATCH, 200),
        Request("PATCH", f"{_APPS}/deployments/web", {"spec": {"template": _LABELLED}}, MERGE_PATCH, 200),
    ],
}  # fmt: skip

SHELL = {f"V{number}": ";".join([f'sh -c "$V{number + 1}"'] * 10) for number in range(9)} | {
    "V9": "true",
    "A": "sh -c '$A'",
}
"""The environment of a container in which `sh -c "$V0"` would run a thousand million commands, and `$A` never end."""

CONTAINER = _named(
    "Pod", "v1",
    {"containers": [{"name": "c", "image": "nginx:1.27", "env": [{"name": k, "value": v} for k, v in SHELL.items()]}]},
    "shell",
)  # fmt: skip
