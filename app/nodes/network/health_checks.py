"""The load balancer's health checks: how it finds out, on its own, that a target does not answer.

Every 8 seconds, with a timeout of 1 second; three failures in a row take a target out, one success brings it back.
These are the numbers of kubernetes/legacy-cloud-providers/gce (`gceHcCheckIntervalSeconds` and its neighbours). Nothing
here asks the API server. Pure; called by the request generator once per window.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

INTERVAL_MS = 8_000
TIMEOUT_MS = 1_000
FAILURES = 3


class Target(NamedTuple):
    answers: bool
    since_ms: int  # since when it does, or does not
    healthy: bool  # what the load balancer thinks


def checked(
    targets: Mapping[str, Target], answering: Mapping[str, bool], from_ms: int, now_ms: int
) -> dict[str, Target]:
    """The targets as they are at `now_ms`; `answering` says which do since `from_ms`. A new one counts as healthy."""
    return {name: _check(targets.get(name), answers, from_ms, now_ms) for name, answers in answering.items()}


def in_use(targets: Mapping[str, Target]) -> list[str]:
    """The healthy ones. If there are none, all of them: load balancers would rather try than refuse."""
    return [name for name, target in targets.items() if target.healthy] or [*targets]


def _check(known: Target | None, answers: bool, from_ms: int, now_ms: int) -> Target:
    if known is None:
        return Target(answers, from_ms, True)
    if known.answers != answers:
        known = Target(answers, from_ms, known.healthy)
    first = -(-known.since_ms // INTERVAL_MS) * INTERVAL_MS
    decided = first if answers else first + (FAILURES - 1) * INTERVAL_MS + TIMEOUT_MS
    return known._replace(healthy=answers) if now_ms >= decided else known
