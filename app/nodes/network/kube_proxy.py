"""kube-proxy: one loop per machine that turns Services and EndpointSlices into the rules of that machine.

The rules are an internal object per Service and machine, DataPath, because that is where a connection really goes: a
machine whose loop lags, is cut off or stands still goes on with the rules it has. The load balancer outside keeps a
list of the same kind, written by a loop of its own. Both run only while somebody sends requests (`only_while`), and
write the rules of such Services alone: without traffic nobody would look at them.

    DataPath/web.node-1
      spec: service, node           # node "" is the load balancer
      status:
        rules:                      # oldest first; those that were in force lately, then those that are
        - fromMs: 0
          endpoints: [[web-x, node-2, 80], ...]
        nodes: [node-1, ...]        # the load balancer's only: where it may send to

Models kubernetes/pkg/proxy: ready endpoints, or serving ones that are terminating if there is no other; a sync at most
once a second (iptables.minSyncPeriod).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.kinds import INTERNAL_V1
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, Ref, is_terminating, labels_of, name_of, namespace_of, ref_of
from app.component_helpers.slices import by_service
from app.reconcile import (
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
    itself,
    nothing,
)

LOAD_BALANCER = "load-balancer"
MIN_SYNC_MS = 1_000
_KEPT_MS = 10_000  # rules that were replaced longer ago are nobody's business
_EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"

Places = list[list[Any]]  # [pod, machine, port] each


@dataclass(frozen=True, slots=True)
class RulesSeen:
    service: Obj
    has_load: bool
    slices: Sequence[Obj]
    nodes: Sequence[Obj]  # that a load balancer may send to
    path: Obj | None  # what is in force
    synced_ms: int | None
    now_ms: int


def path_ref(namespace: str, service: str, node: str) -> Ref:
    return Ref("DataPath", namespace, f"{service}.{node or LOAD_BALANCER}")


class KubeProxy(Controller[RulesSeen]):
    name = "kube-proxy"
    title = "kube-proxy"
    subject = N_("kube-proxy of %(node)s")
    lane = 140
    reconciles = "Service"
    only_while = "Load"
    concurrency = 0
    assumes = True
    says = {
        "RulesOutdated": Saying(
            N_("Its rules do not fit the list of ready pods."),
            N_("rules are old"),
            {
                "DataPath": many(
                    "It sends requests for %(name)s to %(n)s pod.", "It sends requests for %(name)s to %(n)s pods."
                )
            },
        ),
        "RulesUnused": Saying(
            N_("Nobody uses %(about)s any more: its rules may go."),
            N_("rules unused"),
            {"DataPath": N_("It forgets its rules for %(name)s.")},
        ),
    }

    def __init__(self, node: str) -> None:
        self.instance = self.node = node
        self.wakes: tuple[Wake, ...] = (
            itself("Service"),
            Wake("EndpointSlice", _service_of_slice),
            Wake("Load", _service_of_load),
        )
        self.reads: tuple[Cache, ...] = (
            Cache("Service", sees=_ports_differ),
            Cache("EndpointSlice", sees=_endpoints_differ, indexes={"service": by_service}),
            Cache("Load", sees=nothing),
            Cache("DataPath", field_selector=("spec.node", node)),
        )

    def observe(self, key: Ref, reader: Reader) -> RulesSeen | None:
        service, load = reader.get(key), reader.get(Ref("Load", key.namespace, key.name))
        path = reader.get(path_ref(key.namespace, key.name, self.node))
        if service is None or (load is None and path is None):
            return None
        slices = reader.by("EndpointSlice", "service", (key.namespace, key.name)) if load else ()
        nodes = self._nodes(reader)
        return RulesSeen(service, load is not None, slices, nodes, path, reader.remembered(), reader.now_ms)

    @staticmethod
    def saw(seen: RulesSeen) -> Message:
        listed = len(places_of(seen.service, seen.slices))
        return message(N_("%(who)s reads the list of %(name)s; pods: %(n)s."), name=name_of(seen.service), n=listed)

    def diff(self, seen: RulesSeen) -> Iterable[Difference]:
        if seen.has_load:
            return _sync(seen, self.node)
        assert seen.path is not None
        about = ref_of(seen.path)
        return [Difference(about, "exists", False, True, "RulesUnused", (Delete(about), Remember(None)))]

    def _nodes(self, reader: Reader) -> Sequence[Obj]:
        return ()


class LoadBalancer(KubeProxy):
    """The load balancer outside the cluster: which machines, and for the direct way which pods, it may send to."""

    name = LOAD_BALANCER
    title = N_("LB targets")
    subject = N_("The load balancer")
    lane = 150

    def __init__(self) -> None:
        super().__init__("")
        self.wakes = (*self.wakes, Wake("Node", _every_load))
        self.reads = (*self.reads, Cache("Node", sees=_membership_differs))

    def _nodes(self, reader: Reader) -> Sequence[Obj]:
        return [node for node in reader.list("Node") if _is_target(node)]


def _sync(seen: RulesSeen, node: str) -> Iterator[Difference]:
    places, nodes = places_of(seen.service, seen.slices), [name_of(each) for each in seen.nodes]
    about = path_ref(namespace_of(seen.service), name_of(seen.service), node)
    status = (seen.path or {}).get("status") or {}
    held = status["rules"][-1]["endpoints"] if status else None
    if held == places and status.get("nodes", []) == nodes:
        return
    if seen.synced_ms is not None and seen.now_ms < seen.synced_ms + MIN_SYNC_MS:
        wait = RequeueAfter(seen.synced_ms + MIN_SYNC_MS - seen.now_ms, "next sync of the rules")
        yield Difference(about, "status.rules", places, held, "RulesOutdated", (wait,))
        return
    # The first rules were there before anybody looked.
    rule = {"fromMs": seen.now_ms if status else 0, "endpoints": places}
    rules = [*_lately(status.get("rules", []), seen.now_ms), rule] if held != places else status["rules"]
    new = {"rules": rules, **({"nodes": nodes} if not node else {})}
    write: Action = Patch(about, {"status": new})
    if seen.path is None:
        write = Create(_new_path(about, seen.service, node, new))
    yield Difference(about, "status.rules", places, held, "RulesOutdated", (write, Remember(seen.now_ms)))


def places_of(service: Obj, slices: Sequence[Obj]) -> Places:
    """Where a connection may go: to ready endpoints, or to those that still serve while they terminate."""
    ready: Places = []
    serving: Places = []
    for piece in slices:
        port = _port(service, piece)
        for endpoint in piece.get("endpoints") or () if port else ():
            known, target = endpoint.get("conditions") or {}, endpoint.get("targetRef") or {}
            place = [target.get("name", ""), endpoint.get("nodeName", ""), port]
            if known.get("ready"):
                ready.append(place)
            elif known.get("serving") and known.get("terminating"):
                serving.append(place)
    return ready or serving


def _port(service: Obj, piece: Obj) -> int:
    """What the first port of the Service is at these endpoints; 0: they do not offer it."""
    ports = service["spec"].get("ports") or [{}]
    name = ports[0].get("name") or ""
    return next((port.get("port") or 0 for port in piece.get("ports") or () if (port.get("name") or "") == name), 0)


def _lately(rules: Sequence[Obj], now_ms: int) -> list[Obj]:
    """Those that somebody may still ask about: the newest, and what it replaced a moment ago."""
    return [rule for number, rule in enumerate(rules) if number == len(rules) - 1 or rule["fromMs"] > now_ms - _KEPT_MS]


def _new_path(ref: Ref, service: Obj, node: str, status: dict[str, Any]) -> Obj:
    return {
        "apiVersion": INTERNAL_V1,
        "kind": "DataPath",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": {"service": name_of(service), "node": node},
        "status": status,
    }


# ------------------------------------------------------------------------------------------ what it watches


def _ports_differ(old: Obj, new: Obj) -> bool:
    return bool(old["spec"] != new["spec"])


def _endpoints_differ(old: Obj, new: Obj) -> bool:
    return any(old.get(part) != new.get(part) for part in ("endpoints", "ports"))


def _membership_differs(old: Obj, new: Obj) -> bool:
    return _is_target(old) != _is_target(new)


def _is_target(node: Obj) -> bool:
    return not is_terminating(node) and _EXCLUDED not in labels_of(node)


def _service_of_slice(piece: Obj, reader: Reader) -> Iterator[Ref]:
    for namespace, name in by_service(piece):
        if reader.get(Ref("Load", namespace, name)) is not None:
            yield Ref("Service", namespace, name)


def _service_of_load(load: Obj, reader: Reader) -> tuple[Ref]:
    return (Ref("Service", namespace_of(load), name_of(load)),)


def _every_load(node: Obj, reader: Reader) -> Iterator[Ref]:
    for load in reader.list("Load"):
        yield from _service_of_load(load, reader)
