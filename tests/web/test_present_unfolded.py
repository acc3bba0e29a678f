"""Custom objects on the board: what they became and by whom, three clocks over their servers, why this one leads."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.commands import CrashContainer, CutNetwork, DefineController, PowerNode
from app.web.present import Words, board, databases, decisions, frame, loop, reasons, unfolded
from app.web.present.servers import UseView, bars
from tests.support.looks import Stage, frame_since
from tests.support.mysql import ASKED, PROFILES, MySQLWorld, alpha_up, mysql
from tests.support.own_texts import BOB
from tests.support.rabbitmq import RabbitWorld
from tests.support.world import World

pytestmark = pytest.mark.long

HELLO = """
def sync(parent, children):
    name = parent["metadata"]["name"]
    if name != "bob":
        return {"children": []}
    return {"children": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name + "-hello"}}]}
"""


def words(world: World) -> Words:
    return Words().among(world.voices)


def card(world: World) -> unfolded.CustomView:
    (found,) = unfolded.cards(world, words(world))
    return found


def clock(world: World, number: int) -> tuple[str, list[str]]:
    servers = card(world).servers
    assert servers is not None
    return servers.clocks[number].said, [f"{each.glyph} {each.text}" for each in servers.clocks[number].cells]


def use(world: World) -> UseView:
    servers = card(world).servers
    assert servers is not None
    return servers.uses[0]


def numbers(world: World) -> dict[str, str]:
    return {each.label: each.value for each in use(world).numbers}


def later(world: World, ms: int) -> None:
    world.advance(world.now_ms + ms, 100_000)


# --------------------------------------------------------------------------------------------- what it became


def test_the_expert_s_loop_stands_above_those_of_kubernetes_with_what_each_made() -> None:
    view = card(mysql())
    assert [(maker.title, maker.is_operator) for maker in view.makers] == [
        ("MySQL operator", True), ("Deployment", False), ("ReplicaSet", False), ("StatefulSet", False),
        ("Endpoints", False),
    ]  # fmt: skip
    assert {made.kind: made.number for made in view.makers[0].made} == {
        "ConfigMap": 1, "Deployment": 1, "PodDisruptionBudget": 1, "RoleBinding": 1, "Secret": 3, "Service": 2,
        "ServiceAccount": 1, "StatefulSet": 1,
    }  # fmt: skip
    assert "instances:" in [line.key for line in view.lines]
    assert view.became == sum(made.number for maker in view.makers for made in maker.made)


def test_what_is_in_the_card_of_a_database_is_nowhere_else() -> None:
    world = mysql()
    drawn = board.board(world, words(world))
    assert [service.name for service in drawn.services] == []
    assert "mycluster-privsecrets" not in [item.chip.name for item in drawn.chips]
    assert "mypwds" in [item.chip.name for item in drawn.chips]
    assert "mycluster" in [workload.name for workload in drawn.workloads]


def test_what_a_controller_of_one_s_own_looks_after_unfolds_as_soon_as_it_became_something() -> None:
    world = World()
    world.apply(BOB)
    world.settle()
    assert unfolded.cards(world, words(world)) == ()
    world.do(DefineController("hello", "Secret", HELLO, "ConfigMap"))
    world.settle()
    view = card(world)
    assert (view.chip.name, view.servers) == ("bob", None)
    assert [(maker.title, maker.is_operator, maker.made[0].names) for maker in view.makers] == [
        ("hello", True, "bob-hello")
    ]
    assert "bob" not in [item.chip.name for item in board.chips(world)]


# ------------------------------------------------------------------------------------------------ three clocks


def test_a_crash_is_known_to_each_of_the_three_at_its_own_time() -> None:
    world = mysql()
    world.write(10)
    later(world, 5_000)
    assert clock(world, 0) == ("view 5 · quorum: 3 of 3", ["● PRIMARY", "● SECONDARY", "● SECONDARY"])
    world.crash_server("mycluster-0")
    later(world, 7_000)
    assert clock(world, 0) == ("view 5 · quorum: 2 of 3", ["▲ UNREACHABLE", "● SECONDARY", "● SECONDARY"])
    assert clock(world, 1)[1] == ["● PRIMARY", "● SECONDARY", "● SECONDARY"]
    assert clock(world, 2)[0] == "2 of 3 pods ready"
    later(world, 60_000)
    assert clock(world, 0)[1] == clock(world, 1)[1] == ["● SECONDARY", "● SECONDARY", "● PRIMARY"]


def test_who_was_cut_off_and_is_no_majority_is_not_asked() -> None:
    world = mysql()
    world.cut("mycluster-0")
    later(world, 15_000)
    said, cells = clock(world, 0)
    assert (said, cells) == ("view 6 · quorum: 2 of 2", ["▲ expelled", "● SECONDARY", "● PRIMARY"])


def test_without_a_majority_there_is_no_quorum() -> None:
    world = mysql()
    world.operators(0)
    world.mark()
    for pod in ("mycluster-1", "mycluster-2"):
        world.power(pod, on=False)
    later(world, 20_000)
    assert clock(world, 0)[0] == "view 5 · no quorum: 1 of 3"
    assert clock(world, 1)[0] == "ONLINE, 3 online (it does not run)"


def test_writes_are_counted_and_what_failed_says_why() -> None:
    world = mysql()
    assert (use(world).numbers, use(world).bars) == ((), None)
    world.write(10)
    later(world, 5_000)
    assert use(world).said == "Every write was acknowledged, and none is lost."
    world.crash_server("mycluster-0")
    later(world, 15_000)
    counted = numbers(world)
    assert int(counted["failed: no primary"]) > 90
    assert int(counted["attempted"]) == int(counted["acknowledged"]) + int(counted["failed: no primary"])
    assert counted["lost"] == "0"
    assert use(world).bars is not None
    assert [choice.label for choice in use(world).groups[0][1] if choice.pressed] == ["10"]


def test_bars_end_with_the_newest_second_and_stand_for_a_minute() -> None:
    drawn = bars({100: (10, 0), 159: (0, 5), 160: (5, 5)}, 0)
    assert drawn is not None
    assert (drawn.most, drawn.since, drawn.until) == (10, "01:41", "02:41")
    assert (drawn.good, drawn.bad) == ("M590 30v-15h8v15z", "M580 30v-15h8v15zM590 15v-15h8v15z")
    assert bars({100: (0, 0)}, 0) is None


# --------------------------------------------------------------------------------------------------- why this one


def test_a_failover_has_a_card_that_says_what_it_saw_who_could_be_and_what_decided() -> None:
    world = mysql()
    world.crash_server("mycluster-0")
    world.come_to_rest()
    decision = use(world).decision
    assert decision is not None
    assert decision.title == "View 6: mycluster-2 is primary"
    assert decision.saw == "Nothing was heard of mycluster-0 for 10 s."
    assert [time for time, _what in decision.took] == ["5 s", "5 s"]
    assert [(each.name, each.chosen) for each in decision.candidates] == [("mycluster-2", True), ("mycluster-1", False)]
    assert decision.columns[decision.decided] == "uuid"
    told = [gap.decision for view in panels(world) for gap in view.differences if gap.reason == "PrimaryElected"]
    assert set(told) == {decision}


def panels(world: World) -> list[loop.LoopView]:
    """Of each step in which a loop compared."""
    steps = [step for step in world.trace if step.actor in ("group-replication", "rabbitmq")]
    return [loop.panel(world.trace, step, world.epoch_ms, words(world)) for step in steps if _elects(step)]


def _elects(step: object) -> bool:
    gaps = getattr(getattr(step, "record", None), "differences", ())
    return any(gap.reason in ("PrimaryElected", "LeaderElected") for gap in gaps)


@pytest.mark.parametrize(
    ("why", "decided"), [("begins", -1), ("stays", -1), ("only-one", -1), ("version", 0), ("weight", 1), ("uuid", 2)]
)
def test_what_decided_is_marked_among_the_columns(why: str, decided: int) -> None:
    candidates = [{"name": "db-1", "version": "9.1.0", "weight": 50, "uuid": "2361f264-48f9"}]
    noted = {"at_ms": 5_000, "view": 2, "primary": "db-1", "was": "db-0", "why": why, "missed": [["db-0", 5_000, None]]}
    view = decisions.of_view({**noted, "candidates": candidates}, 0, Words())
    assert (view.decided, view.saw) == (decided, "db-0 said goodbye: nobody had to wait.")
    assert view.took == ()
    assert view.why


def test_a_queue_shows_its_leader_its_books_and_each_election() -> None:
    world = RabbitWorld()
    world.queue(10, consume=True)
    later(world, 3_000)
    before = world.leader
    assert clock(world, 0)[1].count("● leads") == 1
    world.kill(before)
    later(world, 15_000)
    assert use(world).about.startswith(f"{world.leader} leads, term 2")
    counted = numbers(world)
    assert int(counted["confirmed"]) > 100
    assert (counted["lost"], counted["doubled"]) == ("0", "0")
    decision = use(world).decision
    assert decision is not None
    assert decision.title == f"Term 2: {world.leader} leads"
    assert decision.saw.startswith(f"{before} had led")
    assert [each.values[2] for each in decision.candidates].count("voted for it") >= 2
    told = [gap.decision for view in panels(world) for gap in view.differences if gap.reason == "LeaderElected"]
    assert told[-1] == decision


def test_the_cluster_of_2018_has_the_same_three_clocks_of_which_its_operator_knows_little() -> None:
    world = alpha_up()
    assert clock(world, 0) == ("view 4 · quorum: 3 of 3", ["● PRIMARY", "● SECONDARY", "● SECONDARY"])
    told = "all pods are ready; of a quorum it knows nothing"
    assert clock(world, 1) == (told, ["● primary", "● secondary", "● secondary"])
    world.do(CrashContainer(Ref("Pod", "default", "old-0"), "mysql", 137))
    later(world, 12_000)
    assert clock(world, 1)[1] == ["● primary", "● secondary", "● secondary"], "its agents look every 15 s"
    assert clock(world, 0)[1][1:].count("● PRIMARY") == 1
    decision = use(world).decision
    assert decision is not None
    assert [time for time, _what in decision.took] == ["5 s", "5 s"]
    primary = next(f"old-{number}" for number in range(3) if role(world, f"old-{number}") == "PRIMARY")
    assert primary in decision.title


def role(world: World, name: str) -> str:
    pod = world.get(Ref("Pod", "default", name))
    assert pod is not None
    return databases.role(world, pod)


def test_a_backup_tells_how_far_it_is_and_which_server_it_copies() -> None:
    world = mysql(3, PROFILES)
    world.apply(ASKED % ("mycluster", "backupProfileName: nightly"))
    world.wait(3)
    assert backup(world) == ["◌ Running", f"● copies {world.others[-1]} SECONDARY"]
    world.come_to_rest()
    told = backup(world)
    assert (told[0], told[2][:8]) == ("✓ Completed", "✓ took 0")
    world.apply(ASKED.replace("now", "never") % ("other", "backupProfileName: nightly"))
    world.wait(3)
    assert backup(world, "never") == ["▲ Error no such cluster"]


def backup(world: World, name: str = "now") -> list[str]:
    view = next(each for each in unfolded.cards(world, words(world)) if each.chip.name == name)
    return [f"{each.glyph} {each.text} {each.more}".strip() for each in view.brief]


# ---------------------------------------------------------------------------------------- pods, the past, frames


def test_a_pod_says_what_its_server_is() -> None:
    world = mysql()
    texts = {
        pod["metadata"]["name"]: [mark.text for mark in reasons.marks(world, pod, words(world))]
        for pod in world.servers
    }
    assert [texts[f"mycluster-{n}"][0] for n in range(3)] == ["PRIMARY", "SECONDARY", "SECONDARY"]


def test_a_moment_of_the_past_shows_who_was_primary_then() -> None:
    world = mysql()
    then = world.trace.count
    world.crash_server("mycluster-0")
    world.come_to_rest()
    (past,) = unfolded.cards(world.at(then), words(world))
    assert past.servers is not None
    assert [each.text for each in past.servers.clocks[0].cells] == ["PRIMARY", "SECONDARY", "SECONDARY"]


def disturb(world: MySQLWorld | RabbitWorld, turn: int) -> None:
    if isinstance(world, RabbitWorld):
        world.queue(turn % 3 * 5, consume=turn % 2 == 0)
    else:
        world.write(turn % 3 * 10)
    if turn == 2:
        world.do(PowerNode("node-1", on=False))
    if turn == 4:
        world.do(PowerNode("node-1", on=True))
        world.do(CutNetwork("node-2", cut=True))


@pytest.mark.parametrize("make", [mysql, RabbitWorld], ids=["mysql", "rabbitmq"])
def test_frames_draw_the_cards_as_a_fresh_page_does(make: type[MySQLWorld] | type[RabbitWorld]) -> None:
    world = make()
    shown = {view.id: view for view in unfolded.cards(world, words(world))}
    for turn in range(8):
        revision, step = world.revision, world.trace.count
        disturb(world, turn)
        later(world, 2_300)
        context = frame(Stage(world), frame_since(world, revision, step), words(world))
        shown |= {view.id: view for view in context["customs"]}
        assert shown == {view.id: view for view in unfolded.cards(world, words(world))}
