"""Why? The chain of causes from what somebody did to an object, an Event or an endpoint, as a list to look through.

Each link is a step that did something: a command, or what a loop wrote, with the gap that asked for it. What lies
between them (a change that is delivered, a key that is queued, a look, a comparison) is one loop's business and is
shown with its step. Called by `pages`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from app.api.breath import breathing
from app.api.objects import Obj, Ref, namespace_of
from app.component_helpers.slices import service_of
from app.engine.trace import Acted, Commanded, Fired, Step, changes_of
from app.look import Look
from app.web.present import captions, causes
from app.web.present.clock import virtual
from app.web.present.names import called, lane_of, role_title, subject
from app.web.present.steps import is_phase, phase_of, refs_of
from app.web.present.words import Words

SHOWN = 60  # links; the beginning and the end of a longer chain


class Link(NamedTuple):
    step: int
    at: str
    role: str
    who: str
    phase: str  # you, act, or observe where it begins with a loop of its own accord
    text: str
    gap: str  # what was missing, for which it was done
    how: str  # what came between the link before and this one, if that is worth a word


class Why(NamedTuple):
    about: str
    links: tuple[Link, ...]  # what somebody did first
    left_out: int  # links in the middle that are too many
    nothing: str  # said instead, if there is nothing to show


def of_object(cluster: Look, ref: Ref, _: Words) -> Why:
    """Of its newest write that was no mere heartbeat; of a machine also what somebody did to it."""
    written = [step for step in breathing(cluster.trace.since(0)) if _wrote(step, ref)]
    loud = [step for step in written if not step.background] or written
    return _why(cluster, loud[-1] if loud else None, called(ref, _), _)


def of_endpoint(cluster: Look, service: Ref, name: str, _: Words) -> Why:
    """Of the newest change of that pod's place on the Service's list."""
    about = _("%(pod)s as an endpoint of %(service)s", pod=called(Ref("Pod", "", name), _), service=called(service, _))
    for step in breathing(reversed(cluster.trace.since(0))):
        if _moved(step, service, name):
            return _why(cluster, step, about, _)
    return _why(cluster, None, about, _)


def _wrote(step: Step, ref: Ref) -> bool:
    """The object, or of a Node what happens to its machine; not what the machine writes down itself."""
    for change in changes_of(step):
        of_machine = ref.kind == "Node" and change.ref == Ref("Machine", "", ref.name)
        if change.ref == ref or (of_machine and _spec(change.old) != _spec(change.new)):
            return True
    return False


def _spec(obj: Obj | None) -> Any:
    return (obj or {}).get("spec")


def _moved(step: Step, service: Ref, name: str) -> bool:
    slices = [change for change in changes_of(step) if change.ref.kind == "EndpointSlice"]
    return any(_endpoint(each.old, service, name) != _endpoint(each.new, service, name) for each in slices)


def _endpoint(piece: Obj | None, service: Ref, name: str) -> Mapping[str, Any] | None:
    if piece is None or namespace_of(piece) != service.namespace or service_of(piece) != service:
        return None
    places: Sequence[Mapping[str, Any]] = piece.get("endpoints") or ()
    return next((each for each in places if (each.get("targetRef") or {}).get("name") == name), None)


# ------------------------------------------------------------------------------------------------ links


def _why(cluster: Look, step: Step | None, about: str, _: Words) -> Why:
    if step is None:
        return Why(about, (), 0, _("Nobody has written it since the oldest step that is kept."))
    path = causes.path(cluster.trace, step.number)
    if step.background:  # a heartbeat: its clock is all that is behind it
        path = path[max((place for place, each in enumerate(path) if _is_own_clock(each)), default=0) :]
    found = tuple(links(path, cluster.epoch_ms, _))
    left_out = max(0, len(found) - SHOWN)
    return Why(about, (*found[: SHOWN // 2], *found[SHOWN // 2 + left_out :]), left_out, "")


def links(path: Sequence[Step], epoch_ms: int, _: Words) -> Iterator[Link]:
    """The steps of a path that did something, with what came between them. What a loop did at the times before that its
    own clock woke it is left out: it does not lead to what it did this time."""
    if path and not isinstance(path[0].record, Commanded):
        yield _beginning(path, epoch_ms, _)
    how = ""
    for flight, after in pairwise([*_flights(path), []]):
        record, done = flight[0].record, _done(flight, after)
        if isinstance(record, Fired):
            how = record.why
        elif done is not None:
            yield link(done, how, epoch_ms, _)
            how = ""


def _is_own_clock(step: Step) -> bool:
    return isinstance(step.record, Fired) and step.background


def _flights(path: Iterable[Step]) -> Iterator[list[Step]]:
    """The steps of one reconcile together; each other step alone."""
    for _key, steps in groupby(path, key=lambda step: (step.actor, step.key, 0) if is_phase(step) else (step.number,)):
        yield list(steps)


def _done(flight: Sequence[Step], after: Sequence[Step]) -> Step | None:
    """What came of it: the last thing that it asked for; if it then waited, what it did to its own object; None if that
    was at an earlier time of its own clock."""
    if after and _is_own_clock(after[0]):
        return None
    done = [step for step in flight if isinstance(step.record, Commanded) or _asks(step)]
    if after and isinstance(after[0].record, Fired):
        done = [step for step in done if step.key in refs_of(step)] or done
    return done[-1] if done else None


def _asks(step: Step) -> bool:
    """The API server, or a machine; an Event is announced without asking."""
    return isinstance(step.record, Acted) and bool(step.record.result.code or step.record.result.changes)


def link(step: Step, how: str, epoch_ms: int, _: Words) -> Link:
    """`how`: why of the step before it (Fired), or ""."""
    said, record, gap = captions.caption(step, _), step.record, ""
    if isinstance(record, Acted):
        gap = captions.difference(record.differences[record.difference], said.role, _)
    how_words = {
        "TIMER": _("by its own timer"),
        "BACKOFF": _("tried again"),
        "RELIST": _("it read everything anew"),
        "WATCH-BROKEN": _("an event was lost"),
        "EVENT-LOST": _("it was never told of this"),
    }
    at = virtual(step.at_ms - epoch_ms)
    return Link(step.number, at, said.role, said.who, phase_of(step), said.text, gap, how_words.get(how, ""))


def _beginning(path: Sequence[Step], epoch_ms: int, _: Words) -> Link:
    """Nobody did anything: the cluster began, a loop has a clock of its own, or it is too long ago."""
    seen = next(step for step in path if is_phase(step))
    record, who = path[0].record, subject(seen.actor, _)
    if not isinstance(record, Fired):
        text = _("What came before is not kept any more.")
    elif record.why == "RELIST":
        text = _("%(who)s begins: it reads everything that there is.", who=who)
    else:
        text = _("%(who)s looks by its own timer.", who=who)
    role = lane_of(seen.actor)
    return Link(seen.number, virtual(seen.at_ms - epoch_ms), role, role_title(role, _), "observe", text, "", "")
