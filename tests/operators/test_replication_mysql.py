"""MySQL servers in their containers, and what becomes of what clients write to them."""

from __future__ import annotations

import random

import pytest

from app.api.objects import Ref, name_of
from app.commands import CrashContainer, CutNetwork, PowerNode, SetWrites
from app.operators.mysql import clients, servers
from app.operators.mysql.clients import Writes
from app.operators.mysql.servers import Order, Place, Process, Servers
from app.operators.mysql.views import Span
from app.operators.mysql.written import member, member_of
from tests.support.mysql import CLUSTER, MySQLWorld, mysql
from tests.support.mysql_group import of

pytestmark = pytest.mark.long

DEEDS = ("crash", "crash", "delete", "cut", "power", "two", "wait")


# ------------------------------------------------------------------------------------------------ pure


def process(name: str, machine: str, up_ms: int = 0, dies_ms: int | None = None, stop_ms: int | None = None) -> Process:
    return Process(name, f"{name}/{up_ms}", machine, "9.1.0", up_ms, stop_ms, dies_ms)


def three(**changed: Process) -> Place:
    found = {name: process(name, f"node-{name}") for name in "abc"}
    return Place({**found, **changed}, (), {})


def formed() -> Servers:
    """a, b and c, each on its own machine."""
    found = servers.advance(Servers(0), three(), (), 1, "seed")
    for order in (Order(1, "create", "a"), Order(2, "join", "b", ("a",)), Order(3, "join", "c", ("a",))):
        found = servers.advance(found, three(), (order,), found.until_ms + 5_000, "seed")
    return servers.advance(found, three(), (), found.until_ms + 5_000, "seed")


def states(found: Servers) -> dict[str, str]:
    return {name: each.state for name, each in sorted(found.members().items())}


def test_servers_form_a_group_by_orders_and_then_nothing_is_due() -> None:
    found = formed()
    assert states(found) == {"a": "ONLINE", "b": "ONLINE", "c": "ONLINE"}
    assert servers.due_ms(found, three()) is None


def test_a_death_is_acted_on_after_ten_seconds_however_late_somebody_looks() -> None:
    found = formed()
    died_ms = found.until_ms + 100
    place = three(a=process("a", "node-a", dies_ms=died_ms))
    later = servers.advance(found, place, (), died_ms + 60_000, "seed")
    assert "a" not in later.members()
    assert later.decisions[-1].at_ms == died_ms + 10_000
    assert later.decisions[-1].missed == (("a", died_ms, died_ms + 5_000),)


def test_it_makes_no_difference_how_often_somebody_looks() -> None:
    found = formed()
    died_ms = found.until_ms + 100
    place = three(a=process("a", "node-a", dies_ms=died_ms))
    once = servers.advance(found, place, (), died_ms + 20_000, "seed")
    often = found
    for step in range(0, 20_001, 500):
        often = servers.advance(often, place, (), died_ms + step, "seed")
    assert once.members() == often.members()


def test_who_is_told_to_stop_leaves_first() -> None:
    found = formed()
    place = three(a=process("a", "node-a", stop_ms=found.until_ms + 10))
    later = servers.advance(found, place, (), found.until_ms + 11, "seed")
    assert states(later)["a"] == "OFFLINE"
    assert later.decisions[-1].primary != "a"
    assert later.decisions[-1].missed == (("a", found.until_ms + 10, None),)


def test_a_member_is_the_same_after_it_was_written_down() -> None:
    net = of(3)
    net.write("a", 3)
    net.settle()
    net.crash("c")
    net.wait(6_000)
    for each in net.members.values():
        assert member_of(member(each)) == each


# -------------------------------------------------------------------------------------------- clients that write


def test_writes_fail_until_there_is_a_primary_and_none_is_lost() -> None:
    world = mysql()
    world.write(20)
    world.wait(10)
    assert world.writes["failed"] == {}
    world.crash_server(world.primary)
    world.wait(30)
    failed = world.writes["failed"]
    assert set(failed) <= {"NoPrimary", "Unanswered"}
    assert 200 <= sum(failed.values()) <= 230  # ten seconds, and what a router needs to notice
    assert world.writes["attempted"] == world.writes["acknowledged"] + sum(failed.values())
    assert world.writes["lost"] == 0


def test_a_clean_move_of_the_primary_costs_next_to_nothing() -> None:
    world = mysql()
    world.write(20)
    world.wait(10)
    world.delete_pod(world.primary)
    world.wait(30)
    assert 0 < sum(world.writes["failed"].values()) <= 15


def test_without_a_majority_writes_wait_and_go_on_when_it_is_back() -> None:
    world = mysql()
    world.write(2)
    router = next(pod for pod in world.objects("Pod", "default") if "router" in name_of(pod))
    primary = world.primary
    at = {pod: world.node_of(pod) for pod in world.others}
    assert router["spec"]["nodeName"] in {world.node_of(primary), *at.values()}
    for pod in world.others:
        world.cut(pod)
    world.wait(4)
    before = world.writes["acknowledged"]
    for pod in world.others:
        world.cut(pod, cut=False)
    world.wait(3)
    assert world.writes["acknowledged"] > before
    assert world.writes["lost"] == 0


def test_where_all_write_those_who_change_one_row_at_once_do_not_all_succeed() -> None:
    world = mysql(3, ', mycnf: "[mysqld]\\nloose_group_replication_single_primary_mode=OFF"')
    world.write(200)
    world.wait(10)
    failed = world.writes["failed"]
    assert set(failed) == {"Conflict"}
    assert 0 < failed["Conflict"] < world.writes["acknowledged"]
    assert world.writes["attempted"] == world.writes["acknowledged"] + failed["Conflict"]


def test_what_nobody_holds_any_more_is_counted_as_lost() -> None:
    acknowledged = (Span(1, 10),)
    writes = Writes(logs=(acknowledged,))
    assert clients.counted(writes, None, [(Span(1, 7), Span(2, 9)), ()]).lost == 3
    assert clients.counted(writes, None, [(Span(1, 12),)]).lost == 0
    twice = Writes(logs=((Span(1, 7), Span(2, 9)), acknowledged))
    assert clients.counted(twice, None, [(Span(1, 5),)]).lost == 4 + 3


def test_nobody_writes_to_what_is_no_cluster_or_too_much() -> None:

    world = mysql()
    assert "only an InnoDBCluster takes writes" in world.refused(SetWrites(Ref("Service", "default", "mycluster")))
    assert "must be between 0 and 1000" in world.refused(SetWrites(CLUSTER, 5_000))
    assert "has started yet" in world.refused(SetWrites(CLUSTER._replace(name="other")))


def test_when_nobody_writes_any_more_no_steps_are_taken() -> None:
    world = mysql()
    world.write(10)
    world.wait(5)
    world.write(0)
    world.come_to_rest()
    before = world.trace.count
    world.wait(600)
    assert not [step for step in world.trace.since(before) if step.actor == "group-replication"]


# ------------------------------------------------------------------------------------------------ by seed


@pytest.mark.parametrize("seed", range(20))
def test_while_there_is_a_quorum_no_acknowledged_write_is_lost(seed: int) -> None:
    world = mysql()
    world.write(10)
    draw = random.Random(seed)
    for _ in range(4):
        fault(world, draw)
        world.wait(draw.choice((3, 8, 15, 40)))
    heal(world)
    world.wait(60)
    forced = any("RestoreQuorum" in each for each in world.told())
    assert world.writes["lost"] == 0 or forced
    world.write(0)
    world.come_to_rest()
    assert world.status == "ONLINE 3" or (forced and world.writes["lost"])


def test_a_quorum_that_is_forced_may_lose_what_only_the_others_held() -> None:
    """Two acknowledge, the third is cut off and hears nothing of it; then both crash. Whoever goes on knows nothing."""
    world = mysql()
    world.write(10)
    cut_off = world.others[-1]
    world.cut(cut_off)
    world.wait(3)
    world.write(0)
    both = [name for name in ("mycluster-0", "mycluster-1", "mycluster-2") if name != cut_off]
    world.crash_server(*both)
    world.cut(cut_off, cut=False)
    world.wait(60)
    assert any("RestoreQuorum" in each for each in world.told())
    assert world.primary == cut_off
    assert world.writes["lost"] == world.writes["acknowledged"] > 0
    assert not any("Rejoin" in each for each in world.told())
    assert world.status == "ONLINE_PARTIAL 1"  # the others hold what nobody else does: a human has to decide


def fault(world: MySQLWorld, draw: random.Random) -> None:

    running = [name_of(pod) for pod in world.servers if "deletionTimestamp" not in pod["metadata"]]
    alive = [name for name in running if "member" in world.group["servers"].get(name, {})]
    deed, node = draw.choice(DEEDS), f"node-{draw.randint(1, 3)}"
    match deed:
        case "crash" if alive:
            crash(world, draw.choice(alive))
        case "two" if len(alive) > 1:
            for pod in draw.sample(alive, 2):
                crash(world, pod)
        case "delete" if running:
            world.kill(draw.choice(running))
        case "cut":
            world.do(CutNetwork(node))
        case "power":
            world.do(PowerNode(node))


def crash(world: MySQLWorld, pod: str) -> None:

    world.submit(CrashContainer(Ref("Pod", "default", pod), "mysql", 137))  # refused where it runs no more


def heal(world: MySQLWorld) -> None:

    for number in (1, 2, 3):
        world.do(CutNetwork(f"node-{number}", cut=False))
        world.do(PowerNode(f"node-{number}", on=True))
