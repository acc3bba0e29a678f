"""Watch: changes of a collection as a stream of JSON lines, from a position in the store's log.

    {"type":"ADDED","object":{...}}

Without a resourceVersion, or from 0, everything there is comes first as ADDED. A change that lets an object no longer
match the selectors is a DELETED for this watcher, and the other way round. Whoever falls behind the log, or whose room
begins anew, gets an ERROR 410 and lists again. Models apiserver `pkg/endpoints/handlers/watch.go` and
`pkg/storage/cacher`.
"""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

from flask import Response

from app.api import errors
from app.api.breath import breathing
from app.api.objects import Obj, with_metadata
from app.look import Look
from app.rooms import Watch, sliced
from app.web.kube import accept, encoding, options, reads, streams, tables
from app.web.kube.calls import Call
from app.web.kube.options import Selection, Watching

ADDED, MODIFIED, DELETED, BOOKMARK, ERROR = "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"
BOOKMARK_S = 60.0
LAST_BOOKMARK_S = 2.0  # before the end
LONGEST_S = 3600
USUAL_S = 1800
AT_ONCE = 500  # objects in one chunk
_INITIAL_END = {"k8s.io/initial-events-end": "true"}


def watch(call: Call) -> Response:
    """Raises BadRequest, Invalid, or TooManyRequests when the room has too many watches."""
    selection = options.selection(call.query, call.target.kind, call.target.name)
    wanted = options.watching(call.query)
    tables.shown(call)
    timeout_s = min(max(options.number(call.query, "timeoutSeconds") or USUAL_S, 1), LONGEST_S)
    held = call.room.open_watch()
    try:
        begin = call.room.read(lambda cluster: _begin(cluster, call, selection, wanted))
    except BaseException:
        call.room.close_watch(held)
        raise
    news = Changes(call, held, selection, begin, wanted, timeout_s)
    return streams.respond(streams.Stream(call.room, held, news, timeout_s, call.environ), "application/json")


class Begin(NamedTuple):
    revision: int  # changes after it are news
    objects: list[Obj]  # what is told first
    refusal: errors.ApiError | None = None  # instead of all else


def _begin(cluster: Look, call: Call, selection: Selection, wanted: Watching) -> Begin:
    current = cluster.revision
    if wanted.not_older and (wanted.revision or 0) > current:
        return Begin(current, [], reads.too_new(wanted.revision or 0, current))
    if wanted.initial:
        found = cluster.objects(call.target.kind.key, call.target.namespace or None)
        return Begin(current, [obj for obj in breathing(found) if selection.matches(obj)])
    return Begin(current if not wanted.revision else wanted.revision, [])


class Changes:
    """The news of one watch. See streams.News."""

    def __init__(
        self, call: Call, held: Watch, selection: Selection, begin: Begin, wanted: Watching, ends_in_s: float
    ) -> None:
        self._call = call
        self._held = held
        self._selection = selection
        self._revision, self._initial, self._refusal = begin
        self._bookmarks = wanted.bookmarks
        self._initial_end = wanted.initial_end
        self._ends_at = time.monotonic() + ends_in_s
        self._mark_at = self._next_mark()
        self._columns = True  # of a Table, in its first event only
        self._over = False

    def ended(self) -> bool:
        return self._over or self._held.over

    def take(self) -> bytes:
        if self._over:
            return b""
        try:
            if self._refusal is not None:
                raise self._refusal
            events, now_ms = self._initially() if self._initial else self._call.room.news(self._since)
        except errors.ApiError as error:
            self._over = True
            return encoding.event(ERROR, encoding.dumps(error.status()))
        lines = [encoding.event(type_, self._drawn(type_, obj, now_ms)) for type_, obj in sliced(events)]
        return b"".join((*lines, *self._marks()))

    def _initially(self) -> tuple[list[tuple[str, Obj]], int]:
        now_ms = self._call.room.news(lambda cluster: cluster.now_ms)
        objects, self._initial = self._initial[:AT_ONCE], self._initial[AT_ONCE:]
        return [(ADDED, obj) for obj in objects], now_ms

    def _since(self, cluster: Look) -> tuple[list[tuple[str, Obj]], int]:
        """What happened since the last look. Raises Gone."""
        if cluster is not self._held.cluster or self._revision > cluster.revision:
            raise errors.Gone(f"too old resource version: {self._revision} ({cluster.revision})")
        changes = cluster.changes_since(self._revision)
        self._revision = cluster.revision
        kind, namespace = self._call.target.kind.key, self._call.target.namespace
        events = []
        for change in changes:
            if change.ref.kind == kind and namespace in ("", change.ref.namespace):
                seen = self._seen(change.old, change.new, change.revision)
                if seen is not None:
                    events.append(seen)
        self._over = cluster.scheme.find(kind) is None  # nothing of it can happen any more
        return events, cluster.now_ms

    def _seen(self, old: Obj | None, new: Obj | None, revision: int) -> tuple[str, Obj] | None:
        """What a change is to whoever sees only what matches."""
        matched = old is not None and self._selection.matches(old)
        if new is not None and self._selection.matches(new):
            return (MODIFIED if matched else ADDED), new
        if old is None or not matched:
            return None
        return DELETED, with_metadata(old, resourceVersion=str(revision))

    def _drawn(self, type_: str, obj: Obj, now_ms: int) -> bytes:
        if self._call.form == accept.TABLE:
            meta = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            columns, self._columns = self._columns, False
            return tables.table(self._call, [obj], now_ms, meta, columns=columns)
        if self._call.form == accept.METADATA:
            return encoding.metadata(obj)
        # The last state of what is gone is nobody else's: not worth keeping.
        if type_ == DELETED:
            return encoding.dumps(self._call.definition.to_version(obj, self._call.target.kind.api_version))
        return self._call.whole(obj)

    def _marks(self) -> list[bytes]:
        """Bookmarks that are due: after the initial objects, now and then, and shortly before the end."""
        if self._initial:
            return []
        annotations: dict[str, str] | None = None
        if self._initial_end:
            annotations, self._initial_end = _INITIAL_END, False
        elif not self._bookmarks or time.monotonic() < self._mark_at:
            return []
        self._mark_at = self._next_mark()
        return [encoding.event(BOOKMARK, self._bookmark(annotations))]

    def _next_mark(self) -> float:
        """When a bookmark is due, by the clock."""
        now = time.monotonic()
        last = self._ends_at - LAST_BOOKMARK_S
        return min(now + BOOKMARK_S, last if last > now else math.inf)

    def _bookmark(self, annotations: dict[str, str] | None) -> bytes:
        kind = self._call.target.kind
        meta: dict[str, Any] = {"resourceVersion": str(self._revision)}
        if annotations:
            meta["annotations"] = annotations
        if self._call.form == accept.METADATA:
            return encoding.metadata_only({"metadata": meta})
        if self._call.form == accept.TABLE:
            columns, self._columns = self._columns, False
            return tables.bookmark(self._call, meta, columns=columns)
        return encoding.dumps({"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta})
