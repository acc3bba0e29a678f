"""A controller's own view of some objects, for tests of `observe`: real informers over a small store, no engine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from app.api.objects import Obj, Ref, ref_of
from app.apiserver.server import ApiServer
from app.apiserver.store import ADDED, DELETED, MODIFIED, Change, Store
from app.engine.informer import Informer, RecordingReader, informers_of
from app.reconcile import AnyController
from tests.support.builders import NOW_MS
from tests.support.kinds import SCHEME


def reader(controller: AnyController, *objects: Obj, now_ms: int = NOW_MS, memory: Any = None) -> RecordingReader:
    """What `controller` sees once its informers have listed `objects`."""
    return _informed(controller, objects, now_ms, memory)[0]


def woken(controller: AnyController, old: Obj | None, new: Obj | None, *cached: Obj) -> list[Ref]:
    """The keys that a change wakes while `cached` is what the loop knows."""
    obj = new or old
    assert obj is not None
    view, informers = _informed(controller, cached)
    informer, type_ = informers[obj["kind"]], ADDED if old is None else DELETED if new is None else MODIFIED
    change = Change(1, type_, ref_of(obj), old, new)
    return list(informer.woken_by(change, view)) if informer.concerns(change) else []


def _informed(
    controller: AnyController, objects: Sequence[Obj], now_ms: int = NOW_MS, memory: Any = None
) -> tuple[RecordingReader, dict[str, Informer]]:
    store = Store()
    for obj in objects:
        store.put(obj)
    followed = (item for row in SCHEME.kinds() for item in controller.follows(row))
    informers = informers_of((*controller.wakes, *controller.reads, *followed))
    found = RecordingReader(informers, server_over(store), now_ms, memory)
    for informer in informers.values():
        list(informer.relist(store, found))
    return found, informers


def server_over(store: Store) -> ApiServer:
    """One that is only asked what there is."""
    return ApiServer(SCHEME, store, lambda: NOW_MS, random.Random(1))
