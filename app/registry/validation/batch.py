"""Jobs and CronJobs. Models kubernetes `pkg/apis/batch/validation`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from app.api import cron
from app.api.errors import Cause
from app.api.objects import Obj
from app.api.selectors import matches
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, job_policies, metadata, pods

_MAX_NAME = 52  # the jobs of a CronJob add eleven characters, and a label holds 63
_UID_LABEL, _NAME_LABEL = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"


def check_job(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    yield from _check_generated(obj)
    yield from _check_spec(spec, "spec")
    selector, labels = spec.get("selector"), spec["template"]["metadata"].get("labels")
    if selector is not None:
        problems = list(metadata.check_selector(selector, "spec.selector"))
        yield from problems
        if not problems and not matches(selector, labels or {}):
            why = "`selector` does not match template `labels`"
            yield causes.invalid("spec.template.metadata.labels", labels, why)
    elif spec.get("manualSelector"):  # else the server is about to make one
        yield causes.required("spec.selector")
        why = "`selector` does not match template `labels`"
        yield causes.invalid("spec.template.metadata.labels", labels, why)
    if spec.get("completionMode") == "Indexed" and spec.get("completions"):
        name = obj["metadata"].get("name", "")
        host = f"{name}-{spec['completions'] - 1}"
        if metadata.is_label(host):
            why = f"will not able to create pod with invalid DNS label: {host}"
            yield causes.invalid("metadata.name", name, why)


def _check_generated(job: Obj) -> Iterator[Cause]:
    """Without `manualSelector` only the labels and the selector that the server makes may stand there."""
    spec, uid, name = job["spec"], job["metadata"].get("uid"), job["metadata"].get("name", "")
    if spec.get("manualSelector") or "selector" not in spec or not uid:
        return
    labels, field = spec["template"]["metadata"].get("labels") or {}, "spec.template.metadata.labels"
    expected = {"controller-uid": uid, "job-name": name, _UID_LABEL: uid, _NAME_LABEL: name}
    for label, value in expected.items():
        if label not in labels:
            yield causes.required(f"{field}[{label}]", f"must be '{value}'")
        elif labels[label] != value:
            yield causes.invalid(f"{field}[{label}]", labels, f"must be '{value}'")
    if not any(metadata.check_selector(spec["selector"], "")) and not matches(spec["selector"], expected):
        yield causes.invalid("spec.selector", spec["selector"], "`selector` not auto-generated")


def check_job_update(new: Obj, old: Obj) -> Iterator[Cause]:
    before, after = old["spec"], new["spec"]
    completions = after.get("completions")
    if completions != before.get("completions"):
        if after.get("completionMode") != "Indexed":
            yield causes.invalid("spec.completions", completions, causes.IMMUTABLE)
        elif completions is not None and completions != after.get("parallelism"):
            why = "can only be modified in tandem with spec.parallelism"
            yield causes.invalid("spec.completions", completions, why)
    if after.get("selector") != before.get("selector"):
        yield causes.invalid("spec.selector", after.get("selector"), causes.IMMUTABLE)
    yield from _check_template_kept(after["template"], old)
    for name, printed in _FIXED.items():
        if after.get(name) != before.get(name):
            yield causes.invalid(f"spec.{name}", printed(after.get(name)), causes.IMMUTABLE)


_FIXED: dict[str, Callable[[Any], Any]] = {
    "completionMode": lambda mode: mode,
    "podFailurePolicy": job_policies.failure_in_go,
    "backoffLimitPerIndex": lambda limit: limit,
    "managedBy": lambda name: name,
    "successPolicy": job_policies.success_in_go,
}
"""Fields that stay, and how their values are printed."""


def _check_template_kept(after: Obj, old: Obj) -> Iterator[Cause]:
    """While a Job is suspended and has no pods, they may be placed elsewhere, and ask for other resources."""
    before = old["spec"]["template"]
    status = old.get("status") or {}
    said = {each.get("type"): each.get("status") for each in status.get("conditions") or ()}
    rests = "startTime" not in status or said.get("Suspended") == "True"
    if not (old["spec"].get("suspend") and rests and not status.get("active")):
        if after != before:
            yield causes.invalid("spec.template", after, causes.IMMUTABLE)
    elif _bare(after["spec"]) != _bare(before["spec"]):
        yield causes.invalid("spec.template.spec", after["spec"], causes.IMMUTABLE)


def _bare(pod: Obj) -> Obj:
    """A pod spec without what may change meanwhile."""
    kept = {
        name: value for name, value in pod.items() if name not in ("nodeSelector", "tolerations", "schedulingGates")
    }
    affinity = {name: value for name, value in pod.get("affinity", {}).items() if name != "nodeAffinity"}
    containers: dict[str, list[Obj]] = {
        part: [{name: value for name, value in each.items() if name != "resources"} for each in pod[part]]
        for part in ("containers", "initContainers")
        if part in pod
    }
    return {**kept, "affinity": affinity, **containers}


def _check_spec(spec: Obj, field: str) -> Iterator[Cause]:
    numbers = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
    yield from causes.not_negative(spec, field, *numbers, "backoffLimitPerIndex", "maxFailedIndexes")
    yield from job_policies.check(spec, field)
    template = spec["template"]
    yield from pods.check_template(template, f"{field}.template")
    policy = template["spec"].get("restartPolicy")
    at = f"{field}.template.spec.restartPolicy"
    if policy in ("", None, "Always"):
        yield causes.required(at, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield causes.not_supported(at, policy, ["OnFailure", "Never"])
    elif "podFailurePolicy" in spec and policy != "Never":
        why = 'only "Never" is supported when podFailurePolicy is specified'
        yield causes.invalid(at, policy, why)


# ------------------------------------------------------------------------------------------------ cron jobs


def check_cron_job(obj: Obj) -> Iterator[Cause]:
    spec, name = obj["spec"], obj["metadata"].get("name", "")
    yield from _check_schedule(spec)
    yield from causes.not_negative(spec, "spec", "startingDeadlineSeconds")
    yield from _check_zone(spec.get("timeZone"))
    policies = named_values("ConcurrencyPolicy")
    yield from causes.supported("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), policies)
    job, field = spec["jobTemplate"]["spec"], "spec.jobTemplate.spec"
    yield from _check_spec(job, field)
    if "selector" in job:
        yield causes.invalid(f"{field}.selector", job["selector"], "`selector` will be auto-generated")
    if job.get("manualSelector"):
        yield causes.not_supported(f"{field}.manualSelector", True, ["nil", "false"])
    yield from causes.not_negative(spec, "spec", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    if len(name) > _MAX_NAME:
        yield causes.invalid("metadata.name", name, f"must be no more than {_MAX_NAME} characters")


def _check_schedule(spec: Obj) -> Iterator[Cause]:
    if not spec.get("schedule"):
        yield causes.required("spec.schedule")
    else:
        yield from _check_format(spec["schedule"])


def _check_zone(zone: str | None) -> Iterator[Cause]:
    if zone is None:
        return
    known = cron.is_zone_name(zone)
    if not zone:
        yield causes.invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string")
    elif known and zone.lower() == "local":
        why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        yield causes.invalid("spec.timeZone", zone, why)
    if zone and zone != "Local" and not (known and cron.knows_zone(zone)):
        yield causes.invalid("spec.timeZone", zone, f"unknown time zone {zone}")


def _check_format(schedule: str) -> Iterator[Cause]:
    prefix, _, fields = schedule.partition(" ")
    name, _, zone = prefix.partition("=")
    zoned = name in ("TZ", "CRON_TZ") and bool(fields)
    try:
        if zoned and not cron.knows_zone(zone):
            raise ValueError(f"provided bad location {zone}: unknown time zone {zone}")
        cron.parse(fields.strip() if zoned else schedule)
    except ValueError as wrong:
        yield causes.invalid("spec.schedule", schedule, str(wrong))
    if "TZ" in schedule:
        why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield causes.invalid("spec.schedule", schedule, why)
