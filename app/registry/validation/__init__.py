"""Validation: what is wrong with an object, field by field, in the API server's own words and order.

The API server calls `validate` on what is to be created and `validate_update` on what is to replace something, and
turns the causes into an error with `app.api.errors.invalid`; the editor shows each beside its line. The scheme has what
checks each kind (`CHECKS`, `UPDATE_CHECKS`). Objects must have been decoded and have their defaults. A pod spec that
was checked before, as the spec that a ReplicaSet's pods share with its template, costs one look-up. Models kubernetes
`pkg/apis/*/validation` and apimachinery `pkg/api/validation`; one file a group of kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.scheme import Definition
from app.registry.validation import (
    apis,
    attachments,
    batch,
    configmaps,
    device_slices,
    devices,
    drivers,
    endpoints,
    events,
    flowcontrol,
    job_statuses,
    limits,
    metadata,
    networking,
    nodes,
    persistent_volumes,
    pod_status,
    pod_subresources,
    pod_updates,
    pods,
    rules,
    runtimes,
    scaling,
    secrets,
    service_ranges,
    services,
    sets,
    statuses,
    storage,
    workloads,
)

__all__ = ["CHECKS", "UPDATE_CHECKS", "validate", "validate_status", "validate_update"]

Check = Callable[[Obj], Iterator[Cause]]
UpdateCheck = Callable[[Obj, Obj], Iterator[Cause]]

CHECKS: dict[str, Check] = {
    "Pod": pods.check,
    "PodTemplate": pods.check_pod_template,
    "Deployment": workloads.check_deployment,
    "ReplicaSet": workloads.check_replica_set,
    "ReplicationController": workloads.check_replication_controller,
    "StatefulSet": sets.check_stateful_set,
    "DaemonSet": sets.check_daemon_set,
    "Job": batch.check_job,
    "CronJob": batch.check_cron_job,
    "HorizontalPodAutoscaler": scaling.check_autoscaler,
    "PodDisruptionBudget": scaling.check_budget,
    "Service": services.check,
    "EndpointSlice": endpoints.check_slice,
    "Endpoints": endpoints.check_endpoints,
    "Ingress": networking.check_ingress,
    "IngressClass": networking.check_ingress_class,
    "NetworkPolicy": networking.check_network_policy,
    "ConfigMap": configmaps.check,
    "Secret": secrets.check,
    "PersistentVolume": persistent_volumes.check,
    "PersistentVolumeClaim": storage.check_claim,
    "StorageClass": storage.check_storage_class,
    "CSIDriver": drivers.check_csi_driver,
    "CSINode": drivers.check_csi_node,
    "CSIStorageCapacity": drivers.check_csi_storage_capacity,
    "VolumeAttachment": attachments.check,
    "VolumeAttributesClass": drivers.check_volume_attributes_class,
    "RuntimeClass": runtimes.check,
    "ResourceClaim": devices.check_claim,
    "ResourceClaimTemplate": devices.check_claim_template,
    "DeviceClass": devices.check_class,
    "ResourceSlice": device_slices.check,
    "Role": rules.check_role,
    "ClusterRole": rules.check_role,
    "RoleBinding": rules.check_role_binding,
    "ClusterRoleBinding": rules.check_role_binding,
    "ResourceQuota": limits.check_quota,
    "LimitRange": limits.check_limit_range,
    "PriorityClass": rules.check_priority_class,
    "Node": nodes.check,
    "Lease": events.check_lease,
    "CertificateSigningRequest": apis.check_signing_request,
    "FlowSchema": flowcontrol.check_schema,
    "PriorityLevelConfiguration": flowcontrol.check_level,
    "IPAddress": service_ranges.check_address,
    "APIService": apis.check_api_service,
}
UPDATE_CHECKS: dict[str, UpdateCheck] = {
    "Pod": pod_updates.check,
    "Deployment": workloads.check_selector_unchanged,
    "ReplicaSet": workloads.check_selector_unchanged,
    "DaemonSet": workloads.check_selector_unchanged,
    "StatefulSet": sets.check_stateful_set_update,
    "ControllerRevision": sets.check_controller_revision_update,
    "Job": batch.check_job_update,
    "Service": services.check_update,
    "EndpointSlice": endpoints.check_slice_update,
    "IngressClass": networking.check_ingress_class_update,
    "ConfigMap": configmaps.check_update,
    "Secret": secrets.check_update,
    "PersistentVolume": persistent_volumes.check_update,
    "PersistentVolumeClaim": storage.check_claim_update,
    "StorageClass": storage.check_storage_class_update,
    "CSIDriver": drivers.check_csi_driver_update,
    "CSINode": drivers.check_csi_node_update,
    "CSIStorageCapacity": drivers.check_csi_storage_capacity_update,
    "VolumeAttachment": attachments.check_update,
    "VolumeAttributesClass": drivers.check_volume_attributes_class_update,
    "RuntimeClass": runtimes.check_update,
    "ResourceClaim": drivers.check_spec_unchanged,
    "ResourceClaimTemplate": drivers.check_spec_unchanged,
    "ResourceSlice": device_slices.check_update,
    "RoleBinding": rules.check_role_binding_update,
    "ClusterRoleBinding": rules.check_role_binding_update,
    "PriorityClass": rules.check_priority_class_update,
    "ResourceQuota": limits.check_quota_update,
    "Node": nodes.check_update,
    "ServiceCIDR": service_ranges.check_range_update,
    "IPAddress": service_ranges.check_address_update,
}
_CHECKS_OF_NEW: dict[str, Check] = {
    "Pod": pods.check_new,
    "ControllerRevision": sets.check_new_controller_revision,
    "Ingress": networking.check_new_ingress,
    "ServiceCIDR": service_ranges.check_new_range,
}
"""Of what is created: nobody looks there again."""
STATUS_CHECKS: dict[str, UpdateCheck] = {
    **statuses.CHECKS,
    "ResourceQuota": limits.check_quota_status,
    "Node": nodes.check_status,
    "PersistentVolumeClaim": storage.check_claim_status,
    "Job": job_statuses.check,
    "VolumeAttachment": attachments.check_status,
    "CertificateSigningRequest": apis.check_signing_status,
    "APIService": apis.check_api_service_status,
    **dict.fromkeys(("FlowSchema", "PriorityLevelConfiguration"), flowcontrol.check_conditions),
    "Pod": pod_status.check,
    "ResourceClaim": devices.check_claim_status,
}
"""Of what is written through `/status`."""
SUBRESOURCE_CHECKS: dict[str, UpdateCheck] = {**pod_subresources.CHECKS, "approval": apis.check_decision}
"""Of what is written through a subresource that has rules of its own."""
_NAMES: dict[str, metadata.NameProblems] = {
    **dict.fromkeys(("Namespace", "Service", "StatefulSet"), metadata.is_label),  # named in DNS, so without dots
    **dict.fromkeys(("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"), metadata.is_path_segment),
    "APIService": metadata.is_path_segment,
    "CertificateSigningRequest": metadata.is_anything,
    "IPAddress": service_ranges.is_canonical_address,
}
_UPDATE_FIRST = frozenset(
    {"Service", "ConfigMap", "Secret", "DaemonSet", "IngressClass"}
)  # kinds that say first what may not change


def validate(definition: Definition, obj: Obj) -> tuple[Cause, ...]:
    """Everything that is wrong with an object to be created; () if nothing."""
    row = definition.row
    name_problems = _NAMES.get(row.key, metadata.is_subdomain)
    found = (*metadata.check(obj["metadata"], name_problems, row.namespaced, own=row.is_own), *definition.validate(obj))
    return (*found, *_CHECKS_OF_NEW[row.key](obj)) if row.key in _CHECKS_OF_NEW else found


def validate_update(definition: Definition, new: Obj, old: Obj, subresource: str = "") -> tuple[Cause, ...]:
    """Everything that is wrong with `new` as the successor of `old`, written through `subresource`; () if nothing."""
    common = metadata.check_update(new["metadata"], old["metadata"], own=definition.row.is_own)
    if not definition.row.is_own:  # it knows what of an object that was there already it has to take as it is
        return (*common, *definition.validate_update(new, old))
    check_change = SUBRESOURCE_CHECKS.get(subresource, definition.validate_update)
    whole, changed = definition.validate(new), check_change(new, old)
    if definition.row.key in _UPDATE_FIRST:
        return (*common, *changed, *whole)
    return (*common, *whole, *changed)


def validate_status(definition: Definition, new: Obj, old: Obj) -> tuple[Cause, ...]:
    """What is wrong with the status of `new`, and with the metadata that came along with it."""
    check = STATUS_CHECKS.get(definition.row.key)
    same = new["metadata"] == old["metadata"]
    common = () if same else metadata.check_update(new["metadata"], old["metadata"], own=definition.row.is_own)
    return (*common, *(check(new, old) if check else ()))
