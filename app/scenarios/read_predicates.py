"""Predicates and selectors as they stand in a script. Called by form.py; docs/lessons.md tells teachers the same.

{kind: Pod, labels: app=web, ready: true, count: 3}                  # objects
{kind: Deployment, name: web, where: {status.readyReplicas: ">= 3"}}
{loop: replicaset-controller, reason: TooFewReplicas}                # steps, since the button was pressed
{loop: you, code: 429}
{after_s: 60}   {quiet: true}                                        # time
{all: [...]}  {any: [...]}  {not: ...}  {ever: ...}                  # a list is `all`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.api import errors
from app.api.selectors import LabelSelector, parse_labels
from app.scenarios import selecting
from app.scenarios.places import Place, nearest
from app.scenarios.predicates import (
    PHASES,
    All,
    AnyOf,
    AtRest,
    Elapsed,
    Ever,
    Happened,
    Not,
    Objects,
    Predicate,
)
from app.scenarios.selecting import ANY_LABELS, Comparison, Field, Named, Selector

ACTIONS = ("Create", "Update", "UpdateStatus", "Patch", "Delete", "Bind", "Announce", "RequeueAfter", "Remember")
_COMBINED: dict[str, Callable[[tuple[Any, ...]], Predicate]] = {
    "all": All,
    "any": AnyOf,
    "not": Not,
    "ever": Ever,
}
_SELECTING = ("kind", "name", "namespace", "labels", "where", "conditions", "ready", "terminating", "new")
_HAPPENED = ("loop", "phase", "reason", "action", "kind", "name", "do", "code")
_SOME = Comparison(1.0, ">=")


def predicate(place: Place) -> Predicate:
    """Raises ScriptError."""
    if isinstance(place.value, list):
        return All(tuple(predicate(item) for item in place.items()))
    for name in ("loop", "after_s", "quiet", *_COMBINED):
        if place.has(name):
            break
    else:
        place.fields((*_SELECTING, "count"))
        return Objects(selector(place), comparison(place.at("count")) if place.has("count") else _SOME)
    if name == "loop":
        return _happened(place.fields(_HAPPENED))
    inner = place.fields((name,)).at(name)
    if name == "after_s":
        return Elapsed(inner.number() * 1000)
    if name == "quiet":
        return AtRest() if inner.flag() else Not((AtRest(),))
    return _COMBINED[name](tuple(predicate(item) for item in inner.items()))


def selector(place: Place) -> Selector:
    """Raises ScriptError."""
    where = place.at("where").fields(place.at("where").value) if place.has("where") else None
    fields = [_field(where.at(path), path) for path in where.value] if where else []
    if place.has("conditions"):
        conditions = place.at("conditions").fields(place.at("conditions").value)
        fields += [_condition(conditions.at(name), name) for name in conditions.value]
    return Selector(
        kind=place.needed("kind").kind(),
        name=place.at("name").text() if place.has("name") else "",
        namespace=place.at("namespace").text() if place.has("namespace") else "",
        labels=_labels(place.at("labels")) if place.has("labels") else ANY_LABELS,
        where=tuple(fields),
        ready=place.at("ready").flag() if place.has("ready") else None,
        terminating=place.at("terminating").flag() if place.has("terminating") else None,
        new=place.at("new").flag() if place.has("new") else None,
        named=_named(place.at("named")) if place.has("named") else None,
    )


def _named(place: Place) -> Named:
    field = place.fields((*_SELECTING, "field")).needed("field")
    return Named(selector(place), path(field, field.text()))


def comparison(place: Place) -> Comparison:
    if isinstance(place.value, dict):
        raise place.wrong(f"{place.name} is a map", 'Write a value, or a comparison such as ">= 3".')
    try:
        return selecting.compared(place.value)
    except ValueError as error:
        raise place.wrong(str(error), 'Compare with a number, such as ">= 3".') from None


def path(place: Place, written: str) -> tuple[str, ...]:
    try:
        return selecting.parts(written)
    except ValueError as error:
        fix = "Write it as `status.readyReplicas` or `metadata.labels[app]`."
        raise place.wrong(str(error), fix) from None


def _field(place: Place, written: str) -> Field:
    return path(place, written), comparison(place)


def _condition(place: Place, type_: str) -> Field:
    status = comparison(place)
    if isinstance(status.wanted, bool):  # people write True where Kubernetes has the text "True"
        status = Comparison(str(status.wanted))
    return ("status", "conditions", type_, "status"), status


def _labels(place: Place) -> LabelSelector:
    try:
        return parse_labels(place.text())
    except errors.BadRequest as error:
        raise place.wrong(error.message, "Write labels as kubectl takes them: `app=web,tier!=cache`.") from None


def _happened(place: Place) -> Happened:
    told = {
        name: place.at(name).text()
        for name in ("loop", "phase", "reason", "action", "kind", "name", "do")
        if place.has(name)
    }
    for name, known in (("phase", PHASES), ("action", ACTIONS)):
        if name in told and told[name] not in known:
            raise place.at(name).wrong(f"there is no {name} {told[name]}", nearest(told[name], known))
    place.at("loop").loop()
    if "kind" in told:
        place.at("kind").kind()
    return Happened(**told, code=comparison(place.at("code")) if place.has("code") else None)
