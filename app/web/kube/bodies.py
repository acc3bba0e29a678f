"""What a client sent, as an object: JSON, YAML or protobuf, of the kind that its address names.

A missing Content-Type is JSON (kubectl scale, the Python client). kubectl 1.32 and newer sends protobuf for typed
commands such as `create deployment` and does not fall back. Models apiserver `pkg/endpoints/handlers/create.go` and
`pkg/runtime/serializer`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from app.api import errors, go_json
from app.api.kinds import Kind
from app.api.objects import Obj
from app.apimachinery import yamltext
from app.apimachinery.scheme import protobuf, scalars, schema
from app.apimachinery.scheme.scheme import Scheme

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
STRICT, WARN = "Strict", "Warn"
_LINE = "line "  # begins what YAML says twice
_SHOWN = 30  # bytes of a body that an error repeats
_SCHEME = 'in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'


class Decoded(NamedTuple):
    obj: Obj
    warnings: tuple[str, ...] = ()


def decoded(scheme: Scheme, data: bytes, content_type: str, kind: Kind, validation: str = WARN) -> Decoded:
    """The object of a POST or PUT. Raises UnsupportedMediaType, or BadRequest in Kubernetes' words."""
    document, twice = parsed(data, content_type, kind.kind)
    document = _of_kind(scheme, document, kind)
    obj, unknown = scheme.decode_with_warnings(document)
    if not kind.is_own:
        unknown = tuple(sorted(unknown))
    elif twice and not twice[0].startswith(_LINE):
        twice, unknown = _slips(data, unknown), ()
    if (twice or unknown) and validation == STRICT:
        said = ", ".join((*_at_once(twice), *unknown))
        raise schema.DecodingError(_cannot(kind.kind, kind, f"strict decoding error: {said}"))
    return Decoded(obj, (*twice, *unknown) if validation == WARN else ())


def patch_of(data: bytes, validation: str) -> Decoded:
    """The body of a server-side apply, which is YAML. Raises BadRequest."""
    document, twice = parsed(data, YAML, "Patch")
    if twice and validation == STRICT:
        raise errors.BadRequest("error strict decoding YAML: " + ", ".join(_at_once(twice)))
    return Decoded(document, twice if validation == WARN else ())


def _at_once(twice: tuple[str, ...]) -> tuple[str, ...]:
    """What YAML says twice is one error with a line for each, what JSON says twice is one each."""
    if twice and twice[0].startswith(_LINE):
        return ("yaml: unmarshal errors:" + "".join(f"\n  {each}" for each in twice),)
    return twice


def parsed(data: bytes, content_type: str, kind: str) -> tuple[Any, tuple[str, ...]]:
    """The document, and what was said twice in it. `kind` is for the error."""
    media_type = content_type.partition(";")[0].strip().lower() or JSON
    if media_type == PROTOBUF:
        return protobuf.decode(data), ()
    if media_type not in (JSON, YAML):
        raise errors.UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            f"{JSON}, {YAML}, {PROTOBUF}"
        )
    try:
        return _yaml(data) if media_type == YAML else _json(data)
    except _Unreadable as error:
        raise errors.BadRequest(
            f"the object provided is unrecognized (must be of type {kind}): {error} ({_summary(data)})"
        ) from None


def _of_kind(scheme: Scheme, document: Any, kind: Kind) -> dict[str, Any]:
    """The document with the kind and version of its address, where it leaves them out. Raises BadRequest."""
    if not isinstance(document, dict):
        schema.type_meta(document)
    name = document.get("kind") or kind.kind
    api_version = document.get("apiVersion") or kind.api_version
    if (name, api_version) != (kind.kind, kind.api_version):
        schema.type_meta({**document, "kind": name, "apiVersion": api_version})
        other = next((row for row in scheme.served() if (row.kind, row.api_version) == (name, api_version)), None)
        if other is None:
            why = f'no kind "{name}" is registered for version "{api_version}" {_SCHEME}'
        elif (name, other.group) == (kind.kind, kind.group):
            raise errors.BadRequest(
                f"the API version in the data ({api_version}) does not match the expected API version "
                f"({kind.api_version})"
            )
        else:
            group = kind.group.partition(".")[0] or "core"
            why = f"converting ({other.version}.{name}) to ({group}.{kind.kind}): unknown conversion"
        raise errors.BadRequest(_cannot(name, kind, why))
    return {**document, "kind": name, "apiVersion": api_version}


def _cannot(given: str, kind: Kind, why: str) -> str:
    return f'{given} in version "{kind.version}" cannot be handled as a {kind.kind}: {why}'


def _summary(data: bytes) -> str:
    """Of JSON the text, of all else the bytes: as much as helps to recognise it."""
    if not data:
        return "<empty>"
    start, more = data[:_SHOWN], " ..." if len(data) > _SHOWN else ""
    return (start.decode("utf-8", "replace") if data.startswith(b"{") else start.hex()) + more


# ---------------------------------------------------------------------------------------------------- texts


class _Unreadable(Exception):
    """Neither JSON nor YAML; the sentence is Go's."""


def read_json(data: bytes) -> tuple[Any, tuple[str, ...]]:
    """As `parsed`. Raises ValueError or RecursionError for what is no JSON."""
    repeats = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        found = dict(items)
        repeats = repeats or len(found) < len(items)
        return found

    document = json.loads(data.decode(), object_pairs_hook=pairs, parse_constant=_no_constant)
    document = scalars.cleaned(document) if _SURROGATE.search(data) else document
    return document, _slips(data) if repeats else ()


def _json(data: bytes) -> tuple[Any, tuple[str, ...]]:
    try:
        return read_json(data)
    except json.JSONDecodeError as error:
        raise _Unreadable(f"couldn't get version/kind; json parse error: {go_json.complaint(error)}") from None
    except (ValueError, RecursionError) as error:
        raise _Unreadable(f"couldn't get version/kind; json parse error: {error}") from None


class _Pairs(tuple[tuple[str, Any], ...]):
    """An object of JSON as it was written."""


def _slips(data: bytes, unknown: Collection[str] = ()) -> tuple[str, ...]:
    """Fields that an object has twice, and these that are not known, each once and in the order of the text."""
    return tuple(dict.fromkeys(_slips_in(json.loads(data, object_pairs_hook=_Pairs), "", unknown)))


def _slips_in(value: Any, path: str, unknown: Collection[str]) -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _slips_in(item, f"{path}[{index}]", unknown)
    if not isinstance(value, _Pairs):
        return
    seen: set[str] = set()
    for name, item in value:
        at = f"{path}.{scalars.clean(name)}" if path else scalars.clean(name)
        if (slip := f'unknown field "{at}"') in unknown:
            yield slip
            continue
        if name in seen:
            yield f'duplicate field "{at}"'
        seen.add(name)
        yield from _slips_in(item, at, unknown)


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _no_constant(name: str) -> None:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


def _yaml(data: bytes) -> tuple[Any, tuple[str, ...]]:
    twice: list[str] = []
    try:
        documents = list(yamltext.read(data.decode(), twice))
    except UnicodeDecodeError:
        raise _Unreadable("yaml: invalid leading UTF-8 octet") from None
    except yamltext.ManifestTooLarge:
        raise
    except yamltext.ManifestError as error:
        raise _Unreadable(error.message.removeprefix("error converting YAML to JSON: ")) from None
    return _sorted(documents[0].value if documents else None), tuple(twice)


def _sorted(value: Any) -> Any:
    """On its way from YAML to JSON a map loses its order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
