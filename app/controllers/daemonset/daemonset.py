"""The DaemonSet controller: one pod on every node that fits.

The engine runs it for every DaemonSet whose own object, or one of whose pods, changed, and for all of them when a node
comes, or changes its labels or taints. Each pod is made for one node and says so in its affinity; the scheduler binds
it there. A node that stops to fit loses its pod, a pod that is on its way out is replaced when it has ended.
Where a pod should run and what it looks like is in app/controllers/daemonset/daemons.py.
Models kubernetes/pkg/controller/daemon (daemon_controller.go, update.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app import pod_control
from app.api import objects
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, Ref, ref_of
from app.api.status import changed_fields
from app.component_helpers import pods, replicas, revisions
from app.controllers.daemonset import daemons
from app.controllers.daemonset.daemons import Daemons, daemons_of, new_pod, old_and_new
from app.reconcile import (
    BY_NAMESPACE,
    Action,
    Announce,
    Cache,
    Controller,
    Difference,
    Reader,
    Remember,
    RequeueAfter,
    UpdateStatus,
    Wake,
    itself,
)

KIND = "DaemonSet"
_BURST = 250  # pods created or deleted in one reconcile at most
_FIRST_BACKOFF_MS, _MAX_BACKOFF_MS = 1_000, 900_000


class Backoff(NamedTuple):
    """How long a node whose pod failed waits for the next."""

    delay_ms: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class DaemonSetObservation:
    daemon_set: Obj
    owned_pods: Sequence[Obj]  # those it controls, finished and terminating ones too
    orphans: Sequence[Obj]  # pods of the namespace that nobody controls
    nodes: Sequence[Obj]
    revisions: Sequence[Obj]  # those it controls
    orphaned_revisions: Sequence[Obj]
    backoffs: Mapping[str, Backoff]  # by node
    now_ms: int


_ANEW = {"Pod": N_("It deletes %(name)s, to make it anew.")}


class DaemonSetController(Controller[DaemonSetObservation]):
    name = "daemonset-controller"
    title = "DaemonSet"
    lane = 70
    reconciles = KIND
    concurrency = 2
    says = {
        **pod_control.SAYS,
        "NodesWithoutPod": Saying(
            N_("Nodes that need a pod: %(desired)s. Without one: %(n)s."),
            N_("nodes without a pod"),
            {"Pod": N_("It creates one: %(name)s.")},
        ),
        "NodeIsGone": Saying(N_("The node of %(about)s is gone."), N_("its node is gone")),
        "NodeNoLongerFits": Saying(N_("%(about)s may not be on %(observed)s any more."), N_("node fits no more")),
        "TooManyOnNode": Saying(N_("%(observed)s has more than one: %(about)s is too many."), N_("one too many")),
        "FailedDaemonPod": Saying(
            many("One pod has failed.", "%(n)s pods have failed."), N_("failed: start over"), _ANEW
        ),
        "DaemonPodOutdated": Saying(N_("%(about)s has the old template."), N_("an old template"), _ANEW),
        "RoomToSurge": Saying(
            N_("New pods may start beside old ones, on %(desired)s nodes at most."),
            N_("room for new pods"),
            {"Pod": N_("It creates one: %(name)s.")},
        ),
        "TooManyNodesUnavailable": Saying(
            N_("Nodes without an available pod: %(observed)s. Allowed: %(desired)s. It waits."),
            N_("may not remove more"),
            needs=N_("Nodes without an available pod must be fewer than %(desired)s; now: %(observed)s."),
        ),
    }

    def __init__(self) -> None:
        self.wakes = (itself(KIND), pod_control.woken_by_pods(KIND), Wake("Node", _all, when=_comes_or_changes))
        self.reads = (
            Cache(KIND, indexes=BY_NAMESPACE),
            pod_control.pods_of_few(KIND),
            Cache("Node", sees=_changes),
            pod_control.REVISIONS,
        )

    def observe(self, key: Ref, reader: Reader) -> DaemonSetObservation | None:
        daemon_set = reader.get(key)
        if daemon_set is None:
            return None
        uid = objects.uid_of(daemon_set)
        return DaemonSetObservation(
            daemon_set=daemon_set,
            owned_pods=reader.by("Pod", "controller", uid),
            orphans=reader.by("Pod", "controller", key.namespace),
            nodes=tuple(reader.list("Node")),
            revisions=reader.by(revisions.KIND, "controller", uid),
            orphaned_revisions=reader.by(revisions.KIND, "controller", key.namespace),
            backoffs=reader.remembered() or {},
            now_ms=reader.now_ms,
        )

    @staticmethod
    def saw(seen: DaemonSetObservation) -> Message:
        text = N_("%(who)s sees %(nodes)s nodes, and pods of %(name)s: %(n)s.")
        active = sum(map(pods.is_active, seen.owned_pods))
        return message(text, name=objects.name_of(seen.daemon_set), nodes=len(seen.nodes), n=active)

    def diff(self, seen: DaemonSetObservation) -> Iterable[Difference]:
        daemon_set = seen.daemon_set
        found = replicas.claim(daemon_set, daemon_set["spec"]["selector"], seen.owned_pods, seen.orphans)
        yield from pod_control.adopt_and_release(daemon_set, found)
        if objects.is_terminating(daemon_set):
            return
        taken = revisions.orphans_of(daemon_set, seen.orphaned_revisions)
        history = revisions.history(daemon_set, [*seen.revisions, *taken])
        yield from pod_control.keep_history(daemon_set, history, taken)
        released = {objects.uid_of(pod) for pod in found.released}
        held = [*(pod for pod in seen.owned_pods if objects.uid_of(pod) not in released), *found.adopted]
        digest = objects.labels_of(history.update).get(revisions.POD_LABEL) or revisions.hash_of(daemon_set)
        plan = daemons_of(daemon_set, digest, seen.nodes, held, seen.now_ms)
        manage = tuple(_manage(plan, seen.backoffs))
        yield from manage
        if not any(each.actions for each in manage) and daemons.is_rolling(daemon_set):
            yield from _surge(plan) if daemons.surges(daemon_set) else _exchange(plan)
        used = {objects.labels_of(pod).get(revisions.POD_LABEL, "") for pod in held} | {digest}
        live = {objects.name_of(each) for each in (*history.revisions, history.update) if _hash_of(each) in used}
        yield from pod_control.shorten_history(daemon_set, history, live)
        yield from _status(plan)


# ---------------------------------------------------------------------------------------- a pod for every node


def _manage(plan: Daemons, backoffs: Mapping[str, Backoff]) -> Iterator[Difference]:
    """What is missing comes; what failed, is too much, or is where it may not be, goes."""
    missing = [name for name, verdict in plan.verdicts.items() if verdict.should_run and not plan.by_node.get(name)]
    if missing:
        yield _creation(plan, missing)
    failed: list[tuple[str, Obj]] = []
    for name, held in plan.by_node.items():
        verdict = plan.verdicts.get(name)
        staying = [pod for pod in held if not objects.is_terminating(pod)]
        if verdict is None:
            # The node is gone: what was bound to it is for the garbage collector of pods.
            yield from (_removal(plan, pod, "NodeIsGone") for pod in staying if not pods.node_name(pod))
        elif not verdict.may_stay:
            yield from (_removal(plan, pod, "NodeNoLongerFits") for pod in staying)
        else:
            failed += [(name, pod) for pod in staying if pods.is_terminal(pod)]
            running = [pod for pod in staying if not pods.is_terminal(pod)]
            yield from (_removal(plan, pod, "TooManyOnNode") for pod in _surplus(plan, running))
    if failed:
        yield _replacement(plan, failed, backoffs)


def _creation(plan: Daemons, missing: Sequence[str]) -> Difference:
    daemon_set = plan.daemon_set
    actions = tuple(pod_control.creation(daemon_set, new_pod(plan, name)) for name in missing[:_BURST])
    desired = plan.desired
    return Difference(ref_of(daemon_set), "nodes", desired, desired - len(missing), "NodesWithoutPod", actions)


def _removal(plan: Daemons, pod: Obj, reason: str) -> Difference:
    actions = (pod_control.deletion(plan.daemon_set, pod),)
    return Difference(ref_of(pod), "spec.nodeName", None, daemons.target_node(pod), reason, actions)


def _surplus(plan: Daemons, running: Sequence[Obj]) -> Sequence[Obj]:
    """All but the oldest; with maxSurge an old one may stay beside the new one until that is available."""
    if not daemons.surges(plan.daemon_set):
        return running[1:]
    old = [pod for pod in running if not plan.is_new(pod)]
    new = [pod for pod in running if plan.is_new(pod)]
    done = bool(old and new) and (not pods.is_ready(old[0]) or plan.is_available(new[0]))
    return [*old[0 if done else 1 :], *new[1:]]


def _replacement(plan: Daemons, failed: Sequence[tuple[str, Obj]], backoffs: Mapping[str, Backoff]) -> Difference:
    """A pod that ended is deleted, so that the next reconcile makes another; each time a node waits twice as long."""
    actions: list[Action] = []
    kept, waits = dict(backoffs), []
    for node, pod in failed:
        backoff = backoffs.get(node)
        left_ms = backoff.since_ms + backoff.delay_ms - plan.now_ms if backoff else 0
        if left_ms > 0 and pods.phase(pod) == "Failed":
            waits.append(left_ms)
            continue
        actions += (_complaint(plan.daemon_set, pod, node), pod_control.deletion(plan.daemon_set, pod))
        if pods.phase(pod) == "Failed":
            expired = backoff is None or plan.now_ms - backoff.since_ms > 2 * _MAX_BACKOFF_MS
            delay_ms = _FIRST_BACKOFF_MS if expired or backoff is None else min(2 * backoff.delay_ms, _MAX_BACKOFF_MS)
            kept[node] = Backoff(delay_ms, plan.now_ms)
    if kept != backoffs:
        actions.append(Remember(kept))
    if waits:
        actions.append(RequeueAfter(min(waits), "back-off of failed daemon pods"))
    return Difference(ref_of(plan.daemon_set), "failed pods", 0, len(failed), "FailedDaemonPod", tuple(actions))


def _complaint(daemon_set: Obj, pod: Obj, node: str) -> Announce:
    where = f"daemon pod {objects.namespace_of(pod)}/{objects.name_of(pod)} on node {node}"
    if pods.phase(pod) == "Failed":
        return Announce(daemon_set, "Warning", "FailedDaemonPod", f"Found failed {where}, will try to kill it")
    return Announce(daemon_set, "Normal", "SucceededDaemonPod", f"Found succeeded {where}, will try to delete it")


# -------------------------------------------------------------------------------------------------- updates


def _exchange(plan: Daemons) -> Iterator[Difference]:
    """RollingUpdate without surge: old pods go while fewer than maxUnavailable nodes are without an available one."""
    _, most = daemons.bounds(plan)
    unavailable = 0
    broken: list[Obj] = []
    candidates: list[Obj] = []
    for node in sorted(plan.by_node):
        found = old_and_new(plan, node)
        if found is None or (found.old is None) == (found.new is None):
            unavailable += 1  # not settled
        elif found.new is not None:
            unavailable += not plan.is_available(found.new)
        elif found.old is not None and not plan.is_available(found.old):
            unavailable += 1
            broken.append(found.old)
        elif found.old is not None:
            candidates.append(found.old)
    for pod in (*broken, *candidates[: max(0, most - unavailable)]):
        yield _outdated(plan, pod)
    if candidates and unavailable >= most and not broken:
        ref = ref_of(plan.daemon_set)
        yield Difference(ref, "unavailable nodes", most, unavailable, "TooManyNodesUnavailable")


def _outdated(plan: Daemons, pod: Obj) -> Difference:
    held = objects.labels_of(pod).get(revisions.POD_LABEL)
    actions = (pod_control.deletion(plan.daemon_set, pod),)
    return Difference(ref_of(pod), f"labels.{revisions.POD_LABEL}", plan.hash, held, "DaemonPodOutdated", actions)


def _surge(plan: Daemons) -> Iterator[Difference]:
    """RollingUpdate with surge: a new pod beside the old one, which goes once the new one is available."""
    most, _ = daemons.bounds(plan)
    surging = 0
    broken: list[str] = []
    candidates: list[str] = []
    for node in sorted(plan.by_node):
        found = old_and_new(plan, node)
        if found is None:
            surging += 1
        elif found.old is None:
            continue
        elif found.new is None:
            (candidates if plan.is_available(found.old) else broken).append(node)
        elif plan.is_available(found.new):
            yield _outdated(plan, found.old)
        else:
            surging += 1
    nodes = [*broken, *candidates[: max(0, most - surging)]]
    if nodes:
        actions = tuple(pod_control.creation(plan.daemon_set, new_pod(plan, node)) for node in nodes[:_BURST])
        yield Difference(ref_of(plan.daemon_set), "surging nodes", most, surging, "RoomToSurge", actions)


# --------------------------------------------------------------------------------------------------- status


def _status(plan: Daemons) -> Iterator[Difference]:
    """What was seen before acting. The next reconcile, woken by the acts, sees what came of them."""
    daemon_set, status = plan.daemon_set, daemons.status(plan)
    if collisions := (daemon_set.get("status") or {}).get("collisionCount"):
        status["collisionCount"] = collisions
    if status != daemon_set.get("status"):
        desired, observed = changed_fields(status, daemon_set.get("status"))
        actions = (UpdateStatus(daemon_set, status),)
        yield Difference(ref_of(daemon_set), "status", desired, observed, "StatusOutdated", actions)
    ready, available = status["numberReady"], status.get("numberAvailable", 0)
    if ready != available:
        everyone = [pod for held in plan.by_node.values() for pod in held if not plan.is_available(pod)]
        since = [at_ms for at_ms in map(pods.ready_since_ms, everyone) if at_ms is not None]
        delay_ms = min(since) + daemon_set["spec"].get("minReadySeconds", 0) * 1000 - plan.now_ms if since else 0
        wake = RequeueAfter(max(delay_ms, 0), "minReadySeconds")
        yield Difference(
            ref_of(daemon_set), "status.numberAvailable", ready, available, "MinReadySecondsNotOver", (wake,)
        )


def _hash_of(revision: Obj) -> str:
    return objects.labels_of(revision).get(revisions.POD_LABEL, "")


# -------------------------------------------------------------------------------------------------- waking


def _all(node: Obj, reader: Reader) -> Iterable[Ref]:
    return tuple(map(ref_of, reader.list(KIND)))


def _comes_or_changes(old: Obj | None, new: Obj | None) -> bool:
    """A node that goes wakes nobody, as in Kubernetes: its pods will, when they go after it."""
    return new is not None and (old is None or _changes(old, new))


def _changes(old: Obj, new: Obj) -> bool:
    """What decides about daemons is another. Of the rest of a node nothing is looked at."""
    taints = [(node.get("spec") or {}).get("taints") or [] for node in (old, new)]
    return objects.labels_of(old) != objects.labels_of(new) or taints[0] != taints[1]
