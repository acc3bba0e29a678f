"""OpenAPI version 2, for clients older than OpenAPI 3: one document of everything, as JSON or as protobuf.

The REST face serves it for `/openapi/v2`. kubectl asks for it only as a gnostic `Document` in protobuf and takes
nothing else: 1.20 reads it for `explain` and `--validate`, later ones for a custom kind's merge keys. The document
comes from the same tables as version 3 (`app/apimachinery/openapi/openapi.py`); the field numbers here are those of
google/gnostic `openapiv2/OpenAPIv2.proto`. Clusters with the same kinds share one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from app.apimachinery.openapi import discovery, openapi
from app.apimachinery.openapi.openapi import Doc, Typed
from app.apimachinery.scheme.scheme import Scheme


def openapi_v2(scheme: Scheme) -> Doc:
    """The document as JSON has it (`swagger: "2.0"`)."""
    return _document(openapi.served(scheme))


def openapi_v2_json(scheme: Scheme) -> bytes:
    return _json(openapi.served(scheme))


def openapi_v2_protobuf(scheme: Scheme) -> bytes:
    """The same as a gnostic `Document`."""
    return _protobuf(openapi.served(scheme))


def _document(kinds: tuple[Typed, ...]) -> Doc:
    definitions = dict(openapi.definitions(kinds, _ref, _scalars()))
    paths: dict[str, Doc] = {}
    for row, _ in kinds:
        for path, methods in openapi.operations(row):
            paths[path] = {
                method: {
                    "operationId": openapi.operation_id(row, verb, path),
                    "parameters": [
                        {"name": name, "in": "query", "type": kind, "uniqueItems": True}
                        for name, kind in openapi.query_parameters(verb, method)
                    ],
                    "responses": {"200": {"description": "OK"}},
                    "x-kubernetes-action": verb,
                    "x-kubernetes-group-version-kind": {"group": row.group, "kind": row.kind, "version": row.version},
                }
                for method, verb in methods.items()
            }
    info = {"title": "Kubernetes", "version": discovery.version()["gitVersion"]}
    return {"swagger": "2.0", "info": info, "paths": paths, "definitions": definitions}


@lru_cache(maxsize=4)  # large, and asked for by old clients only
def _json(kinds: tuple[Typed, ...]) -> bytes:
    return json.dumps(_document(kinds), separators=(",", ":")).encode()


@lru_cache(maxsize=4)
def _protobuf(kinds: tuple[Typed, ...]) -> bytes:
    document = _document(kinds)
    info = _text(1, document["info"]["title"]) + _text(2, document["info"]["version"])
    paths = b"".join(_field(2, _named(path, _path_item(item))) for path, item in document["paths"].items())
    schemas = b"".join(_field(1, _named(name, _schema(found))) for name, found in document["definitions"].items())
    return _text(1, document["swagger"]) + _field(2, info) + _field(8, paths) + _field(9, schemas)


def _ref(name: str) -> Doc:
    return {"$ref": f"#/definitions/{name}"}


def _scalars() -> dict[str, Doc]:
    """Version 2 has no "either": a quantity is a string, and int-or-string a format of strings."""
    meta = "io.k8s.apimachinery.pkg"
    return {
        f"{meta}.api.resource.Quantity": {"type": "string"},
        f"{meta}.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
        f"{meta}.apis.meta.v1.Time": {"type": "string", "format": "date-time"},
        f"{meta}.apis.meta.v1.MicroTime": {"type": "string", "format": "date-time"},
    }


# ------------------------------------------------------------------------------------------- messages

_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}


def _path_item(item: Doc) -> bytes:
    return b"".join(_field(_METHODS[method], _operation(operation)) for method, operation in item.items())


def _operation(operation: Doc) -> bytes:
    responses = _field(1, _named("200", _field(1, _text(1, "OK"))))
    parameters = (_field(8, _query_parameter(each)) for each in operation["parameters"])
    return b"".join((_text(5, operation["operationId"]), *parameters, _field(9, responses), _extensions(13, operation)))


def _query_parameter(parameter: Doc) -> bytes:
    """ParametersItem{Parameter{NonBodyParameter{QueryParameterSubSchema}}}."""
    query = _text(2, "query") + _text(4, parameter["name"]) + _text(6, parameter["type"])
    return _field(1, _field(2, _field(3, query)))


def _schema(schema: Doc) -> bytes:
    parts = [_text(1, schema.get("$ref")), _text(2, schema.get("format")), _text(4, schema.get("description"))]
    if "default" in schema:
        parts.append(_field(5, _any(schema["default"])))
    parts += [_text(19, name) for name in schema.get("required", ())]
    parts += [_field(20, _any(value)) for value in schema.get("enum", ())]
    if isinstance(schema.get("additionalProperties"), dict):
        parts.append(_field(21, _field(1, _schema(schema["additionalProperties"]))))
    if "type" in schema:
        parts.append(_field(22, _text(1, schema["type"])))
    if isinstance(schema.get("items"), dict):
        parts.append(_field(23, _field(1, _schema(schema["items"]))))
    if "properties" in schema:
        named = (_field(1, _named(name, _schema(found))) for name, found in schema["properties"].items())
        parts.append(_field(25, b"".join(named)))
    return b"".join((*parts, _extensions(31, schema)))


def _extensions(number: int, doc: Doc) -> bytes:
    found: Iterable[tuple[str, Any]] = ((name, value) for name, value in doc.items() if name.startswith("x-"))
    return b"".join(_field(number, _named(name, _any(value))) for name, value in found)


def _any(value: Any) -> bytes:
    """Any other value is YAML text; JSON is YAML."""
    return _text(2, json.dumps(value) + "\n")


def _named(name: str, value: bytes) -> bytes:
    return _text(1, name) + _field(2, value)


# ----------------------------------------------------------------------------------------------- wire


def _text(number: int, text: str | None) -> bytes:
    return _field(number, text.encode()) if text else b""


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
