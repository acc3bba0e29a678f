"""What kubectl prints, line by line: the recordings' reads, and the same reads of a replayed cluster by a real kubectl.

What is read out of a cluster is compared, not how long somebody waited: streams (`-w`, `rollout status`) are left out,
and `-o yaml`, whose objects are compared by their fields (objects.py). Lines are renamed as objects are (renaming.py);
blanks that align columns count as two; rows of tables, and what random names put in order, are sorted.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from app import scenarios
from app.api.objects import name_of
from app.cluster import Cluster
from app.kubectl.describe import describe
from app.web.present import descriptions
from tests.conformance.renaming import Renaming
from tests.conformance.replays import Replay, live
from tests.support.browser import make_app
from tests.support.patience import PATIENCE_S
from tools.ensure_kubectl import cached

MINOR = 32  # the recordings' kubectl was a 1.32
PAGE = 36  # the page describes as the newest does
READS = ("get ", "describe ", "rollout history ", "top ")
STREAMS = ("rollout status",)
TOGETHER_S = 5
NOT_REPLAYED = "onfail"
ENDED = re.compile(r"^\[exit \d+, [\d.]+s\]$")
BEGUN = re.compile(r"^\[(?P<at>[\d.]+)s\] (?:\$ kubectl )?(?P<command>.+?)(?P<background>   \(background\))?$")
AGE = re.compile(r"(?<![\w.-])(?:\d+d(?:\d+h)?|\d+h(?:\d+m)?|\d+m\d+s|\d+(?:\.\d+)?m?s|<invalid>)(?![\w.-])")
MINUTES = re.compile(r"(?<![\w.-])\d+m(?![\w.-])")  # or thousandths of a CPU
EVENT = re.compile(r"\.[0-9a-f]{16}\b")
RFC1123 = re.compile(r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
MACHINE = re.compile(r"((?:Machine ID|System UUID|Boot ID): +)\S+")
CONTINUED = re.compile(r"^ {8,}")  # below what stands behind a title
NODE = re.compile(r"\bnode-\d+\b")
Lines = list[str]
Block = dict[str, Lines]  # what was read at one moment: command -> lines


def blocks_in(text: str) -> list[Block]:
    """The reads of a recording, raw; together are those with neither a write nor five seconds between them."""
    found: list[Block] = [{}]
    lines, last_s = text.splitlines(), 0.0
    starts = [index for index, line in enumerate(lines) if BEGUN.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        begun = BEGUN.match(lines[start])
        assert begun is not None
        at_s, command = float(begun["at"]), begun["command"]
        if begun["background"] or command.startswith(STREAMS):
            continue
        is_read = command.startswith(READS)
        if found[-1] and (not is_read or at_s > last_s + TOGETHER_S):
            found.append({})
        if is_read and "-o yaml" not in command and NOT_REPLAYED not in command:
            printed = takewhile(lambda line: not ENDED.match(line), lines[start + 1 : end])
            found[-1][command] = [*_replayed(printed)]
        last_s = at_s
    return [block for block in found if block]


def _replayed(printed: Iterable[str]) -> Iterator[str]:
    """Without another scenario on the same control plane, and what no image here does."""
    is_others = False
    for line in printed:
        if line.startswith("Name: "):
            is_others = "wire-" in line
        if not is_others and not re.search(rf"\b({NOT_REPLAYED}|wire)\b", line):
            yield line


def renamed(blocks: list[Block], names: Renaming) -> list[Block]:
    return [{names.text(command): plain(command, lines, names) for command, lines in block.items()} for block in blocks]


def plain(command: str, lines: Lines, names: Renaming) -> Lines:
    found = [_plain_line(line.removeprefix("[stderr] "), names, command.startswith("top ")) for line in lines]
    if command.startswith("get events"):  # those of Nodes are in another namespace there
        found = [line for line in found if " node/" not in line]
    if command.startswith(("get ", "top ")):
        return sorted(found)
    while found and not found[-1]:
        found.pop()
    run: Lines = []
    whole: Lines = []
    for line in [*found, ""]:
        if "-*" in line:
            run.append(line)
        else:
            whole += [*sorted(run), line]
            run = []
    sections = "\n".join(whole[:-1]).split("\n\n\n")
    return "\n\n\n".join(sorted(sections)).split("\n")


def _plain_line(line: str, names: Renaming, is_use: bool) -> str:
    nodes: dict[str, str] = {}
    if not is_use and "cpu" not in line:
        line = MINUTES.sub("AGE", line)
    line = MACHINE.sub(r"\1ID", RFC1123.sub("TIME", names.text(line)))
    line = CONTINUED.sub(" " * 8, EVENT.sub(".N", AGE.sub("AGE", line)))
    line = NODE.sub(lambda node: nodes.setdefault(node[0], f"NODE{len(nodes) + 1}"), line)
    return re.sub(r"(?<=\S) {2,}", "  ", line).rstrip()


def numbered(blocks: list[Block]) -> dict[str, Lines]:
    """`2 get pods`: what the second look shows."""
    return {f"{n} {command}": lines for n, block in enumerate(blocks, 1) for command, lines in block.items()}


def looks(printed: dict[str, Lines]) -> list[Lines]:
    """The commands of each look."""
    found: dict[str, Lines] = {}
    for read in printed:
        number, _, command = read.partition(" ")
        found.setdefault(number, []).append(command)
    return [*found.values()]


def differing(real: dict[str, Lines], ours: dict[str, Lines]) -> dict[tuple[str, str], tuple[Any, Any]]:
    """(which read, line) -> (real, ours) of every line that only one of them has."""
    assert [*real] == [*ours]
    return {(read, line): pair for read in real for line, pair in _unlike(real[read], ours[read])}


def _unlike(real: Lines, ours: Lines) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for kind, a, b, c, d in SequenceMatcher(None, real, ours, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from ((f"- {line}", (line, None)) for line in real[a:b])
            yield from ((f"+ {line}", (None, line)) for line in ours[c:d])


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def asked(scenario: str, reads: list[Lines]) -> tuple[Replay, list[tuple[str, Lines, Lines]]]:
    """The scenario done again, kubectl asked whenever the recording asks it; and what the page described beside it."""
    world = Replay()
    asker = Asker(world)
    try:
        world.reads, world.ask = iter(reads), asker
        return live(world, scenario), asker.pages
    finally:
        asker.close()


class Asker:
    """A real kubectl, and the Kubernetes face of a cluster that moves only by the replay's hand.

    Whoever moves it has the room's lock."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.pages: list[tuple[str, Lines, Lines]] = []  # what kubectl described, and what the page does
        app = make_app()
        self.rooms = app.extensions["rooms"]
        room = self.rooms.create()
        room.restart(scenarios.get(scenarios.DEFAULT), cluster)
        room.set_pace(paused=True)  # or a look would let time pass
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.home = tempfile.TemporaryDirectory()
        config = Path(self.home.name) / "config"
        base = f"http://127.0.0.1:{self.server.port}"
        text = app.test_client().get(f"/rooms/{room.id}/kubeconfig", base_url=base).get_data(as_text=True)
        config.write_text(text)
        self.env = {**os.environ, "KUBECONFIG": str(config), "HOME": self.home.name, "NO_PROXY": "*"}
        self.lock = room.lock
        self.lock.acquire()

    def __call__(self, command: str) -> Lines:
        if command.startswith("describe ") and (page := self.described(command)) is not None:
            self.pages.append((command, self._asked(PAGE, f"{command} --show-events=true"), page))
        return self._asked(MINOR, command)

    def _asked(self, minor: int, command: str) -> Lines:
        words = [self._named(word) for word in command.split()]
        self.lock.release()
        done = subprocess.run([cached(minor), *words], capture_output=True, text=True, timeout=PATIENCE_S, env=self.env)
        self.lock.acquire()
        return (done.stdout + done.stderr).splitlines()

    def _named(self, word: str) -> str:
        """A pod whose name ends at random: one that is going, if one is."""
        if not word.endswith("-*"):
            return word
        found = [
            pod["metadata"] for pod in self.cluster.objects("Pod") if pod["metadata"]["name"].startswith(word[:-1])
        ]
        return str(min(found, key=lambda meta: ("deletionTimestamp" not in meta, meta["name"]))["name"])

    def described(self, command: str) -> Lines | None:
        """What the page's own `describe` prints for the same command; None of a kind that it leaves to kubectl."""
        _, word, *name = command.split()
        kind = self.cluster.scheme.lookup(word)
        assert kind is not None
        if not describe.knows(kind.kind):
            return None
        found = self.cluster.objects(kind.key, "default" if kind.namespaced else None)
        chosen = [obj for obj in found if not name or name_of(obj) == self._named(name[0])]
        return "\n\n".join(descriptions.text(self.cluster, obj) for obj in chosen).splitlines()

    def close(self) -> None:
        self.lock.release()
        self.server.shutdown()
        self.thread.join()
        self.rooms.close()
        self.home.cleanup()


def is_there() -> bool:
    return cached(MINOR).exists() and cached(PAGE).exists()
