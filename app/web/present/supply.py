"""What is wanted of workloads and what of it is there, change by change: how long something was missing.

A pod counts as there when it is Ready, is not on its way out, and its machine has power and network. A status may be as
old as the loop that writes it, so pods are counted, not statuses. Pure; called by `tolls`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from app.api.objects import Obj, controller_uid, is_terminating, kind_of, name_of, uid_of
from app.component_helpers import pods
from app.engine.trace import Step, changes_of
from app.web.present.workloads import desired_of

T = TypeVar("T")
WANTING = ("DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")


class _Workload(NamedTuple):
    owner: str  # uid of what made it; "": people did
    wanted: int


class _Pod(NamedTuple):
    owner: str
    node: str
    is_well: bool


class Supply:
    """`is_short`: something wanted is missing now."""

    def __init__(self, state: Iterable[Obj]) -> None:
        self._workloads: dict[str, _Workload] = {}
        self._pods: dict[str, _Pod] = {}  # by uid, as the workloads
        self._dark: dict[str, bool] = {}  # machines
        for obj in state:
            self._take(obj, is_gone=False)
        self.is_short = self._is_short()

    def follow(self, step: Step) -> None:
        moved = [self._take(change.obj, is_gone=change.new is None) for change in changes_of(step)]
        if any(moved):
            self.is_short = self._is_short()

    def _take(self, obj: Obj, *, is_gone: bool) -> bool:
        """Whether it may matter."""
        match kind_of(obj):
            case "Pod":
                return _put(self._pods, uid_of(obj), None if is_gone else _pod(obj))
            case "Machine":
                return _put(self._dark, name_of(obj), None if is_gone or not _is_dark(obj) else True)
            case kind if kind in WANTING:
                return _put(self._workloads, uid_of(obj), None if is_gone or is_terminating(obj) else _workload(obj))
        return False

    def _is_short(self) -> bool:
        well = (pod for pod in self._pods.values() if pod.is_well and pod.node not in self._dark)
        there = Counter(self._root(pod.owner) for pod in well)
        roots = ((uid, it) for uid, it in self._workloads.items() if it.owner not in self._workloads)
        return any(there[uid] < workload.wanted for uid, workload in roots)

    def _root(self, uid: str) -> str:
        found = self._workloads.get(uid)
        return found.owner if found is not None and found.owner in self._workloads else uid


def _put(table: dict[str, T], key: str, value: T | None) -> bool:
    """None takes it out. Whether that changed anything."""
    is_same: bool = table.get(key) == value
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
    return not is_same


def _pod(obj: Obj) -> _Pod:
    return _Pod(controller_uid(obj), pods.node_name(obj), pods.is_ready(obj) and not is_terminating(obj))


def _workload(obj: Obj) -> _Workload:
    if obj["kind"] == "DaemonSet":
        return _Workload(controller_uid(obj), int((obj.get("status") or {}).get("desiredNumberScheduled") or 0))
    return _Workload(controller_uid(obj), desired_of(obj))


def _is_dark(machine: Obj) -> bool:
    spec = machine.get("spec") or {}
    return bool(spec.get("power", "on") != "on" or spec.get("network", "on") == "cut")
