"""How a cluster is, as the operator finds out by asking its servers. Pure. Models `diagnose.py` of mysql-operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.api.objects import Obj, annotations_of, is_terminating, name_of
from app.component_helpers import pods
from app.operators.mysql import members, views
from app.operators.mysql.members import Member
from app.operators.mysql.objects import MEMBERSHIP, POD_FINALIZER
from app.operators.mysql.servers import Place, Servers

PENDING, INITIALIZING, ONLINE, UNKNOWN = "PENDING", "INITIALIZING", "ONLINE", "UNKNOWN"
PARTIAL, NO_QUORUM, OFFLINE, SPLIT_BRAIN = "ONLINE_PARTIAL", "NO_QUORUM", "OFFLINE", "SPLIT_BRAIN"
FINALIZING, INVALID, UNCERTAIN = "FINALIZING", "INVALID", "_UNCERTAIN"
UNSURE = "UNKNOWN"  # of a server: the pod looks fine, and it does not answer


class Diagnosis(NamedTuple):
    status: str
    states: Mapping[str, str]  # of each pod's server: ONLINE, RECOVERING, ERROR, OFFLINE, UNKNOWN
    view: views.View | None  # that those with a quorum are in
    blocked: tuple[str, ...]  # ONLINE, without a quorum, that could go on together
    online: int  # members that are ONLINE and have a quorum

    @property
    def is_online(self) -> bool:
        return self.status.startswith(ONLINE)


def diagnose(cluster: Obj, found: Sequence[Obj], servers: Servers, place: Place, now_ms: int) -> Diagnosis:
    """`found` are its pods."""
    asked = {name_of(pod): _ask(name_of(pod), servers, place) for pod in found}
    counted = [pod for pod in found if _counts(pod)]
    states = {name_of(pod): _state(pod, asked[name_of(pod)]) for pod in found}
    online = {name: member for name, member in asked.items() if member is not None and member.state == ONLINE}
    able = {name: member for name, member in online.items() if members.has_majority(member, now_ms)}
    unsure = any(states[name_of(pod)] == UNSURE for pod in counted)
    missing = any(states[name_of(pod)] in (OFFLINE, "ERROR") for pod in counted)
    view = max((member.view for member in able.values() if member.view is not None), default=None)
    blocked = _largest(online) if not able else ()
    if "createTime" not in (cluster.get("status") or {}):
        return Diagnosis(INITIALIZING, states, view, blocked, len(able))
    status = _status(able, online, unsure=unsure, missing=missing, asked=any(asked.values()))
    return Diagnosis(status, states, view, blocked, len(able))


def _status(
    able: Mapping[str, Member], online: Mapping[str, Member], *, unsure: bool, missing: bool, asked: bool
) -> str:
    primaries = {member.view.primary for member in able.values() if member.view is not None and member.orders}
    tail = UNCERTAIN if unsure else ""
    if len(primaries) > 1:
        return SPLIT_BRAIN + tail
    if able:
        return ONLINE + tail if unsure else PARTIAL if missing else ONLINE
    if online:
        return NO_QUORUM + tail
    return OFFLINE + tail if asked or not unsure else UNKNOWN


def _ask(name: str, servers: Servers, place: Place) -> Member | None:
    """The server itself, if it can be connected to."""
    server, process = servers.servers.get(name), place.processes.get(name)
    if server is None or process is None or process.machine in place.dark:
        return None
    return server.member


def _counts(pod: Obj) -> bool:
    """It is, or was, a member."""
    return POD_FINALIZER in (pod["metadata"].get("finalizers") or ()) or MEMBERSHIP in annotations_of(pod)


def _state(pod: Obj, member: Member | None) -> str:
    if member is not None:
        return member.state
    ready = pods.container_status(pod, "mysql") or {}
    looks_fine = pods.phase(pod) == "Running" and bool(ready.get("ready")) and not is_terminating(pod)
    return UNSURE if looks_fine else OFFLINE


def _largest(online: Mapping[str, Member]) -> tuple[str, ...]:
    """Of those who hear each other the most."""
    parts = [
        tuple(sorted(each for each in online if each == name or each not in one.silent)) for name, one in online.items()
    ]
    return max(parts, key=lambda part: (len(part), part), default=())


def best(found: Sequence[Obj], servers: Servers) -> str:
    """The pod whose server holds most transactions; of equals the first."""
    held = {name_of(pod): servers.servers[name_of(pod)].held for pod in found if name_of(pod) in servers.servers}
    return max(sorted(held), key=lambda name: views.newest_key(held[name]), default="")


def newest_view(servers: Servers) -> int:
    """That any of them belonged to."""
    living = (each.member for each in servers.servers.values() if each.member is not None)
    return max((each.last_view for each in living), default=0)


def errant(pod: str, servers: Servers, found: Diagnosis) -> int:
    """How many transactions a server committed that the group never had: it cannot be taken in."""
    primary = servers.servers.get(found.view.primary) if found.view is not None else None
    if primary is None:
        return 0
    server = servers.servers[pod]
    committed = views.head(server.held, server.member.committed if server.member is not None else server.committed)
    return views.length(committed) - views.common(committed, primary.held)
