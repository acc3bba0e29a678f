"""Why this one: the decision card of a failover or an election, from what the servers noted when they decided.

A MySQL group notes each view that it agrees on (`decisions` of a MySQLGroup), a queue each election (`elections` of a
QuorumQueue). The loop panel draws the one of its Difference, the card of the object the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.api.mysql_groups import MYSQL_GROUP
from app.api.quorum_queues import QUORUM_QUEUE
from app.reconcile import Difference, Patch
from app.web.present.clock import duration, virtual
from app.web.present.words import Words

UUID_SHOWN = 8


class CandidateView(NamedTuple):
    name: str
    values: tuple[str, ...]  # as many as there are columns
    chosen: bool


class DecisionView(NamedTuple):
    title: str
    at: str
    saw: str
    took: tuple[tuple[str, str], ...]  # how long each clock took: a time, and what for
    columns: tuple[str, ...]
    decided: int  # the column that decided; -1: none did
    candidates: tuple[CandidateView, ...]
    why: str


def of_difference(difference: Difference, epoch_ms: int, _: Words) -> DecisionView | None:
    """None: it is about something else."""
    if difference.about.kind == MYSQL_GROUP and difference.field == "view":
        return of_view(difference.desired, epoch_ms, _)
    if difference.about.kind == QUORUM_QUEUE and difference.reason == "LeaderElected":
        patches = (each.patch for each in difference.actions if isinstance(each, Patch))
        elections = next((each["status"]["elections"] for each in patches), ())
        return of_election(elections[-1], epoch_ms, _) if elections else None
    return None


# ---------------------------------------------------------------------------------------------------- MySQL


def newest_view(decisions: Sequence[Mapping[str, Any]], epoch_ms: int, _: Words) -> DecisionView | None:
    """Of those that are kept the newest in which somebody else became primary; else the newest that began a group."""
    chosen = [each for each in decisions if each["primary"] != each["was"]]
    return of_view(chosen[-1], epoch_ms, _) if chosen else None


def of_view(decision: Mapping[str, Any], epoch_ms: int, _: Words) -> DecisionView:
    at_ms, primary = decision["at_ms"], decision["primary"]
    columns = (_("version"), _("weight"), "uuid")
    candidates = tuple(
        CandidateView(
            each["name"], (each["version"], str(each["weight"]), each["uuid"][:UUID_SHOWN]), each["name"] == primary
        )
        for each in decision["candidates"]
    )
    return DecisionView(
        title=_("View %(n)s: %(name)s is primary", n=decision["view"], name=primary),
        at=virtual(at_ms - epoch_ms),
        saw=_missed(decision, _),
        took=_took(decision, _),
        columns=columns,
        decided={"version": 0, "weight": 1, "uuid": 2}.get(decision["why"], -1),
        candidates=candidates,
        why=_why_primary(decision, _),
    )


def _missed(decision: Mapping[str, Any], _: Words) -> str:
    gone = [(name, decision["at_ms"] - since_ms) for name, since_ms, _unreachable_ms in decision["missed"]]
    if not gone:
        return _("Nobody was missing.")
    names, longest = ", ".join(name for name, _silent in gone), max(silent_ms for _name, silent_ms in gone)
    if not longest:
        return _("%(names)s said goodbye: nobody had to wait.", names=names)
    return _("Nothing was heard of %(names)s for %(time)s.", names=names, time=duration(longest))


def _took(decision: Mapping[str, Any], _: Words) -> tuple[tuple[str, str], ...]:
    """Of who was silent longest: the others waited for that."""
    missed = sorted((since_ms, unreachable_ms) for _name, since_ms, unreachable_ms in decision["missed"])
    if not missed or missed[0][1] is None:
        return ()
    since_ms, unreachable_ms = missed[0]
    return (
        (duration(unreachable_ms - since_ms), _("silent, until it was UNREACHABLE")),
        (duration(decision["at_ms"] - unreachable_ms), _("more, until it was expelled")),
    )


def _why_primary(decision: Mapping[str, Any], _: Words) -> str:
    sentences = {
        "begins": _("It began the group: there was nobody to choose from."),
        "stays": _("The primary is still a member, so it stays."),
        "only-one": _("It is the only one that is left and may vote."),
        "version": _("The lowest version of MySQL comes first."),
        "weight": _("All have the same version, so the highest weight decides."),
        "uuid": _("Version and weight are the same, so the lowest uuid decides."),
    }
    return sentences[decision["why"]]


# ------------------------------------------------------------------------------------------------- RabbitMQ


def of_election(election: Mapping[str, Any], epoch_ms: int, _: Words) -> DecisionView:
    leader, members = election["leader"], election["members"]
    votes = sum(vote == "voted" for *_entry, vote in members)
    words = {"voted": _("voted for it"), "unreachable": _("out of reach"), "": _("did not vote")}
    candidates = tuple(
        CandidateView(name, (str(term), str(entry), words[vote]), name == leader) for name, term, entry, vote in members
    )
    return DecisionView(
        title=_("Term %(n)s: %(name)s leads", n=election["term"], name=leader),
        at=virtual(election["atMs"] - epoch_ms),
        saw=_lost(election, _),
        took=(),
        columns=(_("last term"), _("last entry"), _("vote")),
        decided=2,
        candidates=candidates,
        why=_("It has %(votes)s of %(all)s votes: its log is as new as that of each who voted.",
              votes=votes, all=len(members)),
    )  # fmt: skip


def _lost(election: Mapping[str, Any], _: Words) -> str:
    time = duration(election["atMs"] - election["sinceMs"])
    if not election["before"]:
        return _("The queue was declared %(time)s before and had no leader yet.", time=time)
    return _("%(name)s had led and was lost %(time)s before.", name=election["before"], time=time)
