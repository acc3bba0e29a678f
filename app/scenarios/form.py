"""The form of a script: YAML in, a Scenario out, or the line of the mistake. docs/lessons.md tells it to teachers.

Called by app/scenarios/__init__.py for the lessons that come with Loopscope and for those of `--lessons DIR`, and by
`loopscope check-script`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api import errors
from app.api.objects import Ref
from app.commands import COMMANDS, command_from_json
from app.scenarios import desired, read_predicates
from app.scenarios.places import ANYTHING, Known, Place, nearest, whole
from app.scenarios.predicates import Elapsed, Ever, Happened, Predicate
from app.scenarios.script import (
    MEASURED,
    Deed,
    Edit,
    Milestone,
    Need,
    Order,
    Restore,
    Role,
    Scenario,
    ScriptStep,
)
from app.scenarios.selecting import Selector

GROUPS = (
    ("basics", 0),
    ("workloads", 100),
    ("scheduling", 150),
    ("failures", 200),
    ("traffic", 230),
    ("control-plane", 290),
    ("own", 300),
    ("service", 350),
)
"""Of the menu, in its order, and the `order` from which on a lesson belongs there unless it says otherwise."""
_FIELDS = (
    "order", "group", "title", "promise", "cast", "nodes", "zones", "cpu", "memory", "settle_s", "clock",
    "hour", "operators", "manifests", "begin", "steps", "ending",
)  # fmt: skip
OPERATORS = ("mysql", "rabbitmq")
"""That a script may ask for; their manifests are in app/operators."""
_STEP = ("press", "does", "needs", "say", "expects", "again_s", "milestones")
_PICKS = ("*", "=")  # in the name of a ref: it says which, not what it is called


class _Texts(NamedTuple):
    """What a script declares: at its start, and in commands."""

    manifests: str
    applied: Sequence[str]


def read(id: str, text: str, known: Known = ANYTHING) -> Scenario:
    """Raises ScriptError; also for kinds and loops that are not `known`."""
    place = whole(text, known).fields(_FIELDS)
    place = place._replace(known=_with_its_own(place))
    order = place.at("order").number(least=-10_000) if place.has("order") else 0
    manifests = place.at("manifests").text() if place.has("manifests") else ""
    texts = _Texts(manifests, [order["text"] for order in _orders(place.value, "apply")])
    steps = [_step(item, texts) for item in place.at("steps").items()] if place.has("steps") else []
    _told_apart(place, steps)
    _measured(place, steps)
    return Scenario(
        id=id,
        title=place.needed("title").texts(),
        promise=place.needed("promise").texts(),
        nodes=_number(place, "nodes", 3),
        zones=_number(place, "zones", 0),
        cpu=str(place.value.get("cpu", "4")),
        memory=str(place.value.get("memory", "8Gi")),
        manifests=manifests,
        begin=tuple(_command(item) for item in place.at("begin").items()) if place.has("begin") else (),
        order=order,
        group=_group(place, order),
        settle_ms=_number(place, "settle_s", 600) * 1000,
        clock=_number(place, "clock", 0),
        hour=_hour(place.at("hour")) if place.has("hour") else None,
        operators=tuple(_operator(item) for item in place.at("operators").items()) if place.has("operators") else (),
        cast=tuple(_role(item) for item in place.at("cast").items()) if place.has("cast") else (),
        steps=tuple(steps),
        ending=place.at("ending").texts() if place.has("ending") else None,
    )


def _with_its_own(place: Place) -> Known:
    """Of what is known, with the kinds that the script defines and the loops that it writes."""
    if place.known == ANYTHING:
        return ANYTHING
    texts = [place.value.get("manifests"), *(order["text"] for order in _orders(place.value, "apply"))]
    kinds = [kind for text in texts if isinstance(text, str) for kind in desired.kinds_defined(text)]
    loops = [str(order.get("name")) for order in _orders(place.value, "define-controller")]
    return Known(place.known.kinds.union(kinds), place.known.loops.union(loops))


def _orders(value: object, do: str) -> Iterator[Mapping[str, Any]]:
    """The commands of that name, wherever they stand in a script; of `apply` those that have a text."""
    if isinstance(value, Mapping):
        if value.get("do") == do and (do != "apply" or isinstance(value.get("text"), str)):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _orders(each, do)


def _number(place: Place, field: str, default: int) -> int:
    return place.at(field).number() if place.has(field) else default


def _hour(place: Place) -> int:
    if place.number() > 23:
        raise place.wrong("a day has no such hour", "Write 0 to 23.")
    return place.number()


def _operator(place: Place) -> str:
    if place.text() not in OPERATORS:
        raise place.wrong(f"there is no operator {place.text()}", f"Known are {', '.join(OPERATORS)}.")
    return place.text()


def _group(place: Place, order: int) -> str:
    if not place.has("group"):
        return [name for name, least in GROUPS if order >= least][-1] if order >= 0 else GROUPS[0][0]
    group = place.at("group").text()
    if group not in dict(GROUPS):
        raise place.at("group").wrong(f"there is no group {group}", f"Known are {', '.join(dict(GROUPS))}.")
    return group


def _role(place: Place) -> Role:
    place.fields(("loop", "watches"))
    return Role(place.needed("loop").loop(), place.needed("watches").texts())


# -------------------------------------------------------------------------------------------------- steps


def _step(place: Place, texts: _Texts) -> ScriptStep:
    place.fields(_STEP)
    if place.has("expects") and place.at("expects").value != "refusal":
        raise place.at("expects").wrong("a step expects nothing or a refusal", "Write `expects: refusal`.")
    milestones = tuple(_milestone(item) for item in place.needed("milestones").items())
    if not milestones:
        raise place.at("milestones").wrong("a step needs a milestone", "Say what is to come of it, and `when`.")
    return ScriptStep(
        press=place.needed("press").texts(),
        does=_deeds(place.needed("does"), texts),
        milestones=milestones,
        needs=tuple(_need(item, texts) for item in place.at("needs").items()) if place.has("needs") else (),
        say=place.at("say").texts() if place.has("say") else None,
        expects_refusal=place.has("expects"),
        again_ms=_number(place, "again_s", 0) * 1000,
    )


def _need(place: Place, texts: _Texts) -> Need:
    place.fields(("that", "else"))
    that = read_predicates.predicate(place.needed("that"))
    if not _is_of_the_present(that):
        raise place.at("that").wrong(
            "what a step needs is asked before anything happens", "Ask about objects: leave out loop, after_s and ever."
        )
    return Need(that, _deeds(place.at("else"), texts) if place.has("else") else ())


def _is_of_the_present(asked: Predicate) -> bool:
    return not isinstance(asked, Happened | Elapsed | Ever) and all(map(_is_of_the_present, asked.parts))


def _milestone(place: Place) -> Milestone:
    place.fields(("id", "words", "when"))
    when = read_predicates.predicate(place.needed("when"))
    return Milestone(place.needed("id").text(), place.needed("words").texts(), when)


def _told_apart(place: Place, steps: Iterable[ScriptStep]) -> None:
    """Milestones of a script are named by their ids."""
    seen: set[str] = set()
    for index, step in enumerate(steps):
        for number, milestone in enumerate(step.milestones):
            if milestone.id in seen:
                at = place.at("steps").at(index).at("milestones").at(number).at("id")
                raise at.wrong(f"two milestones are called {milestone.id}", "Give one of them another id.")
            seen.add(milestone.id)


def _measured(place: Place, steps: Iterable[ScriptStep]) -> None:
    """The ending may name milestones."""
    ids = {milestone.id for step in steps for milestone in step.milestones}
    ending = place.at("ending").texts() if place.has("ending") else {}
    for lang, text in ending.items():
        for id in MEASURED.findall(text):
            if id not in ids:
                raise place.at("ending").at(lang).wrong(f"no milestone is called {id}", nearest(id, ids))


# -------------------------------------------------------------------------------------------------- deeds


def _deeds(place: Place, texts: _Texts) -> tuple[Deed, ...]:
    found = tuple(_deed(item, texts) for item in place.items())
    if not found:
        raise place.wrong(f"{place.name} does nothing", "Give a command, an edit, or `{restore: all}`.")
    return found


def _deed(place: Place, texts: _Texts) -> Deed:
    if place.has("edit"):
        place.fields(("edit", "field", "value"))
        field = place.needed("field")
        read_predicates.path(field, field.text())
        declared = _declared(place.at("edit"), texts.manifests, *texts.applied)
        return Edit(declared, field.text(), place.needed("value").value)
    if place.has("restore"):
        place.fields(("restore",))
        named = place.at("restore")
        return Restore(None if named.value == "all" else _declared(named, texts.manifests))
    if place.has("node") and isinstance(place.value["node"], dict):
        node = read_predicates.selector(place.at("node"))
        return Order({**_command(place, node="any"), "node": ""}, node, "node")
    about = _about(place)
    if about is None:
        return Order(_command(place))
    return Order({**_command(place, ref=[about.kind, "default", "any"]), "ref": []}, about)


def _declared(place: Place, *texts: str) -> Ref:
    """An object that one of these texts of the script declares, written as `Deployment/web`."""
    kind, _, name = place.text().partition("/")
    place._replace(value=kind).kind()
    found = desired.declared(texts, kind, name)
    if found is None:
        problem = f"the script's manifests do not declare {place.value}"
        raise place.wrong(problem, "Write it as `Deployment/web`, and declare it under `manifests`.")
    return found


def _about(place: Place) -> Selector | None:
    """What a command is about, if that is to be looked for when it is done."""
    if not place.has("ref"):
        return None
    ref = place.at("ref")
    if isinstance(ref.value, dict):
        return read_predicates.selector(ref)
    if not isinstance(ref.value, list) or len(ref.value) != 3 or not any(mark in str(ref.value[2]) for mark in _PICKS):
        return None
    kind, namespace, name = (str(part) for part in ref.value)
    said = {"kind": kind, "namespace": namespace, "labels" if "=" in name else "name": name}
    return read_predicates.selector(ref._replace(value=said))


def _command(place: Place, **unknown: object) -> dict[str, object]:
    """A command's JSON, which is as app/commands.py wants it. `unknown` stands for what is not known yet."""
    place.fields(place.value if isinstance(place.value, dict) else ())
    named = place.needed("do")
    if named.value not in COMMANDS:
        raise named.wrong(f"there is no command {named.value}", nearest(str(named.value), COMMANDS))
    if "true" in place.value or "false" in place.value:
        raise place.wrong("a key that YAML reads as true or false", 'Write it in quotes: `"on": false`.')
    try:
        command_from_json({**place.value, **unknown})
    except errors.BadRequest as error:
        raise place.wrong(error.message, "See the fields of the commands in docs/lessons.md.") from None
    return dict(place.value)
