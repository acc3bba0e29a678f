"""From the text of a CEL expression to a tree. Models the grammar of google/cel-spec and the macros of cel-go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.api import limits


class CompileError(ValueError):
    """What is wrong and where, as cel-go prints it."""

    def __init__(self, text: str, source: str, at: int) -> None:
        line = source.count("\n", 0, at) + 1
        begin = source.rfind("\n", 0, at) + 1
        shown = source[begin:].partition("\n")[0]
        column = at - begin
        super().__init__(f"ERROR: <input>:{line}:{column + 1}: {text}\n | {shown}\n | {'.' * column}^")


@dataclass(frozen=True, slots=True)
class Node:
    """`form` says what it is:

    const (value), name (value), select (args[0].value), has (the same, asked whether it is there),
    call (value is the function; the receiver of a method is args[0] and `method` is set), list, map (keys and values
    in turns), and what gives a value a name for a while: all, exists, exists_one, map_, filter, bind, optmap and
    optflatmap (value is the name; args: what it is, or is taken from, and the body).
    An entry of a list or map in `optional` is left out where its value is none.
    """

    form: str
    at: int
    value: Any = None
    args: tuple[Node, ...] = ()
    method: bool = False
    optional: frozenset[int] = frozenset()


COMPREHENSIONS = ("all", "exists", "exists_one", "existsOne", "map", "filter")
_TOKEN = re.compile(
    r"""(?P<space>(\s|//[^\n]*)+)
    |(?P<string>[rR]?[bB]?(\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
              |[bB][rR]?("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<float>\d+\.\d+([eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+([eE][+-]?\d+)?)
    |(?P<int>(0[xX][0-9a-fA-F]+|\d+)[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[A-Za-z0-9_./-]+`)
    |(?P<mark>==|!=|<=|>=|&&|\|\||\.\?|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_RESERVED = frozenset(
    ("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package")
) | {"namespace", "return", "var", "void", "while"}
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)", re.DOTALL)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",), ("&&",), ("<", "<=", ">=", ">", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip


def parsed(source: str) -> Node:
    """Raises CompileError."""
    return _Parser(source).whole()


class UInt(int):
    """An unsigned integer: `3u`."""


@dataclass(frozen=True, slots=True)
class _Token:
    form: str
    text: str
    at: int


def _tokens(source: str) -> list[_Token]:
    found, at = [], 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise CompileError(f"Syntax error: token recognition error at: '{source[at]}'", source, at)
        form = match.lastgroup or ""
        form = next(name for name in ("space", "string", "float", "int", "name", "mark") if match[name] is not None)
        if form != "space":
            found.append(_Token(form, match[0], at))
        at = match.end()
    return [*found, _Token("end", "<EOF>", at)]


class _Parser:
    def __init__(self, source: str) -> None:
        if len(source) > limits.CEL_LENGTH:
            raise CompileError(f"an expression may have {limits.CEL_LENGTH} characters", source[:80], 0)
        self._source = source
        self._tokens = _tokens(source)
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._conditional()
        if self._token.form != "end":
            raise self._unexpected()
        return node

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _unexpected(self) -> CompileError:
        text = f"Syntax error: mismatched input '{self._token.text}'"
        return CompileError(text, self._source, self._token.at)

    def _accept(self, *texts: str) -> _Token | None:
        token = self._token
        if token.form in ("mark", "name") and token.text in texts:
            self._next += 1
            return token
        return None

    def _expect(self, text: str) -> _Token:
        token = self._accept(text)
        if token is None:
            raise self._unexpected()
        return token

    def _conditional(self) -> Node:
        self._depth += 1
        if self._depth > limits.CEL_NESTING:
            text = f"expression recursion limit exceeded: {limits.CEL_NESTING}"
            raise CompileError(text, self._source, self._token.at)
        node = self._binary(0)
        if mark := self._accept("?"):
            yes = self._binary(0)
            self._expect(":")
            node = Node("call", mark.at, "_?_:_", (node, yes, self._conditional()))
        self._depth -= 1
        return node

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while mark := self._accept(*_LEVELS[level]):
            function = "@in" if mark.text == "in" else f"_{mark.text}_"
            node = Node("call", mark.at, function, (node, self._binary(level + 1)))
        return node

    def _unary(self) -> Node:
        marks = []
        while mark := self._accept("!", "-"):
            marks.append(mark)
            if len(marks) > limits.CEL_NESTING:
                raise CompileError("expression recursion limit exceeded", self._source, mark.at)
        node = self._member()
        for mark in reversed(marks):
            if mark.text == "-" and node.form == "const" and type(node.value) in (int, float):
                node = Node("const", mark.at, -node.value)
            else:
                node = Node("call", mark.at, f"{mark.text}_", (node,))
        return node

    def _member(self) -> Node:
        node = self._primary()
        while True:
            if mark := self._accept(".?"):
                node = Node("call", mark.at, "_?._", (node, Node("const", mark.at, self._name())))
            elif mark := self._accept("."):
                node = self._dotted(node, mark)
            elif mark := self._accept("["):
                function = "_[?_]" if self._accept("?") else "_[_]"
                index = self._conditional()
                self._expect("]")
                node = Node("call", mark.at, function, (node, index))
            else:
                return node

    def _dotted(self, node: Node, mark: _Token) -> Node:
        name = self._name()
        if not (opening := self._accept("(")):
            return Node("select", mark.at, name, (node,))
        if name in COMPREHENSIONS:
            return self._comprehension(node, name, opening)
        if name in ("optMap", "optFlatMap") or (name == "bind" and node.form == "name" and node.value == "cel"):
            return self._bound(node, name, opening)
        return Node("call", opening.at, name, (node, *self._arguments(")")), method=True)

    def _name(self) -> str:
        token = self._token
        if token.form != "name":
            raise self._unexpected()
        self._next += 1
        return token.text.strip("`")

    def _comprehension(self, range_: Node, name: str, opening: _Token) -> Node:
        variable, *bodies = self._arguments(")")
        if variable.form != "name":
            raise CompileError("argument must be a simple name", self._source, variable.at)
        form = {"map": "map_", "existsOne": "exists_one"}.get(name, name)
        if form == "map_" and len(bodies) == 2:  # map(x, which, what)
            range_ = Node("filter", opening.at, variable.value, (range_, bodies[0]))
            bodies = bodies[1:]
        if len(bodies) != 1:
            raise CompileError(f"undeclared reference to '{name}' (in container '')", self._source, opening.at)
        return Node(form, opening.at, variable.value, (range_, bodies[0]))

    def _bound(self, node: Node, name: str, opening: _Token) -> Node:
        """`x.optMap(v, body)` and `cel.bind(v, x, body)`."""
        args = self._arguments(")")
        held = node if name != "bind" else args.pop(1) if len(args) > 1 else node
        if len(args) != 2 or args[0].form != "name":
            raise CompileError("argument must be a simple name", self._source, opening.at)
        return Node(name.lower(), opening.at, args[0].value, (held, args[1]))

    def _arguments(self, closing: str) -> list[Node]:
        found: list[Node] = []
        while not self._accept(closing):
            if found:
                self._expect(",")
                if self._accept(closing):
                    break
            found.append(self._conditional())
        return found

    def _primary(self) -> Node:
        token = self._token
        match token.form:
            case "string":
                self._next += 1
                return Node("const", token.at, self._text(token))
            case "float":
                self._next += 1
                return Node("const", token.at, float(token.text))
            case "int":
                self._next += 1
                return Node("const", token.at, self._integer(token))
            case "name":
                return self._named(token)
        if self._accept("("):
            node = self._conditional()
            self._expect(")")
            return node
        if self._accept("["):
            return self._collection(token, "list", "]")
        if self._accept("{"):
            return self._collection(token, "map", "}")
        if self._accept("."):
            return Node("name", token.at, self._name())
        raise self._unexpected()

    def _named(self, token: _Token) -> Node:
        self._next += 1
        if token.text in ("true", "false", "null"):
            return Node("const", token.at, {"true": True, "false": False, "null": None}[token.text])
        if token.text in _RESERVED:
            raise CompileError(f"reserved identifier: {token.text}", self._source, token.at)
        if not (opening := self._accept("(")):
            return Node("name", token.at, token.text.strip("`"))
        args = self._arguments(")")
        if token.text == "has" and len(args) == 1:
            if args[0].form != "select":
                raise CompileError("invalid argument to has() macro", self._source, opening.at)
            return Node("has", args[0].at, args[0].value, args[0].args)
        return Node("call", opening.at, token.text, tuple(args))

    def _collection(self, token: _Token, form: str, closing: str) -> Node:
        parts: list[Node] = []
        optional: set[int] = set()
        while not self._accept(closing):
            if parts:
                self._expect(",")
                if self._accept(closing):
                    break
            if self._accept("?"):
                optional.add(len(parts))
            parts.append(self._conditional())
            if form == "map":
                self._expect(":")
                parts.append(self._conditional())
        return Node(form, token.at, args=tuple(parts), optional=frozenset(optional))

    def _integer(self, token: _Token) -> int:
        is_unsigned = token.text[-1] in "uU"
        number = int(token.text.rstrip("uU"), 0 if token.text[:2].lower() == "0x" else 10)
        if number >= (1 << 64 if is_unsigned else (1 << 63) + 1):
            raise CompileError("invalid int literal", self._source, token.at)
        return UInt(number) if is_unsigned else number

    def _text(self, token: _Token) -> str | bytes:
        prefix = re.match("[rRbB]*", token.text)
        assert prefix is not None
        marks, quoted = prefix[0].lower(), token.text[prefix.end() :]
        size = 3 if quoted[:3] in ('"""', "'''") and len(quoted) >= 6 else 1
        text = quoted[size:-size]
        if "r" not in marks:
            text = _ESCAPE.sub(self._escape(token), text)
        return text.encode("utf-8", "surrogatepass") if "b" in marks else text

    def _escape(self, token: _Token) -> Any:
        def plain(found: re.Match[str]) -> str:
            code = found[1]
            if code in _ESCAPES:
                return _ESCAPES[code]
            if code in "\\?\"'`":
                return code
            try:
                return chr(int(code, 8) if len(code) == 3 and code[0] in "0123" else int(code[1:], 16))
            except (ValueError, OverflowError):
                raise CompileError("Syntax error: invalid escape sequence", self._source, token.at) from None

        return plain
