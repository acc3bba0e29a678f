"""Why a Service has nobody to send to, and a DaemonSet no pod on a node: labels, taints and ports beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.api import objects, selectors
from app.api.breath import breathing
from app.api.objects import Obj
from app.component_helpers import placement
from app.look import Look
from app.web.present import board
from app.web.present.names import called
from app.web.present.whynot.saying import Declared, get
from app.web.present.words import Words

NAMED = 3
_OF_NODES = "node.kubernetes.io/"
"""Taints of machines that are not well: daemons tolerate these."""


def of(cluster: Look, obj: Obj, _: Words) -> Iterator[Declared]:
    selector = get(obj, "spec", "selector")
    if objects.kind_of(obj) != "Service" or not selector:
        return
    inside = list(breathing(cluster.objects("Pod", objects.namespace_of(obj))))
    chosen = [pod for pod in inside if selectors.matches_labels(selector, objects.labels_of(pod))]
    if not chosen:
        wanted = ", ".join(f"{key}={value}" for key, value in selector.items())
        needs = (_("A pod must have these labels: %(labels)s.", labels=wanted), *_nearly(inside, selector, _))
        yield Declared("NoPods", _("No pod has the labels that it selects."), needs)
    elif not _ready(cluster, obj):
        names = ", ".join(called(objects.ref_of(pod), _) for pod in chosen[:NAMED])
        needs = (_("One of these must be ready: %(names)s.", names=names),)
        yield Declared("NoneReady", _("None of the pods with its labels is ready."), needs)
    for port in _unknown_ports(obj, chosen) if chosen else ():
        text = _("No container of its pods has a port that is named %(name)s.", name=port)
        needs = (_("targetPort must be a name or number that they have."),)
        yield Declared("PortMissing", text, needs)


def chosen(cluster: Look, service: Obj) -> list[Obj]:
    """Its pods, where none of them is ready: what holds them up holds it up."""
    selector = get(service, "spec", "selector")
    if not selector or _ready(cluster, service):
        return []
    found = breathing(cluster.objects("Pod", objects.namespace_of(service)))
    return [pod for pod in found if selectors.matches_labels(selector, objects.labels_of(pod))]


def _ready(cluster: Look, service: Obj) -> int:
    pieces = board.slices_by_service(cluster).get(objects.ref_of(service), ())
    return board.service(service, pieces, wired=False).ready


def _nearly(inside: Sequence[Obj], selector: Mapping[str, str], _: Words) -> Iterator[str]:
    """Pods that have one of these labels with another value."""
    for pod in [pod for pod in inside if objects.labels_of(pod).keys() & selector.keys()][:NAMED]:
        has = ", ".join(f"{key}={value}" for key, value in objects.labels_of(pod).items() if key in selector)
        yield _("%(what)s has %(labels)s.", what=called(objects.ref_of(pod), _), labels=has)


def _unknown_ports(service: Obj, chosen: Sequence[Obj]) -> Iterator[str]:
    known = {
        port.get("name")
        for pod in chosen
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or ()
    }
    for port in get(service, "spec", "ports") or ():
        target = port.get("targetPort")
        if isinstance(target, str) and target not in known:
            yield target


def nodes_without(cluster: Look, obj: Obj, _: Words) -> Iterator[Declared]:
    """The nodes on which a DaemonSet wants no pod, and why."""
    spec, names = obj["spec"]["template"]["spec"], dict[str, list[str]]()
    for node in cluster.objects("Node"):
        for taints in _obstacle(spec, node):
            names.setdefault(taints, []).append(objects.name_of(node))
    if not names:
        return
    needs = []
    for taints, found in names.items():
        where = ", ".join(found[: 2 * NAMED]) + ("…" if len(found) > 2 * NAMED else "")
        text = _("%(node)s: its labels must be what the template selects nodes by.", node=where)
        if taints:
            text = _("%(node)s: it must tolerate %(taints)s, or the taint must go.", node=where, taints=taints)
        needs.append(text)
    text = _("Nodes on which it wants no pod: %(n)s.", n=sum(map(len, names.values())))
    yield Declared("NodesNotWanted", text, tuple(needs))


def _obstacle(spec: Mapping[str, Any], node: Obj) -> Iterator[str]:
    """The taints that no daemon of this template tolerates; "": its labels are others."""
    if not placement.wants_node(spec, node):
        yield ""
        return
    taints = get(node, "spec", "taints") or ()
    hard = placement.untolerated(taints, spec.get("tolerations") or (), placement.HARD_EFFECTS)
    foreign = [f"{each['key']}:{each['effect']}" for each in hard if not each["key"].startswith(_OF_NODES)]
    if foreign:
        yield ", ".join(foreign)
