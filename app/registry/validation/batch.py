"""Jobs and CronJobs. Models kubernetes `pkg/apis/batch/validation`."""

from __future__ import annotations

from collections.abc import Iterator

from app.api import cron
from app.api.errors import Cause
from app.api.objects import Obj
from app.api.selectors import matches
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, job_policies, metadata, pods

_MAX_NAME = 52  # the jobs of a CronJob add eleven characters, and a label holds 63
_UID_LABEL = "batch.kubernetes.io/controller-uid"


def check_job(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    yield from _check_generated_selector(obj)
    yield from _check_spec(spec, "spec")
    if spec.get("completionMode") == "Indexed" and spec.get("completions"):
        name = obj["metadata"].get("name", "")
        host = f"{name}-{spec['completions'] - 1}"
        if metadata.is_label(host):
            why = f"will not able to create pod with invalid DNS label: {host}"
            yield causes.invalid("metadata.name", name, why)
    selector, labels = spec.get("selector"), spec["template"]["metadata"].get("labels")
    if selector is None:
        if spec.get("manualSelector"):
            yield causes.required("spec.selector")
        return  # else the server is about to make one
    yield from metadata.check_selector(selector, "spec.selector")
    if not matches(selector, labels or {}):
        why = "`selector` does not match template `labels`"
        yield causes.invalid("spec.template.metadata.labels", labels, why)


def _check_generated_selector(job: Obj) -> Iterator[Cause]:
    """Without `manualSelector` only the one that the server makes may stand there."""
    spec, uid = job["spec"], job["metadata"].get("uid")
    if spec.get("manualSelector") or "selector" not in spec or not uid:
        return
    if spec["selector"] != {"matchLabels": {_UID_LABEL: uid}}:
        yield causes.invalid("spec.selector", spec["selector"], "`selector` not auto-generated")


def check_job_update(new: Obj, old: Obj) -> Iterator[Cause]:
    before, after = old["spec"], new["spec"]
    indexed = after.get("completionMode") == "Indexed"
    if after.get("completions") != before.get("completions") and not (
        indexed and after.get("completions") == after.get("parallelism")
    ):
        yield causes.invalid("spec.completions", after.get("completions"), causes.IMMUTABLE)
    for name in (
        "selector",
        "template",
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ):
        if name == "template" and before.get("suspend") and "startTime" not in (old.get("status") or {}):
            continue  # of a job that has not begun the pods may still be placed elsewhere
        if after.get(name) != before.get(name):
            yield causes.invalid(f"spec.{name}", after.get(name), causes.IMMUTABLE)


def _check_spec(spec: Obj, field: str) -> Iterator[Cause]:
    numbers = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
    yield from causes.not_negative(spec, field, *numbers, "backoffLimitPerIndex", "maxFailedIndexes")
    mode = spec.get("completionMode")
    if mode is not None and mode not in named_values("CompletionMode"):
        yield causes.not_supported(f"{field}.completionMode", mode, ["NonIndexed", "Indexed"])
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
    policy = spec.get("concurrencyPolicy")
    yield from causes.supported("spec.concurrencyPolicy", policy, named_values("ConcurrencyPolicy"))
    yield from causes.not_negative(spec, "spec", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    yield from _check_spec(spec["jobTemplate"]["spec"], "spec.jobTemplate.spec")
    if spec["jobTemplate"]["spec"].get("manualSelector"):
        yield causes.not_supported("spec.jobTemplate.spec.manualSelector", True, ["nil", "false"])
    if len(name) > _MAX_NAME:
        yield causes.invalid("metadata.name", name, f"must be no more than {_MAX_NAME} characters")


def _check_schedule(spec: Obj) -> Iterator[Cause]:
    schedule, zone = spec.get("schedule", ""), spec.get("timeZone")
    if not schedule:
        yield causes.required("spec.schedule")
    else:
        yield from _check_format(schedule)
    if zone == "":
        yield causes.invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string")
    elif zone is not None and zone.lower() == "local":
        why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        yield causes.invalid("spec.timeZone", zone, why)
    if zone and zone != "Local" and not (cron.is_zone_name(zone) and cron.knows_zone(zone)):
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
