"""A Deployment beside its ReplicaSets: surge, proportions, and which revision a template gets."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.objects import Obj
from app.component_helpers import rollouts
from app.controllers.deployment import rollout
from app.controllers.deployment.rollout import Rollout, rollout_of
from tests.support.builders import CREATED_MS, deployment, replica_set


def member(name: str, replicas: int = 0, revision: int = 0, **facts: Any) -> Obj:
    notes = facts.pop("notes", {})
    annotations = {rollouts.REVISION: str(revision)} if revision else {}
    return replica_set(name, replicas=replicas, metadata={"annotations": {**annotations, **notes}}, **facts)


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable"),
    [(0, 0, 0), (1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 1), (5, 2, 1), (10, 3, 2)],
    ids=lambda value: str(value),
)
def test_25_percent_surge_rounds_up_and_unavailable_down(replicas: int, surge: int, unavailable: int) -> None:
    web = deployment(replicas=replicas)
    assert (rollout.max_surge(web), rollout.max_unavailable(web)) == (surge, unavailable)


@pytest.mark.parametrize(
    ("facts", "surge", "unavailable"),
    [
        pytest.param({"max_surge": 0, "max_unavailable": "1%"}, 0, 1, id="both would be zero: one may be missing"),
        pytest.param({"max_surge": 2, "max_unavailable": 9}, 2, 3, id="never more missing than there are"),
        pytest.param({"max_surge": "100%", "max_unavailable": 0}, 3, 0, id="all at once"),
        pytest.param({"recreate": True}, 0, 0, id="Recreate knows neither"),
    ],
)
def test_fenceposts(facts: dict[str, Any], surge: int, unavailable: int) -> None:
    web = deployment(replicas=3, **facts)
    assert (rollout.max_surge(web), rollout.max_unavailable(web)) == (surge, unavailable)


def test_the_new_replica_set_is_the_oldest_with_the_current_template() -> None:
    same = [member("b", created_ms=CREATED_MS + 1000), member("a")]
    other = member("c", image="nginx:1.28")
    found = rollout_of(deployment(), [*same, other])
    assert found.new is same[1]
    assert found.old == (other, same[0])


def test_the_hash_label_makes_no_other_template() -> None:
    labelled = member("a", labels={"app": "web", rollouts.HASH_LABEL: "abc"})
    assert rollout_of(deployment(), [labelled]).new is labelled
    assert rollout_of(deployment(), [member("a", labels={"app": "web", "tier": "x"})]).new is None


def noted(before: int) -> dict[str, str]:
    return {rollouts.MAX_REPLICAS: str(before), rollouts.DESIRED_REPLICAS: "10"}


@pytest.mark.parametrize(
    ("replicas", "old", "new", "sizes"),
    [
        pytest.param(15, 8, 5, (11, 7), id="up from 10 to 15: the example of the Kubernetes documentation"),
        pytest.param(10, 2, 1, (12, 1), id="what rounding leaves over goes to the largest"),
        pytest.param(5, 8, 5, (5, 3), id="down from 10 to 5: in proportion"),
        pytest.param(0, 8, 5, (0, 0), id="down to nothing: all of them"),
        pytest.param(10, 8, 5, (8, 5), id="as many as before: nothing changes"),
    ],
)
def test_proportional_sizes(replicas: int, old: int, new: int, sizes: tuple[int, int]) -> None:
    web = deployment(replicas=replicas, image="nginx:1.28", max_surge=3, max_unavailable=2)
    before = member("old", old, notes=noted(13))
    after = member("new", new, image="nginx:1.28", notes=noted(13))
    found = rollout.proportional_sizes(rollout_of(web, [before, after]))
    assert (found["old"], found["new"]) == sizes


# ------------------------------------------------------------------------------------------------- revisions


def test_a_first_replica_set_has_revision_1_and_notes_the_size() -> None:
    web = deployment(metadata={"annotations": {rollouts.CHANGE_CAUSE: "first", rollouts.REVISION: "9"}})
    assert rollout.new_annotations(Rollout(web, None, ())) == {
        rollouts.CHANGE_CAUSE: "first",
        rollouts.REVISION: "1",
        rollouts.DESIRED_REPLICAS: "3",
        rollouts.MAX_REPLICAS: "4",
    }


@pytest.mark.parametrize(
    ("notes", "revision", "history"),
    [
        pytest.param({}, "3", "1", id="the first return"),
        pytest.param({rollouts.REVISION_HISTORY: "5,7"}, "3", "5,7,1", id="a later return"),
        pytest.param(
            {rollouts.REVISION_HISTORY: "8" * 1999}, "3", "1", id="a history that grows too long loses its start"
        ),
    ],
)
def test_a_template_that_returns_gets_the_next_revision(notes: dict[str, str], revision: str, history: str) -> None:
    new, old = member("a", 0, 1, notes=notes), member("b", 3, 2, image="nginx:1.28")
    found = rollout.new_annotations(rollout_of(deployment(), [new, old]))
    assert (found[rollouts.REVISION], found[rollouts.REVISION_HISTORY]) == (revision, history)
