"""The MySQL operator of 2018: a dumb operator that looks at levels, and agents that look every 15 s."""

from __future__ import annotations

from app.api.conditions import is_true
from app.api.mysql_groups import ALPHA_CLUSTER
from app.api.objects import Ref, labels_of, name_of
from app.commands import CrashContainer, DeleteObject
from tests.support.mysql import ALPHA_DECLARED, alpha_up
from tests.support.world import World

CLUSTER = Ref(ALPHA_CLUSTER, "default", "old")


def roles(world: World) -> dict[str, str]:
    pods = world.objects("Pod", "default")
    return {name_of(pod): labels_of(pod).get("v1alpha1.mysql.oracle.com/role", "") for pod in pods}


def test_it_makes_one_service_and_one_stateful_set_and_the_agents_form_the_groalpha_up() -> None:
    world = alpha_up()
    assert roles(world) == {"old-0": "primary", "old-1": "secondary", "old-2": "secondary"}
    cluster = world.get(CLUSTER)
    assert cluster is not None
    assert is_true(cluster["status"]["conditions"], "Ready")
    assert world.get(Ref("Service", "default", "old")) is not None
    assert world.get(Ref("Secret", "default", "old-root-password")) is not None
    assert world.objects("Deployment", "default") == []


def test_what_is_deleted_is_made_again_for_it_looks_at_levels() -> None:
    world = alpha_up()
    world.do(DeleteObject(Ref("Service", "default", "old")))
    world.settle()
    assert world.get(Ref("Service", "default", "old")) is not None


def test_a_crash_is_dealt_with_by_the_next_look_of_an_agent() -> None:
    world = alpha_up()
    world.do(CrashContainer(Ref("Pod", "default", "old-0"), "mysql", 137))
    world.wait(45)
    assert sorted(roles(world).values()) == ["primary", "secondary", "secondary"]
    assert roles(world)["old-0"] == "secondary"


def test_all_crash_while_no_operator_runs_and_the_agents_start_the_group_again() -> None:
    world = alpha_up()
    world.do(DeleteObject(Ref("Deployment", "mysql-operator", "mysql-operator-v1alpha1")))
    world.settle()
    assert "mysql-operator-v1alpha1" not in world.actors
    for number in range(3):
        world.do(CrashContainer(Ref("Pod", "default", f"old-{number}"), "mysql", 137))
    world.wait(60)
    assert sorted(roles(world).values()) == ["primary", "secondary", "secondary"]


def test_scaled_by_its_declaration() -> None:
    world = alpha_up(1)
    world.apply(ALPHA_DECLARED % 2)
    world.wait(60)
    assert sorted(roles(world).values()) == ["primary", "secondary"]
