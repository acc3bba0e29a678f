"""Back-off: how long a kubelet waits before it restarts a container or pulls an image again, and what it remembers.

Called by app/nodes/kubelet/containers.py. The first restart is immediate, then 10, 20, 40, 80, 160, 300, 300 s after
the exit, and from the start again after a run of 600 s. Pulls: 10 s doubling to 300 s. Models `doBackOff` in
kubernetes/pkg/kubelet/kuberuntime/kuberuntime_manager.go, and kubernetes/pkg/kubelet/images/image_manager.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from app.nodes.kubelet.probes import ProbeRun
from app.nodes.sandbox import Container

_FIRST_MS, _CAP_MS = 10_000, 300_000
_FORGIVEN_MS = 600_000
NOTICE_MS = 1_000  # between an exit (or a failed pull) being shown and the wait for the next try


class Crash(NamedTuple):
    """The last exit of a container that is to be restarted."""

    attempt: int
    noticed_ms: int
    delay_ms: int  # from the exit to the restart


class FailedPull(NamedTuple):
    image: str
    pull: int  # the n-th for this container
    noticed_ms: int


class Memory(NamedTuple):
    """What a kubelet holds in memory about one pod, by container. Lost when the kubelet restarts."""

    crashes: Mapping[str, Crash] = {}
    pulls: Mapping[str, FailedPull] = {}
    probes: Mapping[str, Mapping[str, ProbeRun]] = {}

    def with_crash(self, name: str, crash: Crash) -> Memory:
        return self._replace(crashes={**self.crashes, name: crash})

    def with_pull(self, name: str, pull: FailedPull) -> Memory:
        return self._replace(pulls={**self.pulls, name: pull})

    def with_probes(self, name: str, runs: Mapping[str, ProbeRun]) -> Memory:
        """The same memory if it holds just these."""
        if self.probes.get(name, {}) == runs:
            return self
        return self._replace(probes={**without(self.probes, name), **({name: runs} if runs else {})})


Value = TypeVar("Value")


def without(mapping: Mapping[str, Value], name: str) -> dict[str, Value]:
    return {key: value for key, value in mapping.items() if key != name}


def crash(previous: Crash | None, ended: Container, now_ms: int) -> Crash:
    """The exit of `ended`, a container of a sandbox, as seen now for the first time."""
    ran_ms = ended["finishedMs"] - ended["startedMs"]
    if previous is None or ran_ms >= _FORGIVEN_MS:
        return Crash(ended["attempt"], now_ms, delay_ms=0)
    return Crash(ended["attempt"], now_ms, min(2 * previous.delay_ms, _CAP_MS) or _FIRST_MS)


def is_restarted(policy: str, exit_code: int) -> bool:
    """`policy` is the restartPolicy: Always, OnFailure or Never."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def rule_says(container: Mapping[str, Any], exit_code: int) -> bool:
    """Whether a rule of the container has it started again after this exit, whatever its policy."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        if (exit_code in (codes.get("values") or ())) == (codes.get("operator") == "In"):
            return bool(rule["action"] == "Restart")
    return False


def pull_delay_ms(pull: int) -> int:
    """From the failure of the n-th pull to the next try."""
    return min(_FIRST_MS << min(pull - 1, 10), _CAP_MS)


def duration_text(duration_ms: int) -> str:
    """As Go prints a time.Duration: `512ms`, `1.2s`, `2m40s`, `5m0s`."""
    if duration_ms < 1000:
        return f"{duration_ms}ms" if duration_ms else "0s"
    minutes, rest_ms = divmod(duration_ms, 60_000)
    seconds = f"{rest_ms / 1000:.3f}".rstrip("0").rstrip(".")
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{seconds}s"
