"""The controllers that people wrote in a room: their texts, what is wrong with them, and what they printed last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.objects import Obj, name_of
from app.api.own_controllers import IN_PLACE, OWN_CONTROLLER
from app.engine.trace import Differed, Trace
from app.look import Look

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
    """When it last compared."""
    for step in reversed(trace.since(trace.count - _LOOKED_BACK)):
        if step.actor == name and isinstance(step.record, Differed):
            return [str(gap.desired) for gap in step.record.differences if gap.reason == "Printed"]
    return []
