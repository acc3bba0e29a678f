"""The status of a Job, which other programs than the Job controller may write (`managedBy`).

Most rules look only at what changes. Models kubernetes `pkg/apis/batch/validation` ValidateJobStatusUpdate with the
options that `pkg/registry/batch/job` gives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, indexes

_FIELD = "status.conditions"


class _State(NamedTuple):
    """What the conditions of a Job say."""

    complete: bool
    failed: bool
    target: bool
    met: bool
    suspended: bool | None

    @property
    def finished(self) -> bool:
        return self.complete or self.failed


def _state(status: Obj) -> _State:
    said = {each.get("type"): each.get("status") for each in status.get("conditions") or ()}

    def holds(type_: str) -> bool:
        return said.get(type_) == "True"

    suspended = {"True": True, "False": False}.get(said.get("Suspended", ""))
    return _State(holds("Complete"), holds("Failed"), holds("FailureTarget"), holds("SuccessCriteriaMet"), suspended)


def check(new: Obj, old: Obj) -> Iterator[Cause]:
    spec, status, before = new.get("spec", {}), new.get("status") or {}, old.get("status") or {}
    now, was = _state(status), _state(before)
    changed = {name for name in {*status, *before} if status.get(name) != before.get(name)}
    yield from causes.not_negative(status, "status", "active", "succeeded", "failed", "ready", "terminating")
    yield from _check_uncounted(status.get("uncountedTerminatedPods") or {})
    yield from _check_end(status, now, was, changed)
    yield from _check_finished(spec, status, now, was, changed)
    yield from _check_indexes(spec, status, changed)
    yield from _check_numbers(status, now, was, changed)
    yield from _check_success(spec, now)
    yield from _check_transition(spec, status, before, now, was)


def _check_uncounted(pods: Obj) -> Iterator[Cause]:
    seen: set[str] = set()
    for part in ("succeeded", "failed"):
        for index, uid in enumerate(pods.get(part) or ()):
            field = f"status.uncountedTerminatedPods.{part}[{index}]"
            if not uid:
                yield causes.invalid(field, uid, "must not be empty")
            elif uid in seen:
                yield causes.duplicate(field, uid)
            seen.add(uid)


def _check_end(status: Obj, now: _State, was: _State, changed: set[str]) -> Iterator[Cause]:
    """The two ways in which a Job ends, and when it ended."""
    started, ended = status.get("startTime"), status.get("completionTime")
    completes = now.complete != was.complete
    if now.complete and now.failed and (completes or now.failed != was.failed):
        yield causes.unacceptable(_FIELD, "cannot set Complete=True and Failed=true conditions")
    if now.complete and now.target and (completes or now.target != was.target):
        yield causes.unacceptable(_FIELD, "cannot set Complete=True and FailureTarget=true conditions")
    if completes or "completionTime" in changed:
        if ended is not None and not now.complete:
            why = "cannot set completionTime when there is no Complete=True condition"
            yield causes.invalid("status.completionTime", ended, why)
        if ended is None and now.complete:
            yield causes.required("status.completionTime", "completionTime is required for Complete jobs")
    if {"startTime", "completionTime"} & changed and started and ended and ended < started:
        yield causes.invalid("status.completionTime", ended, "must be equal to or after `startTime`")
    if now.failed and not now.target and (now.failed != was.failed or "failedIndexes" in changed):
        why = "cannot set Failed=True condition without the FailureTarget=true condition"
        yield causes.unacceptable(_FIELD, why)
    if now.complete and not now.met and (completes or now.met != was.met):
        why = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        yield causes.unacceptable(_FIELD, why)


def _check_finished(spec: Obj, status: Obj, now: _State, was: _State, changed: set[str]) -> Iterator[Cause]:
    if not now.finished:
        return
    ends, active = now.finished != was.finished, status.get("active", 0)
    if active > 0 and (ends or "active" in changed):
        yield causes.invalid("status.active", active, "active>0 is invalid for finished job")
    nothing_to_do = spec.get("suspend") is True and spec.get("completions") == 0
    if "startTime" not in status and (ends or "startTime" in changed) and not nothing_to_do:
        yield causes.required("status.startTime", "startTime is required for finished job")
    uncounted = status.get("uncountedTerminatedPods") or {}
    if any(uncounted.values()) and (ends or "uncountedTerminatedPods" in changed):
        printed = causes.struct(uncounted, "Succeeded", "Failed")
        yield causes.invalid("status.uncountedTerminatedPods", printed, "must be empty for finished job")


def _check_indexes(spec: Obj, status: Obj, changed: set[str]) -> Iterator[Cause]:
    completions, limited = spec.get("completions"), "backoffLimitPerIndex" in spec
    completed, failed = status.get("completedIndexes", ""), status.get("failedIndexes")
    if "completedIndexes" in changed and completions is not None:
        yield from _check_format("completedIndexes", completed, completions)
    if "failedIndexes" in changed and completions is not None and limited and failed is not None:
        yield from _check_format("failedIndexes", failed, completions)
    if "completedIndexes" in changed and completed and spec.get("completionMode") != "Indexed":
        why = "cannot set non-empty completedIndexes when non-indexed completion mode"
        yield causes.invalid("status.completedIndexes", completed, why)
    if "failedIndexes" in changed and failed is not None and not limited:
        why = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        yield causes.invalid("status.failedIndexes", failed, why)
    if {"completedIndexes", "failedIndexes"} & changed and completions is not None and failed is not None:
        shared = indexes.overlap(completed, failed, completions)
        if shared is not None:
            why = f"failedIndexes and completedIndexes overlap at index: {shared}"
            yield causes.invalid("status.failedIndexes", failed, why)


def _check_format(name: str, text: str, completions: int) -> Iterator[Cause]:
    try:
        indexes.total(text, completions)
    except ValueError as wrong:
        yield causes.invalid(f"status.{name}", text, f"error parsing {name}: {wrong}")


def _check_numbers(status: Obj, now: _State, was: _State, changed: set[str]) -> Iterator[Cause]:
    ending, ready = status.get("terminating", 0), status.get("ready", 0)
    if ending > 0 and now.finished and (now.finished != was.finished or "terminating" in changed):
        yield causes.invalid("status.terminating", ending, "terminating>0 is invalid for finished job")
    if {"ready", "active"} & changed and ready > status.get("active", 0):
        yield causes.invalid("status.ready", ready, "cannot set more ready pods than active")


def _check_success(spec: Obj, now: _State) -> Iterator[Cause]:
    if now.met and now.failed:
        yield causes.unacceptable(_FIELD, "cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if now.met and now.target:
        yield causes.unacceptable(_FIELD, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
    if "successPolicy" in spec and not now.met and now.complete:
        why = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        yield causes.unacceptable(_FIELD, why)


def _check_transition(spec: Obj, status: Obj, before: Obj, now: _State, was: _State) -> Iterator[Cause]:
    """What has been said stays."""
    for name, earlier, later in (
        ("Failed", was.failed, now.failed),
        ("Complete", was.complete, now.complete),
        ("FailureTarget", was.target, now.target),
    ):
        if earlier and not later:
            yield causes.unacceptable(_FIELD, f"cannot disable the terminal {name}=True condition")
    elastic = spec.get("completionMode") == "Indexed" and spec.get("completions") == spec.get("parallelism")
    for name in ("failed",) if elastic else ("failed", "succeeded"):
        if (number := status.get(name, 0)) < before.get(name, 0):
            yield causes.invalid(f"status.{name}", number, f"cannot decrease the {name} counter")
    ended, was_ended = status.get("completionTime"), before.get("completionTime")
    if ended is not None and was_ended is not None and ended != was_ended:
        yield causes.invalid("status.completionTime", ended, causes.IMMUTABLE)
    started, was_started = status.get("startTime"), before.get("startTime")
    resumes = was.suspended is True and now.suspended is False
    if was_started is not None and started != was_started and not resumes and not spec.get("suspend"):
        why = "field is immutable for unsuspended job once set"
        yield causes.invalid("status.startTime", started, why)
    if was.met and not now.met:
        yield causes.unacceptable(_FIELD, "cannot disable the SuccessCriteriaMet=True condition")
    if was.complete and not was.met and now.met:
        why = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
        yield causes.unacceptable(_FIELD, why)
