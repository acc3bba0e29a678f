"""taint-eviction-controller: deletes the pods of a node whose NoExecute taints they do not tolerate, in time.

A pod that tolerates a taint for a while, as every pod does by default for a node that is not ready or unreachable, goes
so long after this loop saw both. If the taint is gone before, it stays; if the Node is, it goes. That wait is
foreground: something comes of it. Models kubernetes/pkg/controller/tainteviction/taint_eviction.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import conditions
from app.api.messages import N_, Message, Saying, message
from app.api.objects import Obj, Ref, is_terminating, name_of, namespace_of, ref_of, uid_of
from app.component_helpers import placement, pods
from app.controllers.node import node_health
from app.reconcile import (
    BACKGROUND,
    Announce,
    Cache,
    Controller,
    Delete,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    itself,
)

_WHY = ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint")


Waiting = tuple[int, int]  # since when, and until when, ms


@dataclass(frozen=True, slots=True)
class TaintedSeen:
    node: Obj | None  # None: it is gone, and who waits goes all the same
    pods: Sequence[Obj]  # on it; read only while it has NoExecute taints, or somebody waits
    waiting: Mapping[str, Waiting]  # pods that are to go later, by uid
    now_ms: int
    name: str


class TaintEvictionController(Controller[TaintedSeen]):
    name = "taint-eviction-controller"
    title = N_("Eviction")
    subject = N_("The taint eviction controller")
    lane = 260
    reconciles = "Node"
    says = {
        "TaintNotTolerated": Saying(
            N_("%(about)s tolerates the taint of %(observed)s no longer."), N_("taint not tolerated")
        ),
        "TaintIsGone": Saying(N_("The taint is gone in time: %(about)s may stay."), N_("the taint is gone")),
        "ToleratedForNow": Saying(
            N_("Pods on %(about)s tolerate its taint for a while."),
            N_("tolerated for now"),
            needs=N_("tolerationSeconds of its pods must be over, or the taint must go."),
        ),
        "NobodyWaits": Saying(N_("No pod on %(about)s waits to be evicted any more."), N_("nobody waits")),
    }

    def __init__(self) -> None:
        self.wakes = (itself("Node", when=_taints_changed),)
        self.reads = (Cache("Node", sees=_taints_changed),)

    def observe(self, key: Ref, reader: Reader) -> TaintedSeen | None:
        node = reader.get(key)
        waiting: Mapping[str, Waiting] = reader.remembered() or {}
        if node is None and not waiting:
            return None
        on_it: Sequence[Obj] = ()
        if waiting or _no_execute(node):
            on_it = reader.live_on(key.name)
        return TaintedSeen(node, on_it, waiting, reader.now_ms, key.name)

    @staticmethod
    def saw(seen: TaintedSeen) -> Message:
        text = N_("%(who)s sees the taints of %(name)s; pods there: %(n)s.")
        return message(text, name=seen.name, n=len(seen.pods))

    def diff(self, seen: TaintedSeen) -> Iterable[Difference]:
        waiting: dict[str, Waiting] = {}
        for pod in seen.pods:
            found = _wait_of(pod, seen)
            if found is not None and seen.now_ms >= found[1]:
                yield _evict(pod, seen)
            elif found is not None:
                waiting[uid_of(pod)] = found
            elif uid_of(pod) in seen.waiting and not is_terminating(pod):
                yield _cancel(pod)
        yield from _wait(seen, waiting)


def _wait_of(pod: Obj, seen: TaintedSeen) -> Waiting | None:
    """None: it may stay, or is going already."""
    held = seen.waiting.get(uid_of(pod))
    if seen.node is None:
        return None if is_terminating(pod) else held
    patience_ms = _patience_ms(pod, _no_execute(seen.node))
    since_ms = held[0] if held else seen.now_ms
    return None if patience_ms is None else (since_ms, since_ms + patience_ms)


def _wait(seen: TaintedSeen, waiting: dict[str, Waiting]) -> Iterator[Difference]:
    about = Ref("Node", "", seen.name)
    remember = (Remember(waiting or None),) if waiting != seen.waiting else ()
    if waiting:
        delay_ms = min(until_ms for _, until_ms in waiting.values()) - seen.now_ms
        wait = (*remember, RequeueAfter(delay_ms, "tolerationSeconds"))
        yield Difference(about, "pods", "gone", f"{len(waiting)} tolerate it for now", "ToleratedForNow", wait)
    elif remember:
        yield Difference(about, "pods", "none", "none", "NobodyWaits", remember, pace=BACKGROUND)


def _evict(pod: Obj, seen: TaintedSeen) -> Difference:
    name = f"{namespace_of(pod)}/{name_of(pod)}"
    told = Announce(_named(pod), "Normal", "TaintManagerEviction", f"Marking for deletion Pod {name}")
    held = (pod.get("status") or {}).get("conditions")
    marked = conditions.with_condition(held, pods.disrupted(pod, *_WHY), seen.now_ms)
    actions = (
        told,
        Patch(ref_of(pod), {"status": {"conditions": marked}}, uid=uid_of(pod), subresource="status"),
        Delete(ref_of(pod), uid=uid_of(pod)),
    )
    return Difference(ref_of(pod), "spec.nodeName", "", seen.name, "TaintNotTolerated", actions)


def _cancel(pod: Obj) -> Difference:
    name = f"{namespace_of(pod)}/{name_of(pod)}"
    told = Announce(_named(pod), "Normal", "TaintManagerEviction", f"Cancelling deletion of Pod {name}")
    return Difference(ref_of(pod), "spec.nodeName", "as it is", "to go", "TaintIsGone", (told,))


def _named(pod: Obj) -> Obj:
    """Its Events know its name only, so `kubectl describe` does not find them."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name_of(pod), "namespace": namespace_of(pod)},
    }


def _patience_ms(pod: Obj, taints: Sequence[dict[str, Any]]) -> int | None:
    """How long it may stay with these taints; None: for ever, or it is going already."""
    if not taints or is_terminating(pod) or pods.is_terminal(pod):
        return None
    tolerations = pod["spec"].get("tolerations") or ()
    soonest: int | None = None
    for taint in taints:
        matching = [each for each in tolerations if placement.tolerates(each, taint)]
        if not matching:
            return 0
        limits = [each["tolerationSeconds"] for each in matching if each.get("tolerationSeconds") is not None]
        if limits:
            patience_ms = 1000 * max(0, min(limits))
            soonest = patience_ms if soonest is None else min(soonest, patience_ms)
    return soonest


def _no_execute(node: Obj | None) -> list[dict[str, Any]]:
    if node is None:
        return []
    return [taint for taint in node_health.taints_of(node) if taint["effect"] == "NoExecute"]


def _taints_changed(old: Obj | None, new: Obj | None) -> bool:
    return _no_execute(old) != _no_execute(new)
