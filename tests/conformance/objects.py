"""Whole objects, field by field: as each was first seen, as it was in the end, and as it was when it was deleted; and
how its generation, observedGeneration, finalizers and deletion went on.

Objects whose names are random are one group, and a field has the values that any of them had. A tree is nested by the
paths of fields; a leaf that is a list holds several values, `null` among them where some have no such field.
"""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.facts import KINDS, Facts, History, Obj, following
from tests.conformance.renaming import Path, Renaming

Fields = dict[Path, Any]
Tree = dict[str, Any]
LATER = ("last", "deleted")


def objects_of(history: History) -> Facts:
    history = [(type_, obj) for type_, obj in history if obj["kind"] in (*KINDS, "Endpoints")]
    names = Renaming(history)
    lives: dict[tuple[str, str], History] = {}
    for type_, obj in history:
        lives.setdefault((obj["kind"], obj["metadata"]["uid"]), []).append((type_, obj))
    groups: dict[str, dict[str, list[Fields]]] = {}
    for life in lives.values():
        first, (type_, last) = life[0][1], life[-1]
        states = groups.setdefault(called(first, names), {})
        states.setdefault("first", []).append(names.fields(first))
        states.setdefault("deleted" if type_ == "DELETED" else "last", []).append(names.fields(last))
        if first["kind"] != "Event":
            steps = " > ".join(following(step(obj) for _, obj in life))
            states.setdefault("steps", []).append({("generation",): steps})
    return {
        group: {state: tree(together(objects)) for state, objects in sorted(states.items())}
        for group, states in sorted(groups.items())
    }


def called(obj: Obj, names: Renaming) -> str:
    if obj["kind"] != "Event":
        return f"{obj['kind']} {names.text(obj['metadata']['name'])}"
    source = (obj.get("source") or {}).get("component") or obj.get("reportingComponent") or ""
    return f"Event {obj['involvedObject']['kind']} {obj['reason']} from {source}"


def step(obj: Obj) -> str:
    """`2/1`: the second generation, of which the first was seen."""
    meta, status = obj["metadata"], obj.get("status") or {}
    parts = [f"{meta.get('generation', '-')}/{status.get('observedGeneration', '-')}", *meta.get("finalizers", ())]
    if "deletionTimestamp" in meta:
        parts.append(f"deleting within {meta.get('deletionGracePeriodSeconds', '-')} s")
    return " ".join(parts)


def together(objects: list[Fields]) -> Fields:
    """What any of them had, each value once."""
    found: Fields = {}
    for path in sorted({path for each in objects for path in each}):
        values = {json.dumps(each.get(path)): each.get(path) for each in objects}
        several = len(values) > 1 or values.keys() & {"null", "[]"}
        found[path] = [values[text] for text in sorted(values)] if several else next(iter(values.values()))
    return found


def tree(fields: Fields) -> Tree:
    """Nested. What has fields in some of the objects and is empty in others keeps that under the key ""."""
    found: Tree = {}
    for path, value in sorted(fields.items()):
        place = found
        for key in path[:-1]:
            if not isinstance(place.setdefault(key, {}), dict):
                place[key] = {"": place[key]}
            place = place[key]
        place[path[-1]] = value
    return found


def packed(objects: Facts) -> Facts:
    """What is in a file: of the later states what is not as in the first, `null` where a field is gone."""
    return {
        group: {state: less(found, states["first"]) if state in LATER else found for state, found in states.items()}
        for group, states in objects.items()
    }


def unpacked(objects: Facts) -> Facts:
    return {
        group: {state: more(found, states["first"]) if state in LATER else found for state, found in states.items()}
        for group, states in objects.items()
    }


def less(new: Tree, old: Tree) -> Tree:
    found: Tree = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old or value != old[key]:
            nested = isinstance(value, dict) and isinstance(old.get(key), dict)
            found[key] = less(value, old[key]) if nested else value
    return found


def more(changes: Tree, old: Tree) -> Tree:
    found = {key: value for key, value in old.items() if changes.get(key, value) is not None}
    for key, value in changes.items():
        if value is not None:
            nested = isinstance(value, dict) and isinstance(old.get(key), dict)
            found[key] = more(value, old[key]) if nested else value
    return found
