"""A controller's own view of some objects, for tests of `observe`: real informers over a small store, no engine."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj
from app.apiserver.store import Store
from app.engine.informer import RecordingReader, informers_of
from app.reconcile import AnyController
from tests.support.builders import NOW_MS


def reader(controller: AnyController, *objects: Obj, now_ms: int = NOW_MS, memory: Any = None) -> RecordingReader:
    """What `controller` sees once its informers have listed `objects`."""
    store = Store()
    for obj in objects:
        store.put(obj)
    informers = informers_of(controller.watches)
    found = RecordingReader(informers, store, now_ms, memory)
    for informer in informers.values():
        list(informer.relist(store, found))
    return found
