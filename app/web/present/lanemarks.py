"""What a mark on a lane of the timeline says of what was done: a sentence, and a few words for where there is room.

"It creates one: …gkzql." and "created web-…gkzql". Called by `timeline` for each step that did something.
"""

from __future__ import annotations

from app.api.objects import Ref
from app.engine.trace import Acted, Commanded, Step
from app.reconcile import Bind, Create, Delete, Patch, Update
from app.web.present import captions, deeds
from app.web.present.names import lane_of, short
from app.web.present.values import brief, clip
from app.web.present.words import Words

LONGEST = 34  # characters that stand beside a mark
NOTHING = ("", "")


def of(step: Step, _: Words) -> tuple[str, str]:
    """A sentence, and a few words; ("", "") of a look or a comparison."""
    match step.record:
        case Commanded(error=error):
            said = captions.sentence(step, _)
            return said, _("refused") if error else clip(said.rstrip(".。"), LONGEST)
        case Acted() as record:
            return deeds.deed(record, lane_of(step.actor), _), clip(_done(record, _), LONGEST)
    return NOTHING


def _done(record: Acted, _: Words) -> str:
    """Of what people care about; the rest is bookkeeping, and its sentence is enough."""
    ref, result = deeds.written(record), record.result
    if not result.ok:
        return f"{result.code} {result.reason}"
    if ref is None or ref.kind in ("PodSandbox", "Machine", "Lease", "Event", "EndpointSlice"):
        return ""
    gap, name = record.differences[record.difference], _named(ref)
    match record.action:
        case Create():
            return _("created %(name)s", name=name)
        case Delete(grace_seconds=0):
            return _("removed %(name)s", name=name)
        case Delete():
            return _("deleted %(name)s", name=name)
        case Bind(node=node):
            return _("put %(name)s on %(node)s", name=name, node=node)
        case Patch() | Update() if gap.field == "spec.replicas":
            return _(
                "%(name)s: %(observed)s → %(desired)s",
                name=name,
                observed=brief(gap.observed),
                desired=brief(gap.desired),
            )
    return ""


def _named(ref: Ref) -> str:
    """As much of the name as tells it from its like: "web-…gkzql"."""
    tail = short(ref)
    head = ref.name.partition("-")[0]
    return f"{head}-{tail}" if tail.startswith("…") and ref.kind == "Pod" else tail
