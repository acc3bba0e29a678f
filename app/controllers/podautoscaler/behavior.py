"""How fast the number of replicas may change: stabilization windows, policies, and the limits of old without them.

Pure; called by the horizontal-pod-autoscaler once the metrics have spoken. Models `normalizeDesiredReplicas`,
`normalizeDesiredReplicasWithBehaviors` and what they call in kubernetes/pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

DOWN_WINDOW_MS = 300_000
_UP: dict[str, Any] = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
_DOWN: dict[str, Any] = {
    "stabilizationWindowSeconds": 300,
    "selectPolicy": "Max",
    "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
_READY = ("ReadyForNewScale", "recommended size matches current size")
_WITHIN = (False, "DesiredWithinRange", "the desired count is within the acceptable range")
_TOO_MANY = (True, "TooManyReplicas", "the desired replica count is more than the maximum replica count")
_TOO_FEW = (True, "TooFewReplicas", "the desired replica count is less than the minimum replica count")
_UP_LIMIT = (True, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
_DOWN_LIMIT = (True, "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
_HIGHER = "recent recommendations were higher than current one, applying the highest recent recommendation"
_LOWER = "recent recommendations were lower than current one, applying the lowest recent recommendation"


class Recommendation(NamedTuple):
    replicas: int
    at_ms: int


class ScaleEvent(NamedTuple):
    change: int  # replicas added, or taken away
    at_ms: int


@dataclass(frozen=True, slots=True)
class History:
    """What an autoscaler remembers of the last minutes; lost when its process is."""

    recommendations: tuple[Recommendation, ...] = ()
    ups: tuple[ScaleEvent, ...] = ()
    downs: tuple[ScaleEvent, ...] = ()


class Verdict(NamedTuple):
    replicas: int
    able: tuple[str, str]  # reason and message of AbleToScale
    limited: tuple[bool, str, str]  # status, reason and message of ScalingLimited


def decide(hpa_spec: Mapping[str, Any], current: int, wanted: int, history: History, now_ms: int) -> Verdict:
    """What becomes of `wanted` replicas; `history` holds the recommendations before this one."""
    least, most = hpa_spec.get("minReplicas", 1), hpa_spec["maxReplicas"]
    behavior = hpa_spec.get("behavior")
    if behavior is None:
        return _without_behavior(current, wanted, least, most, history, now_ms)
    up, down = rules(behavior, "scaleUp"), rules(behavior, "scaleDown")
    stable = _stabilized(current, wanted, up, down, history.recommendations, now_ms)
    able = _READY
    if stable != wanted:
        able = ("ScaleUpStabilized", _LOWER) if wanted >= current else ("ScaleDownStabilized", _HIGHER)
    replicas, limited = _within_rate(current, stable, least, most, up, down, history, now_ms)
    return Verdict(replicas, able, limited)


def rules(behavior: Mapping[str, Any], direction: str) -> dict[str, Any]:
    """`scaleUp` or `scaleDown` of a behavior, with what it leaves out."""
    given = {key: value for key, value in (behavior.get(direction) or {}).items() if value is not None}
    return {**(_UP if direction == "scaleUp" else _DOWN), **given}


def remembered(hpa_spec: Mapping[str, Any], wanted: int, history: History, now_ms: int) -> History:
    """`history` with this recommendation, and without what is too old to matter."""
    behavior = hpa_spec.get("behavior") or {}
    up, down = rules(behavior, "scaleUp"), rules(behavior, "scaleDown")
    window_ms = 1000 * max(up["stabilizationWindowSeconds"], down["stabilizationWindowSeconds"])
    kept = tuple(each for each in history.recommendations if each.at_ms > now_ms - max(window_ms, 1))
    return History(
        (*kept, Recommendation(wanted, now_ms)),
        tuple(_recent(history.ups, up, now_ms)),
        tuple(_recent(history.downs, down, now_ms)),
    )


def held_until(hpa_spec: Mapping[str, Any], current: int, wanted: int, history: History) -> int:
    """When the window lets go of `current`, if nothing but `wanted` is recommended any more. `history` is that of
    `decide`; 0: no window holds it."""
    behavior = hpa_spec.get("behavior")
    down = wanted < current
    rule = rules(behavior or {}, "scaleDown" if down else "scaleUp")
    window_ms = 1000 * rule["stabilizationWindowSeconds"] if behavior is not None else DOWN_WINDOW_MS
    recent = history.recommendations
    holding = [each.at_ms for each in recent if (each.replicas >= current if down else each.replicas <= current)]
    return max(holding, default=-window_ms) + window_ms


def scaled(history: History, current: int, replicas: int, now_ms: int) -> History:
    """`history` once the target was scaled."""
    event = (ScaleEvent(abs(replicas - current), now_ms),)
    if replicas > current:
        return History(history.recommendations, history.ups + event, history.downs)
    return History(history.recommendations, history.ups, history.downs + event)


def _recent(events: Iterable[ScaleEvent], rule: Mapping[str, Any], now_ms: int) -> Iterable[ScaleEvent]:
    longest_ms = 1000 * max((policy["periodSeconds"] for policy in rule["policies"]), default=0)
    return (event for event in events if event.at_ms > now_ms - longest_ms)


# ----------------------------------------------------------------------------------------- without a behavior


def _without_behavior(current: int, wanted: int, least: int, most: int, history: History, now_ms: int) -> Verdict:
    recent = [each.replicas for each in history.recommendations if each.at_ms > now_ms - DOWN_WINDOW_MS]
    stable = max([wanted, *recent])
    able = _READY if stable == wanted else ("ScaleDownStabilized", _HIGHER)
    fastest = max(2 * current, 4)
    if stable < least:
        return Verdict(least, able, _TOO_FEW)
    if stable > min(most, fastest):
        return Verdict(min(most, fastest), able, _UP_LIMIT if most > fastest else _TOO_MANY)
    return Verdict(stable, able, _WITHIN)


# -------------------------------------------------------------------------------------------- with a behavior


def _stabilized(
    current: int, wanted: int, up: Mapping[str, Any], down: Mapping[str, Any], recent: Sequence[Recommendation],
    now_ms: int,
) -> int:  # fmt: skip
    """The least jumpy number that the recommendations of both windows allow."""
    lowest = min([wanted, *_since(recent, now_ms - 1000 * up["stabilizationWindowSeconds"])])
    highest = max([wanted, *_since(recent, now_ms - 1000 * down["stabilizationWindowSeconds"])])
    return min(max(current, lowest), highest)


def _since(recent: Sequence[Recommendation], at_ms: int) -> list[int]:
    return [each.replicas for each in recent if each.at_ms > at_ms]


def _within_rate(
    current: int, wanted: int, least: int, most: int, up: Mapping[str, Any], down: Mapping[str, Any],
    history: History, now_ms: int,
) -> tuple[int, tuple[bool, str, str]]:  # fmt: skip
    if wanted > current:
        fastest = max(current, _up_limit(current, up, history, now_ms))
        if wanted > min(most, fastest):
            return min(most, fastest), _UP_LIMIT if most > fastest else _TOO_MANY
    elif wanted < current:
        slowest = min(current, _down_limit(current, down, history, now_ms))
        if wanted < max(least, slowest):
            return max(least, slowest), _DOWN_LIMIT if least < slowest else _TOO_FEW
    return wanted, _WITHIN


def _up_limit(current: int, rule: Mapping[str, Any], history: History, now_ms: int) -> int:
    limits: list[int] = []
    for policy in rule["policies"] if rule["selectPolicy"] != "Disabled" else ():
        began = current - _changed(history.ups, policy, now_ms) + _changed(history.downs, policy, now_ms)
        pods = policy["type"] == "Pods"
        limits.append(began + policy["value"] if pods else math.ceil(began * (100 + policy["value"]) / 100))
    if not limits:
        return current
    return min(limits) if rule["selectPolicy"] == "Min" else max(limits)


def _down_limit(current: int, rule: Mapping[str, Any], history: History, now_ms: int) -> int:
    limits: list[int] = []
    for policy in rule["policies"] if rule["selectPolicy"] != "Disabled" else ():
        began = current - _changed(history.ups, policy, now_ms) + _changed(history.downs, policy, now_ms)
        pods = policy["type"] == "Pods"
        limits.append(began - policy["value"] if pods else int(began * (100 - policy["value"]) / 100))
    if not limits:
        return current
    return max(limits) if rule["selectPolicy"] == "Min" else min(limits)


def _changed(events: Sequence[ScaleEvent], policy: Mapping[str, Any], now_ms: int) -> int:
    """Replicas within the policy's period."""
    return sum(event.change for event in events if event.at_ms > now_ms - 1000 * policy["periodSeconds"])
