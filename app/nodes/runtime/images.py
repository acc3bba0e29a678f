"""What an image does when a machine runs it. Any name runs; a few tags and well-known names behave in their own way.

| by tag    | behaviour                                                                   |
|-----------|-----------------------------------------------------------------------------|
| `broken`  | never pulls: the registry does not know it                                  |
| `crash`   | exits 1 three seconds after its start                                       |
| `slow`    | takes 20 seconds until it listens, so no probe passes before                |
| `unready` | runs, but never passes its readiness probe                                  |
| `leak`    | takes 2 MiB more memory each second, until it passes its container's limit  |

| by name                           | behaviour                                                      |
|-----------------------------------|----------------------------------------------------------------|
| nginx, httpd, redis, mysql, ...   | serve their own port, stop on SIGTERM, exit 0                  |
| busybox, perl, kubectl, ...       | no servers: exit 0 at once, but a shell waits for what is typed |
| any other                         | serves whatever port it is asked on, stops, exits 0            |

Of well-known images a version that no registry ever had (`nginx:1.161`) does not pull either. A command of the manifest
does what it says (commands/course.py), and as process 1 of its container ignores SIGTERM, as real shells do. Init
containers and Jobs are there to end: what does not say how long it runs has ended at once. How long a program runs is
its behaviour and never scaled; how long machines and programs take to start and stop is latency, and comes from a
`Durations` preset. Called by the container runtime and by kubelets (probes); the names of the presets are those of
app/engine/latency.py.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from app.nodes.runtime.commands.course import Course, File, course

MEGABYTE = 1_000_000
_MEMORY_AT_START, _LEAK = 16 << 20, 2 << 20


class Program(NamedTuple):
    """What is inside an image. All times in milliseconds."""

    size_bytes: int = 50 * MEGABYTE  # compressed, as containerd reports it
    ports: tuple[int, ...] | None = None  # it listens on; None: on any that is asked for
    ready_ms: int = 0  # from its start until it listens
    stop_ms: int | None = 1_000  # from SIGTERM until it has exited; None: ignores SIGTERM
    stop_code: int = 0  # exit code on SIGTERM
    exit_ms: int | None = None  # ends of itself so long after its start; None: never
    exit_code: int = 0
    pulls: bool = True  # the registry has it
    passes_readiness: bool = True
    leak_bytes: int = 0  # more memory each second
    decides: tuple[str, ...] = ()  # paths of health checks that it answers by what it knows (sandbox.told)
    waits: tuple[str, ...] = ()  # for what: the time until its end begins when it has found all that
    beat_ms: int = 1_000  # between two looks at what it waits for
    files: tuple[File, ...] = ()  # that it makes
    missing: str = ""  # a program that the image does not have: it cannot even start

    @property
    def memory(self) -> dict[str, int]:
        """What it takes, in bytes, as its machine measures it."""
        return {"atStart": _MEMORY_AT_START, "perSecond": self.leak_bytes}

    def out_of_memory_ms(self, limit_bytes: int | None) -> int | None:
        """How long after its start it passes the limit of its container; None: never."""
        if not self.leak_bytes or limit_bytes is None:
            return None
        return max(0, limit_bytes - _MEMORY_AT_START) * 1000 // self.leak_bytes


class Durations(NamedTuple):
    """How long a machine takes."""

    start_ms: int  # network and sandbox of a pod, and to create and start a container
    manifest_ms: int  # ask the registry for an image; all there is to do if the machine has the layers
    layer_ms_per_mb: int
    program_percent: int  # of what programs themselves take to listen and to stop

    def pull_ms(self, program: Program, present: bool) -> int:
        if present or not program.pulls:
            return self.manifest_ms
        return self.manifest_ms + self.layer_ms_per_mb * program.size_bytes // MEGABYTE

    def of_program(self, duration_ms: int) -> int:
        return duration_ms * self.program_percent // 100


TEXTBOOK = Durations(start_ms=1_000, manifest_ms=500, layer_ms_per_mb=20, program_percent=100)
REALISTIC = Durations(start_ms=600, manifest_ms=400, layer_ms_per_mb=40, program_percent=100)
STORMY = Durations(start_ms=1_500, manifest_ms=2_000, layer_ms_per_mb=150, program_percent=150)
ZERO = Durations(start_ms=0, manifest_ms=0, layer_ms_per_mb=0, program_percent=0)
PRESETS = {"textbook": TEXTBOOK, "realistic": REALISTIC, "stormy": STORMY, "zero": ZERO}


def durations_of(machine: Mapping[str, Any]) -> Durations:
    """How long that Machine takes: its preset, times `spec.slow`."""
    spec, factor = machine["spec"], machine["spec"].get("slow", 1)
    durations = PRESETS[spec["latencies"]]
    return durations if factor == 1 else Durations(*(value * factor for value in durations))


_SHELL = Program(stop_ms=None, exit_ms=0)
_KNOWN = {
    "nginx": Program(72_223_946, (80,)),
    "httpd": Program(58_684_122, (80,)),
    "redis": Program(45_018_551, (6379,)),
    "memcached": Program(32_470_113, (11211,)),
    "mysql": Program(233_894_402, (3306, 33060), ready_ms=8_000, stop_ms=2_000),
    "mariadb": Program(127_313_480, (3306,), ready_ms=5_000, stop_ms=2_000),
    "community-server": Program(219_351_180, (3306, 33060, 33061), ready_ms=3_000, stop_ms=2_000),
    "community-router": Program(104_857_212, (6446, 6447, 6448, 6449, 6450, 8443), ready_ms=1_000),
    "community-operator": Program(128_310_916, ()),
    "postgres": Program(154_726_308, (5432,), ready_ms=2_000),
    "rabbitmq": Program(
        107_374_182,
        (4369, 5672, 15672, 15692, 25672),
        ready_ms=5_000,
        stop_ms=2_000,
        decides=("/api/health/checks/reached-target-cluster-size",),
    ),
    "pause": Program(319_166, (), stop_ms=100),
    "hello-world": Program(12_560, (), exit_ms=0),
    "busybox": _SHELL._replace(size_bytes=2_219_949),
    "alpine": _SHELL._replace(size_bytes=3_800_104),
    "debian": _SHELL._replace(size_bytes=48_495_224),
    "ubuntu": _SHELL._replace(size_bytes=29_727_061),
    **dict.fromkeys(("bash", "perl", "python", "node", "ruby", "golang", "curl", "kubectl", "git", "aws-cli"), _SHELL),
}
_PLAIN = frozenset(("busybox", "alpine", "debian", "ubuntu"))  # their programs are known, and there are no others
_AS_ROOT = _KNOWN.keys() - {"memcached"}
_READ_WHAT_IS_TYPED = _PLAIN | {"bash", "perl", "python", "node", "ruby"}
# A minor version far beyond the newest is a slip of the keyboard.
_NEWEST = {"nginx": (1, 31), "busybox": (1, 39), "redis": (8, 9), "httpd": (2, 9), "alpine": (3, 29), "python": (3, 19)}
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})(?:\D.*)?")
_CRASH_MS, _SLOW_MS = 3_000, 20_000


Env = tuple[tuple[str, str], ...]


@lru_cache(maxsize=4096)
def program(
    image: str, command: tuple[str, ...] = (), ends: bool = False, stdin: bool = False, env: Env = ()
) -> Program:
    """What `image` does when it is run with `command` (the manifest's command and args together).

    `ends`: it is the work of an init container or of a Job. `stdin`: somebody may type. `env`: what its command may
    refer to.
    """
    name, tag = name_and_tag(image)
    base = _KNOWN.get(name) or Program(size_bytes=(20 + zlib.crc32(image.encode()) % 100) * MEGABYTE)
    if command:
        base = _with_command(base, command, name, ends, stdin, env)
    elif stdin and name in _READ_WHAT_IS_TYPED:
        base = base._replace(exit_ms=None)
    elif ends and name not in _KNOWN:
        base = base._replace(exit_ms=0)
    match tag:
        case "broken":
            return base._replace(pulls=False)
        case "crash":
            return base._replace(exit_ms=_CRASH_MS, exit_code=1)
        case "slow":
            return base._replace(ready_ms=_SLOW_MS)
        case "unready":
            return base._replace(passes_readiness=False)
        case "leak":
            return base._replace(leak_bytes=_LEAK)
    return base if _was_released(name, tag) else base._replace(pulls=False)


def _was_released(name: str, tag: str) -> bool:
    """Or might be, by the time that somebody reads this."""
    version = _VERSION.fullmatch(tag)
    return version is None or name not in _NEWEST or (int(version[1]), int(version[2])) <= _NEWEST[name]


def _with_command(base: Program, command: tuple[str, ...], name: str, ends: bool, stdin: bool, env: Env) -> Program:
    goes = course(command, knows=name in _PLAIN, stdin=stdin, env=env)
    base = base._replace(waits=goes.waits, beat_ms=goes.beat_ms, files=goes.files)
    if goes.serves:
        begins_ms = goes.ms or 0
        is_over = ends or base.exit_ms is not None
        return base._replace(ready_ms=base.ready_ms + begins_ms, exit_ms=begins_ms if is_over else None)
    stop_ms = base.stop_ms if goes.heeds_term else None
    return base._replace(ready_ms=0, stop_ms=stop_ms, exit_ms=goes.ms, exit_code=goes.code, missing=goes.missing)


def is_plain(image: str) -> bool:
    """A Linux system and no more: what is in it is known."""
    return name_and_tag(image)[0] in _PLAIN


def run_inside(image: str, command: Sequence[str]) -> Course:
    """How a command goes that is run in a container beside its program: a hook, a probe."""
    return course(command, knows=is_plain(image))


@lru_cache(maxsize=4096)
def name_and_tag(image: str) -> tuple[str, str]:
    """`ghcr.io/acme/shop:crash` is ("shop", "crash"). The tag is "latest" where none is given."""
    name = image.split("@")[0].rsplit("/", 1)[-1]
    name, _, tag = name.partition(":")
    return name, tag or "latest"


def runs_as_root(image: str) -> bool:
    """Of official images it is known; others may name a user of their own."""
    name, _ = name_and_tag(image)
    return reference(image).startswith("docker.io/library/") and name in _AS_ROOT


@lru_cache(maxsize=4096)
def reference(image: str) -> str:
    """The full name, as containerd reports it: `nginx` is `docker.io/library/nginx:latest`."""
    first, slash, _ = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    last = image.rsplit("/", 1)[-1]
    return image if ":" in last or "@" in last else f"{image}:latest"


@lru_cache(maxsize=4096)
def image_id(image: str) -> str:
    return f"sha256:{hashlib.sha256(reference(image).encode()).hexdigest()}"


def pull_error(image: str) -> str:
    """What containerd says of an image that the registry does not have."""
    name = reference(image)
    return (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{name}": '
        f'failed to resolve reference "{name}": {name}: not found'
    )


def start_error(missing: str) -> str:
    """What containerd says of a program that the image does not have."""
    return (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        "unable to start container process: error during container init: "
        f'exec: "{missing}": executable file not found in $PATH'
    )


def command_of(container: dict[str, Sequence[str]]) -> tuple[str, ...]:
    """Command and arguments of a container in a manifest."""
    return (*(container.get("command") or ()), *(container.get("args") or ()))
