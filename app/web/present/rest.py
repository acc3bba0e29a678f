"""Whether a room is quiet, in words; and if it is not though nothing is left to do, what is waited for.

Quiet is not said while requests fail, a rollout is stuck, or a loop will act at a time that it set itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.api import conditions
from app.api.objects import Obj, name_of
from app.look import Look
from app.rooms import Awaited
from app.web.present import oncall, waits
from app.web.present.clock import virtual
from app.web.present.names import lane_of, role_title
from app.web.present.words import Words

ROLLING = ("Deployment",)


class Rest(NamedTuple):
    """`waits_for` is "" in a room that is quiet, and in one that works."""

    is_quiet: bool
    waits_for: str


def of(cluster: Look, awaited: Awaited | None, *, is_told: bool, _: Words) -> Rest:
    if not cluster.at_rest and awaited is None:
        # A slow loop may look again and again meanwhile: then it is what one waits for.
        return Rest(False, next((wait.text for wait in waits.of(cluster, _)), "") if is_told else "")
    trouble = next(iter(_troubles(cluster, _)), "")
    if not trouble and awaited is not None:
        # While something else is going on that is what one looks at.
        trouble = _next_act(awaited, cluster.epoch_ms, _) if is_told else ""
    return Rest(cluster.at_rest and is_told and not trouble, trouble)


def _troubles(cluster: Look, _: Words) -> Iterable[str]:
    for alert in cluster.alerts:
        yield _("Left to you: %(said)s", said=oncall.told(alert, _))
    for load in cluster.objects("Load"):
        window = (load.get("status") or {}).get("window") or {}
        if window.get("failed"):
            yield _("Requests to Service %(name)s fail.", name=name_of(load))
    for kind in ROLLING:
        for obj in cluster.objects(kind):
            if _says(obj, "Progressing", "False"):
                yield _("The rollout of %(name)s is stuck.", name=name_of(obj))
    yield from (wait.text for wait in waits.of(cluster, _))


def _says(obj: Obj, type_: str, status: str) -> bool:
    found = conditions.find((obj.get("status") or {}).get("conditions"), type_)
    return found is not None and found.get("status") == status


def _next_act(awaited: Awaited, epoch_ms: int, _: Words) -> str:
    who, at = role_title(lane_of(awaited.actor), _), virtual(awaited.due_ms - epoch_ms)
    return _("%(who)s acts next at %(time)s.", who=who, time=at)
