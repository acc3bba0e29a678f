"""One plain sentence for what just happened, from the record and from nothing else.

A Difference speaks as its loop says by its reason; one that the loop has no words for gets a sentence made of its
fields, so a new controller speaks from its first run. Called for the caption below the columns, the loop panel and the
timeline.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from app.api.objects import Ref
from app.commands import ClientRequest, Command
from app.engine.trace import Acted, Commanded, Differed, Failed, Observed, Step
from app.reconcile import (
    Announce,
    Bind,
    Create,
    Delete,
    Difference,
    Patch,
    Remember,
    RequeueAfter,
    Update,
    UpdateStatus,
)
from app.web.present import news
from app.web.present.actions import describe
from app.web.present.clock import duration
from app.web.present.names import known, lane_of, role_title, subject
from app.web.present.steps import foreground, main_difference, phase_of, phase_title
from app.web.present.values import brief, clip
from app.web.present.words import Words


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
    return Caption(phase, tag, who, sentence(step, _), step.number, bad, lane_of(step.actor))


def nothing_yet(_: Words) -> Caption:
    text = _("Change something on the left, or kill a pod on the right.")
    return Caption("", "", "", text, 0, False, "")


def sentence(step: Step, _: Words) -> str:
    match step.record:
        case Commanded(command=command, results=results, error=error):
            said = commanded(command, len(results), _)
            return _("%(said)s The API server refused: %(error)s", said=said, error=clip(error, 300)) if error else said
        case Observed():
            return _observed(step, step.record, _)
        case Differed(differences=differences):
            return _differed(step, differences, _)
        case Acted():
            return _acted(step, step.record, _)
    return ""


def difference(gap: Difference, role: str, _: Words) -> str:
    """Why there is something to do, as a whole sentence."""
    values = values_of(gap)
    told = news.reported(gap.actions[0], _) if gap.actions and gap.field == "status" else ""
    if told:
        more = _("The status does not say so yet.")
        return f"{told} {more}" if _.lang == "en" else f"{told}{more}"
    saying = _.voice(role).says.get(gap.reason)
    if saying is None:
        return _("%(about)s: %(field)s is %(observed)s and should be %(desired)s.", **values)
    return _(saying.of_one if saying.of_one and gap.observed == 1 else saying.text, **values)


def short(gap: Difference, role: str, _: Words) -> str:
    """The same in two to four words, for the inside of the ring; where the loop has none, the reason itself."""
    want, have, saying = gap.desired, gap.observed, _.voice(role).says.get(gap.reason)
    if saying is None or not saying.short:
        return gap.reason
    apart = abs(want - have) if isinstance(want, int) and isinstance(have, int) else 0
    return _.say(saying.short, apart)


def values_of(gap: Difference) -> dict[str, Any]:
    """What a sentence of the catalogue may name."""
    return {
        "kind": gap.about.bare_kind,
        "about": known(gap.about).name,
        "field": gap.field,
        "desired": brief(gap.desired),
        "observed": brief(gap.observed),
    }


def named(ref: Ref | None) -> str:
    """What a machine keeps of a pod is called by the name of that pod."""
    return "{0.bare_kind} {0.name}".format(known(ref)) if ref else ""


def commanded(command: Command, count: int, _: Words) -> str:
    """What a person did, or an API client of hers; `count` objects were written."""
    text, values, n = command.sentence(count)
    shown: dict[str, Any] = {name: named(value) if isinstance(value, Ref) else value for name, value in values.items()}
    if "who" in shown and _.lang == "ja":
        shown["who"] = f"{shown['who']} "  # a Latin name before a particle
    return _.say(text, n, **shown)


def client(command: Command) -> str:
    """The API client that sent it, as it names itself; "" if a person did it on the page."""
    return command.who if isinstance(command, ClientRequest) else ""


def _observed(step: Step, record: Observed, _: Words) -> str:
    who, what = subject(step.actor, _), named(step.key)
    if record.observation is None:
        return _("%(who)s looks for %(what)s: it is gone.", who=who, what=what)
    wake = record.wakes[0] if record.wakes else None
    if wake and wake.ref and wake.why in ("ADDED", "MODIFIED", "DELETED"):
        sentences = {
            "ADDED": _("%(cause)s is new, so %(who)s looks at %(what)s."),
            "MODIFIED": _("%(cause)s changed, so %(who)s looks at %(what)s."),
            "DELETED": _("%(cause)s is gone, so %(who)s looks at %(what)s."),
        }
        middle = who[:1].lower() + who[1:] if _.lang == "en" else who
        return sentences[wake.why] % {"cause": named(wake.ref), "who": middle, "what": what}
    if wake and wake.why in ("TIMER", "BACKOFF"):
        return _("%(who)s looks at %(what)s again: the time it set itself is over.", who=who, what=what)
    return _("%(who)s looks at %(what)s.", who=who, what=what)


def _differed(step: Step, differences: tuple[Difference, ...], _: Words) -> str:
    gap = main_difference(differences)
    if gap is None:
        return _("%(who)s has nothing to do for %(what)s now.", who=subject(step.actor, _), what=named(step.key))
    said = difference(gap, lane_of(step.actor), _)
    others = len(foreground(differences)) - 1
    if others > 0:
        more = _.many("And one more difference.", "And %(n)s more differences.", others)
        return f"{said} {more}" if _.lang == "en" else f"{said}{more}"
    return said


def _acted(step: Step, record: Acted, _: Words) -> str:
    who, result = subject(step.actor, _), record.result
    if not result.ok:
        asked = describe(record.action, _)
        return _(
            "%(who)s tried: %(asked)s. Answer: %(code)s %(message)s",
            who=who,
            asked=asked,
            code=result.code,
            message=clip(result.message, 240),
        )
    name = result.ref.name if result.ref else ""
    told = news.reported(record.action, _)
    if told:
        return _("%(who)s reports: %(news)s", who=who, news=told)
    gap = record.differences[record.difference]
    if said := news.changed(gap, record.action, lane_of(step.actor), who, _):
        return said
    match record.action:
        case Create(obj=obj):
            return _(
                "%(who)s created %(kind)s %(name)s.",
                who=who,
                kind=obj["kind"],
                name=name or obj["metadata"].get("name", ""),
            )
        case Update(obj=obj):
            return _("%(who)s updated %(kind)s %(name)s.", who=who, kind=obj["kind"], name=name)
        case UpdateStatus(obj=obj):
            return _("%(who)s wrote down the status of %(kind)s %(name)s.", who=who, kind=obj["kind"], name=name)
        case Patch(ref=ref, subresource="status"):
            return _("%(who)s wrote down the status of %(kind)s %(name)s.", who=who, kind=ref.bare_kind, name=ref.name)
        case Patch(ref=ref):
            return _("%(who)s changed %(kind)s %(name)s.", who=who, kind=ref.bare_kind, name=ref.name)
        case Delete(ref=ref, grace_seconds=0):
            return _("%(who)s removed %(kind)s %(name)s for good.", who=who, kind=ref.bare_kind, name=ref.name)
        case Delete(ref=ref):
            return _("%(who)s deleted %(kind)s %(name)s.", who=who, kind=ref.bare_kind, name=ref.name)
        case Bind(ref=ref, node=node):
            return _("%(who)s put Pod %(name)s on %(node)s.", who=who, name=ref.name, node=node)
        case Announce(message=message):
            return _("%(who)s announced: %(message)s", who=who, message=clip(message, 240))
        case RequeueAfter(delay_ms=delay_ms):
            return _("%(who)s will look again in %(delay)s.", who=who, delay=duration(delay_ms))
        case Remember():
            return _("%(who)s made a note for next time.", who=who)
    return ""
