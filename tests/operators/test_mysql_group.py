"""The servers of a MySQL group: what they agree on, and that nothing which was acknowledged is ever lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.operators.mysql import group, views
from app.operators.mysql.members import Accept, Prepare, has_majority, is_unreachable
from app.operators.mysql.views import Span
from tests.support.mysql_group import Net, of, peer

pytestmark = pytest.mark.long


def test_the_first_server_begins_a_group_and_the_others_join_it() -> None:
    net = of(3)
    assert net.states() == {"a": "ONLINE", "b": "ONLINE", "c": "ONLINE"}
    assert net.primary() == "a"
    assert {member.view for member in net.members.values()} == {net.members["a"].view}


def test_who_joins_recovers_what_it_missed_before_it_votes() -> None:
    net = Net("ab")
    net.write("a", 7)
    net.join("b")
    net.settle()
    assert net.states()["b"] == "RECOVERING"
    assert net.write("a")
    assert net.members["a"].committed == 8
    net.wait(1_000)
    assert net.states()["b"] == "ONLINE"
    assert views.length(net.members["b"].log) == 8


def test_a_transaction_is_acknowledged_once_a_majority_holds_it() -> None:
    net = of(3)
    net.write("a")
    assert net.members["a"].committed == 0
    net.settle()
    assert [member.committed for member in net.members.values()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("count", "lost", "goes_on"),
    [
        pytest.param(3, "a", True, id="one of three"),
        pytest.param(3, "ab", False, id="two of three"),
        pytest.param(5, "ab", True, id="two of five"),
        pytest.param(5, "abc", False, id="three of five"),
        pytest.param(2, "a", False, id="one of two"),
    ],
)
def test_a_group_goes_on_while_a_majority_is_left(count: int, lost: str, goes_on: bool) -> None:
    net = of(count)
    net.write("a", 3)
    net.settle()
    for name in lost:
        net.crash(name)
    net.wait(9_999)
    assert not any(member.orders for member in net.members.values())
    net.wait(5_000)
    assert any(member.orders for member in net.members.values()) == goes_on
    assert all(views.length(member.log) == 3 for member in net.members.values())


def test_after_five_seconds_of_silence_a_member_is_unreachable_and_five_later_expelled() -> None:
    net = of(3)
    net.crash("c")
    net.wait(4_999)
    assert not is_unreachable(net.members["a"], "c", net.now_ms)
    net.wait(1)
    assert is_unreachable(net.members["a"], "c", net.now_ms)
    assert has_majority(net.members["a"], net.now_ms)
    net.wait(4_999)
    assert net.members["a"].view is not None
    assert net.members["a"].view.peer("c") is not None
    net.wait(1)
    assert net.members["a"].view is not None
    assert net.members["a"].view.peer("c") is None


def test_who_leaves_in_good_order_is_missed_at_once() -> None:
    net = of(3)
    net.put("a", group.leave(net.members["a"]))
    net.settle()
    assert net.states() == {"a": "OFFLINE", "b": "ONLINE", "c": "ONLINE"}
    assert net.primary() == "b"


def test_a_primary_that_was_cut_off_acknowledges_nothing_more_and_dies_when_it_hears_of_it() -> None:
    net = of(3)
    net.cut = {frozenset("ab"), frozenset("ac")}
    net.notice()
    net.write("a")
    net.wait(11_000)
    assert net.members["a"].committed == 0
    assert not has_majority(net.members["a"], net.now_ms)
    assert net.members["b"].orders
    net.write("b", 2)
    net.settle()
    assert net.members["b"].committed == 2
    net.cut = set()
    net.wait(2_000)
    assert "a" not in net.members
    net.start("a")
    net.join("a")
    net.wait(5_000)
    assert net.states()["a"] == "ONLINE"
    assert net.members["a"].log == net.members["b"].log


def test_of_two_halves_neither_decides_anything() -> None:
    net = of(4)
    before = net.members["a"].view
    net.cut = {frozenset(pair) for pair in ("ac", "ad", "bc", "bd")}
    net.notice()
    net.write("a")
    net.wait(60_000)
    assert [member.view for member in net.members.values()] == [before] * 4
    assert all(member.committed == 0 for member in net.members.values())


def test_a_cut_that_is_mended_in_time_changes_nothing() -> None:
    net = of(3)
    view = net.members["a"].view
    net.cut = {frozenset("ab"), frozenset("ac")}
    net.notice()
    net.write("a")
    net.wait(6_000)
    net.cut = set()
    net.wait(10)
    assert net.members["a"].view == view
    assert net.members["a"].committed == 1


@pytest.mark.parametrize(
    ("about", "chosen"),
    [
        pytest.param({"b": {}, "c": {}}, "b", id="the lowest uuid"),
        pytest.param({"b": {"weight": 40}, "c": {}}, "c", id="before that the highest weight"),
        pytest.param({"b": {}, "c": {"version": "9.0.1", "weight": 10}}, "c", id="before that the lowest version"),
        pytest.param({"b": {"version": "9.10.0"}, "c": {"version": "9.9.0"}}, "c", id="versions are numbers"),
    ],
)
def test_who_is_elected(about: dict[str, dict[str, object]], chosen: str) -> None:
    assert views.elect(peer(name, **facts) for name, facts in about.items()).name == chosen


def test_a_primary_stays_primary_when_others_come() -> None:
    net = of(2)
    view = net.members["a"].view
    assert view is not None
    lower = peer("0", version="8.0.40")
    assert views.successor(view, (*view.peers, lower), ()).primary == "a"


def test_who_is_left_can_be_forced_to_go_on_alone() -> None:
    net = of(3)
    net.write("a", 4)
    net.settle()
    net.crash("a")
    net.crash("b")
    net.wait(20_000)
    net.put("c", group.force(net.members["c"], ("c",), net.now_ms))
    net.settle()
    assert net.primary() == "c"
    assert net.members["c"].committed == 4
    net.start("a")
    net.join("a")
    net.wait(5_000)
    assert net.states() == {"a": "ONLINE", "c": "ONLINE"}


def test_after_all_have_stopped_the_group_begins_again_with_what_the_one_held_that_holds_most() -> None:
    net = of(3)
    net.crash("c")
    net.write("a", 5)
    net.settle()
    net.crash("a")
    net.crash("b")
    for name in "abc":
        net.start(name)
    best = max("abc", key=lambda name: (views.newest([net.members[name].log]), name))
    assert best in "ab"
    net.put(best, (group.bootstrap(net.members[best]), []))
    for name in "abc".replace(best, ""):
        net.join(name)
        net.wait(5_000)
    assert set(net.states().values()) == {"ONLINE"}
    assert {views.length(member.log) for member in net.members.values()} == {5}


def test_a_server_with_transactions_of_its_own_is_not_taken_in() -> None:
    net = of(2)
    net.disks["x"] = ((Span(1, 3),), 3, 1)
    net.start("x")
    net.join("x")
    net.wait(20_000)
    assert net.states()["x"] == "OFFLINE"


def test_where_all_write_the_first_of_two_that_change_a_row_wins() -> None:
    alone = group.bootstrap(group.started(peer("a")), multi=True)
    assert alone.view is not None
    assert alone.view.writers == ("a",)
    member, first = group.certify(alone, "row 1", 0, 1)
    member, second = group.certify(member, "row 1", 0, 2)
    member, other = group.certify(member, "row 2", 0, 2)
    _, later = group.certify(member, "row 1", 1, 3)
    assert (first, second, other, later) == (True, False, True, True)


def test_from_its_promise_on_a_member_takes_no_more_transactions_of_the_old_view() -> None:
    net = of(3)
    number = net.members["b"].view.number if net.members["b"].view is not None else 0
    net.hand("b", Prepare("c", number, (1, "c")))
    net.cut = {frozenset("ac")}
    net.write("a")
    net.settle()
    assert views.length(net.members["b"].log) == 0
    assert net.members["a"].committed == 0


def test_what_one_accepted_is_proposed_again_by_whoever_comes_next() -> None:
    net = of(4)
    number = net.members["a"].view.number if net.members["a"].view is not None else 0
    peers = net.members["a"].view.peers if net.members["a"].view is not None else ()
    view = views.View(number + 1, peers[1:], "d", ())
    net.crash("a")
    net.hand("b", Prepare("c", number, (1, "c")))
    net.hand("b", Accept("c", number, (1, "c"), view))
    net.flying.clear()
    net.wait(12_000)
    assert {member.view for member in net.members.values()} == {view}


@pytest.mark.parametrize(
    ("entries", "log", "lost"),
    [
        pytest.param((Span(1, 5),), (Span(1, 5),), 0, id="all is there"),
        pytest.param((Span(1, 5),), (Span(1, 3),), 2, id="the end is missing"),
        pytest.param((Span(1, 5),), (Span(1, 3), Span(2, 9)), 2, id="others were written in their place"),
        pytest.param((Span(1, 3), Span(2, 9)), (Span(1, 3), Span(2, 12), Span(4, 20)), 0, id="more is there"),
        pytest.param((Span(1, 5),), (), 5, id="nothing is there"),
    ],
)
def test_what_was_acknowledged_and_is_gone(entries: views.Log, log: views.Log, lost: int) -> None:
    assert views.length(entries) - views.common(entries, log) == lost


# ------------------------------------------------------------------------------------ whatever is cut, whenever

DEEDS = st.lists(st.tuples(st.sampled_from("ddddddlwwwppsmcjjtttq"), st.integers(0, 2**16)), min_size=40, max_size=160)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 5), DEEDS)
def test_whatever_is_cut_nothing_acknowledged_is_lost_and_no_view_is_decided_twice(
    count: int, deeds: list[tuple[str, int]]
) -> None:
    net = of(count)
    for deed, draw in deeds:
        act(net, "abcde"[:count], deed, draw)
        check(net)
    net.cut = set()
    net.wait(60_000)
    check(net)


def act(net: Net, names: str, deed: str, draw: int) -> None:
    name = names[draw % len(names)]
    match deed:
        case "d":  # some messages arrive, in whatever order
            for turn in range(min(len(net.flying), draw % 12)):
                net.deliver(draw // (turn + 1) % len(net.flying)) if net.flying else None
        case "l" if net.flying:  # one is lost
            net.flying.pop(draw % len(net.flying))
        case "w":  # everybody who believes that it may
            for each in list(net.members):
                net.write(each, 1 + draw % 3)
        case "s":  # the network parts in two
            sides = [{each for at, each in enumerate(names) if draw >> at & 1 == side} for side in (0, 1)]
            net.cut = {frozenset((one, other)) for one in sides[0] for other in sides[1]}
            net.notice()
        case "p":  # one of its links is cut, or mended
            pair = frozenset((name, names[draw // 8 % len(names)]))
            net.cut ^= {pair} if len(pair) == 2 else set()
            net.notice()
        case "m":
            net.cut = set()
            net.notice()
        case "c" if name in net.members and draw % 4 == 0:
            net.crash(name)
        case "j" if name not in net.members:
            net.start(name)
            net.join(name)
        case "q":  # all is well for a while
            net.cut = set()
            for each in set(names) - set(net.members):
                net.start(each)
                net.join(each)
            net.wait(30_000)
        case "t":
            net.now_ms += draw % 12_000
            net.notice()
            net.tick()


def check(net: Net) -> None:
    """What holds after every single step. That two acknowledge what the other does not know is seen by Net itself."""
    assert all(len(same) == 1 for same in net.views.values())
    ordering = [member.view.number for member in net.members.values() if member.orders and member.view is not None]
    assert len(set(ordering)) == len(ordering)
    for number, (view,) in net.views.items():
        before = tuple(span for span in net.acknowledged if span.view < number)
        assert views.begins_with(view.base, before), (view, net.acknowledged)
