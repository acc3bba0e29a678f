"""The store: every object, one revision counter, and the log of changes that watches read.

Values are shared, never copied: the log, the caches and the current state point at the same dicts. A watch is a
position in the log; whoever falls behind the log's beginning gets 410 Gone and must list again, as in etcd.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import errors, limits
from app.api.breath import breathing
from app.api.history import History
from app.api.objects import Obj, Ref, ref_of
from app.api.parts import Part

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"
_PIECE = 200  # objects that are forgotten at once


class Change(NamedTuple):
    """One write. `old` is None for ADDED, `new` is None for DELETED."""

    revision: int
    type: str
    ref: Ref
    old: Obj | None
    new: Obj | None

    @property
    def obj(self) -> Obj:
        """The object after the change; of a deletion, its last state."""
        obj = self.new if self.new is not None else self.old
        assert obj is not None
        return obj


class Written(NamedTuple):
    """What a verb of the API server did: the object as it is now, and every change that this took."""

    obj: Obj
    changes: tuple[Change, ...]  # empty: nothing changed
    warnings: tuple[str, ...] = ()  # for the client's Warning headers

    @property
    def ref(self) -> Ref:
        return ref_of(self.obj)

    @property
    def code(self) -> int:
        """Of HTTP: 201 if something was created."""
        return 201 if any(change.type == ADDED for change in self.changes) else 200


def without(state: Mapping[Ref, Obj], later: Sequence[Change]) -> dict[Ref, Obj]:
    """The objects as they were before these changes, which are the newest."""
    before = dict(state)
    for change in breathing(reversed(later)):
        if change.old is None:
            before.pop(change.ref, None)
        else:
            before[change.ref] = change.old
    return before


class Store(Part):
    """`object_limit` counts every object but Events, whose number the event recorder bounds."""

    STATE = ("_count", "object_limit", "revision")

    def __init__(self, log_limit: int = limits.CHANGES_KEPT, object_limit: int = limits.OBJECTS) -> None:
        self.revision = 0
        self.object_limit = object_limit
        self._kinds: dict[str, dict[tuple[str, str], Obj]] = {}
        self._names: dict[str, list[tuple[str, str]]] = {}  # of each kind that was listed, in order
        self._listed: dict[str, list[Obj]] = {}  # as last listed; what changed since is listed anew
        self._on_node: dict[str, set[tuple[str, str]]] = {}  # the pods that are bound to each, as an API server's index
        self.log: History[Change] = History(log_limit)  # one revision is one change: that of revision 1 is number 0
        self._count = 0
        self.listeners: list[Callable[[Change], None]] = []

    # reading

    def get(self, ref: Ref) -> Obj | None:
        return self._kinds.get(ref.kind, {}).get((ref.namespace, ref.name))

    def objects(self, kind: str, namespace: str | None = None) -> list[Obj]:
        """In order of namespace and name, as a real LIST."""
        if kind not in self._listed:
            items = self._kinds.get(kind, {})
            names = self._names[kind] = self._names.get(kind) or sorted(items)
            self._listed[kind] = [items[name] for name in names]
        if namespace is None:
            return list(self._listed[kind])
        names = self._names[kind]
        first, end = bisect.bisect_left(names, (namespace, "")), bisect.bisect_left(names, (f"{namespace}\0", ""))
        return self._listed[kind][first:end]

    def pods_on(self, node: str) -> list[Obj]:
        """The pods that are bound to it, in order of namespace and name."""
        return [self._kinds["Pod"][name] for name in sorted(self._on_node.get(node, ()))]

    def count(self, kind: str) -> int:
        return len(self._kinds.get(kind, ()))

    def kinds(self) -> list[str]:
        """Kinds that have at least one object."""
        return [kind for kind, items in self._kinds.items() if items]

    @property
    def known_from(self) -> int:
        """The oldest revision that the log reaches back to."""
        return self.log.first

    def changes_since(self, revision: int) -> Sequence[Change]:
        """Changes with a greater revision, oldest first. Raises Gone if the log no longer reaches back that far."""
        if revision < self.known_from:
            raise errors.Gone(f"too old resource version: {revision} ({self.known_from})")
        return self.log.since(revision)

    def at(self, revision: int) -> Mapping[Ref, Obj]:
        """Every object as it was at `revision`. Raises Gone if that is older than the log."""
        later = self.changes_since(revision)
        return without(
            {Ref(kind, *key): obj for kind, items in self._kinds.items() for key, obj in breathing(items.items())},
            later,
        )

    def held(self) -> dict[str, Any]:
        """All objects, and nothing of the past."""
        return super().held() | {"objects": {kind: list(items.values()) for kind, items in self._kinds.items()}}

    def take(self, held: Mapping[str, Any]) -> None:
        super().take({name: value for name, value in held.items() if name != "objects"})
        self._kinds = {kind: {ref_of(obj)[1:]: obj for obj in items} for kind, items in held["objects"].items()}
        for name, pod in self._kinds.get("Pod", {}).items():
            self._rebind(name, "", _node_of(pod))
        self.log = self.log.begun_at(self.revision)

    def begin_with(self, objects: Mapping[Ref, Obj]) -> None:
        """What is there before anything happens, each with a revision of its own: no change tells of it."""
        for ref, obj in objects.items():
            self._kinds.setdefault(ref.kind, {})[ref[1:]] = obj
        self._count = self.revision = len(objects)
        self.log = self.log.begun_at(self.revision)

    def copy(self) -> Store:
        """A store with the same objects and the same past, and a future of its own."""
        copied = Store(object_limit=self.object_limit)
        copied.revision = self.revision
        copied._kinds = {kind: dict(items) for kind, items in self._kinds.items()}
        copied._names = {kind: list(names) for kind, names in self._names.items()}
        copied._listed = dict(self._listed)
        copied._on_node = {node: set(pods) for node, pods in self._on_node.items()}
        copied.log = self.log.copy()
        copied._count = self._count
        return copied

    def forget(self) -> Iterator[None]:
        """Give back the memory of all objects and of the log, piece by piece; nobody asks this store any more."""
        self._listed.clear()
        self._names.clear()
        self.listeners.clear()
        yield from self.log.forget()
        for items in self._kinds.values():
            while items:
                items.popitem()
                if len(items) % _PIECE == 0:
                    yield

    # writing

    def put(self, obj: Obj) -> Change:
        """Store `obj` under the next revision, which becomes its resourceVersion."""
        ref = ref_of(obj)
        items = self._kinds.setdefault(ref.kind, {})
        old = items.get((ref.namespace, ref.name))
        if old is None and ref.kind != "Event":
            if self._count >= self.object_limit:
                raise errors.Forbidden(
                    f"this cluster holds its limit of {self.object_limit} objects: delete some first"
                )
            self._count += 1
        revision = self.revision + 1
        new = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
        items[(ref.namespace, ref.name)] = new
        return self._record(Change(revision, MODIFIED if old is not None else ADDED, ref, old, new))

    def remove(self, ref: Ref) -> Change:
        old = self._kinds[ref.kind].pop((ref.namespace, ref.name))
        if ref.kind != "Event":
            self._count -= 1
        return self._record(Change(self.revision + 1, DELETED, ref, old, None))

    def _record(self, change: Change) -> Change:
        self.revision = change.revision
        self._listed.pop(change.ref.kind, None)
        if change.ref.kind == "Pod":
            self._rebind(change.ref[1:], _node_of(change.old), _node_of(change.new))
        if change.type != MODIFIED:
            self._rename(change)
        self.log.append(change)
        for listener in self.listeners:
            listener(change)
        return change

    def _rebind(self, pod: tuple[str, str], before: str, after: str) -> None:
        if before != after and before:
            self._on_node[before].discard(pod)
            if not self._on_node[before]:
                del self._on_node[before]
        if before != after and after:
            self._on_node.setdefault(after, set()).add(pod)

    def _rename(self, change: Change) -> None:
        """Keep the order of names, lest every list after a write sorts thousands of them again."""
        names, name = self._names.get(change.ref.kind), (change.ref.namespace, change.ref.name)
        if not names:
            return
        if change.type == ADDED:
            bisect.insort(names, name)
        else:
            del names[bisect.bisect_left(names, name)]


def _node_of(pod: Obj | None) -> str:
    """The one that it is bound to; "" if it is not, or is not there."""
    return (pod["spec"].get("nodeName") or "") if pod is not None else ""
