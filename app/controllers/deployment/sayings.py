"""What the deployment controller says of each Difference, by its reason."""

from __future__ import annotations

from app import pod_control
from app.api.messages import N_, Saying

SAYS = {
    "OrphanMatches": pod_control.SAYS["OrphanMatches"],
    "OwnedReplicaSetNoLongerMatches": Saying(
        N_("ReplicaSet %(about)s no longer matches the selector of %(observed)s. It is let go.")
    ),
    "NewReplicaSetNeeded": Saying(
        N_("Deployment %(about)s has no ReplicaSet for its pod template yet. It creates %(desired)s."),
        N_("no ReplicaSet yet"),
    ),
    "TemplateHashCollides": Saying(
        N_("The name %(observed)s is taken by another pod template. Deployment tries another hash.")
    ),
    "RevisionOutdated": Saying(
        N_("ReplicaSet %(about)s holds the newest template, so it becomes revision %(desired)s."), N_("revision is old")
    ),
    "AnnotationsOutdated": Saying(
        N_("ReplicaSet %(about)s gets the annotations of its Deployment."), N_("annotations are old")
    ),
    "MinReadySecondsOutdated": Saying(N_("ReplicaSet %(about)s gets the minReadySeconds of its Deployment.")),
    "DeploymentScaled": Saying(
        N_("The Deployment asks for %(desired)s pods, ReplicaSet %(about)s for %(observed)s. It is scaled."),
        N_("scale the ReplicaSet"),
    ),
    "ProportionalScaling": Saying(
        N_("Scaled in mid-rollout: ReplicaSet %(about)s goes from %(observed)s to %(desired)s, its share."),
        N_("share the pods"),
    ),
    "RolloutScaleUp": Saying(
        N_("There is room for new pods: ReplicaSet %(about)s goes from %(observed)s to %(desired)s."),
        N_("room for new pods"),
    ),
    "RolloutScaleDown": Saying(
        N_("Enough pods are available: old ReplicaSet %(about)s goes from %(observed)s to %(desired)s."),
        N_("old ones may go"),
    ),
    "UnhealthyOldReplicas": Saying(
        N_("Old pods that do not work go first: ReplicaSet %(about)s goes from %(observed)s to %(desired)s."),
        N_("broken old pods go"),
    ),
    "MaxUnavailableReached": Saying(
        N_("Deployment %(about)s must keep %(desired)s pods available and has %(observed)s: no old pod may go yet."),
        N_("may not remove more"),
    ),
    "OldPodsStillRunning": Saying(
        N_("Deployment %(about)s recreates: %(observed)s old pods are still there. New ones must wait."),
        N_("old pods first"),
    ),
    "RolloutInProgress": Saying(
        N_("Deployment %(about)s gives its rollout %(desired)s seconds to make progress."), N_("rollout goes on")
    ),
    "RevisionHistoryExceeded": Saying(
        N_("Deployment keeps %(desired)s old ReplicaSets. %(about)s is beyond that and goes."), N_("too much history")
    ),
}

LABELS = {"holder of name": N_("holder of the name"), "running pods": N_("running pods")}
