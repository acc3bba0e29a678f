"""Who has to leave a tainted node, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.api.objects import Obj, uid_of
from app.controllers.node.taint_eviction import TaintedSeen, TaintEvictionController
from app.reconcile import Announce, Delete, Difference, Remember, RequeueAfter
from tests.support.builders import NOW_MS, node, pod

KEY = "node.kubernetes.io/unreachable"


def tolerating(seconds: int | None, **options: Any) -> Obj:
    toleration: dict[str, Any] = {"key": KEY, "operator": "Exists", "effect": "NoExecute"}
    if seconds is not None:
        toleration["tolerationSeconds"] = seconds
    return pod(tolerations=[toleration], **options)


def seen(*pods: Obj, ago_s: int = 0, waiting: tuple[Obj, ...] = (), tainted: bool = True) -> TaintedSeen:
    """As whoever ran `kubectl taint` left it: nothing says when the taint came."""
    taint = {"key": KEY, "effect": "NoExecute"}
    since_ms = NOW_MS - 1000 * ago_s
    held = {uid_of(each): (since_ms, since_ms + 300_000) for each in waiting}
    return TaintedSeen(node(taints=[taint] if tainted else []), pods, held, NOW_MS, "node-1")


def decided(observation: TaintedSeen) -> dict[str, Difference]:
    return {difference.reason: difference for difference in TaintEvictionController().diff(observation)}


def test_a_pod_that_does_not_tolerate_it_goes_at_once_and_bears_the_reason() -> None:
    told, mark, kill = decided(seen(pod()))["TaintNotTolerated"].actions
    assert isinstance(told, Announce)
    assert told.message == "Marking for deletion Pod default/web-1"
    assert told.about["metadata"] == {"name": "web-1", "namespace": "default"}
    assert isinstance(kill, Delete)
    condition = mark.patch["status"]["conditions"][-1]  # type: ignore[union-attr]
    assert (condition["reason"], condition["observedGeneration"]) == ("DeletionByTaintManager", 1)


def test_a_pod_that_tolerates_it_for_a_time_goes_when_that_is_over() -> None:
    patient = tolerating(300)
    first = decided(seen(patient))["ToleratedForNow"]
    assert first.actions == (
        Remember({uid_of(patient): (NOW_MS, NOW_MS + 300_000)}),
        RequeueAfter(300_000, "tolerationSeconds"),
    )
    waits = decided(seen(patient, ago_s=100, waiting=(patient,)))["ToleratedForNow"]
    assert waits.actions == (RequeueAfter(200_000, "tolerationSeconds"),)
    assert not waits.background
    assert "TaintNotTolerated" in decided(seen(patient, ago_s=300, waiting=(patient,)))


def test_who_waits_goes_in_time_though_the_node_is_gone() -> None:
    patient = tolerating(300)
    early = replace(seen(patient, ago_s=100, waiting=(patient,)), node=None)
    assert decided(early)["ToleratedForNow"].actions == (RequeueAfter(200_000, "tolerationSeconds"),)
    late = replace(seen(patient, ago_s=300, waiting=(patient,)), node=None)
    assert "TaintNotTolerated" in decided(late)


@pytest.mark.parametrize("stays", [tolerating(None), pod(deleting=True), pod(phase="Succeeded")])
def test_these_are_left_alone(stays: Obj) -> None:
    assert decided(seen(stays)) == {}


def test_a_taint_that_is_gone_in_time_lets_its_pods_stay() -> None:
    patient = tolerating(300)
    found = decided(seen(patient, tainted=False, waiting=(patient,)))
    (told,) = found["TaintIsGone"].actions
    assert isinstance(told, Announce)
    assert told.message == "Cancelling deletion of Pod default/web-1"
    assert found["NobodyWaits"].actions == (Remember(None),)
