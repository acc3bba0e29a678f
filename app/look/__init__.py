"""The port through which scenarios and the web see a cluster: typed, and read-only.

`present` draws whatever stands behind it: a live cluster (app/cluster/cluster.py), a moment of its past, or a recorded
run (app/look/recording.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from app.api.messages import Voice
from app.api.objects import Obj, Ref
from app.apimachinery.scheme.scheme import Scheme
from app.apiserver.store import Change
from app.engine.trace import ActorState, Alert, Call, Trace


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
    def known_from(self) -> int:
        """The oldest revision that is still known."""

    @property
    def scheme(self) -> Scheme:
        """Which kinds there are, and what is known of each."""

    @property
    def trace(self) -> Trace: ...

    @property
    def actors(self) -> Mapping[str, ActorState]:
        """Every loop that there is, by actor."""

    @property
    def voices(self) -> Mapping[str, Voice]:
        """How each loop speaks of itself, by its name without the machine; those of machines even if there is none."""

    @property
    def applied(self) -> Sequence[str]:
        """The manifests that people applied, oldest first, as they wrote them."""

    @property
    def latencies(self) -> str:
        """The name of the preset that is in force."""

    @property
    def at_rest(self) -> bool:
        """Nothing is left to do but heartbeats, and no loop has set itself a time to act.

        Of a moment of the past: nothing came of it any more that a person would follow, unless somebody did something.
        """

    @property
    def alerts(self) -> Sequence[Alert]:
        """What is left undone now, for people who are on call."""

    @property
    def calls(self) -> Sequence[Call]:
        """How often somebody was called, the newest last, and how it went. Of a moment of the past one that was over
        may go on in the next."""

    @property
    def api_down(self) -> bool: ...

    def get(self, ref: Ref) -> Obj | None: ...

    def objects(self, kind: str, namespace: str | None = None) -> list[Obj]:
        """In order of namespace and name; None: of every namespace."""

    def count(self, kind: str) -> int: ...

    def kinds(self) -> Sequence[str]:
        """Kinds that have at least one object, in no particular order."""

    def changes_since(self, revision: int) -> Sequence[Change]:
        """Changes with a greater revision, oldest first. Raises Gone if they are not all known any more."""

    def as_of(self, revision: int) -> Mapping[Ref, Obj]:
        """Every object as it was at `revision`. Raises Gone if that is too long ago."""

    def at(self, step: int) -> Look:
        """The cluster as it was right after that step, which is the newest then.

        Raises NotFound for a step that there is not, and Gone for one that is too long ago."""
