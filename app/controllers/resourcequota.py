"""resourcequota-controller: counts anew what a namespace uses of its quotas, as when something is deleted.

New objects are charged when they are admitted (app/apiserver/admission/admission.py); this loop gives back what is free
again. Models kubernetes/pkg/controller/resourcequota/resource_quota_controller.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.api.kinds import Kind
from app.api.messages import N_, Message, message
from app.api.objects import Obj, Ref, name_of, namespace_of, ref_of
from app.api.status import changed_fields
from app.component_helpers import pods, quotas
from app.reconcile import BY_NAMESPACE, Cache, Controller, Difference, Reader, UpdateStatus, Wake, itself

_NOT_COUNTED = ("Event", "ResourceQuota")


@dataclass(frozen=True, slots=True)
class QuotaSeen:
    quota: Obj
    objects: Mapping[str, Sequence[Obj]]  # by resource, of those that it counts


class ResourceQuotaController(Controller[QuotaSeen]):
    name = "resourcequota-controller"
    title = N_("Quota")
    subject = N_("The quota controller")
    lane = 200
    reconciles = "ResourceQuota"
    sleeps = True
    wakes = (itself("ResourceQuota"),)
    reads = (Cache("ResourceQuota", indexes=BY_NAMESPACE),)

    def follows(self, row: Kind) -> Iterable[Cache | Wake]:
        if row.namespaced and not row.internal and row.key not in _NOT_COUNTED:
            freed = _FREED.get(row.key, _is_gone)
            yield Wake(row.key, _quotas_of, when=freed)
            yield Cache(row.key, sees=freed)

    def observe(self, key: Ref, reader: Reader) -> QuotaSeen | None:
        quota = reader.get(key)
        if quota is None:
            return None
        counted = quotas.counted_kinds((quota.get("spec") or {}).get("hard") or {}, reader.kinds())
        return QuotaSeen(quota, {kind.resource: reader.live(kind.key, key.namespace) for kind in counted})

    @staticmethod
    def saw(seen: QuotaSeen) -> Message:
        text = N_("%(who)s adds up what %(name)s limits; objects: %(n)s.")
        return message(text, name=name_of(seen.quota), n=sum(map(len, seen.objects.values())))

    def diff(self, seen: QuotaSeen) -> Iterable[Difference]:
        quota = seen.quota
        status = {"hard": (quota.get("spec") or {}).get("hard") or {}, "used": quotas.counted(quota, seen.objects)}
        if status != quota.get("status"):
            desired, observed = changed_fields(status, quota.get("status"))
            actions = (UpdateStatus(quota, status),)
            yield Difference(ref_of(quota), "status.used", desired, observed, "StatusOutdated", actions)


def _quotas_of(obj: Obj, reader: Reader) -> Iterable[Ref]:
    return tuple(ref_of(quota) for quota in reader.by("ResourceQuota", "namespace", namespace_of(obj)))


# Whether what an object used is free again, by a change of it.


def _is_gone(old: Obj | None, new: Obj | None) -> bool:
    return new is None


def _has_ended(old: Obj | None, new: Obj | None) -> bool:
    """A pod."""
    if old is None or new is None:
        return new is None
    return pods.is_terminal(new) and not pods.is_terminal(old)


def _uses_otherwise(resource: str) -> Callable[[Obj | None, Obj | None], bool]:
    """A Service or a claim, which may come to use something else than before."""

    def differs(old: Obj | None, new: Obj | None) -> bool:
        if old is None or new is None:
            return new is None
        return quotas.usage(resource, old) != quotas.usage(resource, new)

    return differs


_FREED = {
    "Pod": _has_ended,
    "Service": _uses_otherwise("services"),
    "PersistentVolumeClaim": _uses_otherwise("persistentvolumeclaims"),
}
