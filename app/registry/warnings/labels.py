"""Labels of nodes that have newer names, wherever nodes are chosen by them.

Models kubernetes `pkg/api/node/util.go` and `pkg/api/storage/util.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.objects import Obj
from app.registry.validation import metadata

_OLD = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def of_key(field: str, key: str) -> Iterator[str]:
    """Where the field itself does not name it."""
    if key in _OLD:
        yield f"{field}: {key} is {_OLD[key]}"


def of_map(selector: Obj, field: str) -> Iterator[str]:
    """A `nodeSelector` of a pod."""
    return (f"{field}[{key}]: {_OLD[key]}" for key in selector if key in _OLD)


def of_term(term: Obj, field: str, *, check_values: bool = False) -> Iterator[str]:
    """A NodeSelectorTerm. `check_values`: of a preferred one validation leaves the values alone."""
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        at = f"{field}.matchExpressions[{index}]"
        yield from of_key(f"{at}.key", expression.get("key", ""))
        for position, value in enumerate(expression.get("values") or ()) if check_values else ():
            for problem in metadata.label_value_problems(value):
                yield f"{at}.values[{position}]: {value} is invalid, {problem}"


def of_runtime_class(obj: Obj) -> Iterator[str]:
    selector = (obj.get("scheduling") or {}).get("nodeSelector") or {}
    return (f"scheduling.nodeSelector: {_OLD[key]}" for key in selector if key in _OLD)


def of_storage_class(obj: Obj) -> Iterator[str]:
    for index, topology in enumerate(obj.get("allowedTopologies") or ()):
        for position, expression in enumerate(topology.get("matchLabelExpressions") or ()):
            if (key := expression.get("key", "")) in _OLD:
                yield f"allowedTopologies[{index}].matchLabelExpressions[{position}].key: {_OLD[key]}"


def of_storage_capacity(obj: Obj) -> Iterator[str]:
    selector: dict[str, Any] = obj.get("nodeTopology") or {}
    yield from of_term(selector, "nodeTopology")
    for key in selector.get("matchLabels") or ():
        if key in _OLD:
            yield f"nodeTopology.matchLabels.{key}: {_OLD[key]}"
