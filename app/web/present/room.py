"""A whole room as the context of a template: `page` for the first paint and snapshots, `frame` for what is pushed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from app.api.objects import kind_of
from app.engine.trace import Acted, ActorState, Commanded, Differed, Step, is_visible
from app.look import Look
from app.rooms import Frame, Pace, Waiting
from app.scenarios import Scenario
from app.web import kubectl
from app.web.present import (
    awake,
    board,
    captions,
    card,
    faults,
    loop,
    manifest,
    pushed,
    timeline,
    traffic,
    workloads,
)
from app.web.present.names import YOU, lane_of, lanes, role_title
from app.web.present.texts import browser_words, keys, templates_of
from app.web.present.words import Words

CAPTION_STEPS = 4  # of a long frame only the newest may speak
SLIM_STEPS = 400  # more steps than this in one frame: the timeline starts afresh


class Shown(Protocol):
    """As much of a room as is drawn: what its viewers see, and how they see it."""

    @property
    def id(self) -> str: ...

    @property
    def scenario(self) -> Scenario: ...

    @property
    def look(self) -> Look: ...

    @property
    def pace(self) -> Pace: ...

    @property
    def restless(self) -> bool: ...

    @property
    def viewers(self) -> int: ...

    @property
    def epoch(self) -> int: ...

    @property
    def frame(self) -> int: ...


def page(room: Shown, scenarios: Iterable[Scenario], _: Words) -> dict[str, Any]:
    """Context of `templates/room.html` and `templates/snapshot.html`: everything as it is now."""
    cluster = room.look
    _ = _.among(cluster.voices)
    roles = _roles(cluster, _)
    written = documents(cluster)
    return {
        "_": _,
        "lang": _.lang,
        "room": room,
        "scenarios": grouped(scenarios, _),
        "scenario": scenario_view(room.scenario, _.lang),
        "documents": written,
        "document_rows": [{"id": d.id, "ref": [d.kind, d.namespace, d.name], "text": d.text} for d in written],
        "board": board.board(cluster, _),
        "loops": loop.loops(cluster.trace, roles, cluster.epoch_ms, _),
        "lanes": [(role, role_title(role, _)) for role in (YOU, *roles)],
        "acted": awake.acted(cluster.trace),
        "faults": faults.faults(cluster, _),
        "caption": newest_caption(cluster, _),
        "now_ms": cluster.now_ms,
        "epoch_ms": cluster.epoch_ms,
        "state": state(room, [], {}, None),
        "steps": timeline.recent(cluster.trace, cluster.epoch_ms),
        "chart": timeline.chart(cluster),
        "cells": [card.cell(obj) for obj in cluster.objects("Pod")] if _in_cells(cluster) else None,
        "words": browser_words(_),
        "templates": templates_of(_),
        "keys": keys(_),
    }


def frame(room: Shown, change: Frame, _: Words) -> dict[str, Any]:
    """Context of `templates/frame.html`. Objects that are gone are named by id; at most one operation per id."""
    cluster = room.look
    _ = _.among(cluster.voices)
    visible = [step for step in change.steps if is_visible(step)]
    in_cells = _in_cells(cluster)
    drawn = pushed.views(cluster, change, in_cells, _)
    broken = any(ref.kind in faults.KINDS for ref in change.changed)
    rows = timeline.rows(visible[-SLIM_STEPS:], cluster.trace, cluster.epoch_ms)
    points = timeline.points(change.steps, cluster.epoch_ms)
    pods = [(ref, obj) for ref, obj in change.changed.items() if ref.kind == "Pod"]
    return {
        "_": _,
        "lang": _.lang,
        **drawn,
        "loops": _moved_loops(cluster, visible, _),
        "faults": faults.faults(cluster, _) if broken else None,
        "caption": _frame_caption(visible, _),
        "state": state(room, rows, points, change),
        "cells": [card.cell(obj) for _ref, obj in pods if obj] if in_cells else None,
        "cells_gone": [f"{ref.namespace}/{ref.name}" for ref, obj in pods if obj is None] if in_cells else [],
        "now_ms": cluster.now_ms,
        "epoch_ms": cluster.epoch_ms,
    }


def step_detail(cluster: Look, number: int, _: Words) -> dict[str, Any] | None:
    """One step of the past as a loop panel: what was known at that moment. None if the trace has dropped it."""
    step = cluster.trace.get(number)
    if step is None or not is_visible(step):
        return None
    _ = _.among(cluster.voices)
    said = captions.caption(step, _)
    common = {"_": _, "lang": _.lang, "caption": said, "step": step, "epoch_ms": cluster.epoch_ms, "past": True}
    if isinstance(step.record, Commanded):
        at = timeline.row(step, cluster.trace, cluster.epoch_ms)
        return {**common, "view": None, "record": step.record, "at_ms": at[1]}
    return {**common, "view": loop.panel(cluster.trace, step, cluster.epoch_ms, _), "record": None}


def state(
    room: Shown, rows: Sequence[timeline.Row], points: Mapping[str, list[list[int]]], change: Frame | None
) -> dict[str, Any]:
    """The JSON that every message begins with: clocks, pace, who is busy, the new steps."""
    cluster, pace = room.look, room.pace
    found = cluster.actors
    return {
        "frame": change.number if change is not None else room.frame,
        "epoch": room.epoch,
        "now": cluster.now_ms - cluster.epoch_ms,
        "quiet": cluster.at_rest,
        "pace": {"mode": pace.mode, "speed": pace.speed, "paused": pace.paused},
        "restless": room.restless,
        "latencies": cluster.latencies,
        "scenario": room.scenario.id,
        "viewers": room.viewers,
        "waiting": _waiting(change.waiting if change is not None else None, cluster.epoch_ms),
        "applied": len(cluster.applied),
        "actors": actors(found),
        "awake": awake.declared(cluster, found),
        "zones": faults.zones(cluster),
        "control": (cluster.get(faults.CONTROL_PLANE) or {}).get("spec") or {},
        "pods": cluster.count("Pod"),
        "mode": "cells" if _in_cells(cluster) else "cards",
        "steps": [list(row) for row in rows],
        "replicas": dict(points),
        "traffic": traffic.views(cluster, change.changed if change is not None else None),
    }


def actors(found: Mapping[str, ActorState]) -> dict[str, list[Any]]:
    """Per role: the phase that is going on ("" at rest), keys being worked on, keys that wait."""
    roles: dict[str, list[Any]] = {}
    for name, actor in found.items():
        entry = roles.setdefault(lane_of(name), ["", 0, 0])
        for _key, phase in actor.in_flight:
            entry[0] = phase
            entry[1] += 1
        entry[2] += actor.queue_length
    return roles


def documents(cluster: Look) -> tuple[manifest.Document, ...]:
    """A tab for each object that people applied, with the text they wrote."""
    usual = ("Namespace", "ConfigMap", *workloads.WORKLOADS, "Pod", "Service")
    every_kind = (*usual, *(kind for kind in _stored_kinds(cluster) if kind not in usual))
    applied = [obj for kind in every_kind for obj in cluster.objects(kind) if manifest.applied_of(obj)]
    order = (*workloads.WORKLOADS, "Pod", "Service")
    applied.sort(key=lambda obj: order.index(kind_of(obj)) if kind_of(obj) in order else len(order))
    return manifest.documents(applied, cluster.applied)


def newest_caption(cluster: Look, _: Words) -> captions.Caption:
    number = cluster.trace.count
    while (step := cluster.trace.get(number)) is not None:
        if is_visible(step):
            return captions.caption(step, _)
        number -= 1
    return captions.nothing_yet(_)


def scenario_view(scenario: Scenario, lang: str) -> dict[str, Any]:
    """A lesson as the header shows it, in one language."""
    tries = [
        {"label": each.label[lang], "command": each.command, "kubectl": kubectl.command(each.command)}
        for each in scenario.tries
    ]
    return {"id": scenario.id, "title": scenario.title[lang], "promise": scenario.promise[lang], "tries": tries}


def grouped(lessons: Iterable[Scenario], _: Words) -> list[tuple[str, list[dict[str, Any]]]]:
    """The lessons of the menu under the titles of their groups."""
    titles = {
        "basics": _("Basics"),
        "workloads": _("Workloads"),
        "scheduling": _("Scheduling and policy"),
        "failures": _("Failures"),
        "traffic": _("Traffic and autoscaling"),
        "control-plane": _("Control plane"),
    }
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in titles}
    for lesson in lessons:
        groups[lesson.group].append(scenario_view(lesson, _.lang))
    return [(titles[name], found) for name, found in groups.items() if found]


def _roles(cluster: Look, _: Words) -> tuple[str, ...]:
    return tuple(role for role in lanes(cluster.actors, _) if role != YOU)


def _in_cells(cluster: Look) -> bool:
    return cluster.count("Pod") >= board.CELLS_FROM


def _stored_kinds(cluster: Look) -> list[str]:
    return [kind for kind in sorted(cluster.kinds()) if kind not in ("Event", "Lease", "EndpointSlice", "Node")]


def _waiting(waiting: Waiting | None, epoch_ms: int) -> dict[str, float] | None:
    if waiting is None:
        return None
    return {"from": waiting.from_ms - epoch_ms, "to": waiting.to_ms - epoch_ms, "wall": waiting.wall_s}


def _moved_loops(cluster: Look, visible: Sequence[Step], _: Words) -> tuple[loop.LoopView, ...]:
    """The panel of each role that took a step, as it is after its last one."""
    newest: dict[str, Step] = {}
    for step in visible:
        if not isinstance(step.record, Commanded):
            newest[lane_of(step.actor)] = step
    return tuple(loop.panel(cluster.trace, step, cluster.epoch_ms, _) for step in newest.values())


def _frame_caption(visible: Sequence[Step], _: Words) -> captions.Caption | None:
    """Of several steps in one frame the weightiest speaks: commands, then trouble, then what was done.

    Of a long frame only the newest may, unless an older one tells of trouble.
    """
    visible = [step for step in visible if not _is_housekeeping(step)]
    if not visible:
        return None
    older = (step for step in visible[:-CAPTION_STEPS] if isinstance(step.record, Acted | Commanded))
    newest = [step for step in older if captions.weight(step) >= captions.TROUBLE]
    newest += visible[-CAPTION_STEPS:]
    return captions.caption(max(newest, key=lambda step: (captions.weight(step), step.number)), _)


def _is_housekeeping(step: Step) -> bool:
    """A heartbeat that happens to be due has nothing to say over what a person just did."""
    record = step.record
    if not isinstance(record, Differed) or not record.differences:
        return False
    return all(difference.background for difference in record.differences)
