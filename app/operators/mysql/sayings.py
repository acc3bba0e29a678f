"""What the loops of MySQL say of a Difference: a sentence, two to four words, and of their writes. See messages.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import times
from app.api.messages import N_, Message, Saying, counted, many, message
from app.operators.mysql.decisions import Missed
from app.reconcile import Difference

_ELECTED = {
    "only-one": N_("Only %(primary)s is left: it is primary."),
    "version": N_("They elect %(primary)s: its version is lowest."),
    "weight": N_("They elect %(primary)s: its weight is highest."),
    "uuid": N_("They elect %(primary)s: it has the lowest uuid."),
}


def _elected(difference: Difference) -> Message:
    """How long they waited, and why this one."""
    decision = difference.desired
    elected = message(_ELECTED[decision["why"]], primary=decision["primary"])
    return message(N_("%(gone)s %(elected)s"), gone=_gone(decision), elected=elected)


def _gone(decision: Mapping[str, Any]) -> Message:
    """Whom nobody waits for any more, and how long each clock took."""
    at_ms, missed = decision["at_ms"], [Missed(*each) for each in decision["missed"]]
    longest = min(missed, key=lambda each: each.since_ms)
    who = longest.name if len(missed) == 1 else counted(many("%(n)s server", "%(n)s servers"), len(missed))
    if longest.since_ms == at_ms:
        return message(N_("%(who)s said goodbye."), who=who)
    if longest.unreachable_ms is None:
        return message(N_("%(who)s: %(silent)s silent."), who=who, silent=times.duration(at_ms - longest.since_ms))
    silent = times.duration(longest.unreachable_ms - longest.since_ms)
    unreachable = times.duration(at_ms - longest.unreachable_ms)
    text = N_("%(who)s: %(silent)s silent, then %(unreachable)s UNREACHABLE.")
    return message(text, who=who, silent=silent, unreachable=unreachable)


def _changed(difference: Difference) -> Message:
    if difference.desired == NO_MEMBER:
        return message(N_("%(name)s is no member any more."), name=difference.about.name)
    text = N_("The servers chose: %(name)s is %(role)s.")
    return message(text, name=difference.about.name, role=difference.desired)


def _is_primary(record: Any) -> Message:
    primary = record.differences[record.difference].desired["primary"]
    return message(N_("%(primary)s is primary now: a majority agreed."), primary=primary)


def _begins(record: Any) -> Message:
    primary = record.differences[record.difference].desired["primary"]
    return message(N_("%(primary)s is the first member, and primary."), primary=primary)


def _noted(record: Any) -> Message:
    gap = record.differences[record.difference]
    return message(N_("It notes the state of %(name)s: %(state)s."), name=gap.about.name, state=gap.desired.split()[0])


NO_MEMBER = "no member"
_TOLD = {"MySQLGroup": N_("It tells the servers what to do.")}

OPERATOR: Mapping[str, Saying] = {
    "ObjectMissing": Saying(
        N_("A database was asked for; this is part of it."),
        N_("part of a cluster"),
        {"MySQLGroup": N_("Servers are to live here.")},
    ),
    "ClusterCreated": Saying(N_("All parts of the cluster are made."), N_("parts are made"), {"*": _noted}),
    "VersionRefused": Saying(N_("It knows no such version of MySQL."), N_("no such version")),
    "NotBuilt": Saying(N_("%(desired)s: Loopscope does not build that."), N_("not built here")),
    "GroupMissing": Saying(
        N_("The first server is ready: it may begin a group."),
        N_("begin a group"),
        {"MySQLGroup": N_("It tells the first server to begin.")},
    ),
    "MemberJoins": Saying(
        N_("%(about)s is ready, and no member yet."),
        N_("take it in"),
        {"MySQLGroup": N_("It tells the group to take %(about)s in.")},
    ),
    "MemberRejoins": Saying(
        N_("%(about)s started again, and is no member."),
        N_("bring it back"),
        {"MySQLGroup": N_("It tells the group to take %(about)s in again.")},
    ),
    "ErrantTransactions": Saying(N_("%(about)s holds what the group never had: it stays out."), N_("must stay out")),
    "MemberIn": Saying(
        N_("The server of %(about)s is a member now."),
        N_("a member now"),
        {"Pod": N_("It notes: %(name)s must not go without a goodbye.")},
    ),
    "MemberGoes": Saying(
        N_("The pod %(about)s goes: the others are told first."),
        N_("take it out"),
        {"MySQLGroup": N_("It tells the group that %(about)s goes.")},
    ),
    "QuorumMissing": Saying(
        N_("Those who are left may not decide: it orders them to."),
        N_("force a quorum"),
        {"MySQLGroup": N_("It orders those who are left to go on as the whole group.")},
    ),
    "ClusterOffline": Saying(
        N_("No server is a member: it starts the group again."),
        N_("start it again"),
        {"MySQLGroup": N_("It has the server that knows most begin the group anew.")},
    ),
    "SplitBrain": Saying(N_("Two groups both write: a human has to choose."), N_("two groups")),
    "RoleChanged": Saying(
        _changed, N_("write it down"), {"Pod": N_("It writes the role of %(name)s down, as a label.")}
    ),
    "StatusOutdated": Saying(N_("The servers of %(about)s are now: %(desired)s."), N_("another state"), {"*": _noted}),
    "RoutersWanted": Saying(N_("The cluster is complete: it may be used."), N_("open the door")),
    "SpecEdited": Saying(N_("The declaration of %(about)s was edited."), N_("edited")),
    "ClusterDeleted": Saying(N_("The cluster is not wanted any more."), N_("take it down")),
    "TriesAgain": Saying(N_("It cannot do more now, and tries again later."), N_("try again")),
}

BACKUPS: Mapping[str, Saying] = {
    "BackupWanted": Saying(N_("A backup was asked for: a Job is to make it."), N_("a backup is wanted")),
    "BackupScheduled": Saying(N_("It was time for a backup: one is asked for."), N_("time for a backup")),
    "BackupRefused": Saying(N_("There is no such cluster, or no such profile."), N_("cannot be made")),
    "BackupEnded": Saying(N_("The Job of the backup %(about)s has ended."), N_("the job ended")),
}

REPLICATION: Mapping[str, Saying] = {
    "PrimaryElected": Saying(_elected, N_("a new primary"), {"*": _is_primary}),
    "GroupBegun": Saying(
        lambda difference: message(N_("%(primary)s begins a group."), primary=difference.desired["primary"]),
        N_("a group begins"),
        {"*": _begins},
    ),
    "MemberLost": Saying(
        N_("The servers go on without those that are gone."),
        N_("one is gone"),
        {"*": N_("The others go on without it: a majority agreed.")},
    ),
    "MemberJoined": Saying(
        N_("The servers take in who wants to join."),
        N_("one joins"),
        {"*": N_("One more is taken in: a majority agreed.")},
    ),
    "MemberUnreachable": Saying(
        N_("For 5 seconds nothing is heard of a member."),
        N_("UNREACHABLE"),
        {"*": N_("It is still silent: the others wait 5 seconds more.")},
    ),
    "MemberSilent": Saying(
        N_("Nothing is heard of a member any more."),
        N_("silence"),
        {"*": N_("A server is silent: the others wait 5 seconds.")},
    ),
    "QuorumLost": Saying(
        N_("Those who are left are no majority: writes wait."),
        N_("no quorum"),
        {"*": N_("Too few are left to decide: writes wait.")},
    ),
    "ServersChanged": Saying(
        N_("A server starts, stops or recovers."), N_("servers change"), {"*": N_("It is as it is.")}
    ),
    "DisksGone": Saying(N_("Its last disk is gone: nothing is left of it."), N_("nothing is left")),
    "ServersWait": Saying(N_("The servers wait for one another."), N_("waiting")),
    "WritesCounted": Saying(N_("Clients write."), N_("writes"), {"*": N_("What was answered is counted.")}),
}

SIDECAR: Mapping[str, Saying] = {
    "ServerPrepared": Saying(N_("The server of %(about)s is up and prepared."), N_("server is prepared")),
}

ALPHA: Mapping[str, Saying] = {
    "PartMissing": OPERATOR["ObjectMissing"],
    "MembersDiffer": Saying(N_("%(desired)s members are declared, not %(observed)s."), N_("other number")),
    "ClusterSynced": Saying(N_("All parts are as they should be."), N_("in sync")),
}

AGENTS: Mapping[str, Saying] = {
    "NoGroupYet": Saying(N_("There is no group yet, and this is the first server."), N_("begin a group"), _TOLD),
    "NoMemberYet": Saying(N_("A server answers and is no member."), N_("take it in"), _TOLD),
    "GroupStopped": Saying(N_("All servers answer and none is a member."), N_("start it again"), _TOLD),
    "RoleLabel": Saying(N_("The label of %(about)s does not say what it is."), N_("write it down")),
    "LookAgain": Saying(N_("They look again in 15 seconds."), N_("every 15 seconds")),
}
