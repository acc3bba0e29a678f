"""What a real Kubernetes 1.36 cluster did, this one does: all but the listed differences, each with its reason."""

from __future__ import annotations

import pytest

from tests.conformance.comparing import Compared, objects_compared, outputs_compared
from tests.conformance.differences import DIFFERENCES
from tests.conformance.facts import facts_of, turning_points
from tests.conformance.replays import SCENARIOS


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_what_lives_differs_from_the_recording_as_listed(scenario: str) -> None:
    for found in objects_compared(scenario):
        check(found)


@pytest.mark.long
@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_what_kubectl_prints_differs_from_the_recording_as_listed(scenario: str) -> None:
    check(outputs_compared(scenario))


def check(found: Compared) -> None:
    """Every difference is listed, and everything that is listed still occurs."""
    assert found.compared > 40
    assert {where: pair for where, (pair, row) in found.differences.items() if row is None} == {}, found.sort
    listed = {row for row in DIFFERENCES if row[0] == found.sort and found.scenario in row[1]}
    assert listed == {row for _, row in found.differences.values()}


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
