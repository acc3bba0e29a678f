"""What the kubelet says of each Difference, by its reason, and of what it asks its container runtime for."""

from __future__ import annotations

from app.api.messages import N_, Message, Saying, message
from app.api.names import short_name
from app.api.objects import Obj, is_terminating, name_of
from app.nodes import sandbox
from app.nodes.kubelet import needs
from app.nodes.sandbox import EXITED, PULL_FAILED, RUNNING

SAYS = {
    "SandboxMissing": Saying(
        N_("Nothing of it runs here yet."),
        N_("not running here yet"),
        {"PodSandbox": N_("It has the containers of %(name)s made.")},
    ),
    "PodRejected": Saying(
        N_("There is no place for it here: %(about)s is not taken in."),
        N_("no place"),
        {"Pod": N_("It marks %(name)s as failed.")},
    ),
    "FailedMount": Saying(
        N_("What %(about)s mounts is not there: it tries again."), N_("volume missing"), needs=needs.there
    ),
    "CreateContainerConfigError": Saying(
        N_("A container of %(about)s cannot be made: it tries again."), N_("cannot be made"), needs=needs.there
    ),
    "ContainersMissing": Saying(
        N_("The next containers may start."),
        N_("next containers"),
        {"PodSandbox": N_("It has the next containers of %(name)s made.")},
    ),
    "EphemeralContainerMissing": Saying(
        N_("A container was added to look inside %(about)s."),
        N_("container added"),
        {"PodSandbox": N_("It has the added container of %(name)s made.")},
    ),
    "ResizeRequested": Saying(
        N_("%(about)s is to have another size, and there is room."),
        N_("another size"),
        {"PodSandbox": N_("It grants %(name)s the new size.")},
    ),
    "ResizeDeferred": Saying(
        N_("%(about)s is to grow, and there is no room: it tries again later."),
        N_("no room to grow"),
        needs=N_("Other pods must leave its node, or it must ask for less: %(desired)s."),
    ),
    "ImageMissing": Saying(
        N_("The image is not here: it must be pulled."),
        N_("image missing"),
        {"PodSandbox": N_("It has the image of %(name)s pulled again.")},
    ),
    "ErrImagePull": Saying(N_("The image could not be pulled."), N_("pull failed"), needs=needs.image),
    "ImagePullBackOff": Saying(
        N_("The image did not come: a pause before the next try."), N_("pull again later"), needs=needs.image
    ),
    "ErrImageNeverPull": Saying(
        N_("The image is not here, and must not be pulled."), N_("must not pull"), needs=needs.image
    ),
    "ContainerDied": Saying(
        N_("A container of %(about)s has ended, and should run."),
        N_("container ended"),
        {"PodSandbox": N_("It has the container of %(name)s started again.")},
    ),
    "CrashLoopBackOff": Saying(
        N_("The container keeps ending: a pause before the next start."), N_("restart later"), needs=needs.runs
    ),
    "ContainerChanged": Saying(
        N_("%(observed)s runs, %(desired)s should."),
        N_("image changed"),
        {"PodSandbox": N_("It has the container of %(name)s restarted.")},
    ),
    "Unhealthy": Saying(
        N_("A probe of %(about)s has failed."),
        N_("probe failed"),
        {"PodSandbox": N_("It has the container of %(name)s restarted.")},
        needs.probe,
    ),
    "ProbeNotYetPassed": Saying(
        N_("It is not ready yet: the next probe will tell."), N_("not ready yet"), needs=needs.probe
    ),
    "ProbeDue": Saying(N_("%(about)s is well so far: the next probe will tell."), N_("probed again")),
    "PostStartHookRuns": Saying(
        N_("The postStart hook of %(about)s runs: until it ends the container counts as starting."), N_("hook runs")
    ),
    "PostStartHookFailed": Saying(
        N_("The postStart hook of %(about)s has failed."),
        N_("hook failed"),
        {"PodSandbox": N_("It tells the container of %(name)s to stop.")},
    ),
    "PodDeleted": Saying(
        N_("It is to be deleted: its container must stop."),
        N_("must stop"),
        {"PodSandbox": N_("It tells the container of %(name)s to stop.")},
    ),
    "PreStopHookEnded": Saying(
        N_("Its program says that it may go now."),
        N_("it may stop now"),
        {"PodSandbox": N_("It tells the container of %(name)s to stop.")},
    ),
    "DeadlineAhead": Saying(N_("%(about)s may run for a while only."), N_("has a deadline")),
    "DeadlineExceeded": Saying(
        N_("The time of %(about)s is over."),
        N_("its time is over"),
        {"PodSandbox": N_("It has %(name)s end.")},
    ),
    "Writes": Saying(N_("%(about)s writes to the disk of its node: it is measured."), N_("writes to disk")),
    "Evicted": Saying(
        N_("%(about)s must go: it takes too much of its node."),
        N_("must go"),
        {"PodSandbox": N_("It has %(name)s end.")},
    ),
    "PodTerminated": Saying(
        N_("Nothing of it runs any more: it may go."),
        N_("may be removed"),
        {"PodSandbox": N_("It clears away what is left of %(name)s.")},
    ),
    "PodGone": Saying(
        N_("%(about)s is gone from the API: nothing may be left."),
        N_("clear away"),
        {"PodSandbox": N_("It clears away what is left of %(name)s.")},
    ),
}


def saw(pod: Obj | None, found: Obj | None) -> Message:
    """A pod, and what its containers do."""
    if pod is None:
        assert found is not None
        gone = _name(sandbox.pod_ref(found).name)
        return message(N_("%(who)s has containers of %(name)s, which is gone."), name=gone)
    name = _name(name_of(pod))
    if found is None:
        return message(N_("%(who)s is given %(name)s."), name=name)
    states = [each["state"] for each in sandbox.known_of(found).values()]
    running = states.count(RUNNING)
    if is_terminating(pod):
        if running:
            return message(N_("%(who)s sees that %(name)s is to go, and runs."), name=name)
        return message(N_("%(who)s sees that %(name)s has stopped."), name=name)
    if PULL_FAILED in states:
        return message(N_("%(who)s sees that the image of %(name)s did not come."), name=name)
    if EXITED in states and not running:
        return message(N_("%(who)s sees that %(name)s has ended."), name=name)
    if states and running == len(states):
        return message(N_("%(who)s sees that %(name)s runs."), name=name)
    text = N_("%(who)s sees %(name)s; containers that run: %(n)s of %(all)s.")
    return message(text, name=name, n=running, all=len(states))


def _name(pod: str) -> str:
    return short_name("Pod", pod)
