"""Variables of containers: their names, and where their values come from.

Models kubernetes `pkg/apis/core/validation` ValidateEnv and ValidateEnvFrom.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, fields, metadata, paths

_NAME = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_TOO_MANY = "may not have more than one field specified at a time"


def check(container: Obj, field: str) -> Iterator[Cause]:
    for index, variable in enumerate(container.get("env") or ()):
        at, name = f"{field}.env[{index}]", variable.get("name", "")
        yield from _check_name(name, f"{at}.name") if name else (causes.required(f"{at}.name"),)
        if "valueFrom" in variable:
            yield from _check_value_from(variable, f"{at}.valueFrom")
    for index, source in enumerate(container.get("envFrom") or ()):
        at = f"{field}.envFrom[{index}]"
        yield from _check_name(source.get("prefix", ""), f"{at}.prefix")
        references = [name for name in ("configMapRef", "secretRef") if name in source]
        for reference in references:
            yield from _check_reference(source[reference], f"{at}.{reference}")
        if len(references) != 1:
            none = "must specify one of: `configMapRef` or `secretRef`"
            yield causes.invalid(f"{field}.envFrom", "", _TOO_MANY if references else none)


def _check_name(name: str, field: str) -> Iterator[Cause]:
    if not re.fullmatch(r"[ -<>-~]*", name):
        yield causes.invalid(field, name, _NAME)


def _check_value_from(variable: Obj, field: str) -> Iterator[Cause]:
    source = variable["valueFrom"]
    given = [name for name in _SOURCES if name in source]
    for name in given:
        yield from _SOURCES[name](source[name], f"{field}.{name}")
    if not given:
        *first, last = (f"`{name}`" for name in _SOURCES)
        yield causes.invalid(field, "", f"must specify one of: {', '.join(first)} or {last}")
    elif variable.get("value"):
        yield causes.invalid(field, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield causes.invalid(field, "", _TOO_MANY)


def _check_reference(reference: Mapping[str, Any], field: str) -> Iterator[Cause]:
    if name := reference.get("name", ""):
        yield from causes.each(f"{field}.name", name, metadata.is_subdomain(re.sub(r"-$", "a", name)))
    else:
        yield causes.required(f"{field}.name")


def _check_key(reference: Obj, field: str) -> Iterator[Cause]:
    name, key = reference.get("name", ""), reference.get("key", "")
    yield from causes.each(f"{field}.name", name, metadata.is_subdomain(name))
    yield from causes.config_key(f"{field}.key", key) if key else (causes.required(f"{field}.key"),)


def _check_file(reference: Obj, field: str) -> Iterator[Cause]:
    key, volume, path = (reference.get(name, "") for name in ("key", "volumeName", "path"))
    yield from _check_name(key, f"{field}.key") if key else (causes.required(f"{field}.key"),)
    if volume:
        yield from causes.each(f"{field}.volumeName", volume, metadata.is_label(volume))
    else:
        yield causes.required(f"{field}.volumeName")
    yield from paths.check_steps(path, f"{field}.path") if path else (causes.required(f"{field}.path"),)


_SOURCES: dict[str, Callable[[Obj, str], Iterator[Cause]]] = {
    "fieldRef": lambda source, field: fields.check_field(source, field, _FIELDS),
    "resourceFieldRef": fields.check_resource,
    "configMapKeyRef": _check_key,
    "secretKeyRef": _check_key,
    "fileKeyRef": _check_file,
}


def check_files(spec: Obj) -> Iterator[Cause]:
    """Variables that are read from files: the files of an emptyDir, which an init container wrote."""
    volumes = {volume.get("name"): volume for volume in spec.get("volumes") or ()}
    for part in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(part) or ()):
            for position, variable in enumerate(container.get("env") or ()):
                reference = (variable.get("valueFrom") or {}).get("fileKeyRef")
                if reference is None:
                    continue
                field = f"{part}[{index}].env[{position}].valueFrom.fileKeyRef.volumeName"
                name = reference.get("volumeName", "")
                if name not in volumes:
                    yield causes.not_found(field, name)
                elif "emptyDir" not in volumes[name]:
                    yield causes.invalid(field, name, "referenced volume must be of type emptyDir")
