"""What the API server adds to objects that are about requests to it: APIServices, flow schemas, priority levels.

`app.registry.defaults.defaults` has these in its table. Models kubernetes `pkg/apis/flowcontrol/v1/defaults.go`
and kube-aggregator `pkg/apis/apiregistration/v1/defaults.go`.
"""

from __future__ import annotations

from app.api.objects import Obj
from app.registry.defaults.filling import filled, having, inside

_QUEUING = {"handSize": 8, "queues": 64, "queueLengthLimit": 50}


def api_service(obj: Obj) -> Obj:
    return inside(obj, "spec", lambda spec: inside(spec, "service", lambda found: filled(found, {"port": 443})))


def flow_schema(obj: Obj) -> Obj:
    spec = obj.get("spec", {})
    return having(obj, "spec", spec if spec.get("matchingPrecedence") else {**spec, "matchingPrecedence": 1000})


def priority_level(obj: Obj) -> Obj:
    return inside(obj, "spec", _level)


def _level(spec: Obj) -> Obj:
    spec = inside(spec, "exempt", lambda found: filled(found, {"nominalConcurrencyShares": 0, "lendablePercent": 0}))
    return inside(spec, "limited", _limited)


def _limited(limited: Obj) -> Obj:
    complete = filled(limited, {"nominalConcurrencyShares": 30, "lendablePercent": 0})
    return inside(complete, "limitResponse", lambda found: inside(found, "queuing", lambda it: filled(it, _QUEUING)))
