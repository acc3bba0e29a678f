"""The functions of CEL: those of the language, and those that Kubernetes adds. A signature stands beside what it does.

    "string.startsWith(string) bool"      a method
    "sets.contains(list(A), list(A)) bool" a function with a name of two parts

Models google/cel-spec, cel-go `ext` (strings, sets, math, two of optional) and kubernetes/apiserver `pkg/cel/library`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app.apimachinery.cel import authorizer, texts, values
from app.apimachinery.cel import functions as do
from app.apimachinery.cel.syntax import Node, UInt
from app.apimachinery.cel.types import Type, read
from app.apimachinery.cel.values import CIDR, IP, URL, NamedFormat, Optional, Quantity, TypeValue

Cost = Callable[[Sequence[Any]], int]


class Overload(NamedTuple):
    params: tuple[Type, ...]
    result: Type
    does: Callable[..., Any]
    cost: Cost
    method: bool

    def fits(self, given: Sequence[Any]) -> bool:
        return all(_is(value, kind) for value, kind in zip(given, self.params, strict=True))


_CLASSES: dict[str, Any] = {
    "bool": bool, "uint": UInt, "double": float, "string": str, "bytes": bytes, "list": list, "map": Mapping,
    "timestamp": datetime, "duration": timedelta, "optional": Optional, "quantity": Quantity, "ip": IP, "cidr": CIDR,
    "url": URL, "format": NamedFormat, "type": TypeValue, **authorizer.CLASSES,
}  # fmt: skip


def _is(value: Any, kind: Type) -> bool:
    name = kind.name
    if len(name) == 1 or name == "dyn":
        return True
    if name == "int":
        return isinstance(value, int) and not isinstance(value, bool | UInt)
    return isinstance(value, _CLASSES[name])


def qualified(node: Node) -> tuple[str, tuple[Node, ...]]:
    """The name of the function that a call means, and its arguments: `sets.contains(a, b)` has no receiver."""
    if node.method and node.args[0].form == "name" and f"{node.args[0].value}.{node.value}" in LIBRARY:
        return f"{node.args[0].value}.{node.value}", node.args[1:]
    return (f".{node.value}" if node.method else node.value), node.args


# ------------------------------------------------------------------------------------------------ costs


def _by_size(given: Sequence[Any]) -> int:
    return sum(len(value) // 10 for value in given if isinstance(value, str | bytes | list))


def _by_items(given: Sequence[Any]) -> int:
    return sum(len(value) for value in given if isinstance(value, list | Mapping))


def _by_pairs(given: Sequence[Any]) -> int:
    return math.prod(max(1, len(value)) for value in given if isinstance(value, list))


def _by_weight(given: Sequence[Any]) -> int:
    return sum(map(do.weight, given)) // 10


def _of_replacing(given: Sequence[Any]) -> int:
    text, old, new = given[:3]
    return int(len(text) + (text.count(old) + 1) * len(new)) // 10


def _by_search(given: Sequence[Any]) -> int:
    return (len(given[0]) // 10 + 1) * (len(given[1]) // 4 + 1)


# ------------------------------------------------------------------------------------------------ the table


_SIGNATURE = re.compile(r"(?:([a-zA-Z]+(?:\(.*?\))?)\.(?=[a-zA-Z_]+\())?([^\s(]+)\((.*)\) (\S.*)")
_NAMESPACES = frozenset({"sets", "math", "optional", "ip", "format", "base64"})
_Row = tuple[str, Callable[..., Any]] | tuple[str, Callable[..., Any], Cost]


def _table(rows: Sequence[_Row]) -> dict[str, tuple[Overload, ...]]:
    found: dict[str, tuple[Overload, ...]] = {}
    for signature, does, *rest in rows:
        match = _SIGNATURE.fullmatch(signature)
        assert match is not None, signature
        receiver, name, params, result = match.groups()
        is_method = bool(receiver) and not (receiver in _NAMESPACES and f"{receiver}.{name}" in _QUALIFIED)
        inside = read(f"f({params})").args if params else ()
        types = (read(receiver), *inside) if is_method else inside
        key = f".{name}" if is_method else f"{receiver}.{name}" if receiver else name
        cost: Cost = rest[0] if rest else _by_size
        found[key] = (*found.get(key, ()), Overload(types, read(result), does, cost, is_method))
    return found


_QUALIFIED = frozenset(
    [
        "sets.contains",
        "sets.equivalent",
        "sets.intersects",
        "math.greatest",
        "math.least",
        "math.ceil",
        "math.floor",
        "math.round",
        "math.trunc",
        "math.abs",
        "math.sign",
        "math.isNaN",
        "math.isInf",
        "math.isFinite",
        "optional.of",
        "optional.none",
        "optional.ofNonZeroValue",
        "ip.isCanonical",
        "format.named",
        "format.dns1123Label",
        "format.dns1123Subdomain",
        "format.dns1035Label",
        "format.qualifiedName",
        "format.labelValue",
        "format.uri",
        "format.uuid",
        "format.byte",
        "format.date",
        "format.datetime",
        "base64.encode",
        "base64.decode",
    ]
)


def _operators() -> list[_Row]:
    rows: list[_Row] = [
        ("_==_(A, A) bool", values.equal, _by_weight),
        ("_!=_(A, A) bool", lambda one, other: not values.equal(one, other), _by_weight),
        ("!_(bool) bool", lambda value: not value),
        ("@in(A, list(A)) bool", lambda item, items: values.contains(items, item), _by_items),
        ("@in(A, map(A, B)) bool", lambda key, items: isinstance(key, str | int) and key in items),
        ("_[_](list(A), int) A", do.item),
        ("_[_](map(A, B), A) B", do.entry),
        ("_[?_](list(A), int) optional(A)", do.optional_item),
        ("_[?_](map(A, B), A) optional(B)", do.optional_item),
        ("_[?_](optional(A), dyn) dyn", do.optional_item),
        ("_?._(optional(A), string) dyn", do.optional_item),
        ("_?._(map(A, B), string) optional(B)", do.optional_item),
        ("_+_(string, string) string", lambda one, other: one + other),
        ("_+_(bytes, bytes) bytes", lambda one, other: one + other),
        ("_+_(list(A), list(A)) list(A)", do.joined_lists, _by_items),
        ("_+_(timestamp, duration) timestamp", lambda one, other: one + other),
        ("_+_(duration, timestamp) timestamp", lambda one, other: other + one),
        ("_+_(duration, duration) duration", lambda one, other: one + other),
        ("_-_(timestamp, timestamp) duration", lambda one, other: one - other),
        ("_-_(timestamp, duration) timestamp", lambda one, other: one - other),
        ("_-_(duration, duration) duration", lambda one, other: one - other),
        ("-_(int) int", lambda value: -value),
        ("-_(double) double", lambda value: -value),
        ("_%_(int, int) int", lambda one, other: do.remainder(one, other)),
        ("_%_(uint, uint) uint", lambda one, other: UInt(do.remainder(one, other))),
    ]
    for mark, does in (("+", do.add), ("-", do.subtract), ("*", do.multiply), ("/", do.divide)):
        rows += [(f"_{mark}_({kind}, {kind}) {kind}", does) for kind in ("int", "uint", "double")]
    for mark, does in (("<", do.less), ("<=", do.at_most), (">", do.greater), (">=", do.at_least)):
        same = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
        rows += [(f"_{mark}_({kind}, {kind}) bool", does) for kind in same]
        mixed = (("int", "double"), ("double", "int"), ("int", "uint"), ("uint", "int"))
        rows += [(f"_{mark}_({one}, {other}) bool", does) for one, other in mixed]
    return rows


def _plain() -> list[_Row]:
    rows: list[_Row] = []
    for kind in ("string", "bytes", "list(A)", "map(A, B)"):
        rows += [(f"size({kind}) int", len), (f"{kind.partition('(')[0]}.size() int", len)]
    rows += [(f"int({kind}) int", texts.to_int) for kind in ("int", "uint", "double", "string", "timestamp")]
    rows += [(f"uint({kind}) uint", texts.to_uint) for kind in ("int", "uint", "double", "string")]
    rows += [(f"double({kind}) double", texts.to_double) for kind in ("int", "uint", "double", "string")]
    printed = ("string", "int", "uint", "double", "bool", "bytes", "timestamp", "duration")
    rows += [(f"string({kind}) string", texts.to_text) for kind in printed]
    rows += [
        ("bool(bool) bool", bool),
        ("bool(string) bool", texts.to_bool),
        ("bytes(string) bytes", lambda text: text.encode()),
        ("bytes(bytes) bytes", lambda data: data),
        ("dyn(A) dyn", lambda value: value),
        ("type(A) type", lambda value: TypeValue(values.type_name(value))),
        ("duration(string) duration", values.duration),
        ("duration(duration) duration", lambda value: value),
        ("timestamp(string) timestamp", values.timestamp),
        ("timestamp(int) timestamp", lambda seconds: datetime.fromtimestamp(seconds, UTC)),
        ("timestamp(timestamp) timestamp", lambda value: value),
    ]
    for name, part in texts.PARTS_OF_TIME.items():
        rows += [(f"timestamp.{name}() int", part), (f"timestamp.{name}(string) int", texts.in_zone(part))]
    rows += [(f"duration.{name}() int", part) for name, part in texts.PARTS_OF_DURATION.items()]
    return rows


def _texts() -> list[_Row]:
    return [
        ("string.contains(string) bool", lambda text, part: part in text),
        ("string.startsWith(string) bool", lambda text, part: text.startswith(part)),
        ("string.endsWith(string) bool", lambda text, part: text.endswith(part)),
        ("string.matches(string) bool", texts.matches, _by_search),
        ("matches(string, string) bool", texts.matches, _by_search),
        ("string.find(string) string", texts.find, _by_search),
        ("string.findAll(string) list(string)", texts.find_all, _by_search),
        ("string.findAll(string, int) list(string)", texts.find_all, _by_search),
        ("string.charAt(int) string", texts.char_at),
        ("string.indexOf(string) int", lambda text, part: text.find(part)),
        ("string.indexOf(string, int) int", lambda text, part, start: text.find(part, start)),
        ("string.lastIndexOf(string) int", lambda text, part: text.rfind(part)),
        ("string.lastIndexOf(string, int) int", lambda text, part, end: text.rfind(part, 0, end + len(part))),
        ("string.lowerAscii() string", texts.lower_ascii),
        ("string.upperAscii() string", texts.upper_ascii),
        ("string.replace(string, string) string", lambda text, old, new: text.replace(old, new), _of_replacing),
        (
            "string.replace(string, string, int) string",
            lambda text, old, new, most: text.replace(old, new, most),
            _of_replacing,
        ),
        ("string.reverse() string", lambda text: text[::-1]),
        ("string.split(string) list(string)", lambda text, mark: text.split(mark) if mark else list(text)),
        ("string.split(string, int) list(string)", texts.split),
        ("string.substring(int) string", lambda text, start: texts.substring(text, start, len(text))),
        ("string.substring(int, int) string", texts.substring),
        ("string.trim() string", lambda text: text.strip()),
        ("list(string).join() string", lambda words: "".join(words), _by_weight),
        ("list(string).join(string) string", lambda words, mark: mark.join(words), _by_weight),
        ("string.format(list(dyn)) string", texts.formatted, _by_weight),
        ("base64.encode(bytes) string", texts.base64_encoded),
        ("base64.decode(string) bytes", texts.base64_decoded),
    ]


def _lists() -> list[_Row]:
    return [
        ("list(A).isSorted() bool", do.is_sorted, _by_items),
        ("list(A).sum() A", do.total, _by_items),
        ("list(A).min() A", do.smallest, _by_items),
        ("list(A).max() A", do.largest, _by_items),
        ("list(A).indexOf(A) int", do.index_of, _by_items),
        ("list(A).lastIndexOf(A) int", do.last_index_of, _by_items),
        ("list(A).reverse() list(A)", lambda items: items[::-1], _by_items),
        ("list(A).slice(int, int) list(A)", do.sliced, _by_items),
        ("list(A).distinct() list(A)", do.distinct, lambda given: len(given[0]) ** 2),
        ("list(A).sort() list(A)", do.sorted_, _by_items),
        ("list(A).flatten() list(dyn)", do.flattened, _by_weight),
        ("sets.contains(list(A), list(A)) bool", do.set_contains, _by_pairs),
        ("sets.equivalent(list(A), list(A)) bool", do.set_equivalent, _by_pairs),
        ("sets.intersects(list(A), list(A)) bool", do.set_intersects, _by_pairs),
    ]


def _numbers() -> list[_Row]:
    rows: list[_Row] = []
    for name, does in (("greatest", do.largest_of), ("least", do.smallest_of)):
        rows.append((f"math.{name}(list(A)) A", does, _by_items))
        rows += [(f"math.{name}({', '.join('A' * count)}) A", does) for count in (1, 2, 3, 4)]
    rows += [(f"math.{name}(double) double", does) for name, does in do.ROUNDINGS.items()]
    for kind in ("int", "double"):
        rows += [(f"math.abs({kind}) {kind}", abs), (f"math.sign({kind}) {kind}", do.sign)]
    rows += [
        ("math.isNaN(double) bool", math.isnan),
        ("math.isInf(double) bool", math.isinf),
        ("math.isFinite(double) bool", math.isfinite),
        ("quantity(string) quantity", Quantity.of),
        ("isQuantity(string) bool", do.succeeds(Quantity.of)),
        ("quantity.isInteger() bool", lambda value: value.number.denominator == 1),
        ("quantity.asInteger() int", do.as_integer),
        ("quantity.asApproximateFloat() double", lambda value: float(value.number)),
        ("quantity.sign() int", lambda value: do.sign(value.number)),
        ("quantity.add(quantity) quantity", lambda one, other: do.quantity(one.number + other.number, one)),
        ("quantity.add(int) quantity", lambda one, other: do.quantity(one.number + other, one)),
        ("quantity.sub(quantity) quantity", lambda one, other: do.quantity(one.number - other.number, one)),
        ("quantity.sub(int) quantity", lambda one, other: do.quantity(one.number - other, one)),
        ("quantity.isGreaterThan(quantity) bool", lambda one, other: one > other),
        ("quantity.isLessThan(quantity) bool", lambda one, other: one < other),
        ("quantity.compareTo(quantity) int", lambda one, other: do.sign(one.number - other.number)),
    ]
    return rows


def _addresses() -> list[_Row]:
    return [
        ("ip(string) ip", values.ip),
        ("isIP(string) bool", do.succeeds(values.ip)),
        ("ip.isCanonical(string) bool", lambda text: str(values.ip(text).address) == text),
        ("ip.family() int", lambda ip: ip.address.version),
        ("ip.isUnspecified() bool", lambda ip: ip.address.is_unspecified),
        ("ip.isLoopback() bool", lambda ip: ip.address.is_loopback),
        ("ip.isLinkLocalMulticast() bool", do.is_link_local_multicast),
        ("ip.isLinkLocalUnicast() bool", lambda ip: ip.address.is_link_local),
        ("ip.isGlobalUnicast() bool", do.is_global_unicast),
        ("string(ip) string", lambda ip: str(ip.address)),
        ("cidr(string) cidr", values.cidr),
        ("isCIDR(string) bool", do.succeeds(values.cidr)),
        ("cidr.ip() ip", lambda cidr: IP(cidr.network.ip)),
        ("cidr.prefixLength() int", lambda cidr: cidr.network.network.prefixlen),
        ("cidr.masked() cidr", do.masked),
        ("cidr.containsIP(string) bool", lambda cidr, text: do.contains_ip(cidr, values.ip(text))),
        ("cidr.containsIP(ip) bool", do.contains_ip),
        ("cidr.containsCIDR(string) bool", lambda cidr, text: do.contains_cidr(cidr, values.cidr(text))),
        ("cidr.containsCIDR(cidr) bool", do.contains_cidr),
        ("string(cidr) string", lambda cidr: str(cidr.network)),
        ("url(string) url", values.url),
        ("isURL(string) bool", do.succeeds(values.url)),
        ("url.getScheme() string", lambda url: url.parts.scheme),
        ("url.getHost() string", lambda url: url.parts.netloc.rpartition("@")[2]),
        ("url.getHostname() string", lambda url: url.parts.hostname or ""),
        ("url.getPort() string", lambda url: str(url.parts.port or "")),
        ("url.getEscapedPath() string", lambda url: url.parts.path),
        ("url.getQuery() map(string, list(string))", lambda url: url.query()),
    ]


def _optionals_and_formats() -> list[_Row]:
    rows: list[_Row] = [
        ("optional.of(A) optional(A)", lambda value: Optional(value, True)),
        ("optional.none() optional(dyn)", lambda: values.NONE),
        ("optional.ofNonZeroValue(A) optional(A)", lambda value: Optional(value, True) if value else values.NONE),
        ("optional(A).hasValue() bool", lambda value: value.is_there),
        ("optional(A).value() A", do.value_of_optional),
        ("optional(A).orValue(A) A", lambda value, other: value.value if value.is_there else other),
        ("optional(A).or(optional(A)) optional(A)", lambda value, other: value if value.is_there else other),
        ("format.named(string) optional(format)", texts.named_format),
        ("format.validate(string) optional(list(string))", texts.validate_format),
    ]
    rows += [(f"format.{name}() format", texts.format_called(name)) for name in texts.FORMATS]
    return rows


LIBRARY = _table(
    [
        *_operators(),
        *_plain(),
        *_texts(),
        *_lists(),
        *_numbers(),
        *_addresses(),
        *_optionals_and_formats(),
        *authorizer.ROWS,
    ]
)
