"""Kubernetes Events: recorded, counted, aggregated and limited as client-go's recorders do.

`record` is the one of most loops: the same message again only counts up; from the tenth different message of one
reason within ten minutes on a single "(combined from similar events)" goes on counting, which bears no reporter; one
source may announce 25 Events about one object at once and then one every five minutes. Models
client-go/tools/record/events_cache.go.
`note` is the scheduler's: whatever is the same but for its message is a series with the first message, and nothing is
held back. Models client-go/tools/events/event_broadcaster.go.
"""

from __future__ import annotations

from typing import Any

from app.api import errors, times
from app.api.objects import Obj, Ref, namespace_of
from app.api.parts import Part
from app.apiserver.server import ApiServer
from app.apiserver.store import Change

_SPAM_BURST = 25
_SPAM_REFILL_MS = 300_000
_SIMILAR_LIMIT = 10
_SIMILAR_WINDOW_MS = 600_000
_SERIES_MS = 360_000  # a series that was not seen for so long is over
_TTL_MS = 3_600_000
_CACHE_LIMIT = 4_096
EVENT_LIMIT = 5_000
_CONTROL_PLANE = "control-plane"  # the machine that the loops run on

Key = tuple[Any, ...]


class EventRecorder(Part):
    """One per cluster; what it remembers is per source and object."""

    STATE = ("_kept", "_known", "_nanos", "_similar", "_tokens")

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._nanos = 0
        self._known: dict[Key, Ref] = {}
        self._similar: dict[Key, tuple[int, dict[str, None]]] = {}
        self._tokens: dict[Key, tuple[float, int]] = {}
        self._kept: dict[Ref, tuple[int, Key]] = {}  # when it was last counted, and as what; the longest ago first

    def copy(self, server: ApiServer) -> EventRecorder:
        copied = EventRecorder(server)
        copied._nanos = self._nanos
        copied._known, copied._similar = dict(self._known), dict(self._similar)
        copied._tokens, copied._kept = dict(self._tokens), dict(self._kept)
        return copied

    def record(self, source: dict[str, str], about: Obj, type_: str, reason: str, message: str) -> tuple[Change, ...]:
        """Write or count up one Event. () if the spam filter holds it back or its namespace is going away."""
        now = self._server.now_ms()
        regarding = _involved(about)
        who = (source.get("component"), source.get("host"), regarding["kind"], regarding["name"], regarding.get("uid"))
        if not self._may_announce(who, now):
            return ()
        message, similar = self._combined((*who, type_, reason), message, now)
        key = (*who, type_, reason, similar or (regarding.get("fieldPath"), message))
        return self._expired(now) + self._write(key, source, regarding, type_, reason, message, now, bool(similar))

    def post(self, prefix: str, about: Obj, said: dict[str, Any]) -> tuple[Change, ...]:
        """Write an Event of its own, whose name begins so. () if its namespace is going away."""
        now, regarding = self._server.now_ms(), _involved(about)
        meta = {"generateName": prefix, "namespace": regarding.get("namespace") or "default"}
        event = _event(meta, regarding, eventTime=times.rfc3339_micro(now), **said)
        return self._expired(now) + self._create((), event, now)

    def note(
        self,
        source: dict[str, str],
        about: Obj,
        related: Obj | None,
        type_: str,
        reason: str,
        action: str,
        message: str,
    ) -> tuple[Change, ...]:
        """Write one Event of events.k8s.io, or count up its series. () if its namespace is going away."""
        now, regarding = self._server.now_ms(), _involved(about)
        controller = source["component"]
        who = {"reportingComponent": controller, "reportingInstance": f"{controller}-{_CONTROL_PLANE}"}
        beside = {"related": _involved(related)} if related is not None else {}
        key = (controller, *regarding.values(), *(beside["related"].values() if beside else ()), type_, reason, action)
        expired, known = self._expired(now), self._known.get(key)
        event = self._server.store.get(known) if known else None
        if event is not None and known is not None and now - self._kept[known][0] <= _SERIES_MS:
            _touch(self._kept, known, (now, key), EVENT_LIMIT)
            count = (event.get("series") or {}).get("count", 1) + 1
            series = {"count": count, "lastObservedTime": times.rfc3339_micro(now)}
            return (*expired, self._server.store.put({**event, "series": series}))
        event = _event(
            self._named(regarding, now), regarding, reason=reason, message=message, source={}, type=type_,
            eventTime=times.rfc3339_micro(now), action=action, **beside, **who,
        )  # fmt: skip
        return expired + self._create(key, event, now)

    def _write(
        self, key: Key, source: dict[str, str], regarding: dict[str, Any], type_: str, reason: str,
        message: str, now: int, combined: bool,
    ) -> tuple[Change, ...]:  # fmt: skip
        store, at = self._server.store, times.rfc3339(now)
        known = self._known.get(key)
        event = store.get(known) if known else None
        if event is not None and known is not None:
            _touch(self._kept, known, (now, key), EVENT_LIMIT)
            return (store.put({**event, "count": event["count"] + 1, "lastTimestamp": at, "message": message}),)
        event = _event(
            self._named(regarding, now), regarding, reason=reason, message=message, source=source, type=type_,
            firstTimestamp=at, lastTimestamp=at, count=1, eventTime=None,
            reportingComponent="" if combined else source["component"],
            reportingInstance="" if combined else source.get("host", ""),
        )  # fmt: skip
        return self._create(key, event, now)

    def _named(self, regarding: dict[str, Any], now: int) -> dict[str, str]:
        # Names are in the order of time: clients that sort by the second print those of one millisecond as listed.
        self._nanos = max(now * 1_000_000, self._nanos) + self._server.rng.randrange(1, 1_000)
        return {"name": f"{regarding['name']}.{self._nanos:x}", "namespace": regarding.get("namespace") or "default"}

    def _create(self, key: Key, event: Obj, now: int) -> tuple[Change, ...]:
        try:
            changes = self._server.create(event).changes
        except errors.ApiError:
            return ()  # its namespace is gone or going: client-go drops such an Event too
        ref = changes[0].ref
        if key:
            self._known[key] = ref
        _touch(self._kept, ref, (now, key), EVENT_LIMIT)
        return changes

    def _may_announce(self, who: Key, now: int) -> bool:
        tokens, since = self._tokens.get(who, (float(_SPAM_BURST), now))
        tokens = min(float(_SPAM_BURST), tokens + (now - since) / _SPAM_REFILL_MS)
        if tokens < 1:
            _touch(self._tokens, who, (tokens, now))
            return False
        _touch(self._tokens, who, (tokens - 1, now))
        return True

    def _combined(self, key: Key, message: str, now: int) -> tuple[str, str]:
        """The message to write, and what stands for it in the cache key once messages are combined."""
        since, messages = self._similar.get(key, (now, {}))
        if now - since > _SIMILAR_WINDOW_MS:
            messages = {}
        if len(messages) + 1 < _SIMILAR_LIMIT or message in messages:
            _touch(self._similar, key, (now, {**messages, message: None}))
            return message, ""
        _touch(self._similar, key, (now, messages))
        return f"(combined from similar events): {message}", "(combined)"

    def _expired(self, now: int) -> tuple[Change, ...]:
        """Events live one hour, and only so many are kept."""
        changes = []
        while self._kept:
            ref, (used, key) = next(iter(self._kept.items()))
            if now - used < _TTL_MS and len(self._kept) < EVENT_LIMIT:
                break
            del self._kept[ref]
            self._known.pop(key, None)
            if self._server.store.get(ref) is not None:
                changes.append(self._server.store.remove(ref))
        return tuple(changes)


def _event(meta: dict[str, str], regarding: dict[str, Any], **said: Any) -> Obj:
    """What has a series has no first and last time."""
    when = {"firstTimestamp": None, "lastTimestamp": None}
    return {"kind": "Event", "apiVersion": "v1", "metadata": meta, "involvedObject": regarding, **when, **said}


def _touch(cache: dict[Any, Any], key: Any, value: Any, limit: int = _CACHE_LIMIT) -> None:
    """Make `key` the last used; a full cache forgets what was not used for the longest time."""
    cache.pop(key, None)
    cache[key] = value
    if len(cache) > limit:
        del cache[next(iter(cache))]


def _involved(about: Obj) -> dict[str, Any]:
    """An ObjectReference; its resourceVersion is the one that the announcer had seen."""
    meta = about["metadata"]
    reference: dict[str, Any] = {"kind": about["kind"]}
    if namespace_of(about):
        reference["namespace"] = namespace_of(about)
    reference["name"] = meta["name"]
    if meta.get("uid"):
        reference["uid"] = meta["uid"]
    if about.get("apiVersion"):
        reference["apiVersion"] = about["apiVersion"]
    if meta.get("resourceVersion"):
        reference["resourceVersion"] = meta["resourceVersion"]
    if about.get("fieldPath"):
        reference["fieldPath"] = about["fieldPath"]
    return reference
