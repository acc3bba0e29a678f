"""mysql-agents: what the agents of 2018 do, one beside each server: look every 15 s, and put right what they see.

Whoever is no member is taken in; a group of which nothing is left is started again; the first server begins one. None
of it hangs on an event, so nothing is ever missed, and nothing is quick. Nobody forces a quorum. One loop stands for
all agents, and they look together. Models the agent of github.com/oracle/mysql-operator 0.3.0
(`pkg/cluster/manager.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.messages import N_, Message, message
from app.api.mysql_groups import ALPHA_CLUSTER_LABEL, ALPHA_ROLE_LABEL, MYSQL_GROUP
from app.api.objects import Obj, Ref, labels_of, name_of, namespace_of, ref_of, uid_of
from app.operators.mysql import members, sayings, views, written
from app.operators.mysql.members import OFFLINE, ONLINE, Member
from app.operators.mysql.places import group_of, place, runs_here
from app.operators.mysql.servers import Servers
from app.reconcile import (
    BACKGROUND,
    Cache,
    Controller,
    Difference,
    Patch,
    Reader,
    Remember,
    RequeueAfter,
    itself,
    nothing,
)

PERIOD_MS = 15_000


@dataclass(frozen=True, slots=True)
class AgentsSeen:
    group: Obj
    pods: Sequence[Obj]
    sandboxes: Sequence[Obj]
    machines: Sequence[Obj]
    last_ms: int  # when they looked last
    now_ms: int


class MySQLAgents(Controller[AgentsSeen]):
    name = "mysql-agents"
    title = N_("MySQL agents of 2018")
    subject = N_("The agents beside the MySQL servers")
    lane = 103
    reconciles = MYSQL_GROUP
    sleeps = True
    says = sayings.AGENTS

    def __init__(self) -> None:
        self.wakes = (itself(MYSQL_GROUP),)
        self.reads = (
            Cache(MYSQL_GROUP, selects=_has_agents, sees=nothing),
            Cache("PodSandbox", selects=runs_here),
            Cache("Machine"),
            Cache("Pod", selects=lambda pod: ALPHA_CLUSTER_LABEL in labels_of(pod)),
        )

    def observe(self, key: Ref, reader: Reader) -> AgentsSeen | None:
        if reader.get(key) is None:
            return None
        group = reader.live_get(Ref(MYSQL_GROUP, key.namespace, key.name))
        if group is None:
            return None
        of = [each for each in reader.list("PodSandbox", key.namespace) if group_of(each) == key.name]
        pods = [pod for pod in reader.list("Pod", key.namespace) if labels_of(pod)[ALPHA_CLUSTER_LABEL] == key.name]
        machines = reader.list("Machine")
        return AgentsSeen(group, pods, of, machines, reader.remembered() or 0, reader.now_ms)

    @staticmethod
    def saw(seen: AgentsSeen) -> Message:
        return message(N_("%(who)s of %(name)s look: they do so every 15 seconds."), name=name_of(seen.group))

    def diff(self, seen: AgentsSeen) -> Iterator[Difference]:
        about = ref_of(seen.group)
        rest_ms = seen.last_ms + PERIOD_MS - seen.now_ms
        if rest_ms <= 0:
            yield from _look(seen)
            yield from _label(seen)
        again = (RequeueAfter(rest_ms if rest_ms > 0 else PERIOD_MS, "next look"),)
        looked = () if rest_ms > 0 else (Remember(seen.now_ms),)
        yield Difference(about, "members", "looked at", "a while ago", "LookAgain", (*looked, *again), pace=BACKGROUND)


def _look(seen: AgentsSeen) -> Iterator[Difference]:
    servers = written.servers_of(seen.group["status"], seen.now_ms)
    asked = _asked(seen, servers)
    online = {name: each for name, each in asked.items() if each.state == ONLINE}
    able = sorted(name for name, each in online.items() if members.has_majority(each, seen.now_ms))
    idle = sorted(name for name, each in asked.items() if each.state == OFFLINE and not each.seeds)
    if able and idle:
        orders = [{"do": "join", "server": name, "seeds": able} for name in idle]
        yield _ordered(seen, "NoMemberYet", orders)
    elif not online and idle:
        known = max((each.last_view for each in asked.values()), default=0)
        if not known and idle[0].endswith("-0"):
            multi = bool(seen.group["spec"].get("multi"))
            yield _ordered(seen, "NoGroupYet", [{"do": "create", "server": idle[0], "multi": multi}])
        elif known and len(asked) == len(servers.servers):
            best = max(idle, key=lambda name: views.newest_key(asked[name].log))
            others = [{"do": "join", "server": name, "seeds": [best]} for name in idle if name != best]
            yield _ordered(seen, "GroupStopped", [{"do": "reboot", "server": best, "above": known}, *others])


def _asked(seen: AgentsSeen, servers: Servers) -> Mapping[str, Member]:
    """Those that an agent beside them, or from another machine, reaches."""
    here = place(seen.sandboxes, seen.machines)
    able = {name for name, process in here.processes.items() if process.machine not in here.dark}
    return {name: member for name, member in servers.members().items() if name in able}


def _ordered(seen: AgentsSeen, reason: str, orders: list[dict[str, Any]]) -> Difference:
    status, spec = seen.group["status"], seen.group["spec"]
    newest = max([status.get("handled", 0), *(each["id"] for each in spec.get("orders") or ())])
    numbered = [{"id": newest + 1 + place, **order} for place, order in enumerate(orders)]
    patch = Patch(ref_of(seen.group), {"spec": {"orders": numbered}})
    return Difference(ref_of(seen.group), "members", ONLINE, OFFLINE, reason, (patch,))


def _label(seen: AgentsSeen) -> Iterator[Difference]:
    """The agent beside the primary writes down who is what."""
    living = written.servers_of(seen.group["status"], seen.now_ms).members().values()
    primary = next((each for each in living if each.orders and members.has_majority(each, seen.now_ms)), None)
    view = primary.view if primary is not None else None
    for pod in seen.pods if view is not None else ():
        assert view is not None
        peer = view.peer(name_of(pod))
        role = ("primary" if peer.name in view.writers else "secondary") if peer is not None and peer.online else None
        known = labels_of(pod).get(ALPHA_ROLE_LABEL)
        if role != known:
            patch = Patch(ref_of(pod), {"metadata": {"labels": {ALPHA_ROLE_LABEL: role}}}, uid=uid_of(pod))
            about = Ref("Pod", namespace_of(pod), name_of(pod))
            yield Difference(about, "role", role or "none", known or "none", "RoleLabel", (patch,))


def _has_agents(group: Obj) -> bool:
    return bool(group["spec"].get("agents"))
