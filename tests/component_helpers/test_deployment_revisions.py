"""The revisions of a Deployment: their order, and the way back to one."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import objects
from app.api.errors import ApiError
from app.api.objects import Obj
from app.component_helpers import rollouts
from tests.support.builders import deployment, replica_set, with_spec


def member(name: str, replicas: int = 0, revision: int = 0, **facts: Any) -> Obj:
    notes = facts.pop("notes", {})
    annotations = {rollouts.REVISION: str(revision)} if revision else {}
    return replica_set(name, replicas=replicas, metadata={"annotations": {**annotations, **notes}}, **facts)


WEB = deployment(
    image="nginx:1.29",
    metadata={"annotations": {rollouts.REVISION: "3", rollouts.CHANGE_CAUSE: "third"}},
)
REVISIONS = [
    member("c", 3, 3, owner=WEB, image="nginx:1.29", notes={rollouts.CHANGE_CAUSE: "third"}),
    member("a", 0, 1, owner=WEB, labels={"app": "web", rollouts.HASH_LABEL: "abc"}),
    member("b", 0, 2, owner=WEB, image="nginx:1.28", notes={rollouts.CHANGE_CAUSE: "second"}),
    member("stranger", 0, 9, image="nginx:1.30"),
]


def test_history_lists_revisions_in_order() -> None:
    lines = rollouts.history(WEB, REVISIONS)
    assert [(line.revision, line.change_cause) for line in lines] == [(1, ""), (2, "second"), (3, "third")]


@pytest.mark.parametrize(
    ("to_revision", "image", "cause"),
    [
        pytest.param(0, "nginx:1.28", "second", id="without a number: the one before"),
        pytest.param(1, "nginx:1.27", None, id="to the first, whose change had no cause"),
    ],
)
def test_undo(to_revision: int, image: str, cause: str | None) -> None:
    back = rollouts.rolled_back(WEB, REVISIONS, to_revision)
    assert back["spec"]["template"]["spec"]["containers"][0]["image"] == image
    assert back["spec"]["template"]["metadata"]["labels"] == {"app": "web"}
    assert objects.annotations_of(back).get(rollouts.CHANGE_CAUSE) == cause
    assert objects.annotations_of(back)[rollouts.REVISION] == "3", "the controller writes the next one"


def test_undo_to_the_current_template_changes_nothing() -> None:
    assert rollouts.rolled_back(WEB, REVISIONS, 3) is WEB


@pytest.mark.parametrize(
    ("web", "replica_sets", "to_revision", "message"),
    [
        pytest.param(
            with_spec(WEB, paused=True),
            REVISIONS,
            0,
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
            id="paused",
        ),
        pytest.param(WEB, REVISIONS, 8, "unable to find specified revision 8 in history", id="no such revision"),
        pytest.param(WEB, REVISIONS[:1], 0, 'no rollout history found for deployment "web"', id="nothing before"),
    ],
)
def test_undo_refused(web: Obj, replica_sets: list[Obj], to_revision: int, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        rollouts.rolled_back(web, replica_sets, to_revision)
    assert refused.value.message == message
