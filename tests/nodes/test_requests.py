"""One window of traffic, worked out by hand: queues, ways, races, dead machines. No cluster, no clock."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from app.api.loads import DIRECT, NODE_PORT
from app.nodes.network import requests
from app.nodes.network.capacity import Capacity
from app.nodes.network.queueing import Workers
from app.nodes.network.requests import Endpoint, Outcome, PodAt, Rules, Span, Window, simulate

UP = (Span(0, None, None),)
A, B, C = (Endpoint(name, node, 80) for name, node in (("a", "n1"), ("b", "n2"), ("c", "n3")))


def pod(node: str = "n1", spans: tuple[Span, ...] = UP, **values: Any) -> PodAt:
    return PodAt(node, spans, (80,), Capacity(**values))


def window(**values: Any) -> Window:
    rules = [Rules(0, (A, B, C))]
    pods = {("a", "n1"): pod("n1"), ("b", "n2"): pod("n2"), ("c", "n3"): pod("n3")}
    usual = {
        "from_ms": 10_000, "to_ms": 11_000, "sends": 300, "path": NODE_PORT, "seed": "s", "targets": ("n1", "n2", "n3"),
        "rules": {"n1": rules, "n2": rules, "n3": rules, "": rules}, "pods": pods, "dark": {},
    }  # fmt: skip
    return Window(**{**usual, **values})


def alone(count: int = 100, spans: tuple[Span, ...] = UP, **capacity: Any) -> Outcome:
    """One pod, straight."""
    return simulate(
        window(path=DIRECT, sends=count, rules={"": [Rules(0, (A,))]}, pods={("a", "n1"): pod("n1", spans, **capacity)})
    )


# ------------------------------------------------------------------------------------------------ queues


def finished(workers: Workers, *arrivals_ms: int) -> list[int]:
    return [done // 1000 if (done := workers.take(at * 1000)) >= 0 else -1 for at in arrivals_ms]


def test_one_worker_serves_in_order_and_the_next_waits() -> None:
    assert finished(Workers(Capacity(20, 1, 50)), 0, 5, 100) == [20, 40, 120]


def test_two_workers_serve_side_by_side() -> None:
    assert finished(Workers(Capacity(20, 2, 50)), 0, 0, 0, 0, 0) == [20, 20, 40, 40, 60]


def test_beyond_its_queue_a_pod_refuses_and_takes_again_when_there_is_room() -> None:
    assert finished(Workers(Capacity(20, 1, 2)), 0, 1, 2, 3, 20, 21) == [20, 40, 60, -1, 80, -1]


def test_a_queue_of_nothing_takes_only_what_can_begin_at_once() -> None:
    assert finished(Workers(Capacity(20, 1, 0)), 0, 10, 20) == [20, -1, 40]


def test_a_limit_on_cpu_stretches_what_runs_side_by_side() -> None:
    # Half a core: alone 40 ms of wall time for 20 ms of CPU, two at once 80 ms, three 120 ms.
    assert finished(Workers(Capacity(20, 4, 50, cpu_milli=500)), 0, 0, 0) == [40, 80, 120]
    assert finished(Workers(Capacity(20, 4, 50, cpu_milli=4000)), 0, 0, 0) == [20, 20, 20]


def test_a_slow_machine_takes_its_factor_longer() -> None:
    assert finished(Workers(Capacity(20, 1, 50), slow=3), 0, 0) == [60, 120]


def test_who_was_busy_before_is_busy_still() -> None:
    assert finished(Workers(Capacity(20, 1, 50), 1, (30_000,), (30_000,)), 10) == [50]


def test_an_m_d_1_queue_waits_as_the_formula_says() -> None:
    """Pollaczek and Khinchin: at load 0.5 and 20 ms of service a request waits 0.5 * 20 / (2 * 0.5) = 10 ms."""
    workers, waits = Workers(Capacity(20, 1, 1_000)), []
    for second in range(200):
        drawn = requests.draws(f"poisson/{second}")
        for at in sorted(second * 1_000_000 + (next(drawn) * 1_000_000 >> 32) for _ in range(25)):
            waits.append(workers.take(at) - at - 20_000)
    assert sum(waits) / len(waits) / 1000 == pytest.approx(10, abs=1.5)


# --------------------------------------------------------------------------------------------------- ways


def test_draws_follow_from_the_seed_and_are_even() -> None:
    assert [*islice(requests.draws("x"), 40)] == [*islice(requests.draws("x"), 40)]
    assert [*islice(requests.draws("x"), 40)] != [*islice(requests.draws("y"), 40)]
    mean = sum(islice(requests.draws("x"), 10_000)) / 10_000 / 2**32
    assert mean == pytest.approx(0.5, abs=0.02)


def test_a_window_gives_the_same_answers_again() -> None:
    assert simulate(window()).samples == simulate(window()).samples


def test_all_is_well_and_everything_is_served() -> None:
    outcome = simulate(window())
    assert (outcome.sent, outcome.ok, outcome.failed) == (300, 300, {})
    assert sum(tally.requests for tally in outcome.pods.values()) == 300


def test_through_a_node_two_thirds_take_a_second_hop_and_directly_none() -> None:
    through, straight = (
        simulate(window(sends=3_000, pods=many())),
        simulate(window(path=DIRECT, sends=3_000, pods=many())),
    )
    assert through.forwarded / 3_000 == pytest.approx(2 / 3, abs=0.03)
    assert straight.forwarded == 0
    assert requests.percentile_ms(through.took_us, 50) == 22.0  # 20 ms and two hops
    assert requests.percentile_ms(straight.took_us, 50) == 21.0


def many() -> dict[tuple[str, str], PodAt]:
    return {(e.pod, e.node): pod(e.node, concurrency=1_000) for e in (A, B, C)}


def test_percentiles_are_by_nearest_rank() -> None:
    hundred = [number * 1000 for number in range(1, 101)]
    assert [requests.percentile_ms(hundred, percent) for percent in (50, 99, 100)] == [50.0, 99.0, 100.0]
    assert requests.percentile_ms([], 50) == 0.0


# -------------------------------------------------------------------------------------------------- failures


def test_without_an_endpoint_the_rules_reject() -> None:
    assert simulate(window(rules={"n1": [Rules(0, ())], "n2": [], "n3": []})).failed == {"NoEndpoint": 300}


def test_past_sigterm_a_pod_refuses_until_the_rules_leave_it_out() -> None:
    """SIGTERM half-way, rules 200 ms later: a third of what came in between was refused."""
    old, new = Rules(0, (A, B, C)), Rules(10_700, (B, C))
    pods = {**many(), ("a", "n1"): pod("n1", (Span(0, 10_500, None),), concurrency=1_000)}
    outcome = simulate(window(sends=1_500, rules={name: [old, new] for name in ("n1", "n2", "n3")}, pods=pods))
    assert set(outcome.failed) == {"ConnectionRefused"}
    assert outcome.failed["ConnectionRefused"] == pytest.approx(1_500 * 0.2 / 3, rel=0.25)


def test_a_pod_whose_sandbox_is_not_there_refuses() -> None:
    assert simulate(window(pods={})).failed == {"ConnectionRefused": 300}


def test_a_port_that_nobody_listens_on_refuses() -> None:
    assert simulate(window(path=DIRECT, rules={"": [Rules(0, (A._replace(port=81),))]})).failed == {
        "ConnectionRefused": 300
    }


def test_what_a_dying_process_works_on_is_reset() -> None:
    outcome = alone(100, (Span(0, 10_500, 10_500),), service_ms=10, concurrency=50)
    assert set(outcome.failed) == {"ConnectionReset", "ConnectionRefused"}
    assert outcome.failed["ConnectionReset"] <= 3


def test_a_dead_machine_times_out_for_those_sent_to_it_and_for_those_sent_on_to_it() -> None:
    """1/3 come to it; of the others a third is for the pod on it: 1/3 + 2/3 * 1/3 = 5/9."""
    outcome = simulate(window(sends=1_800, dark={"n1": 0}, pods=many()))
    assert set(outcome.failed) == {"Timeout"}
    assert outcome.failed["Timeout"] / 1_800 == pytest.approx(5 / 9, abs=0.04)
    checked_out = simulate(window(sends=1_800, dark={"n1": 0}, pods=many(), targets=("n2", "n3")))
    assert checked_out.failed["Timeout"] / 1_800 == pytest.approx(1 / 3, abs=0.04)


def test_directly_a_dead_machine_costs_a_third_until_its_pod_is_shunned() -> None:
    outcome = simulate(window(path=DIRECT, sends=1_800, dark={"n1": 0}, pods=many()))
    assert outcome.failed["Timeout"] / 1_800 == pytest.approx(1 / 3, abs=0.04)
    healed = simulate(window(path=DIRECT, sends=1_800, dark={"n1": 0}, pods=many(), shunned=frozenset({"a"})))
    assert healed.failed == {}


def test_power_goes_off_at_its_moment() -> None:
    outcome = simulate(window(path=DIRECT, sends=1_000, rules={"": [Rules(0, (A,))]}, pods=many(), dark={"n1": 10_500}))
    assert outcome.failed["Timeout"] == pytest.approx(500, abs=50)


def test_more_than_a_pod_can_do_fills_its_queue_and_fails() -> None:
    """One worker at 20 ms does 50 a second; of 100 with room for 10 to wait, 39 to 41 are turned away."""
    outcome = alone(100, service_ms=20, concurrency=1, queue=10)
    assert outcome.failed["Overload"] == pytest.approx(40, abs=2)
    assert requests.percentile_ms(outcome.took_us, 99) == pytest.approx(221, abs=3)


def test_an_answer_that_takes_more_than_a_second_is_a_timeout() -> None:
    outcome = alone(20, service_ms=400, concurrency=1, queue=50)
    assert outcome.failed["Timeout"] >= 16
    assert max(outcome.took_us) <= 1_000_000


def test_samples_are_few_and_spread_over_the_window() -> None:
    outcome = simulate(window(sends=1_000))
    assert len(outcome.samples) <= requests.SAMPLES
    assert outcome.samples[-1].at_ms - outcome.samples[0].at_ms > 900
