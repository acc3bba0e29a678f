"""container-runtime: one loop per machine that makes its containers be what the kubelet asked for in a PodSandbox.

It pulls images, starts programs, notices when they end, and stops them on request: SIGTERM, then SIGKILL at the end of
the grace period. What programs do is in app/nodes/runtime/images.py, the shape of a PodSandbox in app/nodes/sandbox.py.
It knows nothing of pods, restarts or probes: those are the kubelet's. Models the CRI of kubernetes/cri-api
`pkg/apis/runtime/v1` as containerd serves it.

One sandbox is worked on at a time (`concurrency` 1), and its own writes are seen at once, since every machine has a
single book of addresses (CNI's host-local IPAM holds a lock just so): two sandboxes must not take the same one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from app.api.messages import N_, Message, Saying, message
from app.api.names import short_name
from app.api.objects import Obj, Ref, ref_of
from app.nodes import sandbox
from app.nodes.runtime import images, waiting
from app.nodes.runtime.images import Durations, Program
from app.nodes.sandbox import CREATING, EXITED, PULL_FAILED, PULLING, RUNNING, Container
from app.reconcile import BACKGROUND, Action, Cache, Controller, Difference, Patch, Reader, RequeueAfter, itself

_LAST = ("startedMs", "finishedMs", "exitCode", "reason", "message", "attempt")
_START_ERROR = "StartError"
_LONG_MS = 300_000  # a program that runs on for longer does not keep a cluster from being quiet
_SIGKILL_CODE = 137
_FIRST_HOST = 2  # .1 is the machine's end of the pod network
_ADDRESS_RETRY_MS = 10_000


@dataclass(frozen=True, slots=True)
class SandboxSeen:
    sandbox: Obj
    machine: Obj
    ip: str  # its address, or the one it is given now; "" if none is free
    now_ms: int
    finds: frozenset[str] = frozenset()  # the containers for whose programs all is there that they wait for


_DONE = {
    "PodSandbox pulling": N_("It pulls the image of %(name)s."),
    "PodSandbox pull-failed": N_("It could not pull the image of %(name)s."),
    "PodSandbox creating": N_("It makes the container of %(name)s."),
    "PodSandbox running": N_("It starts: the container of %(name)s runs."),
    "PodSandbox exited": N_("The container of %(name)s has ended."),
    "Machine": N_("It keeps the image on %(name)s."),
}


class ContainerRuntime(Controller[SandboxSeen]):
    name = "container-runtime"
    title = N_("Runtime")
    subject = N_("The container runtime of %(node)s")
    lane = 110
    reconciles = "PodSandbox"
    assumes = True
    says = {
        "ContainerMissing": Saying(
            N_("A container of %(about)s is asked for, and not there."), N_("not started yet"), _DONE
        ),
        "ImagePulling": Saying(N_("The image of %(about)s is being pulled."), N_("pulling the image"), _DONE),
        "PullRequested": Saying(N_("The image of %(about)s is to be pulled again."), N_("pull again"), _DONE),
        "ContainerStarting": Saying(N_("The container of %(about)s is starting."), N_("starting"), _DONE),
        "RestartRequested": Saying(N_("The container of %(about)s is to start again."), N_("start again"), _DONE),
        "StopRequested": Saying(N_("The container of %(about)s is to stop."), N_("told to stop"), _DONE),
        "ProgramEnds": Saying(N_("The program of %(about)s does not run for ever."), N_("the end"), _DONE),
        "ProgramWaits": Saying(N_("The program of %(about)s waits for something that is not there."), N_("waits")),
        "ResizeRequested": Saying(
            N_("A container of %(about)s is to have another size."),
            N_("another size"),
            {"PodSandbox": N_("It gives the container of %(name)s the size it was granted.")},
        ),
        "NoFreeAddress": Saying(N_("No address is free for %(about)s on this node."), N_("no free address")),
    }
    labels = {"sandbox": N_("what runs here")}

    def __init__(self, node: str) -> None:
        self.instance = node
        self.wakes = (itself("PodSandbox"),)
        self.reads = (
            Cache(
                "PodSandbox",
                field_selector=("spec.nodeName", node),
                sees=_asked,
                totals={"address": _address, "addressed": _addressed},
            ),
            Cache("Machine", field_selector=("metadata.name", node)),
        )

    def observe(self, key: Ref, reader: Reader) -> SandboxSeen | None:
        found, machine = reader.get(key), reader.get(Ref("Machine", "", self.instance))
        if found is None or machine is None:
            return None
        ip = sandbox.ip_of(found) or _free_address(found, machine, reader)
        return SandboxSeen(found, machine, ip, reader.now_ms, waiting.finds(found, reader))

    @staticmethod
    def saw(seen: SandboxSeen) -> Message:
        wanted = len(sandbox.wanted_of(seen.sandbox))
        text = N_("%(who)s looks at %(name)s; containers asked for: %(n)s.")
        return message(text, name=short_name("Pod", sandbox.pod_ref(seen.sandbox).name), n=wanted)

    def diff(self, seen: SandboxSeen) -> Iterable[Difference]:
        if not seen.ip:
            actions = (RequeueAfter(_ADDRESS_RETRY_MS, "a free address"),)
            yield Difference(ref_of(seen.sandbox), "status.ip", "an address", "", "NoFreeAddress", actions)
            return
        for name, wanted in sandbox.wanted_of(seen.sandbox).items():
            yield from _container(seen, name, wanted)


def _container(seen: SandboxSeen, name: str, wanted: Container) -> Iterator[Difference]:
    known = sandbox.known_of(seen.sandbox).get(name)
    program = sandbox.program_of(wanted)
    present = wanted["image"] in _images(seen.machine)
    durations = images.durations_of(seen.machine)
    world = World(program, durations, present, seen.now_ms, name in seen.finds)
    new, due_ms = advance(known, wanted, world)
    actions: list[Action] = []
    if new is not known:
        assert new is not None
        status = {"ip": seen.ip, "containers": {name: sandbox.replacing(known, new)}}
        actions.append(Patch(ref_of(seen.sandbox), {"status": status}))
        if "pullMs" in new and not present:
            pulled = {"status": {"images": {wanted["image"]: program.size_bytes}}}
            actions.append(Patch(ref_of(seen.machine), pulled))
    wait = (
        None if due_ms is None else RequeueAfter(due_ms - seen.now_ms, _WAITS_FOR.get(new["state"] if new else "", ""))
    )
    long = wait is not None and wait.delay_ms > _LONG_MS
    if wait is not None and not long:
        actions.append(wait)
    field, observed = f"status.containers.{name}.state", known["state"] if known else ""
    if actions:
        desired = EXITED if "stop" in wanted or observed == RUNNING else RUNNING
        yield Difference(ref_of(seen.sandbox), field, desired, observed, _reason(known, wanted), tuple(actions))
    if new is not None and wait is None and waiting.waits(new, program):
        look = RequeueAfter(waiting.pause_ms(new, program, seen.now_ms), "what the program waits for")
        yield Difference(ref_of(seen.sandbox), field, "found", "not there", "ProgramWaits", (look,), pace=BACKGROUND)
    if wait is not None and long:
        yield Difference(ref_of(seen.sandbox), field, EXITED, RUNNING, "ProgramEnds", (wait,), pace=BACKGROUND)


_WAITS_FOR = {PULLING: N_("image pull"), CREATING: N_("container start"), RUNNING: N_("end of the program")}


def _reason(known: Container | None, wanted: Container) -> str:
    if "stop" in wanted:
        return "StopRequested"
    if known is None:
        return "ContainerMissing"
    if known["state"] == RUNNING and _is_resized(known, wanted):
        return "ResizeRequested"
    if known["state"] == RUNNING:
        return "ProgramEnds"
    return {PULLING: "ImagePulling", PULL_FAILED: "PullRequested", CREATING: "ContainerStarting"}.get(
        known["state"], "RestartRequested"
    )


# ------------------------------------------------------------------------------------- a container in time


class World(NamedTuple):
    """What decides how a container goes on."""

    program: Program
    durations: Durations
    present: bool  # the machine has the image
    now_ms: int
    finds: bool = False  # all is there that the program waits for


def advance(known: Container | None, wanted: Container, world: World) -> tuple[Container | None, int | None]:
    """What the container is by now, and when it will be something else (None: not by itself).

    Goes through as many states as the time that passed allows, each starting when the one before was over; the same
    object comes back if nothing changed.
    """
    while True:
        due_ms = _due_ms(known, wanted, world)
        if due_ms is None or due_ms > world.now_ms:
            return known, due_ms
        known = _next(known, wanted, world, due_ms)


def _due_ms(known: Container | None, wanted: Container, world: World) -> int | None:
    """When the state that `known` is in ends."""
    if known is not None and known["state"] == RUNNING:
        is_over = _finds(known, world) or _is_resized(known, wanted)
        return world.now_ms if is_over else _end(known, wanted, world).at_ms
    if "stop" in wanted:
        return None  # it never ran, or has ended: nothing to stop, and nothing to start either
    if known is None or known["attempt"] < wanted["attempt"]:
        return world.now_ms
    match known["state"]:
        case "pulling":
            since: int = known["sinceMs"]
            return since + world.durations.pull_ms(world.program, world.present)
        case "pull-failed":
            again = (wanted["image"], wanted["pull"]) != (known["image"], known["pull"])
            return world.now_ms if again else None
        case "creating":
            since = known["sinceMs"]
            return since + world.durations.start_ms
    return None


def _next(known: Container | None, wanted: Container, world: World, at_ms: int) -> Container:
    """The state that begins at `at_ms`, when `known` ends."""
    state = known["state"] if known is not None and known["attempt"] == wanted["attempt"] else ""
    about = {key: wanted[key] for key in ("attempt", "image", "pull")}
    if known is not None and "last" in known:
        about["last"] = known["last"]
    if known is not None and state == RUNNING and _is_resized(known, wanted):
        return {**known, "resources": wanted["resources"]}
    if known is not None and state == RUNNING:
        if _finds(known, world):
            return {**known, "foundMs": at_ms}
        end = _end(known, wanted, world)
        error = {"message": images.start_error(world.program.missing)} if end.reason == _START_ERROR else {}
        return {**known, **error, "state": EXITED, "finishedMs": at_ms, "exitCode": end.code, "reason": end.reason}
    if known is not None and state == CREATING:
        pulled = {"pullMs": known["pullMs"]} if "pullMs" in known else {}
        grows = {"memory": world.program.memory} if world.program.leak_bytes else {}
        size = {"resources": wanted["resources"]} if "resources" in wanted else {}
        return {**about, **pulled, **grows, **size, "state": RUNNING, "startedMs": at_ms}
    if known is not None and state == PULLING:
        took = {"pullMs": at_ms - known["sinceMs"]} if world.program.pulls else {}
        return {**about, **took, "state": CREATING if took else PULL_FAILED, "sinceMs": at_ms}
    if known is not None and known["state"] == EXITED:
        about["last"] = {key: known[key] for key in _LAST if key in known}
    return {**about, "state": PULLING if wanted["pull"] else CREATING, "sinceMs": at_ms}


def _is_resized(known: Container, wanted: Container) -> bool:
    """It has another size than it was granted, and need not start anew for that."""
    return "resources" in known and "stop" not in wanted and bool(known["resources"] != wanted["resources"])


class End(NamedTuple):
    at_ms: int | None  # None: it runs on
    code: int
    reason: str


def _end(known: Container, wanted: Container, world: World) -> End:
    """When a running program ends, and how."""
    program, started_ms = world.program, known["startedMs"]
    ends: list[tuple[int, int, str]] = []
    begun_ms = known.get("foundMs") if program.waits else started_ms
    if program.exit_ms is not None and begun_ms is not None:
        reason = _START_ERROR if program.missing else sandbox.end_reason(program.exit_code)
        ends.append((begun_ms + program.exit_ms, program.exit_code, reason))
    if (passed_ms := program.out_of_memory_ms(wanted.get("memoryLimit"))) is not None:
        ends.append((started_ms + passed_ms, _SIGKILL_CODE, "OOMKilled"))
    if "stop" in wanted:
        stop = wanted["stop"]
        if program.stop_ms is not None:
            at_ms = stop["atMs"] + world.durations.of_program(program.stop_ms)
            ends.append((at_ms, program.stop_code, sandbox.end_reason(program.stop_code)))
        ends.append((stop["killAtMs"], _SIGKILL_CODE, sandbox.end_reason(_SIGKILL_CODE)))
    return End(*min(ends, key=lambda end: end[0])) if ends else End(None, 0, "")


def _finds(known: Container, world: World) -> bool:
    """All that it waited for is there: it goes on."""
    return world.finds and waiting.waits(known, world.program)


# ------------------------------------------------------------------------------------------ what it watches


def _asked(old: Obj, new: Obj) -> bool:
    """Only the kubelet's wishes wake the runtime, not what it wrote itself."""
    return old["spec"] is not new["spec"] and bool(old["spec"] != new["spec"])


def _address(found: Obj) -> tuple[str, tuple[int]] | None:
    ip = sandbox.ip_of(found)
    return (ip, (1,)) if ip else None


def _addressed(found: Obj) -> tuple[str, tuple[int]] | None:
    return ("", (1,)) if sandbox.ip_of(found) and not found["spec"].get("hostNetwork") else None


def _free_address(found: Obj, machine: Obj, reader: Reader) -> str:
    """The next address of the machine's range, counted from how many are in use; one in use is passed over."""
    if found["spec"].get("hostNetwork"):
        address: str = machine["spec"]["address"]
        return address
    first, hosts = _range(machine["spec"]["podCIDR"])
    in_use = sum(reader.totals("PodSandbox", "addressed").get("", ()))
    taken = reader.totals("PodSandbox", "address")
    for number in range(hosts):
        address = str(ipaddress.IPv4Address(first + (in_use + number) % hosts))
        if address not in taken:
            return address
    return ""


@lru_cache(maxsize=1024)
def _range(cidr: str) -> tuple[int, int]:
    """The first address that a pod may have, as a number, and how many there are."""
    network = ipaddress.IPv4Network(cidr)
    return int(network.network_address) + _FIRST_HOST, network.num_addresses - _FIRST_HOST - 1


def _images(machine: Obj) -> dict[str, Any]:
    images: dict[str, Any] = (machine.get("status") or {}).get("images") or {}
    return images
