"""What runs pods to their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import conditions, times
from app.api.objects import Obj, is_terminating, name_of
from app.api.selectors import format_selector
from app.kubectl.printers.durations import age, since
from app.kubectl.printers.printing import NONE, UNSET, Cells, Printer, age_of, columns, container_columns


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


_TEMPLATE = "*Containers, *Images, *Selector"
PRINTERS = {
    "Job": Printer(columns(f"Name, Status, Completions, Duration, Age, {_TEMPLATE}"), _job),
    "CronJob": Printer(
        columns(f"Name, Schedule, Timezone, Suspend:boolean, Active:integer, Last Schedule, Age, {_TEMPLATE}"),
        _cron_job,
    ),
}
