"""Whether a loop made more objects of a kind for one owner than it wanted itself. Pure. Called by `verdict`.

What it wants follows from what it saw and what it did about that: seen, plus made, minus deleted. It makes too many
where it does not see what it made already, because its cache is behind, or because its other copy made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.api.breath import breathing
from app.api.objects import Obj, Ref, controller_uid, is_terminating, kind_of, ref_of, uid_of
from app.engine.trace import Acted, Differed, Observed, Step, changes_of
from app.reconcile import Create, Delete, Difference

_ENDED = ("Succeeded", "Failed")


class Group(NamedTuple):
    """The objects of a kind that belong to one owner."""

    kind: str
    owner: str  # its uid


class Duplicates(NamedTuple):
    group: Group
    one: Obj  # any of them
    wanted: int
    most: int  # that there were at a time
    unseen: tuple[Step, ...]  # made those that were not known of when
    by: Step  # made the first that was one too many
    wanted_last: int  # by what was done about it


class _Plan(NamedTuple):
    """What a reconcile wants of a group."""

    differed: int  # in that step
    wanted: int
    seen: frozenset[str]  # by their uids


class _Made(NamedTuple):
    step: Step
    differed: int


def is_active(obj: Obj | None) -> bool:
    return obj is not None and not is_terminating(obj) and (obj.get("status") or {}).get("phase") not in _ENDED


def first(steps: Iterable[Step], is_its: Callable[[Step], bool]) -> Duplicates | None:
    """Of the first group of which a loop made too many; `is_its` says which steps are of that loop."""
    book, found = _Book(), None
    for step in breathing(steps):
        book.end(step)
        if is_its(step):
            more = book.follow(step)
            if found is None:
                found = more
            elif more is not None and more.group == found.group:
                found = found._replace(most=max(found.most, more.most))
    return found._replace(wanted_last=book.wanted[found.group]) if found is not None else None


class _Book:
    def __init__(self) -> None:
        self.wanted: dict[Group, int] = {}  # by the newest reconcile that made or deleted some
        self._looks: dict[Any, Observed] = {}
        self._plans: dict[Any, Mapping[Group, _Plan]] = {}
        self._made: dict[Group, dict[str, _Made]] = {}
        self._gone: set[str] = set()

    def end(self, step: Step) -> None:
        """What is there no more after a step."""
        for change in changes_of(step):
            if change.old is not None and not is_active(change.new):
                self._gone.add(uid_of(change.old))

    def follow(self, step: Step) -> Duplicates | None:
        """A step of the loop; what it made too many."""
        flight = (step.actor, step.key)
        match step.record:
            case Observed() as record:
                self._looks[flight] = record
            case Differed(differences=differences) if flight in self._looks:
                self._plans[flight] = dict(_plans(self._looks[flight], differences, step.number))
                self.wanted.update({group: plan.wanted for group, plan in self._plans[flight].items()})
            case Acted(action=Create(), result=result) if result.code == 201 and result.obj is not None:
                return self._make(step, result.obj, self._plans.get(flight, {}))
        return None

    def _make(self, step: Step, obj: Obj, plans: Mapping[Group, _Plan]) -> Duplicates | None:
        group = Group(kind_of(obj), controller_uid(obj))
        plan = plans.get(group)
        if plan is None:
            return None
        made = self._made.setdefault(group, {})
        made[uid_of(obj)] = _Made(step, plan.differed)
        count = len((plan.seen | made.keys()) - self._gone)
        known = plan.seen | self._gone
        unseen = (each.step for uid, each in made.items() if each.differed != plan.differed and uid not in known)
        if count <= plan.wanted:
            return None
        return Duplicates(group, obj, plan.wanted, count, tuple(unseen), step, plan.wanted)


def _plans(look: Observed, differences: Sequence[Difference], number: int) -> Iterator[tuple[Group, _Plan]]:
    """Of each group of which there is something to make or to delete."""
    actions = [action for difference in differences for action in difference.actions]
    made = [action.obj for action in actions if isinstance(action, Create)]
    deleted = {action.ref for action in actions if isinstance(action, Delete)}
    seen = {ref_of(obj): obj for obj in _objects(look.reads) if is_active(obj)}
    groups = [_group(obj) for obj in (*made, *(obj for ref, obj in seen.items() if ref in deleted))]
    for group in dict.fromkeys(group for group in groups if group.owner):
        members: dict[Ref, Obj] = {ref: obj for ref, obj in seen.items() if _group(obj) == group}
        fewer = sum(ref in deleted for ref in members)
        more = sum(_group(obj) == group for obj in made)
        yield group, _Plan(number, len(members) + more - fewer, frozenset(map(uid_of, members.values())))


def _group(obj: Obj) -> Group:
    return Group(kind_of(obj), controller_uid(obj))


def _objects(reads: Iterable[Any]) -> Iterator[Obj]:
    for read in reads:
        yield from read if isinstance(read, (tuple, list)) else (read,)
