"""How a story ended, from data: what was done, how long it took, what is wanted and what is there.

Shown when a room is quiet and all has been told, with the way to see it once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.api.messages import N_
from app.api.objects import Ref, controller_of, is_terminating, kind_of
from app.commands import (
    CrashContainer,
    CutNetwork,
    DeleteObject,
    FailZone,
    PowerNode,
    RemoveNode,
    RolloutRestart,
    RolloutUndo,
    Scale,
    SetImage,
    SetTraffic,
)
from app.engine.trace import Commanded, Step
from app.look import Look
from app.web.present import thread, verdict, why, workloads
from app.web.present.clock import duration
from app.web.present.names import known, tell
from app.web.present.words import Words

COUNTED = ("DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
# Nobody is told of them: loops notice at their next look.
UNTOLD = (PowerNode, CutNetwork, FailZone, RemoveNode, SetTraffic)
VERDICTS = {
    "converged": N_("Converged"),
    "duplicated": N_("Duplicated"),
    "leaked": N_("Leaked"),
    "stuck": N_("Stuck"),
}
UPDATES = (SetImage, RolloutRestart, RolloutUndo)


class VerdictView(NamedTuple):
    """What came of a fault that somebody gave a loop."""

    kind: str  # converged, duplicated, leaked, stuck
    word: str
    text: str


class Ending(NamedTuple):
    text: str  # "Healed in 5.9 s: 3 wanted, 3 ready."
    length: str  # "5 loops, 16 steps."
    is_good: bool  # what is wanted is there
    verdict: VerdictView | None = None


def of(cluster: Look, act: Step | None, _: Words) -> Ending | None:
    """None if nobody did anything, if it was refused, if nothing came of it, or too long ago."""
    record = act.record if act is not None else None
    if act is None or not isinstance(record, Commanded) or record.error:
        return None
    come_of = thread.following if isinstance(record.command, UNTOLD) else thread.descending
    came = come_of(cluster, act)
    if came is None or len(came.lanes) < 2:
        return None
    wanted, ready = _counts(cluster, came.refs)
    is_good = ready >= wanted
    if is_good and _stays(cluster, record):
        return None
    took = duration(came.last_ms - act.at_ms)
    if not wanted and not ready:
        text = _("Done in %(time)s.", time=took)
    else:
        text = _(_form(record.command, is_good), time=took, wanted=wanted, ready=ready)
    loops = _.many("%(n)s loop", "%(n)s loops", len(came.lanes) - 1)
    steps = _.many("%(n)s step", "%(n)s steps", came.steps)
    return Ending(text, _("%(loops)s, %(steps)s.", loops=loops, steps=steps), is_good, _verdict(cluster, act, _))


def _verdict(cluster: Look, act: Step, _: Words) -> VerdictView | None:
    found = verdict.of(cluster, act)
    return VerdictView(found.kind, _(VERDICTS[found.kind]), tell(found.said, _)) if found is not None else None


def shortest_trace(cluster: Look, act: Step | None, _: Words) -> why.Why:
    """The steps that show the verdict, to look through."""
    found = verdict.of(cluster, act) if act is not None else None
    if found is None:
        return why.Why("", (), 0, _("No loop was given a fault that has struck."))
    links = tuple(why.link(each.step, each.how, cluster.epoch_ms, _) for each in found.trace)
    return why.Why(f"{_(VERDICTS[found.kind])}: {tell(found.said, _)}", links, 0, "")


def _stays(cluster: Look, record: Commanded) -> bool:
    """What was deleted has not gone yet."""
    found = (cluster.get(written.ref) for written in record.results)
    return isinstance(record.command, DeleteObject) and any(obj is not None and is_terminating(obj) for obj in found)


def _form(command: object, is_good: bool) -> str:
    if not is_good:
        return N_("Come to rest after %(time)s: %(wanted)s wanted, %(ready)s ready.")
    if isinstance(command, Scale):
        return N_("Scaled in %(time)s: %(wanted)s wanted, %(ready)s ready.")
    if isinstance(command, UPDATES):
        return N_("Updated in %(time)s: %(wanted)s wanted, %(ready)s ready.")
    if _hurts(command):
        return N_("Healed in %(time)s: %(wanted)s wanted, %(ready)s ready.")
    return N_("Done in %(time)s: %(wanted)s wanted, %(ready)s ready.")


def _hurts(command: object) -> bool:
    match command:
        case DeleteObject(ref=ref):
            return ref.kind == "Pod"
        case PowerNode(on=on):
            return not on
        case CutNetwork(cut=cut):
            return cut
        case FailZone(failed=failed):
            return failed
    return isinstance(command, CrashContainer | RemoveNode)


def _counts(cluster: Look, refs: Iterable[Ref]) -> tuple[int, int]:
    """What is wanted and ready of the workloads to which these objects belong."""
    roots = {_root(cluster, ref) for ref in refs}
    found = (cluster.get(ref) for ref in sorted(ref for ref in roots if ref is not None))
    points = [workloads.point(obj) for obj in found if obj is not None]
    return sum(wanted for wanted, _ready in points), sum(ready for _wanted, ready in points)


def _root(cluster: Look, ref: Ref) -> Ref | None:
    """The workload that an object belongs to."""
    ref = known(ref)
    if ref.kind == "Pod":
        pod = cluster.get(ref)
        owner = controller_of(pod) if pod else None
        ref = Ref(kind_of(owner), ref.namespace, owner["name"]) if owner else ref
    obj = cluster.get(ref)
    ref = workloads.root_of(obj) if obj else ref
    return ref if ref.kind in COUNTED else None
