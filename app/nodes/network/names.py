"""Does it answer? Names and ports as a program in a pod finds them: by the cluster's DNS and through Services.

Called by the container runtime for programs that wait for something. Names of the world outside always answer. Models
coredns' plugin kubernetes (`findServices`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.api import errors
from app.api.objects import Obj, name_of, ref_of
from app.component_helpers.slices import service_of
from app.reconcile import Reader

_OUTSIDE = re.compile(r"(?:\d+\.){3}\d+|localhost|.+\.(?:com|dev|edu|gov|io|net|org)\.?")
_DOMAIN = re.compile(r"\.svc(?:\.cluster\.local\.?)?$")


def answers(address: str, namespace: str, reader: Reader) -> bool:
    """`address`: what a pod of `namespace` asks for, `db`, `db.shop` or `db-0.db:5432`."""
    host, _, port = address.partition(":")
    if _OUTSIDE.fullmatch(host):
        return True
    try:
        return any(
            _is_there(service, member, int(port or 0), reader) for service, member in _found(host, namespace, reader)
        )
    except errors.ApiError:  # out of reach, as the DNS server is then
        return False


def _found(host: str, namespace: str, reader: Reader) -> Iterator[tuple[Obj, str]]:
    """The Services that it may mean, each with the member of it that is asked for: `service`, `service.namespace`,
    `member.service` or `member.service.namespace`."""
    labels = _DOMAIN.sub("", host).split(".")
    meanings = [("", labels[0], labels[1] if len(labels) > 1 else namespace)] if len(labels) < 3 else []
    if len(labels) > 1:
        meanings.append((labels[0], labels[1], labels[2] if len(labels) > 2 else namespace))
    for member, name, where in meanings:
        for service in reader.live("Service", where):
            if name_of(service) == name:
                yield service, member


def _is_there(service: Obj, member: str, port: int, reader: Reader) -> bool:
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return True
    is_headless = spec.get("clusterIP") == "None"
    if port and not is_headless and all(each["port"] != port for each in spec.get("ports") or ()):
        return False
    if not (port or member or is_headless):
        return True
    return any(not member or endpoint.get("hostname") == member for endpoint in _endpoints(service, reader))


def _endpoints(service: Obj, reader: Reader) -> Iterator[Obj]:
    """Those that are ready."""
    for piece in reader.live("EndpointSlice", service["metadata"]["namespace"]):
        if service_of(piece) == ref_of(service):
            yield from (each for each in piece.get("endpoints") or () if (each.get("conditions") or {}).get("ready"))
