"""What the scheduler says of each Difference, by its reason."""

from __future__ import annotations

from app.api.messages import N_, Saying

SAYS = {
    "PodUnscheduled": Saying(N_("Pod %(about)s has no node. %(desired)s fits best."), N_("needs a node")),
    "Unschedulable": Saying(N_("Pod %(about)s fits on no node. It waits until something changes."), N_("fits nowhere")),
    "Preempted": Saying(
        N_("Pod %(about)s is less important. It has to go, so that a more important pod gets its place."),
        N_("make room"),
    ),
    "MakingRoom": Saying(
        N_("Pod %(about)s fits nowhere, but is more important than others. Room is made for it on %(desired)s."),
        N_("room is made"),
    ),
    "NominationLost": Saying(
        N_("Node %(observed)s was promised to pod %(about)s. A more important pod takes it."), N_("promise lost")
    ),
    "SchedulingBackOff": Saying(
        N_("Pod %(about)s was tried a moment ago. It is tried again shortly."), N_("try again soon")
    ),
    "RetryLater": Saying(N_("Pod %(about)s is tried again later, even if nothing changes.")),
}
