"""ttl-after-finished-controller: deletes Jobs `ttlSecondsAfterFinished` after their end.

Waiting for that is background: a cluster in which all that is left is a Job that may go tomorrow is quiet.
Models kubernetes/pkg/controller/ttlafterfinished/ttlafterfinished_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, ref_of, uid_of
from app.controllers.batch import jobs
from app.reconcile import AWAITED, Controller, Delete, Difference, Reader, RequeueAfter, itself


@dataclass(frozen=True, slots=True)
class FinishedSeen:
    job: Obj
    now_ms: int


class TtlAfterFinishedController(Controller[FinishedSeen]):
    name = "ttl-after-finished-controller"
    title = "Job TTL"
    lane = 210
    reconciles = "Job"
    says = {
        "TimeToLiveAhead": Saying(N_("%(about)s has ended, and stays for a while."), N_("stays for a while")),
        "TimeToLiveIsOver": Saying(N_("The time to keep %(about)s is over."), N_("kept long enough")),
    }

    def __init__(self) -> None:
        self.wakes = (itself("Job", when=lambda old, new: new is not None and _ttl_ms(new) is not None),)

    def observe(self, key: Ref, reader: Reader) -> FinishedSeen | None:
        job = reader.get(key)
        return FinishedSeen(job, reader.now_ms) if job and _ttl_ms(job) is not None else None

    @staticmethod
    def saw(seen: FinishedSeen) -> Message:
        return message(N_("%(who)s sees that Job %(name)s has ended."), name=name_of(seen.job))

    def diff(self, seen: FinishedSeen) -> Iterable[Difference]:
        ended_ms, ttl_ms = jobs.finished_ms(seen.job), _ttl_ms(seen.job)
        if ended_ms is None or ttl_ms is None or is_terminating(seen.job):
            return
        about, left_ms = ref_of(seen.job), ended_ms + ttl_ms - seen.now_ms
        if left_ms > 0:
            wait = (RequeueAfter(left_ms, "ttlSecondsAfterFinished"),)
            yield Difference(about, "exists", "gone", "finished", "TimeToLiveAhead", wait, pace=AWAITED)
        else:
            delete = (Delete(about, uid=uid_of(seen.job), propagation="Foreground"),)
            yield Difference(about, "exists", "gone", "finished", "TimeToLiveIsOver", delete)


def _ttl_ms(job: Obj) -> int | None:
    seconds = job["spec"].get("ttlSecondsAfterFinished")
    return 1000 * int(seconds) if seconds is not None and jobs.finished(job) else None
