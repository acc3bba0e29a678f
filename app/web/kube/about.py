"""What the API server tells of itself: versions, groups and resources, health, and the schemas of everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from app.apimachinery.openapi import discovery, gnostic, openapi
from app.apimachinery.scheme.scheme import Scheme
from app.web.kube import accept, paths
from app.web.kube.calls import answer

DAY_S = 86_400


def page(scheme: Scheme, path: str, base: str) -> Response | None:
    """What the server tells of itself; None for addresses of objects."""
    wanted = request.headers.get("Accept", "")
    aggregated = accept.wants_aggregated(wanted)
    match path.split("/"):
        case [""]:
            return answer({"paths": list(_PATHS)})
        case ["version"]:
            return answer(discovery.version())
        case ["healthz" | "livez" | "readyz", *_]:
            return Response("ok", mimetype="text/plain")
        case ["api" | "apis"] if aggregated:
            response = answer(discovery.aggregated(scheme, f"/{path}"))
            response.headers["Content-Type"] = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
            return response
        case ["openapi", *rest]:
            return _openapi(scheme, rest, base)
    found = _discovered(scheme, path)
    if found is not None:
        accept.form(wanted, (accept.OBJECT,))
        return answer(found)
    return None


def _discovered(scheme: Scheme, path: str) -> Any:
    """A list of discovery in its classic form; None for other addresses. Raises NoSuchPage or NoSuchResource."""
    match path.split("/"):
        case ["api"]:
            return discovery.api_versions(request.host)
        case ["apis"]:
            return discovery.api_group_list(scheme)
        case ["api", version]:
            return _known(scheme, discovery.resource_list, version)
        case ["apis", group]:
            return _known(scheme, discovery.api_group, group)
        case ["apis", group, version]:
            return _known(scheme, discovery.resource_list, f"{group}/{version}")
    return None


_PATHS = ("/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version")


def _openapi(scheme: Scheme, rest: list[str], base: str) -> Response:
    match rest:
        case ["v2"] if "protobuf" in request.headers.get("Accept", ""):
            return Response(gnostic.openapi_v2_protobuf(scheme), mimetype=_OPENAPI_V2)
        case ["v2"]:
            return answer(gnostic.openapi_v2_json(scheme))
        case ["v3"]:
            return answer(openapi.openapi_v3_index(scheme, base))
        case ["v3", "api" | "apis", *parts] if parts:
            response = answer(_known(scheme, openapi.openapi_v3_json, "/".join(parts)))
            if "hash" in request.args:
                response.cache_control.public = True
                response.cache_control.max_age = DAY_S
            return response
    raise paths.NoSuchPage


_OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def _known(scheme: Scheme, describe: Callable[[Scheme, str], Any], name: str) -> Any:
    """What `describe` says of a group, or of a group and version. Raises NoSuchPage or NoSuchResource."""
    said = describe(scheme, name)
    if said is not None:
        return said
    group, slash, _ = name.partition("/")
    raise paths.NoSuchResource if slash and discovery.api_group(scheme, group) else paths.NoSuchPage
