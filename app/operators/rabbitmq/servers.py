"""rabbitmq: what the servers of a RabbitmqCluster do among themselves, in the pods that run them.

Nobody decides anything here: the loop looks at what physically runs (containers and machines, as the machines know
them), lets the servers and the people who use them go on from the last moment to this one (simulation.py), and writes
down what came of that. With nothing to say, Raft says nothing: a cluster at rest takes no
step. What a server says of itself, its machine is told: whether its cluster has the size that was asked for, which its
startup probe wants to know, and whether it may go without harm, for which its preStop hook waits.
Models the quorum queues of RabbitMQ 4.3 (`rabbit_quorum_queue`, Ra, Aten).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.api.kinds import INTERNAL_V1
from app.api.messages import N_, Message, message
from app.api.objects import Obj, Ref, name_of, namespace_of, ref_of, uid_of
from app.api.quorum_queues import QUORUM_QUEUE, RABBITMQ_CLUSTER
from app.operators.rabbitmq import people, sayings, stored, whereabouts
from app.operators.rabbitmq.people import People
from app.operators.rabbitmq.simulation import Simulation
from app.operators.rabbitmq.whereabouts import BOOT_MS, CONTAINER, ServersSeen
from app.reconcile import (
    BACKGROUND,
    Action,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    Wake,
    background_if,
    itself,
    nothing,
    went,
)

_POD = re.compile(r"(.+)-server-\d+")
_WINDOW_MS = 1_000
HEALTH = "/api/health/checks/reached-target-cluster-size"
_HINT = re.compile(r"^cluster_formation\.target_cluster_size_hint\s*=\s*(\d+)", re.MULTILINE)


class RabbitServers(Controller[ServersSeen]):
    name = "rabbitmq"
    title = "RabbitMQ"
    subject = N_("RabbitMQ")
    lane = 106
    reconciles = RABBITMQ_CLUSTER
    sleeps = True
    assumes = True
    concurrency = 0
    says = sayings.SERVERS
    labels = {"sandboxes": N_("what runs here"), "servers": N_("its servers"), "queues": N_("its queues")}

    def __init__(self) -> None:
        self.wakes = (
            itself(RABBITMQ_CLUSTER),
            Wake("PodSandbox", _of_pod),
            Wake("Machine", _on_machine),
            Wake("PersistentVolumeClaim", _of_disk, when=went),
            Wake("ConfigMap", _of_configuration),
            Wake(QUORUM_QUEUE, _of_queue),
        )
        self.reads = (
            Cache(RABBITMQ_CLUSTER, sees=nothing),
            Cache("PodSandbox", selects=_is_server, sees=_happened, indexes={"cluster": _clusters}),
            Cache("Machine", sees=_reach_differs),
            Cache("PersistentVolumeClaim", selects=lambda claim: bool(_of_claim(claim))),
            Cache("ConfigMap", selects=_is_configuration),
            Cache("RabbitServer", indexes={"cluster": _named}),
            Cache(QUORUM_QUEUE, sees=_asked, indexes={"cluster": _named}),
        )

    def observe(self, key: Ref, reader: Reader) -> ServersSeen | None:
        where = (key.namespace, key.name)
        sandboxes = reader.by("PodSandbox", "cluster", where)
        servers, queues = reader.by("RabbitServer", "cluster", where), reader.by(QUORUM_QUEUE, "cluster", where)
        if not sandboxes and not servers and not queues:
            return None
        names = sorted({each["spec"]["nodeName"] for each in sandboxes})
        machines = [found for name in names if (found := reader.get(Ref("Machine", "", name))) is not None]
        pods = sorted({each["spec"]["podName"] for each in sandboxes} | {name_of(each) for each in servers})
        claims = [
            found for pod in pods
            if (found := reader.get(Ref("PersistentVolumeClaim", key.namespace, f"persistence-{pod}"))) is not None
        ]  # fmt: skip
        configuration = reader.get(Ref("ConfigMap", key.namespace, f"{key.name}-server-conf"))
        target, since_ms = _target(configuration), reader.remembered() or 0
        return ServersSeen(
            *where, reader.get(key) is not None, sandboxes, machines, claims, servers, queues, target, since_ms,
            reader.now_ms,
        )  # fmt: skip

    @staticmethod
    def saw(seen: ServersSeen) -> Message:
        running = len(whereabouts.places(seen, {}, seen.now_ms))
        return message(N_("%(who)s of %(name)s: servers that run: %(n)s."), name=seen.cluster, n=running)

    def diff(self, seen: ServersSeen) -> Iterable[Difference]:
        simulation, crowds = _revived(seen)
        _go_on(seen, simulation, crowds)
        gaps = [
            *_queues(seen, simulation, crowds), *_servers(seen, simulation), *_told(seen, simulation),
            *_next(seen, simulation, crowds), *_given_up(seen),
        ]  # fmt: skip
        return sorted(gaps, key=lambda gap: gap.background)  # what is waited for comes first


# ------------------------------------------------------------------------------------------ going on


def _revived(seen: ServersSeen) -> tuple[Simulation, list[People]]:
    """As they were at the last look; a server with another disk knows nothing."""
    disks = whereabouts.disks(seen)
    kept = [each for each in seen.servers if disks.get(name_of(each), each["spec"]["disk"]) == each["spec"]["disk"]]
    places = {name_of(each): place for each in kept if (place := stored.place_of(each)) is not None}
    wires = [wire for each in kept for wire in stored.wires_of(each)]
    simulation = Simulation(
        seen.since_ms or min(whereabouts.moments(seen, places)),
        [stored.server_of(each) for each in kept],
        wires,
        places,
    )
    for queue in seen.queues:
        without = (queue.get("status") or {}).get("withoutLeader")
        if without:
            simulation.without_leader[queue["spec"]["queue"]] = (without["sinceMs"], without["before"])
    return simulation, [stored.people_of(each) for each in seen.queues]


def _go_on(seen: ServersSeen, simulation: Simulation, crowds: Sequence[People]) -> None:
    """From change to change, each at its moment."""
    before = simulation.places
    for moment_ms in whereabouts.moments(seen, before):
        people.advance(simulation, crowds, moment_ms)
        places = whereabouts.places(seen, before, moment_ms)
        if moment_ms < seen.now_ms:  # whose network is cut is known since now
            places = {name: whereabouts.as_before(place, before) for name, place in places.items()}
        if places != simulation.places:
            simulation.change(places)
    for queue, crowd in zip(seen.queues, crowds, strict=True):
        spec = queue["spec"]
        if not any(crowd.queue in server.members for server in simulation.servers.values()):
            simulation.declare(crowd.queue, spec["size"], uid_of(queue))
        simulation.grow(crowd.queue, spec["size"])
        if (crowd.every_ms, crowd.consume) != (spec["everyMs"], spec["consume"]):
            crowd.want(simulation, spec["everyMs"], consume=spec["consume"])
    leaving = whereabouts.leaving(seen, simulation)
    for name in leaving:
        simulation.drain(name, leaving)
    people.advance(simulation, crowds, seen.now_ms)
    for crowd in crowds:
        crowd.book.audit(simulation, crowd.queue)


# ------------------------------------------------------------------------------------------ what came of it


def _queues(seen: ServersSeen, simulation: Simulation, crowds: Sequence[People]) -> Iterator[Difference]:
    for queue, crowd in zip(seen.queues, crowds, strict=True):
        old = queue.get("status") or {}
        new = stored.queue_status(simulation, crowd, old)
        second = seen.now_ms // _WINDOW_MS * _WINDOW_MS
        if crowd.every_ms or crowd.consume or old.get("book", {}) != new["book"]:
            new["window"] = _window(old, new, second)
        if new == old:
            continue
        yield _about_queue(queue, old, new)


def _about_queue(queue: Obj, old: Mapping[str, Any], new: dict[str, Any]) -> Difference:
    write = Patch(ref_of(queue), {"status": stored.replacing(old, new)})
    about = ref_of(queue)
    if new["book"]["lost"] > old.get("book", {}).get("lost", 0):
        return Difference(about, "status.book.lost", 0, new["book"]["lost"], "MessagesLost", (write,))
    if len(new["elections"]) and new["elections"][-1:] != old.get("elections", [])[-1:]:
        last = new["elections"][-1]
        return Difference(about, "status.leader", last["leader"], last["before"], "LeaderElected", (write,))
    if ("withoutLeader" in new) != ("withoutLeader" in old) and "withoutLeader" in new:
        return Difference(about, "status.leader", "one", new["withoutLeader"]["before"], "LeaderLost", (write,))
    if new.get("members") != old.get("members"):
        return Difference(about, "status.members", new.get("members"), old.get("members"), "MembersChanged", (write,))
    published, confirmed = new["window"].get("published", 0), new["window"].get("confirmed", 0)
    return Difference(about, "status.window", published, confirmed, "SecondOver", (write,), pace=BACKGROUND)


def _window(old: Mapping[str, Any], new: Mapping[str, Any], second_ms: int) -> dict[str, Any]:
    """What the seconds up to `second_ms` added."""
    before = (old.get("window") or {}).get("totals") or {}
    book = new["book"]
    totals = {
        "published": book["published"],
        "confirmed": _count(book["confirmed"]),
        "delivered": book["deliveries"],
        "redelivered": book["redelivered"],
        "doubled": book["doubled"],
    }
    window = old.get("window") or {}
    if window and window["untilMs"] >= second_ms:
        return dict(window)
    added = {name: value - before.get(name, 0) for name, value in totals.items()}
    waiting = totals["confirmed"] - _count(book["delivered"])
    return {**added, "lost": book["lost"], "waiting": max(0, waiting), "untilMs": second_ms, "totals": totals}


def _count(ranges: Sequence[Sequence[int]]) -> int:
    return sum(high - low + 1 for low, high in ranges)


def _given_up(seen: ServersSeen) -> Iterator[Difference]:
    """Of a cluster that is gone nobody uses a queue."""
    if seen.exists or seen.sandboxes:
        return
    for queue in seen.queues:
        about = ref_of(queue)
        yield Difference(about, "exists", False, True, "ClusterGone", (Delete(about),))


def _servers(seen: ServersSeen, simulation: Simulation) -> Iterator[Difference]:
    known, disks = {name_of(each): each for each in seen.servers}, whereabouts.disks(seen)
    claimed = {name_of(each).removeprefix("persistence-") for each in seen.claims}
    actions: list[Action] = []
    for name in sorted(simulation.servers):
        ref = Ref("RabbitServer", seen.namespace, name)
        old, status = known.get(name), stored.server_status(simulation, name)
        disk = disks.get(name, "")
        if old is not None and name not in disks and name not in claimed and name not in simulation.places:
            actions.append(Delete(ref))  # nothing is left of it
        elif old is None:
            spec = {"cluster": seen.cluster, "disk": disk}
            actions.append(Create(_object(ref, spec, status)))
        elif (old.get("status") or {}) != status or (disk and old["spec"]["disk"] != disk):
            patch = {"status": stored.replacing(old.get("status") or {}, status)}
            actions.append(Patch(ref, patch | ({"spec": {"disk": disk}} if disk else {})))
    for name in known.keys() - simulation.servers.keys() - disks.keys():
        actions.append(Delete(Ref("RabbitServer", seen.namespace, name)))
    if actions:
        about = Ref(RABBITMQ_CLUSTER, seen.namespace, seen.cluster)
        pace = background_if(all(queue["spec"]["everyMs"] for queue in seen.queues) and bool(seen.queues))
        yield Difference(about, "servers", "now", "before", "ServersWentOn", (*actions, Remember(seen.now_ms)), pace)


def _object(ref: Ref, spec: dict[str, Any], status: dict[str, Any]) -> Obj:
    return {
        "apiVersion": INTERNAL_V1, "kind": ref.kind, "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": spec, "status": status,
    }  # fmt: skip


def _told(seen: ServersSeen, simulation: Simulation) -> Iterator[Difference]:
    """What a server says of itself, for its probes and its hook."""
    leaving = {*whereabouts.leaving(seen, simulation)}
    for sandbox in seen.sandboxes:
        name, known = sandbox["spec"]["podName"], whereabouts.container(sandbox)
        if name not in simulation.places or known.get("state") != "running":
            continue
        reached = len(simulation.servers[name].known) >= seen.target
        told = {"attempt": known["attempt"], "passes": [HEALTH] if reached else [], "mayGo": name in leaving}
        old = ((sandbox.get("status") or {}).get("told") or {}).get(CONTAINER) or {}
        asks = (sandbox["spec"]["containers"].get(CONTAINER) or {}).get("stop", {}).get("asks")
        stays = bool(asks) and not told["mayGo"]
        if stays:
            told["stays"] = True
        if told != old:
            patch = Patch(ref_of(sandbox), {"status": {"told": {CONTAINER: stored.replacing(old, told)}}})
            joined = "ClusterJoined" if reached else "ClusterNotJoined"
            reason = "MayGo" if told["mayGo"] else "QuorumCritical" if stays else joined
            words = ("may go", "must stay") if stays else ("now", "before")
            yield Difference(Ref("Pod", seen.namespace, name), "told", *words, reason, (patch,))


def _next(seen: ServersSeen, simulation: Simulation, crowds: Sequence[People]) -> Iterator[Difference]:
    about = Ref(RABBITMQ_CLUSTER, seen.namespace, seen.cluster)
    soon = [due_ms for due_ms, _, _ in simulation.timers()]
    running = [known for each in seen.sandboxes if (known := whereabouts.container(each)).get("state") == "running"]
    boots = [each["startedMs"] + BOOT_MS for each in running if each["startedMs"] + BOOT_MS > seen.now_ms]
    busy = any(crowd.next_ms(simulation) is not None for crowd in crowds)
    if not busy and simulation.wires:
        soon.append(simulation.wires[0].due_ms)
    if soon or boots:
        wait = RequeueAfter(max(1, min((*soon, *boots)) - seen.now_ms), "the servers")
        yield Difference(about, "servers", "settled", "not yet", "TimerRuns", (Remember(seen.now_ms), wait))
    if busy:
        later = RequeueAfter(_WINDOW_MS - seen.now_ms % _WINDOW_MS, "the next second")
        yield Difference(
            about, "servers", "the next second", "this one", "MessagesFlow", (Remember(seen.now_ms), later), BACKGROUND
        )


# ------------------------------------------------------------------------------------------ what it watches


def _is_server(sandbox: Obj) -> bool:
    return CONTAINER in sandbox["spec"]["containers"] or bool(_POD.fullmatch(sandbox["spec"]["podName"]))


def _clusters(sandbox: Obj) -> list[tuple[str, str]]:
    found = _POD.fullmatch(sandbox["spec"]["podName"])
    return [(namespace_of(sandbox), found[1])] if found else []


def _named(obj: Obj) -> list[tuple[str, str]]:
    return [(namespace_of(obj), obj["spec"]["cluster"])]


def _of_pod(sandbox: Obj, reader: Reader) -> Iterator[Ref]:
    yield from (Ref(RABBITMQ_CLUSTER, *where) for where in _clusters(sandbox))


def _of_queue(queue: Obj, reader: Reader) -> tuple[Ref]:
    return (Ref(RABBITMQ_CLUSTER, namespace_of(queue), queue["spec"]["cluster"]),)


def _on_machine(machine: Obj, reader: Reader) -> Iterator[Ref]:
    for sandbox in reader.list("PodSandbox"):
        if sandbox["spec"]["nodeName"] == name_of(machine):
            yield from _of_pod(sandbox, reader)


def _is_configuration(found: Obj) -> bool:
    return name_of(found).endswith("-server-conf")


def _of_configuration(found: Obj, reader: Reader) -> tuple[Ref]:
    return (Ref(RABBITMQ_CLUSTER, namespace_of(found), name_of(found).removesuffix("-server-conf")),)


def _of_claim(claim: Obj) -> str:
    found = _POD.fullmatch(name_of(claim).removeprefix("persistence-"))
    return found[1] if found else ""


def _of_disk(claim: Obj, _: Reader) -> Iterable[Ref]:
    return (Ref(RABBITMQ_CLUSTER, namespace_of(claim), _of_claim(claim)),)


def _happened(old: Obj, new: Obj) -> bool:
    """Its container did something, or is to stop."""
    if old["spec"] != new["spec"]:
        return True
    before, after = whereabouts.container(old), whereabouts.container(new)
    return any(before.get(name) != after.get(name) for name in ("state", "attempt", "startedMs"))


def _asked(old: Obj, new: Obj) -> bool:
    return bool(old["spec"] != new["spec"])


def _reach_differs(old: Obj, new: Obj) -> bool:
    return any(old["spec"].get(name) != new["spec"].get(name) for name in ("power", "network"))


def _target(configuration: Obj | None) -> int:
    found = _HINT.search(((configuration or {}).get("data") or {}).get("operatorDefaults.conf", ""))
    return int(found[1]) if found else 1
