"""resourcequota-controller: counts anew what a namespace uses of its quotas, as when something is deleted.

New objects are charged when they are admitted (app/apiserver/admission/admission.py); this loop gives back what is free
again. Models kubernetes/pkg/controller/resourcequota/resource_quota_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.api import kinds
from app.api.messages import N_
from app.api.objects import Obj, Ref, namespace_of, ref_of
from app.api.status import changed_fields
from app.component_helpers import pods, quotas
from app.reconcile import BY_NAMESPACE, Controller, Difference, Reader, UpdateStatus, Watch, itself

_FREED = tuple(row.kind for row in kinds.KINDS.values() if row.namespaced and not row.internal)
_NOT_COUNTED = ("Event", "ResourceQuota")


@dataclass(frozen=True, slots=True)
class QuotaSeen:
    quota: Obj
    objects: Sequence[Obj]  # of the kinds that it counts


class ResourceQuotaController(Controller[QuotaSeen]):
    name = "resourcequota-controller"
    title = N_("Quota")
    lane = 200
    reconciles = "ResourceQuota"
    sleeps = True

    def __init__(self) -> None:
        self.watches = (
            itself("ResourceQuota", indexes=BY_NAMESPACE),
            *(
                Watch(kind, _quotas_of, when=_is_free_again, matters=_is_free_again)
                for kind in _FREED
                if kind not in _NOT_COUNTED
            ),
        )

    def observe(self, key: Ref, reader: Reader) -> QuotaSeen | None:
        quota = reader.get(key)
        if quota is None:
            return None
        counted = quotas.counted_kinds((quota.get("spec") or {}).get("hard") or {})
        return QuotaSeen(quota, [obj for kind in counted for obj in reader.live(kind, key.namespace)])

    def diff(self, seen: QuotaSeen) -> Iterable[Difference]:
        quota = seen.quota
        status = {"hard": (quota.get("spec") or {}).get("hard") or {}, "used": quotas.counted(quota, seen.objects)}
        if status != quota.get("status"):
            desired, observed = changed_fields(status, quota.get("status"))
            actions = (UpdateStatus(quota, status),)
            yield Difference(ref_of(quota), "status.used", desired, observed, "StatusOutdated", actions)


def _quotas_of(obj: Obj, reader: Reader) -> Iterable[Ref]:
    return tuple(ref_of(quota) for quota in reader.by("ResourceQuota", "namespace", namespace_of(obj)))


def _is_free_again(old: Obj | None, new: Obj | None) -> bool:
    """It is gone, a pod has ended, or another object uses something else than before."""
    if new is None or old is None:
        return new is None
    if new["kind"] == "Pod":
        return pods.is_terminal(new) and not pods.is_terminal(old)
    return new["kind"] in ("Service", "PersistentVolumeClaim") and quotas.usage(old) != quotas.usage(new)
