"""A Node whose machine is gone for good."""

from __future__ import annotations

import pytest

from app.api.objects import Obj
from app.controllers.node.cloud_node_lifecycle import CloudNodeLifecycleController, CloudNodeSeen
from app.reconcile import Delete
from tests.support.builders import node

OURS = {"nodeInfo": {"machineID": "1"}}
MACHINE: Obj = {"metadata": {"name": "node-1"}}


def test_a_lost_node_without_a_machine_is_deleted() -> None:
    (gone,) = CloudNodeLifecycleController().diff(CloudNodeSeen(node(ready=False, status=OURS), None))
    (delete,) = gone.actions
    assert isinstance(delete, Delete)
    assert delete.announce is not None
    assert delete.announce.reason == "DeletingNode"


@pytest.mark.parametrize(
    ("found", "machine"),
    [(node(ready=False, status=OURS), MACHINE), (node(status=OURS), None), (node(ready=False), None)],
    ids=["its machine is there", "it gives signs of life", "somebody made it by hand"],
)
def test_these_stay(found: Obj, machine: Obj | None) -> None:
    assert list(CloudNodeLifecycleController().diff(CloudNodeSeen(found, machine))) == []
