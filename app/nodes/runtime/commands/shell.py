"""What a shell does with one command: a function, a program, or something of its own. Called by player.py.

A script may be hostile: all that one does is counted, however many shells it starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.api import limits
from app.nodes.runtime.commands import arithmetic, grammar, programs
from app.nodes.runtime.commands.grammar import Node
from app.nodes.runtime.commands.programs import UNKNOWN
from app.nodes.runtime.commands.words import Output, Sum, Unreadable, Variable, Word

BEAT_MS = 1_000
ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SHOWN = re.compile(r"\s*cat\s+(/[\w./-]+)\s*")
_NOT_FOUND, _TIMED_OUT = 127, 124
_RUN_ANOTHER = frozenset(("env", "exec", "nice", "nohup", "time", "tini", "dumb-init"))


class Over(Exception):
    """The script ends here, or the loop or the function around: `exit`, `break`, `continue` or `return`."""

    def __init__(self, how: str, code: int = 0) -> None:
        super().__init__(how)
        self.how, self.code = how, code


class Endless(Exception):
    """It goes on for ever from here."""


@dataclass
class Shell:
    """Where a script has come to. The base of Player."""

    knows: bool
    stdin: bool
    variables: dict[str, str]  # and what is in files, by their paths
    ms: int = 0
    code: int = 0
    is_guess: bool = False  # nobody can know how the last test ends
    serves: bool = False  # the last program is one that only the image knows
    waits: list[str] = field(default_factory=list)
    beat_ms: int = BEAT_MS
    files: dict[str, int] = field(default_factory=dict)  # when each was made
    sizes: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)  # when each was removed
    functions: dict[str, Node] = field(default_factory=dict)
    jobs: list[int | None] = field(default_factory=list)  # in the background: when each ends
    stops_on_error: bool = False
    heeds_term: bool = False
    changes: int = 0  # of variables and files
    work: int = 0
    depth: int = 0

    def does(self, work: int = 1) -> None:
        self.work += work
        if self.work > limits.COMMAND_WORK:
            raise Endless

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.does()
        if self.depth >= limits.COMMAND_DEPTH:
            raise Unreadable
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def play(self, node: Node) -> int:
        """A tree of commands; the exit code of the last."""
        raise NotImplementedError

    def simple(self, raw: Sequence[Word], writes: Sequence[Word]) -> None:
        for file in writes:
            self._makes(self.expanded(file))
        words: list[str] = []
        for word in raw:
            text = self.expanded(word)
            if not words and (assigned := ASSIGNED.fullmatch(text)):
                self.set(assigned[1], assigned[2])
            else:
                words += [text] if word.is_quoted or word.bare else text.split()
        self.code = 0
        if words:
            self.run(words)

    def run(self, words: list[str]) -> None:
        """A program, a function or what the shell does itself."""
        with self.deeper():
            self._run(words)

    def _run(self, words: list[str]) -> None:
        name, arguments = words[0].rpartition("/")[2], words[1:]
        self.serves = False
        if name in self.functions:
            self._function(self.functions[name])
        elif name in programs.SHELLS:
            self._shell(arguments)
        elif name in _RUN_ANOTHER:
            self._another(name, arguments)
        elif name in programs.TESTS:
            self._ends(programs.test(tuple(words), self.files))
        elif name in _BUILT_IN:
            _BUILT_IN[name](self, arguments)
        else:
            self._program(words)

    def subshell(self, body: Node) -> None:
        try:
            self.play(body)
        except Over as over:
            self.code = over.code

    def _function(self, body: Node) -> None:
        try:
            self.play(body)
        except Over as over:
            if over.how != "return":
                raise
            self.code = over.code

    def _shell(self, arguments: Sequence[str]) -> None:
        """`sh`, `sh -c script` or `sh file`."""
        options = [each for each in arguments if each[:1] in ("-", "+") and each != "-"]
        letters = "".join(each[1:] for each in options if each[:2] != "--")
        rest = [each for each in arguments if each not in options and each != "pipefail"]
        if not rest:
            if self.stdin:
                raise Endless
            self.code = 0
        elif "c" in letters:
            self._within(rest[0], stops_on_error="e" in letters)
        else:
            self.serves = True

    def _within(self, script: str, *, stops_on_error: bool) -> None:
        """A shell of its own, as a script may start one: only files outlive it."""
        self.does(len(script))
        outside = self.variables, self.functions, self.jobs, self.stops_on_error
        self.variables, self.functions, self.jobs = dict(self.variables), {}, []
        self.stops_on_error = stops_on_error
        try:
            self.subshell(grammar.parse(script))
        finally:
            self.variables, self.functions, self.jobs, self.stops_on_error = outside

    def _another(self, name: str, arguments: list[str]) -> None:
        rest = arguments
        while rest and (rest[0][:1] == "-" or rest[0].isdecimal() or (name == "env" and ASSIGNED.fullmatch(rest[0]))):
            rest = rest[1:]
        if rest:
            self.run(rest)
            if name == "exec":
                raise Over("exit", self.code)

    def _program(self, words: list[str]) -> None:
        if self.knows and not programs.is_there(words[0]):
            self.code = _NOT_FOUND
            return
        effect = programs.effect(tuple(words), stdin=self.stdin)
        if effect is None:
            self.serves, self.code = True, 0
        else:
            self._ends(effect)

    def _ends(self, effect: programs.Effect) -> None:
        if effect.ms is None:
            raise Endless
        self.ms += effect.ms
        self.code, self.is_guess = effect.code, effect.is_guess
        for file in effect.files:
            self._makes(file, effect.size)
        for file in effect.removes:
            if file in self.files:
                self.gone[file] = self.ms
                self.changes += 1

    def _makes(self, file: str, size: int = 0) -> None:
        if not file.startswith("/") or file.startswith("/dev/"):
            return
        self.gone.pop(file, None)
        if file not in self.files or size > self.sizes[file]:
            self.files[file], self.sizes[file] = self.ms, size
            self.changes += 1

    def set(self, name: str, value: str) -> None:
        self.changes += self.variables.get(name) != value
        self.variables[name] = value

    def expanded(self, word: Word) -> str:
        if word.bare:
            return word.bare
        text = "".join(self._parts(word))
        self.does(len(text) // 16)
        return text

    def _parts(self, word: Word) -> Iterator[str]:
        for part in word.parts:
            self.does()
            match part:
                case str():
                    yield part
                case Sum(text):
                    yield str(self.sum(text))
                case Variable("?"):
                    yield str(self.code)
                case Variable(name, default):
                    value = self.variables.get(name, UNKNOWN if default is None else default)
                    self.does(len(value) // 16)
                    yield value
                case Output(script):
                    shown = _SHOWN.fullmatch(script)
                    yield self.variables.get(shown[1], UNKNOWN) if shown else UNKNOWN

    def sum(self, text: str) -> int:
        self.does(1 + len(text))
        value, name = arithmetic.evaluate(text, self.variables)
        if name:
            self.set(name, str(value))
        return value

    # what the shell does itself

    def _exit(self, arguments: list[str]) -> None:
        raise Over("exit", arithmetic.number(arguments[0]) if arguments else self.code)

    def _return(self, arguments: list[str]) -> None:
        raise Over("return", arithmetic.number(arguments[0]) if arguments else self.code)

    def _break(self, arguments: list[str]) -> None:
        raise Over("break")

    def _continue(self, arguments: list[str]) -> None:
        raise Over("continue")

    def _options(self, arguments: list[str]) -> None:
        if arguments and arguments[0].startswith("-"):
            self.stops_on_error = self.stops_on_error or "e" in arguments[0]

    def _declare(self, arguments: list[str]) -> None:
        for each in arguments:
            if assigned := ASSIGNED.fullmatch(each):
                self.set(assigned[1], assigned[2])

    def _trap(self, arguments: list[str]) -> None:
        self.heeds_term = self.heeds_term or any(each in ("TERM", "SIGTERM", "15") for each in arguments[1:])

    def _wait(self, arguments: list[str]) -> None:
        if None in self.jobs:
            raise Endless
        self.ms = max((self.ms, *(job for job in self.jobs if job is not None)))
        self.jobs.clear()

    def _eval(self, arguments: list[str]) -> None:
        script = " ".join(arguments)
        self.does(len(script))
        self.play(grammar.parse(script))

    def _read(self, arguments: list[str]) -> None:
        self.code = 1

    def _timeout(self, arguments: list[str]) -> None:
        while arguments and arguments[0].startswith("-"):
            arguments = arguments[2:] if arguments[0] in ("-s", "-k") else arguments[1:]
        if len(arguments) < 2:
            self.code = 1
            return
        try:
            limit_ms = programs.duration_ms(arguments[0])
        except ValueError:
            self.code = 1
            return
        ends_ms = None if limit_ms is None else self.ms + limit_ms
        try:
            self.run(arguments[1:])
        except Endless:
            if ends_ms is None or self.work > limits.COMMAND_WORK:
                raise
            self.ms = ends_ms + 1
        if ends_ms is not None and (self.ms > ends_ms or self.serves):
            self.ms, self.code, self.serves = ends_ms, _TIMED_OUT, False


_BUILT_IN: dict[str, Callable[[Shell, list[str]], None]] = {
    "exit": Shell._exit,
    "return": Shell._return,
    "break": Shell._break,
    "continue": Shell._continue,
    "set": Shell._options,
    "trap": Shell._trap,
    "wait": Shell._wait,
    "eval": Shell._eval,
    "read": Shell._read,
    "timeout": Shell._timeout,
    **dict.fromkeys(("export", "local", "readonly", "declare"), Shell._declare),
}
