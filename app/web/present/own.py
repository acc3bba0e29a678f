"""The controllers that people wrote in a room: their texts, what is wrong with them, and what they printed last; and
what one would do that is tried before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.api import limits
from app.api.objects import Obj, Ref, name_of
from app.api.own_controllers import IN_PLACE, OWN_CONTROLLER
from app.apimachinery import yamltext
from app.engine.trace import Differed, Failed, Trace
from app.look import Look
from app.rooms import Observation, Tried
from app.web.present.values import brief, clip
from app.web.present.words import Words

_LOOKED_BACK = 500  # steps in which its last look is searched


def own(look: Look) -> dict[str, Any]:
    return {"controllers": [_controller(look, definition) for definition in look.objects(OWN_CONTROLLER)]}


def _controller(look: Look, definition: Obj) -> dict[str, Any]:
    spec, name = definition["spec"], name_of(definition)
    actor = look.actors.get(name)
    failed = [mistake.failed for mistake in actor.mistakes] if actor else []
    return {
        "name": name,
        "parent": spec["parent"],
        "children": _children(spec["children"]),
        "text": spec["text"],
        "edge": spec["edge"],
        "mistakes": [{"error": each.error, "where": each.where} for each in failed],
        "printed": _printed(look.trace, name),
    }


def _children(strategies: Mapping[str, str]) -> str:
    """As the command takes them."""
    return ", ".join(kind if how == IN_PLACE else f"{kind}={how}" for kind, how in strategies.items())


def _printed(trace: Trace, name: str) -> list[str]:
    """When it last compared, or failed to."""
    for step in reversed(trace.since(trace.count - _LOOKED_BACK)):
        match step.record:
            case Failed(printed=printed, phase="diff") if step.actor == name:
                return list(printed)
            case Differed(differences=differences) if step.actor == name:
                return [str(gap.desired) for gap in differences if gap.reason == "Printed"]
    return []


# ------------------------------------------------------------------------------------------- before it runs


class ChangeView(NamedTuple):
    path: str
    old: str
    new: str


class FateView(NamedTuple):
    """What would become of a child. `text`: as it would be created."""

    sign: str
    what: str
    ref: Ref
    said: str
    changes: tuple[ChangeView, ...]
    text: str


_SIGNS = {"create": "+", "update": "~", "recreate": "±", "delete": "−", "wait": "…", "same": "="}


def choices(found: Observation, _: Words) -> list[tuple[str, str]]:
    """What may be observed: what the loop saw last, and every parent that there is."""
    last = [("seen", _("as the loop saw it in step %(n)s", n=found.step))] if found.step else []
    return [*last, *((place, place.removeprefix("-/").removeprefix("default/")) for place in found.choices)]


def tried(found: Tried, _: Words) -> dict[str, Any]:
    said = {
        "create": _("would be created"),
        "update": _("would be changed"),
        "recreate": _("would be deleted and made anew"),
        "delete": _("would be deleted: it is not named any more"),
        "wait": _("differs, but it is not its turn"),
        "same": _("is as it is wanted"),
    }
    fates = [
        FateView(
            _SIGNS[fate.what],
            fate.what,
            fate.ref,
            said[fate.what],
            _changes(fate.changes),
            yamltext.dump(fate.wanted, sort_keys=False) if fate.wanted else "",
        )
        for fate in found.fates
    ]
    return {
        "mistake": _mistake(found, _),
        "printed": found.printed,
        "status": _changes(found.status_changes),
        "fates": fates,
        "acts": sum(fate.what not in ("same", "wait") for fate in fates) + bool(found.status_changes),
        "again_s": found.again_s,
    }


def _mistake(found: Tried, _: Words) -> str:
    if found.limit == "time":
        return _("It took more than %(n)s s, so it was ended.", n=f"{limits.OWN_CPU_S:g}")
    if found.limit:
        return _("It took more than %(n)s MiB of memory, so it was ended.", n=limits.OWN_MEMORY_BYTES // limits.MIB)
    return f"{found.where}: {found.mistake}" if found.mistake and found.where else found.mistake


def _changes(changed: Iterable[tuple[str, Any, Any]]) -> tuple[ChangeView, ...]:
    return tuple(ChangeView(path, clip(brief(old), 60), clip(brief(new), 60)) for path, old, new in changed)
