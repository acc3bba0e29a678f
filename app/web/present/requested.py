"""CPU that the pods of each node ask for: counted once, and then kept up to date by what changes.

The board asks for it, `room` asks at every frame. A walk over thousands of pods each time would take a third of what a
frame may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from weakref import WeakKeyDictionary

from app.api import errors
from app.api.breath import breathing
from app.api.objects import Obj, Ref
from app.component_helpers import pods
from app.look import Look


def requested_cpu(cluster: Look) -> Mapping[str, int]:
    """Millicores by the name of the node, as of now."""
    tally = _tallies.get(cluster)
    if tally is None:
        tally = _tallies[cluster] = Tally()
    tally.follow(cluster)
    return tally.milli


def moved(before: Mapping[Ref, Obj | None], after: Mapping[Ref, Obj | None]) -> Mapping[str, int]:
    """How many millicores more the pods of a node ask for than before; 0 where one took the place of another."""
    milli: dict[str, int] = {}
    for ref, obj in after.items():
        if ref.kind == "Pod":
            _count(milli, ((before.get(ref), -1), (obj, 1)))
    return milli


class Tally:
    """The sums as of `revision`, the only state: whoever asks gets what a walk over all pods would say."""

    def __init__(self) -> None:
        self.revision = -1
        self.milli: dict[str, int] = {}

    def follow(self, cluster: Look) -> None:
        try:
            # What lies in the future of what is looked at cannot be undone: a look at the past counts anew.
            changes = cluster.changes_since(self.revision) if 0 <= self.revision <= cluster.revision else None
        except errors.Gone:
            changes = None
        if changes is None:
            self.milli.clear()
            _count(self.milli, ((pod, 1) for pod in breathing(cluster.objects("Pod"))))
        for change in changes or ():
            if change.ref.kind == "Pod" and change.revision <= cluster.revision:
                _count(self.milli, ((change.old, -1), (change.new, 1)))
        self.revision = cluster.revision


def _count(milli: dict[str, int], counted: Iterable[tuple[Obj | None, int]]) -> None:
    for pod, sign in counted:
        if pod is not None and (name := pods.node_name(pod)) and not pods.is_terminal(pod):
            milli[name] = milli.get(name, 0) + sign * pods.requests(pod)[0]


_tallies: WeakKeyDictionary[Look, Tally] = WeakKeyDictionary()
