"""The port through which scenarios and the web see a cluster: typed, and read-only.

`present` draws whatever stands behind it. A live cluster does (app/cluster/cluster.py); a recording may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from app.api.objects import Obj, Ref
from app.apiserver.store import Change
from app.engine.trace import ActorState, Trace


class Look(Protocol):
    """A cluster as it is at one moment. Times are Unix milliseconds of virtual time."""

    @property
    def epoch_ms(self) -> int:
        """When it began."""

    @property
    def now_ms(self) -> int: ...

    @property
    def revision(self) -> int:
        """Of the store: the number of its newest change."""

    @property
    def trace(self) -> Trace: ...

    @property
    def actors(self) -> Mapping[str, ActorState]:
        """Every loop that there is, by actor."""

    @property
    def applied(self) -> Sequence[str]:
        """The manifests that people applied, oldest first, as they wrote them."""

    @property
    def latencies(self) -> str:
        """The name of the preset that is in force."""

    @property
    def quiet(self) -> bool:
        """Nothing is left to do but heartbeats."""

    @property
    def api_down(self) -> bool: ...

    @property
    def under_load(self) -> bool:
        """Somebody sends requests to a Service."""

    def awaited_ms(self) -> int | None:
        """When one of the loops that act at a time of their own acts next; None: none of them will."""

    def get(self, ref: Ref) -> Obj | None: ...

    def objects(self, kind: str, namespace: str | None = None) -> list[Obj]:
        """In order of namespace and name; None: of every namespace."""

    def count(self, kind: str) -> int: ...

    def kinds(self) -> Sequence[str]:
        """Kinds that have at least one object."""

    def changes_since(self, revision: int) -> Sequence[Change]:
        """Changes with a greater revision, oldest first. Raises Gone if they are not all known any more."""

    def as_of(self, revision: int) -> Mapping[Ref, Obj]:
        """Every object as it was at `revision`. Raises Gone if that is too long ago."""
