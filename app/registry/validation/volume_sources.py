"""Where the data of a volume comes from: what each kind of source has to say.

`volumes.py` asks `check`. Models kubernetes `pkg/apis/core/validation` validateVolumeSource and the functions that it
calls, one a kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, claims, metadata, paths, projections
from app.registry.validation.drivers import check_driver_name

Check = Callable[[Obj, str], Iterator[Cause]]

_HOST_PATHS = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"
)  # fmt: skip
_ISCSI_NAMES = {
    "iqn": re.compile(r".*iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)", re.ASCII),
    "eui": re.compile(r"eui.[A-Za-z0-9]{16}", re.ASCII),
    "naa": re.compile(r"naa.[A-Za-z0-9]{32}", re.ASCII),
}
_ADDRESSES = "must be a host:port pair or multiple pairs separated by commas"
_ADDRESS = re.compile(r"([^:\[\]]*|\[[^\[\]]*\]):[^:\[\]]*")
_RESERVED_OPTION = re.compile(r"(.*\.)?(kubernetes\.io|k8s\.io)", re.IGNORECASE)
_MANAGED, _BLOB = "/subscriptions/", "https://"
_DISKS = {
    _MANAGED: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
    _BLOB: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",
}
_LONGEST_ISCSI = 64


def check(volume: Obj, field: str) -> Iterator[Cause]:
    given = [kind for kind in SOURCES if volume.get(kind) is not None]
    for kind in given[:1]:
        yield from SOURCES[kind](volume[kind], f"{field}.{_PLACES.get(kind, kind)}")
    for kind in given[1:]:
        yield causes.forbidden(f"{field}.{_TOLD.get(kind, kind)}", "may not specify more than 1 volume type")
    iscsi, name = volume.get("iscsi") or {}, volume.get("name", "")
    if "initiatorName" in iscsi and len(f"{name}:{iscsi.get('targetPortal', '')}") > _LONGEST_ISCSI:
        why = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
        yield causes.invalid(f"{field}.name", name, f"{why}iscsi.initiatorName is specified.")


def _needs(*names: str) -> Check:
    return lambda source, field: causes.needed(source, field, *names)


def _empty_dir(source: Obj, field: str) -> Iterator[Cause]:
    if quantities.parse(source.get("sizeLimit", "0")) < 0:
        yield causes.forbidden(f"{field}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def _host_path(source: Obj, field: str) -> Iterator[Cause]:
    if not source.get("path"):
        yield causes.required(f"{field}.path")
        return
    yield from paths.check_steps(source["path"], f"{field}.path")
    yield from causes.among(f"{field}.type", source.get("type"), _HOST_PATHS)


def _git(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "repository")
    yield from paths.check_descending(source.get("directory", ""), f"{field}.directory")


def _cloud_disk(name: str) -> Check:
    def check_disk(source: Obj, field: str) -> Iterator[Cause]:
        yield from causes.needed(source, field, name)
        if not 0 <= (partition := source.get("partition", 0)) <= 255:
            yield causes.invalid(f"{field}.partition", partition, "must be between 1 and 255, inclusive")

    return check_disk


def _files(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "name" if field.endswith(".configMap") else "secretName")
    yield from paths.check_mode(source.get("defaultMode"), f"{field}.defaultMode")
    yield from projections.check_items(source, field)


def _nfs(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "server", "path")
    if not (path := source.get("path", "")).startswith("/"):
        yield causes.invalid(f"{field}.path", path, "must be an absolute path")


def check_iscsi(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "targetPortal", "iqn")
    if name := source.get("iqn"):
        yield from _check_iscsi_name(name, f"{field}.iqn")
    yield from causes.between(f"{field}.lun", source.get("lun", 0), 0, 255)
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and "secretRef" not in source:
        yield causes.required(f"{field}.secretRef")
    if (initiator := source.get("initiatorName")) is not None:
        yield from _check_iscsi_name(initiator, f"{field}.initiatorname")


def is_iscsi_name(name: str) -> bool:
    pattern = _ISCSI_NAMES.get(name[:3])
    return pattern is not None and pattern.fullmatch(name) is not None


def _check_iscsi_name(name: str, field: str) -> Iterator[Cause]:
    if name[:3] not in _ISCSI_NAMES:
        yield causes.invalid(field, name, "must be valid format starting with iqn, eui, or naa")
    elif not is_iscsi_name(name):
        yield causes.invalid(field, name, "must be valid format")


def _flocker(source: Obj, field: str) -> Iterator[Cause]:
    name, uid = source.get("datasetName", ""), source.get("datasetUUID", "")
    if not name and not uid:
        yield causes.required(field, "one of datasetName and datasetUUID is required")
    if name and uid:
        yield causes.invalid(field, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        yield causes.invalid(f"{field}.datasetName", name, "must not contain '/'")


def _with_secret(*names: str) -> Check:
    """A secret that it names has a name."""

    def check_source(source: Obj, field: str) -> Iterator[Cause]:
        yield from causes.needed(source, field, *names)
        if "secretRef" in source:
            yield from causes.needed(source["secretRef"], f"{field}.secretRef", "name")

    return check_source


def check_quobyte(source: Obj, field: str) -> Iterator[Cause]:
    registry = source.get("registry", "")
    if not registry:
        yield causes.required(f"{field}.registry", _ADDRESSES)
    elif len(source.get("tenant", "").encode()) > 64:
        yield causes.required(f"{field}.tenant", "must be a UUID and may not exceed a length of 64 characters")
    else:
        strange = (pair for pair in registry.split(",") if not _ADDRESS.fullmatch(pair))
        yield from (causes.invalid(f"{field}.registry", registry, _ADDRESSES) for _ in strange)
    yield from causes.needed(source, field, "volume")


def check_fibre_channel(source: Obj, field: str) -> Iterator[Cause]:
    names, ids = source.get("targetWWNs") or [], source.get("wwids") or []
    if not names and not ids:
        yield causes.required(f"{field}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if names and ids:
        yield causes.invalid(f"{field}.targetWWNs", names, "targetWWNs and wwids can not be specified simultaneously")
    if names and "lun" not in source:
        yield causes.required(f"{field}.lun", "lun is required if targetWWNs is specified")
    elif names:
        yield from causes.between(f"{field}.lun", source["lun"], 0, 255)


def _flex(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "driver")
    for option in source.get("options") or {}:
        if _RESERVED_OPTION.fullmatch(option.partition("/")[0]):
            yield causes.invalid(
                f"{field}.options[{option}]", option, "kubernetes.io and k8s.io namespaces are reserved"
            )


def check_azure_disk(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "diskName", "diskURI")
    yield from causes.among(f"{field}.cachingMode", source.get("cachingMode"), ("None", "ReadOnly", "ReadWrite"))
    kind, address = source.get("kind"), source.get("diskURI", "")
    yield from causes.among(f"{field}.kind", kind, ("Dedicated", "Managed", "Shared"))
    wanted = _MANAGED if kind == "Managed" else _BLOB
    if kind is not None and not address.startswith(wanted):
        yield causes.not_supported(f"{field}.diskURI", address, (_DISKS[wanted],))


def _storage_os(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "volumeName")
    for name in ("volumeName", "volumeNamespace"):
        if given := source.get(name):
            yield from causes.each(f"{field}.{name}", given, metadata.is_label(given))
    yield from _with_secret()(source, field)


def _csi(source: Obj, field: str) -> Iterator[Cause]:
    yield from check_driver_name(source.get("driver", ""), f"{field}.driver")
    if "nodePublishSecretRef" in source:
        if name := source["nodePublishSecretRef"].get("name"):
            yield from causes.each(f"{field}.name", name, metadata.is_subdomain(name))
        else:
            yield causes.required(f"{field}.nodePublishSecretRef.name")


def _ephemeral(source: Obj, field: str) -> Iterator[Cause]:
    template = source.get("volumeClaimTemplate")
    if template is None:
        yield causes.required(f"{field}.volumeClaimTemplate")
        return
    field = f"{field}.volumeClaimTemplate"
    meta = template.get("metadata") or {}
    yield from metadata.check_annotations(meta.get("annotations"), f"{field}.metadata.annotations")
    yield from metadata.check_labels(meta.get("labels"), f"{field}.metadata.labels")
    for name in meta:
        if name not in ("annotations", "labels") and meta[name]:
            yield causes.forbidden(f"{field}.metadata.{name}", "cannot be set")
    yield from claims.check_spec(template.get("spec") or {}, f"{field}.spec")


def _image(source: Obj, field: str) -> Iterator[Cause]:
    """A template may leave to others which image it is."""
    policies = ("Always", "IfNotPresent", "Never")
    yield from causes.supported(f"{field}.pullPolicy", source.get("pullPolicy"), policies)


SOURCES: dict[str, Check] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "gitRepo": _git,
    "gcePersistentDisk": _cloud_disk("pdName"),
    "awsElasticBlockStore": _cloud_disk("volumeID"),
    "secret": _files,
    "nfs": _nfs,
    "iscsi": check_iscsi,
    "glusterfs": _needs("endpoints", "path"),
    "flocker": _flocker,
    "persistentVolumeClaim": _needs("claimName"),
    "rbd": _needs("monitors", "image"),
    "cinder": _with_secret("volumeID"),
    "cephfs": _needs("monitors"),
    "quobyte": check_quobyte,
    "downwardAPI": projections.check_downward,
    "fc": check_fibre_channel,
    "flexVolume": _flex,
    "configMap": _files,
    "azureFile": _needs("secretName", "shareName"),
    "vsphereVolume": _needs("volumePath"),
    "photonPersistentDisk": _needs("pdID"),
    "portworxVolume": _needs("volumeID"),
    "azureDisk": check_azure_disk,
    "storageos": _storage_os,
    "projected": projections.check,
    "scaleIO": _needs("gateway", "system", "volumeName"),
    "csi": _csi,
    "ephemeral": _ephemeral,
    "image": _image,
}
"""In the order in which upstream looks for them; a second one is one too many."""
_PLACES = {"gcePersistentDisk": "persistentDisk"}
_TOLD = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
