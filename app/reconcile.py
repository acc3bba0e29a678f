"""The contract between a controller and the engine.

A control loop is three questions. *Observe*: what does this key look like now? *Diff*: where does that differ
from what was declared? *Act*: which writes close the gap? A controller answers the first two, in `observe` and
`diff`, and names the writes as data; the engine performs them, so conflicts, latency, faults, Events and the
trace have one place each, and no controller can write on the side.

    class ReplicaSetController(Controller[ReplicaSetObservation]):
        name = "replicaset-controller"
        reconciles = "ReplicaSet"
        wakes = (itself("ReplicaSet"), owns("Pod", "ReplicaSet"))

        def observe(self, key, reader): ...      # the only place that reads
        def diff(self, seen): ...                # pure: no reader, no clock, no state of its own

A Difference is the unit of failure: its actions run in order and stop at the first error, the other Differences
still run, and an error puts the key back with back-off. Controllers keep no state; what a real one holds in
memory goes through `Remember`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from app.api.kinds import Kind
from app.api.messages import LAST_LANE, N_, Message, Saying, Voice
from app.api.objects import Obj, Ref, controller_of, is_of, namespace_of, ref_of

# ---------------------------------------------------------------------------------------------- actions


@dataclass(frozen=True, slots=True)
class Announce:
    """Record a Kubernetes Event about `about`. In a message `{name}` is the name of the object that the action
    beside it wrote, `{error}` the text of its failure. With `action` it has the shape of events.k8s.io."""

    about: Obj
    type: str  # "Normal" or "Warning"
    reason: str
    message: str
    action: str = ""  # what was tried: "Scheduling"; also for loops with a `posts`
    related: Obj | None = None  # a second object that it is about


@dataclass(frozen=True, slots=True)
class Create:
    """POST `obj`. With `metadata.generateName` the API server chooses the name."""

    obj: Obj
    announce: Announce | None = None
    on_error: Announce | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """PUT `obj` as a whole. Its resourceVersion must still be the current one, else 409 Conflict."""

    obj: Obj
    announce: Announce | None = None
    on_error: Announce | None = None


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """PUT `status` of `obj` (subresource "status"). 409 Conflict if `obj` is stale."""

    obj: Obj
    status: dict[str, Any]
    announce: Announce | None = None
    on_error: Announce | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """JSON merge patch. No staleness check unless `patch` bears metadata.resourceVersion; `uid` is a precondition.
    A `strategic` one leaves the items of a list that it does not name as they are now: conditions of others."""

    ref: Ref
    patch: dict[str, Any]
    uid: str = ""
    subresource: str = ""
    announce: Announce | None = None
    on_error: Announce | None = None
    strategic: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE. `grace_seconds` None is the object's own default; `propagation` is Background, Foreground or Orphan."""

    ref: Ref
    uid: str = ""
    grace_seconds: int | None = None
    propagation: str | None = None
    announce: Announce | None = None
    on_error: Announce | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """POST pods/binding: give an unassigned pod its node."""

    ref: Ref
    node: str
    uid: str = ""
    announce: Announce | None = None
    on_error: Announce | None = None


@dataclass(frozen=True, slots=True)
class RequeueAfter:
    """Look at this key again in `delay_ms`. Replaces every timer. Not a write.

    A key has at most one timer, the soonest that its latest reconcile asked for: who still waits says so again."""

    delay_ms: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep `value` for this key in the controller's memory (None forgets). Lost when the controller crashes."""

    value: Any


Action = Create | Update | UpdateStatus | Patch | Delete | Bind | Announce | RequeueAfter | Remember


class Pace(IntEnum):
    """Whether a quiet cluster waits for it. Of several the first that applies holds."""

    NOW = 0
    AWAITED = 1  # but not for its timer: it will act at a time of its own, and people may wait for that
    BACKGROUND = 2  # housekeeping that goes on in a quiet cluster: a heartbeat, one more look


NOW, AWAITED, BACKGROUND = Pace


def background_if(condition: bool) -> Pace:
    return BACKGROUND if condition else NOW


@dataclass(frozen=True, slots=True)
class Difference:
    """One gap between desired and observed, and the actions that close it."""

    about: Ref
    field: str  # "spec.replicas"
    desired: Any
    observed: Any
    reason: str  # CamelCase, as in Events and conditions: "TooFewReplicas"
    actions: tuple[Action, ...] = ()  # empty: may not act yet (maxUnavailable used up, back-off, ...)
    pace: Pace = NOW

    @property
    def background(self) -> bool:
        """A cluster in which nothing else is to be done is quiet."""
        return self.pace == BACKGROUND


# ---------------------------------------------------------------------------------------------- reading


class Failure(NamedTuple):
    """Why a Difference could not be closed: its reason, and the API server's answer."""

    difference: str  # "TooFewReplicas"
    code: int
    message: str


class Reader(Protocol):
    """What `observe` may read: the controller's own informer caches. Every object handed out is recorded."""

    @property
    def now_ms(self) -> int:
        """Virtual time, milliseconds since the Unix epoch."""

    def get(self, ref: Ref) -> Obj | None: ...

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Obj]:
        """All cached objects of a kind, in order of name; None: in every namespace."""

    def by(self, kind: str, index: str, value: Hashable) -> Sequence[Obj]:
        """Objects that `indexes[index]` of this controller's Cache of `kind` put under `value`, oldest first."""

    def totals(self, kind: str, name: str) -> Mapping[Hashable, tuple[int, ...]]:
        """The sums that `totals[name]` of the Cache of `kind` keeps, by group. A group with nothing in it is absent."""

    def live(self, kind: str, namespace: str | None) -> Sequence[Obj]:
        """A LIST at the API server instead of the cache, as the few controllers do that must not be stale; None: of
        every namespace. Raises ServiceUnavailable if the API server is out of reach: the key comes back later."""

    def live_on(self, node: str) -> Sequence[Obj]:
        """The same of the pods that are bound to a node."""

    def live_get(self, ref: Ref) -> Obj | None:
        """A GET at the API server. Raises as `live` does."""

    def kinds(self) -> Sequence[Kind]:
        """Every kind that there is now, as discovery tells it."""

    def kind(self, key: str) -> Kind | None:
        """The one that goes by this word (`kinds.key_of`), if there is one."""

    def type_warnings(self, policy: Obj) -> Sequence[Mapping[str, str]]:
        """What the schemas that the API server publishes say to the expressions of an admission policy."""

    def remembered(self, key: Ref | None = None) -> Any:
        """What `Remember` last kept for the key being observed, or None; in a key function, for `key`."""

    def failures(self) -> Sequence[Failure]:
        """What went wrong in the last reconcile of the key being observed; () if it ended well."""


KeyFunction = Callable[[Obj, Reader], Iterable[Ref]]
When = Callable[[Obj | None, Obj | None], bool]


@dataclass(frozen=True, slots=True)
class Cache:
    """What a loop keeps of a kind, for its Reader: one informer. A kind of which it only says what wakes it (`Wake`)
    is kept as well, whole; this says more.

    field_selector: ("spec.nodeName", "node-1"): other objects are never sent by the server.
    selects: objects for which it is False are never delivered: for loops that own few of many.
    sees: called with (old, new) of a modification; False means that it is not delivered at all. For loops that look at
        a part of an object only: what they have in their cache may be older in the rest.
    indexes: name -> function from an object to the values it is found under with `Reader.by`.
    totals: name -> function from an object to (group, amounts) or None; kept up to date per change, so that a
        loop over many objects costs one look-up (`Reader.totals`).
    """

    kind: str
    field_selector: tuple[str, str] | None = None
    selects: Callable[[Obj], bool] | None = None
    sees: Callable[[Obj, Obj], bool] | None = None
    indexes: Mapping[str, Callable[[Obj], Iterable[Hashable]]] = field(default_factory=dict)
    totals: Mapping[str, Callable[[Obj], tuple[Hashable, tuple[int, ...]] | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wake:
    """Which keys a change of one object of a kind wakes, if it reaches the cache.

    keys: called with the old and the new object of a change (both, since a label may have moved).
    when: called with (old, new), either may be None; False means that this change wakes nobody.
    hint: called with (key, old, new, reader) for each of the keys; False means that this one sleeps on.
    """

    kind: str
    keys: KeyFunction
    when: When | None = None
    hint: Callable[[Ref, Obj | None, Obj | None, Reader], bool] | None = None


_METADATA = ("labels", "annotations", "ownerReferences", "finalizers", "deletionTimestamp")


def metadata_differs(old: Obj, new: Obj) -> bool:
    """For `Cache.sees`: labels, annotations, owners, finalizers or the mark of deletion changed."""
    before, after = old["metadata"], new["metadata"]
    return any(before.get(name) != after.get(name) for name in _METADATA)


def nothing(old: Obj, new: Obj) -> bool:
    """For `Cache.sees`: objects come and go, and that is all that is looked at."""
    return False


def owned_by(kind: str) -> Callable[[Obj], bool]:
    """For `Cache.selects`: objects whose controller is of that kind."""

    def is_owned(obj: Obj) -> bool:
        return is_of(controller_of(obj), kind)

    return is_owned


BY_NAMESPACE: Mapping[str, Callable[[Obj], Iterable[Hashable]]] = {"namespace": lambda obj: (namespace_of(obj),)}
"""For `Cache.indexes`: what `Reader.by(kind, "namespace", name)` finds."""


def itself(kind: str, when: When | None = None) -> Wake:
    """A change of the object wakes the key of the object."""
    return Wake(kind, lambda obj, reader: (ref_of(obj),), when)


def owns(kind: str, owner_kind: str, when: When | None = None) -> Wake:
    """A change of an owned object wakes its controlling owner, if that is of `owner_kind`."""

    def keys(obj: Obj, reader: Reader) -> Iterable[Ref]:
        owner = controller_of(obj)
        if owner and is_of(owner, owner_kind):
            yield Ref(owner_kind, obj["metadata"].get("namespace", ""), owner["name"])

    return Wake(kind, keys, when)


def came_or_went(old: Obj | None, new: Obj | None) -> bool:
    """For `Wake.when`."""
    return old is None or new is None


def went(_: Obj | None, new: Obj | None) -> bool:
    """For `Wake.when`."""
    return new is None


# --------------------------------------------------------------------------------- loops that somebody wrote


class TextMistake(Exception):
    """What a text that somebody wrote does wrong. `where`: "hello, line 7"; `printed`: its lines up to there."""

    def __init__(self, error: str, where: str = "", printed: tuple[str, ...] = ()) -> None:
        super().__init__(error)
        self.where, self.printed = where, printed


class Struck(Exception):
    """What was asked of a text took too much `limit` ("time" or "memory"): another time, or elsewhere, it may not."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


# ------------------------------------------------------------------------------------------- controllers


@dataclass(frozen=True, slots=True)
class PodProgram:
    """A program that runs in a container: the last part of its image's name, and a word of its command ("": any)."""

    image: str  # "community-operator"
    word: str = ""


class Posts(NamedTuple):
    """How a program writes Events that does so without client-go's recorder: each is an object of its own."""

    prefix: str  # of their names
    component: str  # their reportingComponent


Seen = TypeVar("Seen")


class Controller(Generic[Seen]):
    """Base of every control loop. Subclasses say what they see of a key, set the names, and implement `observe` and
    `diff`. How it speaks on the page (app/api/messages.py: Voice) stands with it too: `title` to `labels`, `saw`."""

    name: str  # Kubernetes' own: "replicaset-controller"
    instance: str = ""  # the machine, for loops that run once per node
    component: str = ""  # the Event source where it is not `name`
    posts: Posts | None = None  # None: its Events are counted and combined, as client-go's recorder does
    reconciles: str  # the kind its keys are of
    wakes: tuple[Wake, ...]
    reads: tuple[Cache, ...] = ()
    concurrency: int = 1  # keys worked on at once; 0: as many as there are
    only_while: str = ""  # a kind: its process stands still while there is no object of it
    assumes: bool = False  # sees its own writes at once, as the scheduler's assume cache does
    runs_in: PodProgram | None = None  # its process is that program in a pod, and lives and dies with the container
    pace: Pace = NOW  # of all that it does; BACKGROUND: never told either, for every cluster has it done
    sleeps: bool = False  # is told of nothing else before the first object of the kind it reconciles appears
    is_trusted: bool = True  # False: what it writes is looked at as closely as what a client sends
    urgency: Callable[[Ref, Reader], int] | None = None  # of a key that waits: the most urgent goes first

    title: str = ""
    subject: str = ""
    lane: int = LAST_LANE
    says: Mapping[str, Saying] = {}
    labels: Mapping[str, str] = {}

    def observe(self, key: Ref, reader: Reader) -> Seen | None:
        """A frozen dataclass of what matters about `key`, or None if it is gone. The only place that reads."""
        raise NotImplementedError

    def diff(self, seen: Seen) -> Iterable[Difference]:
        """The gaps in what was seen. Pure: equal input, equal output. A status Difference only when it changes."""
        raise NotImplementedError

    def follows(self, row: Kind) -> Iterable[Cache | Wake]:
        """What it reads of a kind, and what wakes it, beside `reads` and `wakes`: for loops that care for every kind
        that there is. Asked of each when the loop starts, and of a kind that appears while it runs. A loop watches
        such a kind in no other way."""
        return ()

    @staticmethod
    def saw(seen: Seen) -> Message | None:
        """What it looked at and counted, as a sentence with %(who)s in it. Pure. None: there is no more to say than
        what the key is called."""
        return None

    @property
    def in_background(self) -> bool:
        return self.pace == BACKGROUND

    @property
    def actor(self) -> str:
        """Unique in a cluster: "replicaset-controller", "kubelet/node-1"."""
        return f"{self.name}/{self.instance}" if self.instance else self.name

    @property
    def voice(self) -> Voice:
        return Voice(self.title, self.subject, self.lane, self.saw, {**_SAID_BY_ALL, **self.says}, self.labels)


_SAID_BY_ALL = {
    "StatusOutdated": Saying(N_("The status of %(about)s is out of date."), N_("status is old")),
}

AnyController = Controller[Any]
"""A loop for whoever runs loops of every kind: what one of them sees is handed back to that one alone."""
