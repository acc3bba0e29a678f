"""What a failed pod of a Job means: how long to wait before the next, and what the Job's policies say of it. Pure.

Models kubernetes/pkg/controller/job/backoff_utils.go, pod_failure_policy.go and success_policy.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import conditions, objects, times
from app.api.objects import Obj
from app.component_helpers import pods
from app.controllers.batch import indexes
from app.controllers.batch.indexes import Indexes

_FIRST_BACKOFF_MS, _MAX_BACKOFF_MS = 10_000, 600_000


def is_failed(job: Obj, pod: Obj) -> bool:
    """A pod that is being deleted before it succeeded has failed, unless only failed ones are replaced."""
    phase = pods.phase(pod)
    gone = objects.is_terminating(pod) and phase != "Succeeded" and not replaces_only_failed(job)
    return phase == "Failed" or gone


def replaces_only_failed(job: Obj) -> bool:
    spec = job["spec"]
    return spec.get("podReplacementPolicy") == "Failed" or "podFailurePolicy" in spec


# -------------------------------------------------------------------------------------------------- back-off


class Setbacks(NamedTuple):
    """What the loop remembers of a Job between two looks."""

    failures: int = 0  # since the last success
    last_ms: int = 0


NONE = Setbacks()


def setbacks_after(before: Setbacks, succeeded: Iterable[Obj], failed: Iterable[Obj]) -> Setbacks:
    """`succeeded` and `failed` are pods that have not been reckoned with yet."""
    fails, successes = sorted(map(finished_ms, failed)), list(map(finished_ms, succeeded))
    if not successes:
        return Setbacks(before.failures + len(fails), fails[-1]) if fails else before
    since = [at_ms for at_ms in fails if at_ms > max(successes)]
    return Setbacks(len(since), since[-1] if since else 0)


def waits_ms(setbacks: Setbacks, now_ms: int) -> int:
    """How long until another pod may be made: 10 seconds after a failure, twice as long after each further one."""
    if not setbacks.failures:
        return 0
    delay_ms = min(_FIRST_BACKOFF_MS << min(setbacks.failures - 1, 10), _MAX_BACKOFF_MS)
    return max(0, setbacks.last_ms + delay_ms - now_ms)


def finished_ms(pod: Obj) -> int:
    """By its containers; of one whose node says nothing any more, by what else tells."""
    sidecars = {each["name"] for each in pod["spec"].get("initContainers") or () if pods.is_sidecar(each)}
    statuses = [
        *pods.container_statuses(pod),
        *(each for each in pods.init_container_statuses(pod) if each["name"] in sidecars),
    ]
    ends = [(each.get("state") or {}).get("terminated", {}).get("finishedAt") for each in statuses]
    if ends and all(ends):
        return max(map(times.parse, ends))
    ready = pods.ready_condition(pod)
    if ready is not None and ready["status"] == "False" and ready.get("lastTransitionTime"):
        return times.parse(ready["lastTransitionTime"])
    meta = pod["metadata"]
    if objects.is_terminating(pod):
        return times.parse(meta["deletionTimestamp"]) - 1000 * int(meta.get("deletionGracePeriodSeconds") or 0)
    return times.parse(meta["creationTimestamp"])


# ------------------------------------------------------------------------------------- the pod failure policy


class Judgement(NamedTuple):
    """What the first rule that fits a failed pod wants."""

    action: str  # Ignore, Count, FailIndex or FailJob; "" where no rule fits
    message: str = ""  # of FailJob

    @property
    def counts(self) -> bool:
        return self.action != "Ignore"


def judged(job: Obj, pod: Obj) -> Judgement:
    name = f"{objects.namespace_of(pod)}/{objects.name_of(pod)}"
    for at, rule in enumerate((job["spec"].get("podFailurePolicy") or {}).get("rules") or ()):
        action, found = rule["action"], ""
        if "onExitCodes" in rule:
            status = _container_that_exited(pod, rule["onExitCodes"])
            if status is not None:
                code = status["state"]["terminated"]["exitCode"]
                found = f"Container {status['name']} for pod {name} failed with exit code {code}"
        else:
            condition = _condition_that_holds(pod, rule.get("onPodConditions") or ())
            found = f"Pod {name} has condition {condition}" if condition else ""
        if found:
            told = f"{found} matching {action} rule at index {at}" if action == "FailJob" else ""
            return Judgement(action, told)
    return Judgement("")


def _container_that_exited(pod: Obj, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for status in (*pods.container_statuses(pod), *pods.init_container_statuses(pod)):
        code = (status.get("state") or {}).get("terminated", {}).get("exitCode", 0)
        named = wanted.get("containerName") in (None, status["name"])
        if code and named and (code in wanted["values"]) == (wanted["operator"] == "In"):
            return status
    return None


def _condition_that_holds(pod: Obj, patterns: Sequence[Mapping[str, Any]]) -> str:
    wanted = {(each["type"], each.get("status", "True")) for each in patterns}
    held: Sequence[conditions.Condition] = (pod.get("status") or {}).get("conditions") or ()
    return next((each["type"] for each in held if (each["type"], each["status"]) in wanted), "")


# ------------------------------------------------------------------------------------------ the success policy


def succeeded_by_rule(job: Obj, completed: Indexes) -> int | None:
    """The number of the first rule of the success policy that the completed indexes meet."""
    spec = job["spec"]
    for at, rule in enumerate((spec.get("successPolicy") or {}).get("rules") or ()) if completed else ():
        count = rule.get("succeededCount")
        if "succeededIndexes" not in rule:
            if count is not None and indexes.total(completed) >= count:
                return at
            continue
        wanted = indexes.parse(rule["succeededIndexes"], spec["completions"])
        met = indexes.common(wanted, completed)
        if wanted and (met == indexes.total(wanted) or (count is not None and met >= count)):
            return at
    return None
