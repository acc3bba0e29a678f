"""What people care about, of what loops of their own do: it is told, and not only done."""

from __future__ import annotations

from app.api.objects import Ref
from app.commands import DefineController, PatchObject
from app.engine.trace import Acted
from tests.support import crds
from tests.support.world import World

HOT = """
def sync(parent, children):
    old = children["ConfigMap.v1"].get("c", {}).get("data", {}).get("n", "0")
    return {
        "children": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"n": old + "1"}}],
        "status": {"replicas": len(children["ConfigMap.v1"])},
    }
"""


def told(world: World) -> list[str]:
    """The reasons of the writes that matter, in the order in which they are made."""
    found: list[str] = []
    while not world.at_rest:
        count = world.trace.count
        world.step()
        for step in world.trace.since(count):
            if isinstance(step.record, Acted) and world.matters(step):
                found.append(step.record.differences[step.record.difference].reason)
    return found


def test_that_a_kind_is_served_is_told_and_what_a_loop_of_ones_own_writes() -> None:
    world = World()
    world.apply(crds.dump(crds.crd()))
    assert "NotEstablished" in told(world)
    world.apply(crds.dump(crds.website()))
    assert told(world) == []
    world.do(DefineController("mine", "websites", HOT.replace('old + "1"', '"1"'), "cm"))
    assert told(world) == ["ChildMissing", "StatusOutdated", "StatusOutdated"]
    world.do(PatchObject(Ref("ConfigMap", "default", "c"), "merge", '{"data": {"n": "7"}}'))
    assert told(world) == ["ChildDiffers"]


def test_a_hot_loop_is_told() -> None:
    world = World()
    crds.define(world)
    world.apply(crds.dump(crds.website()))
    world.do(DefineController("mine", "websites", HOT, "cm"))
    assert "HotLoop" in told(world)
