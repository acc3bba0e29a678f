"""Objects as bytes, once per version: a list, a watch and a hundred more watches join the same bytes.

Objects are never mutated, so the identity of an object is enough of a key.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from app.api import go_json
from app.api.objects import Obj

KEPT_BYTES = 32 << 20
LARGE = 64 << 10  # is encoded anew: it would keep many others out, and itself in memory


def dumps(value: Any) -> bytes:
    return go_json.dumps(value).encode("utf-8", "replace")


class Cache:
    """The last used encodings, `limit` bytes of them in all rooms together."""

    def __init__(self, encode: Callable[[Any], bytes], limit: int = KEPT_BYTES) -> None:
        self._encode = encode
        self._limit = limit
        self._lock = threading.Lock()
        self._size = 0
        # The entry keeps the object alive, lest its id be given to another.
        self._known: OrderedDict[int, tuple[Any, bytes]] = OrderedDict()

    def __call__(self, obj: Any) -> bytes:
        key = id(obj)
        with self._lock:
            if (found := self._known.get(key)) is not None:
                self._known.move_to_end(key)
                return found[1]
        data = self._encode(obj)
        if len(data) > LARGE:
            return data
        with self._lock:
            if key not in self._known:
                self._known[key] = (obj, data)
                self._size += len(data)
            while self._size > self._limit:
                _, (_, dropped) = self._known.popitem(last=False)
                self._size -= len(dropped)
        return data


def metadata_only(obj: Obj) -> bytes:
    return dumps({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]})


def untyped(obj: Obj) -> Obj:
    return {name: value for name, value in obj.items() if name not in ("kind", "apiVersion")}


whole: Callable[[Obj], bytes] = Cache(dumps)
item: Callable[[Obj], bytes] = Cache(lambda obj: dumps(untyped(obj)))  # of a list that says of which kind its items are
metadata: Callable[[Obj], bytes] = Cache(metadata_only)


def listed(kind: str, api_version: str, meta: Mapping[str, Any], items: list[bytes]) -> bytes:
    """A list object around encoded items."""
    head = dumps({"kind": kind, "apiVersion": api_version, "metadata": meta})
    return b"".join((head[:-1], b',"items":[', b",".join(items), b"]}"))


def event(type_: str, obj: bytes) -> bytes:
    """A line of a watch."""
    return b"".join((b'{"type":"', type_.encode(), b'","object":', obj, b"}\n"))
