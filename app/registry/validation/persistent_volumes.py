"""PersistentVolumes, and volumes that are described where they are attached.

Models kubernetes `pkg/apis/core/validation` ValidatePersistentVolumeSpec and ValidatePersistentVolumeUpdate. Most
sources are those of pods' volumes; here those stand that say more.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata, paths, placement, volume_sources
from app.registry.validation.drivers import check_driver_name

_BY_INLINE = "may not be specified in the context of inline volumes"
_CSI_SECRETS = (
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
)
_LONGEST_ISCSI = 64


def check(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from _check_modes(spec, "spec")
    yield from _check_capacity(spec.get("capacity", {}))
    policies = named_values("PersistentVolumeReclaimPolicy")
    yield from causes.among("spec.persistentVolumeReclaimPolicy", spec.get("persistentVolumeReclaimPolicy"), policies)
    affinity = spec.get("nodeAffinity")
    if affinity is not None and affinity.get("required") is None:
        yield causes.required("spec.nodeAffinity.required", "must specify required node constraints")
    elif affinity is not None:
        yield from placement.check_node_selector(affinity["required"], "spec.nodeAffinity.required")
    yield from _check_sources(spec, "spec", obj["metadata"].get("name", ""))
    name = spec.get("storageClassName", "")
    yield from causes.each("spec.storageClassName", name, metadata.is_subdomain(name) if name else ())
    yield from causes.among("spec.volumeMode", spec.get("volumeMode"), named_values("PersistentVolumeMode"))
    yield from _check_attributes_class(spec, "spec")


def check_inline(spec: Obj, field: str) -> Iterator[Cause]:
    """Of a VolumeAttachment that names no PersistentVolume."""
    for name in ("claimRef", "capacity"):
        if spec.get(name):
            yield causes.forbidden(f"{field}.{name}", _BY_INLINE)
    if "csi" not in spec:
        yield causes.required(f"{field}.csi", "has to be specified in the context of inline volumes")
    yield from _check_modes(spec, field)
    if spec.get("persistentVolumeReclaimPolicy", "Retain") != "Retain":
        why = "may only be Retain in the context of inline volumes"
        yield causes.forbidden(f"{field}.persistentVolumeReclaimPolicy", why)
    if "nodeAffinity" in spec:
        yield causes.forbidden(f"{field}.nodeAffinity", _BY_INLINE)
    yield from _check_sources(spec, field, "")
    if spec.get("storageClassName"):
        yield causes.forbidden(f"{field}.storageClassName", _BY_INLINE)
    if spec.get("volumeMode", "Filesystem") != "Filesystem":
        why = "may not specify volumeMode other than Filesystem in the context of inline volumes"
        yield causes.forbidden(f"{field}.volumeMode", why)


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    before, after = ({name: obj["spec"][name] for name in sources(obj["spec"])} for obj in (old, new))
    if "controllerExpandSecretRef" not in before.get("csi", {}):  # it may come later
        secrets = {key: value for key, value in after.get("csi", {}).items() if key != "controllerExpandSecretRef"}
        after = {**after, **({"csi": secrets} if "csi" in after else {})}
    if difference := causes.unified(before, after):
        why = f"spec.persistentvolumesource is immutable after creation\n{difference}"
        yield causes.forbidden("spec.persistentvolumesource", why)
    now, was = new["spec"], old["spec"]
    if now.get("volumeMode") != was.get("volumeMode"):
        yield causes.invalid("volumeMode", now.get("volumeMode"), causes.IMMUTABLE)
    affinity = now.get("nodeAffinity")
    if "nodeAffinity" in was and affinity != was["nodeAffinity"]:
        why = f"{causes.IMMUTABLE}, except for updating from beta label to GA"
        yield causes.invalid("nodeAffinity", _affinity_in_go(affinity), why)
    if "volumeAttributesClassName" in was and "volumeAttributesClassName" not in now:
        yield causes.forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden")


def _affinity_in_go(affinity: Obj | None) -> Any:
    if affinity is None:
        return None
    terms = [
        {
            part: [causes.struct(each, "Key", "Operator", "Values") for each in term.get(key) or ()] or None
            for part, key in (("MatchExpressions", "matchExpressions"), ("MatchFields", "matchFields"))
        }
        for term in affinity.get("required", {}).get("nodeSelectorTerms") or ()
    ]
    return causes.Verbatim(f'{{"Required":{{"NodeSelectorTerms":{_listed(terms)}}}}}')


def _listed(terms: list[dict[str, Any]]) -> str:
    def part(requirements: list[causes.Verbatim] | None) -> str:
        return f"[{','.join(requirements)}]" if requirements else "null"

    each = (",".join(f'"{name}":{part(found)}' for name, found in term.items()) for term in terms)
    return f"[{','.join(f'{{{text}}}' for text in each)}]"


def _check_modes(spec: Obj, field: str) -> Iterator[Cause]:
    modes, known = spec.get("accessModes") or (), named_values("PersistentVolumeAccessMode")
    if not modes:
        yield causes.required(f"{field}.accessModes")
    for mode in modes:
        yield from causes.among(f"{field}.accessModes", mode, known)
    if "ReadWriteOncePod" in modes and any(mode in known and mode != "ReadWriteOncePod" for mode in modes):
        yield causes.forbidden(f"{field}.accessModes", "may not use ReadWriteOncePod with other access modes")


def _check_capacity(capacity: Obj) -> Iterator[Cause]:
    if not capacity:
        yield causes.required("spec.capacity")
    if "storage" not in capacity or len(capacity) > 1:
        yield causes.not_supported("spec.capacity", capacity or None, ["storage"])
    for name, quantity in capacity.items():
        yield from causes.basic_resource(f"spec.capacity[{name}]", quantity)
        if quantities.parse(quantity) <= 0:
            yield causes.invalid(f"spec.capacity[{name}]", quantity, "must be greater than zero")


def _check_attributes_class(spec: Obj, field: str) -> Iterator[Cause]:
    if (name := spec.get("volumeAttributesClassName")) is None:
        return
    if not name:
        yield causes.required(f"{field}.volumeAttributesClassName", "an empty string is disallowed")
    else:
        yield from causes.each(f"{field}.volumeAttributesClassName", name, metadata.is_subdomain(name))
    if "csi" not in spec:
        yield causes.required(f"{field}.csi", "has to be specified when using volumeAttributesClassName")


# ------------------------------------------------------------------------------------------ sources


def sources(spec: Obj) -> list[str]:
    """Where a volume's data lies: `hostPath`, `nfs`, `csi`, ... Exactly one of them in a good one."""
    return [name for name in _SOURCES if name in spec]


def _check_sources(spec: Obj, field: str, name: str) -> Iterator[Cause]:
    given = sources(spec)
    for index, kind in enumerate(given):
        if index and kind != "flexVolume":
            yield causes.forbidden(f"{field}.{_TOLD.get(kind, kind)}", "may not specify more than 1 volume type")
            continue
        yield from _check_source(spec[kind], kind, f"{field}.{_PLACES.get(kind, kind)}", name)
        if kind == "local" and "nodeAffinity" not in spec:
            yield causes.required(f"{field}.nodeAffinity", "Local volume requires node affinity")
    if not given:
        yield causes.required(field, "must specify a volume type")
    recycled = spec.get("persistentVolumeReclaimPolicy") == "Recycle"
    if recycled and posixpath.normpath(spec.get("hostPath", {}).get("path") or ".") == "/":
        why = "may not be 'recycle' for a hostPath mount of '/'"
        yield causes.forbidden(f"{field}.persistentVolumeReclaimPolicy", why)


def _check_source(source: Obj, kind: str, field: str, name: str) -> Iterator[Cause]:
    if kind == "iscsi":
        yield from _check_iscsi(source, field, name)
    else:
        yield from {**volume_sources.SOURCES, **_OWN}[kind](source, field)


def _check_iscsi(source: Obj, field: str, name: str) -> Iterator[Cause]:
    portal, secret = source.get("targetPortal", ""), source.get("secretRef")
    yield from causes.needed(source, field, "targetPortal")
    if "initiatorName" in source and len(f"{name}:{portal}") > _LONGEST_ISCSI:
        why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
        yield causes.invalid(f"{field}.targetportal", portal, f"{why}iscsi.initiatorName is specified.")
    yield from causes.needed(source, field, "iqn")
    yield from _check_iscsi_name(source.get("iqn") or None, f"{field}.iqn")
    yield from causes.between(f"{field}.lun", source.get("lun", 0), 0, 255)
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and secret is None:
        yield causes.required(f"{field}.secretRef")
    if secret is not None:
        yield from causes.needed(secret, f"{field}.secretRef", "name")
    yield from _check_iscsi_name(source.get("initiatorName"), f"{field}.initiatorname")


def _check_iscsi_name(name: str | None, field: str) -> Iterator[Cause]:
    if name is not None and not volume_sources.is_iscsi_name(name):
        yield causes.invalid(field, name, "must be valid format")


def _check_glusterfs(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "endpoints", "path")
    namespace, at = source.get("endpointsNamespace"), f"{field}.endpointsNamespace"
    if namespace == "":
        yield causes.invalid(at, "", "if the endpointnamespace is set, it must be a valid namespace name")
    elif namespace is not None:
        yield from causes.each(at, namespace, metadata.is_label(namespace))


def _check_cinder(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "volumeID")
    if "secretRef" in source:
        yield from causes.needed(source["secretRef"], f"{field}.secretRef", "name", "namespace")


def _check_azure_file(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "secretName", "shareName")
    if source.get("secretNamespace") == "":
        yield causes.required(f"{field}.secretNamespace")


def _check_local(source: Obj, field: str) -> Iterator[Cause]:
    if not source.get("path"):
        yield causes.required(f"{field}.path")
    else:
        yield from paths.check_steps(source["path"], f"{field}.path")


def _check_storage_os(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "volumeName")
    for name in ("volumeName", "volumeNamespace"):
        given = source.get(name, "")
        yield from causes.each(f"{field}.{name}", given, metadata.is_label(given) if given else ())
    if "secretRef" in source:
        yield from causes.needed(source["secretRef"], f"{field}.secretRef", "name", "namespace")


def _check_csi(source: Obj, field: str) -> Iterator[Cause]:
    yield from check_driver_name(source.get("driver", ""), f"{field}.driver")
    yield from causes.needed(source, field, "volumeHandle")
    for name in _CSI_SECRETS:
        if name in source:
            yield from _check_secret(source[name], f"{field}.{name}")


def _check_secret(secret: Obj, field: str) -> Iterator[Cause]:
    for part, problems in (("name", metadata.is_subdomain), ("namespace", metadata.is_label)):
        value = secret.get(part, "")
        yield from causes.needed(secret, field, part)
        yield from causes.each(f"{field}.{part}", value, problems(value) if value else ())


_OWN: dict[str, volume_sources.Check] = {
    "glusterfs": _check_glusterfs,
    "cinder": _check_cinder,
    "azureFile": _check_azure_file,
    "local": _check_local,
    "storageos": _check_storage_os,
    "csi": _check_csi,
}
_SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs",
    "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume",
    "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
"""In the order in which upstream looks for them; a second one is one too many."""
_PLACES, _TOLD = {"gcePersistentDisk": "persistentDisk"}, {"cephfs": "cephFS"}
