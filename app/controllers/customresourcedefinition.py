"""The loop behind CustomResourceDefinitions: it accepts their names, has their kinds served, and empties a kind that is
to go.

Kubernetes runs it as three loops inside of kube-apiserver: one names, one establishes, one finalizes. That a kind is
served, or is no more, follows from the condition Established (app/apiserver/customkinds.py).
Models kubernetes/apiextensions-apiserver `pkg/controller/status/naming_controller.go`, `establish` and `finalizer`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import conditions, limits, objects
from app.api.conditions import Condition
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, Ref, name_of, ref_of, with_metadata
from app.reconcile import Controller, Delete, Difference, Reader, RequeueAfter, Update, UpdateStatus, Wake

KIND = "CustomResourceDefinition"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
LOOK_AGAIN_MS = 5_000
Names = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DefinitionSeen:
    definition: Obj
    taken: frozenset[str]  # plural, singular and short names of others in its group
    taken_kinds: frozenset[str]
    left: Sequence[Obj]  # objects of its kind, if it is to go
    is_known: bool  # its kind is served
    now_ms: int


class CustomResourceDefinitionController(Controller[DefinitionSeen]):
    name = "crd-controller"
    title = N_("Custom kinds")
    subject = N_("The loop for custom kinds")
    lane = 235
    reconciles = KIND
    sleeps = True
    says = {
        "NamesNotAccepted": Saying(
            N_("Nobody has looked yet whether the names of %(about)s are free."),
            N_("names not checked"),
            {KIND: N_("It writes down whether the names of %(name)s are free.")},
        ),
        "NotEstablished": Saying(
            N_("The names of %(about)s are free, and it is not served yet."),
            N_("not served yet"),
            {KIND: N_("It declares %(name)s established: from now on the API serves it.")},
        ),
        "InstancesRemain": Saying(
            many("One object of this kind must go first.", "%(n)s objects of this kind must go first."),
            N_("objects first"),
            {KIND: N_("It writes down that objects of %(name)s are left.")},
        ),
        "InstancesGone": Saying(
            N_("No object of %(about)s is left: it may go."), N_("nothing left"), {KIND: N_("It lets %(name)s go.")}
        ),
    }

    def __init__(self) -> None:
        self.wakes = (Wake(KIND, _itself_and_its_group),)

    def observe(self, key: Ref, reader: Reader) -> DefinitionSeen | None:
        definition = reader.get(key)
        if definition is None:
            return None
        group = definition["spec"]["group"]
        others = [each for each in reader.live(KIND, None) if each["spec"]["group"] == group and ref_of(each) != key]
        accepted = [_accepted(each) for each in others]
        taken = {name for names in accepted for name in _resources(names)}
        kinds = {names[name] for names in accepted for name in ("kind", "listKind") if names.get(name)}
        known = reader.kind(f"{definition['spec']['names']['kind']}.{group}")
        is_known = known is not None and known.resource == key.name
        going = is_known and known is not None and objects.is_terminating(definition)
        left = tuple(reader.live(known.key, None)) if going and known is not None else ()
        return DefinitionSeen(definition, frozenset(taken), frozenset(kinds), left, is_known, reader.now_ms)

    @staticmethod
    def saw(seen: DefinitionSeen) -> Message:
        name = name_of(seen.definition)
        if objects.is_terminating(seen.definition):
            return message(N_("%(who)s counts the objects of %(name)s: %(n)s."), name=name, n=len(seen.left))
        return message(N_("%(who)s looks at the names of %(name)s."), name=name)

    def diff(self, seen: DefinitionSeen) -> Iterable[Difference]:
        if objects.is_terminating(seen.definition):
            yield from _emptied(seen)
        else:
            yield from _named_and_established(seen)


def _itself_and_its_group(definition: Obj, reader: Reader) -> Iterator[Ref]:
    """A name that one gives up may be what another waits for."""
    yield ref_of(definition)
    group = definition["spec"]["group"]
    for other in reader.list(KIND):
        if other["spec"]["group"] == group and name_of(other) != name_of(definition):
            yield ref_of(other)


def _status(definition: Obj) -> dict[str, Any]:
    return definition.get("status") or {}


def _accepted(definition: Obj) -> Names:
    return _status(definition).get("acceptedNames") or {}


def _resources(names: Names) -> Iterator[str]:
    yield from (names[name] for name in ("plural", "singular") if names.get(name))
    yield from names.get("shortNames") or ()


# -------------------------------------------------------------------------------------------------- coming


def _named_and_established(seen: DefinitionSeen) -> Iterator[Difference]:
    definition, status = seen.definition, _status(seen.definition)
    held = status.get("conditions")
    names, accepted = _judged(seen)
    found = conditions.with_condition(held, accepted, seen.now_ms)
    is_established = conditions.is_true(held, "Established")
    if not is_established:
        found = conditions.with_condition(found, _not_yet(accepted), seen.now_ms)
    if found != held or names != _accepted(definition):
        changed = {**status, "acceptedNames": names, "conditions": found}
        yield Difference(
            ref_of(definition),
            "status.acceptedNames",
            names,
            _accepted(definition),
            "NamesNotAccepted",
            (UpdateStatus(definition, changed),),
        )
    elif not is_established and accepted["status"] == "True":
        found = conditions.with_condition(found, _ESTABLISHED, seen.now_ms)
        yield Difference(
            ref_of(definition),
            "status.conditions[Established]",
            "True",
            "False",
            "NotEstablished",
            (UpdateStatus(definition, {**status, "conditions": found}),),
        )


_ESTABLISHED = {
    "type": "Established",
    "status": "True",
    "reason": "InitialNamesAccepted",
    "message": "the initial names have been accepted",
}


def _not_yet(accepted: Condition) -> Condition:
    if accepted["status"] == "True":
        reason, text = "Installing", "the initial names have been accepted"
    else:
        reason, text = "NotAccepted", "not all names are accepted"
    return {"type": "Established", "status": "False", "reason": reason, "message": text}


def _judged(seen: DefinitionSeen) -> tuple[Names, Condition]:
    """The names that it has from now on, and whether these are all that it wants."""
    wanted, had = seen.definition["spec"]["names"], _accepted(seen.definition)
    names: dict[str, Any] = {name: value for name, value in had.items() if value}
    condition = {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found"}
    checks = (("plural", seen.taken), ("singular", seen.taken), ("shortNames", seen.taken))
    for name, taken in (*checks, ("kind", seen.taken_kinds), ("listKind", seen.taken_kinds)):
        problems = _in_use(wanted.get(name), had.get(name), taken)
        if problems:
            reason = f"{name[0].upper()}{name[1:]}Conflict"
            condition = {**condition, "status": "False", "reason": reason, "message": problems}
        elif wanted.get(name):
            names[name] = wanted[name]
        else:
            names.pop(name, None)
    names.pop("categories", None)
    names |= {"categories": wanted["categories"]} if wanted.get("categories") else {}
    return {"kind": "", "plural": "", **names}, condition


def _in_use(wanted: Any, had: Any, taken: frozenset[str]) -> str:
    several = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    own = had if isinstance(had, list) else [had]
    used = [f'"{name}" is already in use' for name in several if name not in own and name in taken]
    return used[0] if len(used) == 1 else f"[{', '.join(used)}]" if used else ""


# -------------------------------------------------------------------------------------------------- going


def _emptied(seen: DefinitionSeen) -> Iterator[Difference]:
    """Its objects first; when none is left, its finalizer goes."""
    definition = seen.definition
    finalizers = definition["metadata"].get("finalizers") or []
    if CLEANUP not in finalizers:
        return
    if not seen.left:
        reason = ("InstanceDeletionCompleted", "removed all instances")
        reason = reason if seen.is_known else ("NeverEstablished", "resource was never established")
        condition = {"type": "Terminating", "status": "False", "reason": reason[0], "message": reason[1]}
        kept = [each for each in finalizers if each != CLEANUP]
        status = {**_status(definition), "conditions": _with(definition, condition, seen.now_ms)}
        bare = with_metadata(definition, finalizers=kept or None)
        yield Difference(
            ref_of(definition),
            "metadata.finalizers",
            kept,
            finalizers,
            "InstancesGone",
            (UpdateStatus(definition, status), _without_version(bare)),
        )
        return
    condition = {"type": "Terminating", "status": "True", "reason": "InstanceDeletionInProgress"}
    condition["message"] = "CustomResource deletion is in progress"
    found = _with(definition, condition, seen.now_ms)
    fresh = [each for each in seen.left if not objects.is_terminating(each)][: limits.ACTS_AT_A_TIME]
    told = () if found == _status(definition).get("conditions") else (_told(definition, found),)
    deletions = tuple(Delete(ref_of(each), propagation="Background") for each in fresh)
    again = RequeueAfter(LOOK_AGAIN_MS if not fresh else 0, "its objects should be gone")
    actions = (*told, *deletions, again)
    yield Difference(ref_of(definition), "objects", 0, len(seen.left), "InstancesRemain", actions)


def _told(definition: Obj, found: list[Condition]) -> UpdateStatus:
    return UpdateStatus(definition, {**_status(definition), "conditions": found})


def _without_version(definition: Obj) -> Update:
    return Update(with_metadata(definition, resourceVersion=None))


def _with(definition: Obj, condition: Condition, now_ms: int) -> list[Condition]:
    return conditions.with_condition(_status(definition).get("conditions"), condition, now_ms)
