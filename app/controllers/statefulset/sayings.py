"""What the StatefulSet controller says of each Difference, by its reason."""

from __future__ import annotations

from app import pod_control
from app.api.messages import N_, Saying

_ANEW = {"Pod": N_("It deletes %(name)s, to make it anew.")}

SAYS = {
    **pod_control.SAYS,
    "OrdinalMissing": Saying(
        N_("%(about)s is the next in the order, and missing."),
        N_("the next is missing"),
        {"Pod": N_("It creates %(name)s."), "PersistentVolumeClaim": N_("It creates its claim %(name)s.")},
    ),
    "OrdinalTooHigh": Saying(N_("Wanted: %(desired)s. %(about)s, the last one, goes first."), N_("the last one goes")),
    "PodOfOldRevision": Saying(N_("%(about)s still has the old template."), N_("an old template"), _ANEW),
    "PodStillTerminating": Saying(
        N_("%(about)s is not gone yet: its name is taken."), N_("not gone yet"), needs=N_("%(about)s must be gone.")
    ),
    "PredecessorNotReady": Saying(
        N_("%(about)s is not ready: the next must wait."),
        N_("wait for the one before"),
        needs=N_("%(about)s must be ready; with podManagementPolicy Parallel the next would not wait."),
    ),
    "UpdatedPodNotReady": Saying(
        N_("%(about)s is not available yet: the others must wait."),
        N_("wait for the updated one"),
        needs=N_("%(about)s must become available with the new template."),
    ),
    "RecreatingFailedPod": Saying(N_("%(about)s has failed."), N_("failed: start over"), _ANEW),
    "RecreatingTerminatedPod": Saying(N_("%(about)s has ended, but should run."), N_("ended: start over"), _ANEW),
    "ClaimMissing": Saying(
        N_("%(about)s lacks a volume claim."),
        N_("no volume claim yet"),
        {"PersistentVolumeClaim": N_("It creates its claim %(name)s.")},
    ),
    "ClaimRetention": Saying(N_("Claim %(about)s does not name the right owners."), N_("whose claim is it")),
}
