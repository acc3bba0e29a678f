"""What a real Kubernetes 1.36 cluster did, this one does: all but the listed differences, each with its reason."""

from __future__ import annotations

import pytest

from tests.conformance.comparing import Compared, compared
from tests.conformance.differences import DIFFERENCES
from tests.conformance.facts import facts_of, turning_points
from tests.conformance.replays import SCENARIOS

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=sorted(SCENARIOS))
def scenario(request: pytest.FixtureRequest) -> list[Compared]:
    return [*compared(request.param)]


def test_every_difference_from_the_recording_is_listed(scenario: list[Compared]) -> None:
    for each in scenario:
        assert each.compared > 40
        unlisted = {where: pair for where, (pair, row) in each.differences.items() if row is None}
        assert unlisted == {}, each.sort


def test_every_listed_difference_still_occurs(scenario: list[Compared]) -> None:
    for each in scenario:
        listed = {row for row in DIFFERENCES if row[0] == each.sort and each.scenario in row[1]}
        assert listed == {row for _, row in each.differences.values()}


def test_facts_leave_out_what_lies_between_two_turns() -> None:
    assert turning_points([0, 1, 2, 2, 5, 4, 3, 4]) == [0, 5, 3, 4]


def test_facts_do_not_know_names_times_and_addresses() -> None:
    def deployment(seed: str) -> list[tuple[str, dict[str, object]]]:
        uid = f"{seed * 8}-0000-4000-8000-000000000000"
        web = {"kind": "Deployment", "name": "web", "controller": True}
        meta = {"name": f"web-{seed * 9}", "uid": uid, "ownerReferences": [web], "creationTimestamp": seed}
        return [("ADDED", {"kind": "ReplicaSet", "metadata": meta, "spec": {"replicas": 2}, "status": {"replicas": 0}})]

    assert facts_of(deployment("b")) == facts_of(deployment("c"))
    assert facts_of(deployment("b"))["ReplicaSet web-H1"]["spec.replicas"] == [2]
