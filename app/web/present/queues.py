"""A RabbitmqCluster as its servers, its operator and Kubernetes know it, and what came of the messages.

From the RabbitServers and QuorumQueues that the servers keep (app/api/quorum_queues.py), the conditions that the
operator wrote, and the pods. Called by `unfolded`; what a pod leads is on its card too (`leads`, `reasons`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.api import conditions
from app.api.objects import Obj, Ref, labels_of, name_of, namespace_of, ref_of
from app.api.quorum_queues import QUORUM_QUEUE
from app.look import Look
from app.web.present import decisions, servers
from app.web.present.clock import virtual
from app.web.present.servers import CellView, ChoiceView, ClockView, NumberView, ServersView, UseView, cell
from app.web.present.words import Words

A_SECOND = (0, 5, 20)  # messages, to choose from
FIRST_QUEUE, SIZE = "orders", 3
NAME_LABEL, COMPONENT_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/component"
TOLD = ("ReconcileSuccess", "AllReplicasReady", "ClusterAvailable")


def of(cluster: Look, obj: Obj, _: Words) -> ServersView:
    namespace, name = namespace_of(obj), name_of(obj)
    nodes = {name_of(each): each for each in _of_cluster(cluster, "RabbitServer", namespace, name)}
    queues = _of_cluster(cluster, QUORUM_QUEUE, namespace, name)
    pods = servers.with_label(cluster, namespace, {NAME_LABEL: name, COMPONENT_LABEL: "rabbitmq"})
    names = servers.in_order([*pods, *nodes])
    clocks = (
        _nodes(nodes, queues, names, _),
        _operator(cluster, obj, names, _),
        servers.kubernetes(cluster, namespace, names, _),
    )
    uses = [_queue(cluster, name, each, nodes, _) for each in queues]
    declare = ChoiceView(
        _("declare %(queue)s", queue=FIRST_QUEUE), "queue", {"queue": FIRST_QUEUE, "size": SIZE}, False,
        _("Declare the queue %(queue)s at %(name)s", queue=FIRST_QUEUE, name=name),
    )  # fmt: skip
    if not queues and any(_runs(node) for node in nodes.values()):
        uses.append(UseView(_("Queues"), "", (("", (declare,)),), (), _("No queue is declared yet."), None, None))
    return ServersView(tuple(map(servers.ordinal, names)), tuple(names), clocks, tuple(uses))


def leads(cluster: Look, pod: Obj) -> tuple[str, ...]:
    """The queues that its server leads."""
    if labels_of(pod).get(COMPONENT_LABEL) != "rabbitmq":
        return ()
    queues = _of_cluster(cluster, QUORUM_QUEUE, namespace_of(pod), labels_of(pod).get(NAME_LABEL, ""))
    return tuple(each["spec"]["queue"] for each in queues if _status(each).get("leader") == name_of(pod))


def _of_cluster(cluster: Look, kind: str, namespace: str, name: str) -> list[Obj]:
    return [each for each in cluster.objects(kind, namespace) if each["spec"]["cluster"] == name]


def _status(obj: Obj | None) -> Mapping[str, Any]:
    return (obj or {}).get("status") or {}


def _runs(node: Obj | None) -> bool:
    """And is reached by others."""
    place = _status(node).get("place")
    return place is not None and not place["off"] and not place["cut"]


# --------------------------------------------------------------------------------------------- three clocks


def _nodes(nodes: Mapping[str, Obj], queues: Sequence[Obj], names: Sequence[str], _: Words) -> ClockView:
    running = sum(_runs(nodes.get(name)) for name in names)
    said = _("%(n)s of %(all)s servers reach each other", n=running, all=len(names))
    without = [each["spec"]["queue"] for each in queues if not _status(each).get("leader")]
    if without:
        missing = _("no leader: %(names)s", names=", ".join(without))
        said = f"{said} · {missing}"
    cells = tuple(_node(name, nodes.get(name), queues, _) for name in names)
    return ClockView("servers", _("The servers know"), said, running < len(names) or bool(without), cells)


def _node(name: str, node: Obj | None, queues: Sequence[Obj], _: Words) -> CellView:
    place = _status(node).get("place")
    if not place:
        return cell("wait", _("stopped"), _("does not run"))
    if place["off"] or place["cut"]:
        return cell("bad", _("out of reach"), _("no power") if place["off"] else _("no network"))
    led = [each["spec"]["queue"] for each in queues if _status(each).get("leader") == name]
    if led:
        return cell("ready", _("leads"), ", ".join(led) if len(led) < 3 else str(len(led)), ", ".join(led))
    learns = [each["spec"]["queue"] for each in queues if name in _status(each).get("learners", ())]
    if learns:
        return cell("new", _("learns"), ", ".join(learns), _("It has no vote yet."))
    follows = any(name in _status(each).get("members", ()) for each in queues)
    return cell("ready", _("follows") if follows else _("runs"))


def _operator(cluster: Look, obj: Obj, names: Sequence[str], _: Words) -> ClockView:
    """Its conditions, and without whom a queue would have too few."""
    status = _status(obj)
    critical = str(status.get("quorumStatus", "")).partition(": ")[2].split(", ")
    cells = tuple(
        cell("unready", _("must stay"), why="quorumStatus") if name in critical else cell("ready", "–")
        for name in names
    )
    runs = servers.operator_runs(cluster, obj)
    found = [conditions.find(status.get("conditions"), type_) for type_ in TOLD]
    wrong = next((each for each in found if each is not None and each["status"] != "True"), None)
    if not runs:
        said = _("it does not run")
    elif wrong is not None:
        said = f"{wrong['type']} {wrong['status']}: {wrong.get('message') or wrong.get('reason', '')}"
    else:
        said = _("all as declared") if any(found) else _("it has not looked yet")
    return ClockView("operator", _("The operator knows"), said, not runs or wrong is not None, cells)


# --------------------------------------------------------------------------------------------------- a queue


def _queue(cluster: Look, name: str, queue: Obj, nodes: Mapping[str, Obj], _: Words) -> UseView:
    spec, status = queue["spec"], _status(queue)
    elections = status.get("elections") or ()
    book = status.get("book") or {}
    used = bool(book.get("published"))
    return UseView(
        name=_("Queue %(name)s", name=spec["queue"]),
        about=_about(cluster, status, nodes, _),
        groups=(
            (_("Publish"), tuple(_publish(n, name, spec, _) for n in A_SECOND)),
            (_("Consume"), tuple(_consume(wanted, name, spec, _) for wanted in (False, True))),
        ),
        numbers=_numbers(book, _) if used else (),
        said=_said(book, _) if used else "",
        bars=servers.bars(_seconds(cluster, ref_of(queue)), cluster.epoch_ms) if used else None,
        decision=decisions.of_election(elections[-1], cluster.epoch_ms, _) if elections else None,
    )


def _about(cluster: Look, status: Mapping[str, Any], nodes: Mapping[str, Obj], _: Words) -> str:
    members = status.get("members") or ()
    reached = sum(_runs(nodes.get(each)) for each in members)
    quorum = _("%(n)s of %(all)s members", n=reached, all=len(members)) if members else ""
    if status.get("leader"):
        leads = _("%(name)s leads, term %(n)s", name=status["leader"], n=status["term"])
        return " · ".join(filter(None, (leads, quorum)))
    without = status.get("withoutLeader")
    since = (
        _("no leader since %(time)s", time=virtual(without["sinceMs"] - cluster.epoch_ms))
        if without
        else _("no leader")
    )
    return " · ".join(filter(None, (since, quorum)))


def _fields(spec: Mapping[str, Any], **other: object) -> dict[str, object]:
    """All of the queue as it is, but for that: a command says everything."""
    every = spec["everyMs"]
    now = {"per_second": 1_000 // every if every else 0, "consume": spec["consume"]}
    return {"queue": spec["queue"], "size": spec["size"], **now, **other}


def _publish(n: int, name: str, spec: Mapping[str, Any], _: Words) -> ChoiceView:
    fields = _fields(spec, per_second=n)
    named = _("Publish %(n)s messages a second to %(queue)s of %(name)s", n=n, queue=spec["queue"], name=name)
    return ChoiceView(_("%(n)s/s", n=n), "queue", fields, n == _fields(spec)["per_second"], named)


def _consume(wanted: bool, name: str, spec: Mapping[str, Any], _: Words) -> ChoiceView:
    values = {"queue": spec["queue"], "name": name}
    named = (
        _("Consume %(queue)s of %(name)s", **values) if wanted else _("Stop consuming %(queue)s of %(name)s", **values)
    )
    label = _("on") if wanted else _("off")
    return ChoiceView(label, "queue", _fields(spec, consume=wanted), spec["consume"] == wanted, named)


def _count(ranges: Iterable[Sequence[int]]) -> int:
    return sum(high - low + 1 for low, high in ranges)


def _numbers(book: Mapping[str, Any], _: Words) -> tuple[NumberView, ...]:
    lost, doubled = book["lost"], book["doubled"]
    unanswered = book["unanswered"]
    return (
        NumberView(_("published"), str(book["published"])),
        NumberView(_("confirmed"), str(_count(book["confirmed"])), "good"),
        *((NumberView(_("without an answer"), str(unanswered), "bad"),) if unanswered else ()),
        NumberView(_("delivered"), str(book["deliveries"])),
        *((NumberView(_("of them again, marked"), str(book["redelivered"])),) if book["redelivered"] else ()),
        NumberView(_("lost"), str(lost), "bad" if lost else "good"),
        NumberView(_("doubled"), str(doubled), "bad" if doubled else "good"),
    )


def _said(book: Mapping[str, Any], _: Words) -> str:
    if book["lost"] or book["doubled"]:
        return _("Of confirmed messages %(lost)s are lost, %(doubled)s came twice without the mark.",
                 lost=book["lost"], doubled=book["doubled"])  # fmt: skip
    return _("No confirmed message is lost, and none came twice without the mark.")


def _seconds(cluster: Look, ref: Ref) -> dict[int, tuple[int, int]]:
    """By second what was confirmed, and what was published without that, from the steps that wrote it down."""
    found: dict[int, tuple[int, int]] = {}
    for _old, new in servers.written(cluster, ref):
        if window := _status(new).get("window"):
            confirmed = window["confirmed"]
            found[window["untilMs"] // 1000 - 1] = (confirmed, max(0, window["published"] - confirmed))
    return found
