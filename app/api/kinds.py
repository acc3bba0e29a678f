"""What a kind is: one row of facts, as Kubernetes' discovery tells them; and the word that stands for it everywhere.

Which kinds there are is asked of a cluster's scheme (app/apimachinery/scheme/scheme.py). Kubernetes' own are listed in
app/registry/kinds.py.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

INTERNAL = "loopscope.internal"
INTERNAL_V1 = f"{INTERNAL}/v1"
OWN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "metrics.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        INTERNAL,
    }
)
"""Groups whose kinds go by their plain names: those of Kubernetes itself, and what only machines know."""


def key_of(api_version: str, kind: str) -> str:
    """The word that stands for a kind in a Ref, a Watch and the store: "Deployment" for Kubernetes' own groups, for all
    others "Widget.example.com", so that two kinds of one name in two groups never meet.

    An empty `api_version` is what old references leave out. Models `schema.GroupKind.String()`."""
    return kind if api_version in OWN_VERSIONS else _group_kind(api_version, kind)


OWN_VERSIONS = frozenset({"", "v1", *(f"{group}/v1" for group in OWN_GROUPS if group)})
"""Most objects are of one of these: asked for each object that anybody looks at, so it costs one look-up."""


@lru_cache(maxsize=4096)
def _group_kind(api_version: str, kind: str) -> str:
    group = api_version.rpartition("/")[0]
    return kind if group in OWN_GROUPS else f"{kind}.{group}"


def bare_kind(key: str) -> str:
    """What people call it: "Widget"."""
    return key.partition(".")[0]


def printed(api_version: str, kind: str) -> str:
    """As kubectl prints it before the name of an object: `pod`, `deployment.apps`."""
    group = api_version.rpartition("/")[0]
    return f"{kind.lower()}.{group}" if group else kind.lower()


class Scaling(NamedTuple):
    """Where the objects of a kind with the subresource `scale` say how many there should be, and how many there are."""

    wanted: str = "spec.replicas"
    observed: str = "status.replicas"
    selector: str = ""  # of a text; "": it is in spec.selector, as a selector


class Kind(NamedTuple):
    """`runs` is False for kinds that are accepted, validated and stored but that no loop here acts on. Internal kinds
    are what a machine knows and no API client sees: they are kept in the same store so that everything that moves
    leaves a trace."""

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
    measured: bool = False  # kept by metrics-server in its own memory; clients may only look
    scaling: Scaling = Scaling()
    selectable: tuple[str, ...] = ()  # fields of a custom kind that its objects may be selected by
    deprecation: str = ""  # what every client of a version that is to go is told

    @property
    def key(self) -> str:
        """As `key_of` its objects."""
        return self.kind if self.group in OWN_GROUPS else f"{self.kind}.{self.group}"

    @property
    def is_own(self) -> bool:
        """Of Kubernetes itself (or of ours), and not a custom kind."""
        return self.group in OWN_GROUPS

    @property
    def is_local(self) -> bool:
        """Whoever writes it asks no API server."""
        return self.measured or self.group == INTERNAL

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
