"""What the deployment controller says of each Difference, by its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app import pod_control
from app.api.messages import N_, Message, Saying, many, message
from app.api.objects import Obj, name_of, ref_of
from app.controllers.deployment import rollout
from app.reconcile import Difference


def _must_be_available(gap: Difference, seen: Any) -> Iterator[Message]:
    """How many are, and which ReplicaSets lack some."""
    text = N_("Available pods must be more than %(least)s, now %(n)s; or maxUnavailable must allow more.")
    yield message(text, least=gap.desired, n=gap.observed)
    for each in rollout.rollout_of(seen.deployment, seen.replica_sets).active:
        wanted, available = rollout.replicas_of(each), rollout.status_count(each, "availableReplicas")
        if available < wanted:
            text = N_("Available pods of %(what)s: %(n)s of %(wanted)s.")
            yield message(text, what=ref_of(each), n=available, wanted=wanted)


SAYS = {
    "OrphanMatches": pod_control.SAYS["OrphanMatches"],
    "OwnedReplicaSetNoLongerMatches": Saying(
        N_("The labels of %(about)s do not match any more."), N_("one to let go"), {"*": N_("It lets %(name)s go.")}
    ),
    "NewReplicaSetNeeded": Saying(
        N_("Its pod template has no ReplicaSet yet."),
        N_("no ReplicaSet yet"),
        {"ReplicaSet": N_("It creates ReplicaSet %(name)s.")},
    ),
    "TemplateHashCollides": Saying(N_("The name %(observed)s is taken."), N_("the name is taken")),
    "RevisionOutdated": Saying(
        N_("ReplicaSet %(about)s has the newest template, but an old revision."), N_("revision is old")
    ),
    "AnnotationsOutdated": Saying(
        N_("ReplicaSet %(about)s lacks annotations of its Deployment."), N_("annotations are old")
    ),
    "MinReadySecondsOutdated": Saying(
        N_("ReplicaSet %(about)s has another minReadySeconds than its Deployment."), N_("minReadySeconds is old")
    ),
    "DeploymentScaled": Saying(
        N_("Wanted: %(desired)s. ReplicaSet %(about)s asks for %(observed)s."), N_("scale the ReplicaSet")
    ),
    "ProportionalScaling": Saying(
        N_("In mid-rollout, the share of %(about)s is %(desired)s, not %(observed)s."), N_("share the pods")
    ),
    "RolloutScaleUp": Saying(
        N_("There is room: %(about)s may have %(desired)s pods, not %(observed)s."), N_("room for new pods")
    ),
    "RolloutScaleDown": Saying(
        N_("%(about)s asks for %(observed)s pods: %(desired)s are enough now."), N_("fewer are enough")
    ),
    "UnhealthyOldReplicas": Saying(
        N_("Old pods that do not work go first: %(desired)s of %(observed)s stay."), N_("broken old pods go")
    ),
    "MaxUnavailableReached": Saying(
        N_("No old pod may go yet: available %(observed)s, at least %(desired)s."),
        N_("may not remove more"),
        needs=_must_be_available,
    ),
    "OldPodsStillRunning": Saying(
        many("One old pod is still there: new ones wait.", "%(n)s old pods are still there: new ones wait."),
        N_("old pods first"),
        needs=N_("The old pods must be gone; left: %(observed)s."),
    ),
    "RolloutInProgress": Saying(N_("The rollout has %(desired)s s to get on."), N_("rollout goes on")),
    "RevisionHistoryExceeded": Saying(
        N_("Old ReplicaSets: %(observed)s. To be kept: %(desired)s."), N_("too much history")
    ),
}

LABELS = {"holder of name": N_("holder of the name"), "running pods": N_("running pods")}


def saw(deployment: Obj, replica_sets: Sequence[Obj]) -> Message:
    """The pods that its ReplicaSets ask for."""
    if not replica_sets:
        return message(N_("%(who)s finds no ReplicaSet of %(name)s."), name=name_of(deployment))
    asked = sum(each["spec"].get("replicas", 1) for each in replica_sets)
    return message(N_("%(who)s sees ReplicaSets of %(name)s for %(n)s pods."), name=name_of(deployment), n=asked)
