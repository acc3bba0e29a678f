"""Warnings: what the API server takes, and says is hardly meant, in its own words. kubectl prints them.

The API server asks after a client's write went through (app/apiserver/requests.py): `on_create` about what is new,
`on_update` about what stands in the place of something else. Loops are not warned. A table of rules per kind. Models
the `WarningsOnCreate` and `WarningsOnUpdate` of the strategies under kubernetes `pkg/registry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from app.api import limits
from app.api.objects import Obj, kind_of
from app.registry.warnings import cluster, customresources, labels, pods, secrets, services, volumes, workloads

__all__ = ["on_create", "on_update"]

Rule = Callable[[Obj], Iterator[str]]
ChangeRule = Callable[[Obj, Obj], Iterator[str]]


def on_create(obj: Obj, *, custom: bool = False) -> tuple[str, ...]:
    """`custom`: it is of a kind that is none of Kubernetes' own."""
    rules = (customresources.of_finalizers,) if custom else _ON_CREATE.get(kind_of(obj), ())
    return _kept(text for rule in rules for text in rule(obj))


def on_update(new: Obj, old: Obj, subresource: str = "", *, custom: bool = False) -> tuple[str, ...]:
    if subresource == "status":
        return _kept(text for rule in _ON_STATUS.get(kind_of(new), ()) for text in rule(new))
    rules = (_added(customresources.of_finalizers),) if custom else _ON_UPDATE.get(kind_of(new), ())
    return _kept(text for rule in rules for text in rule(new, old))


def _kept(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(texts, limits.WARNINGS))


# ------------------------------------------------------------------------------------- when an update is asked


def _always(rule: Rule) -> ChangeRule:
    return lambda new, _old: rule(new)


def _added(rule: Rule) -> ChangeRule:
    """What the old object does not give rise to already."""

    def added(new: Obj, old: Obj) -> Iterator[str]:
        before = set(rule(old))
        return (text for text in rule(new) if text not in before)

    return added


def _renewed(rule: Rule) -> ChangeRule:
    """If the desired state changed."""
    return lambda new, old: rule(new) if _generation(new) != _generation(old) else iter(())


def _renewed_from(rule: Rule) -> ChangeRule:
    """The same, about the old object: upstream has them the wrong way round for ReplicationControllers."""
    return lambda new, old: rule(old) if _generation(new) != _generation(old) else iter(())


def _new_template(rule: Rule) -> ChangeRule:
    return lambda new, old: rule(new) if new["spec"].get("template") != old["spec"].get("template") else iter(())


def _generation(obj: Obj) -> int | None:
    generation: int | None = obj["metadata"].get("generation")
    return generation


# --------------------------------------------------------------------------------------------------- the tables

_ON_CREATE: dict[str, tuple[Rule, ...]] = {
    "Pod": (workloads.of_pod_name, pods.of_pod),
    "PodTemplate": (workloads.of_pod_template,),
    "Deployment": (workloads.of_name, workloads.of_template),
    "ReplicaSet": (workloads.of_name, workloads.of_template),
    "ReplicationController": (workloads.of_name, workloads.of_template),
    "StatefulSet": (workloads.of_template, workloads.of_claims, workloads.of_history),
    "DaemonSet": (workloads.of_template,),
    "Job": (workloads.of_name, workloads.of_job),
    "CronJob": (workloads.of_name, workloads.of_cron_job),
    "Service": (services.of_service,),
    "Endpoints": (services.of_endpoints,),
    "EndpointSlice": (services.of_new_slice,),
    "Ingress": (services.of_ingress,),
    "NetworkPolicy": (services.of_network_policy,),
    "Secret": (secrets.of_secret,),
    "ServiceAccount": (secrets.of_account,),
    "PersistentVolume": (volumes.of_volume,),
    "PersistentVolumeClaim": (volumes.of_claim,),
    "StorageClass": (labels.of_storage_class,),
    "CSIStorageCapacity": (labels.of_storage_capacity,),
    "CSIDriver": (cluster.of_driver,),
    "RuntimeClass": (labels.of_runtime_class,),
    "Node": (cluster.of_node,),
    "ResourceQuota": (cluster.of_quota,),
    "ResourceSlice": (cluster.of_slice,),
    "CustomResourceDefinition": (customresources.of_definition,),
    "ValidatingAdmissionPolicy": (cluster.of_policy,),
    "ValidatingAdmissionPolicyBinding": (cluster.of_policy,),
}
_ON_UPDATE: dict[str, tuple[ChangeRule, ...]] = {
    "PodTemplate": (_renewed(workloads.of_pod_template),),
    "Deployment": (_renewed(workloads.of_template),),
    "ReplicaSet": (_renewed(workloads.of_template),),
    "ReplicationController": (_renewed_from(workloads.of_template),),
    "StatefulSet": (
        _renewed(workloads.of_template),
        _always(workloads.of_changed_claims),
        _always(workloads.of_history),
    ),
    "DaemonSet": (_new_template(workloads.of_template),),
    "Job": (_renewed(workloads.of_job),),
    "CronJob": (_renewed(workloads.of_cron_job),),
    "Service": (_always(services.of_service),),
    "Endpoints": (_always(services.of_endpoints),),
    "EndpointSlice": (_always(services.of_slice),),
    "NetworkPolicy": (_always(services.of_network_policy),),
    "Secret": (_always(secrets.of_secret),),
    "ServiceAccount": (_added(secrets.of_account),),
    "PersistentVolume": (_always(volumes.of_volume),),
    "PersistentVolumeClaim": (_always(volumes.of_claim),),
    "StorageClass": (_always(labels.of_storage_class),),
    "CSIStorageCapacity": (_always(labels.of_storage_capacity),),
    "CSIDriver": (cluster.of_changed_driver,),
    "RuntimeClass": (_always(labels.of_runtime_class),),
    "Node": (_always(cluster.of_node),),
    "ResourceSlice": (_always(cluster.of_slice),),
    "CustomResourceDefinition": (_added(customresources.of_definition),),
    "ValidatingAdmissionPolicy": (_always(cluster.of_policy),),
    "ValidatingAdmissionPolicyBinding": (_always(cluster.of_policy),),
}
_ON_STATUS: dict[str, tuple[Rule, ...]] = {
    "Pod": (cluster.of_pod_addresses,),
    "Service": (services.of_balancer,),
    "Ingress": (services.of_balancer,),
}
