"""Members of a group as JSON, for the object that keeps them between two looks (servers.py), and back."""

from __future__ import annotations

from typing import Any

from app.operators.mysql.clients import Writes
from app.operators.mysql.decisions import Candidate, Decision, Missed
from app.operators.mysql.members import Member
from app.operators.mysql.servers import Server, Servers
from app.operators.mysql.views import Log, Peer, Span, View

_PLAIN = (
    "committed", "expelled", "goes", "installed", "last_view", "recovered_at_ms", "recovery_ms", "retry_at_ms",
)  # fmt: skip
_FRESH = Member(Peer("", 0, ""))


def log(entries: Log) -> list[list[int]]:
    return [list(span) for span in entries]


def log_of(data: list[list[int]]) -> Log:
    return tuple(Span(*span) for span in data)


def view(of: View) -> dict[str, Any]:
    return {
        "number": of.number,
        "primary": of.primary,
        "multi": of.multi,
        "base": log(of.base),
        "peers": [peer._asdict() for peer in of.peers],
    }


def view_of(data: dict[str, Any]) -> View:
    peers = tuple(Peer(**peer) for peer in data["peers"])
    return View(data["number"], peers, data["primary"], log_of(data["base"]), data["multi"])


def member(of: Member) -> dict[str, Any]:
    """A proposal that came to nothing is left out: whoever still wants it makes another one, with a higher ballot."""
    found: dict[str, Any] = {"me": of.me._asdict(), "log": log(of.log)}
    found |= {name: getattr(of, name) for name in _PLAIN if getattr(of, name) != getattr(_FRESH, name)}
    found |= {name: getattr(of, name) for name in ("held", "rows", "silent") if getattr(of, name)}
    if of.view is not None:
        found["view"] = view(of.view)
    if of.promised is not None:
        found["promised"] = list(of.promised)
    if of.accepted is not None:
        found["accepted"] = [list(of.accepted[0]), view(of.accepted[1])]
    if of.leaving:
        found["leaving"] = [list(each) for each in of.leaving]
    if of.arriving:
        found["arriving"] = [peer._asdict() for peer in of.arriving]
    found |= {name: list(getattr(of, name)) for name in ("forced", "seeds") if getattr(of, name)}
    return found


def member_of(data: dict[str, Any]) -> Member:
    promised, accepted = data.get("promised"), data.get("accepted")
    return Member(
        Peer(**data["me"]),
        log=log_of(data["log"]),
        view=view_of(data["view"]) if "view" in data else None,
        promised=(promised[0], promised[1]) if promised else None,
        accepted=((accepted[0][0], accepted[0][1]), view_of(accepted[1])) if accepted else None,
        leaving=tuple((name, incarnation) for name, incarnation in data.get("leaving", ())),
        arriving=tuple(Peer(**peer) for peer in data.get("arriving", ())),
        forced=tuple(data.get("forced", ())),
        seeds=tuple(data.get("seeds", ())),
        **{name: data[name] for name in (*_PLAIN, "held", "rows", "silent") if name in data},
    )


# ------------------------------------------------------------------------------------------------ all servers


def servers(of: Servers) -> dict[str, Any]:
    """The status of a MySQLGroup."""
    return {
        "untilMs": of.until_ms,
        "handled": of.handled,
        "servers": {name: _server(server) for name, server in sorted(of.servers.items())},
        "decisions": [decision(each) for each in of.decisions],
        "writes": _writes(of.writes),
    }


def servers_of(status: dict[str, Any], now_ms: int) -> Servers:
    if not status:
        return Servers(now_ms)
    return Servers(
        status["untilMs"],
        {name: _server_of(name, data) for name, data in status["servers"].items()},
        status["handled"],
        tuple(_decision_of(each) for each in status["decisions"]),
        _writes_of(status["writes"]),
    )


def _server(of: Server) -> dict[str, Any]:
    found: dict[str, Any] = {"uuid": of.uuid, "incarnation": of.incarnation, "process": of.process}
    if of.stopping:
        found["stopping"] = True
    if of.member is not None:
        return {**found, "member": member(of.member), "state": of.member.state}
    return {**found, "log": log(of.log), "committed": of.committed, "lastView": of.last_view}


def _server_of(name: str, data: dict[str, Any]) -> Server:
    living = member_of(data["member"]) if "member" in data else None
    return Server(
        name, data["uuid"], data["incarnation"], data["process"], living, log_of(data.get("log", [])),
        data.get("committed", 0), data.get("lastView", 0), data.get("stopping", False),
    )  # fmt: skip


def _writes(of: Writes) -> dict[str, Any]:
    return {**of._asdict(), "failed": dict(of.failed), "logs": [log(each) for each in of.logs]}


def _writes_of(data: dict[str, Any]) -> Writes:
    logs = tuple(log_of(each) for each in data["logs"])
    return Writes(**{**data, "failed": tuple(data["failed"].items()), "logs": logs})


def decision(of: Decision) -> dict[str, Any]:
    candidates = [candidate._asdict() for candidate in of.candidates]
    return {**of._asdict(), "missed": [list(each) for each in of.missed], "candidates": candidates}


def _decision_of(data: dict[str, Any]) -> Decision:
    missed = tuple(Missed(*each) for each in data["missed"])
    return Decision(**{**data, "missed": missed, "candidates": tuple(Candidate(**each) for each in data["candidates"])})
