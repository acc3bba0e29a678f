"""What is left to a person, and how calls are counted: read from steps alone."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj, Ref
from app.apiserver.store import DELETED, MODIFIED, Change
from app.engine.oncall import OnCall, left_to_people
from app.engine.trace import Acted, Call, Commanded, Differed, Observed, Record, Result, Step, Written
from app.reconcile import (
    BACKGROUND,
    Announce,
    Bind,
    Create,
    Delete,
    Difference,
    Patch,
    Remember,
    RequeueAfter,
    Update,
    UpdateStatus,
)

KEY, OTHER, POD = (
    Ref("ReplicaSet", "default", "web"),
    Ref("ReplicaSet", "default", "api"),
    Ref("Pod", "default", "web-1"),
)
POD_OBJ: Obj = {"kind": "Pod", "metadata": {"namespace": "default", "name": "web-1"}}
CREATE = Create(POD_OBJ)
FEW = Difference(KEY, "spec.replicas", 3, 2, "TooFewReplicas", (CREATE,))
STATUS = Difference(KEY, "status", {}, {}, "StatusOutdated", (UpdateStatus(POD_OBJ, {}),))


@pytest.mark.parametrize(
    ("action", "is_left"),
    [
        pytest.param(CREATE, True, id="create"),
        pytest.param(Update(POD_OBJ), True, id="update"),
        pytest.param(Delete(POD), True, id="delete"),
        pytest.param(Bind(POD, "node-1"), True, id="bind"),
        pytest.param(Patch(POD, {"spec": {"replicas": 3}}), True, id="patch a spec"),
        pytest.param(Patch(POD, {"metadata": {"finalizers": []}}), True, id="take a finalizer off"),
        pytest.param(Patch(POD, {"metadata": {"uid": "1", "ownerReferences": []}}), False, id="adopt"),
        pytest.param(Patch(POD, {"status": {"phase": "Running"}}), False, id="patch a status"),
        pytest.param(Patch(POD, {"conditions": []}, subresource="status"), False, id="patch the subresource"),
        pytest.param(UpdateStatus(POD_OBJ, {}), False, id="write a status"),
        pytest.param(Announce(POD_OBJ, "Normal", "Seen", "seen"), False, id="announce"),
        pytest.param(RequeueAfter(1000), False, id="look again"),
        pytest.param(Remember(1), False, id="remember"),
    ],
)
def test_a_loop_reports_but_does_not_repair(action: Any, is_left: bool) -> None:
    gap = Difference(KEY, "spec", 1, 2, "Reason", (RequeueAfter(5), action))
    assert left_to_people((STATUS, gap)) == ((1,) if is_left else ())


def test_heartbeats_go_on() -> None:
    assert left_to_people((Difference(KEY, "spec", 1, 2, "Reason", (CREATE,), BACKGROUND),)) == ()


class Told:
    """Steps, one a second, to an OnCall."""

    def __init__(self) -> None:
        self.on_call = OnCall()
        self.steps = 0

    def __call__(self, record: Record, key: Ref = KEY, actor: str = "replicaset-controller") -> None:
        self.steps += 1
        self.on_call.follow(Step(self.steps, self.steps * 1000, 1, actor, key, 0, record, False))

    def rest(self, at_ms: int) -> None:
        self.on_call.attend(None, at_ms, is_quiet=True)

    @property
    def calls(self) -> list[Call]:
        return self.on_call.calls


def differed(*gaps: Difference, left: tuple[int, ...] = ()) -> Differed:
    return Differed(None, gaps, left)


@pytest.fixture
def told() -> Told:
    return Told()


def test_an_alert_begins_with_the_first_difference_and_tells_of_the_newest(told: Told) -> None:
    told(differed(STATUS, FEW, left=(1,)))
    fewer = Difference(KEY, "spec.replicas", 3, 1, "TooFewReplicas", (CREATE, CREATE))
    told(differed(STATUS, fewer, left=(1,)))
    (alert,) = told.on_call.alerts.values()
    assert (alert.key, alert.gap, alert.action) == (KEY, fewer, CREATE)
    assert (alert.since_ms, alert.step) == (1000, 2)
    assert told.calls == [Call(1, 1000)]


def test_it_is_over_when_the_difference_is_gone_and_the_call_when_nothing_is_left_to_do(told: Told) -> None:
    told(differed(FEW, left=(0,)))
    told(differed(FEW, left=(0,)), OTHER)
    told(differed())
    told.rest(3500)
    assert told.on_call.goes_on, "the other one waits"
    assert told.calls == [Call(1, 1000, 2)]
    told(differed(), OTHER)
    told.rest(9000)
    assert told.calls == [Call(1, 1000, 2, 4000, 9000)]
    assert not told.on_call.goes_on


def test_a_loop_that_ends_it_itself_was_let_to(told: Told) -> None:
    told(differed(FEW, left=(0,)))
    told(differed(FEW))
    assert told.calls[0].handed_back
    assert not told.on_call.alerts


@pytest.mark.parametrize(
    "ref",
    [KEY, Ref("OwnController", "", "replicaset-controller")],
)
def test_of_what_is_gone_nothing_is_left_to_do(told: Told, ref: Ref) -> None:
    told(differed(FEW, left=(0,)))
    change = Change(2, DELETED, ref, POD_OBJ, None)
    told(Commanded(None, (Written(POD_OBJ, (change,)),)), actor="you")
    assert not told.on_call.alerts


@pytest.mark.parametrize(
    "ref",
    [OTHER, Ref("OwnController", "", "deployment-controller"), Ref("Pod", "default", "replicaset-controller")],
)
def test_what_goes_takes_no_other_alert_along(told: Told, ref: Ref) -> None:
    told(differed(FEW, left=(0,)))
    told(Commanded(None, (Written(POD_OBJ, (Change(2, DELETED, ref, POD_OBJ, None),)),)), actor="you")
    assert told.on_call.alerts


def test_a_key_that_is_looked_for_in_vain_is_left_to_nobody(told: Told) -> None:
    told(differed(FEW, left=(0,)))
    told(Observed(None, (), ()))
    assert not told.on_call.alerts


def test_requests_are_counted_while_a_call_goes_on(told: Told) -> None:
    def second(sent: int, failed: int) -> Record:
        load = {"status": {"total": {"sent": sent, "failed": {"NoEndpoints": failed, "Timeout": 1}}}}
        before = {"status": {"total": {"sent": sent - 10, "failed": {"NoEndpoints": 0, "Timeout": 1}}}}
        change = Change(2, MODIFIED, Ref("Load", "default", "web"), before, load)
        return Acted(None, (), 0, 0, CREATE, Result(200, "OK", "", None, None, (change,)), True)

    told(second(10, 4))
    told(differed(FEW, left=(0,)))
    told(second(20, 3))
    told(second(30, 2))
    told(differed())
    told.rest(9000)
    told(second(40, 9))
    assert (told.calls[0].sent, told.calls[0].lost) == (20, 5)


def test_another_call_begins_after_the_first_and_no_more_are_kept_than_can_be_told(told: Told) -> None:
    for _ in range(60):
        told(differed(FEW, left=(0,)))
        told(differed())
        told.rest(told.steps * 1000)
    assert len(told.calls) == 50
    assert told.calls[-1].since_ms == 119_000
