"""What stands between a new object and the store besides its own validity: the limits of its namespace.

Called by the API server when something is created: LimitRanges first fill in and forbid, ResourceQuotas are charged
last. A refusal is Forbidden, and nothing was written. Models kubernetes/plugin/pkg/admission/limitranger and
resourcequota.
"""

from __future__ import annotations

from app.api import errors, kinds, limit_ranges, quantities, quotas
from app.api.objects import Obj, name_of, namespace_of
from app.apiserver.store import Store


def limited(obj: Obj, store: Store) -> Obj:
    """A pod with what the LimitRanges of its namespace give it. Other objects are answered as they are."""
    if obj["kind"] != "Pod" or not store.count("LimitRange"):
        return obj
    ranges = store.objects("LimitRange", namespace_of(obj))
    return limit_ranges.with_defaults(obj, ranges) if ranges else obj


def check_limits(obj: Obj, store: Store) -> None:
    """Raises Forbidden."""
    if obj["kind"] not in ("Pod", "PersistentVolumeClaim") or not store.count("LimitRange"):
        return
    found = limit_ranges.violations(obj, store.objects("LimitRange", namespace_of(obj)))
    if found:
        raise _forbidden(obj, found[0] if len(found) == 1 else f"[{', '.join(found)}]")


def charged(obj: Obj, store: Store) -> list[Obj]:
    """The quotas of the object's namespace as they are once it was charged to them. Raises Forbidden."""
    if not store.count("ResourceQuota") or not namespace_of(obj):
        return []
    after = []
    for quota in store.objects("ResourceQuota", namespace_of(obj)):
        hard = (quota.get("spec") or {}).get("hard") or {}
        more = {resource: amount for resource, amount in quotas.usage(obj).items() if resource in hard}
        if not more or not quotas.applies(quota, obj):
            continue
        name, used = name_of(quota), _used(quota, store)
        if obj["kind"] == "Pod" and (silent := quotas.missing(hard, obj)):
            raise _forbidden(obj, f"failed quota: {name}: must specify {silent}")
        if beyond := quotas.exceeded(hard, used, more):
            asked, have, most = (quotas.written(amounts, beyond) for amounts in (more, used, hard))
            raise _forbidden(obj, f"exceeded quota: {name}, requested: {asked}, used: {have}, limited: {most}")
        sums = {resource: quantities.add(used.get(resource, "0"), amount) for resource, amount in more.items()}
        after.append({**quota, "status": {"hard": hard, "used": {**used, **sums}}})
    return after


def _used(quota: Obj, store: Store) -> quotas.Amounts:
    """What the status says, or if nobody has counted yet, what there is."""
    status = quota.get("status") or {}
    if status.get("hard") == (quota.get("spec") or {}).get("hard") and "used" in status:
        used: quotas.Amounts = status["used"]
        return used
    kinds_ = quotas.counted_kinds((quota.get("spec") or {}).get("hard") or {})
    return quotas.counted(quota, (obj for kind in kinds_ for obj in store.objects(kind, namespace_of(quota))))


def _forbidden(obj: Obj, why: str) -> errors.Forbidden:
    row = kinds.KINDS[obj["kind"]]
    details = {"name": name_of(obj), **({"group": row.group} if row.group else {}), "kind": row.plural}
    return errors.Forbidden(f'{row.resource} "{name_of(obj)}" is forbidden: {why}', details=details)
