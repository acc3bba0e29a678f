"""What the kubelet says of each Difference, by its reason, and of what it asks its container runtime for."""

from __future__ import annotations

from app.api.messages import N_, Saying

SAYS = {
    "SandboxMissing": Saying(
        N_("Pod %(about)s was given to this node, but nothing of it runs here yet. Its containers are asked for."),
        N_("not running here yet"),
        {"PodSandbox": N_("%(who)s asks the container runtime for the containers of Pod %(name)s.")},
    ),
    "ContainersMissing": Saying(
        N_("Pod %(about)s is ready for its next containers. They are asked for."),
        N_("next containers"),
        {"PodSandbox": N_("%(who)s asks the container runtime for the next containers of Pod %(name)s.")},
    ),
    "ImageMissing": Saying(
        N_("The image for pod %(about)s is not on this node. It is pulled again."),
        N_("image missing"),
        {"PodSandbox": N_("%(who)s asks for another pull of the image of Pod %(name)s.")},
    ),
    "ErrImagePull": Saying(N_("The image of pod %(about)s could not be pulled."), N_("pull failed")),
    "ImagePullBackOff": Saying(
        N_("The image of pod %(about)s could not be pulled. The next try comes after a pause."), N_("pull again later")
    ),
    "ErrImageNeverPull": Saying(N_("The image of pod %(about)s is not on this node and must not be pulled.")),
    "ContainerDied": Saying(
        N_("A container of pod %(about)s has ended and should run. It is started again, in the same pod."),
        N_("container ended"),
        {"PodSandbox": N_("%(who)s has the container of Pod %(name)s started again.")},
    ),
    "CrashLoopBackOff": Saying(
        N_("A container of pod %(about)s keeps ending. It is started again after a pause that grows."),
        N_("restart later"),
    ),
    "ContainerChanged": Saying(
        N_("Pod %(about)s should run %(desired)s and runs %(observed)s. The container is restarted."),
        done={"PodSandbox": N_("%(who)s has the container of Pod %(name)s restarted with its new image.")},
    ),
    "Unhealthy": Saying(
        N_("Pod %(about)s: %(observed)s. The container is restarted."),
        N_("probe failed"),
        {"PodSandbox": N_("%(who)s has the container of Pod %(name)s restarted: its probe failed.")},
    ),
    "ProbeNotYetPassed": Saying(
        N_("Pod %(about)s runs but is not ready yet. The next probe is set."), N_("not ready yet")
    ),
    "PodDeleted": Saying(
        N_("Pod %(about)s is marked for deletion. Its container is told to stop."),
        N_("must stop"),
        {"PodSandbox": N_("%(who)s tells the container of Pod %(name)s to stop.")},
    ),
    "PodTerminated": Saying(
        N_("Nothing of pod %(about)s runs any more. It is removed from the API."),
        N_("may be removed"),
        {"PodSandbox": N_("%(who)s clears away what is left of Pod %(name)s.")},
    ),
    "PodGone": Saying(
        N_("Pod %(about)s is gone from the API. What is left of it here is cleared away."),
        N_("clear away"),
        {"PodSandbox": N_("%(who)s clears away what is left of Pod %(name)s.")},
    ),
}
