"""PodSandbox: what a kubelet and the container runtime of its machine tell each other about one pod.

An internal kind, the CRI in one object. The kubelet writes `spec` (what it asks for), the runtime writes `status` (what
it did). Containers are maps by name, so that a merge patch touches one container and leaves the rest alone.

    spec:
      nodeName, podName, podUID
      hostNetwork: true            # only for pods on their machine's own address
      serving                      # only where it differs from the default: see app/nodes/network/capacity.py
      ending                       # only once the pod is to end though nobody deleted it: {reason, message}, why it
                                   # fails, graceSeconds, and disrupts: true if its machine needs the room;
                                   # {} when its work is done and only sidecars are left
      containers:
        web:
          image, command           # command and args together
          resources                # requests and limits as they were granted
          memoryLimit: ...         # bytes; only of a program that may pass it
          ends: true               # only of the work of a Job, and of init containers that the others wait for
          stdin: true              # only if somebody may type
          env: {name: value}       # only if the command refers to any; of files by path
          attempt: 0               # the container to run: grows by one at each restart
          pull: 1                  # the n-th pull of the image for this pod; 0: do not pull
          stop:                    # only when it is to end
            atMs: ...              # when SIGTERM is sent: after the preStop hook
            killAtMs: ...          # when SIGKILL follows
            graceSeconds: 30
            asks: true             # only of a hook that ends when the program says so (told), or else at killAtMs
    status:
      ip
      containers:
        web:
          state                    # pulling | pull-failed | creating | running | exited
          attempt, image, pull     # what this state is about
          sinceMs                  # pulling, pull-failed, creating: when that began
          pullMs                   # how long the pull took, if there was one
            foundMs                  # of a program that waits for something: when it found it
            resources                # of a container that was started: what it has
            startedMs, finishedMs, exitCode, reason, message
            memory                   # of a program that takes more and more: {atStart, perSecond}, in bytes
          last                     # how the attempt before ended: {startedMs, finishedMs, exitCode, reason, attempt}
      told:                        # what a program says of itself, written by whoever models it (app/operators)
        web: {attempt, passes, mayGo}   # paths of health checks that are well; whether a preStop hook may end

A sandbox is named after its pod and its machine: after a forced deletion a pod of the same name may start elsewhere
while the old one still runs, as in real clusters.
"""

from __future__ import annotations

from typing import Any

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref
from app.nodes.network import capacity
from app.nodes.runtime.images import Program, program

PULLING, PULL_FAILED, CREATING, RUNNING, EXITED = "pulling", "pull-failed", "creating", "running", "exited"
Container = dict[str, Any]

_MIN_GRACE_SECONDS = 2
_LOST_CODE = 255  # what a runtime says of a container whose end it did not see


def sandbox_ref(namespace: str, pod_name: str, node: str) -> Ref:
    return Ref("PodSandbox", namespace, f"{pod_name}.{node}")


def pod_ref(sandbox: Obj) -> Ref:
    return Ref("Pod", sandbox["metadata"]["namespace"], sandbox["spec"]["podName"])


def program_of(wanted: Container) -> Program:
    """What runs in a container that is asked for."""
    env = tuple(sorted(wanted.get("env", {}).items()))
    return program(wanted["image"], tuple(wanted["command"]), bool(wanted.get("ends")), bool(wanted.get("stdin")), env)


def new_sandbox(pod: Obj, containers: dict[str, Container]) -> Obj:
    """The sandbox that a kubelet creates for `pod` on the node that the pod is bound to."""
    meta, node = pod["metadata"], pod["spec"]["nodeName"]
    ref = sandbox_ref(meta["namespace"], meta["name"], node)
    spec = {"nodeName": node, "podName": meta["name"], "podUID": meta["uid"], "containers": containers}
    if pod["spec"].get("hostNetwork"):
        spec["hostNetwork"] = True
    if serving := capacity.of_pod(pod):
        spec["serving"] = serving
    return {
        "apiVersion": INTERNAL_V1,
        "kind": "PodSandbox",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": spec,
        "status": {},
    }


def wanted_of(sandbox: Obj) -> dict[str, Container]:
    wanted: dict[str, Container] = sandbox["spec"]["containers"]
    return wanted


def known_of(sandbox: Obj) -> dict[str, Container]:
    known: dict[str, Container] = (sandbox.get("status") or {}).get("containers") or {}
    return known


def told(sandbox: Obj, container: str) -> dict[str, Any]:
    """What the program that runs in a container says of itself."""
    said: dict[str, Any] = ((sandbox.get("status") or {}).get("told") or {}).get(container) or {}
    known = known_of(sandbox).get(container)
    return said if known is not None and said.get("attempt") == known["attempt"] else {}


def ending_of(sandbox: Obj) -> dict[str, Any] | None:
    """Why the pod ends though nobody deleted it; None: it goes on."""
    ending: dict[str, Any] | None = sandbox["spec"].get("ending")
    return ending


def ip_of(sandbox: Obj | None) -> str:
    """The pod's address; "" before the runtime gave it one."""
    return ((sandbox or {}).get("status") or {}).get("ip", "") if sandbox else ""


def states(sandbox: Obj) -> dict[str, tuple[Any, ...]]:
    """Per container what a kubelet must answer to: it runs, with which size, it ended, or its image did not come."""
    seen = (RUNNING, EXITED, PULL_FAILED)
    return {
        name: (
            known["state"],
            known["finishedMs"] if known["state"] == EXITED else known["attempt"] + known["pull"],
            known.get("resources"),
        )
        for name, known in known_of(sandbox).items()
        if known["state"] in seen
    }


def stop(now_ms: int, grace_seconds: int, pre_stop_ms: int = 0) -> Container:
    """The `stop` of a container of a sandbox: SIGTERM after the preStop hook, SIGKILL when the grace period is over."""
    kill_at_ms = now_ms + max(grace_seconds, _MIN_GRACE_SECONDS) * 1000
    return {"atMs": min(now_ms + pre_stop_ms, kill_at_ms), "killAtMs": kill_at_ms, "graceSeconds": grace_seconds}


def replacing(old: Container | None, new: Container) -> dict[str, Any]:
    """The merge patch that leaves exactly `new` where `old` was."""
    return {**dict.fromkeys(key for key in old or () if key not in new), **new}


def crashed(sandbox: Obj, container: str, exit_code: int, now_ms: int) -> Obj:
    """`sandbox` after the process of a container ("": of the first) died by itself; as it was if that does not run.

    What the command "crash this container" does: nobody decided it, the next loops only find out.
    """
    container = container or next(iter(wanted_of(sandbox)))
    known = known_of(sandbox).get(container)
    if known is None or known["state"] != RUNNING:
        return sandbox
    died = {**known, "state": EXITED, "finishedMs": now_ms, "exitCode": exit_code, "reason": end_reason(exit_code)}
    status = sandbox["status"]
    return {**sandbox, "status": {**status, "containers": {**status["containers"], container: died}}}


def after_power_loss(sandbox: Obj, died_ms: int) -> Obj:
    """`sandbox` on a machine that starts again: its processes died at `died_ms`. As it was if none ran."""
    ended = {"state": EXITED, "finishedMs": died_ms, "exitCode": _LOST_CODE, "reason": "Unknown"}
    known = known_of(sandbox)
    died = {name: {**each, **ended} if each["state"] == RUNNING else each for name, each in known.items()}
    if died == known:
        return sandbox
    return {**sandbox, "status": {**sandbox["status"], "containers": died}}


def end_reason(exit_code: int) -> str:
    return "Completed" if exit_code == 0 else "Error"
