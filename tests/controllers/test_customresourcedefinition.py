"""The loop for custom kinds: names, the condition Established, and a kind that is to go."""

from __future__ import annotations

from typing import Any

from app.api import conditions
from app.api.objects import Obj, Ref
from app.controllers.customresourcedefinition import CLEANUP, CustomResourceDefinitionController, DefinitionSeen
from app.reconcile import Delete, Difference, RequeueAfter, Update, UpdateStatus

NAMES = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList", "shortNames": ["wi"]}
ACCEPTED = {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found"}


def crd(status: Obj | None = None, **metadata: Any) -> Obj:
    meta = {"name": "widgets.example.com", **metadata}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    empty = {"acceptedNames": {"kind": "", "plural": ""}, "conditions": None, "storedVersions": ["v1"]}
    return {**kind, "metadata": meta, "spec": {"group": "example.com", "names": NAMES}, "status": status or empty}


def seen(definition: Obj, **facts: Any) -> DefinitionSeen:
    return DefinitionSeen(
        definition,
        frozenset(facts.get("taken", ())),
        frozenset(facts.get("taken_kinds", ())),
        facts.get("left", ()),
        facts.get("is_known", True),
        0,
    )


def decided(observation: DefinitionSeen) -> list[Difference]:
    return list(CustomResourceDefinitionController().diff(observation))


def written(difference: Difference) -> dict[str, Any]:
    (action,) = difference.actions
    assert isinstance(action, UpdateStatus)
    return action.status


def told(status: dict[str, Any], type: str) -> tuple[str, str]:
    condition = conditions.find(status["conditions"], type)
    assert condition is not None
    return condition["status"], condition["reason"]


def test_names_are_accepted_first_and_then_it_is_established() -> None:
    (first,) = decided(seen(crd()))
    status = written(first)
    assert (first.reason, status["acceptedNames"]) == ("NamesNotAccepted", NAMES)
    assert (told(status, "NamesAccepted"), told(status, "Established")) == (
        ("True", "NoConflicts"),
        ("False", "Installing"),
    )
    (second,) = decided(seen(crd(status)))
    assert second.reason == "NotEstablished"
    established = written(second)
    assert told(established, "Established") == ("True", "InitialNamesAccepted")
    assert decided(seen(crd(established))) == []


def test_a_name_that_another_has_is_not_accepted_and_the_others_are() -> None:
    (difference,) = decided(seen(crd(), taken=["wi"], taken_kinds=["WidgetList"]))
    status = written(difference)
    assert told(status, "NamesAccepted") == ("False", "ListKindConflict")
    assert told(status, "Established") == ("False", "NotAccepted")
    assert status["acceptedNames"] == {"plural": "widgets", "singular": "widget", "kind": "Widget"}
    assert decided(seen(crd(status), taken=["wi"], taken_kinds=["WidgetList"])) == []
    (freed,) = decided(seen(crd(status)))
    assert told(written(freed), "NamesAccepted") == ("True", "NoConflicts")


def test_what_is_established_stays_so_when_a_new_short_name_is_taken() -> None:
    (first,) = decided(seen(crd()))
    (second,) = decided(seen(crd(written(first))))
    wanting = crd(written(second))
    wanting["spec"]["names"] = {**NAMES, "shortNames": ["wi", "pod"]}
    (difference,) = decided(seen(wanting, taken=["pod"]))
    status = written(difference)
    assert told(status, "NamesAccepted") == ("False", "ShortNamesConflict")
    assert told(status, "Established") == ("True", "InitialNamesAccepted")


def gone(name: str, **metadata: Any) -> Obj:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name, **metadata}}


def test_its_objects_go_before_it() -> None:
    definition = crd(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=[CLEANUP])
    left = [gone("a"), gone("b", deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["example.com/hold"])]
    (difference,) = decided(seen(definition, left=left))
    status, deletion, again = difference.actions
    assert isinstance(status, UpdateStatus)
    assert told(status.status, "Terminating") == ("True", "InstanceDeletionInProgress")
    assert deletion == Delete(Ref("Widget.example.com", "", "a"), propagation="Background")
    assert isinstance(again, RequeueAfter)


def test_when_none_is_left_its_finalizer_goes_and_others_stay() -> None:
    definition = crd(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["example.com/hold", CLEANUP])
    for is_known, reason in ((True, "InstanceDeletionCompleted"), (False, "NeverEstablished")):
        (difference,) = decided(seen(definition, is_known=is_known))
        status, update = difference.actions
        assert isinstance(status, UpdateStatus)
        assert isinstance(update, Update)
        assert told(status.status, "Terminating") == ("False", reason)
        assert update.obj["metadata"]["finalizers"] == ["example.com/hold"]
    held = crd(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["example.com/hold"])
    assert decided(seen(held)) == []
