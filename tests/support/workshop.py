"""docs/your-first-controller.md as a reader goes through it: what stands in it is saved, pressed, typed and compared.

    ```yaml, ```python     a file, its name in the first line
    ```starlark            a controller, its fields in the first line: run in the dialog
    ```diff NAME           another text for that controller
    ```console             typed, and what is printed; with & at its end it goes on until the reader is done
    > a sentence           the page tells it, after those before it
    **a button**           pressed: to stop or start a loop, to remove it, to save it as a file

`…` stands for anything. `get` is typed again until it prints what the page says: a reader sees when the room is done.
"""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from app.web.language import words
from tests.support.patience import PATIENCE_S
from tests.support.server import Server, Visitor

AGAIN_S = 0.5
PRESET = "realistic"
_PIECE = re.compile(
    r"^```(?P<kind>\w+) ?(?P<about>\S*)\n(?P<text>.*?)^```$|^> ?(?P<said>[^\n]*)$|\*\*(?P<press>[^*]+)\*\*", re.S | re.M
)
_HEAD = re.compile(r"# controller: (\S+)  parent: (\S+)  children: (\S+)(  edge)?\n")
_TOLD = re.compile(r'<p\s+id="caption".*?<span class="text">(.*?)</span>', re.S)


class Piece(NamedTuple):
    """`kind` is that of a fenced block, "said" or "press"."""

    kind: str
    text: str
    about: str = ""


def pieces(page: str) -> Iterator[Piece]:
    """What a page asks one to do, and what it says that comes of it, in order."""
    for found in re.finditer(_PIECE, page):
        if found["kind"]:
            yield Piece(found["kind"], found["text"], found["about"])
        elif found["press"]:
            yield Piece("press", found["press"])
        elif found["said"]:
            yield Piece("said", found["said"])


def blocks(page: str) -> list[Piece]:
    return [piece for piece in pieces(page) if piece.kind not in ("said", "press")]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """What is typed, and what comes of it."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


class Effort(NamedTuple):
    """What there is to do for a reader."""

    words: int  # to read, but for blocks
    copied: int  # manifests, programs and changes of them
    lines: int  # in those
    commands: int
    presses: int  # of buttons that stand in bold, and of *Run it* for each controller


def effort(page: str) -> Effort:
    copied = [piece for piece in blocks(page) if piece.kind != "console"]
    runs = sum(piece.kind in ("starlark", "diff") for piece in copied)
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.S | re.M)
    return Effort(
        words=len(prose.split()),
        copied=len(copied),
        lines=sum(len(piece.text.splitlines()) for piece in copied),
        commands=sum(len(list(commands(piece.text))) for piece in blocks(page) if piece.kind == "console"),
        presses=runs + sum(piece.kind == "press" for piece in pieces(page)),
    )


class Room(NamedTuple):
    visitor: Visitor
    name: str

    def post(self, path: str, **values: str) -> str:
        return self.visitor.post(f"/rooms/{self.name}/{path}", values)


class Reader:
    """`with Server(...) as server, Reader(server, folder, "en", binary) as reader: reader.read(page)`."""

    def __init__(self, server: Server, folder: Path, lang: str, kubectl: str, speed: int = 100) -> None:
        self._speed = str(speed)
        self._folder, self._lang, self._ = folder, lang, words(lang)
        self._env = {**os.environ, "HOME": str(folder), "NO_PROXY": "*", "PYTHONPATH": os.getcwd(), "KUBECONFIG": ""}
        (folder / "bin").mkdir()
        for name, program in (("kubectl", kubectl), ("kopf", f"{sys.executable} -m kopf")):
            script = folder / "bin" / name
            script.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
            script.chmod(0o755)
        self._env["PATH"] = f"{folder / 'bin'}:{self._env['PATH']}"
        self._texts: dict[str, tuple[str, dict[str, str]]] = {}  # of controllers, with the fields beside
        self._rooms = {"8000": self._entered(server)}
        self.address = f"{server.url}/rooms/{self._rooms['8000'].name}"
        self._servers: list[Server] = []
        self._going_on: list[subprocess.Popen[str]] = []
        self._heard = 0

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._going_on:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)
        for server in self._servers:
            server.__exit__(None, None, None)

    def read(self, page: str, rest: Callable[[], None] = lambda: None) -> None:
        """`rest` is called after each piece."""
        for piece in pieces(page):
            getattr(self, f"_{piece.kind}")(piece)
            rest()

    def _entered(self, server: Server) -> Room:
        visitor = server.stranger()
        room = Room(visitor, visitor.room())
        room.post("commands/latencies", preset=PRESET)
        room.post("pace", mode="story", speed=self._speed)
        return room

    # --------------------------------------------------------------------------------------- what one does

    def _yaml(self, piece: Piece) -> None:
        name = piece.text.partition("\n")[0].removeprefix("# ")
        (self._folder / name).write_text(piece.text)

    _python = _yaml

    def _starlark(self, piece: Piece) -> None:
        head = _HEAD.match(piece.text)
        assert head is not None, piece.text
        name, parent, children, edge = head.groups()
        self._define(name, piece.text, {"parent": parent, "children": children, "edge": str(bool(edge)).lower()})

    def _diff(self, piece: Piece) -> None:
        text, fields = self._texts[piece.about]
        self._define(piece.about, changed(text, piece.text), fields)

    def _define(self, name: str, text: str, fields: dict[str, str]) -> None:
        self._texts[name] = text, fields
        self._rooms["8000"].post("commands/define-controller", name=name, text=text, **fields)

    def _press(self, piece: Piece) -> None:
        """By the words on the button, in the language of the page; a menu is that of the loop written last."""
        room = self._rooms["8000"]
        for label, stopped in (("Stop it", "true"), ("Start it", "false")):
            if piece.text == self._(label):
                room.post("commands/stop-controller", actor=list(self._texts)[-1], stopped=stopped)
                return
        for name in self._texts:
            if piece.text == self._("Remove %(what)s", what=name):
                room.post("commands/remove-controller", name=name)
                return
        assert piece.text == self._("Save as a file"), f"there is no button {piece.text}"
        saved = room.visitor.get(f"/rooms/{room.name}/controllers/hello/file")
        (self._folder / "hello.py").write_text(saved)

    def _console(self, piece: Piece) -> None:
        for command, printed in commands(piece.text):
            if command.startswith("export KUBECONFIG=$PWD/"):
                self._env["KUBECONFIG"] = str(self._folder / command.rpartition("/")[2])
            elif command.startswith("loopscope serve"):
                self._serve(command)
            elif command.endswith(" &"):
                self._go_on(command.removesuffix(" &"))
            else:
                self._type(self._addressed(command), printed)

    def _serve(self, command: str) -> None:
        words = shlex.split(command.removesuffix(" &"))
        port, file = words[words.index("--port") + 1], words[words.index("--controller") + 1]
        server = Server("--unlimited", "--controller", str(self._folder / file))
        self._servers.append(server.__enter__())
        self._rooms[port] = self._entered(server)

    def _go_on(self, command: str) -> None:
        process = subprocess.Popen(
            shlex.split(command), cwd=self._folder, env=self._env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._going_on.append(process)

    def _addressed(self, command: str) -> str:
        for port, room in self._rooms.items():
            command = command.replace(f"http://127.0.0.1:{port}/rooms/ROOM", f"{room.visitor.url}/rooms/{room.name}")
        return command

    def _type(self, command: str, printed: str) -> None:
        known = pattern(printed)

        def said() -> str:
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=self._folder,
                env=self._env,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
            )
            return done.stdout + done.stderr

        answer = (
            said() if not command.startswith("kubectl get") else until(said, lambda text: bool(known.fullmatch(text)))
        )
        assert known.fullmatch(answer), f"$ {command}\n{answer}\nand the page says\n{printed}"

    # --------------------------------------------------------------------------------------- what one reads

    def _said(self, piece: Piece) -> None:
        """The page told it after what was found last."""
        known = pattern(piece.text)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            newest = self._newest()
            for step in range(self._heard + 1, newest + 1):
                if known.fullmatch(self._told(step)):
                    self._heard = step
                    return
            self._heard = newest
            time.sleep(AGAIN_S)
        raise AssertionError(f"nobody said: {piece.text}")

    def _newest(self) -> int:
        """The room's newest step, as a command tells it that changes nothing."""
        newest: int = json.loads(self._rooms["8000"].post("commands/latencies", preset=PRESET))["step"]
        return newest

    def _told(self, step: int) -> str:
        room = self._rooms["8000"]
        _status, page = room.visitor.asked(f"/rooms/{room.name}/steps/{step}?lang={self._lang}")
        told = re.search(_TOLD, page)
        return html.unescape(told[1]).strip() if told else ""


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("…"))))


def until(ask: Callable[[], str], is_so: Callable[[str], bool]) -> str:
    """The first answer that is so, or the last one."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so(answer := ask()) and time.monotonic() < deadline:
        time.sleep(AGAIN_S)
    return answer


def changed(text: str, diff: str) -> str:
    """`text` with the lines that go left out, and those that come after what stands before them."""
    lines, at = text.splitlines(), 0
    for line in diff.splitlines():
        mark, content = line[:1], line[1:]
        if mark == "+":
            lines.insert(at, content)
            at += 1
            continue
        at = lines.index(content, at)
        if mark == "-":
            del lines[at]
        else:
            at += 1
    return "\n".join(lines) + "\n"
