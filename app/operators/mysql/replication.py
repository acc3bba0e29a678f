"""group-replication: the MySQL servers of a cluster as they live, among themselves.

No controller of Kubernetes has a say in this: a loop of what is outside of it, as the container runtime is. It looks
when a container of a server or a router starts or ends, when a machine loses its power or its network, when an
administrator orders something, and when the servers themselves have something to do; then it works out what happened
since (servers.py). A server that was expelled ends its process, as the exit action ABORT_SERVER has it. Models the
plugin Group Replication of MySQL 9.1, as far as it can be seen from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.api.messages import N_, Message, message
from app.api.mysql_groups import MYSQL_GROUP, group_ref
from app.api.objects import Obj, Ref, name_of, namespace_of, ref_of, uid_of
from app.api.status import replacing
from app.operators.mysql import members, sayings, servers, written
from app.operators.mysql.decisions import Decision
from app.operators.mysql.places import SERVER, group_of, place, runs_here
from app.operators.mysql.servers import Order, Servers
from app.reconcile import (
    BACKGROUND,
    Action,
    Cache,
    Controller,
    Delete,
    Difference,
    Patch,
    Reader,
    RequeueAfter,
    Wake,
    background_if,
    itself,
    nothing,
)

CLAIM, DISK = "PersistentVolumeClaim", "datadir-"
_SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class GroupSeen:
    group: Obj
    sandboxes: Sequence[Obj]  # of servers and routers
    machines: Sequence[Obj]  # that those are on
    claims: Sequence[str]  # of its servers: the names of those that there are
    now_ms: int


class GroupReplication(Controller[GroupSeen]):
    name = "group-replication"
    title = N_("Group Replication")
    subject = N_("The group of MySQL servers")
    lane = 105
    reconciles = MYSQL_GROUP
    concurrency = 0
    assumes = True
    sleeps = True
    says = sayings.REPLICATION

    def __init__(self) -> None:
        self.wakes = (
            itself(MYSQL_GROUP, when=_ordered),
            Wake("PodSandbox", _group_of),
            Wake("Machine", _groups_on),
            Wake("PersistentVolumeClaim", _of_claim),
        )
        self.reads = (
            Cache("PodSandbox", selects=runs_here, sees=_happened, indexes={"group": _groups_of}),
            Cache("Machine", sees=_reachability),
            Cache("PersistentVolumeClaim", selects=_is_disk, sees=nothing),
        )  # fmt: skip

    def observe(self, key: Ref, reader: Reader) -> GroupSeen | None:
        group = reader.get(key)
        if group is None:
            return None
        sandboxes = reader.by("PodSandbox", "group", key)
        names = sorted({each["spec"]["nodeName"] for each in sandboxes})
        found = (reader.get(Ref("Machine", "", name)) for name in names)
        machines = [each for each in found if each is not None]
        disks = (Ref(CLAIM, key.namespace, DISK + name) for name in (group["status"].get("servers") or {}))
        claims = [ref.name for ref in disks if reader.get(ref) is not None]
        return GroupSeen(group, sandboxes, machines, claims, reader.now_ms)

    @staticmethod
    def saw(seen: GroupSeen) -> Message:
        text = N_("%(who)s of %(name)s: %(n)s of them run.")
        return message(text, name=name_of(seen.group), n=sum(_is_server(each) for each in seen.sandboxes))

    def diff(self, seen: GroupSeen) -> Iterable[Difference]:
        here = place(seen.sandboxes, seen.machines)
        if not seen.sandboxes and not seen.claims and seen.group["status"].get("servers"):
            yield Difference(ref_of(seen.group), "disks", [], "gone", "DisksGone", (Delete(ref_of(seen.group)),))
            return
        before = _with_disks(_with_writes(written.servers_of(seen.group["status"], seen.now_ms), seen.group), seen)
        orders = [_order(each) for each in seen.group["spec"].get("orders") or ()]
        after = servers.advance(before, here, orders, seen.now_ms, uid_of(seen.group) or name_of(seen.group))
        actions: list[Action] = []
        status = written.servers(after)
        if not _same(status, seen.group["status"]):
            actions.append(Patch(ref_of(seen.group), {"status": replacing(seen.group["status"], status)}))
        actions += _deaths(after, here.processes, seen)
        yield from _told(before, after, seen, actions)
        yield from _wait(after, here, seen)


def _order(data: Mapping[str, Any]) -> Order:
    return Order(**{**data, "seeds": tuple(data.get("seeds", ()))})


def _with_writes(before: Servers, group: Obj) -> Servers:
    """What its clients want by now."""
    spec = group["spec"].get("writes") or {}
    wanted, writes = (spec.get("perSecond", 0), spec.get("startedMs", 0)), before.writes
    if wanted == (writes.per_second, writes.started_ms):
        return before
    per_second, started_ms = wanted
    if not writes.attempted and per_second:
        writes = writes._replace(logs=(_newest(before),))
    return replace(
        before, writes=writes._replace(per_second=per_second, started_ms=started_ms, until_ms=before.until_ms)
    )


def _with_disks(before: Servers, seen: GroupSeen) -> Servers:
    """With a volume claim goes what was on the disk."""
    kept = {
        name: server
        for name, server in before.servers.items()
        if server.member is not None or DISK + name in seen.claims
    }
    return before if len(kept) == len(before.servers) else replace(before, servers=kept)


def _newest(of: Servers) -> Any:
    """What was written before anybody counted."""
    return max((server.held for server in of.servers.values()), key=lambda log: log[-1].upto if log else 0, default=())


def _same(status: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Time alone is no news, unless somebody writes."""
    if status["writes"]["per_second"]:
        return False
    return {**status, "untilMs": 0} == {**known, "untilMs": 0}


def _deaths(after: Servers, processes: Mapping[str, Any], seen: GroupSeen) -> Iterator[Action]:
    """Who was expelled ends its process."""
    for name, process in processes.items():
        server = after.servers.get(name)
        ended = server is not None and server.process == process.key and server.member is None
        if not ended or process.dies_ms is not None:
            continue
        sandbox = next(each for each in seen.sandboxes if each["spec"]["podName"] == name and _is_server(each))
        died = {"state": "exited", "finishedMs": seen.now_ms, "exitCode": 1, "reason": "Error"}
        yield Patch(ref_of(sandbox), {"status": {"containers": {SERVER: died}}})


def _wait(after: Servers, here: servers.Place, seen: GroupSeen) -> Iterator[Difference]:
    due = servers.due_ms(after, here)
    if after.writes.per_second:
        tick = seen.now_ms + _SECOND_MS - seen.now_ms % _SECOND_MS
        wait = RequeueAfter(min(tick, due or tick) - seen.now_ms, "the next second of writes")
        yield Difference(ref_of(seen.group), "writes", "worked out", "not yet", "WritesCounted", (wait,), BACKGROUND)
    if due is not None:
        wait = RequeueAfter(max(0, due - seen.now_ms), "silence of a member")
        yield Difference(ref_of(seen.group), "members", "all heard", "some silent", "ServersWait", (wait,))


# ------------------------------------------------------------------------------------------------ what is told


def _told(before: Servers, after: Servers, seen: GroupSeen, actions: list[Action]) -> Iterator[Difference]:
    """One Difference that says what happened, with all that is written; the most important thing that happened."""
    about = ref_of(seen.group)
    news = [each for each in after.decisions if each not in before.decisions]
    for decision in news[:-1]:
        yield _decided(about, decision, ())
    if news:
        yield _decided(about, news[-1], tuple(actions))
    elif actions:
        reason, desired, observed = _lesser(before, after)
        pace = background_if(reason == "WritesCounted")
        yield Difference(about, "members", desired, observed, reason, tuple(actions), pace)


def _decided(about: Ref, decision: Decision, actions: tuple[Action, ...]) -> Difference:
    reason = "MemberJoined"
    if decision.why == "begins":
        reason = "GroupBegun"
    elif decision.is_failover:
        reason = "PrimaryElected"
    elif decision.missed:
        reason = "MemberLost"
    return Difference(about, "view", written.decision(decision), decision.was, reason, actions)


def _lesser(before: Servers, after: Servers) -> tuple[str, Any, Any]:
    """What happened without a decision of the servers, as (reason, desired, observed)."""
    was, now = _unreachable(before), _unreachable(after)
    blocked, is_blocked = _blocked(before), _blocked(after)
    if is_blocked - blocked:
        return "QuorumLost", "a majority", sorted(is_blocked)
    if now - was:
        return "MemberUnreachable", "heard", sorted(now)
    if _silent(after) - _silent(before):
        return "MemberSilent", "heard", sorted(_silent(after))
    if _states(before) != _states(after) or not after.writes.per_second:
        return "ServersChanged", _states(after), _states(before)
    return "WritesCounted", after.writes.attempted, after.writes.acknowledged


def _states(of: Servers) -> dict[str, str]:
    return {name: member.state for name, member in of.members().items()}


def _silent(of: Servers) -> set[str]:
    return {name for member in of.members().values() for name in member.silent}


def _unreachable(of: Servers) -> set[str]:
    living = of.members().values()
    return {
        name for member in living for name in member.silent if members.is_unreachable(member, name, of.until_ms)
    }  # fmt: skip


def _blocked(of: Servers) -> set[str]:
    living = of.members().items()
    return {name for name, member in living if member.votes and not members.has_majority(member, of.until_ms)}


# ------------------------------------------------------------------------------------------ what it watches


def _ordered(old: Obj | None, new: Obj | None) -> bool:
    return old is None or new is None or (old["spec"] is not new["spec"] and old["spec"] != new["spec"])


def _is_server(sandbox: Obj) -> bool:
    return SERVER in sandbox["spec"]["containers"]


def _groups_of(sandbox: Obj) -> tuple[Ref]:
    return (group_ref(namespace_of(sandbox), group_of(sandbox)),)


def _group_of(sandbox: Obj, reader: Reader) -> tuple[Ref]:
    return _groups_of(sandbox)


def _happened(old: Obj, new: Obj) -> bool:
    """A container started, ended, or is told to end."""
    return _facts(old) != _facts(new)


def _facts(sandbox: Obj) -> list[Any]:
    known = (sandbox.get("status") or {}).get("containers") or {}
    states = [(name, each["state"], each["attempt"]) for name, each in known.items()]
    return [states, {name: each.get("stop") for name, each in sandbox["spec"]["containers"].items()}]


def _is_disk(claim: Obj) -> bool:
    return name_of(claim).startswith(DISK)


def _of_claim(claim: Obj, reader: Reader) -> tuple[Ref]:
    return (group_ref(namespace_of(claim), name_of(claim).removeprefix(DISK).rpartition("-")[0]),)


def _reachability(old: Obj, new: Obj) -> bool:
    return any(old["spec"].get(field) != new["spec"].get(field) for field in ("power", "network"))


def _groups_on(machine: Obj, reader: Reader) -> list[Ref]:
    """Those that have something on it: a machine falls silent seldom, so all are looked through."""
    name = name_of(machine)
    found = (each for each in reader.list("PodSandbox") if each["spec"]["nodeName"] == name)
    return list(dict.fromkeys(key for each in found for key in _groups_of(each)))
