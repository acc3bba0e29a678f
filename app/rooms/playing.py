"""A step of a room's script is pressed: the room is put into the state that it needs, then its commands are done.

Called by Room, which holds the lock. Everything is a command in the journal, as if somebody had typed it; only waiting
for what a step needs is hurried: nobody came to watch that.
"""

from __future__ import annotations

from typing import NamedTuple

from app.api import errors
from app.cluster import Cluster
from app.engine.trace import Commanded, Step
from app.rooms import guard
from app.rooms.slicing import sliced
from app.scenarios import deeds
from app.scenarios.desired import Edited, Written
from app.scenarios.predicates import keeps_some
from app.scenarios.progress import Progress
from app.scenarios.script import Need

TRIES = 60  # of what is asked for again and again
ATTEMPTS = 2  # an object that is being deleted must be gone before it can be declared again
PATIENCE_MS = 900_000
PATIENCE_STEPS = 40_000  # a thousand pods that go take half of them


class Pressed(NamedTuple):
    """What came of it. `refusal` is the answer to the last of the commands, if it was no; what came after was not done.

    It `is_refused` in part, too, where the commands went on; and as `expected` if the lesson wants that."""

    steps: tuple[Step, ...]  # that record the step's own commands
    edits: tuple[Edited, ...]  # what is declared now
    texts: tuple[Written, ...]  # of controllers
    prepared_ms: int  # virtual time that it took to bring about what the step needs
    refusal: errors.ApiError | None
    is_refused: bool
    expected: bool

    @property
    def alike(self) -> int:
        """How many commands before the last were of its kind."""
        done = [step.record.command.do for step in self.steps if isinstance(step.record, Commanded)]
        return done[:-1].count(done[-1])


def press(progress: Progress, cluster: Cluster, index: int, chosen: str = "") -> Pressed:
    """Raises NotFound if the lesson has no such step."""
    began_ms = cluster.now_ms
    refusal = prepare(progress, cluster, index)
    prepared_ms = cluster.now_ms - began_ms
    if refusal is not None:
        return Pressed((), (), (), prepared_ms, refusal, is_refused=True, expected=False)
    progress.press(index, cluster)
    return _done(progress, cluster, index, chosen)._replace(prepared_ms=prepared_ms)


def prepare(progress: Progress, cluster: Cluster, index: int) -> errors.ApiError | None:
    """Bring about what a step needs. Returns why that cannot be. Raises NotFound if the lesson has no such step."""
    step = progress.step(index)
    try:
        for need in deeds.unmet(step, cluster):
            _bring_about(need, progress, cluster)
    except errors.ApiError as refusal:
        return refusal
    return None


def ask_again(progress: Progress, cluster: Cluster, *, is_idle: bool) -> Pressed | None:
    """What was refused to a step is asked for again when its time has come; None: it has not.

    `is_idle`: nobody but this one waits for time to pass, so it passes at once."""
    index, press = progress.again or (0, None)
    if press is None or press.again_ms is None:
        return None
    if is_idle:
        cluster.advance(press.again_ms)
    if cluster.now_ms < press.again_ms:
        return None
    press.tries += 1
    return _done(progress, cluster, index)


def _done(progress: Progress, cluster: Cluster, index: int, chosen: str = "") -> Pressed:
    """The commands of a step, up to one that is refused."""
    step, pressed = progress.step(index), progress.press_of(index)
    assert pressed is not None
    made: list[Step] = []
    edits: list[Edited] = []
    texts: list[Written] = []
    refusal = None
    try:
        for deed in step.does:
            done = deeds.done(deed, progress.scenario, cluster, chosen)
            made.append(cluster.submit(done.command))
            guard.renew()
            _check(made[-1])
            edits += done.edits
            texts += done.texts
    except errors.ApiError as refused:
        refusal = refused
    progress.follow(cluster)
    is_refused = refusal is not None or any(keeps_some(each.record) for each in made)
    tries_again = is_refused and step.again_ms and pressed.tries < TRIES
    pressed.again_ms = cluster.now_ms + step.again_ms if tries_again else None
    is_expected = step.expects_refusal and is_refused
    return Pressed(tuple(made), tuple(edits), tuple(texts), 0, refusal, is_refused, is_expected)


def _bring_about(need: Need, progress: Progress, cluster: Cluster) -> None:
    """Raises the ApiError with which it is refused, or Conflict."""
    for _attempt in range(ATTEMPTS):
        for deed in need.otherwise:
            _check(cluster.submit(deeds.done(deed, progress.scenario, cluster).command))
        if _wait_for(need, cluster):
            return
    raise errors.Conflict("this room cannot be put into the state that the step needs: reset it")


def _check(step: Step) -> None:
    """Raises the ApiError with which a command was refused."""
    assert isinstance(step.record, Commanded)
    if step.record.refusal is not None:
        raise step.record.refusal


def _wait_for(need: Need, cluster: Cluster) -> bool:
    """Run until it is so; False if the cluster comes to rest, or patience to its end, before that."""
    latest_ms, revision = cluster.now_ms + PATIENCE_MS, -1
    for _ in sliced(range(PATIENCE_STEPS)):
        if cluster.revision != revision:
            revision = cluster.revision
            if deeds.holds(need, cluster):
                return True
        if comes_to_rest(cluster) or cluster.now_ms > latest_ms:
            return deeds.holds(need, cluster)
        cluster.step()
    return False


def comes_to_rest(cluster: Cluster) -> bool:
    """Nothing more will come of what was done."""
    return cluster.at_rest and not cluster.under_load
