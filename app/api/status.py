"""What changed in a status: in few words, for the `desired` and `observed` of a StatusOutdated Difference; as a patch.

Every controller that writes a status calls this; nothing here writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Fields = dict[str, Any]


def changed_fields(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> tuple[Fields, Fields]:
    """The fields that differ: as they should be, and as they are. A condition counts as a field of its type's name.

    >>> changed_fields({"replicas": 3, "readyReplicas": 1}, {"replicas": 3})
    ({'readyReplicas': 1}, {'readyReplicas': None})
    """
    desired, observed = _flat(new), _flat(old or {})
    names = [name for name in {**desired, **observed} if desired.get(name) != observed.get(name)]
    return {name: desired.get(name) for name in names}, {name: observed.get(name) for name in names}


def replacing(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch after which there is exactly `new`: maps lose what is not in them any more."""
    patch: dict[str, Any] = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        patch[name] = replacing(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
    return patch


def _flat(status: Mapping[str, Any]) -> Fields:
    fields = {name: value for name, value in status.items() if name != "conditions"}
    for condition in status.get("conditions") or ():
        fields[condition["type"]] = f"{condition['status']} {condition.get('reason', '')}".strip()
    return fields
