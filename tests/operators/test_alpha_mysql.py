"""The MySQL operator of 2018: a dumb operator that looks at levels, and agents that look every 15 s."""

from __future__ import annotations

from pathlib import Path

import app.operators.mysql
from app.api.conditions import is_true
from app.api.objects import Ref, labels_of, name_of
from app.commands import CrashContainer, DeleteObject
from tests.support.world import World

INSTALL = (Path(app.operators.mysql.__file__).parent / "install-v1alpha1.yaml").read_text()
DECLARED = "apiVersion: mysql.oracle.com/v1alpha1\nkind: Cluster\nmetadata: {name: old}\nspec: {members: %d}\n"
CLUSTER = Ref("Cluster.mysql.oracle.com", "default", "old")


def up(members: int = 3) -> World:
    world = World()
    world.apply(INSTALL)
    world.settle()
    world.apply(DECLARED % members)
    world.wait(120)
    return world


def roles(world: World) -> dict[str, str]:
    pods = world.objects("Pod", "default")
    return {name_of(pod): labels_of(pod).get("v1alpha1.mysql.oracle.com/role", "") for pod in pods}


def test_it_makes_one_service_and_one_stateful_set_and_the_agents_form_the_group() -> None:
    world = up()
    assert roles(world) == {"old-0": "primary", "old-1": "secondary", "old-2": "secondary"}
    cluster = world.get(CLUSTER)
    assert cluster is not None
    assert is_true(cluster["status"]["conditions"], "Ready")
    assert world.get(Ref("Service", "default", "old")) is not None
    assert world.get(Ref("Secret", "default", "old-root-password")) is not None
    assert world.objects("Deployment", "default") == []


def test_what_is_deleted_is_made_again_for_it_looks_at_levels() -> None:
    world = up()
    world.do(DeleteObject(Ref("Service", "default", "old")))
    world.settle()
    assert world.get(Ref("Service", "default", "old")) is not None


def test_a_crash_is_dealt_with_by_the_next_look_of_an_agent() -> None:
    world = up()
    world.do(CrashContainer(Ref("Pod", "default", "old-0"), "mysql", 137))
    world.wait(45)
    assert sorted(roles(world).values()) == ["primary", "secondary", "secondary"]
    assert roles(world)["old-0"] == "secondary"


def test_all_crash_while_no_operator_runs_and_the_agents_start_the_group_again() -> None:
    world = up()
    world.do(DeleteObject(Ref("Deployment", "mysql-operator", "mysql-operator-v1alpha1")))
    world.settle()
    assert "mysql-operator-v1alpha1" not in world.actors
    for number in range(3):
        world.do(CrashContainer(Ref("Pod", "default", f"old-{number}"), "mysql", 137))
    world.wait(60)
    assert sorted(roles(world).values()) == ["primary", "secondary", "secondary"]


def test_scaled_by_its_declaration() -> None:
    world = up(1)
    world.apply(DECLARED % 2)
    world.wait(60)
    assert sorted(roles(world).values()) == ["primary", "secondary"]
