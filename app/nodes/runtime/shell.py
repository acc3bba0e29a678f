"""What runs inside a container: a small shell, simulated, so that `kubectl exec -it web-... -- sh` teaches something.

Pure: `run` gets the words and the place (a pod and what can be reached from it) and answers what is printed and the
exit code. Called by app/cluster/containers.py. A container here has no files of its own; what can be looked at is what
a pod is told by Kubernetes: its environment, its name, its addresses, the Services around it. What one line may do and
write is bounded: variables can run each other.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from app.api import limits, times
from app.api.objects import Obj, get_path, name_of, namespace_of, ref_of
from app.component_helpers.slices import service_of

_SHELLS = ("sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash")
_VARIABLE = re.compile(r"\$(\w+|\{\w+\}|\?)")
_DIGITS = 9
_SEPARATORS = (";", "&&", "||")


class Done(NamedTuple):
    out: str = ""
    err: str = ""
    code: int = 0
    kills: bool = False  # the container's process: whoever ran it has that happen


class _Exhausted(Exception):
    """A line did more than it may. What it printed is lost with its shell."""

    def __init__(self, why: str, code: int) -> None:
        self.done = Done(err=f"sh: {why}\n", code=code)


class _Allowance:
    """What is left to one line, however many shells it starts."""

    def __init__(self) -> None:
        self._work, self._bytes = limits.SHELL_WORK, limits.SHELL_BYTES

    def do(self, work: int) -> None:
        self._work -= work
        if self._work < 0:
            raise _Exhausted("can't fork: Resource temporarily unavailable", 2)

    def write(self, *texts: str) -> None:
        self._bytes -= sum(map(len, texts))
        if self._bytes < 0:
            raise _Exhausted("write error: No space left on device", 1)


@dataclass(frozen=True)
class Place:
    """Where a command runs. `objects` lists those of a kind in a namespace."""

    pod: Obj
    container: Mapping[str, Any]
    now_ms: int
    objects: Callable[[str, str], Sequence[Obj]]
    left: _Allowance = field(default_factory=_Allowance)

    def find(self, kind: str, namespace: str) -> Sequence[Obj]:
        found = self.objects(kind, namespace)
        self.left.do(len(found))
        return found

    @cached_property
    def env(self) -> dict[str, str]:
        given = {each["name"]: str(each.get("value", "")) for each in self.container.get("env") or ()}
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"HOSTNAME": name_of(self.pod), "HOME": "/root", "PATH": path, **self._services, **given}

    @property
    def _services(self) -> dict[str, str]:
        """As the kubelet tells of every Service that was there before the container."""
        found: dict[str, str] = {}
        for service in self.find("Service", namespace_of(self.pod)):
            address = service["spec"].get("clusterIP", "None")
            if address not in ("", "None") and service["spec"].get("ports"):
                name = name_of(service).upper().replace("-", "_")
                found[f"{name}_SERVICE_HOST"] = address
                found[f"{name}_SERVICE_PORT"] = str(service["spec"]["ports"][0]["port"])
        return found


def exit_code(arguments: Sequence[str]) -> int | None:
    """What `exit` with these arguments ends with; None: with that of the command before it."""
    text = arguments[0] if arguments else ""
    return int(text[-_DIGITS:]) % 256 if text.isascii() and text.isdecimal() else None


def is_shell(words: Sequence[str]) -> bool:
    """An interactive one: `sh`, not `sh -c ...`."""
    return len(words) == 1 and words[0] in _SHELLS


def awaits_input(words: Sequence[str]) -> bool:
    """Does it read what is typed? Whoever does not is done before anything is."""
    program, *arguments = words
    if program in _SHELLS and arguments[:1] == ["-c"] and len(arguments) > 1:
        try:
            return any(awaits_input(each) for _, each in _commands(arguments[1]))
        except _Unreadable:
            return False
    return program.rpartition("/")[2] == "cat" and not arguments


def run(words: Sequence[str], place: Place, stdin: str = "") -> Done:
    """One program with its arguments."""
    try:
        return _run(words, place, stdin, 0)
    except _Exhausted as exhausted:
        return exhausted.done


def script(text: str, place: Place, stdin: str = "") -> Done:
    """A line of shell: words, quotes, variables, and `;`, `&&`, `||` between commands."""
    try:
        return _script(text, place, stdin, 0)
    except _Exhausted as exhausted:
        return exhausted.done


def _run(words: Sequence[str], place: Place, stdin: str, depth: int) -> Done:
    """`depth`: how many shells it runs in."""
    place.left.do(limits.SHELL_PROGRAM)
    program, *arguments = words
    if program in _SHELLS and arguments[:1] == ["-c"] and len(arguments) > 1:
        return _script(arguments[1], place, stdin, depth + 1)
    if program in _SHELLS and not arguments:
        return _together([_script(line, place, "", depth + 1) for line in stdin.splitlines()])
    known = _PROGRAMS.get(program.rpartition("/")[2])
    if known is None:
        done = Done(err=f"sh: {program}: not found (this container is simulated and knows {_known()})\n", code=127)
    else:
        done = known(arguments, place, stdin)
    place.left.write(done.out, done.err)
    return done


def _script(text: str, place: Place, stdin: str, depth: int) -> Done:
    if depth > limits.SHELL_DEPTH:
        raise _Exhausted("can't fork: Resource temporarily unavailable", 2)
    place.left.do(len(text))
    done: list[Done] = []
    code = 0
    try:
        for before, words in _commands(text):
            if before == ";" or (before == "&&") == (code == 0):
                done.append(_run([_expanded(each, place, code) for each in words], place, stdin, depth))
                code = done[-1].code
    except _Unreadable as error:
        return Done(err=f"sh: syntax error: {error}\n", code=2)
    return _together(done)


class _Unreadable(Exception):
    """Of no shell: a quote is left open."""


def _commands(text: str) -> list[tuple[str, list[str]]]:
    """The commands of a line, each with what stands before it: `;`, `&&` or `||`. Raises _Unreadable."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError as error:
        raise _Unreadable(str(error)) from None
    found: list[tuple[str, list[str]]] = []
    before, current = ";", list[str]()
    for word in [*words, ";"]:
        if word not in _SEPARATORS:
            current.append(word)
            continue
        found += [(before, current)] if current else []
        before, current = word, []
    return found


def _expanded(word: str, place: Place, code: int) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1].strip("{}")
        text = str(code) if name == "?" else place.env.get(name, "")
        place.left.write(text)
        return text

    return _VARIABLE.sub(value, word)


def _together(done: Sequence[Done]) -> Done:
    code = done[-1].code if done else 0
    kills = any(each.kills for each in done)
    return Done("".join(each.out for each in done), "".join(each.err for each in done), code, kills)


# ------------------------------------------------------------------------------------------------ programs


def _echo(arguments: list[str], place: Place, stdin: str) -> Done:
    return Done(" ".join(arguments) + "\n")


def _env(arguments: list[str], place: Place, stdin: str) -> Done:
    if arguments:
        value = place.env.get(arguments[0])
        return Done(f"{value}\n") if value is not None else Done(code=1)
    return Done("".join(f"{name}={value}\n" for name, value in sorted(place.env.items())))


def _hostname(arguments: list[str], place: Place, stdin: str) -> Done:
    return Done((_ip(place.pod) if arguments == ["-i"] else name_of(place.pod)) + "\n")


def _files(place: Place) -> dict[str, str]:
    search = f"{namespace_of(place.pod)}.svc.cluster.local svc.cluster.local cluster.local"
    return {
        "/etc/hostname": f"{name_of(place.pod)}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n{_ip(place.pod)}\t{name_of(place.pod)}\n",
        "/etc/resolv.conf": f"search {search}\nnameserver 10.96.0.10\noptions ndots:5\n",
        "/var/run/secrets/kubernetes.io/serviceaccount/namespace": namespace_of(place.pod),
    }


def _cat(arguments: list[str], place: Place, stdin: str) -> Done:
    if not arguments:
        return Done(stdin)
    files = _files(place)
    return _together(
        [
            Done(files[path]) if path in files else Done(err=f"cat: {path}: No such file or directory\n", code=1)
            for path in arguments
        ]
    )


def _ls(arguments: list[str], place: Place, stdin: str) -> Done:
    folder = next((each for each in arguments if not each.startswith("-")), "/").rstrip("/") + "/"
    inside = {path.removeprefix(folder).partition("/")[0] for path in _files(place) if path.startswith(folder)}
    if not inside:
        return Done(err=f"ls: {folder.rstrip('/')}: No such file or directory\n", code=1)
    return Done("".join(f"{name}\n" for name in sorted(inside)))


def _ps(arguments: list[str], place: Place, stdin: str) -> Done:
    words = [*(place.container.get("command") or ()), *(place.container.get("args") or ())]
    program = " ".join(words) or place.container["image"].rpartition("/")[2].partition(":")[0]
    return Done(f"PID   USER     COMMAND\n    1 root     {program}\n    7 root     ps\n")


def _kill(arguments: list[str], place: Place, stdin: str) -> Done:
    if not any(each == "1" for each in arguments):
        return Done(err="kill: there is only process 1 here\n", code=1)
    return Done(kills=True)


def _fetch(arguments: list[str], place: Place, stdin: str) -> Done:
    """curl and wget: one GET, answered by the pod that the address leads to."""
    address = next((each for each in arguments if not each.startswith("-") and each != "-"), "")
    try:
        parts = urlsplit(address if "//" in address else f"http://{address}")
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        return Done(err=f"bad address '{address}'\n", code=3)
    backend = _resolved(host, port, place)
    if backend is None:
        return Done(err=f"Could not resolve host: {host}\n", code=6)
    if not backend:
        return Done(err=f"Failed to connect to {host} port {port}: Connection refused\n", code=7)
    return Done(f"{parts.path or '/'} answered by {backend}\n")


def _resolved(host: str, port: int, place: Place) -> str | None:
    """The name of the pod that answers; "" if nobody does, None if there is no such host."""
    if host in ("localhost", "127.0.0.1", _ip(place.pod)):
        return name_of(place.pod)
    for pod in place.find("Pod", ""):
        if _ip(pod) == host:
            return name_of(pod)
    name, _, rest = host.partition(".")
    namespace = rest.partition(".")[0] or namespace_of(place.pod)
    for service in place.find("Service", ""):
        by_name = (name_of(service), namespace_of(service)) == (name, namespace)
        if by_name or service["spec"].get("clusterIP") == host:
            served = any(each["port"] == port for each in service["spec"].get("ports") or ())
            return _backend(service, place) if served else ""
    return None


def _backend(service: Obj, place: Place) -> str:
    """One of its ready endpoints; another one every second."""
    ready = [
        get_path(endpoint, "targetRef.name") or endpoint["addresses"][0]
        for part in place.find("EndpointSlice", namespace_of(service))
        if service_of(part) == ref_of(service)
        for endpoint in part.get("endpoints") or ()
        if get_path(endpoint, "conditions.ready", True)
    ]
    return ready[place.now_ms // 1000 % len(ready)] if ready else ""


def _ip(pod: Obj) -> str:
    return str(get_path(pod, "status.podIP", ""))


def _known() -> str:
    return ", ".join(("sh", *sorted(_PROGRAMS)))


_PROGRAMS: dict[str, Callable[[list[str], Place, str], Done]] = {
    "echo": _echo,
    "env": _env,
    "printenv": _env,
    "hostname": _hostname,
    "cat": _cat,
    "ls": _ls,
    "ps": _ps,
    "kill": _kill,
    "curl": _fetch,
    "wget": _fetch,
    "true": lambda arguments, place, stdin: Done(),
    "false": lambda arguments, place, stdin: Done(code=1),
    "pwd": lambda arguments, place, stdin: Done("/\n"),
    "whoami": lambda arguments, place, stdin: Done("root\n"),
    "id": lambda arguments, place, stdin: Done("uid=0(root) gid=0(root)\n"),
    "date": lambda arguments, place, stdin: Done(f"{times.rfc3339(place.now_ms)}\n"),
    "exit": lambda arguments, place, stdin: Done(code=exit_code(arguments) or 0),
    "test": lambda arguments, place, stdin: Done(code=1),
    "tar": lambda arguments, place, stdin: Done(
        err="kubectl cp is not possible here: the containers are simulated and have no files to copy\n", code=1
    ),
}
