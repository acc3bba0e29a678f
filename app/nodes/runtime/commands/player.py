"""A command played through without doing anything, and in no time. Called by course.py.

Variables, tests and sums are worked out, loops go round as often as they say, and what nobody can know turns out well.
A loop that asks for a Service or a file until it is there waits for it.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from app.nodes.runtime.commands import grammar, programs
from app.nodes.runtime.commands.grammar import Node
from app.nodes.runtime.commands.programs import FOR_EVER_MS
from app.nodes.runtime.commands.shell import BEAT_MS, Endless, Over, Shell
from app.nodes.runtime.commands.words import Output, Word

_SEQUENCE = re.compile(r"\s*seq\s+(?:(\d{1,12})\s+)?(\d{1,12})\s*")
_BRACES = re.compile(r"\{(\d{1,12})\.\.(\d{1,12})\}")
_STEADY_ROUNDS = 100  # of a loop over a list: the others take as long as the last of these


class Player(Shell):
    """It plays trees: lists, branches and loops."""

    def through(self, command: list[str]) -> int | None:
        """How long it takes; None: for ever. Raises Unreadable."""
        try:
            self.run(command)
        except Over as over:
            self.code = over.code
        except Endless:
            self.code, self.serves = 0, False
            return None
        return self.ms if self.ms < FOR_EVER_MS else None

    def play(self, node: Node) -> int:
        """The exit code."""
        with self.deeper():
            self.is_guess = False
            self._play(node)
        return self.code

    def _play(self, node: Node) -> None:
        match node:
            case grammar.Steps(items):
                self._steps(items)
            case grammar.Simple(words, writes):
                self.simple(words, writes)
            case grammar.Computed(text):
                self.code = int(not self.sum(text))
            case grammar.Pipe(parts, is_inverted):
                self._pipe(parts, is_inverted)
            case grammar.Subshell(body):
                self.subshell(body)
            case grammar.If(branches, otherwise):
                self._if(branches, otherwise)
            case grammar.Loop():
                self._loop(node)
            case grammar.For(name, words, body):
                self._for(name, words, body)
            case grammar.Counted():
                self._counted(node)
            case grammar.Case(word, branches):
                self._case(word, branches)
            case grammar.Function(name, body):
                self.functions[name] = body

    def _steps(self, items: Sequence[grammar.Step]) -> None:
        self.code = 0
        for number, step in enumerate(items):
            if (step.joint == "&&" and self.code != 0) or (step.joint == "||" and self.code == 0):
                continue
            if step.in_background:
                self._background(step.node)
                continue
            self.play(step.node)
            after = items[number + 1] if number + 1 < len(items) else None
            if self.is_guess and after is not None and after.joint == "||" and _gives_up(after.node):
                self.code = 0
            if self.stops_on_error and self.code != 0 and (after is None or after.joint == ";"):
                raise Over("exit", self.code)

    def _background(self, node: Node) -> None:
        began_ms = self.ms
        try:
            self.play(node)
            self.jobs.append(None if self.serves else self.ms)
        except Over:
            self.jobs.append(self.ms)
        except Endless:
            self.jobs.append(None)
        self.ms, self.code, self.serves = began_ms, 0, False
        self.does()

    def _pipe(self, parts: Sequence[Node], is_inverted: bool) -> None:
        """All at once: the longest says how long."""
        began_ms, ended_ms, serves = self.ms, self.ms, False
        for part in parts:
            self.ms = began_ms
            self.subshell(part)
            ended_ms, serves = max(ended_ms, self.ms), serves or self.serves
        self.ms, self.serves = ended_ms, serves
        if is_inverted:
            self.code = int(self.code == 0)

    def _if(self, branches: Sequence[tuple[Node, Node]], otherwise: Node | None) -> None:
        for number, (condition, then) in enumerate(branches):
            holds = self._asked(condition) == 0
            if self.is_guess and _gives_up(then):
                holds = False
            elif self.is_guess and number + 1 == len(branches) and _gives_up(otherwise):
                holds = True
            if holds:
                self.play(then)
                return
        self.code = 0
        if otherwise is not None:
            self.play(otherwise)

    def _asked(self, condition: Node) -> int:
        """A condition: what fails there ends no script."""
        strict, self.stops_on_error = self.stops_on_error, False
        try:
            return self.play(condition)
        finally:
            self.stops_on_error = strict

    def _case(self, word: Word, branches: Sequence[tuple[Sequence[Word], Node]]) -> None:
        text = self.expanded(word)
        self.code = 0
        for patterns, body in branches:
            for pattern in map(self.expanded, patterns):
                self.does(1 + len(pattern) + len(text) * len(pattern) // 64)
                if re.fullmatch(fnmatch.translate(pattern), text):
                    self.play(body)
                    return

    # --------------------------------------------------------------------------------------------- loops

    def _loop(self, loop: grammar.Loop) -> None:
        if need := self._need(loop.condition, is_wanted=loop.is_until):
            began_ms = self.ms
            self._round(loop.body)
            self.beat_ms = max(self.ms - began_ms, BEAT_MS)
            self.ms, self.code = began_ms, 0
            self.waits.append(need)
            return
        while True:
            before = self.changes
            holds = self._asked(loop.condition) == 0
            if holds == loop.is_until or self.is_guess:
                self.code = 0
                return
            if not self._round(loop.body):
                return
            if self.changes == before:
                raise Endless

    def _need(self, condition: Node, *, is_wanted: bool) -> str:
        """What is asked for by a condition that is to hold (`is_wanted`), or to fail, before one goes on."""
        match condition:
            case grammar.Steps(items) if items:
                return self._need(items[-1].node, is_wanted=is_wanted)
            case grammar.Pipe(parts, is_inverted):
                return self._need(parts[0], is_wanted=is_wanted != is_inverted)
            case grammar.Simple(words):
                asks = [self.expanded(word) for word in words]
                if len(asks) > 1 and asks[0] in programs.TESTS and asks[1] == "!":
                    is_wanted = not is_wanted
                    del asks[1]
                if asks[:1] == ["timeout"]:
                    asks = asks[2:]
                return programs.needs(tuple(asks)) if is_wanted else ""
        return ""

    def _round(self, body: Node) -> bool:
        """Once through a loop; False: it breaks out."""
        try:
            self.play(body)
        except Over as over:
            if over.how not in ("break", "continue"):
                raise
            self.code = 0
            return over.how == "continue"
        return True

    def _for(self, name: str, words: Sequence[Word], body: Node) -> None:
        self.code = 0
        for word in words:
            items = self._items(word)
            for number, item in enumerate(items):
                self.set(name, item)
                began_ms = self.ms
                if not self._round(body):
                    return
                if number == _STEADY_ROUNDS:
                    self.ms += (self.ms - began_ms) * (len(items) - number - 1)
                    break

    def _items(self, word: Word) -> Sequence[str]:
        only = word.parts[0] if len(word.parts) == 1 else ""
        numbers = _SEQUENCE.fullmatch(only.script) if isinstance(only, Output) else _BRACES.fullmatch(word.bare)
        if numbers:
            return _Numbers(int(numbers[1] or 1), int(numbers[2]))
        text = self.expanded(word)
        return [text] if word.is_quoted else text.split()

    def _counted(self, loop: grammar.Counted) -> None:
        self.code = 0
        self.sum(loop.start)
        while not loop.condition or self.sum(loop.condition):
            before = self.changes
            if not self._round(loop.body):
                return
            self.sum(loop.step)
            if self.changes == before:
                raise Endless


def _gives_up(node: Node | None) -> bool:
    """`exit 1`: that is for what goes wrong."""
    match node:
        case grammar.Steps(items) if items:
            return _gives_up(items[-1].node)
        case grammar.Simple((Word(("exit" | "return",)), Word((code,)))):
            return code != "0"
    return False


class _Numbers(Sequence[str]):
    """`seq 1 1000000`, without its items."""

    def __init__(self, first: int, last: int) -> None:
        self._range = range(first, last + 1)

    def __len__(self) -> int:
        return len(self._range)

    def __getitem__(self, at: int) -> str:  # type: ignore[override]
        return str(self._range[at])
