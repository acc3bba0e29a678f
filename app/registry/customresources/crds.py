"""CustomResourceDefinitions themselves: what people may leave out, and what is wrong with one.

Models apiextensions-apiserver `pkg/apis/apiextensions/v1/defaults.go` and `pkg/apis/apiextensions/validation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.api.errors import Cause
from app.api.kinds import OWN_GROUPS
from app.api.objects import Obj, annotations_of
from app.apimachinery.scheme.custom_shapes import Schema
from app.registry.customresources import schemas
from app.registry.defaults.filling import filled, having
from app.registry.validation import causes, metadata

_APPROVAL = "api-approved.kubernetes.io"
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_MOST_SELECTABLE = 8


def defaulted(crd: Obj) -> Obj:
    spec = crd.get("spec") or {}
    names = spec.get("names") or {}
    kind = names.get("kind", "")
    names = filled(names, {"singular": kind.lower(), "listKind": f"{kind}List"} if kind else {})
    spec = having(filled(spec, {"conversion": {"strategy": "None"}}), "names", names)
    return having(crd, "spec", spec)


def check(crd: Obj) -> Iterator[Cause]:
    spec = crd["spec"]
    plural, group = spec["names"].get("plural", ""), spec.get("group", "")
    name = crd["metadata"].get("name", "")
    if name and name != f"{plural}.{group}":
        yield causes.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    yield from _group(group)
    yield from causes.supported("spec.scope", spec.get("scope"), ("Cluster", "Namespaced"))
    versions = spec.get("versions") or []
    for index, version in enumerate(versions):
        if (version.get("schema") or {}).get("openAPIV3Schema") is None:
            yield causes.required(f"spec.versions[{index}].schema.openAPIV3Schema")
    for index, version in enumerate(versions):
        yield from _version(version, f"spec.versions[{index}]")
    if len({each.get("name") for each in versions}) < len(versions):
        yield causes.invalid("spec.versions", _named(versions), "must contain unique version names")
    if sum(bool(each.get("storage")) for each in versions) != 1:
        why = "must have exactly one version marked as storage version"
        yield causes.invalid("spec.versions", _named(versions), why)
    yield from _names(spec["names"])
    yield from _conversion(spec.get("conversion") or {})
    yield from _approval(crd, group)
    if spec.get("preserveUnknownFields"):
        why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        yield causes.invalid("spec.preserveUnknownFields", True, why)


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    """What the store and the addresses go by stays as it is."""
    names, before_names = new["spec"]["names"], old["spec"]["names"]
    fields = []
    if ((old.get("status") or {}).get("acceptedNames") or {}).get("kind"):
        fields.append(("spec.scope", new["spec"].get("scope"), old["spec"].get("scope")))
        fields.append(("spec.names.kind", names.get("kind"), before_names.get("kind")))
    fields.append(("spec.group", new["spec"].get("group"), old["spec"].get("group")))
    fields.append(("spec.names.plural", names.get("plural"), before_names.get("plural")))
    for field, value, before in fields:
        if value != before:
            yield causes.invalid(field, value, causes.IMMUTABLE)
    served = {each.get("name") for each in new["spec"].get("versions") or ()}
    for index, version in enumerate((old.get("status") or {}).get("storedVersions") or ()):
        if version not in served:
            why = (
                f"missing from spec.versions; {version} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {version} and removes "
                f"{version} from status.storedVersions"
            )
            yield causes.invalid(f"status.storedVersions[{index}]", version, why)


def _named(versions: list[Any]) -> list[Any]:
    """A schema may be long: the names alone are told."""
    return [each.get("name", "") for each in versions]


def _group(group: str) -> Iterator[Cause]:
    if not group:
        yield causes.required("spec.group")
    elif problems := metadata.is_subdomain(group):
        yield causes.invalid("spec.group", group, ",".join(problems))
    elif "." not in group:
        yield causes.invalid("spec.group", group, "should be a domain with at least one dot")
    elif group in OWN_GROUPS:
        yield causes.invalid("spec.group", group, "is a group of Kubernetes itself, to which this server adds no kinds")


def _approval(crd: Obj, group: str) -> Iterator[Cause]:
    if not re.search(r"(^|\.)(k8s|kubernetes)\.io$", group):
        return
    said = annotations_of(crd).get(_APPROVAL, "")
    field = f"metadata.annotations[{_APPROVAL}]"
    link = "https://github.com/kubernetes/enhancements/pull/1111"
    if not said:
        yield causes.required(field, f'protected groups must have approval annotation "{_APPROVAL}", see {link}')
    elif not re.match(r"https?://[^/\s]+", said) and not said.startswith("unapproved"):
        why = f'protected groups must have approval annotation "{_APPROVAL}" with either a URL or a reason starting '
        yield causes.invalid(field, said, why + f'with "unapproved", see {link}')


def _names(names: Mapping[str, Any]) -> Iterator[Cause]:
    field = "spec.names"
    for name in ("plural", "singular", "kind", "listKind"):
        given = names.get(name, "")
        if not given:
            yield causes.required(f"{field}.{name}")
    for name in ("plural", "singular", "kind", "listKind"):
        given = names.get(name, "")
        is_kind = name.lower().endswith("kind")
        if given and (problems := metadata.is_old_label(given.lower() if is_kind else given)):
            mixed = "may have mixed case, but should otherwise match: " if is_kind else ""
            yield causes.invalid(f"{field}.{name}", given, mixed + ",".join(problems))
    for name in ("shortNames", "categories"):
        for index, given in enumerate(names.get(name) or ()):
            if problems := metadata.is_old_label(given):
                yield causes.invalid(f"{field}.{name}[{index}]", given, ",".join(problems))
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        yield causes.invalid(f"{field}.listKind", names["listKind"], "kind and listKind may not be the same")


def _conversion(conversion: Mapping[str, Any]) -> Iterator[Cause]:
    strategy, field = conversion.get("strategy", "None"), "spec.conversion"
    if strategy == "Webhook":
        why = "this server calls no webhooks: versions may differ in their name only, with the strategy None"
        yield causes.forbidden(f"{field}.strategy", why)
    elif strategy != "None":
        yield causes.not_supported(f"{field}.strategy", strategy, ("None", "Webhook"))
    elif conversion.get("webhook"):
        yield causes.forbidden(f"{field}.webhook", "should not be set when strategy is not set to Webhook")


def _version(version: Mapping[str, Any], field: str) -> Iterator[Cause]:
    if problems := metadata.is_old_label(version.get("name", "")):
        yield causes.invalid(f"{field}.name", version.get("name", ""), ",".join(problems))
    warning = version.get("deprecationWarning")
    if warning is not None and not version.get("deprecated"):
        yield causes.invalid(f"{field}.deprecationWarning", warning, "can only be set for deprecated versions")
    if warning is not None and len(warning) > 256:
        yield causes.invalid(f"{field}.deprecationWarning", warning, "must be <= 256 characters long")
    subresources = version.get("subresources") or {}
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is not None:
        yield from schemas.check(schema, f"{field}.schema.openAPIV3Schema", has_status="status" in subresources)
    if "scale" in subresources:
        yield from _scale(subresources["scale"], f"{field}.subresources.scale")
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        yield from _column(column, f"{field}.additionalPrinterColumns[{index}]")
    if version.get("selectableFields"):
        yield from _selectable(version["selectableFields"], schema or {}, f"{field}.selectableFields")


def _scale(scale: Mapping[str, str], field: str) -> Iterator[Cause]:
    for name, where in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        path = scale.get(name, "")
        if not path:
            yield causes.required(f"{field}.{name}")
        elif not path.startswith("."):
            yield causes.invalid(f"{field}.{name}", path, "must be a simple json path starting with .")
        elif not path.startswith(where):
            yield causes.invalid(f"{field}.{name}", path, f"should be a json path under {where[:-1]}")
    path = scale.get("labelSelectorPath", "")
    if path and not path.startswith("."):
        yield causes.invalid(f"{field}.labelSelectorPath", path, "must be a simple json path starting with .")
    elif path and not path.startswith((".spec.", ".status.")):
        why = "should be a json path under either .spec or .status"
        yield causes.invalid(f"{field}.labelSelectorPath", path, why)


def _column(column: Mapping[str, Any], field: str) -> Iterator[Cause]:
    if not column.get("name"):
        yield causes.required(f"{field}.name")
    kind, types = column.get("type", ""), "must be one of " + ",".join(_COLUMN_TYPES)
    if not kind:
        yield causes.required(f"{field}.type", types)
    elif kind not in _COLUMN_TYPES:
        yield causes.invalid(f"{field}.type", kind, types)
    if column.get("format") and column["format"] not in _COLUMN_FORMATS:
        yield causes.invalid(f"{field}.format", column["format"], "must be one of " + ",".join(_COLUMN_FORMATS))
    path = column.get("jsonPath", "")
    if not path:
        yield causes.required(f"{field}.JSONPath")
    elif not path.startswith("."):
        yield causes.invalid(f"{field}.JSONPath", path, "must be a simple json path starting with .")


def _selectable(fields: list[Mapping[str, Any]], schema: Schema, field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, each in enumerate(fields):
        at, path = f"{field}[{index}].jsonPath", each.get("jsonPath", "")
        if not path:
            yield causes.required(at)
            continue
        found = _schema_at(schema, path)
        if found is None:
            yield causes.invalid(at, path, "is an invalid path: does not refer to a valid field")
            continue
        if path.startswith(".metadata"):
            yield causes.invalid(at, path, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            why = "must point to a field of type string, boolean or integer. "
            yield causes.invalid(at, path, why + "Enum string fields and strings with formats are allowed.")
        if path in seen:
            yield causes.duplicate(at, path)
        seen.add(path)
    if len(seen) > _MOST_SELECTABLE:
        text = f"Too many: {len(seen)}: must have at most {_MOST_SELECTABLE} items"
        yield Cause(field, "FieldValueTooMany", text)


def _schema_at(schema: Schema, path: str) -> Schema | None:
    found: Any = schema
    for name in path.split(".")[1:]:
        found = (found.get("properties") or {}).get(name) if isinstance(found, Mapping) else None
    return found if path.startswith(".") and isinstance(found, Mapping) else None
