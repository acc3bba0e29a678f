"""What is broken at the moment: processes that do not run, requests and watches that do not get through.

The engine asks here before every step. Faults are not set by hand: they follow two internal objects that commands
patch, so they are in the store, the trace and the journal like everything else.

    Machine/node-1                spec: power "on" | "off", network "on" | "cut"
    ControlPlane/control-plane    see app/api/control_plane.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.control_plane import ANY_KIND, CONTROL_PLANE, OF_LOOPS
from app.api.parts import Part
from app.apiserver.store import Change

_REFUSED = "dial tcp 10.96.0.1:443: connect: connection refused"
_TIMED_OUT = "dial tcp 10.96.0.1:443: i/o timeout"


class Faults(Part):
    STATE = ("_cut", "_dark", "_spec", "at_home", "of_loops")

    def __init__(self) -> None:
        self._spec: Mapping[str, Any] = {}
        self.of_loops = False  # something is broken of single loops
        self._dark: set[str] = set()  # machines without power
        self._cut: set[str] = set()  # machines without network
        self.at_home: dict[str, str] = {}  # loops that run in a pod, and the machine of that

    def follow(self, change: Change) -> None:
        """Take over what a change of a Machine or of the ControlPlane says."""
        spec = (change.new or {}).get("spec") or {}
        if change.ref == CONTROL_PLANE:
            self._spec = spec
            self.of_loops = any(spec.get(fault) for fault in OF_LOOPS)
            return
        if change.ref.kind != "Machine":
            return
        _mark(self._dark, change.ref.name, spec.get("power") == "off" or change.new is None)
        _mark(self._cut, change.ref.name, spec.get("network") == "cut")

    def copy(self) -> Faults:
        copied = Faults()
        copied._spec, copied.of_loops = self._spec, self.of_loops
        copied._dark, copied._cut = set(self._dark), set(self._cut)
        copied.at_home = dict(self.at_home)
        return copied

    @property
    def api_down(self) -> bool:
        return self._spec.get("apiServer") == "down"

    def is_frozen(self, actor: str) -> bool:
        """Its process does not run."""
        return bool(self._of("stopped", actor)) or self._machine(actor) in self._dark

    def obstacle(self, actor: str) -> str:
        """Why a request of `actor` does not get through to the API server; "" if it does."""
        if self.api_down:
            return _REFUSED
        return _TIMED_OUT if self._machine(actor) in self._cut else ""

    def is_silent(self, node: str) -> bool:
        """No sign of life comes from that machine, and sooner or later somebody will notice."""
        return node in self._dark or node in self._cut or self.is_frozen(f"kubelet-node-status/{node}")

    def is_edge_triggered(self, actor: str) -> bool:
        return bool(self._of("edge", actor))

    def is_on_call(self, actor: str) -> bool:
        """Somebody acts in its place."""
        return bool(self._of("onCall", actor))

    def watch_delay_ms(self, actor: str) -> int:
        return int(self._of("watchDelayMs", actor) or 0)

    def drop_every(self, actor: str) -> int:
        """0: nothing is lost."""
        return int(self._of("dropEvery", actor) or 0)

    def drops_next(self, actor: str, kind: str) -> bool:
        return self._of("dropNext", actor) in (ANY_KIND, kind)

    def crashes_midway(self, actor: str) -> bool:
        return bool(self._of("crashMidway", actor))

    def is_stale(self, actor: str) -> bool:
        return bool(self._of("staleUntilMs", actor))

    def is_doubled(self, actor: str) -> bool:
        return bool(self._of("doubled", actor))

    def over(self, fault: str, actor: str) -> dict[str, Any]:
        """What to patch the ControlPlane with once that fault has struck, or its time is over; {}: it is over."""
        table = self._spec.get(fault) or {}
        names = [name for name in (actor, actor.partition("/")[0]) if name in table]
        return {"spec": {fault: dict.fromkeys(names)}} if names else {}

    def stale_until(self) -> Mapping[str, int]:
        """When whose caches go on."""
        return self._spec.get("staleUntilMs") or {}

    def _of(self, fault: str, actor: str) -> Any:
        table = self._spec.get(fault) if self.of_loops else None
        if not table:
            return None
        return table.get(actor) or table.get(actor.partition("/")[0])

    def _machine(self, actor: str) -> str:
        """That it runs on; "" for a loop of the control plane."""
        return actor.partition("/")[2] or self.at_home.get(actor, "")


def _mark(names: set[str], name: str, is_so: bool) -> None:
    if is_so:
        names.add(name)
    else:
        names.discard(name)
