"""Regular expressions as Go has them (RE2): matched in time that grows with the text only, whoever wrote them.

The schemas of custom kinds and their CEL rules bring expressions of strangers, and Python's own engine can be kept busy
for years by fifty characters. So an expression becomes a small program (syntax in `pattern_syntax.py`) whose threads
all go forward together, character by character. Models the Go package `regexp`, Pike's machine in `exec.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from app.api import limits
from app.apimachinery import pattern_syntax
from app.apimachinery.pattern_syntax import (
    AT_BEGIN,
    AT_END,
    AT_LINE_BEGIN,
    AT_LINE_END,
    AT_NO_WORD_EDGE,
    AT_WORD_EDGE,
    BadPattern,
    Node,
    Takes,
)

__all__ = ["BadPattern", "Pattern", "TooCostly", "compiled"]

CHARACTER, MATCH, SPLIT, SAVE, LOOK = range(5)
Span = tuple[int, int]
_REMEMBERED = 5_000  # steps of one expression


class TooCostly(Exception):
    """The expression is so large, and the text so long, that nobody waits for it."""


@lru_cache(maxsize=512)
def compiled(source: str) -> Pattern:
    """Raises BadPattern, in Go's words."""
    return Pattern(source)


class Pattern:
    def __init__(self, source: str) -> None:
        self.source = source
        self._program = _program(source)
        self._steps: dict[tuple[tuple[int, ...], int, str], tuple[bool, tuple[int, ...]]] = {}
        self._work = 0

    def matches(self, text: str) -> bool:
        """Anywhere in the text. Raises TooCostly."""
        self._work = 0
        threads: tuple[int, ...] = ()
        for position in range(len(text) + 1):
            found, threads = self._step((*threads, 0), self._around(text, position), text[position : position + 1])
            if found:
                return True
        return False

    def find(self, text: str, start: int = 0) -> list[Span | None] | None:
        """Where the leftmost match is, then where each group of it is; None if there is none. Raises TooCostly."""
        self._work = 0
        return self._find(text, start)

    def find_all(self, text: str) -> Iterator[list[Span | None]]:
        """Every match, from left to right; none overlaps the one before. Raises TooCostly."""
        self._work = 0
        start, last_end = 0, -1
        while start <= len(text) and (found := self._find(text, start)) is not None:
            whole = found[0]
            assert whole is not None
            if whole[1] > whole[0] or whole[1] != last_end:
                yield found
                last_end = whole[1]
            start = whole[1] if whole[1] > start else start + 1

    # ------------------------------------------------------------------------------------------------ whether

    def _step(self, threads: tuple[int, ...], around: int, character: str) -> tuple[bool, tuple[int, ...]]:
        """Whether one of the threads is through, and where the others are after this character."""
        key = (threads, around, character)
        found = self._steps.get(key)
        if found is None:
            if len(self._steps) >= _REMEMBERED:
                self._steps.clear()
            ready = self._closure(threads, around)
            through = any(self._program[at].code == MATCH for at in ready)
            nexts = (self._program[at].to for at in ready if self._takes(at, character))
            found = self._steps[key] = through, tuple(dict.fromkeys(nexts))
        return found

    def _closure(self, threads: tuple[int, ...], around: int) -> list[int]:
        """Where the threads stand that wait for a character, or are through."""
        seen: set[int] = set()
        ready: list[int] = []
        todo = list(reversed(threads))
        while todo:
            at = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            self._spend()
            step = self._program[at]
            if step.code in (CHARACTER, MATCH):
                ready.append(at)
            elif step.code == SPLIT:
                todo += (step.other, step.to)
            elif step.code == SAVE or _holds(step.look, around):
                todo.append(step.to)
        return ready

    def _takes(self, at: int, character: str) -> bool:
        step = self._program[at]
        return step.code == CHARACTER and character != "" and step.takes(character)

    def _spend(self) -> None:
        self._work += 1
        if self._work > limits.PATTERN_WORK:
            raise TooCostly("the regular expression is too expensive for a text of this length")

    # ------------------------------------------------------------------------------------------------ where

    def _find(self, text: str, start: int) -> list[Span | None] | None:
        """The threads in the order in which a backtracking machine would try them, each with where its groups are."""
        threads: list[tuple[int, dict[int, int]]] = []
        best: dict[int, int] | None = None
        for position in range(start, len(text) + 1):
            if best is None:
                threads.append((0, {0: position}))
            ready = self._closure_with_groups(threads, text, position)
            threads, character, taken = [], text[position : position + 1], set[int]()
            for at, groups in ready:
                if self._program[at].code == MATCH:
                    best = {**groups, 1: position}
                    break  # those behind it are worth less
                if self._takes(at, character) and self._program[at].to not in taken:
                    taken.add(self._program[at].to)
                    threads.append((self._program[at].to, groups))
            if best is not None and not threads:
                break
        return None if best is None else _spans(best)

    def _closure_with_groups(
        self, threads: list[tuple[int, dict[int, int]]], text: str, position: int
    ) -> list[tuple[int, dict[int, int]]]:
        around = self._around(text, position)
        seen: set[int] = set()
        ready = []
        todo = list(reversed(threads))
        while todo:
            at, groups = todo.pop()
            if at in seen:
                continue
            seen.add(at)
            self._spend()
            step = self._program[at]
            if step.code in (CHARACTER, MATCH):
                ready.append((at, groups))
            elif step.code == SPLIT:
                todo += ((step.other, groups), (step.to, groups))
            elif step.code == SAVE:
                todo.append((step.to, {**groups, step.other: position}))
            elif _holds(step.look, around):
                todo.append((step.to, groups))
        return ready

    @staticmethod
    def _around(text: str, position: int) -> int:
        """Which of the empty places (`^`, `\\b`) this one is, as bits."""
        before, after = text[position - 1 : position] if position else "", text[position : position + 1]
        found = AT_WORD_EDGE if _is_word(before) != _is_word(after) else AT_NO_WORD_EDGE
        found |= (AT_BEGIN | AT_LINE_BEGIN) if not before else AT_LINE_BEGIN if before == "\n" else 0
        return found | ((AT_END | AT_LINE_END) if not after else AT_LINE_END if after == "\n" else 0)


def _holds(wanted: int, around: int) -> bool:
    return bool(wanted & around)


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def _spans(marks: dict[int, int]) -> list[Span | None]:
    groups = max(marks) // 2 + 1
    return [
        (marks[2 * group], marks[2 * group + 1]) if 2 * group in marks and 2 * group + 1 in marks else None
        for group in range(groups)
    ]


# ------------------------------------------------------------------------------------------------ program


class Step(NamedTuple):
    """One instruction: CHARACTER takes one and goes on at `to`; SPLIT tries `to` before `other`; SAVE notes the place
    under the number `other`; LOOK goes on where one of the places `look` is."""

    code: int
    to: int = 0
    other: int = 0
    look: int = 0
    takes: Takes = lambda character: False


def _program(source: str) -> tuple[Step, ...]:
    """Raises BadPattern."""
    steps: list[Step] = []
    _emit(pattern_syntax.parsed(source), steps, source)
    return (*steps, Step(MATCH))


def _emit(node: Node, steps: list[Step], source: str) -> None:
    if len(steps) > limits.PATTERN_STEPS:
        raise BadPattern(f"expression too large: `{source}`")
    match node.form:
        case "char":
            assert node.takes is not None
            steps.append(Step(CHARACTER, len(steps) + 1, takes=node.takes))
        case "look":
            steps.append(Step(LOOK, len(steps) + 1, look=node.look))
        case "cat":
            for part in node.parts:
                _emit(part, steps, source)
        case "group":
            steps.append(Step(SAVE, len(steps) + 1, 2 * node.number))
            _emit(node.parts[0], steps, source)
            steps.append(Step(SAVE, len(steps) + 1, 2 * node.number + 1))
        case "alt":
            _emit_choice(node.parts, steps, source)
        case "repeat":
            _emit_repeat(node, steps, source)


def _emit_choice(parts: tuple[Node, ...], steps: list[Step], source: str) -> None:
    ends = []
    for part in parts[:-1]:
        split = len(steps)
        steps.append(Step(SPLIT))
        _emit(part, steps, source)
        ends.append(len(steps))
        steps.append(Step(SPLIT))
        steps[split] = Step(SPLIT, split + 1, len(steps))
    _emit(parts[-1], steps, source)
    for end in ends:
        steps[end] = Step(SPLIT, len(steps), len(steps))


def _emit_repeat(node: Node, steps: list[Step], source: str) -> None:
    (part,) = node.parts
    for _ in range(node.least):
        _emit(part, steps, source)
    if node.most is None:
        split = len(steps)
        steps.append(Step(SPLIT))
        _emit(part, steps, source)
        steps.append(Step(SPLIT, split, split))
        steps[split] = _split(split + 1, len(steps), greedy=node.greedy)
        return
    splits = []
    for _ in range(node.most - node.least):
        splits.append(len(steps))
        steps.append(Step(SPLIT))
        _emit(part, steps, source)
    for split in splits:
        steps[split] = _split(split + 1, len(steps), greedy=node.greedy)


def _split(into: int, past: int, *, greedy: bool) -> Step:
    return Step(SPLIT, into, past) if greedy else Step(SPLIT, past, into)
