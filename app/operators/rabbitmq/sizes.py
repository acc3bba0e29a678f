"""How many servers, and how large their disks: what the operator does about that, and what it refuses.

Called by cluster_operator.py. Models reconcile_scale_down.go, reconcile_scale_zero.go and reconcile_persistence.go of
RabbitMQ's cluster-operator 2.22.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.api import quantities
from app.api.objects import Obj, Ref, annotations_of, get_path, name_of, namespace_of, ref_of, uid_of
from app.operators.rabbitmq import builders
from app.operators.rabbitmq.conditions import Verdict
from app.reconcile import Action, Announce, Delete, Difference, Patch

BEFORE_ZERO = "rabbitmq.com/before-zero-replicas-configured"


@dataclass(frozen=True, slots=True)
class ClusterSeen:
    cluster: Obj
    owned: Mapping[Ref, Obj]
    slices: Sequence[Obj]  # of its Service
    pods: Sequence[Obj]
    claims: Sequence[Obj]
    servers: Sequence[Obj]  # what their management API says
    now_ms: int

    def find(self, kind: str, suffix: str) -> Obj | None:
        return self.owned.get(Ref(kind, namespace_of(self.cluster), f"{name_of(self.cluster)}-{suffix}"))

    @property
    def stateful_set(self) -> Obj | None:
        return self.find("StatefulSet", "server")


def refusal(seen: ClusterSeen) -> Verdict | None:
    """Why the StatefulSet is left as it is; None: it is not."""
    stateful_set, wanted = seen.stateful_set, builders.replicas(seen.cluster)
    if stateful_set is None:
        return None
    now, noted = int(stateful_set["spec"].get("replicas", 1)), annotations_of(seen.cluster).get(BEFORE_ZERO)
    if 0 < wanted < now:
        text = f"Cluster Scale down not supported; tried to scale cluster from {now} nodes to {wanted} nodes"
        return Verdict("False", "UnsupportedOperation", text)
    if now == 0 < wanted and noted is not None and str(wanted) != noted:
        text = "Unsupported operation; when scaling from zero, you can only restore the previous number of replicas"
        return Verdict("False", "UnsupportedOperation", f"{text} ({noted})")
    if _bytes(_template_storage(stateful_set)) > _bytes(builders.storage(seen.cluster)):
        text = "shrinking persistent volumes is not supported"
        return Verdict("False", "FailedReconcilePVC", text)
    return None


def about_zero(seen: ClusterSeen) -> Iterator[Difference]:
    stateful_set, wanted, about = seen.stateful_set, builders.replicas(seen.cluster), ref_of(seen.cluster)
    if stateful_set is None:
        return
    now, noted = int(stateful_set["spec"].get("replicas", 1)), BEFORE_ZERO in annotations_of(seen.cluster)
    if wanted == 0 < now and not noted:
        told = Announce(seen.cluster, "Normal", "ScaleDownToZero", "Cluster Scale down to 0 replicas")
        note = Patch(about, {"metadata": {"annotations": {BEFORE_ZERO: str(now)}}}, announce=told)
        yield Difference(about, "spec.replicas", 0, now, "ScaleDownToZero", (note,))
    elif wanted and now and noted:
        note = Patch(about, {"metadata": {"annotations": {BEFORE_ZERO: None}}})
        yield Difference(about, "spec.replicas", wanted, now, "ScaledUpFromZero", (note,))


def storage(seen: ClusterSeen) -> Iterator[Difference]:
    """The disks grow one by one, and the StatefulSet is made anew, since its template may not change."""
    stateful_set, asked = seen.stateful_set, builders.storage(seen.cluster)
    if stateful_set is None or not _template_storage(stateful_set):
        return
    small = [each for each in seen.claims if _bytes(_claim_storage(each)) < quantities.value(asked)]
    if _bytes(_template_storage(stateful_set)) < quantities.value(asked):
        grow = [Patch(ref_of(each), {"spec": {"resources": {"requests": {"storage": asked}}}}) for each in small]
        ref = ref_of(stateful_set)
        anew = Delete(ref, uid=uid_of(stateful_set), propagation="Orphan")
        actions: tuple[Action, ...] = (anew, *grow)
        yield Difference(ref, "storage", asked, _template_storage(stateful_set), "StorageTooSmall", actions)


def _template_storage(stateful_set: Obj) -> str:
    templates = stateful_set["spec"].get("volumeClaimTemplates") or ()
    return next((_claim_storage(each) for each in templates if name_of(each) == "persistence"), "")


def _claim_storage(claim: Obj) -> str:
    return str(get_path(claim, "spec.resources.requests.storage", ""))


def _bytes(amount: str) -> int:
    return int(quantities.value(amount)) if amount else 0
