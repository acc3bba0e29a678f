"""Moments of a room, to go back to: the ruler's marks, the list of changes, and what the page shows of one.

A moment is a step that people follow (is_visible). Of what a room has forgotten the same is drawn from a cluster that
lived again (app/rooms/hindsight.py): both are a Look whose newest step is the one that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from app.api import errors
from app.api.breath import breathing
from app.api.objects import Obj, Ref
from app.apimachinery.patch.strategic import FieldChange, field_changes
from app.commands import command_from_json
from app.engine.trace import Commanded, Step, Trace, changes_of, is_visible
from app.look import Look
from app.rooms import Entry, Told, is_act
from app.web.present import board, captions, telling
from app.web.present.breaks import breaks
from app.web.present.clock import virtual
from app.web.present.edits import UNKNOWN
from app.web.present.names import YOU, called, lane_of, role_title
from app.web.present.room import documents
from app.web.present.steps import is_phase, phase_of
from app.web.present.values import brief, clip
from app.web.present.words import Words

MOST_MARKS = 300  # on a ruler
MOST_ROWS = 200  # in the list of changes
MOST_READ = 8_000  # changes that are looked through for those
MOST_COMPARED = 1_000  # of those the newest, whose fields are offered to choose from
MOST_CHOICES = 100
MOST_FIELDS = 3  # of an object, beside each other
_HIDDEN = ("Event", "Lease")
LONGEST_VALUE = 32
_PLACE = re.compile(r"\[[^\]]*\]")
_TIMES = ("Time", "Timestamp")  # what a field that only says when is called
_BOOKKEEPING = ("metadata.managedFields", "metadata.resourceVersion", "metadata.generation", "metadata.annotations")


class Mark(NamedTuple):
    """Something that people did: after which step, at which virtual time since the room began, what, and whether it
    broke something."""

    step: int
    at_ms: int
    text: str
    is_fault: bool = False


class Write(NamedTuple):
    """What one step made of one object; None: it was not there, or is gone."""

    step: Step
    about: Ref
    old: Obj | None
    new: Obj | None


class Wanted(NamedTuple):
    """Of all changes those of one object, loop and field, of which the words name the object, the loop or the field."""

    words: str = ""
    object: str = ""  # Kind/namespace or "-"/name, as in addresses
    loop: str = ""  # a role
    field: str = ""  # a path


class Changed(NamedTuple):
    """A row of the list: one object, changed by one step."""

    step: int
    at: str
    phase: str
    who: str
    text: str
    role: str


def ruler(cluster: Look, journal: Sequence[Entry], _: Words) -> dict[str, Any]:
    """What a ruler from the room's beginning to now is drawn from; of very many marks the newest."""
    _ = _.among(cluster.voices)
    acts = [entry for entry in journal if is_act(entry)]
    return {
        "count": cluster.trace.count,
        "marks": [mark(entry, cluster, _) for entry in acts[-MOST_MARKS:]],
    }


def mark(entry: Entry, cluster: Look, _: Words) -> Mark:
    step, command = cluster.trace.get(entry.step + 1), command_from_json(entry.command)
    if step is not None and isinstance(step.record, Commanded):
        said = captions.sentence(step, _)
    else:
        said = captions.commanded(command, 1, _)
    return Mark(entry.step + 1, entry.at_ms - cluster.epoch_ms, said, breaks(command))


# -------------------------------------------------------------------------------------------------- one moment


def step_detail(cluster: Look, number: int, _: Words, *, forward: bool = False) -> dict[str, Any] | None:
    """Context of `templates/_step.html`: the page as it was at the nearest step that people follow, from `number` back
    or forward; at that step itself if `cluster` knows none, for all loops rest. None: it does not know that either."""
    found = nearest(cluster.trace, number, forward=forward)
    step = found or cluster.trace.get(number)
    if step is None:
        return None
    _ = _.among(cluster.voices)
    then = _then(cluster, step)
    return {
        "_": _,
        "lang": _.lang,
        "card": telling.card(cluster.trace, step, cluster.epoch_ms, _) if found else telling.at_rest(step, _),
        "board": board.board(then, _) if then is not None else None,
        "documents": documents(then) if then is not None else None,
        "pointers": telling.pointers(then or cluster, Told(step, 0)),
        "at_ms": step.at_ms - cluster.epoch_ms,
        "epoch_ms": cluster.epoch_ms,
    }


def nearest(trace: Trace, number: int, *, forward: bool = False) -> Step | None:
    """The step that people follow, from `number` back or forward."""
    steps = trace.since(number - 1) if forward else reversed(trace.until(min(number, trace.count)).since(0))
    if number > trace.count:
        return None
    return next((step for step in breathing(steps) if is_followed(step)), None)


def _then(cluster: Look, step: Step) -> Look | None:
    """The cluster as it was; None if that is not known any more, or was too large to be drawn twice."""
    try:
        then = cluster.at(step.number)
    except errors.ApiError:
        return None
    return None if board.in_cells(then) or board.in_cells(cluster) else then


def is_followed(step: Step) -> bool:
    return is_visible(step) and (is_phase(step) or isinstance(step.record, Commanded))


# -------------------------------------------------------------------------------------------------- changes


def changes(cluster: Look, wanted: Wanted, _: Words) -> dict[str, Any]:
    """Context of `templates/_changes.html`: the newest changes that are known, oldest first, as far as they fit; and of
    which objects, loops and fields there are some."""
    _ = _.among(cluster.voices)
    words = wanted.words.casefold().split()
    known = list(breathing(islice(_newest_first(cluster), MOST_READ)))
    near = (write for write in known if _fits(write, wanted))
    rows = (_row(write, cluster, _) for write in breathing(near))
    fitting = (row for row, searched in rows if all(word in searched for word in words))
    found = list(islice(fitting, MOST_ROWS + 1))
    return {
        "_": _,
        "lang": _.lang,
        "wanted": wanted,
        "choices": _choices(known, _),
        "rows": found[:MOST_ROWS][::-1],
        "is_cut": len(found) > MOST_ROWS,
    }


def _fits(write: Write, wanted: Wanted) -> bool:
    if wanted.object and wanted.object != _id(write.about):
        return False
    if wanted.loop and wanted.loop != lane_of(write.step.actor):
        return False
    return not wanted.field or any(_path(each.path) == wanted.field for each in _fields(write))


def _choices(known: Sequence[Write], _: Words) -> dict[str, list[tuple[str, str]]]:
    """Value and words of each, in order of the words; of very many the newest."""
    refs = dict.fromkeys(write.about for write in known)
    roles = dict.fromkeys(lane_of(write.step.actor) for write in known)
    paths = dict.fromkeys(_path(each.path) for write in breathing(known[:MOST_COMPARED]) for each in _fields(write))
    return {
        "object": _sorted((_id(ref), called(ref, _)) for ref in islice(refs, MOST_CHOICES)),
        "loop": _sorted((role, role_title(role, _)) for role in roles),
        "field": _sorted((path, path) for path in islice(paths, MOST_CHOICES)),
    }


def _sorted(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(found, key=lambda each: each[1].casefold())


def _id(ref: Ref) -> str:
    return f"{ref.kind}/{ref.namespace or '-'}/{ref.name}"


def _path(path: str) -> str:
    """Of whichever item of a list: `spec.containers[].image`."""
    return _PLACE.sub("[]", path)


def _newest_first(cluster: Look) -> Iterator[Write]:
    for step in reversed(cluster.trace.since(0)):
        if is_followed(step):
            for change in reversed(changes_of(step)):
                if is_listed(cluster, change.ref):
                    yield Write(step, change.ref, change.old, change.new)


def is_listed(cluster: Look, ref: Ref) -> bool:
    """Whether changes of it are: it is kept by the API server, and no Event or heartbeat."""
    row = cluster.scheme.lookup(ref.kind)
    return ref.kind not in _HIDDEN and (row is None or not row.is_local)


def _row(write: Write, cluster: Look, _: Words) -> tuple[Changed, str]:
    """And what it is found by."""
    step, role = write.step, lane_of(write.step.actor)
    fields = _fields(write)
    text = _said(write, fields, _)
    who = role_title(role, _) if role != YOU else _("You")
    row = Changed(step.number, virtual(step.at_ms - cluster.epoch_ms), phase_of(step), who, text, role)
    searched = (str(write.about), who, step.actor, text, *(each.path for each in fields))
    return row, " ".join(searched).casefold()


def _fields(write: Write) -> list[FieldChange]:
    """What is another now, without what the API server notes for itself, and when."""
    if write.old is None or write.new is None:
        return []
    changed = field_changes(write.old, write.new, UNKNOWN)
    return [each for each in changed if not each.path.startswith(_BOOKKEEPING) and not each.path.endswith(_TIMES)]


def _said(write: Write, fields: Sequence[FieldChange], _: Words) -> str:
    what = called(write.about, _)
    if write.old is None:
        return f"+ {what}"
    if write.new is None:
        return f"− {what}"
    shown = [f"{each.path}: {_value(each.old)} → {_value(each.new)}" for each in fields[:MOST_FIELDS]]
    if len(fields) > MOST_FIELDS:
        shown.append(f"+{len(fields) - MOST_FIELDS}")
    return f"{what} · {', '.join(shown)}" if shown else what


def _value(value: Any) -> str:
    return clip(brief(value), LONGEST_VALUE)
