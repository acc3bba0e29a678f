"""Whether a change may help a pod that was refused: asked of each plugin that refused it, as upstream's queueing hints.

The scheduler's watches ask, so that a pod which waits for a GPU sleeps on when a port becomes free. Pure. Models what
`EventsToRegister` names in kubernetes/pkg/scheduler/framework/plugins: `isSchedulableAfterPodChange` and the like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.api.objects import Obj, labels_of
from app.component_helpers import host_ports, placement
from app.scheduler import claims, interpod
from app.scheduler.facts import NodeSeen, demand_of, facts_of
from app.scheduler.framework import refusal

Hint = Callable[[Obj, Obj | None, Obj | None], bool]
"""Of a pod that waits, and an object as it was and is."""

_PLUGINS = (
    ("node(s) were unschedulable", "NodeUnschedulable"),
    ("node(s) had untolerated taint", "TaintToleration"),
    ("node(s) didn't match Pod's node affinity", "NodeAffinity"),
    (interpod.PORTS, "NodePorts"),
    (interpod.SPREAD, "PodTopologySpread"),
    (interpod.AFFINITY, "InterPodAffinity"),
    (interpod.ANTI_AFFINITY, "InterPodAffinity"),
    (interpod.EXISTING_ANTI_AFFINITY, "InterPodAffinity"),
    ("Insufficient ", "NodeResourcesFit"),
    ("Too many pods", "NodeResourcesFit"),
    *((text, "VolumeBinding") for text in claims.REASONS),
)


def refused_by(reasons: Iterable[str]) -> tuple[str, ...]:
    """The plugins whose reasons these are."""
    distinct = set(reasons)
    return tuple(sorted({plugin for text, plugin in _PLUGINS for reason in distinct if reason.startswith(text)}))


def may_help(hints: dict[str, Hint], plugins: Iterable[str], pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    """Who was refused by nobody, for there was no node, is helped by anything."""
    plugins = tuple(plugins)
    return not plugins or any(plugin in hints and hints[plugin](pod, old, new) for plugin in plugins)


# ------------------------------------------------------------------------------------------ changes of a node


def _opened(_: Obj, old: Obj | None, new: Obj | None) -> bool:
    return new is not None and not _is_closed(new) and (old is None or _is_closed(old))


def _is_closed(node: Obj) -> bool:
    return bool((node.get("spec") or {}).get("unschedulable"))


def _is_tolerated_now(pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    return new is not None and _tolerates(pod, new) and (old is None or not _tolerates(pod, old))


def _tolerates(pod: Obj, node: Obj) -> bool:
    taints = (node.get("spec") or {}).get("taints") or ()
    return not placement.untolerated(taints, pod["spec"].get("tolerations") or (), placement.HARD_EFFECTS)


def _is_wanted_now(pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    spec = pod["spec"]
    return new is not None and placement.wants_node(spec, new) and (old is None or not placement.wants_node(spec, old))


def _has_more_room(pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    """It would fit if the node were empty, and the node has more than before of what it asks for."""
    if new is None or not _fits_empty(pod, new):
        return False
    return old is None or any(now > before for now, before in zip(_rooms(pod, new), _rooms(pod, old), strict=True))


def _fits_empty(pod: Obj, node: Obj) -> bool:
    bare = {
        **pod,
        "spec": {key: value for key, value in pod["spec"].items() if key not in ("nodeSelector", "affinity")},
    }
    reasons = refusal(bare, NodeSeen(node, facts_of(node), (), 0), None)
    return "NodeResourcesFit" not in refused_by(reasons)


def _rooms(pod: Obj, node: Obj) -> list[int]:
    facts, demand = facts_of(node), demand_of(pod["spec"])
    others = [facts.others.get(name, 0) for name, _ in demand.others]
    return [facts.pods, facts.cpu_milli * bool(demand.cpu_milli), facts.memory * bool(demand.memory), *others]


def _is_new(_: Obj, old: Obj | None, new: Obj | None) -> bool:
    return old is None and new is not None


def _spreads_otherwise(pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    keys = interpod.spread_keys(pod)
    had, has = (of is not None and all(key in labels_of(of) for key in keys) for of in (old, new))
    if had != has:
        return True
    return has and (_domains(old, keys) != _domains(new, keys) or _taints(old) != _taints(new))


def _moves_company(pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    near, away = interpod.company_keys(pod)
    if new is None:
        return False
    if old is None:
        return bool(away) or any(key in labels_of(new) for key in near)
    before, after = _domains(old, (*near, *away)), _domains(new, (*near, *away))
    return any(after[key] not in (None, before[key]) for key in near) or any(
        before[key] not in (None, after[key]) for key in away
    )


def _domains(node: Obj | None, keys: Iterable[str]) -> dict[str, str | None]:
    return {key: labels_of(node).get(key) if node else None for key in keys}


def _taints(node: Obj | None) -> object:
    return ((node or {}).get("spec") or {}).get("taints")


AFTER_NODE: dict[str, Hint] = {
    "NodeUnschedulable": _opened,
    "TaintToleration": _is_tolerated_now,
    "NodeAffinity": _is_wanted_now,
    "NodeResourcesFit": _has_more_room,
    "NodePorts": _is_new,
    "VolumeBinding": _is_new,
    "PodTopologySpread": _spreads_otherwise,
    "InterPodAffinity": _moves_company,
}

# ------------------------------------------------------------------------------------------- changes of a pod


def _gives_room(_: Obj, old: Obj | None, new: Obj | None) -> bool:
    return True


def _frees_port(pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    return old is not None and host_ports.clash(host_ports.of(pod["spec"]), host_ports.of(old["spec"]))


def _counts_otherwise(pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    return interpod.spread_counts(pod, old) != interpod.spread_counts(pod, new)


def _is_other_company(pod: Obj, old: Obj | None, new: Obj | None) -> bool:
    if new is None and old is not None:
        return interpod.is_avoided(pod, old) or interpod.is_avoided(old, pod)
    if new is None:
        return False
    if old is None:
        return interpod.is_sought(pod, new)
    return (interpod.is_sought(pod, new) and not interpod.is_sought(pod, old)) or (
        interpod.is_avoided(pod, old) and not interpod.is_avoided(pod, new)
    )


AFTER_POD_WENT: dict[str, Hint] = {
    "NodeResourcesFit": _gives_room,
    "NodePorts": _frees_port,
    "PodTopologySpread": _counts_otherwise,
    "InterPodAffinity": _is_other_company,
}
AFTER_VOLUME: dict[str, Hint] = {"VolumeBinding": lambda pod, old, new: new is not None}
AFTER_POD_CAME: dict[str, Hint] = {"PodTopologySpread": _counts_otherwise, "InterPodAffinity": _is_other_company}
