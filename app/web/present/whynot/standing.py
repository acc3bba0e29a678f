"""Differences about which nothing is done, as they were seen last: the loop waits, or its request is refused.

Of each key of each loop only the newest look counts: what it does not find any more is over. Read from the steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from app.api.breath import breathing
from app.api.messages import Message, Saying
from app.api.objects import Ref, ref_of
from app.engine.trace import Acted, Differed, Failed, Observed, Result, Step
from app.look import Look
from app.reconcile import Bind, Create, Delete, Difference, Patch, RequeueAfter, Update
from app.web.present import captions, waits
from app.web.present.clock import virtual
from app.web.present.names import called, known, lane_of, role_title, tell
from app.web.present.refusals import cause
from app.web.present.steps import differs
from app.web.present.values import brief, clip, values_of
from app.web.present.whynot.answer import Answer, moment
from app.web.present.whynot.family import Family
from app.web.present.words import N_, Words

REMINDERS = ("DeadlineAhead", "RolloutInProgress", "LookDue", "Writes", "RetryLater", "StatusOutdated")
"""Reasons of Differences that hold nothing up: a timer for later, or what is only written down."""
TRANSIENT = 409  # somebody was faster: the next try sees it
MOST_READ = 4  # objects that are named, of what a loop looked at
LONGEST_VALUE = 60
_QUOTA = re.compile(r"exceeded quota: (\S+), requested: (.+), used: (.+), limited: (.+)")

Loop = tuple[str, Ref | None]
"""An actor, and the key that it works on."""
Gap = tuple[str, Ref | None, str, Ref]
"""The same, and what differs: the reason, and the object that it is about."""


class Book(NamedTuple):
    """What the steps tell, newest first."""

    looks: Mapping[Loop, Step]  # the newest comparison of each key, of those that are still there
    answers: Mapping[Gap, tuple[Step, Result]]  # the newest answer of the API server to what closes a gap
    failures: Mapping[Loop, Step]  # keys at which a loop failed last


def of(cluster: Look, related: Family, _: Words) -> Iterator[Answer]:
    book = _read(cluster)
    held: list[tuple[Step, Difference, Result | None, int]] = []
    for step in book.looks.values():
        assert isinstance(step.record, Differed)
        for gap in step.record.differences:
            depth = _depth(step, gap, related)
            if depth is not None:
                refused = _refused(book, step, gap)
                if refused is not None or _waits(gap, _.voice(lane_of(step.actor)).says.get(gap.reason)):
                    held.append((step, gap, refused, depth))
    since = _since(cluster, [(step, gap) for step, gap, _refusal, _far in held])
    for step, gap, refused, depth in held:
        yield _answer(cluster, step, gap, refused, since[_name(step, gap)], depth, _)
    for (_actor, key), step in book.failures.items():
        if key is not None and known(key) in related:
            yield _failing(cluster, step, related[known(key)], _)


def _depth(step: Step, gap: Difference, related: Family) -> int | None:
    """Of the object that it is about, or that the loop looks after; None: it is about somebody else."""
    found = [related[each] for each in (known(gap.about), known(step.key or gap.about)) if each in related]
    return min(found) if found else None


# ------------------------------------------------------------------------------------------------ the steps


def _read(cluster: Look) -> Book:
    looks: dict[Loop, Step] = {}
    over: set[Loop] = set()
    answers: dict[Gap, tuple[Step, Result]] = {}
    failures: dict[Loop, Step] = {}
    for step in breathing(reversed(cluster.trace.since(0))):
        loop = (step.actor, step.key)
        match step.record:
            case Acted(differences=differences, difference=place, result=result) if result.code:
                answers.setdefault(_name(step, differences[place]), (step, result))
            case Differed() if loop not in looks and loop not in over and _is_look(step):
                looks[loop] = step
            case Failed(code=0) if loop not in looks and loop not in over:
                failures.setdefault(loop, step)
            case Observed(observation=None):
                over.add(loop)
    return Book(looks, answers, failures)


def _is_look(step: Step) -> bool:
    """Slow loops that are woken before their time only say that it is not time."""
    return step.actor not in waits.SLOW or waits.is_look(step)


def _name(step: Step, gap: Difference) -> Gap:
    return step.actor, step.key, gap.reason, gap.about


def _since(cluster: Look, held: Iterable[tuple[Step, Difference]]) -> dict[Gap, Step]:
    """The first of the looks in a row that found it."""
    first = {_name(step, gap): step for step, gap in held}
    goes_on: dict[Loop, set[Gap]] = {}
    for name in first:
        goes_on.setdefault(name[:2], set()).add(name)
    for step in breathing(reversed(cluster.trace.since(0))) if first else ():
        names = goes_on.get((step.actor, step.key))
        if not names or not isinstance(step.record, Differed) or not _is_look(step):
            continue
        here = {_name(step, gap) for gap in step.record.differences}
        names &= here
        first.update(dict.fromkeys(names, step))
    return first


# --------------------------------------------------------------------------------------------------- the gaps


def _waits(gap: Difference, saying: Saying | None) -> bool:
    """Nothing of the world is changed about it. What is told, or written down, once, is over; unless the loop says what
    would have to change."""
    if gap.reason in REMINDERS or any(map(_changes_the_world, gap.actions)):
        return False
    if saying is not None and saying.needs:
        return True
    is_timed = any(isinstance(action, RequeueAfter) for action in gap.actions)
    return differs(gap) and not gap.background and (is_timed or not gap.actions)


def _changes_the_world(action: object) -> bool:
    if isinstance(action, Patch):
        return action.subresource != "status"
    return isinstance(action, Create | Update | Delete | Bind)


def _refused(book: Book, step: Step, gap: Difference) -> Result | None:
    """What the API server said to it last, if that was no."""
    found = book.answers.get(_name(step, gap))
    if found is None or found[1].ok or found[1].code == TRANSIENT or not any(map(_changes_the_world, gap.actions)):
        return None
    return found[1]


# ------------------------------------------------------------------------------------------------ in sentences


def _answer(
    cluster: Look, step: Step, gap: Difference, refused: Result | None, since: Step, depth: int, _: Words
) -> Answer:
    role, about = lane_of(step.actor), known(gap.about)
    values = values_of(gap, _)
    text, needs = captions.difference(gap, role, _), _needs(step, gap, role, _)
    if refused is not None:
        why = cause(refused.code, refused.reason, refused.message, _)
        text = captions.joined(text, _("Refused: %(why)s.", why=why), _)
        needs = (_allowed(refused, _),)
    elif not needs:
        needs = (_looks_again(cluster, step, _),)
    return Answer(
        ref=about,
        about=called(about, _),
        code=gap.reason,
        text=text,
        needs=needs,
        role=role,
        who=role_title(role, _),
        want=_brief(gap.desired, values["desired"]),
        have=_brief(gap.observed, values["observed"]),
        since=moment(cluster, since),
        latest=moment(cluster, step) if step is not since else None,
        again=_again(cluster, step, gap, _),
        depth=depth,
    )


def _brief(value: object, said: str) -> str:
    """Only numbers and words: what is a table is looked at in the loop."""
    return clip(said, LONGEST_VALUE) if isinstance(value, str | int | float | Ref) and brief(value) else ""


def _needs(step: Step, gap: Difference, role: str, _: Words) -> tuple[str, ...]:
    saying = _.voice(role).says.get(gap.reason)
    if saying is None or not saying.needs or not isinstance(step.record, Differed):
        return ()
    if isinstance(saying.needs, str):
        return (_(saying.needs, **values_of(gap, _)),)
    found: list[Message] = list(saying.needs(gap, step.record.observation))
    return tuple(tell(each, _) for each in found)


def _looks_again(cluster: Look, step: Step, _: Words) -> str:
    """A loop goes by what it reads: whoever says no more than that it waits can only be moved by that."""
    looked = cluster.trace.get(step.cause)
    refs: list[Ref] = []
    for read in looked.record.reads if looked is not None and isinstance(looked.record, Observed) else ():
        refs += map(ref_of, read if isinstance(read, tuple | list) else (read,))
    names = list(dict.fromkeys(called(ref, _) for ref in refs))
    shown = ", ".join(names[:MOST_READ]) + (f" +{len(names) - MOST_READ}" if len(names) > MOST_READ else "")
    if not shown:
        return _("Something that it looks at must change.")
    return _("Something that it looked at must change: %(what)s.", what=shown)


def _allowed(refused: Result, _: Words) -> str:
    """In the numbers of the answer where it has some, else in its words."""
    quota = _QUOTA.search(refused.message)
    if quota is not None:
        values = dict(zip(("name", "asked", "used", "limit"), quota.groups(), strict=True))
        text = N_("ResourceQuota %(name)s must allow more: asked for %(asked)s, used %(used)s, allowed %(limit)s.")
        return _(text, **values)
    return _("The API server must allow it. It says: %(message)s", message=refused.message)


def _again(cluster: Look, step: Step, gap: Difference, _: Words) -> str:
    """A look is at the time of its observation; its own timer is told, if it has not run out."""
    delays = [action.delay_ms for action in gap.actions if isinstance(action, RequeueAfter)]
    until_ms = step.at_ms + min(delays) if delays else 0
    if until_ms <= cluster.now_ms:
        return ""
    return _("It looks again by its own timer at %(time)s.", time=virtual(until_ms - cluster.epoch_ms))


def _failing(cluster: Look, step: Step, depth: int, _: Words) -> Answer:
    role = lane_of(step.actor)
    about = known(step.key) if step.key is not None else Ref("", "", "")
    needs = _("What it stumbles over must change, or its code.")
    return Answer(
        about, called(about, _), "Failed", captions.sentence(step, _), (needs,), role, role_title(role, _),
        since=moment(cluster, step), depth=depth,
    )  # fmt: skip
