"""The grammar of a shell, as much of it as container manifests use: a script as a tree. Called by player.py.

Trees are not deep: whatever goes beyond is Unreadable.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from app.api import limits
from app.nodes.runtime.commands import words
from app.nodes.runtime.commands.words import Arithmetic, Token, Unreadable, Word, Writes


class Simple(NamedTuple):
    words: tuple[Word, ...]
    writes: tuple[Word, ...] = ()  # files that its output goes to


class Computed(NamedTuple):
    """`((...))` as a command."""

    text: str


class Pipe(NamedTuple):
    parts: tuple[Node, ...]
    is_inverted: bool = False


class Step(NamedTuple):
    joint: str  # before it: `;`, `&&` or `||`
    node: Node
    in_background: bool


class Steps(NamedTuple):
    items: tuple[Step, ...]


class Subshell(NamedTuple):
    body: Node


class If(NamedTuple):
    branches: tuple[tuple[Node, Node], ...]  # condition, what then
    otherwise: Node | None


class Loop(NamedTuple):
    condition: Node
    body: Node
    is_until: bool


class For(NamedTuple):
    name: str
    words: tuple[Word, ...]
    body: Node


class Counted(NamedTuple):
    """`for ((start; condition; step))`."""

    start: str
    condition: str
    step: str
    body: Node


class Case(NamedTuple):
    word: Word
    branches: tuple[tuple[tuple[Word, ...], Node], ...]


class Function(NamedTuple):
    name: str
    body: Node


Node = Simple | Computed | Pipe | Steps | Subshell | If | Loop | For | Counted | Case | Function


def parse(text: str) -> Steps:
    """Raises Unreadable."""
    if len(text) > limits.COMMAND_LENGTH:
        raise Unreadable
    parser = _Parser(words.tokens(text))
    steps = parser.steps()
    if not parser.is_done:
        raise Unreadable
    return steps


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._tokens)

    def steps(self, ends: Collection[str] = ()) -> Steps:
        """Up to one of the keywords `ends`, or a bracket that closes."""
        items: list[Step] = []
        joint = ";"
        while not self.is_done and self._peek() not in (")", ";;") and self._keyword() not in ends:
            if self._took("\n", ";"):
                continue
            node = self._pipe()
            sign = self._took("&&", "||", "&", ";", "\n")
            items.append(Step(joint, node, in_background=sign == "&"))
            joint = sign if sign in ("&&", "||") else ";"
        return Steps(tuple(items))

    def _pipe(self) -> Node:
        is_inverted = False
        while self._took_keyword("!"):
            is_inverted = not is_inverted
        parts = [self._command()]
        while self._took("|"):
            self._skip_lines()
            parts.append(self._command())
        return Pipe(tuple(parts), is_inverted) if len(parts) > 1 or is_inverted else parts[0]

    def _command(self) -> Node:
        self._depth += 1
        if self._depth > limits.COMMAND_DEPTH:
            raise Unreadable
        self._skip_lines()
        node = self._compound() or self._simple()
        while isinstance(self._peek(), Writes):
            self._at += 1
        self._depth -= 1
        return node

    def _compound(self) -> Node | None:
        if self._took("("):
            body = self.steps()
            self._expect(")")
            return Subshell(body)
        if isinstance(token := self._peek(), Arithmetic):
            self._at += 1
            return Computed(token.text)
        match self._keyword():
            case "{":
                self._at += 1
                return self._up_to("}")
            case "if":
                self._at += 1
                return self._if()
            case "while" | "until" as word:
                self._at += 1
                return Loop(self._up_to("do"), self._up_to("done"), is_until=word == "until")
            case "for":
                self._at += 1
                return self._for()
            case "case":
                self._at += 1
                return self._case()
        return self._function()

    def _up_to(self, keyword: str) -> Steps:
        steps = self.steps((keyword,))
        self._expect_keyword(keyword)
        return steps

    def _if(self) -> If:
        branches: list[tuple[Node, Node]] = []
        while not branches or self._took_keyword("elif"):
            branches.append((self._up_to("then"), self.steps(("elif", "else", "fi"))))
        otherwise = self.steps(("fi",)) if self._took_keyword("else") else None
        self._expect_keyword("fi")
        return If(tuple(branches), otherwise)

    def _for(self) -> For | Counted:
        token = self._next()
        if isinstance(token, Arithmetic):
            start, condition, step = ([*token.text.split(";"), "", ""])[:3]
            self._do()
            return Counted(start.strip(), condition.strip(), step.strip(), self._up_to("done"))
        items: list[Word] = []
        if self._took_keyword("in"):
            while isinstance(each := self._peek(), Word):
                items.append(each)
                self._at += 1
        self._do()
        return For(token.bare if isinstance(token, Word) else "", tuple(items), self._up_to("done"))

    def _do(self) -> None:
        self._skip_lines()
        self._expect_keyword("do")

    def _case(self) -> Case:
        word = self._next_word()
        self._skip_lines()
        self._expect_keyword("in")
        branches: list[tuple[tuple[Word, ...], Node]] = []
        self._skip_lines()
        while not self._took_keyword("esac"):
            self._took("(")
            patterns = [self._next_word()]
            while self._took("|"):
                patterns.append(self._next_word())
            self._expect(")")
            branches.append((tuple(patterns), self.steps(("esac",))))
            self._took(";;")
            self._skip_lines()
        return Case(word, tuple(branches))

    def _function(self) -> Function | None:
        has_keyword = self._took_keyword("function")
        if not has_keyword and self._tokens[self._at + 1 : self._at + 3] != ["(", ")"]:
            return None
        name = self._next_word().bare
        if self._took("("):
            self._expect(")")
        self._skip_lines()
        return Function(name, self._command())

    def _simple(self) -> Simple:
        said: list[Word] = []
        writes: list[Word] = []
        is_test = self._keyword() == "[["  # in which `&&` and `(` are words
        while (token := self._peek()) is not None:
            if isinstance(token, Word):
                said.append(token)
            elif isinstance(token, Writes):
                writes.append(token.file)
            elif is_test and isinstance(token, str) and said[-1].bare != "]]":
                said.append(Word((token,)))
            else:
                break
            self._at += 1
        if not said and not writes:
            raise Unreadable
        return Simple(tuple(said), tuple(writes))

    # the tokens

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _keyword(self) -> str:
        token = self._peek()
        return token.bare if isinstance(token, Word) else ""

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise Unreadable
        self._at += 1
        return token

    def _next_word(self) -> Word:
        token = self._next()
        if not isinstance(token, Word):
            raise Unreadable
        return token

    def _took(self, *operators: str) -> str:
        token = self._peek()
        if not isinstance(token, str) or token not in operators:
            return ""
        self._at += 1
        return token

    def _took_keyword(self, keyword: str) -> bool:
        is_it = self._keyword() == keyword
        self._at += is_it
        return is_it

    def _expect(self, operator: str) -> None:
        if not self._took(operator):
            raise Unreadable

    def _expect_keyword(self, keyword: str) -> None:
        if not self._took_keyword(keyword):
            raise Unreadable

    def _skip_lines(self) -> None:
        while self._took("\n", ";"):
            pass
