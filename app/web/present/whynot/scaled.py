"""Why an autoscaler does nothing though it can: it is at a limit, or as many pods are right as there are.

By its own status, as the loop wrote it; the bounds follow from what its formulas do (ceil, and the tolerance).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from app.api import conditions
from app.api.objects import Obj
from app.web.present.whynot.saying import Declared, get
from app.web.present.words import Words

TOLERANCE = 0.1
_LIMITS = ("TooManyReplicas", "TooFewReplicas")


def of(obj: Obj, _: Words) -> Iterator[Declared]:
    able, active, limited = (_reason(obj, each) for each in ("AbleToScale", "ScalingActive", "ScalingLimited"))
    if able == "FailedGetScale":
        target = get(obj, "spec", "scaleTargetRef")
        needs = (_("%(kind)s %(name)s must be there.", kind=target["kind"], name=target["name"]),)
        yield Declared(able, _("There is nothing that it could scale."), needs, _is("AbleToScale", able))
    elif active == "ScalingDisabled":
        needs = (_("Its target must ask for one pod or more: then it goes on."),)
        yield Declared(active, _("Its target asks for no pods: so it is off."), needs, _is("ScalingActive", active))
    elif limited in _LIMITS:
        yield _at_limit(obj, limited, _)
    elif able == "ReadyForNewScale" and active == "ValidMetricFound":
        yield from _enough(obj, _)


def _reason(obj: Obj, type_: str) -> str:
    found = conditions.find((obj.get("status") or {}).get("conditions"), type_)
    return str(found["reason"]) if found is not None else ""


def _is(type_: str, reason: str) -> Any:
    return lambda obj: _reason(obj, type_) == reason


def _at_limit(obj: Obj, reason: str, _: Words) -> Declared:
    spec = obj["spec"]
    if reason == "TooManyReplicas":
        n = spec["maxReplicas"]
        text = _("By its metrics more pods are right than it may have: %(n)s.", n=n)
        needs = (_("maxReplicas must be more than %(n)s, or the load less.", n=n),)
    else:
        n = spec.get("minReplicas", 1)
        text = _("By its metrics fewer pods would do than it must have: %(n)s.", n=n)
        needs = (_("minReplicas must be less than %(n)s, or the load more.", n=n),)
    return Declared(reason, text, needs, _is("ScalingLimited", reason))


def _enough(obj: Obj, _: Words) -> Iterator[Declared]:
    """As many as there are: with percentages, from where on it would be another number."""
    n = get(obj, "status", "currentReplicas") or 0
    needs = tuple(_bounds(obj, n, _))
    if needs:
        text = _("By its metrics as many pods are right as there are: %(n)s.", n=n)
        yield Declared("DesiredWithinRange", text, needs, _is("ScalingLimited", "DesiredWithinRange"))


def _bounds(obj: Obj, n: int, _: Words) -> Iterator[str]:
    current = {name: used for name, used in map(_percent, get(obj, "status", "currentMetrics") or ()) if name}
    for metric in get(obj, "spec", "metrics") or ():
        name, target = _percent(metric)
        if name not in current or not target or not n:
            continue
        up = target * (1 + _tolerance(obj, "scaleUp"))
        down = target * min((n - 1) / n, 1 - _tolerance(obj, "scaleDown"))
        values = {"metric": name, "now": current[name], "target": target}
        yield _("%(metric)s is at %(now)s%%, the target is %(target)s%%.", **values)
        yield _("More pods come above %(up)s%%, fewer below %(down)s%%.", up=f"{up:.4g}", down=math.floor(down) + 1)


def _percent(metric: Mapping[str, Any]) -> tuple[str, int]:
    """Which resource, and its percentage: of a target, or of what was measured; ("", 0) of another kind of metric."""
    found = metric.get("resource") or metric.get("containerResource") or {}
    side = found.get("target") or found.get("current") or {}
    percent = side.get("averageUtilization")
    return (str(found["name"]), int(percent)) if percent is not None else ("", 0)


def _tolerance(obj: Obj, direction: str) -> float:
    rule = (get(obj, "spec", "behavior") or {}).get(direction) or {}
    return float(rule.get("tolerance", TOLERANCE))
