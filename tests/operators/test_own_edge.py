"""The edge-triggered form: which events it is told of, what it does about them, and what it loses."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, Ref
from app.api.own_controllers import own_controller
from app.commands import DefineController, DropEvents, EdgeTriggered, SetLabel
from app.operators.own.calling import Returned
from app.operators.own.controller import OwnSeen
from app.operators.own.edge import EdgeController, Known
from app.reconcile import Difference, TextMistake
from tests.support import builders
from tests.support.world import World

PARENT = builders.deployment("web")
ONE, TWO = (builders.pod(name, owner=PARENT, metadata={"uid": name}) for name in ("one", "two"))


def played(answer: Any, memory: Any = None, children: tuple[Obj, ...] = ()) -> tuple[list[Difference], list[str]]:
    """Its Differences, and what it was told of."""
    told: list[str] = []

    def call(name: str, text: str, function: str, arguments: Any, now_ms: int) -> Returned:
        (event,) = arguments
        assert function == "on_change"
        told.append(f"{event['type']} {event['object']['metadata']['name']}")
        assert ("old" in event) == (event["type"] == "MODIFIED")
        return Returned(answer, ())

    definition = own_controller("mine", {"parent": "Deployment", "children": {"Pod": "InPlace"}, "text": ""})
    seen = OwnSeen(PARENT, children, {"Pod": "v1"}, (), True, memory, builders.NOW_MS)
    return list(EdgeController(definition, call).diff(seen)), told


def test_it_is_told_once_of_what_happened_since() -> None:
    assert played(None, None, (ONE,))[1] == ["ADDED web", "ADDED one"]
    changed = {**ONE, "status": {}}
    assert played(None, Known((PARENT, ONE)), (changed, TWO))[1] == ["MODIFIED one", "ADDED two"]
    assert played(None, Known((PARENT, ONE)), (TWO,))[1] == ["DELETED one", "ADDED two"]
    assert played(None, Known((PARENT, ONE)), (ONE,)) == ([], [])


def test_one_of_the_same_name_is_another() -> None:
    again = builders.pod("one", owner=PARENT, metadata={"uid": "again"})
    assert played(None, Known((PARENT, ONE)), (again,))[1] == ["DELETED one", "ADDED one"]


def test_it_takes_the_events_off_before_it_acts() -> None:
    wanted = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new"}}
    differences, _told = played({"children": [wanted], "delete": ["one"]}, Known((PARENT,)), (ONE,))
    assert [gap.reason for gap in differences] == ["EventsTaken", "ChildMissing", "ChildNotWanted"]
    assert differences[0].desired == "ADDED Pod one"


def test_a_change_is_told_with_what_was_before() -> None:
    world = World()
    text = """
def on_change(event):
    if event["type"] == "MODIFIED" and event["object"]["kind"] == "Secret":
        was, now = event["old"]["metadata"]["labels"], event["object"]["metadata"]["labels"]
        card = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "card"}}
        return {"children": [card | {"data": {"text": was["who"] + " left, " + now["who"] + " came"}}]}
"""
    world.do(DefineController("copier", "secret", text, "cm", edge=True))
    world.apply("apiVersion: v1\nkind: Secret\nmetadata: {name: bob, labels: {who: ada}}\n")
    world.settle()
    world.do(SetLabel(Ref("Secret", "default", "bob"), "who", "grace"))
    world.settle()
    assert (world.get(Ref("ConfigMap", "default", "card")) or {})["data"] == {"text": "ada left, grace came"}


@pytest.mark.parametrize("answer", [3, {"delete": "one"}, {"delete": [1]}, {"children": 3}, {"status": {"a": 1}}])
def test_nonsense_is_named(answer: Any) -> None:
    with pytest.raises(TextMistake):
        played(answer)


REPLACE = """
def copy(n):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy-%d" % n}}

def on_change(event):
    if event["type"] == "ADDED" and event["object"]["kind"] == "Secret":
        return {"children": [copy(1), copy(2)]}
    if event["type"] == "DELETED":
        name = event["object"]["metadata"]["name"]
        return {"children": [copy(int(name[-1]))]}
"""
COMPARE = """
def sync(parent, children):
    return {"children": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy-%d" % n}} for n in (1, 2)
    ]}
"""


def copies(text: str, *, edge: bool, loses: bool) -> list[str]:
    """The copies that there are, after one was deleted."""
    world = World()
    world.do(DefineController("copier", "secret", text, "cm", edge))
    world.apply("apiVersion: v1\nkind: Secret\nmetadata: {name: bob}\n")
    world.settle()
    if loses:
        world.do(DropEvents("copier", 1))
    world.delete("ConfigMap", "copy-2")
    world.settle()
    world.do(DropEvents("copier", 0))
    world.wait(30)
    names = [obj["metadata"]["name"] for obj in world.objects("ConfigMap", "default")]
    return [name for name in names if name.startswith("copy")]


def test_with_every_event_it_does_as_well_as_one_that_compares() -> None:
    assert copies(REPLACE, edge=True, loses=False) == copies(COMPARE, edge=False, loses=False) == ["copy-1", "copy-2"]


def test_one_lost_event_is_lost_for_good_and_whoever_compares_does_not_need_it() -> None:
    assert copies(COMPARE, edge=False, loses=True) == ["copy-1", "copy-2"]
    assert copies(REPLACE, edge=True, loses=True) == ["copy-1"]


def test_what_it_remembers_reads_as_the_objects_it_knows() -> None:
    assert str(Known((PARENT, ONE))) == "Deployment web, Pod one"


def test_it_cannot_be_made_to_compare_but_by_another_text() -> None:
    world = World()
    world.do(DefineController("copier", "secret", REPLACE, "cm", edge=True))
    assert "its text does" in world.refused(EdgeTriggered("copier", on=False))
    world.do(DefineController("copier", "secret", COMPARE, "cm"))
    world.do(EdgeTriggered("copier"))
    world.do(EdgeTriggered("copier", on=False))
