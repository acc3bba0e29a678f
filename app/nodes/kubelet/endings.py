"""Pods that end though nobody deletes them: their time is over. Called by the kubelet.

Why a pod ends stands in its sandbox (app/nodes/sandbox.py: `ending`); the kubelet then stops what runs, and reports.
Models kubernetes/pkg/kubelet/active_deadline.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import times
from app.api.objects import Obj, ref_of
from app.reconcile import Announce, Difference, Patch, RequeueAfter

_LONG_MS = 300_000  # whoever has more time than this keeps no cluster from being quiet
_TOO_LONG = "Pod was active on the node longer than the specified deadline"


def of_deadline(pod: Obj, sandbox: Obj, now_ms: int) -> Iterator[Difference]:
    """`activeDeadlineSeconds` of a pod: how long it may run, restarts and all."""
    seconds, began = pod["spec"].get("activeDeadlineSeconds"), (pod.get("status") or {}).get("startTime")
    if seconds is None or began is None:
        return
    left_ms = times.parse(began) + seconds * 1000 - now_ms
    if left_ms > 0:
        wait = (RequeueAfter(left_ms, "activeDeadlineSeconds"),)
        field = "spec.activeDeadlineSeconds"
        yield Difference(ref_of(pod), field, "over", "running", "DeadlineAhead", wait, left_ms > _LONG_MS)
        return
    told = Announce(pod, "Normal", "DeadlineExceeded", _TOO_LONG)
    ending = {"reason": "DeadlineExceeded", "message": _TOO_LONG}
    end = Patch(ref_of(sandbox), {"spec": {"ending": ending}}, announce=told)
    yield Difference(ref_of(pod), "spec.activeDeadlineSeconds", "over", "running", "DeadlineExceeded", (end,))
