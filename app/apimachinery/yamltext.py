"""YAML as kubectl reads and prints it: text to values with the line of each, and back.

`app/kubectl/manifests.py` reads what people type through `read`; pages show live objects through `dump`. Values follow
sigs.k8s.io/yaml over go-yaml v2: `yes` and `on` are true, dates are text, `0o17` is 15, keys become text, a key that
comes twice is an error. The walk is over libyaml's events, with limits on depth, and on the
values and bytes that aliases expand to, so that no text can exhaust the process.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from app.api import limits
from app.api.breath import EVERY, breathe
from app.api.errors import BadRequest, TooLarge
from app.api.go_json import digits
from app.api.messages import N_, Advice
from app.apimachinery import slips

Path = tuple[str | int, ...]
Mark = tuple[int, int]  # line and column, from 1

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class ManifestError(BadRequest):
    """A text that is no manifest. `message` is kubectl's sentence, `problem` what is wrong in it, `fix` what to do."""

    def __init__(self, message: str, mark: Mark, problem: str, fix: str) -> None:
        super().__init__(message)
        self.line, self.column = mark
        self.problem = problem
        self.fix = fix


class ManifestTooLarge(ManifestError, TooLarge):
    code, reason = TooLarge.code, TooLarge.reason


class Read(NamedTuple):
    """One document of a text. `marks` has the place of each key and item that is written out."""

    value: Any
    marks: dict[Path, Mark]


def read(text: str, twice: list[str] | None = None, most: int = limits.MANIFEST_BYTES) -> Iterator[Read]:
    """The documents of a text of at most so many bytes, one after another. Raises ManifestError.

    With a list for `twice` a repeated key is no error: it is told there, and the last one holds.
    """
    _check_text(text, most)
    events, whole = yaml.parse(text, Loader=_LOADER), 0
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                composer = _Composer(events, twice, limits.REQUEST_BYTES - whole)
                yield composer.document()
                whole += composer.size
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text) from None
    except yaml.YAMLError as error:
        fix = Advice(N_("Remove the character that YAML does not allow."))
        raise _failure((1, 1), str(error).partition("\n")[0], fix) from None


_NOT_ALLOWED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def _check_text(text: str, most: int) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > most:
        fix = N_("The text has %(size)s bytes, %(most)s are allowed. Apply it in several parts.")
        raise _too_large(most, (1, 1), Advice(fix, size=str(size), most=str(most)))
    found = _NOT_ALLOWED.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        mark = (line, found.start() - text.rfind("\n", 0, found.start()))
        name = f"U+{ord(found.group()):04X}"
        fix = Advice(N_("Remove the invisible character %(name)s in line %(line)s."), name=name, line=str(line))
        raise _failure(mark, "control characters are not allowed", fix)


# ------------------------------------------------------------------------------------------------- composing


class _Anchor(NamedTuple):
    value: Any
    nodes: int
    size: int  # bytes
    height: int  # levels below it


class _Composer:
    """Builds one document from events. Recursion is as deep as the text, which is bounded. `left`: bytes that the
    documents before it have not used."""

    def __init__(self, events: Iterator[Any], twice: list[str] | None, left: int) -> None:
        self.size = 0  # bytes of its scalars, aliases written out
        self._largest = min(left, limits.OBJECT_BYTES)
        self._events = events
        self._twice = twice
        self._marks: dict[Path, Mark] = {}
        self._anchors: dict[str, _Anchor | None] = {}  # None: not yet complete
        self._nodes = 0
        self._deepest = 0

    def document(self) -> Read:
        value = self._node(next(self._events), ())
        return Read(value, self._marks)

    def _node(self, event: Any, path: Path) -> Any:
        mark = _mark(event)
        self._marks.setdefault(path, mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), len(path), mark)
        if not event.anchor:
            return self._value(event, path, mark)
        self._anchors[event.anchor] = None
        nodes, size, deepest = self._nodes, self.size, self._deepest
        self._deepest = len(path)
        value = self._value(event, path, mark)
        self._anchors[event.anchor] = _Anchor(value, self._nodes - nodes, self.size - size, self._deepest - len(path))
        self._deepest = max(deepest, self._deepest)
        return value

    def _value(self, event: Any, path: Path, mark: Mark) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            self._count(1, len(event.value.encode()), len(path), mark)
            return _scalar(event, mark)
        self._count(1, 0, len(path), mark)
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[Any] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            mark = _mark(event)
            if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value == "<<":
                value = self._node(next(self._events), (*path, "<<"))
                merged += value if isinstance(value, list) else [value]
                continue
            key = _key(self._node(event, (*path, "")), mark)
            del self._marks[(*path, "")]
            if key in found:
                self._repeated(key, mark)
            self._marks[(*path, key)] = mark
            found[key] = self._node(next(self._events), (*path, key))
        for source in merged:
            if not isinstance(source, dict):
                fix = Advice(N_('Give "<<" an alias of a map, such as "<<: *defaults".'))
                raise _failure(
                    self._marks[(*path, "<<")], "map merge requires map or sequence of maps as the value", fix
                )
            for key, value in source.items():
                found.setdefault(key, value)
        return found

    def _repeated(self, key: str, mark: Mark) -> None:
        problem = f'key "{key}" already set in map'
        if self._twice is not None:
            self._twice.append(f"line {mark[0]}: {problem}")
            return
        fix = Advice(N_('"%(key)s" is there twice in the same map: keep one of the two.'), key=key)
        text = f"yaml: unmarshal errors:\n  line {mark[0]}: {problem}"
        raise ManifestError(f"error converting YAML to JSON: {text}", mark, problem, fix)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _alias(self, anchor: str, depth: int, mark: Mark) -> Any:
        if anchor not in self._anchors:
            fix = N_('There is no "&%(anchor)s" above line %(line)s: define it first, or put the value in quotes.')
            advice = Advice(fix, anchor=anchor, line=str(mark[0]))
            raise _failure(mark, f"unknown anchor '{anchor}' referenced", advice)
        known = self._anchors[anchor]
        if known is None:
            advice = Advice(N_('Remove "*%(anchor)s" inside of itself.'), anchor=anchor)
            raise _failure(mark, f"anchor '{anchor}' value contains itself", advice)
        self._count(known.nodes, known.size, depth + known.height, mark)
        return known.value

    def _count(self, nodes: int, size: int, depth: int, mark: Mark) -> None:
        self._nodes += nodes
        if self._nodes % EVERY == 0:
            breathe()
        self.size += size
        self._deepest = max(self._deepest, depth)
        if self._deepest > limits.MANIFEST_DEPTH:
            advice = Advice(N_("Nest at most %(n)s levels deep."), n=str(limits.MANIFEST_DEPTH))
            raise _failure(mark, f"exceeded max depth of {limits.MANIFEST_DEPTH}", advice)
        if self._nodes > limits.MANIFEST_VALUES:
            fix = N_("With its aliases written out this document has more than %(n)s values. Use fewer aliases.")
            advice = Advice(fix, n=f"{limits.MANIFEST_VALUES:,}")
            raise _failure(mark, "document contains excessive aliasing", advice)
        if self.size > self._largest:
            most = limits.OBJECT_BYTES if self._largest == limits.OBJECT_BYTES else limits.REQUEST_BYTES
            fix = N_("With its aliases written out this text has more than %(n)s bytes. Use fewer aliases.")
            raise _too_large(most, mark, Advice(fix, n=f"{most:,}"))


def _mark(event: Any) -> Mark:
    return (event.start_mark.line + 1, event.start_mark.column + 1)


def _key(value: Any, mark: Mark) -> str:
    """As sigs.k8s.io/yaml: JSON knows only text as keys."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return digits(value)
    raise _failure(mark, "unsupported map key", Advice(N_("A key must be plain text: put it in quotes.")))


# --------------------------------------------------------------------------------------------------- scalars

_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_INFINITE = (".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
    **dict.fromkeys(_INFINITE, math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}

_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_STANDARD = "tag:yaml.org,2002:"


def resolve(text: str) -> Any:
    """What a plain scalar means: text, number, boolean or None."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits):
        number = _integer(digits)
        return number if -(2**63) <= number < 2**64 else _float(digits, text)
    return _float(digits, text) if _FLOAT.fullmatch(digits) else text


def _integer(digits: str) -> int:
    sign = -1 if digits.startswith("-") else 1
    bare = digits.lstrip("+-").lower()
    if len(bare) > 400:  # beyond any number that fits; also what Python refuses to convert
        return 2**64
    if re.match(r"0[xbo]", bare):
        return sign * int(bare, 0)
    return sign * int(bare, 8 if bare.startswith("0") and len(bare) > 1 else 10)


def _float(digits: str, text: str) -> Any:
    number = float(digits) if _FLOAT.fullmatch(digits) else math.inf
    return number if math.isfinite(number) else text


def _scalar(event: Any, mark: Mark) -> Any:
    tag, text = event.tag, event.value
    if tag is None:
        value = resolve(text) if event.implicit[0] else text
    elif tag == f"{_STANDARD}binary":
        value = _binary(text, mark)
    elif tag.startswith(_STANDARD) and tag.removeprefix(_STANDARD) in ("int", "float", "bool", "null"):
        value = resolve(text)
    else:
        value = text
    if isinstance(value, float) and not math.isfinite(value):
        fix = Advice(N_('JSON has no "%(text)s": write a number, or put it in quotes if text is meant.'), text=text)
        raise _failure(mark, f"json: unsupported value: {digits(value)}", fix)
    return value


def _binary(text: str, mark: Mark) -> str:
    try:
        return base64.b64decode(text, validate=False).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        fix = Advice(N_('Remove "!!binary".'))
        raise _failure(mark, "!!binary value contains invalid base64 data", fix) from None


# ---------------------------------------------------------------------------------------------------- errors


def _failure(mark: Mark, problem: str, fix: str) -> ManifestError:
    return ManifestError(f"error converting YAML to JSON: yaml: line {mark[0]}: {problem}", mark, problem, fix)


def _too_large(most: int, mark: Mark, fix: str) -> ManifestTooLarge:
    message = f"Request entity too large: limit is {most}"
    return ManifestTooLarge(message, mark, message, fix)


def _syntax_error(error: yaml.MarkedYAMLError, text: str) -> ManifestError:
    place = error.problem_mark or error.context_mark
    mark = (place.line + 1, place.column + 1) if place else (1, 1)
    problem = error.problem or "could not be read"
    # go-yaml counts lines from 0 in what its parser finds, and from 1 in what its scanner finds.
    printed = mark[0] if isinstance(error, yaml.scanner.ScannerError) else mark[0] - 1
    where = f"line {printed}: " if printed else ""
    message = f"error converting YAML to JSON: yaml: {where}{problem}"
    if error.context_mark and _NEVER_CLOSED.search(problem):
        mark = (error.context_mark.line + 1, error.context_mark.column + 1)
    lines = text.splitlines() or [""]
    above = slips.above(mark[0], lines) if _MISREAD.search(problem) else None
    mark, fix = above or (mark, _advice(problem, mark, lines))
    return ManifestError(message, mark, problem, fix)


_MISREAD = re.compile("mapping values are not allowed|could not find expected ':'")
_NEVER_CLOSED = re.compile(r"end of stream|',' or '[]}]'")


def _advice(problem: str, mark: Mark, lines: list[str]) -> Advice:
    line, number = lines[min(mark[0], len(lines)) - 1], str(mark[0])
    if "cannot start any token" in problem:
        if "\t" in line[: mark[1]]:
            fix = N_("Line %(line)s has a tab. YAML is indented with spaces only: replace it by two spaces.")
            return Advice(fix, line=number)
        fix = N_('Put the value of line %(line)s in quotes: "%(sign)s" has a meaning of its own.')
        return Advice(fix, line=number, sign=line[mark[1] - 1 : mark[1]])
    fixes = (advice for part, advice in _ADVICE.items() if part in problem)
    return Advice(next(fixes, N_("Look at the syntax of line %(line)s and the line above it.")), line=number)


_ADVICE = {
    "expected key": N_(
        "Line %(line)s does not line up with the lines before it: give it the indentation of its siblings."
    ),
    "expected '-' indicator": N_('Line %(line)s stands among list items: start it with "- " or indent it differently.'),
    "mapping values are not allowed": N_(
        'Line %(line)s has a ":" too many or is indented too far. Quote a value with ": ".'
    ),
    "could not find expected ':'": N_('Line %(line)s needs a ":" after its key.'),
    "unexpected end of stream": N_("A quotation mark is opened in line %(line)s and never closed."),
    "',' or ']'": N_('A "[" is opened in line %(line)s and never closed: add "]", or a comma between items.'),
    "',' or '}'": N_('A "{" is opened in line %(line)s and never closed: add "}", or a comma between fields.'),
    "node content": N_("Before line %(line)s a value is missing, or a bracket is never closed."),
    "unknown escape character": N_("Line %(line)s: use single quotes, or write a backslash as two."),
    "document start": N_('Separate documents by a line "---" before line %(line)s.'),
}

# -------------------------------------------------------------------------------------------------- printing


def dump(obj: Any, *, sort_keys: bool = True) -> str:
    """As `kubectl get -o yaml` prints: keys sorted, block style, lists not indented, texts of several lines as `|`."""
    text: str = yaml.dump(
        obj, Dumper=_Dumper, sort_keys=sort_keys, allow_unicode=True, default_flow_style=False, width=_ENDLESS
    )
    return text.removesuffix("...\n") if text.endswith("\n...\n") else text


def field(name: str, value: Any) -> list[str]:
    """The lines in which `dump` writes one entry of a map, at the margin: for whoever shows an object line by line."""
    return dump({name: value})[:-1].split("\n")


def item(value: Any) -> list[str]:
    """The same of an item of a list, from its dash on."""
    return dump([value])[:-1].split("\n")


_ENDLESS = 2**30


class _Dumper(_DUMPER):  # type: ignore[misc, valid-type]
    def ignore_aliases(self, data: Any) -> bool:
        """Objects share parts with each other; nobody wants to see that."""
        return True


def _text(dumper: Any, value: str) -> Any:
    style = None
    if "\n" in value and not re.search(r"[ \t]\n|^\s|[^\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd]", value):
        style = "|"
    elif not isinstance(resolve(value), str) or _QUOTED.search(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


# Dates, and what breaks a line though nobody sees it.
_QUOTED = re.compile(r"^\d{4}-\d\d?-\d\d?([Tt ]|$)|[\x85\u2028\u2029]", re.ASCII)

_Dumper.add_representer(str, _text)
