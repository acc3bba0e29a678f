"""What a person can do to a cluster. Each command is frozen data, and goes through the API server like any client.

A command is the only input a cluster has besides its seed, so a journal of commands replays it. On the wire and in the
journal a command is a JSON object `{"do": "scale", ...}`.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

from app.api import errors
from app.api.objects import Ref


@dataclass(frozen=True, slots=True)
class Command:
    do: ClassVar[str]
    physical: ClassVar[bool] = False  # done to machines and processes: needs no API server

    def to_json(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"do": self.do} | {name: _plain(value) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Bootstrap(Command):
    """The first command of every cluster: its namespaces and machines, spread over `zones` zones (0: none is named)."""

    do: ClassVar[str] = "bootstrap"
    physical: ClassVar[bool] = True
    nodes: int = 3
    latencies: str = "textbook"
    cpu: str = "4"
    memory: str = "8Gi"
    zones: int = 0


@dataclass(frozen=True, slots=True)
class Apply(Command):
    """`kubectl apply -f -`: every document of `text`, or nothing if one is refused."""

    do: ClassVar[str] = "apply"
    text: str
    namespace: str = "default"


@dataclass(frozen=True, slots=True)
class DeleteObject(Command):
    do: ClassVar[str] = "delete"
    ref: Ref
    grace_seconds: int | None = None
    propagation: str | None = None
    uid: str = ""  # preconditions: only if it is still that one, at that version
    resource_version: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class CrashContainer(Command):
    """The process of a container exits, as if it had a bug. The pod stays."""

    do: ClassVar[str] = "crash"
    physical: ClassVar[bool] = True
    ref: Ref
    container: str = ""  # the first one
    exit_code: int = 1


@dataclass(frozen=True, slots=True)
class Scale(Command):
    do: ClassVar[str] = "scale"
    ref: Ref
    replicas: int


@dataclass(frozen=True, slots=True)
class SetImage(Command):
    do: ClassVar[str] = "image"
    ref: Ref
    image: str
    container: str = ""  # the first one


@dataclass(frozen=True, slots=True)
class SetLabel(Command):
    """`kubectl label --overwrite`; an empty value None removes the label."""

    do: ClassVar[str] = "label"
    ref: Ref
    label: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class RolloutUndo(Command):
    do: ClassVar[str] = "undo"
    ref: Ref
    to_revision: int = 0  # the one before the current


@dataclass(frozen=True, slots=True)
class RolloutRestart(Command):
    do: ClassVar[str] = "restart"
    ref: Ref


@dataclass(frozen=True, slots=True)
class Suspend(Command):
    """A Job's or CronJob's `spec.suspend`."""

    do: ClassVar[str] = "suspend"
    ref: Ref
    suspended: bool = True


@dataclass(frozen=True, slots=True)
class RunNow(Command):
    """`kubectl create job NAME --from=cronjob/...`; without a name it gets one by counting."""

    do: ClassVar[str] = "run-now"
    ref: Ref
    job: str = ""


@dataclass(frozen=True, slots=True)
class Cordon(Command):
    do: ClassVar[str] = "cordon"
    node: str
    unschedulable: bool = True


@dataclass(frozen=True, slots=True)
class Drain(Command):
    """Cordon a node and evict its pods, as `kubectl drain --ignore-daemonsets` does, but once: whom a disruption budget
    protects stays until it is asked again."""

    do: ClassVar[str] = "drain"
    node: str


@dataclass(frozen=True, slots=True)
class SetLatencies(Command):
    do: ClassVar[str] = "latencies"
    physical: ClassVar[bool] = True
    preset: str


# What breaks, and is mended, without asking anybody. An `actor` is one loop: "deployment-controller", "kubelet/node-1",
# or "kubelet" for those of every machine.


@dataclass(frozen=True, slots=True)
class PowerNode(Command):
    do: ClassVar[str] = "power"
    physical: ClassVar[bool] = True
    node: str
    on: bool = False


@dataclass(frozen=True, slots=True)
class CutNetwork(Command):
    """The machine goes on, but reaches nobody and is reached by nobody."""

    do: ClassVar[str] = "cut"
    physical: ClassVar[bool] = True
    node: str
    cut: bool = True


@dataclass(frozen=True, slots=True)
class SlowNode(Command):
    """Everything takes `factor` times as long on that machine; 1 is normal."""

    do: ClassVar[str] = "slow"
    physical: ClassVar[bool] = True
    node: str
    factor: int = 5


@dataclass(frozen=True, slots=True)
class FillDisk(Command):
    do: ClassVar[str] = "disk"
    physical: ClassVar[bool] = True
    node: str
    full: bool = True


@dataclass(frozen=True, slots=True)
class AddNode(Command):
    do: ClassVar[str] = "add-node"
    physical: ClassVar[bool] = True
    zone: str = ""
    cpu: str = "4"
    memory: str = "8Gi"


@dataclass(frozen=True, slots=True)
class RemoveNode(Command):
    """The machine is gone for good. Its Node object stays until a loop, or somebody, deletes it."""

    do: ClassVar[str] = "remove-node"
    physical: ClassVar[bool] = True
    node: str


@dataclass(frozen=True, slots=True)
class FailZone(Command):
    """All machines of a zone lose power, or get it back."""

    do: ClassVar[str] = "zone"
    physical: ClassVar[bool] = True
    zone: str
    failed: bool = True


@dataclass(frozen=True, slots=True)
class ApiServerDown(Command):
    do: ClassVar[str] = "api-server"
    physical: ClassVar[bool] = True
    down: bool = True


@dataclass(frozen=True, slots=True)
class StopController(Command):
    do: ClassVar[str] = "stop-controller"
    physical: ClassVar[bool] = True
    actor: str
    stopped: bool = True


@dataclass(frozen=True, slots=True)
class CrashController(Command):
    """The process dies and starts again at once: queue, caches, memory and what it was in the middle of are lost."""

    do: ClassVar[str] = "crash-controller"
    physical: ClassVar[bool] = True
    actor: str


@dataclass(frozen=True, slots=True)
class DelayWatch(Command):
    do: ClassVar[str] = "delay-watch"
    physical: ClassVar[bool] = True
    actor: str
    delay_ms: int = 0  # beside the usual latency; 0: as usual


@dataclass(frozen=True, slots=True)
class DropEvents(Command):
    do: ClassVar[str] = "drop-events"
    physical: ClassVar[bool] = True
    actor: str
    every: int = 0  # the n-th event of its watches is lost; 0: none


@dataclass(frozen=True, slots=True)
class EdgeTriggered(Command):
    """The loop goes by the events it gets alone, and does not notice when one is lost."""

    do: ClassVar[str] = "edge"
    physical: ClassVar[bool] = True
    actor: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class Chaos(Command):
    """Something random breaks so often; 0: no more."""

    do: ClassVar[str] = "chaos"
    physical: ClassVar[bool] = True
    per_minute: int = 0


@dataclass(frozen=True, slots=True)
class SetTraffic(Command):
    """People use a Service, `rps` requests a second; 0: nobody. `pattern` is steady, ramp or spike, `path` node-port or
    direct."""

    do: ClassVar[str] = "traffic"
    physical: ClassVar[bool] = True
    ref: Ref
    rps: int
    pattern: str = "steady"
    path: str = "node-port"


# What API clients ask for over HTTP (app/web/kube). Objects and patches are JSON text; `who` is the client as it names
# itself ("kubectl"), `field_manager` whose fields these are in server-side apply.


@dataclass(frozen=True, slots=True)
class CreateObject(Command):
    """POST. The object has been decoded; it need not have a name yet (generateName)."""

    do: ClassVar[str] = "create"
    obj: str
    field_manager: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class ReplaceObject(Command):
    """PUT, of the object or of one of its subresources: status, scale, finalize."""

    do: ClassVar[str] = "replace"
    ref: Ref
    obj: str
    subresource: str = ""
    field_manager: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class PatchObject(Command):
    """PATCH. `patch_type` is json, merge, strategic or apply; only apply creates what is not there."""

    do: ClassVar[str] = "patch"
    ref: Ref
    patch_type: str
    patch: str
    subresource: str = ""
    field_manager: str = ""
    force: bool = False  # take fields from other managers (apply)
    validation: str = "Warn"  # of unknown fields: Strict, Warn or Ignore
    who: str = ""
    api_version: str = ""  # what the patch is written for, if not for the stored version


@dataclass(frozen=True, slots=True)
class DeleteCollection(Command):
    """DELETE of all that match. `namespace` is "" for every one."""

    do: ClassVar[str] = "delete-collection"
    kind: str
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    grace_seconds: int | None = None
    propagation: str | None = None
    who: str = ""


@dataclass(frozen=True, slots=True)
class BindPod(Command):
    do: ClassVar[str] = "bind"
    ref: Ref
    node: str
    uid: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class EvictPod(Command):
    """What `kubectl drain` does to each pod of a node."""

    do: ClassVar[str] = "evict"
    ref: Ref
    grace_seconds: int | None = None
    uid: str = ""
    who: str = ""


COMMANDS: dict[str, type[Command]] = {
    command.do: command
    for command in (
        Bootstrap, Apply, DeleteObject, CrashContainer, Scale, SetImage, SetLabel, RolloutUndo, RolloutRestart,
        Suspend, RunNow, Cordon, Drain, SetLatencies, CreateObject, ReplaceObject, PatchObject, DeleteCollection,
        BindPod, EvictPod, PowerNode,
        CutNetwork, SlowNode, FillDisk, AddNode, RemoveNode, FailZone, ApiServerDown, StopController, CrashController,
        DelayWatch, DropEvents, EdgeTriggered, Chaos, SetTraffic,
    )
}  # fmt: skip


def command_from_json(data: dict[str, Any]) -> Command:
    """Raises BadRequest that names the field which is unknown, missing or of the wrong type."""
    kind = COMMANDS.get(data.get("do", ""))
    if kind is None:
        raise errors.BadRequest(f'unknown command "{data.get("do", "")}": one of {", ".join(COMMANDS)}')
    known = {field.name: field for field in fields(kind)}
    for name in data:
        if name != "do" and name not in known:
            raise errors.BadRequest(f'unknown field "{name}" of command "{kind.do}"')
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in data:
            values[name] = _typed(kind.do, name, str(field.type), data[name])
        elif field.default is MISSING:
            raise errors.BadRequest(f'command "{kind.do}" needs the field "{name}"')
    return kind(**values)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Ref) else value


def _typed(command: str, name: str, type_: str, value: Any) -> Any:
    if type_ == "Ref":
        if isinstance(value, (list, tuple)) and len(value) == 3 and all(isinstance(part, str) for part in value):
            return Ref(*value)
        raise errors.BadRequest(f'field "{name}" of command "{command}" must be [kind, namespace, name]')
    if value is None and type_.endswith("None"):
        return None
    wanted = {"str": str, "int": int, "bool": bool}[type_.split(" ")[0]]
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise errors.BadRequest(f'field "{name}" of command "{command}" must be of type {wanted.__name__}')
    return value
