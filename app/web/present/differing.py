"""Which objects differ between two rooms, and in what. Pure; called by `beside`.

Two objects of one name are compared field by field, without what the API server notes for itself, times, and what is
made up anew each time (uids, addresses). Objects whose names are made up are compared in numbers: so many of one owner
in each state. Of the pieces of a Service's endpoints the endpoints are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from app.api.breath import breathing
from app.api.objects import Obj, Ref, controller_of, is_terminating, kind_of, labels_of
from app.apimachinery.patch.strategic import FieldChange, field_changes
from app.apimachinery.scheme.scheme import Scheme
from app.component_helpers import pods
from app.component_helpers.slices import service_of
from app.kubectl.printers.pods import pod_status
from app.web.present.edits import UNKNOWN

_APART = ("Endpoints", "EndpointSlice", "Event", "Lease", "NodeMetrics", "PodMetrics")
"""Kinds that say once more what others say, or the time."""
_NOTED = (
    "metadata.uid", "metadata.resourceVersion", "metadata.generation", "metadata.managedFields",
    "metadata.creationTimestamp", "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]",
)  # fmt: skip
_BESIDE = {"Node": ("status.images",)}
"""By kind, what is kept for a machine's own use."""
_MADE_UP = re.compile(r"(^|\.)(uid|observedGeneration|message|podIPs?|hostIPs?|containerID|imageID)(\[|$)")
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
NOT_READY = "not ready"

State = Mapping[Ref, Obj]


class Tally(NamedTuple):
    """How many there are, by state; "" where only the number counts."""

    by_state: tuple[tuple[str, int], ...]


class Gap(NamedTuple):
    """One object that differs, or what is made for one: `fields` of both, or tallies, or it is in one alone."""

    about: Ref
    of: str  # what is counted: "Pod", "endpoint"; "" if it is the object itself
    looked_at: tuple[Ref, ...]
    fields: tuple[FieldChange, ...] = ()
    tallies: tuple[Tally, Tally] | None = None


def gaps(one: State, other: State, scheme: Scheme) -> list[Gap]:
    """In order of kind and name; what is counted after what it belongs to."""
    found = [*_named(one, other, scheme), *_made(one, other, scheme), *_endpoints(one, other)]
    return sorted(found, key=lambda gap: (gap.about, gap.of))


def _named(one: State, other: State, scheme: Scheme) -> Iterator[Gap]:
    for ref in breathing({**one, **other}):
        here, there = one.get(ref), other.get(ref)
        if here is there or not _is_compared(ref, scheme) or _is_made(here or there):
            continue
        if here is None or there is None:
            yield Gap(ref, "", (ref,))
        elif fields := fields_of(here, there, scheme):
            yield Gap(ref, "", (ref,), fields)


def fields_of(here: Obj, there: Obj, scheme: Scheme) -> tuple[FieldChange, ...]:
    row = scheme.lookup(kind_of(here))
    shape = scheme.definition(row.key).shape if row is not None else None
    beside = _BESIDE.get(kind_of(here), ())
    changes = field_changes(here, there, shape or UNKNOWN)
    return tuple(each for each in changes if _matters(each) and not each.path.startswith(beside))


def _matters(change: FieldChange) -> bool:
    if change.path.startswith(_NOTED) or _MADE_UP.search(change.path):
        return False
    return bool(_plain(change.old) != _plain(change.new)) and not _is_order(change.old, change.new)


def _is_order(old: Any, new: Any) -> bool:
    """The same things came one after the other in another order."""
    is_list = isinstance(old, list) and isinstance(new, list)
    return is_list and sorted(map(repr, old)) == sorted(map(repr, new))


def _plain(value: Any) -> Any:
    """Without uids and times."""
    if isinstance(value, str):
        return "…" if _TIME.fullmatch(value) else _UID.sub("…", value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def _is_compared(ref: Ref, scheme: Scheme) -> bool:
    return ref.kind not in _APART and not scheme.is_local(ref.kind)


# ------------------------------------------------------------------------------------------------- in numbers


def _is_made(obj: Obj | None) -> bool:
    """Its name was made up by the API server."""
    return obj is not None and bool(obj["metadata"].get("generateName"))


def _made(one: State, other: State, scheme: Scheme) -> Iterator[Gap]:
    """By kind and owner, or by the beginning of their names where they have none."""
    mine, others = _groups(one, scheme), _groups(other, scheme)
    for key in {**mine, **others}:
        here, there = mine.get(key, {}), others.get(key, {})
        if here.keys() == there.keys():
            for ref in here:
                if here[ref] is not there[ref] and (fields := fields_of(here[ref], there[ref], scheme)):
                    yield Gap(ref, "", (ref,), fields)
            continue
        tallies = _tally(map(_state, here.values())), _tally(map(_state, there.values()))
        if tallies[0] != tallies[1]:
            kind, owner = key
            yield Gap(owner, kind, (*{**here, **there},), (), tallies)


def _groups(state: State, scheme: Scheme) -> dict[tuple[str, Ref], dict[Ref, Obj]]:
    found: dict[tuple[str, Ref], dict[Ref, Obj]] = {}
    for ref, obj in state.items():
        if _is_made(obj) and _is_compared(ref, scheme):
            found.setdefault((ref.kind, _owner(ref, obj)), {})[ref] = obj
    return found


def _owner(ref: Ref, obj: Obj) -> Ref:
    owner = controller_of(obj)
    if owner is None:
        return Ref(ref.kind, ref.namespace, f"{obj['metadata']['generateName']}…")
    return Ref(kind_of(owner), ref.namespace, owner["name"])


def _state(obj: Obj) -> str:
    if kind_of(obj) != "Pod":
        return "Terminating" if is_terminating(obj) else ""
    status = pod_status(obj)
    return NOT_READY if status == "Running" and not pods.is_ready(obj) else status


def _tally(states: Iterable[str]) -> Tally:
    return Tally(tuple(sorted(Counter(states).items())))


def _endpoints(one: State, other: State) -> Iterator[Gap]:
    mine, others = _by_service(one), _by_service(other)
    for service in {**mine, **others}:
        here, there = mine.get(service, {}), others.get(service, {})
        tallies = _tally(_conditions(here.values())), _tally(_conditions(there.values()))
        if tallies[0] != tallies[1]:
            yield Gap(service, "endpoint", (*{**here, **there},), (), tallies)


def _by_service(state: State) -> dict[Ref, dict[Ref, Obj]]:
    found: dict[Ref, dict[Ref, Obj]] = {}
    for ref, obj in state.items():
        if ref.kind == "EndpointSlice" and labels_of(obj) and (service := service_of(obj)) is not None:
            found.setdefault(service, {})[ref] = obj
    return found


def _conditions(slices: Iterable[Obj]) -> Iterator[str]:
    for piece in slices:
        for endpoint in piece.get("endpoints") or ():
            said = endpoint.get("conditions") or {}
            yield "ready" if said.get("ready") else "Terminating" if said.get("terminating") else NOT_READY
