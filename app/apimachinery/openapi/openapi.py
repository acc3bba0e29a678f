"""The OpenAPI documents: what `kubectl explain`, `apply` and `create --validate` read about the kinds.

The REST face serves `openapi_v3_index` and, per group version, `openapi_v3_json`; clients older than 1.27 ask for the
one document of version 2, which `app/apimachinery/openapi/gnostic.py` writes in the form they take. All is made from
a scheme and the table of types, the descriptions (`app/apimachinery/openapi/explain.py`) included; a document is built
once per process for all clusters whose group has the same kinds.

Models kubernetes/kube-openapi `pkg/builder3` and the documents that an API server of 1.36 answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from app.api.kinds import Kind
from app.apimachinery.openapi import discovery, explain
from app.apimachinery.scheme import schema
from app.apimachinery.scheme.custom_shapes import CustomStruct
from app.apimachinery.scheme.scheme import Scheme
from app.apimachinery.scheme.shapes import Field, ListOf, MapOf, OwnStruct, SchemaOr, Shape, Struct, struct_of, table

Doc = dict[str, Any]
MakeRef = Callable[[str], Doc]  # full name of a definition -> how to refer to it

_META = "io.k8s.apimachinery.pkg"
_NAMED_SCALARS = {
    "Quantity": f"{_META}.api.resource.Quantity",
    "IntOrString": f"{_META}.util.intstr.IntOrString",
    "Time": f"{_META}.apis.meta.v1.Time",
    "MicroTime": f"{_META}.apis.meta.v1.MicroTime",
}
_LIST_META = f"{_META}.apis.meta.v1.ListMeta"
_PLAIN: dict[str, Doc] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "float64": {"type": "number", "format": "double"},
    "[]byte": {"type": "string", "format": "byte"},
    "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}
_LIST_META_SCHEMA: Doc = {
    "description": "ListMeta describes metadata that synthetic resources must have, including lists.",
    "type": "object",
    "properties": {
        "continue": {"type": "string"},
        "remainingItemCount": {"type": "integer", "format": "int64"},
        "resourceVersion": {"type": "string"},
        "selfLink": {"type": "string"},
    },
}


class Typed(NamedTuple):
    """A kind that is served, and its type."""

    row: Kind
    shape: Struct


def served(scheme: Scheme) -> tuple[Typed, ...]:
    reviews = (Typed(row, struct_of(row.api_version, row.kind)) for row in discovery.REVIEWS)
    return (*(Typed(row, scheme.definition(row.key).shape_in(row.api_version)) for row in scheme.served()), *reviews)


def openapi_v3_index(scheme: Scheme, base_path: str = "") -> Doc:
    """GET /openapi/v3: where each group version's document is. `base_path` stands before every URL: `/rooms/x/kube`.

    The hash changes with everything that a document is made of, so clients may keep it for good."""
    paths = {}
    for version in discovery.group_versions(scheme):
        url = f"{base_path}/openapi/v3/{_path(version)}?hash={document_hash(scheme, version)}"
        paths[_path(version)] = {"serverRelativeURL": url}
    return {"paths": paths}


def openapi_v3(scheme: Scheme, group_version: str) -> Doc | None:
    """GET /openapi/v3/apis/apps/v1 for "apps/v1"; None if there is no such version."""
    kinds = _kinds_of(scheme, group_version)
    return _document(kinds) if kinds else None


def openapi_v3_json(scheme: Scheme, group_version: str) -> bytes | None:
    """As `openapi_v3`, in the bytes that go over the wire."""
    kinds = _kinds_of(scheme, group_version)
    return _json(kinds) if kinds else None


def _kinds_of(scheme: Scheme, group_version: str) -> tuple[Typed, ...]:
    return tuple(each for each in served(scheme) if each.row.api_version == group_version)


def _document(kinds: Sequence[Typed]) -> Doc:
    schemas = dict(definitions(kinds, _ref_v3, _scalars_v3()))
    paths = {path: item for kind in kinds for path, item in _paths(kind, schemas)}
    info = {"title": "Kubernetes", "version": discovery.version()["gitVersion"]}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


@lru_cache(maxsize=128)
def _json(kinds: tuple[Typed, ...]) -> bytes:
    return json.dumps(_document(kinds), separators=(",", ":")).encode()


def document_hash(scheme: Scheme, group_version: str) -> str:
    """Upper-case hex. Of Kubernetes' own kinds it is that of what the document is made of, which takes no time; what
    custom kinds are made of is told by their document only."""
    kinds = _kinds_of(scheme, group_version)
    own = all(kind.row.is_own for kind in kinds)
    made_of = _ingredients() + repr([kind.row for kind in kinds]).encode() if own else _json(kinds)
    return hashlib.sha256(made_of).hexdigest().upper()


@cache
def _ingredients() -> bytes:
    """A digest of the table of types and of this program's texts."""
    digest = hashlib.sha256(json.dumps(table(), sort_keys=True).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.digest()


def _path(group_version: str) -> str:
    return f"apis/{group_version}" if "/" in group_version else f"api/{group_version}"


# ---------------------------------------------------------------------------------------------- schemas


def definitions(kinds: Iterable[Typed], ref: MakeRef, scalars: dict[str, Doc]) -> Iterator[tuple[str, Doc]]:
    """The types that these kinds are made of, by full name; and their lists."""
    roots = {kind.shape: kind.row for kind in kinds if kind.shape.go_name}
    names = {shape: kind_name(row, shape) for shape, row in roots.items()}
    yield from scalars.items()
    yield _LIST_META, _LIST_META_SCHEMA
    own = {shape: full_name(shape.go_name) for shape in _reachable(roots) if not isinstance(shape, OwnStruct)}
    for shape, name in sorted((own | names).items(), key=lambda item: item[1]):
        yield name, _definition(shape, ref) | _gvks(roots.get(shape))
    for shape, row in roots.items():
        if "list" in discovery.verbs(row):
            yield f"{names[shape]}List", _list_definition(names[shape], row, ref)


def _reachable(roots: Iterable[Struct]) -> set[Struct]:
    reached: set[Struct] = set()
    todo = list(roots)
    while todo:
        struct = todo.pop()
        if struct not in reached:
            reached.add(struct)
            insides = (_inside(field.shape) for field in struct.fields.values())
            todo += [inside for inside in insides if isinstance(inside, Struct)]
    return reached


def _inside(shape: Shape) -> Shape:
    while isinstance(shape, ListOf | MapOf):
        shape = shape.of
    return shape


def _gvks(row: Kind | None, suffix: str = "") -> Doc:
    if row is None:
        return {}
    return {"x-kubernetes-group-version-kind": [{**_gvk(row), "kind": row.kind + suffix}]}


def _gvk(row: Kind) -> Doc:
    return {"group": row.group, "kind": row.kind, "version": row.version}


@cache
def _full_names() -> dict[str, str]:
    packages = table()["packages"].items()
    return {name: f"{package}.{name.rpartition('.')[2]}" for package, names in packages for name in names.split()}


def full_name(name: str) -> str:
    """`Container` -> `io.k8s.api.core.v1.Container`."""
    return _full_names()[name]


def kind_name(row: Kind, shape: Struct) -> str:
    """`io.k8s.api.apps.v1.Deployment`; of a custom kind `com.example.v1.Widget`."""
    if not isinstance(shape, OwnStruct):
        return full_name(shape.go_name)
    return ".".join((*reversed(row.group.split(".")), row.version, row.kind))


def _definition(shape: Struct, ref: MakeRef) -> Doc:
    if isinstance(shape, CustomStruct) and shape.schema is not None:
        return _as_written(shape.schema, ref, is_object="metadata" in shape.own)
    about, descriptions = explain.about(shape)
    fields = shape.fields.values()
    properties = {field.name: _property(field, descriptions.get(field.name, ""), ref) for field in fields}
    required = [field.name for field in fields if field.required]
    return {
        **({"description": about} if about else {}),
        "type": "object",
        **({"required": required} if required else {}),
        "properties": properties,
        **({"x-kubernetes-map-type": "atomic"} if shape.is_atomic else {}),
    }


_TYPE_META: Doc = {
    "apiVersion": {
        "description": "APIVersion defines the versioned schema of this representation of an object.",
        "type": "string",
    },
    "kind": {"description": "Kind is a string value representing the REST resource.", "type": "string"},
}


def _as_written(schema: Mapping[str, Any], ref: MakeRef, *, is_object: bool = False) -> Doc:
    """A schema of a custom kind, in which objects have the metadata that all objects have."""
    written = dict(schema)
    for name in ("items", "additionalProperties"):
        if isinstance(written.get(name), Mapping):
            written[name] = _as_written(written[name], ref)
    properties = {name: _as_written(inside, ref) for name, inside in (schema.get("properties") or {}).items()}
    if is_object or schema.get("x-kubernetes-embedded-resource"):
        properties = {**_TYPE_META, **properties, "metadata": ref(full_name("ObjectMeta"))}
    return {**written, **({"properties": properties} if properties else {})}


def _list_definition(name: str, row: Kind, ref: MakeRef) -> Doc:
    properties = {
        "apiVersion": {"type": "string"},
        "items": {"type": "array", "items": ref(name)},
        "kind": {"type": "string"},
        "metadata": ref(_LIST_META),
    }
    about = f"{row.kind}List is a list of {row.kind} objects."
    return {"description": about, "type": "object", "required": ["items"], "properties": properties} | _gvks(
        row, "List"
    )


def _property(field: Field, description: str, ref: MakeRef) -> Doc:
    extensions = {**_patch_strategy(field), **_ownership(field)}
    default: Doc = {"default": {}} if "value" in field.words else {}
    said = {"description": description} if description else {}
    return {**said, **_type(field.shape, ref), **default, **extensions}


def _type(shape: Shape, ref: MakeRef) -> Doc:
    if isinstance(shape, ListOf):
        return {"type": "array", "items": _type(shape.of, ref)}
    if isinstance(shape, MapOf):
        return {"type": "object", "additionalProperties": _type(shape.of, ref)}
    if isinstance(shape, SchemaOr) or shape.go_name == "JSON":
        return {}  # of any type, as upstream: it says none
    if isinstance(shape, OwnStruct):  # written where it stands: it belongs to one kind, and has no package
        return _definition(shape, ref)
    if isinstance(shape, Struct):
        return ref(full_name(shape.go_name))
    if shape.go_name in _NAMED_SCALARS:
        return ref(_NAMED_SCALARS[shape.go_name])
    if schema.is_named_string(shape.go_name):
        values = schema.named_values(shape.go_name)
        return {"type": "string", **({"enum": sorted(values)} if values else {})}
    return dict(_PLAIN[shape.go_name])


def _patch_strategy(field: Field) -> Doc:
    """How a strategic merge patch treats the field."""
    strategy = field.list_strategy
    names = (["merge"] if strategy.strategy == "merge" else []) + (
        ["retainKeys"] if "retainKeys" in field.words else []
    )
    key = {"x-kubernetes-patch-merge-key": strategy.key} if strategy.key else {}
    return {**key, **({"x-kubernetes-patch-strategy": ",".join(names)} if names else {})}


def _ownership(field: Field) -> Doc:
    """How server-side apply treats the field."""
    if not isinstance(field.shape, ListOf):
        return {"x-kubernetes-map-type": "atomic"} if "atomic" in field.words else {}
    strategy = field.list_strategy
    if "atomic" not in field.words and strategy.keys:
        return {"x-kubernetes-list-map-keys": list(strategy.keys), "x-kubernetes-list-type": "map"}
    is_set = "set" in field.words or (strategy.strategy == "merge" and "atomic" not in field.words)
    return {"x-kubernetes-list-type": "set" if is_set else "atomic"}


# ------------------------------------------------------------------------------------------- version 3


def _ref_v3(name: str) -> Doc:
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}]}


def _scalars_v3() -> dict[str, Doc]:
    either: dict[str, Doc] = {
        "Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "IntOrString": {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
        "Time": {"type": "string", "format": "date-time"},
        "MicroTime": {"type": "string", "format": "date-time"},
    }
    return {_NAMED_SCALARS[name]: found for name, found in either.items()}


_BODY_TYPES = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
_QUERIES = {
    "list": "allowWatchBookmarks continue fieldSelector labelSelector limit resourceVersion resourceVersionMatch "
    "sendInitialEvents timeoutSeconds watch",
    "get": "",
    "post": "dryRun fieldManager fieldValidation",
    "put": "dryRun fieldManager fieldValidation",
    "patch": "dryRun fieldManager fieldValidation force",
    "delete": "dryRun gracePeriodSeconds orphanDependents propagationPolicy",
    "deletecollection": "continue dryRun fieldSelector labelSelector limit propagationPolicy",
}
_QUERY_TYPES = {
    **dict.fromkeys(("allowWatchBookmarks", "sendInitialEvents", "watch", "force", "orphanDependents"), "boolean"),
    **dict.fromkeys(("limit", "timeoutSeconds", "gracePeriodSeconds"), "integer"),
}


def operations(row: Kind) -> Iterator[tuple[str, dict[str, str]]]:
    """(path, {method: verb}) of a kind: `/apis/apps/v1/namespaces/{namespace}/deployments/{name}`."""
    base = f"/{_path(row.api_version)}"
    verbs = discovery.verbs(row)
    scoped = f"{base}/namespaces/{{namespace}}/{row.plural}" if row.namespaced else f"{base}/{row.plural}"
    whole = {"get": "list", "post": "create", "delete": "deletecollection"}
    one = {"get": "get", "put": "update", "patch": "patch", "delete": "delete"}
    if row.namespaced and "list" in verbs:
        yield f"{base}/{row.plural}", {"get": "list"}
    for path, methods in ((scoped, whole), (f"{scoped}/{{name}}", one)):
        served = {method: verb for method, verb in methods.items() if verb in verbs}
        if served:
            yield path, served


def _paths(kind: Typed, schemas: dict[str, Doc]) -> Iterator[tuple[str, Doc]]:
    row, full = kind.row, kind_name(*kind) if kind.shape.go_name else ""
    for path, methods in operations(row):
        item: Doc = {method: _operation(row, path, method, verb, full, schemas) for method, verb in methods.items()}
        parameters = [_parameter(part, "path") for part in ("name", "namespace") if f"{{{part}}}" in path]
        yield path, {**item, **({"parameters": parameters} if parameters else {})}


def _operation(row: Kind, path: str, method: str, verb: str, full: str, schemas: dict[str, Doc]) -> Doc:
    answer = f"{full}List" if verb == "list" else full
    content = {"application/json": {"schema": _ref_v3(answer)["allOf"][0]}} if answer in schemas else {}
    responses: Doc = {"200": {"description": "OK", **({"content": content} if content else {})}}
    queries = _QUERIES[verb if verb in _QUERIES else method].split()
    return {
        "tags": [f"{row.group.partition('.')[0] or 'core'}_{row.version}"],
        "operationId": operation_id(row, verb, path),
        **({"parameters": [_parameter(query, "query") for query in queries]} if queries else {}),
        **_request_body(method, full, schemas),
        "responses": responses,
        "x-kubernetes-action": verb,
        "x-kubernetes-group-version-kind": _gvk(row),
    }


def _request_body(method: str, full: str, schemas: dict[str, Doc]) -> Doc:
    if method not in ("post", "put", "patch"):
        return {}
    body = {"type": "object"} if method == "patch" or full not in schemas else _ref_v3(full)["allOf"][0]
    types = _PATCH_TYPES if method == "patch" else _BODY_TYPES
    return {"requestBody": {"required": True, "content": {each: {"schema": body} for each in types}}}


def operation_id(row: Kind, verb: str, path: str) -> str:
    """`patchAppsV1NamespacedDeployment`, `listAppsV1DeploymentForAllNamespaces`."""
    said = {"get": "read", "update": "replace"}.get(verb, verb)
    group = (row.group.partition(".")[0] or "core").capitalize()
    in_namespace = "{namespace}" in path
    everywhere = row.namespaced and not in_namespace
    scope, end = "Namespaced" if in_namespace else "", "ForAllNamespaces" if everywhere else ""
    return f"{said}{group}{row.version.capitalize()}{scope}{row.kind}{end}"


def _parameter(name: str, place: str) -> Doc:
    kind = {"type": _QUERY_TYPES.get(name, "string")}
    return {"name": name, "in": place, **({"required": True} if place == "path" else {}), "schema": kind}


def query_parameters(verb: str, method: str) -> list[tuple[str, str]]:
    """(name, type) of what may be asked of an operation."""
    names = _QUERIES[verb if verb in _QUERIES else method].split()
    return [(name, _QUERY_TYPES.get(name, "string")) for name in names]
