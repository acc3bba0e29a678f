"""An informer: one controller's cache of one kind, fed by a watch, and the Reader that a loop observes through.

Models client-go/tools/cache: the cache lags behind the store by the watch's latency and never goes backwards; handlers
map a change to keys; indexes and totals are kept up to date per change, so that no loop has to scan.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.api import errors
from app.api.breath import breathe, breathing
from app.api.kinds import Kind
from app.api.objects import Obj, Ref, ref_of, uid_of
from app.api.parts import Part
from app.apiserver.server import ApiServer
from app.apiserver.store import ADDED, DELETED, MODIFIED, Change, Store
from app.engine.edge import heard
from app.engine.trace import Delivered
from app.reconcile import Cache, Failure, Reader, Wake


class Informer(Part):
    """`position` is the revision up to which the cache has seen every change that concerns it."""

    _FIXED = ("_field", "cache", "kind", "wakes")
    STATE = ("_assumed", "_totals", "asleep", "broken", "last_due_ms", "position")
    __slots__ = (*_FIXED, *STATE, "_indexes", "_listed", "_order", "objects")

    def __init__(self, cache: Cache, wakes: Sequence[Wake]) -> None:
        self.kind = cache.kind
        self.cache = cache
        self.wakes = tuple(wakes)
        self.objects: dict[Ref, Obj] = {}
        self.position = 0
        self.broken = False  # the watch broke: nothing is delivered before the next relist
        self.asleep = False  # its loop has nothing to do yet: nothing is delivered at all
        self.last_due_ms = 0  # a watch never reorders: the next delivery is due no earlier
        self._assumed: dict[Ref, int] = {}  # own writes that the watch has not shown yet
        self._order: list[Ref] | None = None  # the cache's names, sorted; None: to be sorted again
        self._listed: tuple[Obj, ...] | None = None  # its objects in that order; None: to be listed again
        self._field = tuple(cache.field_selector[0].split(".")) if cache.field_selector else ()
        self._indexes: dict[str, dict[Hashable, dict[Ref, Obj]]] = {name: {} for name in cache.indexes}
        self._totals: dict[str, dict[Hashable, tuple[int, ...]]] = {name: {} for name in cache.totals}

    def selected(self, obj: Obj | None) -> bool:
        cache = self.cache
        if obj is None or (cache.selects is not None and not cache.selects(obj)):
            return False
        if cache.field_selector is None:
            return True
        value: Any = obj
        for part in self._field:
            value = value.get(part)
            if value is None:
                return False
        return bool(value == cache.field_selector[1])

    def concerns(self, change: Change) -> bool:
        """Whether the watch delivers this change at all."""
        cache = self.cache
        if cache.sees is None and cache.selects is None:
            return True
        old, new = change.old, change.new
        was, is_ = self.selected(old), self.selected(new)
        if not (was and is_):
            return was or is_ or cache.selects is None
        if cache.sees is None:
            return True
        assert old is not None
        assert new is not None
        return cache.sees(old, new)

    def deliver(self, change: Change, reader: Reader, *, by_edge: bool = False) -> Delivered:
        """Move the cache on by one change; which keys it wakes. `by_edge`: by what changed, not by what is."""
        ref, self.position = change.ref, change.revision
        new = change.new if self.selected(change.new) else None
        old = self.objects.get(ref)
        if by_edge:
            new = heard(old, change.old, new)
        assumed = self._assumed.get(ref)
        if assumed is not None:
            old = change.old  # the cache is ahead: tell the handlers what the watch tells
            if change.revision >= assumed:
                del self._assumed[ref]
        if assumed is None or change.revision >= assumed:
            self._replace(ref, self.objects.get(ref), new)
        return Delivered(change, self.keys(old, new, reader))

    def woken_by(self, change: Change, reader: Reader) -> tuple[Ref, ...]:
        """The keys that a change would wake, while the cache stays as it is."""
        old, new = (obj if self.selected(obj) else None for obj in (change.old, change.new))
        return self.keys(old, new, reader)

    def assume(self, change: Change) -> None:
        """See one's own write at once, without waiting for the watch."""
        self._assumed[change.ref] = change.revision
        self._replace(change.ref, self.objects.get(change.ref), change.new if self.selected(change.new) else None)

    def relist(self, store: Store, reader: Reader) -> Iterator[tuple[str, Ref, tuple[Ref, ...]]]:
        """Replace the cache by what the store holds now. Yields (type, ref, keys) for each object that differs."""
        current = {ref: obj for obj in store.objects(self.kind) if self.selected(obj) for ref in (ref_of(obj),)}
        known = dict(self.objects)
        self.position = store.revision
        self.broken = False
        self._assumed.clear()
        for ref, old in tuple(known.items()):
            if ref not in current or uid_of(current[ref]) != uid_of(old):  # another object under the same name
                del known[ref]
                self._replace(ref, old, None)
                yield DELETED, ref, self.keys(old, None, reader)
        for ref, new in current.items():
            before = known.get(ref)
            if before is not new:
                self._replace(ref, before, new)
                is_news = before is None or self.cache.sees is None or self.cache.sees(before, new)
                yield (MODIFIED if before else ADDED), ref, self.keys(before, new, reader) if is_news else ()

    def held(self) -> dict[str, Any]:
        indexes = {name: {value: list(refs) for value, refs in index.items()} for name, index in self._indexes.items()}
        return super().held() | {"objects": list(self.objects.values()), "indexes": indexes}

    def take(self, held: Mapping[str, Any]) -> None:
        super().take({name: value for name, value in held.items() if name not in ("objects", "indexes")})
        self.objects = {ref_of(obj): obj for obj in held["objects"]}
        self._indexes = {
            name: {value: {ref: self.objects[ref] for ref in refs} for value, refs in index.items()}
            for name, index in held["indexes"].items()
        }
        self._order = self._listed = None

    def copy(self) -> Informer:
        copied = Informer.__new__(Informer)
        for name in Informer._FIXED:
            setattr(copied, name, getattr(self, name))
        copied.objects = dict(self.objects)
        copied.position, copied.last_due_ms = self.position, self.last_due_ms
        copied.broken, copied.asleep = self.broken, self.asleep
        copied._assumed, copied._order, copied._listed = dict(self._assumed), self._order, self._listed
        breathe()
        copied._indexes = {
            name: {value: dict(objects) for value, objects in breathing(index.items())}
            for name, index in self._indexes.items()
        }
        copied._totals = {name: dict(groups) for name, groups in self._totals.items()}
        return copied

    def keys(self, old: Obj | None, new: Obj | None, reader: Reader) -> tuple[Ref, ...]:
        keys: dict[Ref, None] = {}
        for wake in self.wakes:
            if wake.when is not None and not wake.when(old, new):
                continue
            woken: dict[Ref, None] = {}
            if new is not None:
                woken.update(dict.fromkeys(breathing(wake.keys(new, reader))))
            if old is not None and old is not new:
                woken.update(dict.fromkeys(breathing(wake.keys(old, reader))))
            hint = wake.hint
            keys.update(woken if hint is None else {key: None for key in woken if hint(key, old, new, reader)})
        return tuple(keys)

    def names(self) -> list[Ref]:
        if self._order is None:
            self._order = sorted(self.objects)
        return self._order

    def listed(self) -> tuple[Obj, ...]:
        """All objects, in order of name."""
        if self._listed is None:
            self._listed = tuple(self.objects[ref] for ref in self.names())
        return self._listed

    def by(self, index: str, value: Hashable) -> tuple[Obj, ...]:
        return tuple(self._indexes[index].get(value, {}).values())

    def totals(self, name: str) -> Mapping[Hashable, tuple[int, ...]]:
        return self._totals[name]

    def _replace(self, ref: Ref, old: Obj | None, new: Obj | None) -> None:
        if old is new:
            return
        self._listed = None
        if new is None:
            self.objects.pop(ref, None)
        else:
            self.objects[ref] = new
        if old is None or new is None:
            self._order = None
        for name, function in self.cache.indexes.items():
            before = tuple(function(old)) if old is not None else ()
            after = tuple(function(new)) if new is not None else ()
            self._reindex(self._indexes[name], ref, before, after, new)
        for name, amount_of in self.cache.totals.items():
            gone = amount_of(old) if old is not None else None
            come = amount_of(new) if new is not None else None
            if gone != come:
                _shift(self._totals[name], gone, -1)
                _shift(self._totals[name], come, 1)

    @staticmethod
    def _reindex(
        index: dict[Hashable, dict[Ref, Obj]], ref: Ref, before: tuple[Hashable, ...], after: tuple[Hashable, ...],
        new: Obj | None,
    ) -> None:  # fmt: skip
        for value in before:
            if value not in after:
                del index[value][ref]
                if not index[value]:
                    del index[value]
        for value in after:
            assert new is not None
            index.setdefault(value, {})[ref] = new


def _shift(totals: dict[Hashable, tuple[int, ...]], amount: tuple[Hashable, tuple[int, ...]] | None, sign: int) -> None:
    if amount is None:
        return
    group, numbers = amount
    held = totals.get(group)
    totals[group] = tuple(h + sign * n for h, n in zip(held, numbers, strict=True)) if held else numbers
    if not any(totals[group]):
        del totals[group]


class CacheView:
    """A controller's caches and memory, read by key functions: nothing is recorded."""

    def __init__(
        self,
        informers: dict[str, Informer],
        server: ApiServer,
        obstacle: Callable[[], str] = lambda: "",
        recall: Callable[[Ref], Any] = lambda key: None,
    ) -> None:
        self._informers = informers
        self._server = server
        self._recall = recall  # what the controller remembers of a key
        self._obstacle = obstacle  # why requests do not reach the API server, or ""

    @property
    def now_ms(self) -> int:
        return self._server.now_ms()

    def get(self, ref: Ref) -> Obj | None:
        return self._informers[ref.kind].objects.get(ref)

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Obj]:
        informer = self._informers[kind]
        if namespace is None:
            return informer.listed()
        return tuple(informer.objects[ref] for ref in informer.names() if ref.namespace == namespace)

    def by(self, kind: str, index: str, value: Hashable) -> Sequence[Obj]:
        return self._informers[kind].by(index, value)

    def totals(self, kind: str, name: str) -> Mapping[Hashable, tuple[int, ...]]:
        return self._informers[kind].totals(name)

    def live(self, kind: str, namespace: str | None) -> Sequence[Obj]:
        self._reach(kind)
        return tuple(self._server.store.objects(kind, namespace))

    def live_on(self, node: str) -> Sequence[Obj]:
        self._reach("Pod")
        return tuple(self._server.store.pods_on(node))

    def live_get(self, ref: Ref) -> Obj | None:
        self._reach(ref.kind)
        return self._server.store.get(ref)

    def _reach(self, kind: str) -> None:
        if (why := self._obstacle()) and not self._server.scheme.is_local(kind):
            raise errors.ServiceUnavailable(why)

    def kinds(self) -> Sequence[Kind]:
        return self._server.scheme.kinds()

    def kind(self, key: str) -> Kind | None:
        return self._server.scheme.find(key)

    def type_warnings(self, policy: Obj) -> Sequence[Mapping[str, str]]:
        return self._server.type_warnings(policy)

    def remembered(self, key: Ref | None = None) -> Any:
        return None if key is None else self._recall(key)

    def failures(self) -> Sequence[Failure]:
        return ()


class RecordingReader(CacheView):
    """What `observe` reads through: one key at one moment, with a record of every object handed out."""

    def __init__(
        self,
        informers: dict[str, Informer],
        server: ApiServer,
        now_ms: int,
        memory: Any = None,
        failures: Sequence[Failure] = (),
        obstacle: Callable[[], str] = lambda: "",
    ) -> None:
        super().__init__(informers, server, obstacle)
        self._now_ms = now_ms
        self.reads: list[Any] = []
        self._memory = memory
        self._failures = failures

    @property
    def now_ms(self) -> int:
        return self._now_ms

    def get(self, ref: Ref) -> Obj | None:
        obj = super().get(ref)
        if obj is not None:
            self.reads.append(obj)
        return obj

    def live_get(self, ref: Ref) -> Obj | None:
        obj = super().live_get(ref)
        if obj is not None:
            self.reads.append(obj)
        return obj

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Obj]:
        return self._recorded(super().list(kind, namespace))

    def by(self, kind: str, index: str, value: Hashable) -> Sequence[Obj]:
        return self._recorded(super().by(kind, index, value))

    def live(self, kind: str, namespace: str | None) -> Sequence[Obj]:
        return self._recorded(super().live(kind, namespace))

    def live_on(self, node: str) -> Sequence[Obj]:
        return self._recorded(super().live_on(node))

    def remembered(self, key: Ref | None = None) -> Any:
        return self._memory

    def failures(self) -> Sequence[Failure]:
        return self._failures

    def _recorded(self, found: Sequence[Obj]) -> Sequence[Obj]:
        if found:
            self.reads.append(found)
        return found


def informers_of(items: Iterable[Cache | Wake]) -> dict[str, Informer]:
    """One informer per kind that is read or that wakes somebody. A kind has at most one Cache."""
    caches: dict[str, Cache] = {}
    wakes: dict[str, list[Wake]] = {}
    for item in items:
        waking = wakes.setdefault(item.kind, [])
        if isinstance(item, Wake):
            waking.append(item)
        else:
            assert item.kind not in caches, f"{item.kind} is to be kept in two ways"
            caches[item.kind] = item
    return {kind: Informer(caches.get(kind) or Cache(kind), waking) for kind, waking in wakes.items()}
