"""Golden rollouts: the Deployment controller's pure diff, driven in a loop, takes the steps that Kubernetes takes."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import conditions, objects
from app.api.objects import Obj
from app.component_helpers import rollouts
from app.controllers.deployment import rollout
from app.controllers.deployment.deployment import DeploymentController, DeploymentObservation
from app.reconcile import Create, Delete, Difference, RequeueAfter, Update, UpdateStatus
from tests.support.builders import NOW_MS, deployment, with_spec, with_status

NEW_IMAGE = "nginx:1.28"


def look(web: Obj, replica_sets: dict[str, Obj]) -> list[Difference]:
    seen = DeploymentObservation(web, tuple(replica_sets.values()), (), {}, None, (), NOW_MS)
    return list(DeploymentController().diff(seen))


class World:
    """Applies what the diff asks for; `all_ready` is what ReplicaSets and kubelets would do meanwhile."""

    def __init__(self, web: Obj) -> None:
        self.web = web
        self.replica_sets: dict[str, Obj] = {}
        self.trace: list[str] = []

    def settle(self) -> str:
        """Reconcile until nothing changes any more; the scalings it took, as `web-x0->1`."""
        start = len(self.trace)
        busy = True
        while busy:
            gaps = look(self.web, self.replica_sets)
            busy = sum(map(self._perform, gaps)) > 0
        return ", ".join(self.trace[start:])

    def all_ready(self, but: str = "") -> None:
        for name, each in self.replica_sets.items():
            size = rollout.replicas_of(each)
            good = 0 if but and each["spec"]["template"]["spec"]["containers"][0]["image"] == but else size
            counts = {"replicas": size, "readyReplicas": good, "availableReplicas": good, "terminatingReplicas": 0}
            generation = each["metadata"]["generation"]
            self.replica_sets[name] = with_status(each, **counts, observedGeneration=generation)

    def set_image(self, image: str) -> None:
        template = deployment(image=image)["spec"]["template"]
        self.web = with_spec(self.web, template=template)

    def _perform(self, gap: Difference) -> bool:
        for action in gap.actions:
            if isinstance(action, Create):
                born = {"uid": f"uid-{action.obj['metadata']['name']}", "generation": 1}
                born["creationTimestamp"] = f"2026-01-01T09:00:{len(self.replica_sets):02}Z"
                obj = objects.with_metadata({**action.obj, "status": {"replicas": 0}}, **born)
                self._put(obj, 0, rollout.replicas_of(obj))
            elif isinstance(action, Update):
                held = self.replica_sets[objects.name_of(action.obj)]
                sizes = rollout.replicas_of(held), rollout.replicas_of(action.obj)
                grown = objects.with_metadata(action.obj, generation=held["metadata"]["generation"] + 1)
                self._put(grown, *sizes)
            elif isinstance(action, UpdateStatus):
                self.web = {**action.obj, "status": action.status}
            elif isinstance(action, Delete):
                del self.replica_sets[action.ref.name]
        return any(not isinstance(action, RequeueAfter) for action in gap.actions)

    def _put(self, obj: Obj, before: int, after: int) -> None:
        self.replica_sets[objects.name_of(obj)] = obj
        if before != after:
            image = obj["spec"]["template"]["spec"]["containers"][0]["image"]
            which = "old" if image == "nginx:1.27" else "new"
            self.trace.append(f"{which}{before}->{after}")


def rolled_out(replicas: int, **facts: Any) -> World:
    world = World(deployment(replicas=replicas, **facts))
    world.settle()
    world.all_ready()
    world.settle()
    world.set_image(NEW_IMAGE)
    return world


@pytest.mark.parametrize(
    ("replicas", "facts", "waves"),
    [
        (1, {}, ["new0->1", "old1->0"]),
        (3, {}, ["new0->1", "old3->2, new1->2", "old2->1, new2->3", "old1->0"]),
        (4, {}, ["new0->1, old4->3, new1->2", "old3->1, new2->4", "old1->0"]),
        (10, {}, ["new0->3, old10->8, new3->5", "old8->3, new5->10", "old3->0"]),
        (3, {"max_surge": 0, "max_unavailable": 1}, ["old3->2, new0->1", "old2->1, new1->2", "old1->0, new2->3"]),
        (3, {"max_surge": "100%", "max_unavailable": 0}, ["new0->3", "old3->0"]),
        (0, {}, [""]),
    ],
    ids=["one", "three", "four", "ten", "three without surge", "three at once", "none"],
)
def test_golden_rolling_updates(replicas: int, facts: dict[str, Any], waves: list[str]) -> None:
    world = rolled_out(replicas, **facts)
    found = []
    for _ in waves:
        found.append(world.settle())
        world.all_ready()
    assert found == waves
    assert world.settle() == "", "and there it stays"
    progressing = conditions.find(world.web["status"]["conditions"], "Progressing")
    assert progressing is not None
    assert progressing["reason"] == "NewReplicaSetAvailable"
    assert objects.annotations_of(world.web)[rollouts.REVISION] == "2"


def test_a_bad_image_freezes_ten_at_old_eight_and_new_five() -> None:
    world = rolled_out(10)
    assert world.settle() == "new0->3, old10->8, new3->5"
    for _ in range(3):
        world.all_ready(but=NEW_IMAGE)
        assert world.settle() == ""
    (gap,) = [each for each in look(world.web, world.replica_sets) if each.reason == "MaxUnavailableReached"]
    assert (gap.desired, gap.observed, gap.actions) == (8, 8, ())


def test_undo_of_a_frozen_rollout_uses_the_old_replica_set_again() -> None:
    world = rolled_out(4)
    world.settle()
    world.all_ready(but=NEW_IMAGE)
    world.settle()
    world.web = rollouts.rolled_back(world.web, list(world.replica_sets.values()))
    world.web = with_spec(world.web)
    assert world.settle() == "new2->0, old3->4", "what never became available goes first"
    world.all_ready()
    world.settle()
    assert len(world.replica_sets) == 2
    notes = [
        (
            objects.annotations_of(each)[rollouts.REVISION],
            objects.annotations_of(each).get(rollouts.REVISION_HISTORY),
        )
        for each in world.replica_sets.values()
    ]
    assert notes == [("3", "1"), ("2", None)]
    assert objects.annotations_of(world.web)[rollouts.REVISION] == "3"
