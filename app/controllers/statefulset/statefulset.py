"""The StatefulSet controller: pods with names that last, one after the other.

The engine runs it for every StatefulSet whose own object, or one of whose pods, changed. Pod `db-1` is made when `db-0`
is available and goes before `db-0` may, a name is used again only when its former pod is gone for good, and an update
goes from the highest ordinal down. So a pod on a dead machine is not replaced while it might still run there, and a
broken update stays where it is. What a pod looks like and how it counts is in
app/controllers/statefulset/identities.py. Models kubernetes/pkg/controller/statefulset (stateful_set_control.go,
stateful_pod_control.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app import pod_control
from app.api import limits, objects
from app.api.messages import Message
from app.api.objects import Obj, Ref, ref_of
from app.api.status import changed_fields
from app.component_helpers import pods, replicas, revisions
from app.component_helpers.revisions import History
from app.controllers.statefulset import identities, sayings
from app.reconcile import (
    BY_NAMESPACE,
    Action,
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Patch,
    Reader,
    RequeueAfter,
    UpdateStatus,
    itself,
)

KIND = "StatefulSet"


@dataclass(frozen=True, slots=True)
class StatefulSetObservation:
    stateful_set: Obj
    owned_pods: Sequence[Obj]  # those it controls, finished and terminating ones too
    orphans: Sequence[Obj]  # pods of the namespace that nobody controls
    revisions: Sequence[Obj]  # those it controls
    orphaned_revisions: Sequence[Obj]
    claims: Mapping[str, Obj]  # of its pods, by name
    now_ms: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A set beside its pods by ordinal, and the two revisions a pod may be of."""

    stateful_set: Obj
    pods: Mapping[int, Obj]
    current: Obj
    update: Obj
    claims: Mapping[str, Obj]
    now_ms: int

    @property
    def one_by_one(self) -> bool:
        return bool(self.stateful_set["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady")

    @property
    def condemned(self) -> list[int]:
        """Ordinals beyond what is wanted, the highest first."""
        wanted = identities.wanted_ordinals(self.stateful_set)
        return sorted((number for number in self.pods if number not in wanted), reverse=True)


class StatefulSetController(Controller[StatefulSetObservation]):
    name = "statefulset-controller"
    title = "StatefulSet"
    lane = 60
    reconciles = KIND
    concurrency = 5
    says = sayings.SAYS

    def __init__(self) -> None:
        self.wakes = (itself(KIND), pod_control.woken_by_pods(KIND))
        self.reads = (
            Cache(KIND, indexes=BY_NAMESPACE),
            pod_control.pods_of_few(KIND),
            pod_control.REVISIONS,
            Cache("PersistentVolumeClaim"),
        )

    def observe(self, key: Ref, reader: Reader) -> StatefulSetObservation | None:
        stateful_set = reader.get(key)
        if stateful_set is None:
            return None
        uid = objects.uid_of(stateful_set)
        return StatefulSetObservation(
            stateful_set=stateful_set,
            owned_pods=(owned := reader.by("Pod", "controller", uid)),
            orphans=reader.by("Pod", "controller", key.namespace),
            revisions=reader.by(revisions.KIND, "controller", uid),
            orphaned_revisions=reader.by(revisions.KIND, "controller", key.namespace),
            claims=dict(_claims(stateful_set, owned, reader)),
            now_ms=reader.now_ms,
        )

    @staticmethod
    def saw(seen: StatefulSetObservation) -> Message:
        return pod_control.counts_pods(objects.name_of(seen.stateful_set), len(seen.owned_pods))

    def diff(self, seen: StatefulSetObservation) -> Iterable[Difference]:
        stateful_set = seen.stateful_set
        strangers = [pod for pod in seen.orphans if identities.ordinal(stateful_set, pod) is not None]
        found = replicas.claim(stateful_set, stateful_set["spec"]["selector"], seen.owned_pods, strangers)
        yield from pod_control.adopt_and_release(stateful_set, found)
        history, repairs = _history_of(seen)
        going = objects.is_terminating(stateful_set)
        yield from () if going else repairs
        released = {objects.uid_of(pod) for pod in found.released}
        plan = _plan(
            seen, history, [*(p for p in seen.owned_pods if objects.uid_of(p) not in released), *found.adopted]
        )
        acts = () if going else tuple(_act(plan))
        yield from acts
        yield from _status(plan, acts)
        yield from _forget(plan, history)


def _plan(seen: StatefulSetObservation, history: History, held: Iterable[Obj]) -> Plan:
    stateful_set = seen.stateful_set
    named = (stateful_set.get("status") or {}).get("currentRevision")
    current = next((each for each in history.revisions if objects.name_of(each) == named), history.update)
    by_ordinal = {n: pod for pod in held for n in (identities.ordinal(stateful_set, pod),) if n is not None}
    return Plan(stateful_set, by_ordinal, current, history.update, seen.claims, seen.now_ms)


# ----------------------------------------------------------------------------------------------- revisions


def _history_of(seen: StatefulSetObservation) -> tuple[History, list[Difference]]:
    stateful_set = seen.stateful_set
    taken = revisions.orphans_of(stateful_set, seen.orphaned_revisions)
    history = revisions.history(stateful_set, [*seen.revisions, *taken])
    return history, list(pod_control.keep_history(stateful_set, history, taken))


def _forget(plan: Plan, history: History) -> Iterator[Difference]:
    live = {objects.name_of(plan.current), objects.name_of(plan.update)}
    live |= {identities.revision_name(pod) for pod in plan.pods.values()}
    yield from pod_control.shorten_history(plan.stateful_set, history, live)


# ---------------------------------------------------------------------------------------------------- pods


def _act(plan: Plan) -> Iterator[Difference]:
    """In ordinal order what is missing, from the top what is too much, from the top what is old. OrderedReady stops at
    the first that is not done; Parallel waits for nobody but, in an update, for pods that are not healthy."""
    for number in identities.within_reach(plan.stateful_set, plan.pods):
        differences, stop = _replica(plan, number)
        yield from differences
        if stop:
            return
    condemned = plan.condemned[: limits.ACTS_AT_A_TIME]
    for number in condemned:
        yield from _keep_claims(plan, number, condemned=True)
    for number in condemned:
        differences, stop = _condemned(plan, number)
        yield from differences
        if stop:
            return
    yield from _roll(plan)


Step = tuple[tuple[Difference, ...], bool]  # what to do, and whether to leave it at that for now


def _replica(plan: Plan, number: int) -> Step:
    pod = plan.pods.get(number)
    if pod is None:
        return (_creation(plan, number),), plan.one_by_one
    if pods.is_terminal(pod):
        gap = _waiting(pod, "PodStillTerminating") if objects.is_terminating(pod) else _finished(plan, pod)
        return (gap,), True
    missing = _missing_claims(plan, number) if pods.phase(pod) == "Pending" else []
    repairs = (_claims_missing(pod, missing),) if missing else ()
    if plan.one_by_one and objects.is_terminating(pod):
        return (*repairs, _waiting(pod, "PodStillTerminating")), True
    if plan.one_by_one and not identities.is_available(plan.stateful_set, pod, plan.now_ms):
        return (*repairs, _waiting(pod, "PredecessorNotReady")), True
    return (*repairs, *_keep_claims(plan, number, condemned=False)), False


def _condemned(plan: Plan, number: int) -> Step:
    pod = plan.pods[number]
    if objects.is_terminating(pod):
        return ((_waiting(pod, "PodStillTerminating"),), True) if plan.one_by_one else ((), False)
    if plan.one_by_one and not identities.is_available(plan.stateful_set, pod, plan.now_ms):
        unhealthy = min((n for n, each in plan.pods.items() if not identities.is_healthy(each)), default=None)
        if number != unhealthy:
            return (_waiting(pod, "PredecessorNotReady"),), True
    wanted, held = len(identities.wanted_ordinals(plan.stateful_set)), len(plan.pods)
    actions = (_deletion(plan.stateful_set, pod),)
    gap = Difference(ref_of(pod), "spec.replicas", wanted, held, "OrdinalTooHigh", actions)
    return (gap,), plan.one_by_one


def _roll(plan: Plan) -> Iterator[Difference]:
    """RollingUpdate: the highest ordinal that is of another revision goes, if those above it are well."""
    stateful_set, update = plan.stateful_set, objects.name_of(plan.update)
    if not identities.is_rolling(stateful_set):
        return
    for number in reversed(identities.wanted_ordinals(stateful_set)[identities.partition(stateful_set) :]):
        pod = plan.pods.get(number)
        if pod is None:
            return
        held = identities.revision_name(pod)
        if held != update and not objects.is_terminating(pod):
            actions = (_deletion(stateful_set, pod),)
            yield Difference(ref_of(pod), f"labels.{revisions.POD_LABEL}", update, held, "PodOfOldRevision", actions)
            return
        if objects.is_terminating(pod) or not identities.is_available(stateful_set, pod, plan.now_ms):
            yield _waiting(pod, "UpdatedPodNotReady")
            return


def _waiting(pod: Obj, reason: str) -> Difference:
    """Nothing may be done before this pod is gone, or ready."""
    if reason == "PodStillTerminating":
        return Difference(ref_of(pod), "exists", False, True, reason)
    return Difference(ref_of(pod), "Ready", True, identities.is_running_and_ready(pod), reason)


def _finished(plan: Plan, pod: Obj) -> Difference:
    """A pod that ended, or was evicted, makes room for another of its name."""
    stateful_set, phase = plan.stateful_set, pods.phase(pod)
    set_name = f"{objects.namespace_of(stateful_set)}/{objects.name_of(stateful_set)}"
    kind, type = ("failed", "Warning") if phase == "Failed" else ("terminated", "Normal")
    reason = f"Recreating{kind.capitalize()}Pod"
    said = f"StatefulSet {set_name} is recreating {kind} Pod {objects.name_of(pod)}"
    actions = (Announce(stateful_set, type, reason, said), _deletion(stateful_set, pod))
    return Difference(ref_of(pod), "status.phase", "Running", phase, reason, actions)


def _creation(plan: Plan, number: int) -> Difference:
    """The claims first: a pod is not made without what it will mount."""
    stateful_set = plan.stateful_set
    first_new = identities.start(stateful_set) + identities.partition(stateful_set)
    keeps = identities.is_rolling(stateful_set) and number < first_new
    revision = plan.current if keeps else plan.update
    pod = identities.new_pod(stateful_set, revision, revisions.template_of(revision), number)
    name = objects.name_of(pod)
    done, failed = _told(stateful_set, "Create", f"Pod {name}", "successful")
    actions = (*_missing_claims(plan, number), Create(pod, announce=done, on_error=failed))
    return Difference(ref_of(pod), "exists", True, False, "OrdinalMissing", actions)


def _deletion(stateful_set: Obj, pod: Obj) -> Delete:
    done, failed = _told(stateful_set, "Delete", f"Pod {objects.name_of(pod)}", "successful")
    return Delete(ref_of(pod), announce=done, on_error=failed)


def _told(stateful_set: Obj, verb: str, what: str, success: str) -> tuple[Announce, Announce]:
    said = f"{verb} {what} in StatefulSet {objects.name_of(stateful_set)}"
    done = Announce(stateful_set, "Normal", f"Successful{verb}", f"{said} {success}")
    return done, Announce(stateful_set, "Warning", f"Failed{verb}", f"{said} failed error: {{error}}")


# -------------------------------------------------------------------------------------------------- claims


def _claims(stateful_set: Obj, owned: Iterable[Obj], reader: Reader) -> Iterator[tuple[str, Obj]]:
    templates = identities.claim_templates(stateful_set)
    if not templates:
        return
    numbers = {number for pod in owned for number in (identities.ordinal(stateful_set, pod),) if number is not None}
    for number in sorted(numbers.union(identities.within_reach(stateful_set, numbers))):
        for template in templates:
            name = identities.claim_name(stateful_set, template, number)
            claim = reader.get(Ref("PersistentVolumeClaim", objects.namespace_of(stateful_set), name))
            if claim is not None:
                yield name, claim


def _missing_claims(plan: Plan, number: int) -> list[Action]:
    actions: list[Action] = []
    for template in identities.claim_templates(plan.stateful_set):
        claim = identities.new_claim(plan.stateful_set, template, number)
        if objects.name_of(claim) not in plan.claims:
            pod = identities.pod_name(plan.stateful_set, number)
            done, _ = _told(plan.stateful_set, "Create", f"Claim {objects.name_of(claim)} Pod {pod}", "success")
            _, failed = _told(plan.stateful_set, "Create", f"Claim {objects.name_of(claim)} for Pod {pod}", "")
            actions.append(Create(claim, announce=done, on_error=failed))
    return actions


def _claims_missing(pod: Obj, actions: list[Action]) -> Difference:
    return Difference(ref_of(pod), "spec.volumeClaimTemplates", True, False, "ClaimMissing", tuple(actions))


def _keep_claims(plan: Plan, number: int, *, condemned: bool) -> Iterator[Difference]:
    """Whether a claim outlives its pod or its set is said by who owns it."""
    pod = plan.pods[number]
    for template in identities.claim_templates(plan.stateful_set):
        claim = plan.claims.get(identities.claim_name(plan.stateful_set, template, number))
        if claim is None:
            continue
        held = objects.owner_refs(claim)
        owners = identities.claim_owners(plan.stateful_set, pod, claim, condemned=condemned)
        if owners != held:
            patch = {"metadata": {"ownerReferences": owners or None}}
            wanted, before = ([each["name"] for each in refs] for refs in (owners, held))
            actions = (Patch(ref_of(claim), patch, uid=objects.uid_of(claim)),)
            yield Difference(ref_of(claim), "metadata.ownerReferences", wanted, before, "ClaimRetention", actions)


# -------------------------------------------------------------------------------------------------- status


def _status(plan: Plan, acts: Sequence[Difference]) -> Iterator[Difference]:
    """What was seen before acting, but that a pod of the current revision which an update takes away counts no more."""
    stateful_set, held = plan.stateful_set, list(plan.pods.values())
    current, update = objects.name_of(plan.current), objects.name_of(plan.update)
    gone = [act.about for act in acts if act.reason == "PodOfOldRevision" and act.observed == current]
    status = identities.status(stateful_set, held, current, update, plan.now_ms)
    status = identities.completed(stateful_set, _without(status, len(gone)))
    if status != stateful_set.get("status"):
        desired, observed = changed_fields(status, stateful_set.get("status"))
        actions = (UpdateStatus(stateful_set, status),)
        yield Difference(ref_of(stateful_set), "status", desired, observed, "StatusOutdated", actions)
    waits = [wait for wait in (_waits_ms(plan, pod) for pod in held) if wait is not None]
    if waits:
        ready, available = status.get("readyReplicas", 0), status["availableReplicas"]
        wake = RequeueAfter(min(waits), "minReadySeconds")
        yield Difference(
            ref_of(stateful_set), "status.availableReplicas", ready, available, "MinReadySecondsNotOver", (wake,)
        )


def _without(status: Obj, gone: int) -> Obj:
    """`currentReplicas` less by the pods that were just taken away; nought is not written."""
    if not gone:
        return status
    left = status.get("currentReplicas", 0) - gone
    rest = {field: value for field, value in status.items() if field != "currentReplicas"}
    return {**rest, "currentReplicas": left} if left > 0 else rest


def _waits_ms(plan: Plan, pod: Obj) -> int | None:
    """After how many ms a ready pod becomes available; None if it is, or is not ready."""
    since_ms = pods.ready_since_ms(pod) if identities.is_running_and_ready(pod) else None
    if since_ms is None or identities.is_available(plan.stateful_set, pod, plan.now_ms):
        return None
    return since_ms + int(plan.stateful_set["spec"].get("minReadySeconds", 0)) * 1000 - plan.now_ms
