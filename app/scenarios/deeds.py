"""What a step of a script does to a room as it is: commands, to be submitted one after another.

A deed may be about *a pod that is called web-something*: which one that is, and what text an edit starts from, is seen
when it is done. Called by rooms, which submit what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.api import errors
from app.api.objects import Obj, kind_of, name_of, ref_of
from app.commands import Apply, Command, DefineController, command_from_json
from app.look import Look
from app.scenarios import desired, predicates
from app.scenarios.desired import Edited, Written
from app.scenarios.script import Deed, Edit, Need, Order, Restore, Scenario, ScriptStep
from app.scenarios.selecting import Selector, found


class Done(NamedTuple):
    """A command, and how it changes what is declared, or the text of a controller."""

    command: Command
    edits: tuple[Edited, ...] = ()
    texts: tuple[Written, ...] = ()


def done(deed: Deed, scenario: Scenario, look: Look, chosen: str = "") -> Done:
    """`chosen` is the name that somebody has picked, where several objects would do.

    Raises NotFound if there is no such object, or nothing that could be edited."""
    match deed:
        case Edit(ref, field, value):
            edited = desired.edited(look, ref, field, value)
            return Done(Apply(edited.text), (edited,))
        case Restore(ref):
            text = desired.own_text(scenario.manifests, ref) if ref else scenario.manifests
            return Done(Apply(text), desired.replaced(look, text))
        case Order(command, about, field):
            data = dict(command)
            if about is not None:
                meant = _meant(about, look, chosen)
                data[field] = list(ref_of(meant)) if field == "ref" else _machine(meant)
            made = command_from_json(data)
            match made:
                case Apply(text):
                    return Done(made, desired.replaced(look, text))
                case DefineController():
                    return Done(made, texts=(desired.written(look, made),))
            return Done(made)


def _meant(about: Selector, look: Look, chosen: str) -> Obj:
    objects = found(about, look)
    picked = [obj for obj in objects if name_of(obj) == chosen]
    if not objects:
        raise errors.NotFound(f"there is no {about.kind} that this step could be about")
    return (picked or objects)[0]


def _machine(meant: Obj) -> str:
    """A node, or the one that a pod is on."""
    return str(meant["spec"].get("nodeName") if kind_of(meant) == "Pod" else name_of(meant))


def unmet(step: ScriptStep, look: Look) -> Iterable[Need]:
    """What the step builds upon and is not so, one after another: what comes of one is seen by the next."""
    return (need for need in step.needs if not holds(need, look))


def holds(need: Need, look: Look) -> bool:
    return need.that.holds(predicates.now(look))
