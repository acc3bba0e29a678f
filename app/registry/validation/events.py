"""Events that clients write, and Leases.

The loops' own Events are not looked at. Through `events.k8s.io` more is asked of them than through the core group.
Models kubernetes `pkg/apis/core/validation/events.go` and `pkg/apis/coordination/validation`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj, namespace_of
from app.registry.validation import causes, metadata

_AT_MOST = {"reportingInstance": 128, "action": 128, "reason": 128}
_LONGEST_MESSAGE = 1024
_FIXED = (
    "involvedObject reason message source firstTimestamp lastTimestamp count reason type eventTime action related "
    "reportingComponent reportingInstance"
)
_TOLD = {"reportingComponent": "reportingController"}
"""What the names of fields are in complaints of the newer group."""
_STRATEGIES = ("OldestEmulationVersion",)


def check_new(event: Obj, *, strictly: bool) -> Iterator[Cause]:
    """`strictly`: through `events.k8s.io`."""
    yield from _check(event, strictly)
    if not strictly:
        return
    yield from _check_series(event)
    if not event.get("eventTime"):
        yield causes.required("eventTime")
    if event.get("type") not in ("Normal", "Warning"):
        yield causes.invalid("type", "", f"has invalid value: {event.get('type', '')}")
    for name in ("firstTimestamp", "lastTimestamp", "count", "source"):
        if event.get(name) and (name != "source" or any(event[name].values())):
            yield causes.invalid(name, "", "needs to be unset")


def check_change(new: Obj, old: Obj, *, strictly: bool) -> Iterator[Cause]:
    yield from _check(new, strictly)
    if not strictly:
        return
    if new.get("series") != old.get("series"):
        yield from _check_series(new)
    for name in _FIXED.split():
        if (new.get(name) or None) != (old.get(name) or None):
            yield causes.invalid(_TOLD.get(name, name), _in_go(new.get(name)), causes.IMMUTABLE)


def _in_go(value: Any) -> Any:
    """References and sources are structs, of which Go prints all fields."""
    if not isinstance(value, dict):
        return value
    fields = _SOURCE if value.keys() <= _SOURCE.keys() else _REFERENCE
    printed = (f"{json.dumps(name)}:{causes.printed(value.get(key, ''))}" for key, name in fields.items())
    return causes.Verbatim(f"{{{','.join(printed)}}}")


_SOURCE = {"component": "Component", "host": "Host"}
_REFERENCE = {
    "kind": "Kind", "namespace": "Namespace", "name": "Name", "uid": "UID", "apiVersion": "APIVersion",
    "resourceVersion": "ResourceVersion", "fieldPath": "FieldPath",
}  # fmt: skip


def _check_series(event: Obj) -> Iterator[Cause]:
    if (series := event.get("series")) is None:
        return
    if series.get("count", 0) < 2:
        yield causes.invalid("series.count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        yield causes.required("series.lastObservedTime")


def _check(event: Obj, strictly: bool) -> Iterator[Cause]:
    about, home = (event.get("involvedObject") or {}).get("namespace", ""), namespace_of(event)
    if event.get("eventTime"):
        wrong = not about and home not in ("default", "kube-system")
    else:
        wrong = about != home and not (not about and home == "default")
    if wrong:
        yield causes.invalid("involvedObject.namespace", about, "does not match event.namespace")
    if event.get("eventTime"):
        yield from _check_reporter(event, "reportingController" if strictly else "reportingComponent")
        for name, most in _AT_MOST.items():
            if not event.get(name):
                yield causes.required(name)
            if len(event.get(name, "")) > most:
                yield causes.invalid(name, "", f"can have at most {most} characters")
        if len(event.get("message", "")) > _LONGEST_MESSAGE:
            yield causes.invalid("message", "", f"can have at most {_LONGEST_MESSAGE} characters")
    yield from causes.each("namespace", home, metadata.is_subdomain(home))


def _check_reporter(event: Obj, field: str) -> Iterator[Cause]:
    reporter = event.get("reportingComponent", "")
    if not reporter:
        yield causes.required(field)
    yield from metadata.label_key(reporter, field)


# ------------------------------------------------------------------------------------------ leases


def check_lease(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    seconds, strategy = spec.get("leaseDurationSeconds"), spec.get("strategy")
    if seconds is not None and seconds <= 0:
        yield causes.invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    yield from causes.not_negative(spec, "spec", "leaseTransitions")
    if strategy is not None:
        yield from _check_strategy(strategy)
    if spec.get("preferredHolder") and not strategy:
        yield causes.forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined")


def _check_strategy(strategy: str) -> Iterator[Cause]:
    if "/" in strategy:
        yield from metadata.label_key(strategy, "spec.strategy")
    else:
        yield from causes.among("spec.strategy", strategy, _STRATEGIES)
