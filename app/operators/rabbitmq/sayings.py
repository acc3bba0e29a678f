"""What the operator and the servers say of each Difference, by its reason."""

from __future__ import annotations

from typing import Any

from app.api import conditions
from app.api.messages import N_, Message, Saying, message

_ALL_READY = N_("It notes: all servers of %(name)s are ready.")
_NOT_ALL_READY = N_("It notes: not all servers of %(name)s are ready.")


def _noted(record: Any) -> Message:
    action = record.action
    ready = conditions.is_true(action.patch["status"].get("conditions"), "AllReplicasReady")
    return message(_ALL_READY if ready else _NOT_ALL_READY, name=action.ref.name)


SERVERS = {
    "LeaderElected": Saying(
        N_("The members of %(about)s have elected: %(desired)s leads."),
        N_("a new leader"),
        {"QuorumQueue": N_("%(desired)s leads now: messages are confirmed again.")},
    ),
    "LeaderLost": Saying(
        N_("%(observed)s led the queue, and is gone: the others wait, then vote."),
        N_("no leader"),
        {"QuorumQueue": N_("The leader is gone: until they vote no message is confirmed.")},
    ),
    "MembersChanged": Saying(
        N_("The queue has other members now."),
        N_("other members"),
        {"QuorumQueue": N_("Other servers keep the queue from now on.")},
    ),
    "MessagesLost": Saying(
        N_("Messages were confirmed and are nowhere: %(observed)s."),
        N_("messages lost"),
        {"QuorumQueue": N_("The book of the people says so.")},
    ),
    "SecondOver": Saying(
        N_("So far in this second: sent %(desired)s, confirmed %(observed)s."),
        N_("a second is over"),
        {"QuorumQueue": N_("It is noted what came of this second.")},
    ),
    "ServersWentOn": Saying(
        N_("The servers have spoken to each other."),
        N_("they spoke"),
        {"RabbitServer": N_("What %(name)s knows now is kept.")},
    ),
    "ClusterJoined": Saying(
        N_("The cluster of %(about)s has the size that is wanted."),
        N_("joined"),
        {"PodSandbox": N_("Its startup probe will hear of it.")},
    ),
    "ClusterNotJoined": Saying(
        N_("The cluster of %(about)s is too small yet."),
        N_("too small yet"),
        {"PodSandbox": N_("Its startup probe will hear of it.")},
    ),
    "MayGo": Saying(
        N_("Without %(about)s each queue still has more than half."),
        N_("it may go"),
        {"PodSandbox": N_("It hands over what it leads, and may stop.")},
    ),
    "QuorumCritical": Saying(
        N_("Without %(about)s a queue would lose its majority: it stays."),
        N_("it must stay"),
        {"PodSandbox": N_("It tells %(about)s to wait.")},
    ),
    "ClusterGone": Saying(N_("The cluster is gone, and with it %(about)s."), N_("its cluster is gone")),
    "TimerRuns": Saying(N_("A message is on its way, or somebody waits."), N_("a timer runs")),
    "MessagesFlow": Saying(N_("Messages flow."), N_("messages flow")),
}

OPERATOR = {
    "StatusOutdated": Saying(
        N_("The servers of %(about)s are not as was noted."),
        N_("another state"),
        {"RabbitmqCluster.rabbitmq.com": _noted},
    ),
    "ObjectMissing": Saying(N_("%(about)s belongs to it, and is not there."), N_("it is missing")),
    "ObjectDiffers": Saying(N_("%(about)s is not as the cluster says."), N_("it differs")),
    "ImageNotGiven": Saying(N_("No image is given: it takes its own."), N_("no image given")),
    "FinalizerMissing": Saying(N_("Before %(about)s goes it wants to be asked."), N_("no finalizer yet")),
    "ChecksInTheWay": Saying(
        N_("%(about)s is to go with its cluster: it need not wait for others."), N_("skip the checks")
    ),
    "ClusterGoes": Saying(N_("The pods of %(about)s know that they may go."), N_("it may go")),
    "ReconciliationPaused": Saying(N_("A label says that %(about)s is to be left alone."), N_("paused")),
    "UnsupportedOperation": Saying(N_("Fewer servers than before would lose messages: it refuses."), N_("refused")),
    "ScaleDownToZero": Saying(N_("All servers are to stop: it notes how many there were."), N_("to zero")),
    "ScaledUpFromZero": Saying(N_("As many as before are back: the note may go."), N_("back again")),
    "StorageTooSmall": Saying(N_("The disks are to grow: the StatefulSet is made anew."), N_("disks grow")),
    "StorageCannotShrink": Saying(N_("A disk cannot shrink: it refuses."), N_("cannot shrink")),
    "ConfigurationOlder": Saying(N_("The servers run with an older configuration: they restart."), N_("restart them")),
    "QueuesMoved": Saying(N_("The servers restart: their queues should be spread anew."), N_("spread queues")),
    "StepsAfterDeploy": Saying(N_("All servers are ready: it does what is left to do."), N_("last steps")),
    "PodsNotReady": Saying(N_("Not all servers are ready yet: it looks again."), N_("not all ready")),
    "VersionNotNoted": Saying(N_("It asks the servers for their version."), N_("which version")),
}
