"""Hooks: how long one takes, whether a postStart hook succeeds, and whether a preStop hook ends only when the program
of its container says so.

Called by the kubelet when it starts and stops a container (kubelet.py, containers.py). A command is read as those of
containers are; beside that, that it leaves at once if a file of the downward API holds something, and that it asks its
own program whether it may go (`rabbitmq-upgrade await_online_quorum_plus_one`), which that one answers through its
machine (app/nodes/sandbox.py: told). Models `startContainer` and `executePreStopHook` in
kubernetes/pkg/kubelet/kuberuntime/kuberuntime_container.go, and kubernetes/pkg/kubelet/lifecycle/handlers.go.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from app.api.objects import Obj, labels_of
from app.nodes.kubelet import probes
from app.nodes.runtime import images
from app.nodes.runtime.commands.course import Course
from app.nodes.runtime.commands.programs import FOR_EVER_MS

_ASKS_ITS_PROGRAM = re.compile(r"\brabbitmq-upgrade await_online_quorum_plus_one\b")
_LEAVES_IF = re.compile(r'\[ ! -z "\$\(cat (/\S+)\)" \]; then exit 0; fi')
_LABEL = re.compile(r"metadata\.labels\['(.+)'\]")


class PostStart(NamedTuple):
    ends_ms: int  # nothing ends it before the container does: then that is never
    error: str  # "": it succeeds

    def failed(self, at_ms: int) -> bool:
        return bool(self.error) and self.ends_ms <= at_ms


def post_start(pod: Obj, target: probes.Target) -> PostStart | None:
    """How the postStart hook of a container goes that has started; None: it has none."""
    container = target.container
    hook = (container.get("lifecycle") or {}).get("postStart") or {}
    name, meta = container["name"], pod["metadata"]
    about = f'for Container "{name}" in Pod "{meta["name"]}_{meta["namespace"]}({meta["uid"]})" failed - error:'
    if "exec" in hook:
        command = hook["exec"].get("command") or ()
        goes = images.run_inside(container["image"], command)
        words = " ".join(command)
        error = f"Exec lifecycle hook ([{words}]) {about} command '{words}' exited with {goes.code}: , message: \"\""
        return PostStart(target.started_ms + _ms(goes), error if goes.code else "")
    if "httpGet" in hook:
        error = probes.get_error(hook["httpGet"], target, target.started_ms)
        text = f"HTTP lifecycle hook ({hook['httpGet'].get('path', '')}) {about} {error}"
        return PostStart(target.started_ms, text if error else "")
    return PostStart(target.started_ms + 1000 * hook["sleep"].get("seconds", 0), "") if "sleep" in hook else None


def pre_stop_ms(container: dict[str, Any]) -> int:
    """How long the preStop hook of a container takes: its grace period cuts off whatever takes longer."""
    hook = (container.get("lifecycle") or {}).get("preStop") or {}
    if "sleep" in hook:
        seconds: int = hook["sleep"].get("seconds", 0)
        return seconds * 1000
    command = (hook.get("exec") or {}).get("command")
    return _ms(images.run_inside(container["image"], command)) if command else 0


def _ms(goes: Course) -> int:
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
