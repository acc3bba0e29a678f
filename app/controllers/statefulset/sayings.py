"""What the StatefulSet controller says of each Difference, by its reason."""

from __future__ import annotations

from app import pod_control
from app.api.messages import N_, Saying

SAYS = {
    **pod_control.SAYS,
    "OrdinalMissing": Saying(
        N_("%(about)s is the next in the order, and it is its turn. It is created."), N_("the next is missing")
    ),
    "OrdinalTooHigh": Saying(
        N_("%(desired)s pods are wanted: %(about)s, the last in the order, goes first."), N_("the last one goes")
    ),
    "PodOfOldRevision": Saying(
        N_("%(about)s still has the old template. It is deleted, and will return with the new one."),
        N_("an old template"),
    ),
    "PodStillTerminating": Saying(
        N_("%(about)s is not gone yet. Its name cannot be used again before it is."), N_("not gone yet")
    ),
    "PredecessorNotReady": Saying(
        N_("%(about)s is not ready. The next in the order must wait."), N_("wait for the one before")
    ),
    "UpdatedPodNotReady": Saying(
        N_("%(about)s is not ready after its update. The others must wait."), N_("wait for the updated one")
    ),
    "RecreatingFailedPod": Saying(
        N_("%(about)s has failed. It is deleted, and will return under the same name."), N_("failed: start over")
    ),
    "RecreatingTerminatedPod": Saying(
        N_("%(about)s has ended. It is deleted, and will return under the same name."), N_("ended: start over")
    ),
    "ClaimMissing": Saying(
        N_("%(about)s waits for a volume claim that is not there. It is created."), N_("no volume claim yet")
    ),
    "ClaimRetention": Saying(
        N_("Who owns claim %(about)s decides with whom it will be deleted. That is corrected."), N_("whose claim is it")
    ),
}
