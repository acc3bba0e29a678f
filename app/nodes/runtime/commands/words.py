"""The words of a shell: a script cut into words and operators. Called by grammar.py.

A word is made of parts, so that what is expanded later (`$NAME`, `$(...)`, `$((...))`) and what quotes protect are told
apart once and for all. Each letter is read once.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Unreadable(Exception):
    """No shell can read the script, or this one cannot."""


class Variable(NamedTuple):
    name: str
    default: str | None = None


class Sum(NamedTuple):
    text: str


class Output(NamedTuple):
    script: str


class Word(NamedTuple):
    parts: tuple[str | Variable | Sum | Output, ...]
    is_quoted: bool = False

    @property
    def bare(self) -> str:
        """Its text, if that is all there is to it: only such a word can be a keyword."""
        only = self.parts[0] if len(self.parts) == 1 and not self.is_quoted else ""
        return only if isinstance(only, str) else ""


class Writes(NamedTuple):
    """`> file`."""

    file: Word


class Arithmetic(NamedTuple):
    """`((...))`."""

    text: str


Token = Word | Writes | Arithmetic | str  # a str is an operator


_BLANK = re.compile(r"(?:[ \t\r]|\\\n)+|#[^\n]*")
_OPERATOR = re.compile(r";;|&&|\|\||[;&|()\n]")
_REDIRECTION = re.compile(r"\d*(?:&>>?|<<<|<<-?|>>|[<>]&|>\||<>|[<>])")
_PLAIN = re.compile(r"[^\s'\"\\$`;&|()<>]+")
_PLAIN_IN_QUOTES = re.compile(r"[^\"\\$`]+")
_NAMED = re.compile(r"\$(\w+|[?#@*!$-])|\$\{(\w+)(?::?-([^}]*))?[^}]*\}")


def tokens(text: str) -> list[Token]:
    """Raises Unreadable."""
    return _Scanner(text).tokens()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._here: list[str] = []  # the last lines of here-documents that begin on the next line

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        while self._at < len(self._text):
            if self._took(_BLANK):
                continue
            if sign := self._took(_REDIRECTION):
                found += self._redirected(sign)
                continue
            found.append(self._arithmetic() or self._took(_OPERATOR) or self._word())
            if found[-1] == "\n":
                self._skip_here_documents()
        return found

    def _took(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match[0] if match else ""

    def _redirected(self, sign: str) -> tuple[Writes, ...]:
        self._took(_BLANK)
        target = self._word()
        if sign.lstrip("0123456789") in ("<<", "<<-"):
            self._here.append("".join(part for part in target.parts if isinstance(part, str)))
        is_file = ">" in sign and not (sign.endswith("&") and re.fullmatch(r"\d+|-", target.bare))
        return (Writes(target),) if is_file else ()

    def _skip_here_documents(self) -> None:
        for last in self._here:
            for line in iter(self._line, None):
                if line.strip() == last:
                    break
        self._here.clear()

    def _line(self) -> str | None:
        if self._at >= len(self._text):
            return None
        return self._until("\n")

    def _until(self, end: str) -> str:
        """What stands before the next `end`, which is passed over too."""
        found = self._text.find(end, self._at)
        stop = len(self._text) if found < 0 else found
        taken, self._at = self._text[self._at : stop], stop + 1
        return taken

    def _arithmetic(self) -> Arithmetic | None:
        if not self._text.startswith("((", self._at):
            return None
        inside = self._enclosed("(", ")")
        if not inside.endswith(")"):
            raise Unreadable  # `((a) b)`, a shell within a shell, is written with a blank
        return Arithmetic(inside[1:-1])

    def _enclosed(self, opening: str, closing: str) -> str:
        """What stands between the bracket here and the one that closes it, which is passed over too."""
        depth, start = 0, self._at + 1
        for at in range(self._at, len(self._text)):
            depth += (self._text[at] == opening) - (self._text[at] == closing)
            if not depth:
                self._at = at + 1
                return self._text[start:at]
        raise Unreadable

    def _word(self) -> Word:
        parts: list[str | Variable | Sum | Output] = []
        is_quoted = False
        while self._at < len(self._text):
            letter = self._text[self._at]
            if letter in "'\"\\":
                is_quoted = True
                self._at += 1
                if letter == "'":
                    parts.append(self._until("'"))
                elif letter == '"':
                    self._double_quoted(parts)
                else:
                    parts.append(self._escaped())
            elif letter in "$`":
                parts.append(self._expansion())
            elif plain := self._took(_PLAIN):
                parts.append(plain)
            else:
                break
        if not parts and not is_quoted:
            raise Unreadable
        return Word(tuple(parts), is_quoted)

    def _escaped(self) -> str:
        self._at += 1
        return self._text[self._at - 1 : self._at]

    def _double_quoted(self, parts: list[str | Variable | Sum | Output]) -> None:
        while self._at < len(self._text):
            letter = self._text[self._at]
            if letter in '"\\':
                self._at += 1
                if letter == '"':
                    return
                parts.append(self._escaped())
            else:
                parts.append(self._expansion() if letter in "$`" else self._took(_PLAIN_IN_QUOTES))
        raise Unreadable

    def _expansion(self) -> str | Variable | Sum | Output:
        if self._text[self._at] == "`":
            self._at += 1
            return Output(self._until("`"))
        if match := _NAMED.match(self._text, self._at):
            self._at = match.end()
            return Variable(match[1] or match[2], match[3])
        self._at += 1
        if not self._text.startswith("(", self._at):
            return "$"
        inside = self._enclosed("(", ")")
        return Sum(inside[1:-1]) if inside.startswith("(") and inside.endswith(")") else Output(inside)
