"""preStop hooks: how long one takes, and whether it ends only when the program of its container says so.

Called by the kubelet when it stops a container (kubelet.py, containers.py). Of a command it reads as much as says that:
what it sleeps; that it leaves at once if a file of the downward API holds something; and that it asks its own program
whether it may go (`rabbitmq-upgrade await_online_quorum_plus_one`), which that one answers through its machine
(app/nodes/sandbox.py: told). Models `runPreStopHook` in kubernetes/pkg/kubelet/kuberuntime/kuberuntime_container.go.
"""

from __future__ import annotations

import re
from typing import Any

from app.api.objects import Obj, labels_of
from app.nodes.runtime.commands.course import NOTHING, course
from app.nodes.runtime.commands.programs import FOR_EVER_MS

_ASKS_ITS_PROGRAM = re.compile(r"\brabbitmq-upgrade await_online_quorum_plus_one\b")
_LEAVES_IF = re.compile(r'\[ ! -z "\$\(cat (/\S+)\)" \]; then exit 0; fi')
_LABEL = re.compile(r"metadata\.labels\['(.+)'\]")


def pre_stop_ms(container: dict[str, Any]) -> int:
    """How long the preStop hook of a container takes: its grace period cuts off whatever takes longer."""
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    if "sleep" in hook:
        seconds: int = hook["sleep"].get("seconds", 0)
        return seconds * 1000
    command = (hook.get("exec") or {}).get("command") or ()
    goes = course(command) if command else NOTHING
    return FOR_EVER_MS if goes.ms is None else goes.ms


def asks_its_program(pod: Obj, container: dict[str, Any]) -> bool:
    """It ends when the program allows it, and not before the grace period does unless it is allowed."""
    script = _script(container)
    if not _ASKS_ITS_PROGRAM.search(script):
        return False
    leaves = _LEAVES_IF.search(script)
    return leaves is None or not _content(pod, container, leaves[1])


def _script(container: dict[str, Any]) -> str:
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    return " ".join((hook.get("exec") or {}).get("command") or ())


def _content(pod: Obj, container: dict[str, Any], path: str) -> str:
    """Of a file into which the downward API writes a label of the pod; "" if there is none."""
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        folder = mount["mountPath"].rstrip("/") + "/"
        for item in (volumes.get(mount["name"], {}).get("downwardAPI") or {}).get("items") or ():
            label = _LABEL.fullmatch((item.get("fieldRef") or {}).get("fieldPath", ""))
            if label is not None and folder + item["path"] == path:
                return labels_of(pod).get(label[1], "")
    return ""
