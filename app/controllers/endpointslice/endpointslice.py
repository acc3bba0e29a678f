"""The EndpointSlice controller: writes down, for every Service with a selector, which pods may get its traffic.

The engine runs it for a Service when the Service, one of its slices, or an endpoint-relevant fact of a pod that it
selects (address, readiness, deletion, labels) changed. A slice holds up to 100 endpoints with the same ports.
Models kubernetes/pkg/controller/endpointslice/endpointslice_controller.go and, from
kubernetes/staging/src/k8s.io/endpointslice, reconciler.go, utils.go and util/trigger_time_tracker.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import objects
from app.api.messages import N_, Message, Saying, counted, many, message
from app.api.names import short_name
from app.api.objects import Obj, Ref, is_terminating, name_of, ref_of
from app.component_helpers import pods
from app.component_helpers.slices import SERVICE_NAME
from app.controllers.endpointslice import endpoints, selection
from app.controllers.endpointslice.endpoints import Endpoint, Ports
from app.reconcile import (
    BACKGROUND,
    Announce,
    Cache,
    Controller,
    Create,
    Delete,
    Difference,
    Reader,
    Remember,
    RequeueAfter,
    Update,
    Wake,
    metadata_differs,
)

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
HEADLESS = "service.kubernetes.io/headless"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
ZONE = "topology.kubernetes.io/zone"
"""Labels and annotations with a meaning of their own."""

MAX_ENDPOINTS = 100
MAX_RETRIES = 15


@dataclass(frozen=True, slots=True)
class ServiceObservation:
    service: Obj
    pods: Sequence[Obj]  # those that its selector selects
    slices: Sequence[Obj]  # those that this controller wrote for it
    zones: Mapping[str, str]  # by name of the node, where it has one
    missing: frozenset[str] = frozenset()  # nodes that pods are bound to and that do not exist
    tries: int = 0  # to list pods there, one after the other


def _list_is_old(gap: Difference) -> Message:
    """Who has to leave the list of those that get requests, and who has to join it."""
    leave = [name for name, state in gap.observed.items() if state == "ready" and gap.desired.get(name) != "ready"]
    join = [name for name, state in gap.desired.items() if state == "ready" and gap.observed.get(name) != "ready"]
    one, other = (short_name("Pod", each[0]) if each else "" for each in (leave, join))
    match len(leave), len(join):
        case 0, 0:
            return message(N_("Its list is out of date."))
        case 1, 0:
            return message(N_("%(name)s must leave its list."), name=one)
        case 0, 1:
            return message(N_("%(name)s is not on its list yet."), name=other)
        case 1, 1:
            return message(N_("%(one)s must leave its list, %(other)s join it."), one=one, other=other)
        case n, 0:
            return message(N_("%(n)s pods must leave its list."), n=n)
        case 0, n:
            return message(N_("%(n)s pods are not on its list yet."), n=n)
    return message(N_("%(leave)s must leave its list, %(join)s join it."), leave=len(leave), join=len(join))


def _listed(record: Any) -> Message:
    """Of all lists of the Service, once this one is written."""
    lists = {name_of(each): each for each in record.observation.slices}
    for number, gap in enumerate(record.differences[: record.difference + 1]):
        for action in gap.actions:
            if isinstance(action, Delete):
                lists.pop(action.ref.name, None)
            else:
                lists[action.obj["metadata"].get("name") or str(number)] = action.obj
    ready = sum(endpoints.is_ready(each) for piece in lists.values() for each in piece.get("endpoints") or ())
    text = many("The list of %(name)s now has %(n)s ready pod.", "The list of %(name)s now has %(n)s ready pods.")
    return counted(text, ready, name=name_of(record.observation.service))


_LISTS = {"EndpointSlice": _listed}


class EndpointSliceController(Controller[ServiceObservation]):
    name = "endpointslice-controller"
    title = N_("Endpoints")
    subject = N_("The EndpointSlice controller")
    component = "endpoint-slice-controller"
    lane = 120
    reconciles = "Service"
    concurrency = 5
    says = {
        "EndpointSliceMissing": Saying(N_("An EndpointSlice is missing."), N_("no EndpointSlice yet"), _LISTS),
        "EndpointSliceNotNeeded": Saying(N_("An EndpointSlice is not needed any more."), N_("not needed"), _LISTS),
        "NodeMissing": Saying(N_("A pod is on a node that does not exist: it is left out."), N_("its node is gone")),
        "NodeFound": Saying(N_("Every pod is on a node that exists."), N_("nodes are there")),
        "EndpointsOutdated": Saying(_list_is_old, N_("endpoints changed"), _LISTS),
    }

    def __init__(self) -> None:
        self.wakes = (*selection.WAKES, Wake("EndpointSlice", _service_of))
        self.reads = (
            *selection.READS,
            Cache("EndpointSlice", indexes={"service": _managed_for}),
            Cache(
                "Node",
                sees=metadata_differs,
                indexes={"zoned": _is_zoned},
                totals={"names": lambda node: (name_of(node), (1,))},
            ),
        )

    def observe(self, key: Ref, reader: Reader) -> ServiceObservation | None:
        service = reader.get(key)
        if service is None:
            return None
        selector = service["spec"].get("selector")
        if not selector or service["spec"].get("type") == "ExternalName":
            return ServiceObservation(service, (), (), {})
        zoned = reader.by("Node", "zoned", True)
        chosen = tuple(selection.selected(service, reader))
        return ServiceObservation(
            service=service,
            pods=chosen,
            slices=reader.by("EndpointSlice", "service", (key.namespace, key.name)),
            zones={objects.name_of(node): objects.labels_of(node)[ZONE] for node in zoned},
            missing=frozenset(map(pods.node_name, chosen)) - reader.totals("Node", "names").keys() - {""},
            tries=reader.remembered() or 0,
        )

    @staticmethod
    def saw(seen: ServiceObservation) -> Message:
        ready = sum(pods.is_ready(pod) and not is_terminating(pod) for pod in seen.pods)
        return message(N_("%(who)s counts the ready pods of %(name)s: %(n)s."), name=name_of(seen.service), n=ready)

    def diff(self, seen: ServiceObservation) -> Iterable[Difference]:
        spec = seen.service["spec"]
        if not spec.get("selector") or spec.get("type") == "ExternalName" or objects.is_terminating(seen.service):
            return
        yield from _write(seen, _reconcile(seen))
        yield from _left_out(seen)


# --------------------------------------------------------------------------------------------- what to write


@dataclass(slots=True)
class Plan:
    """One slice as it should be, being filled. `held` None: it is to be created; `endpoints` None: to be deleted."""

    held: Obj | None
    ports: Ports
    endpoints: list[Endpoint] | None
    changed: bool = False

    def is_due(self, labels: dict[str, str]) -> bool:
        """It must be written, if these are the labels it should have."""
        if self.held is None or self.endpoints is None or self.changed:
            return True
        return objects.labels_of(self.held) != labels


def _is_left_out(pod: Obj, seen: ServiceObservation) -> bool:
    """Its node does not exist; a Service that publishes whatever is there has it listed all the same."""
    publishes = seen.service["spec"].get("publishNotReadyAddresses")
    return endpoints.belongs(pod) and pods.node_name(pod) in seen.missing and not publishes


def _left_out(seen: ServiceObservation) -> Iterator[Difference]:
    """It says so each time, and tries again later and later, until pod GC or a new Node has put an end to it."""
    about, names = ref_of(seen.service), f"{objects.namespace_of(seen.service)}/{name_of(seen.service)}"
    left_out = sorted(
        f"skipping Pod {name_of(pod)} for Service {names}: Node {pods.node_name(pod)} Not Found"
        for pod in seen.pods
        if _is_left_out(pod, seen)
    )
    if left_out and seen.tries <= MAX_RETRIES:
        why = left_out[0] if len(left_out) == 1 else f"[{', '.join(left_out)}]"
        text = f"Error updating Endpoint Slices for Service {names}: {why}"
        told = Announce(seen.service, "Warning", "FailedToUpdateEndpointSlices", text)
        again = (Remember(seen.tries + 1), RequeueAfter(1000 << min(seen.tries, 10), "a node that does not exist"))
        yield Difference(about, "endpoints", "a node", "none", "NodeMissing", (told, *again), pace=BACKGROUND)
    elif seen.tries and not left_out:
        yield Difference(about, "endpoints", "a node", "a node", "NodeFound", (Remember(None),), pace=BACKGROUND)


def _reconcile(seen: ServiceObservation) -> list[Plan]:
    """All slices. Each group of pods with the same ports has slices of its own; a Service without pods has an empty
    one. A slice that is not needed any more becomes one that is, if it can."""
    wanted: dict[Ports, dict[str, Endpoint]] = {}
    same, ports = endpoints.same_for_all(seen.service), None
    for pod in seen.pods:
        endpoint = endpoints.endpoint_of(pod, seen.service, seen.zones)
        if endpoint is None or _is_left_out(pod, seen):
            continue
        if ports is None or not same:
            ports = endpoints.ports_of(pod, seen.service)
        wanted.setdefault(ports, {})[endpoints.uid_of(endpoint)] = endpoint
    held: dict[Ports, list[Obj]] = {}
    for each in seen.slices:
        held.setdefault(endpoints.ports_in(each), []).append(each)
    plans: list[Plan] = []
    for ports, group in wanted.items():
        plans += _with_ports(ports, held.pop(ports, []), group)
    for ports, slices in held.items():
        plans += (Plan(each, ports, None) for each in slices)
    if all(plan.endpoints is None for plan in plans):
        plans = _keep_one_empty(plans)
    return _reuse(plans)


def _with_ports(ports: Ports, held: list[Obj], group: dict[str, Endpoint]) -> Iterable[Plan]:
    """Fill what is changed anyway, then the slice that the rest fits best, then new ones: few writes, full slices."""
    plans = [_kept(each, ports, group) for each in held]
    rest = list(group.values())
    open_plans = [plan for plan in plans if plan.changed and plan.endpoints]
    for plan in sorted(open_plans, key=_fullness, reverse=True):
        rest = _fill(plan, rest)
    while rest:
        fitting = [p for p in plans if not p.changed and p.endpoints and _fullness(p) + len(rest) <= MAX_ENDPOINTS]
        if fitting and len(rest) < MAX_ENDPOINTS:
            plan = max(fitting, key=_fullness)
        else:
            plan = Plan(None, ports, [])
            plans.append(plan)
        rest = _fill(plan, rest)
    return plans


def _kept(held: Obj, ports: Ports, group: dict[str, Endpoint]) -> Plan:
    """A slice with those of its endpoints that are still wanted, which leave `group`."""
    before = held.get("endpoints") or []
    now = [group.pop(uid) for uid in map(endpoints.uid_of, before) if uid in group]
    return Plan(held, ports, now or None, changed=now != before)


def _fill(plan: Plan, rest: list[Endpoint]) -> list[Endpoint]:
    assert plan.endpoints is not None
    room = MAX_ENDPOINTS - len(plan.endpoints)
    if rest and room:
        plan.endpoints = plan.endpoints + rest[:room]
        plan.changed = True
    return rest[room:]


def _fullness(plan: Plan) -> int:
    return len(plan.endpoints or ())


def _keep_one_empty(plans: list[Plan]) -> list[Plan]:
    """The slice that says: there are none. One that says so already stays as it is."""
    for plan in plans:
        if plan.held is not None and not plan.ports and not plan.held.get("endpoints"):
            plan.endpoints = []
            return plans
    return [*plans, Plan(None, (), [])]


def _reuse(plans: list[Plan]) -> list[Plan]:
    """A slice to be deleted takes the content of one to be created: one write instead of two."""
    fresh = [plan for plan in plans if plan.held is None]
    for plan in plans:
        if plan.held is not None and plan.endpoints is None and fresh:
            new = fresh.pop()
            plan.ports, plan.endpoints, plan.changed, new.endpoints = new.ports, new.endpoints, True, None
    return [plan for plan in plans if plan.held is not None or plan.endpoints is not None]


# ------------------------------------------------------------------------------------------------ writing it


def _write(seen: ServiceObservation, plans: list[Plan]) -> Iterator[Difference]:
    labels = _slice_labels(seen.service)
    due = [plan for plan in plans if plan.is_due(labels)]
    if not due:
        return
    changed_at = endpoints.changed_at(seen.service, seen.pods, seen.slices, seen.zones)
    failed = f"Error updating Endpoint Slices for Service {'/'.join(ref_of(seen.service)[1:])}: {{error}}"
    sorry = Announce(seen.service, "Warning", "FailedToUpdateEndpointSlices", failed)
    for plan in due:
        held = plan.held
        before = endpoints.states((held or {}).get("endpoints") or ())
        after = endpoints.states(plan.endpoints or ())
        if held is None:
            create = Create(_new_slice(seen.service, plan, labels, changed_at), on_error=sorry)
            yield Difference(ref_of(seen.service), "endpoints", after, None, "EndpointSliceMissing", (create,))
        elif plan.endpoints is None:
            delete = Delete(ref_of(held), on_error=sorry)
            yield Difference(ref_of(held), "endpoints", None, before, "EndpointSliceNotNeeded", (delete,))
        else:
            desired = {name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}
            observed = {name: before.get(name) for name in desired}
            update = Update(_updated(held, plan, labels, changed_at), on_error=sorry)
            yield Difference(ref_of(held), "endpoints", desired, observed, "EndpointsOutdated", (update,))


def _new_slice(service: Obj, plan: Plan, labels: dict[str, str], changed_at: str) -> Obj:
    annotations = {"annotations": {TRIGGER_TIME: changed_at}} if changed_at else {}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{objects.name_of(service)}-",
            "namespace": objects.namespace_of(service),
            "labels": labels,
            **annotations,
            "ownerReferences": [objects.owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": plan.endpoints or None,
        "ports": endpoints.as_list(plan.ports),
    }


def _updated(held: Obj, plan: Plan, labels: dict[str, str], changed_at: str) -> Obj:
    annotations = {key: value for key, value in objects.annotations_of(held).items() if key != TRIGGER_TIME}
    if changed_at:
        annotations[TRIGGER_TIME] = changed_at
    slice_ = objects.with_metadata(held, labels=labels, annotations=annotations or None)
    return {**slice_, "endpoints": plan.endpoints or None, "ports": endpoints.as_list(plan.ports)}


def _slice_labels(service: Obj) -> dict[str, str]:
    """The Service's own labels, and those by which a slice is found."""
    labels = {**objects.labels_of(service)}
    labels.pop(HEADLESS, None)
    if service["spec"].get("clusterIP") == "None":
        labels[HEADLESS] = ""
    return {**labels, MANAGED_BY: MANAGER, SERVICE_NAME: objects.name_of(service)}


# ------------------------------------------------------------------------------------------- waking and looking


def _is_zoned(node: Obj) -> list[bool]:
    return [True] if objects.labels_of(node).get(ZONE) else []


def _service_of(slice_: Obj, reader: Reader) -> Iterator[Ref]:
    for namespace, name in _managed_for(slice_):
        yield Ref("Service", namespace, name)


def _managed_for(slice_: Obj) -> list[tuple[str, str]]:
    labels = objects.labels_of(slice_)
    if labels.get(MANAGED_BY) != MANAGER or SERVICE_NAME not in labels:
        return []
    return [(objects.namespace_of(slice_), labels[SERVICE_NAME])]
