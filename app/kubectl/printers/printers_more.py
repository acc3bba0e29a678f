"""Tables of the kinds a person meets less often. `app.kubectl.printers.printers` hands them out.

Models kubernetes/pkg/printers/internalversion/printers.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.api import conditions, quantities, times
from app.api.objects import Obj, annotations_of, controller_of, get_path, is_terminating, name_of
from app.api.selectors import format_labels, format_selector
from app.kubectl.printers.durations import age, since
from app.kubectl.printers.printing import (
    NONE,
    UNSET,
    Cells,
    Printer,
    age_of,
    columns,
    container_columns,
    first_few,
    load_balancer_addresses,
    replicas,
)

# -------------------------------------------------------------------------------------------- workloads


def _replication_controller(controller: Obj, now_ms: int) -> Cells:
    spec, status = controller["spec"], controller.get("status") or {}
    counts = (replicas(spec), status.get("replicas", 0), status.get("readyReplicas", 0))
    containers = container_columns(spec.get("template") or {})
    return (name_of(controller), *counts, age_of(controller, now_ms), *containers, format_labels(spec.get("selector")))


def _stateful_set(stateful_set: Obj, now_ms: int) -> Cells:
    spec, status = stateful_set["spec"], stateful_set.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{replicas(spec)}"
    return (name_of(stateful_set), ready, age_of(stateful_set, now_ms), *container_columns(spec["template"]))


_DAEMON_COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


def _daemon_set(daemon_set: Obj, now_ms: int) -> Cells:
    spec, status = daemon_set["spec"], daemon_set.get("status") or {}
    return (
        name_of(daemon_set),
        *(status.get(count, 0) for count in _DAEMON_COUNTS),
        format_labels(get_path(spec, "template.spec.nodeSelector")),
        age_of(daemon_set, now_ms),
        *container_columns(spec["template"]),
        format_selector(spec.get("selector")),
    )


def _controller_revision(revision: Obj, now_ms: int) -> Cells:
    owner = controller_of(revision)
    group = owner["apiVersion"].rpartition("/")[0] if owner else ""
    kind = f"{owner['kind'].lower()}{'.' if group else ''}{group}" if owner else ""
    name = f"{kind}/{owner['name']}" if owner else NONE
    return name_of(revision), name, revision.get("revision", 0), age_of(revision, now_ms)


def _job(job: Obj, now_ms: int) -> Cells:
    spec, status = job["spec"], job.get("status") or {}
    return (
        name_of(job),
        _job_status(job),
        _completions(spec, status.get("succeeded", 0)),
        _job_duration(status, now_ms),
        age_of(job, now_ms),
        *container_columns(spec["template"]),
        format_selector(spec.get("selector")),
    )


def _job_status(job: Obj) -> str:
    known = (job.get("status") or {}).get("conditions")
    for condition, word in (("Complete", "Complete"), ("Failed", "Failed")):
        if conditions.is_true(known, condition):
            return word
    if is_terminating(job):
        return "Terminating"
    for condition in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if conditions.is_true(known, condition):
            return condition
    return "Running"


def _completions(spec: Mapping[str, Any], succeeded: int) -> str:
    if spec.get("completions") is not None:
        return f"{succeeded}/{spec['completions']}"
    parallelism = spec.get("parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _job_duration(status: Mapping[str, Any], now_ms: int) -> str:
    if not status.get("startTime"):
        return ""
    done = status.get("completionTime")
    return age((times.parse(done) if done else now_ms) - times.parse(status["startTime"]))


def _cron_job(cron_job: Obj, now_ms: int) -> Cells:
    spec, status = cron_job["spec"], cron_job.get("status") or {}
    job = spec["jobTemplate"]["spec"]
    last = status.get("lastScheduleTime")
    suspend = spec.get("suspend")
    return (
        name_of(cron_job),
        spec["schedule"],
        spec.get("timeZone") or NONE,
        UNSET if suspend is None else str(suspend),
        len(status.get("active") or ()),
        since(last, now_ms) if last else NONE,
        age_of(cron_job, now_ms),
        *container_columns(job["template"]),
        format_selector(job.get("selector")),
    )


# ------------------------------------------------------------------------------- autoscaling and budgets


def _autoscaler(autoscaler: Obj, now_ms: int) -> Cells:
    spec, target = autoscaler["spec"], autoscaler["spec"]["scaleTargetRef"]
    current = (autoscaler.get("status") or {}).get("currentMetrics") or []
    metrics = [
        _metric(metric, current[index] if index < len(current) else {})
        for index, metric in enumerate(spec.get("metrics") or ())
    ]
    more = f" + {len(metrics) - 2} more..." if len(metrics) > 2 else ""
    return (
        name_of(autoscaler),
        f"{target['kind']}/{target['name']}",
        ", ".join(metrics[:2]) + more or NONE,
        str(spec.get("minReplicas", UNSET)),
        str(spec["maxReplicas"]),
        str(get_path(autoscaler, "status.currentReplicas", 0)),
        age_of(autoscaler, now_ms),
    )


def _metric(metric: Mapping[str, Any], current: Mapping[str, Any]) -> str:
    """`cpu: 50%/80%`, with `<unknown>` for what was not measured."""
    field = metric["type"][0].lower() + metric["type"][1:]
    source = metric.get(field) or {}
    target, now = source.get("target") or {}, (current.get(field) or {}).get("current") or {}
    name = f"{source['name']}: " if source.get("name") else ""
    if target.get("averageUtilization") is not None:
        measured = now.get("averageUtilization")
        return f"{name}{'<unknown>' if measured is None else f'{measured}%'}/{target['averageUtilization']}%"
    if target.get("averageValue") is not None:
        average = " (avg)" if field in ("external", "object") else ""
        return f"{name}{now.get('averageValue', '<unknown>')}/{target['averageValue']}{average}"
    return f"{name}{now.get('value', '<unknown>')}/{target.get('value', '<auto>')}"


def _disruption_budget(budget: Obj, now_ms: int) -> Cells:
    spec = budget["spec"]
    limits = (str(spec.get("minAvailable", "N/A")), str(spec.get("maxUnavailable", "N/A")))
    return (name_of(budget), *limits, get_path(budget, "status.disruptionsAllowed", 0), age_of(budget, now_ms))


def _resource_quota(quota: Obj, now_ms: int) -> Cells:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or quota["spec"].get("hard") or {}, status.get("used") or {}
    requests: list[str] = []
    limits: list[str] = []
    for resource in sorted(hard):
        amounts = (quantities.canonical(str(amount.get(resource, "0"))) for amount in (used, hard))
        (limits if resource.startswith("limits.") else requests).append(f"{resource}: {'/'.join(amounts)}")
    return name_of(quota), ", ".join(requests), ", ".join(limits), age_of(quota, now_ms)


# ---------------------------------------------------------------------------------- network and storage


def _endpoints(endpoints: Obj, now_ms: int) -> Cells:
    found: list[str] = []
    for subset in endpoints.get("subsets") or ():
        ips = [address["ip"] for address in subset.get("addresses") or ()]
        ports = subset.get("ports")
        found += [_host_port(ip, port["port"]) for port in ports for ip in ips] if ports else ips
    return name_of(endpoints), first_few(found) or NONE, age_of(endpoints, now_ms)


def _host_port(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _ingress(ingress: Obj, now_ms: int) -> Cells:
    spec = ingress.get("spec") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or () if rule.get("host")]
    return (
        name_of(ingress),
        spec.get("ingressClassName") or NONE,
        first_few(hosts) or "*",
        ",".join(load_balancer_addresses(ingress)),
        "80, 443" if spec.get("tls") else "80",
        age_of(ingress, now_ms),
    )


def _network_policy(policy: Obj, now_ms: int) -> Cells:
    return name_of(policy), format_selector((policy.get("spec") or {}).get("podSelector")), age_of(policy, now_ms)


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _access_modes(modes: Iterable[str] | None) -> str:
    given = set(modes or ())
    return ",".join(short for mode, short in _MODES.items() if mode in given)


def _storage_of(capacity: Mapping[str, Any] | None) -> str:
    amount = (capacity or {}).get("storage")
    return "" if amount is None else quantities.canonical(str(amount))


def _volume_phase(obj: Obj) -> str:
    return "Terminating" if is_terminating(obj) else str((obj.get("status") or {}).get("phase", ""))


def _persistent_volume(volume: Obj, now_ms: int) -> Cells:
    spec = volume["spec"]
    claim = spec.get("claimRef")
    return (
        name_of(volume),
        _storage_of(spec.get("capacity")),
        _access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _volume_phase(volume),
        f"{claim.get('namespace', '')}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        (volume.get("status") or {}).get("reason", ""),
        age_of(volume, now_ms),
        spec.get("volumeMode") or UNSET,
    )


def _persistent_volume_claim(claim: Obj, now_ms: int) -> Cells:
    spec, status = claim["spec"], claim.get("status") or {}
    bound = spec.get("volumeName", "")
    return (
        name_of(claim),
        _volume_phase(claim),
        bound,
        _storage_of(status.get("capacity")) if bound else "",
        _access_modes(status.get("accessModes")) if bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        age_of(claim, now_ms),
        spec.get("volumeMode") or UNSET,
    )


def _storage_class(storage_class: Obj, now_ms: int) -> Cells:
    default = annotations_of(storage_class).get("storageclass.kubernetes.io/is-default-class") == "true"
    return (
        f"{name_of(storage_class)} (default)" if default else name_of(storage_class),
        storage_class["provisioner"],
        storage_class.get("reclaimPolicy", "Delete"),
        storage_class.get("volumeBindingMode", "Immediate"),
        bool(storage_class.get("allowVolumeExpansion")),
        age_of(storage_class, now_ms),
    )


# ----------------------------------------------------------------------------------- the cluster's own


def _secret(secret: Obj, now_ms: int) -> Cells:
    return name_of(secret), secret.get("type", ""), len(secret.get("data") or ()), age_of(secret, now_ms)


def _service_account(account: Obj, now_ms: int) -> Cells:
    return name_of(account), age_of(account, now_ms)


def _created_at(obj: Obj, now_ms: int) -> Cells:
    return name_of(obj), obj["metadata"].get("creationTimestamp", "")


def _role_binding(binding: Obj, now_ms: int) -> Cells:
    role, subjects = binding["roleRef"], binding.get("subjects") or ()

    def named(kind: str) -> str:
        chosen = (each for each in subjects if each["kind"] == kind)
        return ", ".join(
            f"{each.get('namespace', '')}/{each['name']}" if kind == "ServiceAccount" else each["name"]
            for each in chosen
        )

    people = (named("User"), named("Group"), named("ServiceAccount"))
    return (name_of(binding), f"{role['kind']}/{role['name']}", age_of(binding, now_ms), *people)


def _priority_class(priority: Obj, now_ms: int) -> Cells:
    return (
        name_of(priority),
        priority.get("value", 0),
        bool(priority.get("globalDefault")),
        age_of(priority, now_ms),
        priority.get("preemptionPolicy", ""),
    )


def _api_service(api_service: Obj, now_ms: int) -> Cells:
    service = api_service["spec"].get("service")
    available = conditions.find((api_service.get("status") or {}).get("conditions"), "Available")
    status = available["status"] if available else "Unknown"
    if available and status != "True":
        status = f"{status} ({available.get('reason', '')})"
    name = f"{service['namespace']}/{service['name']}" if service else "Local"
    return name_of(api_service), name, status, age_of(api_service, now_ms)


def _webhooks(configuration: Obj, now_ms: int) -> Cells:
    return name_of(configuration), len(configuration.get("webhooks") or ()), age_of(configuration, now_ms)


_CREATED_AT = Printer(columns("Name, Created At:date"), _created_at)
_BINDING = Printer(columns("Name, Role, Age, *Users, *Groups, *ServiceAccounts"), _role_binding)
_WEBHOOKS = Printer(columns("Name, Webhooks:integer, Age"), _webhooks)
_TEMPLATE = "*Containers, *Images, *Selector"
_VOLUME = "StorageClass, VolumeAttributesClass"

PRINTERS = {
    "ReplicationController": Printer(
        columns(f"Name, Desired:integer, Current:integer, Ready:integer, Age, {_TEMPLATE}"), _replication_controller
    ),
    "StatefulSet": Printer(columns("Name, Ready, Age, *Containers, *Images"), _stateful_set),
    "DaemonSet": Printer(
        columns(
            "Name, Desired:integer, Current:integer, Ready:integer, Up-to-date:integer, Available:integer, "
            f"Node Selector, Age, {_TEMPLATE}"
        ),
        _daemon_set,
    ),
    "ControllerRevision": Printer(columns("Name, Controller, Revision, Age"), _controller_revision),
    "Job": Printer(columns(f"Name, Status, Completions, Duration, Age, {_TEMPLATE}"), _job),
    "CronJob": Printer(
        columns(f"Name, Schedule, Timezone, Suspend:boolean, Active:integer, Last Schedule, Age, {_TEMPLATE}"),
        _cron_job,
    ),
    "HorizontalPodAutoscaler": Printer(
        columns("Name, Reference, Targets, MinPods, MaxPods, Replicas, Age"), _autoscaler
    ),
    "PodDisruptionBudget": Printer(
        columns("Name, Min Available, Max Unavailable, Allowed Disruptions:integer, Age"), _disruption_budget
    ),
    "ResourceQuota": Printer(columns("Name, Request, Limit, Age"), _resource_quota),
    "Endpoints": Printer(columns("Name, Endpoints, Age"), _endpoints),
    "Ingress": Printer(columns("Name, Class, Hosts, Address, Ports, Age"), _ingress),
    "NetworkPolicy": Printer(columns("Name, Pod-Selector, Age"), _network_policy),
    "PersistentVolume": Printer(
        columns(f"Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, {_VOLUME}, Reason, Age, *VolumeMode"),
        _persistent_volume,
    ),
    "PersistentVolumeClaim": Printer(
        columns(f"Name, Status, Volume, Capacity, Access Modes, {_VOLUME}, Age, *VolumeMode"), _persistent_volume_claim
    ),
    "StorageClass": Printer(
        columns("Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age"), _storage_class
    ),
    "Secret": Printer(columns("Name, Type, Data, Age"), _secret),
    "ServiceAccount": Printer(columns("Name, Age"), _service_account),
    "LimitRange": _CREATED_AT,
    "Role": _CREATED_AT,
    "ClusterRole": _CREATED_AT,
    "CustomResourceDefinition": _CREATED_AT,
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "PriorityClass": Printer(
        columns("Name, Value:integer, Global-Default:boolean, Age, PreemptionPolicy"), _priority_class
    ),
    "APIService": Printer(columns("Name, Service, Available, Age"), _api_service),
    "ValidatingWebhookConfiguration": _WEBHOOKS,
    "MutatingWebhookConfiguration": _WEBHOOKS,
}
