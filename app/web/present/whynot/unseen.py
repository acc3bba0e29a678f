"""Nobody looks: the loop that looks after an object is stopped, hears nothing, is left to a person, or is not there; or
its machine has no power. What is declared is then only declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.api.control_plane import CONTROL_PLANE
from app.api.objects import Obj, Ref
from app.component_helpers import pods
from app.engine.trace import ActorState, Alert
from app.look import Look
from app.web.present import board, captions
from app.web.present.clock import virtual
from app.web.present.names import called, lane_of, role_title, subject
from app.web.present.whynot.answer import Answer, Moment, began, moment, said
from app.web.present.whynot.family import Family
from app.web.present.words import Words

SCHEDULER = "default-scheduler"


def of(cluster: Look, related: Family, _: Words) -> Iterator[Answer]:
    spec = (cluster.get(CONTROL_PLANE) or {}).get("spec") or {}
    first = next(iter(related))
    if cluster.get(first) is None:
        return
    if cluster.api_down:
        needs = (_("The API server must answer again."),)
        yield said(first, 0, "APIServerDown", _("The API server does not answer: no loop reads or writes."), needs, _)
    for actor, state in cluster.actors.items():
        ref = _concerned(cluster, state, related)
        if ref is not None:
            yield from _disturbed(cluster, actor, ref, related[ref], spec, _)
    for alert in cluster.alerts:
        if alert.key in related or alert.gap.about in related:
            yield _left(cluster, alert, related, _)
    yield from _machines(cluster, related, _)
    yield from _alone(cluster, first, _)


def _concerned(cluster: Look, state: ActorState, related: Family) -> Ref | None:
    """The first of these objects that the loop looks after; of pods who has a say in them now."""
    for ref in related:
        obj = cluster.get(ref)
        if ref.kind != state.reconciles or obj is None:
            continue
        if ref.kind == "Pod" and not _has_a_say(state, obj):
            continue
        if state.instance and ref.kind == "Node" and ref.name != state.instance:
            continue
        return ref
    return None


def _has_a_say(state: ActorState, pod: Obj) -> bool:
    node = pods.node_name(pod)
    if pods.is_terminal(pod):
        return False
    return state.instance == node if state.instance else bool(state.name != SCHEDULER or not node)


def _disturbed(cluster: Look, actor: str, ref: Ref, depth: int, spec: Mapping[str, Any], _: Words) -> Iterator[Answer]:
    who, what = subject(actor, _), called(ref, _)

    def found(fault: str, code: str, text: str, *needs: str) -> Answer:
        role, since = lane_of(actor), _began(cluster, CONTROL_PLANE, lambda obj: bool(_set(obj["spec"], fault, actor)))
        return said(ref, depth, code, text, needs, _)._replace(role=role, who=role_title(role, _), since=since)

    if _set(spec, "stopped", actor):
        text = _("%(who)s is stopped: nobody looks at %(what)s.", who=who, what=what)
        yield found("stopped", "Stopped", text, _("It must be started again."))
    elif _set(spec, "dropEvery", actor) == 1:
        text = _("%(who)s hears of no change: all events are lost on their way to it.", who=who)
        yield found("dropEvery", "Deaf", text, _("Its watch must work again, and it must list anew."))
    elif until_ms := _set(spec, "staleUntilMs", actor):
        text = _("%(who)s sees an old state: its cache stands still.", who=who)
        at = virtual(until_ms - cluster.epoch_ms)
        yield found("staleUntilMs", "StaleCache", text, _("Its cache must catch up; that is at %(time)s.", time=at))


def _began(cluster: Look, ref: Ref, holds: Callable[[Obj], bool]) -> Moment | None:
    return moment(cluster, began(cluster, {(ref, ""): holds}).get((ref, "")))


def _set(spec: Mapping[str, Any], fault: str, actor: str) -> Any:
    table = spec.get(fault) or {}
    return table.get(actor) or table.get(lane_of(actor))


def _left(cluster: Look, alert: Alert, related: Family, _: Words) -> Answer:
    """Somebody is on call for the loop."""
    role, ref = lane_of(alert.actor), alert.key if alert.key in related else alert.gap.about
    text = captions.difference(alert.gap, role, _)
    needs = (_("You are on call: you must do it, or hand it back to the loop."),)
    since = cluster.trace.get(alert.step)
    at = Moment(alert.step, virtual(alert.since_ms - cluster.epoch_ms)) if since is not None else None
    return said(ref, related[ref], alert.gap.reason, text, needs, _)._replace(
        role=role, who=role_title(role, _), latest=at
    )


def _machines(cluster: Look, related: Family, _: Words) -> Iterator[Answer]:
    """The machines of these nodes, or of the nodes that these pods are on."""
    names: dict[str, Ref] = {}
    for ref in related:
        obj = cluster.get(ref) if ref.kind == "Pod" else None
        node = ref.name if ref.kind == "Node" else pods.node_name(obj) if obj is not None else ""
        if node and not (obj is not None and pods.is_terminal(obj)):
            names.setdefault(node, ref)
    for node, ref in names.items():
        machine = cluster.get(Ref("Machine", "", node))
        spec = (machine or {}).get("spec") or {}
        if machine is None:
            text, needs = _("%(node)s has no machine: nothing runs there.", node=node), _("The machine must be there.")
        elif spec.get("power") == "off":
            text = _("%(node)s has no power: nobody there does anything.", node=node)
            needs = _("It must be powered on.")
        elif spec.get("network") == "cut":
            text = _("%(node)s is cut off: its kubelet hears nothing, and is not heard.", node=node)
            needs = _("It must be connected again.")
        else:
            continue
        answer = said(ref, related[ref], "MachineSilent", text, (needs,), _)
        yield answer._replace(since=_began(cluster, Ref("Machine", "", node), _is_silent))


def _is_silent(machine: Obj) -> bool:
    spec: Mapping[str, Any] = machine["spec"]
    return bool(spec.get("power") == "off" or spec.get("network") == "cut")


def _alone(cluster: Look, ref: Ref, _: Words) -> Iterator[Answer]:
    obj = cluster.get(ref)
    if obj is not None and "spec" in obj and board.is_stored(cluster, obj, board.reconciled(cluster)):
        text = _("No loop here looks after a %(kind)s: it is kept, and nothing comes of it.", kind=ref.bare_kind)
        needs = (_("A controller for this kind must run: an operator, or one of your own."),)
        yield said(ref, 0, "NoController", text, needs, _)
