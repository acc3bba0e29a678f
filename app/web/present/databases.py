"""A MySQL cluster as its servers, its operator and Kubernetes know it, and what came of the writes to it.

Of an InnoDBCluster, and of a Cluster of 2018, whose operator knows less. From the MySQLGroup that the servers keep
(app/api/mysql_groups.py), the labels and the status that the operator wrote, and the pods. Called by `unfolded`; the
role of a pod is on its card too (`role`, `reasons`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.api import conditions, times
from app.api.mysql_groups import (
    ALPHA_CLUSTER,
    ALPHA_CLUSTER_LABEL,
    ALPHA_ROLE_LABEL,
    CLUSTER_LABEL,
    INNODB_CLUSTER,
    ROLE_LABEL,
    SILENT_MS,
    group_ref,
    kept_for,
)
from app.api.objects import Obj, Ref, kind_of, labels_of, name_of, namespace_of
from app.look import Look
from app.web.present import decisions, servers
from app.web.present.clock import virtual
from app.web.present.servers import CellView, ChoiceView, ClockView, NumberView, ServersView, UseView, cell
from app.web.present.words import Words

A_SECOND = (0, 10, 50)  # writes, to choose from
GOOD = ("ONLINE", "ONLINE_PARTIAL")
FAILURES = ("NoRouter", "NoPrimary", "NoMajority", "Unanswered", "Conflict")


class Names(NamedTuple):
    """Labels of the pods of servers."""

    cluster: str
    role: str
    more: Mapping[str, str] = {}  # that other pods of the cluster do not have


NAMES = {
    INNODB_CLUSTER: Names(CLUSTER_LABEL, ROLE_LABEL, {"component": "mysqld"}),
    ALPHA_CLUSTER: Names(ALPHA_CLUSTER_LABEL, ALPHA_ROLE_LABEL),
}


def names_of(group: Obj) -> Names:
    return NAMES[kept_for(group).kind]


def of(cluster: Look, obj: Obj, _: Words) -> ServersView:
    namespace, name, labels = namespace_of(obj), name_of(obj), NAMES[kind_of(obj)]
    group = (cluster.get(group_ref(namespace, name)) or {}).get("status") or {}
    pods = servers.with_label(cluster, namespace, {labels.cluster: name, **labels.more})
    names = servers.in_order([*pods, *group.get("servers", ())])
    clocks = (
        _group(cluster, group, names, _),
        _operator(cluster, obj, names, _),
        servers.kubernetes(cluster, namespace, names, _),
    )
    use = _writes if kind_of(obj) == INNODB_CLUSTER else _failover
    uses = (use(cluster, namespace, name, group, _),) if group else ()
    return ServersView(tuple(map(servers.ordinal, names)), tuple(names), clocks, uses)


def role(cluster: Look, pod: Obj) -> str:
    """What its server is by the view of the group: PRIMARY, SECONDARY, or "" if it is no server or no member."""
    name = labels_of(pod).get(CLUSTER_LABEL) or labels_of(pod).get(ALPHA_CLUSTER_LABEL, "")
    group = cluster.get(group_ref(namespace_of(pod), name)) if name else None
    status = (group or {}).get("status") or {}
    if name_of(pod) not in status.get("servers", ()):
        return ""
    view = _reference(status, cluster.now_ms)[1]
    peer = next((each for each in view.get("peers", ()) if each["name"] == name_of(pod)), None)
    return _role(view, name_of(pod)) if peer is not None and peer["online"] else ""


# ------------------------------------------------------------------------------------- what the servers know


def _group(cluster: Look, group: Mapping[str, Any], names: Iterable[str], _: Words) -> ClockView:
    title, now_ms = _("The servers know"), cluster.now_ms
    who, view = _reference(group, now_ms)
    known = group.get("servers") or {}
    if not view:
        cells = tuple(_outside(known.get(name), _) for name in names)
        return ClockView("servers", title, _("there is no group"), True, cells)
    silent = (known[who]["member"].get("silent")) or {}
    voters, reached = _voters(view), _reached(view, silent, now_ms)
    held = known[view["primary"]] if view["primary"] in known else known[who]
    cells = tuple(_member(name, known.get(name), view, silent, _length(held), cluster, _) for name in names)
    enough = len(reached) * 2 > len(voters)
    quorum = _("quorum: %(n)s of %(all)s", n=len(reached), all=len(voters))
    if not enough:
        quorum = _("no quorum: %(n)s of %(all)s", n=len(reached), all=len(voters))
    said = " · ".join([_("view %(n)s", n=view["number"]), quorum])
    return ClockView("servers", title, said, not enough, cells)


def _reference(group: Mapping[str, Any], now_ms: int) -> tuple[str, Mapping[str, Any]]:
    """Whose view counts: of members that may vote and have a majority the newest one; else the newest that is known.
    ("", {}): nobody is a member."""
    best: tuple[tuple[bool, int], str, Mapping[str, Any]] | None = None
    for name, server in sorted((group.get("servers") or {}).items()):
        member = server.get("member") or {}
        view = member.get("view")
        if view is None:
            continue
        reached = _reached(view, member.get("silent") or {}, now_ms)
        rank = (server["state"] == "ONLINE" and len(reached) * 2 > len(_voters(view)), view["number"])
        if best is None or rank > best[0]:
            best = (rank, name, view)
    return (best[1], best[2]) if best is not None else ("", {})


def _voters(view: Mapping[str, Any]) -> list[str]:
    return [peer["name"] for peer in view["peers"] if peer["online"]]


def _reached(view: Mapping[str, Any], silent: Mapping[str, int], now_ms: int) -> list[str]:
    return [name for name in _voters(view) if name not in silent or now_ms < silent[name] + SILENT_MS]


def _role(view: Mapping[str, Any], name: str) -> str:
    return "PRIMARY" if view["multi"] or view["primary"] == name else "SECONDARY"


def _length(server: Mapping[str, Any]) -> int:
    """How many transactions it holds."""
    log = (server.get("member") or server)["log"]
    return int(log[-1][1]) if log else 0


def _member(
    name: str, server: Mapping[str, Any] | None, view: Mapping[str, Any], silent: Mapping[str, int], most: int,
    cluster: Look, _: Words,
) -> CellView:  # fmt: skip
    peer = next((each for each in view["peers"] if each["name"] == name), None)
    if peer is None or server is None:
        return _outside(server, _)
    if not peer["online"]:
        return cell("new", "RECOVERING", _("fetches what it misses"), why=_("It has no vote yet."))
    lag = most - _length(server)
    has = _("%(n)s behind", n=lag) if lag > 0 else _("%(n)s transactions", n=_length(server))
    if name in silent:
        why = _("Nothing is heard of it since %(time)s.", time=virtual(silent[name] - cluster.epoch_ms))
        if cluster.now_ms >= silent[name] + SILENT_MS:
            return cell("bad", "UNREACHABLE", _role(view, name), why)
        return cell("unready", _role(view, name), _("silent"), why)
    return cell("ready", _role(view, name), has, "ONLINE")


def _outside(server: Mapping[str, Any] | None, _: Words) -> CellView:
    if server is None or "member" not in server:
        return cell("wait", "OFFLINE", _("does not run"))
    if "view" in server["member"]:
        why = _("It believes that it is a member of view %(n)s.", n=server["member"]["view"]["number"])
        return cell("bad", _("expelled"), _("does not know it yet"), why)
    return cell("bad", server["state"], _("runs, no member"))


# ------------------------------------------------------------------------------------ what the operator knows


def _operator(cluster: Look, obj: Obj, names: Iterable[str], _: Words) -> ClockView:
    """Its status, and the labels that it wrote."""
    cells, role_label = [], NAMES[kind_of(obj)].role
    for name in names:
        pod = cluster.get(Ref("Pod", namespace_of(obj), name))
        label = labels_of(pod).get(role_label, "") if pod is not None else ""
        cells.append(cell("ready" if label else "wait", label or "–", why=role_label))
    runs = servers.operator_runs(cluster, obj)
    if kind_of(obj) == ALPHA_CLUSTER:
        return _operator_and_agents(obj, cells, _, runs=runs)
    title, status = _("The operator knows"), (obj.get("status") or {}).get("cluster") or {}
    if not status:
        said = _("it has not looked yet") if runs else _("it does not run")
        return ClockView("operator", title, said, not runs, tuple(cells))
    said = _("%(status)s, %(n)s online", status=status["status"], n=status["onlineInstances"])
    if not runs:
        said = _("%(said)s (it does not run)", said=said)
    elif status.get("lastProbeTime"):
        seen = virtual(times.parse(status["lastProbeTime"]) - cluster.epoch_ms)
        said = _("%(said)s, as of %(time)s", said=said, time=seen)
    return ClockView("operator", title, said, status["status"] not in GOOD or not runs, tuple(cells))


def _operator_and_agents(obj: Obj, cells: Iterable[CellView], _: Words, *, runs: bool) -> ClockView:
    """The operator of 2018 counts pods that are ready; its agents write the labels, also without it."""
    ready = conditions.is_true((obj.get("status") or {}).get("conditions"), "Ready")
    said = _("all pods are ready; of a quorum it knows nothing") if ready else _("not all pods are ready")
    if not runs:
        said = _("%(said)s (it does not run)", said=said)
    return ClockView("operator", _("Operator and agents know"), said, not (ready and runs), tuple(cells))


# --------------------------------------------------------------------------------------------------- writes


def _failover(cluster: Look, namespace: str, name: str, group: Mapping[str, Any], _: Words) -> UseView:
    """There is no router that clients could write through: why who is primary is all there is to tell."""
    decision = decisions.newest_view(group["decisions"], cluster.epoch_ms, _)
    return UseView(_("Primary"), "", (), (), _("No router: clients find the primary by its label."), None, decision)


def _writes(cluster: Look, namespace: str, name: str, group: Mapping[str, Any], _: Words) -> UseView:
    writes = group["writes"]
    choices = tuple(_choice(n, writes["per_second"], name, _) for n in A_SECOND)
    failed = {reason: writes["failed"][reason] for reason in FAILURES if writes["failed"].get(reason)}
    words = _why_failed(_)
    numbers = (
        NumberView(_("attempted"), str(writes["attempted"])),
        NumberView(_("acknowledged"), str(writes["acknowledged"]), "good"),
        *(NumberView(words[reason], str(count), "bad") for reason, count in failed.items()),
        *((NumberView(_("wait for a majority"), str(writes["waiting"]), "bad"),) if writes["waiting"] else ()),
        NumberView(_("lost"), str(writes["lost"]), "bad" if writes["lost"] else "good"),
    )
    used = bool(writes["attempted"])
    return UseView(
        name=_("Writes"),
        about="",
        groups=((_("Send writes"), choices),),
        numbers=numbers if used else (),
        said=_said(writes, sum(failed.values()), _) if used else "",
        bars=servers.bars(_seconds(cluster, group_ref(namespace, name)), cluster.epoch_ms) if used else None,
        decision=decisions.newest_view(group["decisions"], cluster.epoch_ms, _),
    )


def _choice(n: int, now: int, name: str, _: Words) -> ChoiceView:
    named = _("Send %(n)s writes a second to %(name)s", n=n, name=name)
    return ChoiceView(str(n), "writes", {"per_second": n}, n == now, named)


def _why_failed(_: Words) -> dict[str, str]:
    return {
        "NoRouter": _("failed: no router"),
        "NoPrimary": _("failed: no primary"),
        "NoMajority": _("failed: no majority"),
        "Unanswered": _("without an answer"),
        "Conflict": _("failed: another changed the row first"),
    }


def _said(writes: Mapping[str, Any], failed: int, _: Words) -> str:
    if writes["lost"]:
        return _("%(n)s acknowledged writes are lost: nobody who goes on holds them.", n=writes["lost"])
    if failed:
        return _("%(n)s writes failed. None that was acknowledged is lost.", n=failed)
    return _("Every write was acknowledged, and none is lost.")


def _seconds(cluster: Look, ref: Ref) -> dict[int, tuple[int, int]]:
    """By second what was acknowledged and what failed, from the steps that wrote it down."""
    found: dict[int, tuple[int, int]] = {}
    for old, new in servers.written(cluster, ref):
        before, after = (((each or {}).get("status") or {}).get("writes") for each in (old, new))
        if before and after:
            second = (after["until_ms"] - 1) // 1000
            good, bad = found.get(second, (0, 0))
            good += max(0, after["acknowledged"] - before["acknowledged"])
            found[second] = (good, bad + max(0, _all(after["failed"]) - _all(before["failed"])))
    return found


def _all(failed: Mapping[str, int]) -> int:
    return sum(failed.values())
