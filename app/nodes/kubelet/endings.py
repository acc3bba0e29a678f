"""Pods that end though nobody deletes them: their time is over, or they take too much. Called by the kubelet.

Why a pod ends stands in its sandbox (app/nodes/sandbox.py: `ending`); the kubelet then stops what runs, and reports.
Models kubernetes/pkg/kubelet/active_deadline.go and `localStorageEviction` in eviction/eviction_manager.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api import times
from app.api.objects import Obj, ref_of
from app.nodes.kubelet import storage
from app.reconcile import Announce, Difference, Patch, RequeueAfter, background_if

_LONG_MS = 300_000  # whoever has more time than this keeps no cluster from being quiet
EVICTED = "Evicted"
_AT_ONCE_SECONDS = 1
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


def of_storage(pod: Obj, found: Obj, now_ms: int) -> Iterator[Difference]:
    """Limits on what a pod writes to the disk of its machine. While it writes, that is measured every ten seconds."""
    if not storage.is_limited(pod):
        return
    if message := storage.excess(pod, found, now_ms):
        yield Difference(ref_of(pod), "status.phase", "Failed", "Running", EVICTED, (eviction(pod, found, message),))
    elif (next_ms := storage.next_look_ms(pod, found, now_ms)) is not None:
        wait = (RequeueAfter(next_ms - now_ms, "how much it writes"),)
        pace = background_if(next_ms - now_ms > _LONG_MS)
        yield Difference(ref_of(pod), "ephemeral-storage", "within its limit", "written", "Writes", wait, pace)


def eviction(pod: Obj, found: Obj, message: str, *, disrupts: bool = False) -> Patch:
    """`disrupts`: it has to go for no fault of its own."""
    ending = {"reason": EVICTED, "message": message, "graceSeconds": _AT_ONCE_SECONDS}
    ending |= {"disrupts": True} if disrupts else {}
    return Patch(ref_of(found), {"spec": {"ending": ending}}, announce=Announce(pod, "Warning", EVICTED, message))
