"""One plain sentence for what just happened, from the record and from nothing else.

A reconcile reads as one short paragraph: what was counted, how it differs from what is wanted, what is done about it.
Loops and commands carry their words with them (app/api/messages.py); what has none gets a sentence made of its names
and fields, so a new controller speaks from its first run. Called for the caption below the columns, the loop panel and
the timeline.
"""

from __future__ import annotations

from typing import NamedTuple

from app.api.objects import Ref
from app.commands import YOU, ClientRequest, Command
from app.engine.trace import Acted, Commanded, Differed, Failed, Observed, Step
from app.reconcile import Difference
from app.web.present import names, news
from app.web.present.deeds import deed
from app.web.present.edits import edit
from app.web.present.names import OUTSIDE, called, lane_of, role_title, subject, tell
from app.web.present.refusals import cause
from app.web.present.steps import main_difference, phase_of, phase_title
from app.web.present.values import clip, values_of
from app.web.present.words import Words

LONGEST = {"en": 110, "ja": 55}
"""Characters of a sentence: more cannot be read at a glance. Names can be as long as anything."""
LONGEST_LOOP = 32  # characters of its name; one that is longer is called by its title
SHORTEST_ERROR = 10  # of the rest the panel tells


class Caption(NamedTuple):
    phase: str  # observe, diff, act, you; "" when there is nothing to say yet
    tag: str
    who: str
    text: str
    step: int
    bad: bool
    role: str  # whose loop it speaks of


def caption(step: Step, _: Words) -> Caption:
    phase = phase_of(step)
    bad = (
        isinstance(step.record, Failed)
        or (isinstance(step.record, Acted) and not step.record.result.ok)
        or (isinstance(step.record, Commanded) and bool(step.record.error))
    )
    who = role_title(lane_of(step.actor), _)
    tag = phase_title(phase, _)
    if isinstance(step.record, Commanded) and client(step.record.command):
        tag = _("Client")
    text = clip(sentence(step, _), LONGEST[_.lang])
    return Caption(phase, tag, who, text, step.number, bad, lane_of(step.actor))


def nothing_yet(_: Words) -> Caption:
    text = _("Change what is declared, or break something.")
    return Caption("", "", "", text, 0, False, "")


def at_rest(number: int, _: Words) -> Caption:
    return Caption("", "", "", _("There is nothing to do: the loops rest."), number, False, "")


def sentence(step: Step, _: Words) -> str:
    role = lane_of(step.actor)
    match step.record:
        case Commanded(command=command, results=results):
            said = edit(step.record, _) or commanded(command, len(results), _)
            refused = _refused(step.record, _)
            return joined(said, refused, _) if refused else said
        case Observed():
            return _observed(step, step.record, _)
        case Differed(differences=differences, left=left):
            gap = differences[left[0]] if left else main_difference(differences)
            said = difference(gap, role, _) if gap else _("Nothing is missing: there is nothing to do.")
            return joined(said, _("You are called."), _) if left else said
        case Acted():
            return deed(step.record, role, _)
        case Failed():
            return _failed(step, step.record, _)
    return ""


def joined(one: str, other: str, _: Words) -> str:
    return f"{one} {other}" if _.lang == "en" else f"{one}{other}"


def difference(gap: Difference, role: str, _: Words) -> str:
    """Why there is something to do, as a whole sentence."""
    told = news.reported(gap.actions[0], _) if gap.actions and gap.field == "status" else ""
    if told:
        return _("Not reported yet: %(news)s", news=told)
    values, saying = values_of(gap, _), _.voice(role).says.get(gap.reason)
    if saying is None:
        return _("%(about)s: %(field)s is %(observed)s and should be %(desired)s.", **values)
    text = saying.text
    if callable(text) and not isinstance(text, tuple):
        return tell(text(gap), _)
    return _.say(text, values["n"], **values)


def short(gap: Difference, role: str, _: Words) -> str:
    """The same in two to four words, for the inside of the ring; where the loop has none, the reason itself."""
    want, have, saying = gap.desired, gap.observed, _.voice(role).says.get(gap.reason)
    if saying is None or not saying.short:
        return gap.reason
    apart = abs(want - have) if isinstance(want, int) and isinstance(have, int) else 0
    return _.say(saying.short, apart)


def commanded(command: Command, count: int, _: Words) -> str:
    """What a person did, or an API client; `count` objects were written."""
    who = client(command) or _("An API client")
    said = command.sentence(count)
    loop = said.values.get("loop")
    if isinstance(loop, str) and len(loop) > LONGEST_LOOP:
        said = said._replace(values={**said.values, "loop": role_title(lane_of(loop), _)})
    return tell(said, _, who=who)


def client(command: Command) -> str:
    """The API client that sent it, as its lane is called or as it names itself; "" if a person did it on the page."""
    if command.author != YOU:
        return command.author.removeprefix(OUTSIDE)
    return command.who if isinstance(command, ClientRequest) else ""


def _refused(record: Commanded, _: Words) -> str:
    if not record.error:
        return ""
    if record.refusal is None:
        return _("That was refused.")
    refusal = record.refusal
    return _("Refused: %(why)s.", why=cause(refusal.code, refusal.reason, refusal.message, _))


def _observed(step: Step, record: Observed, _: Words) -> str:
    who = subject(step.actor, _)
    if record.observation is None:
        return _("%(who)s finds nothing to look after at %(what)s.", who=who, what=_key(step.key, _))
    saw = _.voice(lane_of(step.actor)).saw
    said = saw(record.observation) if saw is not None else None
    if said is not None:
        return tell(said, _, who=who)
    return _("%(who)s looks at %(what)s.", who=who, what=_key(step.key, _))


def _failed(step: Step, record: Failed, _: Words) -> str:
    who = subject(step.actor, _)
    if record.phase == "crash":
        return _("%(who)s dies between two writes. It starts again, and remembers nothing.", who=who)
    if record.code:
        return _("%(who)s cannot read: its request did not get through. It tries again.", who=who)
    file, _comma, line = record.where.partition(", line ")
    where = _("%(file)s, line %(line)s", file=file, line=line)

    def say(error: str) -> str:
        if step.key is None:
            return _("%(who)s fails: %(error)s (%(where)s). The others go on.", who=who, error=error, where=where)
        values = {"who": who, "what": names.short(step.key), "error": error, "where": where}
        return _("%(who)s fails at %(what)s: %(error)s (%(where)s). The others go on.", **values)

    return say(clip(record.error, max(SHORTEST_ERROR, LONGEST[_.lang] - len(say("")))))


def _key(key: Ref | None, _: Words) -> str:
    return called(key, _) if key else ""
