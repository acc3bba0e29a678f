"""A whole room as the context of a template: `page` for the first paint and snapshots, `frame` for what is pushed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from app.api.breath import breathing
from app.api.objects import Obj, Ref, kind_of
from app.engine.trace import ActorState, Step, is_visible
from app.look import Look
from app.rooms import Access, Awaited, Frame, Pace, Told, Waiting
from app.scenarios import Scenario
from app.scenarios.progress import Progress
from app.web.present import (
    awake,
    board,
    card,
    ending,
    faults,
    loop,
    manifest,
    oncall,
    pushed,
    rest,
    script,
    telling,
    thread,
    timeline,
    traffic,
    unfolded,
    waits,
    why,
    whynot,
    workloads,
)
from app.web.present.names import YOU, lane_of, lanes, role_title
from app.web.present.steps import newest_of
from app.web.present.texts import browser_words, keys, templates_of
from app.web.present.words import Words

SLIM_STEPS = 400  # more steps than this in one frame: the timeline starts afresh


class Shown(Protocol):
    """As much of a room as is drawn: what its viewers see, and how they see it."""

    @property
    def id(self) -> str: ...

    @property
    def access(self) -> Access: ...

    @property
    def scenario(self) -> Scenario: ...

    @property
    def script(self) -> Progress: ...

    @property
    def look(self) -> Look: ...

    @property
    def pace(self) -> Pace: ...

    @property
    def restless(self) -> bool: ...

    @property
    def retold(self) -> int: ...

    @property
    def viewers(self) -> int: ...

    @property
    def epoch(self) -> int: ...

    @property
    def frame(self) -> int: ...

    @property
    def told(self) -> Told | None: ...

    @property
    def act(self) -> Step | None: ...

    @property
    def path(self) -> Sequence[Told]: ...

    @property
    def is_told(self) -> bool: ...

    @property
    def awaited(self) -> Awaited | None: ...

    @property
    def counterpart(self) -> oncall.Compares: ...


def page(room: Shown, scenarios: Iterable[Scenario], _: Words) -> dict[str, Any]:
    """Context of `templates/room.html` and `templates/snapshot.html`: everything as it is now."""
    cluster = room.look
    _ = _.among(cluster.voices)
    roles = _roles(cluster, _)
    written = documents(cluster)
    lesson = script.lesson(room.scenario, _)
    return {
        "_": _,
        "lang": _.lang,
        "room": room,
        "scenarios": grouped(scenarios, _),
        "scenario": lesson,
        "lesson": lesson.json(),
        "documents": written,
        "document_rows": [each.to_json() for each in written],
        "board": board.board(cluster, _),
        "loops": loop.loops(cluster.trace, roles, cluster.epoch_ms, _),
        "operators": unfolded.operators(cluster),
        "lanes": [(role, role_title(role, _)) for role in (YOU, *roles)],
        "acted": awake.acted(cluster.trace),
        "faults": faults.faults(cluster, _),
        "on_call": oncall.of(cluster, room.counterpart, _),
        "card": telling.told(cluster.trace, room.told, cluster.epoch_ms, _),
        "ending": _ending(room, _),
        "now_ms": cluster.now_ms,
        "epoch_ms": cluster.epoch_ms,
        "state": {**state(room, [], {}, None, _), "path": telling.path(room.path)},
        "steps": timeline.recent(cluster.trace, cluster.epoch_ms, _),
        "chart": timeline.chart(cluster),
        "cells": [card.cell(obj) for obj in breathing(cluster.objects("Pod"))] if board.in_cells(cluster) else None,
        "cell_nodes": board.node_cells(cluster, _) if board.in_cells(cluster) else None,
        "words": browser_words(_),
        "templates": templates_of(_),
        "keys": keys(_),
    }


def frame(room: Shown, change: Frame, _: Words) -> dict[str, Any]:
    """Context of `templates/frame.html`. Objects that are gone are named by id; at most one operation per id."""
    cluster = room.look
    _ = _.among(cluster.voices)
    end = _ending(room, _)
    visible = [step for step in change.steps if is_visible(step)]
    in_cells = board.in_cells(cluster)
    drawn = pushed.views(cluster, change, in_cells, _)
    broken = any(ref.kind in faults.KINDS for ref in change.changed)
    rows = timeline.rows(visible[-SLIM_STEPS:], cluster.trace, cluster.epoch_ms, _)
    points = timeline.points(change.steps, cluster.epoch_ms)
    pods = [(ref, obj) for ref, obj in change.changed.items() if ref.kind == "Pod"]
    return {
        "_": _,
        "lang": _.lang,
        **drawn,
        "loops": _moved_loops(cluster, change.panels_since, _),
        "faults": faults.faults(cluster, _) if broken else None,
        "on_call": oncall.of(cluster, room.counterpart, _),
        "card": telling.told(cluster.trace, change.told, cluster.epoch_ms, _) if change.told else None,
        "ending": end,
        "state": {**state(room, rows, points, change, _), **({"path": telling.path(room.path)} if end else {})},
        "cells": [card.cell(obj) for _ref, obj in pods if obj] if in_cells else None,
        "cells_gone": [f"{ref.namespace}/{ref.name}" for ref, obj in pods if obj is None] if in_cells else [],
        "cell_nodes": board.node_cells(cluster, _) if in_cells and _nodes_moved(change) else None,
        "now_ms": cluster.now_ms,
        "epoch_ms": cluster.epoch_ms,
    }


def why_of(cluster: Look, ref: Ref, endpoint: str, _: Words) -> dict[str, Any]:
    """Context of `templates/_why.html`: of an object, with what holds it up, or of one endpoint of a Service."""
    _ = _.among(cluster.voices)
    if endpoint:
        return {"_": _, "lang": _.lang, "why": why.of_endpoint(cluster, ref, endpoint, _), "whynot": None}
    return {"_": _, "lang": _.lang, "why": why.of_object(cluster, ref, _), "whynot": whynot.of(cluster, ref, _)}


def verdict_of(room: Shown, _: Words) -> dict[str, Any]:
    """Context of `templates/_why.html`: the shortest trace that shows what came of a loop's fault."""
    _ = _.among(room.look.voices)
    return {"_": _, "lang": _.lang, "why": ending.shortest_trace(room.look, room.act, _), "whynot": None}


def state(
    room: Shown,
    rows: Sequence[timeline.Row],
    points: Mapping[str, list[list[int]]],
    change: Frame | None,
    _: Words,
) -> dict[str, Any]:
    """The JSON that every message begins with: clocks, pace, who is busy, the new steps."""
    cluster, pace = room.look, room.pace
    found = _told(cluster)
    now = rest.of(cluster, room.awaited, is_told=room.is_told, _=_)
    told = room.told if change is None else change.told
    return {
        "frame": change.number if change is not None else room.frame,
        "epoch": room.epoch,
        "now": cluster.now_ms - cluster.epoch_ms,
        "quiet": now.is_quiet,
        "waits_for": now.waits_for,
        "told": telling.pointers(cluster, told),
        "act": room.act.number if room.act is not None else 0,
        "thread": _thread(room),
        "pace": {"mode": pace.mode, "speed": pace.speed, "paused": pace.paused},
        "restless": room.restless,
        "retold": 0 < cluster.trace.first - 1 <= room.retold,
        "latencies": cluster.latencies,
        "called": bool(cluster.alerts),
        "scenario": room.scenario.id,
        "title": room.access.title,
        "protected": room.access.protected,
        "viewers": room.viewers,
        "waiting": _waiting(change.waiting if change is not None else None, cluster.epoch_ms),
        "applied": len(cluster.applied),
        "actors": actors(found),
        "mistakes": mistakes(found, _),
        "waits": waits.by_role(cluster, _),
        "awake": awake.declared(cluster, found),
        "zones": faults.zones(cluster),
        "control": (cluster.get(faults.CONTROL_PLANE) or {}).get("spec") or {},
        "pods": cluster.count("Pod"),
        "mode": "cells" if board.in_cells(cluster) else "cards",
        "steps": [list(row) for row in rows],
        "replicas": dict(points),
        "script": script.progress(room.script, _) if change is None or change.scripted else None,
        **_traffic(room, change, _),
    }


def _traffic(room: Shown, change: Frame | None, _: Words) -> dict[str, Any]:
    """For the Service cards and their strip charts; what goes beside them only where somebody uses a Service."""
    cluster, epoch_ms = room.look, room.look.epoch_ms
    steps, changed = (None, ()) if change is None else (change.steps, change.changed)
    found = {"traffic": traffic.views(cluster, steps, changed, room.act, _)}
    if not cluster.count("Load"):
        return found
    known = cluster.trace if steps is None else steps
    return {**found, "cpu": traffic.cpu(known, epoch_ms), "acts": traffic.acts(known, epoch_ms, _)}


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


def mistakes(found: Mapping[str, ActorState], _: Words) -> dict[str, str]:
    """Per role that fails: where, and why, of the newest."""
    return {
        lane_of(name): loop.mistake(actor.mistakes[-1], len(actor.mistakes), _)
        for name, actor in found.items()
        if actor.mistakes
    }


def documents(cluster: Look) -> tuple[manifest.Document, ...]:
    """A tab for each object that people applied, with the text they wrote."""
    usual = ("Namespace", "ConfigMap", *workloads.WORKLOADS, "Pod", "Service")
    every_kind = (*usual, *(kind for kind in _stored_kinds(cluster) if kind not in usual))
    applied = [obj for kind in every_kind for obj in breathing(cluster.objects(kind)) if manifest.applied_of(obj)]
    order, last = (*workloads.WORKLOADS, "Pod", "Service"), "CustomResourceDefinition"

    def place(obj: Obj) -> int:
        kind = kind_of(obj)
        if "." in kind:
            return -1  # of a kind that somebody defined: the rest is there for its sake
        return order.index(kind) if kind in order else len(order) + (kind == last)

    applied.sort(key=place)
    return manifest.documents(applied, cluster.applied)


def grouped(lessons: Iterable[Scenario], _: Words) -> list[tuple[str, list[script.LessonView]]]:
    """The lessons of the menu under the titles of their groups."""
    titles = {
        "basics": _("Basics"),
        "workloads": _("Workloads"),
        "scheduling": _("Scheduling and policy"),
        "failures": _("Failures"),
        "traffic": _("Traffic and autoscaling"),
        "control-plane": _("Control plane"),
        "own": _("Write your own"),
        "service": _("As a service"),
    }
    groups: dict[str, list[script.LessonView]] = {name: [] for name in titles}
    for lesson in lessons:
        groups[lesson.group].append(script.lesson(lesson, _))
    return [(titles[name], found) for name, found in groups.items() if found]


def _roles(cluster: Look, _: Words) -> tuple[str, ...]:
    return tuple(role for role in lanes(_told(cluster), _) if role != YOU)


def _told(cluster: Look) -> dict[str, ActorState]:
    """The loops with a place on the page: of those that work in the background nothing is ever told."""
    return {name: actor for name, actor in cluster.actors.items() if not actor.in_background}


def _nodes_moved(change: Frame) -> bool:
    return any(ref.kind in ("Node", "Machine") for ref in change.changed)


def _stored_kinds(cluster: Look) -> list[str]:
    return [kind for kind in sorted(cluster.kinds()) if kind not in ("Event", "Lease", "EndpointSlice", "Node")]


def _waiting(waiting: Waiting | None, epoch_ms: int) -> dict[str, float] | None:
    if waiting is None:
        return None
    return {"from": waiting.from_ms - epoch_ms, "to": waiting.to_ms - epoch_ms, "wall": waiting.wall_s}


def _moved_loops(cluster: Look, since: int | None, _: Words) -> list[loop.LoopView]:
    """The panel of each role that took a step, as it is after its last one; none where they are not due."""
    newest = {} if since is None else newest_of(cluster.trace.since(since))
    return [loop.panel(cluster.trace, step, cluster.epoch_ms, _) for step in newest.values()]


def _thread(room: Shown) -> dict[str, Any] | None:
    """What descends from what somebody did last, until all of it was done and told."""
    if room.act is None or (room.look.at_rest and room.is_told):
        return None
    found = thread.of(room.look, room.act)
    if found is not None and room.told is not None:
        found["lanes"] = sorted({*found["lanes"], lane_of(room.told.step.actor)})
    return found


def _ending(room: Shown, _: Words) -> ending.Ending | None:
    is_over = room.is_told and rest.of(room.look, room.awaited, is_told=True, _=_).is_quiet
    return ending.of(room.look, room.act, _) if is_over else None
