"""What the client wants to get. Models apiserver `pkg/endpoints/handlers/negotiation`.

The first clause of the Accept header that we can satisfy wins. Whoever asks for YAML gets JSON, which is YAML too.
"""

from __future__ import annotations

from collections.abc import Container

from app.api import errors

OBJECT, TABLE, METADATA = "Object", "Table", "PartialObjectMetadata"
_TYPES = ("application/json", "application/yaml", "application/*", "*/*")
_FORMS = {"Table": TABLE, "PartialObjectMetadata": METADATA, "PartialObjectMetadataList": METADATA}
_OFFERED = (
    "application/json, application/yaml, application/vnd.kubernetes.protobuf, "
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
)


class NotAcceptable(errors.ApiError):
    code, reason = 406, "NotAcceptable"

    def __init__(self) -> None:
        super().__init__(f"406: Not Acceptable\n\nAvailable representations: {_OFFERED}", details={})


def form(header: str, forms: Container[str] = (OBJECT, TABLE, METADATA)) -> str:
    """The first of these forms that the client would take. Raises NotAcceptable."""
    if not header.strip():
        return OBJECT
    for media_type, options in clauses(header):
        if media_type not in _TYPES:
            continue
        if "as" not in options:
            return OBJECT
        known = options.get("g") == "meta.k8s.io" and options.get("v") in ("v1", "v1beta1")
        asked = _FORMS.get(options["as"], "")
        if known and asked in forms:
            return asked
    raise NotAcceptable


def wants_aggregated(header: str) -> bool:
    """Is aggregated discovery the first thing of ours that the client names?"""
    for media_type, options in clauses(header):
        if media_type in _TYPES:
            if "as" not in options:
                return False
            if (options.get("g"), options.get("v"), options["as"]) == (
                "apidiscovery.k8s.io",
                "v2",
                "APIGroupDiscoveryList",
            ):
                return True
    return False


def clauses(header: str) -> list[tuple[str, dict[str, str]]]:
    """`a/b;x=1, c/d` -> [("a/b", {"x": "1"}), ("c/d", {})]"""
    found = []
    for clause in header.split(","):
        media_type, *options = (part.strip() for part in clause.split(";"))
        named = (option.partition("=") for option in options)
        found.append((media_type.lower(), {name.strip(): value.strip() for name, _, value in named}))
    return found
