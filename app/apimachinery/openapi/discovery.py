"""Discovery: which groups, versions and resources the API serves, in both forms that clients ask for.

The REST face calls these for `/version`, `/api`, `/apis` and what lies below. kubectl takes the aggregated form (two
requests for everything); kopf, kr8s, lightkube and the Python client read the classic lists. All is derived from the
rows of a cluster's scheme: a kind that is registered there is served here.

Models kubernetes/apiserver `pkg/endpoints/discovery`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.api.kinds import Kind
from app.apimachinery.scheme.scheme import Scheme

Doc = dict[str, Any]

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
STATUS_VERBS = ("get", "patch", "update")

# Asked by a POST and answered at once, never stored: they have no row among the kinds.
REVIEWS = tuple(
    Kind(name, f"{group}.k8s.io", "v1", f"{name.lower()}s", name.lower(), namespaced=name.startswith("Local"))
    for group, names in (
        ("authentication", ("SelfSubjectReview", "TokenReview")),
        (
            "authorization",
            ("LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"),
        ),
    )
    for name in names
)
_REVIEWS = {row.key for row in REVIEWS}

# Groups in the order of their priority, which decides between resources of one name; others follow by name.
_GROUPS = (
    "",
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
)


class Subresource(NamedTuple):
    """What a subresource takes or answers. `kind` is "" for the kind of the resource itself."""

    kind: str = ""
    verbs: tuple[str, ...] = STATUS_VERBS
    group: str = ""
    version: str = ""


_PROXY_VERBS = ("create", "delete", "get", "patch", "update")
_SUBRESOURCES = {
    "scale": Subresource("Scale", STATUS_VERBS, "autoscaling", "v1"),
    "eviction": Subresource("Eviction", ("create",), "policy", "v1"),
    "token": Subresource("TokenRequest", ("create",), "authentication.k8s.io", "v1"),
    "binding": Subresource("Binding", ("create",)),
    "finalize": Subresource(verbs=("update",)),
    "log": Subresource(verbs=("get",)),
    "exec": Subresource("PodExecOptions", ("create", "get")),
    "attach": Subresource("PodAttachOptions", ("create", "get")),
    "portforward": Subresource("PodPortForwardOptions", ("create", "get")),
    "proxy": Subresource(verbs=_PROXY_VERBS),
}


def version() -> Doc:
    """GET /version. `gitVersion` must parse as a semantic version: kubectl compares it with its own."""
    return {
        "major": "1",
        "minor": "36",
        "emulationMajor": "1",
        "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35",
        "gitVersion": "v1.36.2",
        "gitCommit": "loopscope",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "python",
        "platform": "linux/amd64",
    }


# ---------------------------------------------------------------------------------------------- classic


def api_versions(server_address: str = "") -> Doc:
    """GET /api. `server_address` is `host:port` as clients reach it."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def api_group_list(scheme: Scheme) -> Doc:
    """GET /apis."""
    groups = [_group(scheme, group) for group in _groups(scheme) if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(scheme: Scheme, group: str) -> Doc | None:
    """GET /apis/GROUP; None if there is no such group."""
    if not group or group not in _groups(scheme):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(scheme, group)}


def resource_list(scheme: Scheme, group_version: str) -> Doc | None:
    """GET /api/v1 and /apis/GROUP/VERSION; None if there is no such version."""
    rows = _rows(scheme, group_version)
    if not rows:
        return None
    resources = [resource for row in rows for resource in _classic(scheme, row)]
    listed = {"groupVersion": group_version, "resources": resources}
    # The core group is older than the field.
    return {"kind": "APIResourceList", **({"apiVersion": "v1"} if "/" in group_version else {}), **listed}


def group_versions(scheme: Scheme) -> list[str]:
    """`v1`, `apps/v1`, ...: everything that is served, in order of priority."""
    return [_group_version(group, each) for group in _groups(scheme) for each in _versions(scheme, group)]


def _group(scheme: Scheme, group: str) -> Doc:
    versions = [{"groupVersion": f"{group}/{each}", "version": each} for each in _versions(scheme, group)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _classic(scheme: Scheme, row: Kind) -> Iterable[Doc]:
    yield {
        "name": row.plural,
        "singularName": row.singular,
        "namespaced": row.namespaced,
        "kind": row.kind,
        "verbs": list(verbs(row)),
        **_names(row),
        **({} if row.key in _REVIEWS else {"storageVersionHash": _storage_version_hash(scheme.kind(row.key))}),
    }
    for name, subresource in _subresources(row):
        elsewhere = {"group": subresource.group, "version": subresource.version} if subresource.group else {}
        yield {
            "name": f"{row.plural}/{name}",
            "singularName": "",
            "namespaced": row.namespaced,
            **elsewhere,
            "kind": subresource.kind,
            "verbs": list(subresource.verbs),
        }


def _storage_version_hash(stored: Kind) -> str:
    """Of the version that is stored, whichever is asked for; etcd holds an older one of definitions of kinds."""
    version = "v1beta1" if stored.key == "CustomResourceDefinition" else stored.version
    digest = hashlib.sha256(f"{stored.group}/{version}/{stored.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


# ------------------------------------------------------------------------------------------- aggregated


def aggregated(scheme: Scheme, path: str) -> Doc:
    """GET /api or /apis, asked as APIGroupDiscoveryList of apidiscovery.k8s.io/v2."""
    groups = [group for group in _groups(scheme) if bool(group) == (path.strip("/") == "apis")]
    items = [
        {
            "metadata": {"name": group} if group else {},
            "versions": [_discovered_version(scheme, group, each) for each in _versions(scheme, group)],
        }
        for group in groups
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _discovered_version(scheme: Scheme, group: str, version: str) -> Doc:
    resources = [_discovered(row) for row in _rows(scheme, _group_version(group, version))]
    return {"version": version, "resources": resources, "freshness": "Current"}


def _discovered(row: Kind) -> Doc:
    subresources = [
        {
            "subresource": name,
            "responseKind": _response_kind(subresource.kind, subresource.group, subresource.version),
            "verbs": list(subresource.verbs),
        }
        for name, subresource in _subresources(row)
    ]
    return {
        "resource": row.plural,
        "responseKind": _response_kind(row.kind),
        "scope": "Namespaced" if row.namespaced else "Cluster",
        "singularResource": row.singular,
        "verbs": list(verbs(row)),
        **_names(row),
        **({"subresources": subresources} if subresources else {}),
    }


def _response_kind(kind: str, group: str = "", version: str = "") -> Doc:
    """An empty group and version are those of the resource."""
    return {"group": group, "version": version, "kind": kind}


# ------------------------------------------------------------------------------------------------- rows


def served(scheme: Scheme) -> list[Kind]:
    """What clients see, that which has no objects included."""
    return [*scheme.served(), *REVIEWS]


def _groups(scheme: Scheme) -> list[str]:
    ranks = {group: rank for rank, group in enumerate(_GROUPS)}
    return sorted({row.group for row in served(scheme)}, key=lambda group: (ranks.get(group, len(ranks)), group))


def _versions(scheme: Scheme, group: str) -> list[str]:
    """The later a stable version, the more it is preferred: v10, v2, v1, then v1beta1; others by name."""
    return sorted({row.version for row in served(scheme) if row.group == group}, key=_preference)


def _preference(version: str) -> tuple[Any, ...]:
    """Models apimachinery `pkg/version` (CompareKubeAwareVersionStrings)."""
    found = re.fullmatch(r"v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?", version)
    if found is None:
        return 1, 0, 0, 0, version
    stage = ("beta", "alpha").index(found[2]) + 1 if found[2] else 0
    return 0, stage, -int(found[1]), -int(found[3] or 0), version


def _rows(scheme: Scheme, group_version: str) -> list[Kind]:
    return sorted((row for row in served(scheme) if row.api_version == group_version), key=lambda row: row.plural)


def _group_version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version


def verbs(row: Kind) -> tuple[str, ...]:
    if row.key in _REVIEWS:
        return ("create",)
    if row.measured:
        return ("get", "list")
    # All namespaces at once cannot be deleted.
    return tuple(verb for verb in VERBS if row.key != "Namespace" or verb != "deletecollection")


def _names(row: Kind) -> Doc:
    short = {"shortNames": list(row.short_names)} if row.short_names else {}
    return {**short, **({"categories": list(row.categories)} if row.categories else {})}


def _subresources(row: Kind) -> list[tuple[str, Subresource]]:
    found = []
    for name in sorted(row.subresources):
        subresource = _SUBRESOURCES.get(name, Subresource())
        kind = f"{row.kind}ProxyOptions" if name == "proxy" else subresource.kind or row.kind
        found.append((name, subresource._replace(kind=kind)))
    return found
