"""One control loop as the page draws it: the ring, the three phases with their real values, what woke it.

A panel shows the newest reconcile of a role (all kubelets share one panel). Everything in it is taken from the steps
of that reconcile: what was observed, the Differences, each action with what the API server answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from unicodedata import east_asian_width

from app.engine.trace import Failed, Mistake, Observed, Step, Trace, WokenBy
from app.reconcile import Create, Difference
from app.web.present import captions, decisions
from app.web.present.actions import describe
from app.web.present.clock import virtual
from app.web.present.decisions import DecisionView
from app.web.present.labels import labelled, labelled_value
from app.web.present.names import known, lane_of, role_title
from app.web.present.states import state
from app.web.present.steps import (
    PHASES,
    Reconcile,
    differs,
    main_difference,
    newest_steps,
    phase_of,
    phase_title,
    reconcile_of,
)
from app.web.present.values import Chip, Field, Value, chip_of, clip, fields_of, table_in, value_of
from app.web.present.words import Words

SHOWN_DIFFERENCES = 6
SHOWN_ACTIONS = 8
SHOWN_WAKES = 4
LONG = 11  # letters inside the ring


class WakeView(NamedTuple):
    why: str
    chip: Chip | None
    step: int


class ActionView(NamedTuple):
    """`state`: next (not done yet), done, failed, skipped (an earlier action of the same Difference failed), left (to
    whoever is on call)."""

    text: str
    state: str
    answer: str = ""  # "201 Created"
    name: str = ""  # of the object written
    message: str = ""
    step: int = 0


class DifferenceView(NamedTuple):
    about: Chip
    field: str
    desired: str
    observed: str
    reason: str
    sentence: str
    slots: Slots | None
    table: Value | None  # a value too rich for one line: the scheduler's verdicts
    actions: tuple[ActionView, ...]
    more: int  # actions not shown
    waits: bool  # no action is allowed yet
    decision: DecisionView | None  # why this server


class Slots(NamedTuple):
    """A count as boxes: `have` full ones, `missing` dashed ones, `extra` crossed ones."""

    have: int
    missing: int
    extra: int


class Centre(NamedTuple):
    """What stands inside the ring."""

    small: str
    big: str
    label: str
    tone: str  # observe, diff, act, calm, bad

    @property
    def is_long(self) -> bool:
        """Whether it has no room in large letters; one of Japanese is as wide as two."""
        return sum(2 if east_asian_width(letter) in "FW" else 1 for letter in self.big) > LONG


class FailureView(NamedTuple):
    """Why the loop could not go on."""

    error: str
    where: str  # "interpod.py, line 120"; "" if it was a request
    times: int  # in a row
    printed: tuple[str, ...] = ()  # by a text that somebody wrote


class PhaseView(NamedTuple):
    phase: str
    title: str
    at: str  # virtual time, or "next"
    state: str  # done, now, next, none, failed
    step: int
    said: str = ""  # its caption: what stands for it where it has one line


class LoopView(NamedTuple):
    role: str
    title: str
    actor: str
    key: Chip | None
    step: int  # newest step of the reconcile, 0: this loop has not run yet
    running: str  # the phase that is going on, "" when the reconcile is over
    latest: str  # the phase of the newest step
    centre: Centre
    phases: tuple[PhaseView, ...]
    fields: tuple[Field, ...]
    gone: bool
    reads: int
    wakes: tuple[WakeView, ...]
    more_wakes: int
    differences: tuple[DifferenceView, ...]
    more_differences: int
    failure: FailureView | None = None


def loops(trace: Trace, roles: Iterable[str], epoch_ms: int, _: Words) -> tuple[LoopView, ...]:
    """A panel for each role, with the newest reconcile that is still in the trace."""
    wanted = list(roles)
    newest = newest_steps(trace, wanted)
    return tuple(panel(trace, newest[role], epoch_ms, _) if role in newest else idle(role, _) for role in wanted)


def idle(role: str, _: Words) -> LoopView:
    """A loop that has not run yet."""
    centre = Centre("", "–", _("not woken yet"), "calm")
    phases = tuple(PhaseView(phase, phase_title(phase, _), "", "none", 0) for phase in PHASES)
    return LoopView(role, role_title(role, _), role, None, 0, "", "", centre, phases, (), False, 0, (), 0, (), 0)


def nothing_told(_: Words) -> LoopView:
    """What stands where the loop that is told will stand."""
    view = idle("", _)
    return view._replace(centre=view.centre._replace(label=_("the next loop that acts")))


def mistake(newest: Mistake, keys: int, _: Words) -> str:
    """Where a loop fails at present, for its small ring and its lane; `keys` is at how many."""
    failed = newest.failed
    what = known(newest.key).name if newest.key else ""
    error = ": ".join(filter(None, (what, failed.error)))
    where = f" ({failed.where})" if failed.where else ""
    times = _.many("once", "%(n)s times in a row", failed.times)
    more = "" if keys < 2 else " " + _.many("And one more key.", "And %(n)s more keys.", keys - 1)
    return f"{error}{where}, {times}.{more}"


def panel(trace: Trace, step: Step, epoch_ms: int, _: Words) -> LoopView:
    """The reconcile that `step` belongs to, as far as it had come at that step."""
    run = reconcile_of(trace, step)
    latest = phase_of(step)
    woken = run.observed.wakes if run.observed else ()
    differences = run.differences or ()
    real = [index for index, difference in enumerate(differences) if differs(difference)]
    return LoopView(
        role=lane_of(step.actor),
        title=role_title(lane_of(step.actor), _),
        actor=step.actor,
        key=chip_of(step.key),
        step=step.number,
        running="" if run.over else latest,
        latest=latest,
        centre=_centre(run, _),
        phases=_phases(run, latest, epoch_ms, _),
        fields=labelled(fields_of(run.observation, epoch_ms), run.role, _) if run.observation is not None else (),
        gone=run.observed is not None and run.observation is None,
        reads=_count_reads(run.observed),
        wakes=tuple(WakeView(wake_word(w, _), chip_of(w.ref), w.step) for w in woken[:SHOWN_WAKES]),
        more_wakes=max(0, len(woken) - SHOWN_WAKES),
        differences=tuple(_difference(run, index, _, epoch_ms) for index in real[:SHOWN_DIFFERENCES]),
        more_differences=max(0, len(real) - SHOWN_DIFFERENCES),
        failure=_failure(run.failed, _) if run.failed is not None else None,
    )


def _failure(failed: Failed, _: Words) -> FailureView:
    if failed.phase == "crash":
        return FailureView(_("Its process died here: what it was about to do is forgotten."), "", 1)
    return FailureView(failed.error, failed.where, failed.times, failed.printed)


def _count_reads(observed: Observed | None) -> int:
    if observed is None:
        return 0
    return sum(len(read) if isinstance(read, tuple | list) else 1 for read in observed.reads)


def wake_word(wake: WokenBy, _: Words) -> str:
    words = {
        "ADDED": _("added"),
        "MODIFIED": _("changed"),
        "DELETED": _("deleted"),
        "RELIST": _("listed again"),
        "TIMER": _("timer"),
        "BACKOFF": _("retry"),
        "HANDED-BACK": _("it may act again"),
    }
    return words.get(wake.why, wake.why)


def _phases(run: Reconcile, latest: str, epoch_ms: int, _: Words) -> tuple[PhaseView, ...]:
    times = {phase_of(step): step for step in run.steps}
    views = []
    for phase in PHASES:
        step = times.get(phase)
        if step is not None:
            state = "failed" if isinstance(step.record, Failed) else "now" if phase == latest else "done"
            at = virtual(step.at_ms - epoch_ms)
        else:
            state = "none" if run.over or PHASES.index(phase) < PHASES.index(latest) else "next"
            at = _("next") if state == "next" else ""
        number, said = (step.number, captions.caption(step, _).text) if step else (0, "")
        views.append(PhaseView(phase, phase_title(phase, _), at, state, number, said))
    return tuple(views)


def _centre(run: Reconcile, _: Words) -> Centre:
    if run.failed is not None and run.failed.phase == "crash":
        return Centre(_("its process died"), "✕", _("it starts again"), "bad")
    if run.failed is not None:
        return Centre(_("the loop failed"), run.failed.error.partition(":")[0], run.failed.where, "bad")
    if run.differences is None:
        if run.observation is None:
            return Centre(_("observed"), "∅", _("nothing to look after"), "calm")
        return Centre(_("observed"), "…", _("reading what is there"), "observe")
    failed = next((result for result, _step in run.results.values() if not result.ok), None)
    if failed is not None:
        return Centre(_("the API server says"), str(failed.code), failed.reason, "bad")
    difference = main_difference(run.differences)
    if difference is None:
        return Centre(_("want = have"), "✓", _("nothing to do"), "calm")
    label = captions.short(difference, run.role, _)
    want, have = difference.desired, difference.observed
    if _is_count(want) and _is_count(have):
        sign = "−" if want - have < 0 else ""
        text = f"{want} − {have} = {sign}{abs(want - have)}"
        return Centre(_("want − have"), text, label, "diff")
    change = f"{clip(state(have, _), 18)} → {clip(state(want, _), 18)}" if want != have else ""
    return Centre(clip(difference.field, 30), label, change, "diff")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 100_000


def _difference(run: Reconcile, index: int, _: Words, epoch_ms: int) -> DifferenceView:
    assert run.differences is not None
    difference = run.differences[index]
    values = (value_of(value, "", epoch_ms) for value in (difference.desired, difference.observed))
    return DifferenceView(
        about=Chip(*difference.about),
        field=difference.field,
        desired=clip(state(difference.desired, _), 48),
        observed=clip(state(difference.observed, _), 48),
        reason=difference.reason,
        sentence=captions.difference(difference, run.role, _),
        slots=slots(difference),
        table=next((labelled_value(found, run.role, _) for value in values if (found := table_in(value))), None),
        actions=_actions(run, index, difference, _),
        more=max(0, len(difference.actions) - SHOWN_ACTIONS),
        waits=not difference.actions,
        decision=decisions.of_difference(difference, epoch_ms, _),
    )


def slots(difference: Difference) -> Slots | None:
    """None: it is no difference between two counts."""
    want, have = difference.desired, difference.observed
    if not (_is_count(want) and _is_count(have)) or difference.field.startswith("status") or max(want, have) > 20:
        return None
    return Slots(min(want, have), max(0, want - have), max(0, have - want))


def _actions(run: Reconcile, index: int, difference: Difference, _: Words) -> tuple[ActionView, ...]:
    views, failed = [], False
    for position, action in enumerate(difference.actions[:SHOWN_ACTIONS]):
        result, step = run.results.get((index, position), (None, 0))
        if result is None:
            state = "left" if index in run.left else "skipped" if failed or run.over else "next"
            views.append(ActionView(describe(action, _), state))
            continue
        failed = failed or not result.ok
        answer = f"{result.code} {result.reason}" if result.code else ""
        name = known(result.ref).name if result.ref and result.ok and isinstance(action, Create) else ""
        message = "" if result.ok else result.message
        views.append(ActionView(describe(action, _), "done" if result.ok else "failed", answer, name, message, step))
    return tuple(views)
