"""What faults do at the moment they strike: an event is lost, a cache stands still, a process dies between two writes.

The engine asks here when it delivers an event, or is about to perform an action. A fault that strikes once, or lasts
its time, is over by itself: the ControlPlane object says so with the step that it struck in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.api.control_plane import CONTROL_PLANE
from app.apiserver.store import Change
from app.engine.informer import Informer
from app.engine.latency import RELIST_MS
from app.engine.trace import Failed, Fired, Step, WokenBy
from app.engine.worker import Reconcile, Worker

if TYPE_CHECKING:
    from app.engine.engine import Engine

_HINT_MS = 1_000  # who does not see what it wrote would else be woken by every bit of it, more and more
_HOPE_MS = 1_000


def lose(engine: Engine, worker: Worker, informer: Informer, change: Change, cause: int, background: bool) -> Step:
    """An event does not arrive. A watch notices the gap and its informer lists again; who acts on events alone never
    learns of it."""
    if engine.faults.is_edge_triggered(worker.actor):
        return _unnoticed(engine, worker, informer, change, Fired("EVENT-LOST", cause), background)
    informer.broken = True
    step = engine.record(worker.actor, change.ref, cause, Fired("WATCH-BROKEN", cause), background)
    engine.agenda.add(engine.now_ms + RELIST_MS, 0, ("relist", worker.actor, change.ref.kind, step.number))
    return step


def lose_next(engine: Engine, worker: Worker, informer: Informer, change: Change, cause: int, background: bool) -> Step:
    """One event is lost, and nothing notices: only the next one of the same object tells how that is."""
    try:
        unheard = informer.woken_by(change, worker.view)
    except Exception:
        unheard = ()  # it would have stumbled over it
    lost = Fired("EVENT-LOST", cause, (), _over(engine, "dropNext", worker.actor), unheard)
    return _unnoticed(engine, worker, informer, change, lost, background)


def _unnoticed(
    engine: Engine, worker: Worker, informer: Informer, change: Change, lost: Fired, background: bool
) -> Step:
    informer.position = change.revision
    step = engine.record(worker.actor, change.ref, lost.set_by, lost, background)
    engine.publish(lost.changes, step.number)
    engine.unpark(worker, informer)
    return step


def is_stale(engine: Engine, worker: Worker, kind: str) -> bool:
    """Its cache of that kind stands still. Never that of the kind it reconciles, nor what is asked of no API server."""
    is_other = kind != worker.controller.reconciles and not engine.server.scheme.is_local(kind)
    return is_other and engine.faults.is_stale(worker.actor)


def hint_ms(engine: Engine, worker: Worker, kind: str, due_ms: int) -> int:
    """When an event that is due then wakes it: once a second, if its cache of that kind stands still."""
    return -(-due_ms // _HINT_MS) * _HINT_MS if is_stale(engine, worker, kind) else due_ms


def hint(engine: Engine, worker: Worker, informer: Informer, change: Change, cause: int, background: bool) -> Step:
    """An event wakes the loop, and its cache stays as it was. From the first that it does not see on people wait for
    its cache to go on."""
    try:
        keys = informer.woken_by(change, worker.view)
    except Exception as mistake:
        return engine.fall(worker, change.ref, cause, mistake)
    step = engine.record(worker.actor, change.ref, cause, Fired("STALE", cause, keys), background)
    engine.queue(worker, keys, WokenBy(change.type, change.ref, step.number), background)
    for name, until_ms in engine.faults.stale_until().items() if not background else ():
        if name in (worker.actor, worker.actor.partition("/")[0]):
            engine.agenda.add(until_ms, 0, ("catch-up", name, until_ms, step.number))
    return step


def catch_up(engine: Engine, actor: str, until_ms: int, cause: int) -> Step | None:
    """Caches have been stale for long enough: their informers list again."""
    if engine.faults.stale_until().get(actor) != until_ms:
        return None  # somebody ended it before, or began it anew
    changes = _over(engine, "staleUntilMs", actor)
    step = engine.record(actor, None, cause, Fired("CAUGHT-UP", cause, (), changes))
    engine.publish(changes, step.number)
    return step


def die(engine: Engine, worker: Worker, reconcile: Reconcile) -> Step:
    """Between two writes: what it wrote stays, and what it was about to do is forgotten."""
    died = Failed("crash", "killed", "", 1, changes=_over(engine, "crashMidway", worker.actor))
    step = engine.record(worker.actor, reconcile.key, reconcile.cause, died)
    engine.publish(died.changes, step.number)
    engine.processes.crash(worker.actor, step.number)
    return step


def hope(engine: Engine) -> None:
    """Somebody did something: what was refused again and again may be taken now, and is tried soon."""
    for worker in engine.workers.values():
        for key in worker.refusals:
            timer = worker.timers.get(key)
            if timer is not None and timer.background and (event := timer.event) is not None:
                engine.agenda.cancel(timer)
                due_ms = min(timer.due_ms, engine.now_ms + _HOPE_MS)
                worker.timers[key] = engine.agenda.add(due_ms, timer.rank, event)


def _over(engine: Engine, fault: str, actor: str) -> tuple[Change, ...]:
    return engine.server.patch(CONTROL_PLANE, engine.faults.over(fault, actor)).changes
