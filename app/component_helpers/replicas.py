"""As many pods as wanted: what the ReplicaSet and the ReplicationController loop have in common.

Which pods are theirs, which go first when there are too many, what a new one looks like, and what the status says. The
owner is whichever of the two kinds; its selector comes beside it, since the kinds write it differently. Nothing here
reads or writes. Models kubernetes/pkg/controller/replicaset/replica_set.go, replica_set_utils.go, and
controller_utils.go, controller_ref_manager.go in kubernetes/pkg/controller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cmp_to_key, partial
from typing import Any, NamedTuple, Protocol

from app.api import conditions, memo, numbers, objects, selectors, times
from app.api.objects import Obj
from app.component_helpers import pods

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


class Failure(Protocol):
    """What a reconcile could not do: the reason of the Difference, and the API server's answer."""

    @property
    def difference(self) -> str: ...
    @property
    def code(self) -> int: ...
    @property
    def message(self) -> str: ...


# ---------------------------------------------------------------------------------------------- which are mine


class Claims(NamedTuple):
    active: list[Obj]  # counted as replicas, those to be adopted included
    ready: list[Obj]  # of these
    fully_labeled: int  # of these, with all labels of the template
    terminating: int
    adopted: list[Obj]
    released: list[Obj]


class Part(NamedTuple):
    """What counts of a pod, for whoever counts thousands."""

    labels: Mapping[str, str]
    is_active: bool
    is_terminal: bool
    is_ready: bool


@memo.by_identity
def part_played(pod: Obj) -> Part:
    return Part(objects.labels_of(pod), pods.is_active(pod), pods.is_terminal(pod), pods.is_ready(pod))


def claim(owner: Obj, selector: Mapping[str, Any] | None, owned: Sequence[Obj], orphans: Sequence[Obj]) -> Claims:
    """One pass over what may be thousands of pods. `owned` are those that the owner controls, finished and terminating
    ones too; `orphans` the pods of its namespace that nobody controls; `selector` is a `metav1.LabelSelector`."""
    usual = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
    active: list[Obj] = []
    ready: list[Obj] = []
    adopted: list[Obj] = []
    released: list[Obj] = []
    others = terminating = 0  # others: not fully labeled
    for pod in owned:
        labels, is_active, is_terminal, is_ready = part_played(pod)
        # Nearly every pod has the template's labels, and those match: that is validated.
        as_usual = labels is usual or labels == usual
        mine = as_usual or selectors.matches(selector, labels)
        if not is_active:
            terminating += mine and not is_terminal
        elif mine:
            active.append(pod)
            if is_ready:
                ready.append(pod)
            others += not (as_usual or selectors.matches_labels(usual, labels))
        else:
            released.append(pod)
    if not objects.is_terminating(owner):
        for pod in orphans:
            if selectors.matches(selector, objects.labels_of(pod)) and pods.is_active(pod):
                adopted.append(pod)
                others += not selectors.matches_labels(usual, objects.labels_of(pod))
    active += adopted
    ready += filter(pods.is_ready, adopted)
    return Claims(active, ready, len(active) - others, terminating, adopted, released)


def owners_with(obj: Obj, owner: Obj) -> list[Obj]:
    """The owner references of `obj` once `owner` has adopted it."""
    return [*objects.owner_refs(obj), objects.owner_reference(owner)]


def owners_without(obj: Obj, owner: Obj) -> list[Obj]:
    """The owner references of `obj` once `owner` has released it."""
    return [reference for reference in objects.owner_refs(obj) if reference["uid"] != objects.uid_of(owner)]


# ----------------------------------------------------------------------------------------------- a new one


def new_pod(owner: Obj) -> Obj:
    """All pods of a template are wished for with the same words, and share its spec."""
    template = owner["spec"]["template"]
    of_template = template.get("metadata") or {}
    meta = {key: of_template[key] for key in ("labels", "annotations", "finalizers") if of_template.get(key)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{objects.name_of(owner)}-",
            "namespace": objects.namespace_of(owner),
            **meta,
            "ownerReferences": [objects.owner_reference(owner)],
        },
        "spec": template["spec"],
    }


def namespace_goes(failure: Failure) -> bool:
    """Whatever is created in a namespace that is being deleted is refused: there is no use in trying again."""
    return failure.code == 403 and failure.message.endswith("because it is being terminated")


# ------------------------------------------------------------------------------------------------ which go first


class Standing(NamedTuple):
    """What decides how soon a pod goes. Models `ActivePodsWithRanks.Less`."""

    # Smaller goes first: unassigned, Pending, not ready, cheap to delete, beside many related pods on its node.
    first: tuple[bool, int, bool, int, int]
    ready_since_ms: int | None
    restarts: tuple[int, int]
    created_ms: int
    uid: str
    pod: Obj


_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def first_to_go(active: Sequence[Obj], related: Sequence[Obj], now_ms: int) -> list[Obj]:
    """The pods in the order in which they are deleted when there are too many."""
    crowd: dict[str, int] = {}
    for pod in filter(pods.is_active, related):
        crowd[pods.node_name(pod)] = crowd.get(pods.node_name(pod), 0) + 1
    standings = [_standing(pod, crowd) for pod in active]
    standings.sort(key=cmp_to_key(partial(_compare, now_ms)))
    return [standing.pod for standing in standings]


def _standing(pod: Obj, crowd: dict[str, int]) -> Standing:
    node, ready = pods.node_name(pod), pods.is_ready(pod)
    first = (bool(node), _PHASES.get(pods.phase(pod), 0), ready, _deletion_cost(pod), -crowd.get(node, 0))
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if pods.is_sidecar(c)}
    counts = (s.get("restartCount", 0) for s in pods.init_container_statuses(pod) if s["name"] in sidecars)
    return Standing(
        first,
        pods.ready_since_ms(pod) if ready else None,
        (-pods.max_restarts(pod), -max(counts, default=0)),
        times.parse(pod["metadata"]["creationTimestamp"]),
        objects.uid_of(pod),
        pod,
    )


def _compare(now_ms: int, one: Standing, other: Standing) -> int:
    """Negative if `one` goes first. Ages count by orders of two, so that pods of about one age go by chance (uid)."""
    if one.first != other.first:
        return -1 if one.first < other.first else 1
    if (
        one.ready_since_ms is not None
        and other.ready_since_ms is not None
        and one.ready_since_ms != other.ready_since_ms
    ):
        return _younger(one.ready_since_ms, other.ready_since_ms, one.uid < other.uid, now_ms)
    if one.restarts != other.restarts:
        return -1 if one.restarts < other.restarts else 1
    if one.created_ms != other.created_ms:
        return _younger(one.created_ms, other.created_ms, one.uid < other.uid, now_ms)
    return 0


def _younger(one_ms: int, other_ms: int, smaller_uid: bool, now_ms: int) -> int:
    difference = _magnitude(now_ms - one_ms) - _magnitude(now_ms - other_ms)
    return difference or (-1 if smaller_uid else 1)


def _magnitude(age_ms: int) -> int:
    """The whole part of log2 of an age in nanoseconds; -1 for none."""
    return (age_ms * 1_000_000).bit_length() - 1 if age_ms > 0 else -1


def _deletion_cost(pod: Obj) -> int:
    text = objects.annotations_of(pod).get(DELETION_COST, "")
    cost = numbers.whole(text.removeprefix("-")) or 0
    return -cost if text.startswith("-") else cost


# -------------------------------------------------------------------------------------------------- status


def counted(owner: Obj, claims: Claims, now_ms: int) -> tuple[dict[str, Any], int | None]:
    """The counts of a status, its zeros left out as the API does, and after how many ms the next ready pod becomes
    available."""
    ready = claims.ready
    available, waits_ms = len(ready), None
    seconds = owner["spec"].get("minReadySeconds", 0)
    if seconds:
        waiting = [pod for pod in ready if not pods.is_available(pod, seconds, now_ms)]
        since = [at_ms for at_ms in map(pods.ready_since_ms, waiting) if at_ms is not None]
        available -= len(waiting)
        waits_ms = min(since) + seconds * 1000 - now_ms if since else None
    status: dict[str, Any] = {"replicas": len(claims.active)}
    counts = (claims.fully_labeled, len(ready), available)
    fields = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")
    status |= {field: count for field, count in zip(fields, counts, strict=True) if count}
    return status, waits_ms


def failure_conditions(owner: Obj, failures: Iterable[Failure], now_ms: int) -> list[conditions.Condition]:
    """The conditions with ReplicaFailure if the last creation or deletion failed, without it if not."""
    held = (owner.get("status") or {}).get("conditions")
    for failure in failures:
        if namespace_goes(failure):
            continue
        reason = {"TooFewReplicas": "FailedCreate", "TooManyReplicas": "FailedDelete"}.get(failure.difference)
        if reason and conditions.find(held, "ReplicaFailure") is None:
            condition = {"type": "ReplicaFailure", "status": "True", "reason": reason, "message": failure.message}
            return conditions.with_condition(held, condition, now_ms)
        if reason:
            return held or []
    return conditions.without(held, "ReplicaFailure")


# ------------------------------------------------------------------------------------------- waking and looking


def matters(old: Obj | None, new: Obj | None) -> bool:
    """Can this change of a pod alter what its owner does? Not when it was bound, or its containers are created."""
    return old is None or new is None or _what_counts(old) != _what_counts(new)


def matters_to(kind: str) -> Callable[[Obj, Obj], bool]:
    """Most clusters have no object of this kind: what happens to the pods of others need not even be delivered."""

    def may_matter(old: Obj, new: Obj) -> bool:
        return any(_owner_kind(pod) in (kind, None) for pod in (old, new)) and matters(old, new)

    return may_matter


def _owner_kind(pod: Obj) -> str | None:
    owner = objects.controller_of(pod)
    return objects.kind_of(owner) if owner else None


def _what_counts(pod: Obj) -> tuple[Any, ...]:
    meta = pod["metadata"]
    going = "deletionTimestamp" in meta
    ready = pods.ready_condition(pod)
    since = (ready["status"], ready.get("lastTransitionTime")) if ready else None
    return pods.phase(pod), since, going, meta.get("labels"), meta.get("ownerReferences")


def controller_or_namespace(obj: Obj) -> tuple[str]:
    """Uids and namespaces never coincide, so that one index finds what is owned and what is not."""
    return (objects.controller_uid(obj) or objects.namespace_of(obj),)
