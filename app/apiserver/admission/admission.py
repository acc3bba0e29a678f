"""What stands between a new object and the store besides its own validity: the limits of its namespace.

Called by the API server when something is created, a pod resized, or a Service or claim updated: LimitRanges first
fill in and forbid, a pod's account must be there, ResourceQuotas are charged last. A refusal is Forbidden, and nothing
was written. Models kubernetes/plugin/pkg/admission/limitranger and apiserver `pkg/admission/plugin/resourcequota`.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.api import errors, quantities, times
from app.api.kinds import Kind
from app.api.objects import Obj, Ref, labels_of, name_of, namespace_of
from app.apiserver.admission import limit_ranges
from app.apiserver.store import Store
from app.component_helpers import pods, quotas
from app.component_helpers.namespaces import DEFAULT_ACCOUNT

CHECKED_ON_UPDATE = frozenset({"Service", "PersistentVolumeClaim", "PriorityClass"})
"""What else is created cannot come to use more, or to be the default, later."""
_ACCOUNT_AWAITED_MS = 3_000


def limited(pod: Obj, store: Store) -> Obj:
    """The pod with what the LimitRanges of its namespace give it."""
    ranges = store.objects("LimitRange", namespace_of(pod)) if store.count("LimitRange") else ()
    return limit_ranges.with_defaults(pod, ranges) if ranges else pod


_TOPOLOGY = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


def placed(pod: Obj, store: Store) -> Obj:
    """A pod that has its node, with the labels of where that stands. Models plugin/pkg/admission/podtopologylabels."""
    node = store.get(Ref("Node", "", pod["spec"].get("nodeName") or ""))
    found = {name: value for name, value in labels_of(node).items() if name in _TOPOLOGY} if node else {}
    return {**pod, "metadata": {**pod["metadata"], "labels": {**labels_of(pod), **found}}} if found else pod


def tainted(node: Obj) -> Obj:
    """A new Node, closed to pods until somebody has seen that it is ready. Models plugin/pkg/admission/nodetaint."""
    taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    held = (node.get("spec") or {}).get("taints") or []
    if any((each["key"], each["effect"]) == (taint["key"], taint["effect"]) for each in held):
        return node
    return {**node, "spec": {**(node.get("spec") or {}), "taints": [*held, taint]}}


def check_account(pod: Obj, store: Store, now_ms: int) -> None:
    """The account that a pod runs as must be there; that of a namespace which was made just now may be on its way:
    upstream looks for it a few times. Models kubernetes/plugin/pkg/admission/serviceaccount. Raises Forbidden."""
    namespace, name = namespace_of(pod), (pod.get("spec") or {}).get("serviceAccountName") or DEFAULT_ACCOUNT
    if store.get(Ref("ServiceAccount", namespace, name)) is not None:
        return
    home = store.get(Ref("Namespace", "", namespace))
    if name == DEFAULT_ACCOUNT and home is not None:
        made_ms = times.parse(home["metadata"]["creationTimestamp"])
        if now_ms - made_ms < _ACCOUNT_AWAITED_MS:
            return
    what = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
    details = {"name": name_of(pod), "kind": "pods"}
    raise errors.Forbidden(f'pods "{name_of(pod)}" is forbidden: {what}', details=details)


def check_limits(kind: Kind, obj: Obj, store: Store) -> None:
    """Raises Forbidden."""
    if kind.key not in ("Pod", "PersistentVolumeClaim") or not store.count("LimitRange"):
        return
    for limit_range in store.objects("LimitRange", namespace_of(obj)):
        found = limit_ranges.violations(obj, limit_range)
        if found:
            raise _forbidden(kind, obj, found[0] if len(found) == 1 else f"[{', '.join(found)}]")


def check_default(kind: Kind, obj: Obj, store: Store) -> None:
    """There is one PriorityClass for pods that name none. Models kubernetes/plugin/pkg/admission/priority. Raises
    Forbidden."""
    if kind.key != "PriorityClass" or not obj.get("globalDefault"):
        return
    for other in store.objects("PriorityClass"):
        if other.get("globalDefault") and name_of(other) != name_of(obj):
            why = f"PriorityClass {name_of(other)} is already marked as default. Only one default can exist"
            raise _forbidden(kind, obj, why)


def check_resize(kind: Kind, pod: Obj, store: Store) -> None:
    """A pod does not come to ask for more than its node has. Raises Forbidden.

    Models kubernetes/plugin/pkg/admission/podresize."""
    name = pods.node_name(pod)
    if not name:
        return
    node = store.get(Ref("Node", "", name))
    if node is None:
        raise _forbidden(kind, pod, f'node "{name}" not found')
    amounts = (node.get("status") or {}).get("allocatable") or {}
    has = quantities.milli(amounts.get("cpu", "0")), quantities.value(amounts.get("memory", "0"))
    beyond = [
        f"{resource}, requested: {asked}, allocatable: {there}"
        for resource, asked, there in zip(("cpu", "memory"), pods.requests(pod), has, strict=True)
        if asked > there
    ]
    if beyond:
        why = f"node didn't have enough allocatable resources: {'; '.join(beyond)}"
        raise _forbidden(kind, pod, why, [errors.Cause("", "NodeCapacity", "")])


def charged(kind: Kind, obj: Obj, store: Store, old: Obj | None = None) -> list[Obj]:
    """The quotas of the object's namespace as they are once it was charged to them, with what it uses beyond `old`.

    A quota limits what its status says, so not before resourcequota-controller has counted. Raises Forbidden."""
    if not store.count("ResourceQuota") or not namespace_of(obj):
        return []
    uses, more = quotas.usage(kind.resource, obj), quotas.more_of(kind.resource, obj, old)
    after = []
    for quota in store.objects("ResourceQuota", namespace_of(obj)):
        status = quota.get("status") or {}
        hard, used = status.get("hard") or {}, status.get("used") or {}
        limited_ = [resource for resource in uses if resource in hard]
        if not limited_ or not quotas.applies(quota, kind.resource, obj):
            continue
        _check_quota(kind, obj, quota, limited_)
        asked = {resource: more[resource] for resource in limited_ if resource in more}
        if beyond := quotas.exceeded(hard, used, asked):
            requested, have, most = (quotas.written(amounts, beyond) for amounts in (asked, used, hard))
            why = f"exceeded quota: {name_of(quota)}, requested: {requested}, used: {have}, limited: {most}"
            raise _forbidden(kind, obj, why)
        if asked:
            sums = {resource: quantities.add(used[resource], amount) for resource, amount in asked.items()}
            after.append({**quota, "status": {**status, "used": {**used, **sums}}})
    return after


def _check_quota(kind: Kind, obj: Obj, quota: Obj, resources: list[str]) -> None:
    """That the object says how much it wants, and that it is known how much there is."""
    hard, used = quota["status"]["hard"], quota["status"].get("used") or {}
    if kind.key == "Pod" and (silent := quotas.missing(hard, obj)):
        raise _forbidden(kind, obj, f"failed quota: {name_of(quota)}: must specify {silent}")
    if any(resource not in used for resource in resources):
        why = f"status unknown for quota: {name_of(quota)}, resources: {','.join(sorted(resources))}"
        raise _forbidden(kind, obj, why)


def _forbidden(kind: Kind, obj: Obj, why: str, causes: Sequence[errors.Cause] = ()) -> errors.Forbidden:
    details = {"name": name_of(obj), **({"group": kind.group} if kind.group else {}), "kind": kind.plural}
    return errors.Forbidden(f'{kind.resource} "{name_of(obj)}" is forbidden: {why}', details=details, causes=causes)
