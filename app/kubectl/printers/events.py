"""Events: how long ago, and how often."""

from __future__ import annotations

from typing import NamedTuple

from app.api.objects import Obj, name_of
from app.kubectl.printers.durations import since
from app.kubectl.printers.printing import Cells, Printer, columns


class _Seen(NamedTuple):
    first: str
    last: str
    times: int


def _seen(event: Obj, now_ms: int) -> _Seen:
    first = since(event.get("firstTimestamp") or event.get("eventTime"), now_ms)
    if series := event.get("series"):
        return _Seen(first, since(series.get("lastObservedTime"), now_ms), series.get("count", 0))
    last = event.get("lastTimestamp")
    return _Seen(first, since(last, now_ms) if last else first, event.get("count") or 1)


def event_age(event: Obj, now_ms: int) -> str:
    """As describe writes it: `12s`, or `12s (x4 over 1m)` for one that happened again."""
    first, last, count = _seen(event, now_ms)
    return f"{last} (x{count} over {first})" if count > 1 else first


def _event(event: Obj, now_ms: int) -> Cells:
    about, source, seen = event["involvedObject"], event.get("source") or {}, _seen(event, now_ms)
    component = source.get("component") or event.get("reportingComponent") or ""
    instance = source.get("host") or event.get("reportingInstance") or ""
    return (
        seen.last,
        event.get("type", ""),
        event.get("reason", ""),
        "/".join(filter(None, (about.get("kind", "").lower(), about.get("name")))),
        about.get("fieldPath", ""),
        f"{component}, {instance}" if instance else component,
        event.get("message", "").strip(),
        seen.first,
        seen.times,
        name_of(event),
    )


PRINTERS = {
    "Event": Printer(
        columns("Last Seen, Type, Reason, Object, *Subobject, *Source, Message, *First Seen, *Count, *Name"),
        _event,
    ),
}
