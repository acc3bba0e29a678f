"""A recorded run, played back: plain data behind the same port as the live cluster (app/look).

    recording = Recording.of(look)       # all that is known of a run, up to now
    recording.at(120)                    # the same, up to and with step 120

What there is at the end and the log of changes give the objects at any revision, and each step bears the revision after
it. Made by Cluster.at, and by tests, which draw the same views from it as from the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from app.api import errors
from app.api.breath import breathing
from app.api.control_plane import CONTROL_PLANE
from app.api.messages import Voice
from app.api.objects import Obj, Ref
from app.apimachinery.scheme.scheme import Scheme
from app.apiserver.store import Change, without
from app.commands import Apply
from app.engine.trace import ActorState, Alert, Call, Commanded, Step, Trace
from app.look import Look, past


@dataclass(frozen=True, eq=False)
class Recording:
    """A run that ends with the newest step of `trace`. It is a Look at its end."""

    epoch_ms: int
    now_ms: int
    state: Mapping[Ref, Obj]  # every object
    scheme: Scheme  # the kinds that there were in the end
    revision: int = 0
    changes: Sequence[Change] = ()  # those that are known, the last is that of `revision`
    trace: Trace = field(default_factory=Trace)
    actors: Mapping[str, ActorState] = field(default_factory=dict)
    voices: Mapping[str, Voice] = field(default_factory=dict)
    applied: Sequence[str] = ()
    latencies: str = "textbook"
    at_rest: bool = True
    alerts: Sequence[Alert] = ()
    calls: Sequence[Call] = ()

    @classmethod
    def of(cls, look: Look) -> Recording:
        """What is known of the run that `look` shows. The objects are shared, nothing is copied but lists of them."""
        return cls(
            epoch_ms=look.epoch_ms,
            now_ms=look.now_ms,
            state=look.as_of(look.revision),
            scheme=look.scheme.copy(),
            revision=look.revision,
            changes=tuple(look.changes_since(look.known_from)),
            trace=look.trace.until(look.trace.count),
            actors=dict(look.actors),
            voices=dict(look.voices),
            applied=tuple(look.applied),
            latencies=look.latencies,
            at_rest=look.at_rest,
            alerts=tuple(look.alerts),
            calls=tuple(look.calls),
        )

    @property
    def known_from(self) -> int:
        return self.revision - len(self.changes)

    @property
    def api_down(self) -> bool:
        return ((self.get(CONTROL_PLANE) or {}).get("spec") or {}).get("apiServer") == "down"

    @cached_property
    def _sorted(self) -> Mapping[str, Sequence[Obj]]:
        """The objects of each kind, in order of namespace and name."""
        found: dict[str, list[Ref]] = {}
        for ref in self.state:
            found.setdefault(ref.kind, []).append(ref)
        return {kind: tuple(self.state[ref] for ref in sorted(refs)) for kind, refs in found.items()}

    def get(self, ref: Ref) -> Obj | None:
        return self.state.get(ref)

    def objects(self, kind: str, namespace: str | None = None) -> list[Obj]:
        found = self._sorted.get(kind, ())
        return [obj for obj in found if namespace is None or obj["metadata"].get("namespace", "") == namespace]

    def count(self, kind: str) -> int:
        return len(self._sorted.get(kind, ()))

    def kinds(self) -> Sequence[str]:
        return tuple(self._sorted)

    def changes_since(self, revision: int) -> Sequence[Change]:
        if revision < self.known_from:
            raise errors.Gone(f"too old resource version: {revision} ({self.known_from})")
        return self.changes[revision - self.known_from :]

    def as_of(self, revision: int) -> Mapping[Ref, Obj]:
        return without(self.state, self.changes_since(revision))

    def at(self, step: int) -> Recording:
        return Walk(self).to(step)

    def _after(self, last: Step, state: Mapping[Ref, Obj], processes: past.Processes) -> Recording:
        """Up to and with that step, after which there were these objects."""
        step = last.number
        trace, later = self.trace.until(step), self.trace.since(step)
        on_call = past.on_call(trace if self.calls else ())
        return Recording(
            epoch_ms=self.epoch_ms,
            now_ms=last.at_ms,
            state=state,
            scheme=self.scheme,
            revision=last.revision,
            changes=self.changes[: last.revision - self.known_from],
            trace=trace,
            actors=processes.actors(self.actors, state) if later else self.actors,
            voices=self.voices,
            applied=self.applied[: len(self.applied) - sum(map(_applies, later))],
            latencies=past.latencies(state) or self.latencies,
            at_rest=past.came_to_rest(later, at_rest=self.at_rest),
            alerts=tuple(on_call.alerts.values()) if later else self.alerts,
            calls=tuple(on_call.calls) if later else self.calls,
        )

    def _known(self, number: int) -> Step:
        """Raises NotFound, or Gone."""
        if not 1 <= number <= self.trace.count:
            raise errors.NotFound(f"there is no step {number}: the newest is {self.trace.count}")
        step = self.trace.get(number)
        if step is None or step.revision < self.known_from:
            raise errors.Gone(f"step {number} is too long ago: what the cluster was like then is not known any more")
        return step


class Walk:
    """From moment to moment of a recording, forward: what is the same as at the one before is not read again."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._processes = past.Processes()
        self._step = 0  # up to which they are told
        self._state: Mapping[Ref, Obj] = {}
        self._revision = -1  # of the state

    def to(self, step: int) -> Recording:
        """As `Recording.at`. Steps are asked for in their order, none twice."""
        recording = self._recording
        last = recording._known(step)
        for each in breathing(recording.trace.until(step).since(self._step)):
            self._processes.follow(each)
        if self._revision < 0:
            state = dict(recording.as_of(last.revision))
        else:
            state = dict(self._state)
            for change in recording.changes_since(self._revision)[: last.revision - self._revision]:
                if change.new is None:
                    state.pop(change.ref, None)
                else:
                    state[change.ref] = change.new
        self._step, self._state, self._revision = step, state, last.revision
        return recording._after(last, state, self._processes)


def _applies(step: Step) -> bool:
    """Whether a text that somebody wrote, and that was taken, came with this step."""
    record = step.record
    if not isinstance(record, Commanded) or not isinstance(record.command, Apply):
        return False
    return bool(record.command.text) and not record.error
