"""Which object, collection or subresource an address means. Models apiserver `pkg/endpoints/request/requestinfo.go`."""

from __future__ import annotations

from typing import NamedTuple

from app.api import errors
from app.api.kinds import Kind
from app.api.objects import Ref
from app.apimachinery.scheme.scheme import Scheme

OF_PODS = ("exec", "attach", "portforward", "proxy")  # answered or refused by name, whatever discovery lists


class Target(NamedTuple):
    """`kind` is in the version of the address. `namespace` is "" for every namespace, and for kinds that have none;
    `name` "" for a collection."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    older_version: str = ""  # the apiVersion of the address, where it is not the one that is stored
    watched: bool = False  # an address of old, `/api/v1/watch/...`: what is there is not listed but watched

    @property
    def ref(self) -> Ref:
        return Ref(self.kind.key, self.namespace, self.name)


class NoSuchResource(errors.NotFound):
    """404 as a Status: the group and version are known, the resource is not."""

    def __init__(self) -> None:
        super().__init__("the server could not find the requested resource", details={})


class NoSuchPage(Exception):
    """404 in plain text: no API group has this address."""


def parse(scheme: Scheme, path: str) -> Target:
    """`apis/apps/v1/namespaces/default/deployments/web/scale`. Raises NoSuchResource or NoSuchPage."""
    parts = path.strip("/").split("/")
    root, *rest = parts
    if root == "api" and len(rest) >= 2:
        group, version, rest = "", rest[0], rest[1:]
    elif root == "apis" and len(rest) >= 3:
        group, version, rest = rest[0], rest[1], rest[2:]
    else:
        raise NoSuchPage
    if not any(kind.group == group for kind in scheme.served()):
        raise NoSuchPage
    watched = rest[0] == "watch" and len(rest) > 1
    rest = rest[1:] if watched else rest
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource, *beyond = (*rest, "", "")
    kind = scheme.resource(group, version, plural)
    if kind is None:
        raise NoSuchResource
    named = bool(name)
    fits = kind.namespaced if namespace else not (kind.namespaced and named)
    if not fits or any(beyond) or (subresource and (watched or not _has(kind, subresource))):
        raise NoSuchResource
    is_stored = scheme.kind(kind.key).api_version == kind.api_version
    return Target(kind, namespace, name, subresource, "" if is_stored else kind.api_version, watched)


def _has(kind: Kind, subresource: str) -> bool:
    return subresource in kind.subresources or (kind.key == "Pod" and subresource in OF_PODS)
