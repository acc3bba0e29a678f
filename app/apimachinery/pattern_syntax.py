"""The syntax of Go's regular expressions: from a text to the tree of which `patterns.py` makes a program.

Models the Go package `regexp/syntax`: what it takes, what it refuses and the words it refuses it with. Of the classes
of Unicode the general categories are known (`\\pL`, `\\p{Lu}`), scripts are not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

AT_BEGIN, AT_END, AT_LINE_BEGIN, AT_LINE_END, AT_WORD_EDGE, AT_NO_WORD_EDGE = (1 << bit for bit in range(6))
_MOST_REPEATS = 1000
_DEEPEST = 200

Takes = Callable[[str], bool]


class BadPattern(ValueError):
    """Its text is Go's, without the beginning `error parsing regexp: `."""


class Node(NamedTuple):
    """Part of an expression: "empty", "char", "look", "cat", "alt", "repeat" or "group"."""

    form: str
    parts: tuple[Node, ...] = ()
    takes: Takes | None = None
    look: int = 0
    least: int = 0
    most: int | None = None
    greedy: bool = True
    number: int = 0


_EMPTY = Node("empty")


def parsed(source: str) -> Node:
    """Raises BadPattern."""
    return _Parser(source).parsed()


# ------------------------------------------------------------------------------------------------ classes

Ranges = tuple[tuple[str, str], ...]

_PERL: dict[str, Ranges] = {
    "d": (("0", "9"),),
    "s": (("\t", "\n"), ("\f", "\r"), (" ", " ")),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
}
_POSIX: dict[str, Ranges] = {
    "alnum": (("0", "9"), ("A", "Z"), ("a", "z")),
    "alpha": (("A", "Z"), ("a", "z")),
    "ascii": (("\0", "\x7f"),),
    "blank": (("\t", "\t"), (" ", " ")),
    "cntrl": (("\0", "\x1f"), ("\x7f", "\x7f")),
    "digit": (("0", "9"),),
    "graph": (("!", "~"),),
    "lower": (("a", "z"),),
    "print": ((" ", "~"),),
    "punct": (("!", "/"), (":", "@"), ("[", "`"), ("{", "~")),
    "space": (("\t", "\r"), (" ", " ")),
    "upper": (("A", "Z"),),
    "word": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "xdigit": (("0", "9"), ("A", "F"), ("a", "f")),
}
_CATEGORY = re.compile(r"C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")
_ESCAPED = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _in(ranges: Ranges) -> Takes:
    return lambda character: any(low <= character <= high for low, high in ranges)


def _not(takes: Takes) -> Takes:
    return lambda character: not takes(character)


def _any_of(several: list[Takes]) -> Takes:
    return several[0] if len(several) == 1 else lambda character: any(takes(character) for takes in several)


def _in_any_case(takes: Takes) -> Takes:
    return lambda character: takes(character) or takes(character.lower()) or takes(character.upper())


# ------------------------------------------------------------------------------------------------ parsing


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._groups = 0
        self._depth = 0
        self._flags = frozenset[str]()

    def parsed(self) -> Node:
        node = self._choice()
        if self._at < len(self._source):
            raise BadPattern(f"unexpected ): `{self._source}`")
        return node

    def _peek(self, text: str) -> bool:
        return self._source.startswith(text, self._at)

    def _choice(self) -> Node:
        outer = self._flags
        parts = [self._row()]
        while self._peek("|"):
            self._at += 1
            parts.append(self._row())
        self._flags = outer
        return parts[0] if len(parts) == 1 else Node("alt", tuple(parts))

    def _row(self) -> Node:
        parts: list[Node] = []
        while self._at < len(self._source) and not self._peek("|") and not self._peek(")"):
            begin = self._at
            parts.append(self._repeated(self._atom(), begin))
        return parts[0] if len(parts) == 1 else Node("cat", tuple(parts)) if parts else _EMPTY

    def _repeated(self, node: Node, begin: int) -> Node:
        operators = 0
        while (found := self._repeat_operator()) is not None:
            least, most, text = found
            operators += 1
            if operators > 1:
                raise BadPattern(f"invalid nested repetition operator: `{self._source[begin : self._at]}`")
            lazy = self._peek("?")
            self._at += lazy
            begin = self._at - len(text) - lazy
            node = Node("repeat", (node,), least=least, most=most, greedy=lazy == ("U" in self._flags))
        return node

    def _repeat_operator(self) -> tuple[int, int | None, str] | None:
        for operator, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self._peek(operator):
                self._at += 1
                return least, most, operator
        end = self._source.find("}", self._at)
        if not self._peek("{") or end < 0:
            return None
        text = self._source[self._at : end + 1]
        low, comma, high = text[1:-1].partition(",")
        if not (low.isascii() and low.isdigit()) or (high and not (high.isascii() and high.isdigit())):
            return None  # it means itself
        least = int(low[:5])
        most = least if not comma else int(high[:5]) if high else None
        if least > _MOST_REPEATS or (most is not None and (most > _MOST_REPEATS or most < least)):
            raise BadPattern(f"invalid repeat count: `{text}`")
        self._at = end + 1
        return least, most, text

    def _atom(self) -> Node:
        character = self._source[self._at]
        match character:
            case "(":
                return self._group()
            case "[":
                return self._char(self._class())
            case ".":
                self._at += 1
                return self._char(lambda taken: True) if "s" in self._flags else self._char(lambda taken: taken != "\n")
            case "^":
                self._at += 1
                return Node("look", look=AT_LINE_BEGIN if "m" in self._flags else AT_BEGIN)
            case "$":
                self._at += 1
                return Node("look", look=AT_LINE_END if "m" in self._flags else AT_END)
            case "*" | "+" | "?":
                raise BadPattern(f"missing argument to repetition operator: `{character}`")
            case "\\":
                return self._escape()
        if character == "{" and (found := self._repeat_operator()) is not None:
            raise BadPattern(f"missing argument to repetition operator: `{found[2]}`")
        self._at += 1
        return self._char(_in(((character, character),)))

    def _char(self, takes: Takes) -> Node:
        return Node("char", takes=_in_any_case(takes) if "i" in self._flags else takes)

    def _group(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadPattern(f"expression nests too deeply: `{self._source}`")
        outer, number = self._flags, 0
        if self._peek("(?"):
            named = self._group_name()
            if not named and not self._group_flags():
                self._depth -= 1
                return _EMPTY  # flags for the rest of the group around it
        else:
            named = True
            self._at += 1
        if named:
            self._groups += 1
            number = self._groups
        inside = self._choice()
        if not self._peek(")"):
            raise BadPattern(f"missing closing ): `{self._source}`")
        self._at += 1
        self._depth -= 1
        self._flags = outer
        return Node("group", (inside,), number=number) if named else inside

    def _group_name(self) -> bool:
        for opening in ("(?P<", "(?<"):
            if self._peek(opening) and not self._peek("(?<=") and not self._peek("(?<!"):
                end = self._source.find(">", self._at)
                name = self._source[self._at + len(opening) : end]
                if (
                    end < 0
                    or not name
                    or not all(letter.isascii() and (letter.isalnum() or letter == "_") for letter in name)
                ):
                    raise BadPattern(f"invalid named capture: `{self._source[self._at : end + 1 or None]}`")
                self._at = end + 1
                return True
        return False

    def _group_flags(self) -> bool:
        """Whether a group follows them."""
        begin, on = self._at, True
        flags = set(self._flags)
        self._at += 2
        while self._at < len(self._source):
            letter = self._source[self._at]
            self._at += 1
            if letter in "imsU":
                (flags.add if on else flags.discard)(letter)
            elif letter == "-" and on:
                on = False
            elif letter in ":)":
                self._flags = frozenset(flags)
                return letter == ":"
            else:
                break
        raise BadPattern(f"invalid or unsupported Perl syntax: `{self._source[begin : self._at]}`")

    def _escape(self) -> Node:
        if self._at + 1 >= len(self._source):
            raise BadPattern("trailing backslash at end of expression: ``")
        letter = self._source[self._at + 1]
        look = {"A": AT_BEGIN, "z": AT_END, "b": AT_WORD_EDGE, "B": AT_NO_WORD_EDGE}.get(letter)
        if look is not None:
            self._at += 2
            return Node("look", look=look)
        if letter == "Q":
            end = self._source.find("\\E", self._at)
            literal = self._source[self._at + 2 : end if end >= 0 else None]
            self._at = end + 2 if end >= 0 else len(self._source)
            return Node("cat", tuple(self._char(_in(((each, each),))) for each in literal))
        found = self._class_escape()
        if found is None:
            single = self._single_escape()
            found = _in(((single, single),))
        return self._char(found)

    def _class_escape(self) -> Takes | None:
        """`\\d`, `\\pL`; None if it is one character."""
        letter = self._source[self._at + 1]
        if letter.lower() in _PERL:
            self._at += 2
            inside = _in(_PERL[letter.lower()])
            return _not(inside) if letter.isupper() else inside
        if letter not in "pP":
            return None
        begin = self._at
        name = self._source[self._at + 2 : self._at + 3]
        self._at += 3
        if name == "{":
            end = self._source.find("}", self._at)
            if end < 0:
                raise BadPattern(f"invalid character class range: `{self._source[begin:]}`")
            name, self._at = self._source[self._at : end], end + 1
        negated = name.startswith("^") != (letter == "P")
        name = name.removeprefix("^")
        if not _CATEGORY.fullmatch(name):
            raise BadPattern(f"invalid character class range: `{self._source[begin : self._at]}`")
        takes: Takes = lambda character: unicodedata.category(character).startswith(name)  # noqa: E731
        return _not(takes) if negated else takes

    def _single_escape(self) -> str:
        begin = self._at
        letter = self._source[self._at + 1 : self._at + 2]
        self._at += 2
        if letter in _ESCAPED:
            return _ESCAPED[letter]
        if letter and letter in "01234567" and (letter == "0" or self._source[self._at : self._at + 1].isdigit()):
            digits = letter
            while len(digits) < 3 and self._source[self._at : self._at + 1] in tuple("01234567"):
                digits += self._source[self._at]
                self._at += 1
            return chr(int(digits, 8))
        if letter == "x":
            end = self._source.find("}", self._at) if self._peek("{") else self._at + 1
            digits = self._source[self._at : end + 1].strip("{}")
            try:
                self._at = end + 1
                return chr(int(digits, 16))
            except (ValueError, OverflowError):
                pass
        elif letter and not (letter.isalnum() and letter.isascii()):
            return letter
        raise BadPattern(f"invalid escape sequence: `{self._source[begin : self._at]}`")

    def _class(self) -> Takes:
        begin = self._at
        self._at += 1
        negated = self._peek("^")
        self._at += negated
        parts: list[Takes] = []
        while not self._peek("]") or not parts:
            if self._at >= len(self._source):
                raise BadPattern(f"missing closing ]: `{self._source[begin:]}`")
            parts.append(self._class_part(begin))
        self._at += 1
        return _not(_any_of(parts)) if negated else _any_of(parts)

    def _class_part(self, begin: int) -> Takes:
        if self._peek("[:"):
            end = self._source.find(":]", self._at)
            if end >= 0:
                name = self._source[self._at + 2 : end]
                known = _POSIX.get(name.removeprefix("^"))
                if known is None:
                    raise BadPattern(f"invalid character class range: `{self._source[self._at : end + 2]}`")
                self._at = end + 2
                return _not(_in(known)) if name.startswith("^") else _in(known)
        if self._peek("\\") and self._at + 1 < len(self._source) and (found := self._class_escape()) is not None:
            return found
        first = self._at
        low = self._class_character(begin)
        high = low
        if self._peek("-") and self._source[self._at + 1 : self._at + 2] not in ("]", ""):
            self._at += 1
            high = self._class_character(begin)
        if high < low:
            raise BadPattern(f"invalid character class range: `{self._source[first : self._at]}`")
        return _in(((low, high),))

    def _class_character(self, begin: int) -> str:
        if self._at >= len(self._source):
            raise BadPattern(f"missing closing ]: `{self._source[begin:]}`")
        if self._peek("\\"):
            if self._at + 1 >= len(self._source):
                raise BadPattern("trailing backslash at end of expression: ``")
            return self._single_escape()
        self._at += 1
        return self._source[self._at - 1]
