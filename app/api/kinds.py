"""The kinds this control plane knows: one row each.

A row is a fact sheet from Kubernetes 1.36 discovery. `runs` is False for kinds that are accepted, validated
and stored but that no loop here acts on. Internal kinds (`group` "loopscope.internal") are what a machine
knows and no API client sees: they are kept in the same store so that everything that moves leaves a trace.
"""

from __future__ import annotations

from typing import NamedTuple

from app.api.errors import NotFound

INTERNAL = "loopscope.internal"


class Kind(NamedTuple):
    kind: str
    group: str
    version: str
    plural: str
    singular: str
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    runs: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def internal(self) -> bool:
        return self.group == INTERNAL

    @property
    def resource(self) -> str:
        """As error texts name it: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_ROWS = (
    Kind("Namespace", "", "v1", "namespaces", "namespace", ("ns",), False, ("status", "finalize")),
    Kind("Node", "", "v1", "nodes", "node", ("no",), False, ("status",)),
    Kind("Pod", "", "v1", "pods", "pod", ("po",), True, ("status", "binding", "eviction", "log"), ("all",)),
    Kind("Service", "", "v1", "services", "service", ("svc",), True, ("status",), ("all",)),
    Kind("ConfigMap", "", "v1", "configmaps", "configmap", ("cm",), runs=False),
    Kind("Event", "", "v1", "events", "event", ("ev",)),
    Kind("ReplicaSet", "apps", "v1", "replicasets", "replicaset", ("rs",), True, ("status", "scale"), ("all",)),
    Kind("Deployment", "apps", "v1", "deployments", "deployment", ("deploy",), True, ("status", "scale"), ("all",)),
    Kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices", "endpointslice"),
    Kind("Lease", "coordination.k8s.io", "v1", "leases", "lease"),
    Kind("PodSandbox", INTERNAL, "v1", "podsandboxes", "podsandbox"),
    Kind("Machine", INTERNAL, "v1", "machines", "machine", (), False),
)

KINDS: dict[str, Kind] = {row.kind: row for row in _ROWS}
_BY_API_VERSION = {(row.api_version, row.kind): row for row in _ROWS}
_BY_NAME = {
    name: row
    for row in _ROWS
    if not row.internal
    for name in (row.plural, row.singular, row.kind.lower(), *row.short_names)
}


def kind_of(api_version: str, kind: str) -> Kind:
    """Raises NotFound in the words kubectl uses for a kind it cannot map."""
    row = _BY_API_VERSION.get((api_version, kind))
    if row is None or row.internal:
        raise NotFound(
            f'no matches for kind "{kind}" in version "{api_version}"',
            details={"kind": kind, "apiVersion": api_version},
        )
    return row


def lookup(name: str) -> Kind | None:
    """By plural, singular, short name or kind, in any case: `po`, `deploy`, `ReplicaSet`."""
    return _BY_NAME.get(name.lower())
