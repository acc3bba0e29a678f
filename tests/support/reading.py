"""A controller's own view of some objects, for tests of `observe`: real informers over a small store, no engine."""

from __future__ import annotations

import random
from typing import Any

from app.api.objects import Obj
from app.apiserver.server import ApiServer
from app.apiserver.store import Store
from app.engine.informer import RecordingReader, informers_of
from app.reconcile import AnyController
from tests.support.builders import NOW_MS
from tests.support.kinds import SCHEME


def reader(controller: AnyController, *objects: Obj, now_ms: int = NOW_MS, memory: Any = None) -> RecordingReader:
    """What `controller` sees once its informers have listed `objects`."""
    store = Store()
    for obj in objects:
        store.put(obj)
    of_kinds = (watch for row in SCHEME.kinds() for watch in controller.watches_of(row))
    informers = informers_of((*controller.watches, *of_kinds))
    found = RecordingReader(informers, server_over(store), now_ms, memory)
    for informer in informers.values():
        list(informer.relist(store, found))
    return found


def server_over(store: Store) -> ApiServer:
    """One that is only asked what there is."""
    return ApiServer(SCHEME, store, lambda: NOW_MS, random.Random(1))
