"""What the loop of a controller of one's own decides: an observation, what the text answers, and Differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.api.objects import Obj, owner_reference
from app.api.own_controllers import own_controller
from app.operators.own import applying
from app.operators.own.calling import Returned
from app.operators.own.controller import OwnController, OwnSeen
from app.operators.own.flapping import AGAIN, Memory
from app.reconcile import Create, Delete, Difference, Remember, RequeueAfter, Update, UpdateStatus
from tests.support import builders

PARENT = builders.deployment("web")
KINDS = {"ConfigMap": "v1"}
DEFINITION = {"parent": "Deployment", "children": {"ConfigMap": "InPlace"}, "text": "text"}


def config(name: str = "a", **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def made(name: str = "a", status: Any = None, **data: str) -> Obj:
    """As the loop made it."""
    meta = {"name": name, "namespace": "default", "ownerReferences": [owner_reference(PARENT)]}
    obj = applying.declared({**config(name, **data), "metadata": meta})
    obj["metadata"] |= {"uid": f"uid-{name}", "resourceVersion": "7"}
    return obj if status is None else {**obj, "status": status}


def diff(
    answer: Any, children: Sequence[Obj] = (), strategy: str = "InPlace", memory: Any = None, **options: Any
) -> list[Difference]:
    definition = own_controller("mine", {**DEFINITION, "children": {"ConfigMap": strategy}})
    loop = OwnController(definition, lambda *call: Returned(answer, options.get("printed", ())))
    now_ms = options.get("now_ms", builders.NOW_MS)
    seen = OwnSeen(options.get("parent", PARENT), children, KINDS, (), True, memory, now_ms)
    return list(loop.diff(seen))


def told(differences: Sequence[Difference]) -> list[tuple[str, str, list[str]]]:
    """Reason, name and writes of each."""
    return [
        (
            gap.reason,
            gap.about.name,
            [type(action).__name__ for action in gap.actions if not isinstance(action, Remember)],
        )
        for gap in differences
    ]


def test_it_hands_over_plain_data_by_kind_as_metacontroller_does() -> None:
    given: list[Any] = []

    def call(*what: Any) -> Returned:
        given.extend(what)
        return Returned({}, ())

    loop = OwnController(own_controller("mine", DEFINITION), call)
    child = made()
    list(loop.diff(OwnSeen(PARENT, (child,), KINDS, (), True, None, builders.NOW_MS)))
    assert given == ["mine", "text", "sync", (PARENT, {"ConfigMap.v1": {"a": child}}), builders.NOW_MS]


def test_a_child_that_is_not_there_is_made_with_its_owner_and_what_was_declared() -> None:
    (gap,) = diff({"children": [config(x="1")]})
    create = gap.actions[0]
    assert isinstance(create, Create)
    assert (gap.reason, gap.field, gap.desired, gap.observed) == ("ChildMissing", "exists", True, False)
    assert create.obj["metadata"]["ownerReferences"] == [owner_reference(PARENT)]
    assert applying.LAST_APPLIED in create.obj["metadata"]["annotations"]


def test_one_that_is_as_wanted_is_left_alone() -> None:
    assert diff({"children": [config(x="1")]}, [made(x="1")]) == []


def test_one_that_is_named_no_more_goes_visibly() -> None:
    assert told(diff({}, [made()])) == [("ChildNotWanted", "a", ["Delete"])]
    (gap,) = diff({}, [made()])
    assert isinstance(gap.actions[0], Delete)
    assert gap.actions[0].uid == "uid-a"


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("InPlace", [("ChildDiffers", "a", ["Update"]), ("ChildDiffers", "b", ["Update"])]),
        ("Recreate", [("ChildDiffers", "a", ["Delete"]), ("ChildDiffers", "b", ["Delete"])]),
        ("OnDelete", [("ChildWaits", "a", []), ("ChildWaits", "b", [])]),
        ("RollingInPlace", [("ChildDiffers", "a", ["Update"]), ("ChildWaits", "b", [])]),
        ("RollingRecreate", [("ChildDiffers", "a", ["Delete"]), ("ChildWaits", "b", [])]),
    ],
)
def test_one_that_differs_is_changed_as_its_strategy_says(strategy: str, expected: Any) -> None:
    there = [made("a", x="1"), made("b", x="1")]
    assert sorted(told(diff({"children": [config("a", x="2"), config("b", x="2")]}, there, strategy))) == expected


@pytest.mark.parametrize("status", [{"conditions": [{"type": "Ready", "status": "False"}]}, {"observedGeneration": 1}])
def test_nothing_rolls_while_another_child_is_not_well(status: Any) -> None:
    there = [made("a", x="1"), made("b", status, x="2")]
    want = {"children": [config("a", x="2"), config("b", x="2")]}
    assert told(diff(want, there, "RollingInPlace")) == [("ChildWaits", "a", [])]


def test_an_update_bears_the_version_that_was_seen_and_names_the_field() -> None:
    (gap,) = diff({"children": [config(x="2")]}, [made(x="1")])
    update = gap.actions[0]
    assert isinstance(update, Update)
    assert (gap.field, gap.desired, gap.observed) == ("data.x", "2", "1")
    assert update.obj["metadata"]["resourceVersion"] == "7"


def test_a_child_on_its_way_out_is_waited_for() -> None:
    going = {**made(), "metadata": {**made()["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert diff({"children": [config()]}, [going]) == []
    assert diff({}, [going]) == []


def test_a_parent_on_its_way_out_is_left_to_the_garbage_collector() -> None:
    going = {**PARENT, "metadata": {**PARENT["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert diff({"children": [config()]}, parent=going) == []


def test_a_status_is_written_only_when_it_changes() -> None:
    (gap,) = diff({"status": {"n": 1}}, parent={**PARENT, "status": {"n": 0, "m": 2}})
    assert (gap.reason, gap.field) == ("StatusOutdated", "status.m")
    assert isinstance(gap.actions[0], UpdateStatus)
    assert diff({"status": {"n": 1}}, parent={**PARENT, "status": {"n": 1}}) == []
    assert diff({}, parent={**PARENT, "status": {"n": 1}}) == []


def test_what_it_prints_and_when_it_comes_back_do_not_disturb_the_quiet() -> None:
    line, again = diff({"resyncAfterSeconds": 5}, printed=("hello",))
    assert (line.reason, line.desired, line.actions, line.background) == ("Printed", "hello", (), True)
    assert (again.actions, again.background) == ((RequeueAfter(5_000, "resyncAfterSeconds"),), True)
    (soon,) = diff({"resyncAfterSeconds": 0.001})
    assert soon.actions == (RequeueAfter(1_000, "resyncAfterSeconds"),)


# ------------------------------------------------------------------------------------------- hot loops


def memory_after(answers: Sequence[Any], child: Any = made) -> tuple[list[str], Any]:
    """The reasons that it gives, one answer after the other, each performed; and what it remembers at the end."""
    reasons, memory, children, parent = [], None, [], PARENT
    for answer in answers:
        differences = diff(answer, children, memory=memory, parent=parent)
        reasons.append(",".join(gap.reason for gap in differences))
        for action in (action for gap in differences for action in gap.actions):
            if isinstance(action, Remember):
                memory = action.value
            elif isinstance(action, (Create, Update)):
                children = [action.obj]
            elif isinstance(action, UpdateStatus):
                parent = {**parent, "status": action.status}
    return reasons, memory


def test_a_field_that_changes_each_time_is_named_and_then_left_alone() -> None:
    reasons, memory = memory_after([{"children": [config(at=str(n))]} for n in range(AGAIN + 4)])
    assert reasons == ["ChildMissing", *["ChildDiffers"] * AGAIN, *["HotLoop"] * 3]
    assert isinstance(memory, Memory)
    assert memory.hot == ("configmap/a data.at",)


def test_so_is_a_status() -> None:
    reasons, _memory = memory_after([{"status": {"at": n}} for n in range(AGAIN + 4)])
    assert reasons[-1] == "HotLoop"
    assert set(reasons[: AGAIN + 1]) == {"StatusOutdated"}


def test_what_follows_its_parent_may_change_as_often_as_that() -> None:
    memory: Any = None
    child = made(at="0")
    for n in range(1, 3 * AGAIN):
        parent = {**PARENT, "metadata": {**PARENT["metadata"], "generation": n}}
        (gap,) = diff({"children": [config(at=str(n))]}, [child], memory=memory, parent=parent)
        assert gap.reason == "ChildDiffers"
        child = made(at=str(n))
        memory = gap.actions[-1].value  # type: ignore[union-attr]


def test_a_status_that_follows_children_may_change_as_often_as_they_do() -> None:
    memory: Any = None
    for n in range(3 * AGAIN):
        child = made(status={"n": n})
        answer = {"status": {"n": n}, "children": [config()]}
        (gap,) = diff(answer, [child], memory=memory, parent={**PARENT, "status": {"n": -1}})
        assert gap.reason == "StatusOutdated"
        memory = gap.actions[-1].value  # type: ignore[union-attr]


def test_once_a_minute_is_not_often() -> None:
    _reasons, memory = memory_after([{"children": [config(at=str(n))]} for n in range(AGAIN)])
    later = builders.NOW_MS + 60_000
    (gap,) = diff({"children": [config(at="x")]}, [made(at="y")], memory=memory, now_ms=later)
    assert gap.reason == "ChildDiffers"
    assert gap.actions[-1].value.writes == ((later, "configmap/a data.at"),)  # type: ignore[union-attr]


def test_what_it_remembers_reads_as_what_it_wrote() -> None:
    assert str(Memory("a", "b", ((1, "ConfigMap exists"), (2, "status"), (3, "status")))) == "ConfigMap exists, status"
