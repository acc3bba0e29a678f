"""What a kubelet asks of its runtime for a container: image, command, size, and how it is pulled. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import quantities
from app.api.objects import Obj, controller_of, is_of
from app.component_helpers import pods
from app.nodes.kubelet import environment
from app.nodes.runtime import images
from app.nodes.sandbox import Container
from app.reconcile import Announce

EPHEMERAL = "ephemeralContainers"
_NEVER_PULL = 'Container image "{}" is not present with pull policy of Never'


def request(
    pod: Obj,
    machine: Obj,
    container: dict[str, Any],
    *,
    is_init: bool = False,
    attempt: int = 0,
    pull: int = 1,
    granted: Mapping[str, Any] | None = None,
) -> tuple[Container | None, Announce]:
    """What a kubelet asks of its runtime to have `container` run, and the Event that says so.

    `pull` is the number of a pull, if there must be one; `granted` the size of a container that is not new.
    (None, ...): the image is missing and may not be pulled.
    """
    image = container["image"]
    policy = container.get("imagePullPolicy", "IfNotPresent")
    present = image in ((machine.get("status") or {}).get("images") or {})
    named = about(pod, container, is_init)
    if policy == "Never" and not present:
        return None, Announce(named, "Warning", "ErrImageNeverPull", _NEVER_PULL.format(image))
    command, env = environment.of_command(pod, container, images.command_of(container))
    size = container.get("resources") or {} if granted is None else granted
    wanted: Container = {"image": image, "command": command, "attempt": attempt, "resources": size}
    limit = (size.get("limits") or {}).get("memory")
    if limit is not None and images.program(image).leak_bytes:
        wanted["memoryLimit"] = quantities.value(limit)
    if not pods.is_sidecar(container) and (is_init or is_of(controller_of(pod), "Job")):
        wanted["ends"] = True
    wanted |= {"stdin": True} if container.get("stdin") else {}
    wanted |= {"env": env} if env else {}
    if present and policy != "Always":
        message = f'Container image "{image}" already present on machine'
        return {**wanted, "pull": 0}, Announce(named, "Normal", "Pulled", message)
    return {**wanted, "pull": pull}, Announce(named, "Normal", "Pulling", f'Pulling image "{image}"')


def about(pod: Obj, container: dict[str, Any], is_init: bool = False) -> Obj:
    """The pod as the object of an Event that is about one container."""
    return {**pod, "fieldPath": f"spec.{part_of(pod, container, is_init)}{{{container['name']}}}"}


def part_of(pod: Obj, container: dict[str, Any], is_init: bool) -> str:
    """Where in the spec it stands."""
    if is_init:
        return "initContainers"
    added = pod["spec"].get(EPHEMERAL) or ()
    return EPHEMERAL if any(each["name"] == container["name"] for each in added) else "containers"
