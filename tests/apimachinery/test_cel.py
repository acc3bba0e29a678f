# ruff: noqa: E501  # a rule a line
"""CEL: what expressions come to, what is wrong with them, and what they may cost."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import limits
from app.apimachinery.cel import Budget, CelError, CompileError, CostExceeded, compile_rule, types

SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "integer"},
        "b": {"type": "string"},
        "l": {"type": "array", "items": {"type": "integer"}},
        "m": {"type": "object", "additionalProperties": {"type": "string"}},
        "foo-bar": {"type": "integer"},
        "namespace": {"type": "string"},
        "t": {"type": "string", "format": "date-time"},
        "d": {"type": "string", "format": "duration"},
        "p": {"x-kubernetes-int-or-string": True},
        "f": {"type": "number"},
        "s": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "o": {
            "type": "array",
            "maxItems": 10,
            "items": {
                "type": "object",
                "properties": {"n": {"type": "string", "maxLength": 10}, "v": {"type": "integer"}},
            },
        },
    },
}
VALUE = {
    "a": 3,
    "b": "hello",
    "l": [1, 2, 3],
    "m": {"x": "1"},
    "foo-bar": 5,
    "namespace": "ns",
    "t": "2026-01-01T00:00:00Z",
    "d": "1h30m",
    "p": "80%",
    "f": 2,
    "s": ["a", "b"],
    "o": [{"n": "x", "v": 1}, {"n": "y", "v": 2}],
}
TYPE = types.of_schema(SCHEMA)
assert TYPE is not None
NAMES = {"self": TYPE, "oldSelf": TYPE}


def evaluated(source: str, value: Any = VALUE, budget: int = limits.CEL_CALL) -> Any:
    seen = types.value_of(value, SCHEMA)
    return compile_rule(source, NAMES).evaluate({"self": seen, "oldSelf": seen}, Budget(budget))


HOLD = """
self.a > 2 && self.b.startsWith('he') || false
self.l.all(x, x > 0) && self.l.exists(x, x == 2) && self.l.exists_one(x, x == 3)
size(self.l) == 3 && self.l.size() == 3 && size(self.m) == 1
self.o.map(i, i.n).join(',') == 'x,y' && self.o.filter(i, i.v > 1).size() == 1
self.o.map(i, i.v > 1, i.n) == ['y']
'%s is %d, %.2f, %x' .format([self.b, self.a, self.f, 255]) == 'hello is 3, 2.00, ff'
self.foo__dash__bar == 5 && self.__namespace__ == 'ns'
'x' in self.m && self.m['x'] == '1' && self.m.x == '1' && !('y' in self.m) && 2 in self.l
has(self.a) && !has(self.m.zz)
self.t > timestamp('2025-01-01T00:00:00Z') && self.t.getFullYear() == 2026 && self.t.getDayOfWeek() == 4
self.d == duration('90m') && self.d + duration('30m') == duration('2h') && self.d.getMinutes() == 90
self.t + self.d == timestamp('2026-01-01T01:30:00Z')
quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('500m').add(quantity('1500m')).compareTo(quantity('2')) == 0
isQuantity('1Mi') && !isQuantity('x') && quantity('2').isInteger() && quantity('2k').asInteger() == 2000
isIP('::1') && !isIP('1.2.3') && ip('10.0.0.1').family() == 4 && ip('127.0.0.1').isLoopback()
ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')
cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !isCIDR('10.0.0.0')
cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('10.0.0.0/8').prefixLength() == 8
sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])
isURL('https://a.b:8/x') && url('https://a.b:8/x').getPort() == '8' && url('https://a.b/x?y=1').getQuery()['y'] == ['1']
'abc 123'.find('[0-9]+') == '123' && 'a1b2c3'.findAll('[0-9]', 2) == ['1', '2'] && 'abc'.matches('^a.c$')
[3, 1, 2].sum() == 6 && [1, 2].isSorted() && [3, 1].min() == 1 && ['a', 'b'].max() == 'b' && [1, 2, 1].lastIndexOf(1) == 2
'a,b'.split(',') == ['a', 'b'] && ' x '.trim() == 'x' && 'aBc'.upperAscii() == 'ABC' && 'abc'.substring(1, 2) == 'b'
'tacocat'.replace('c', 'C', 1) == 'taCocat' && 'abc'.charAt(1) == 'b' && 'abc'.indexOf('c') == 2 && 'ab'.reverse() == 'ba'
self.?zz.orValue(1) == 1 || true
self.m[?'zz'].orValue('none') == 'none' && optional.of(3).value() == 3 && !optional.none().hasValue()
optional.of(2).optMap(x, x + 1).orValue(0) == 3 && [?optional.none(), 1] == [1] && {?'a': optional.of(1)} == {'a': 1}
type(self.p) == string && (type(self.p) == int ? self.p < 100 : self.p.matches('^[0-9]+%$'))
1 / 0 == 1 || true
-7 / 2 == -3 && -7 % 2 == -1 && 7u + 1u == 8u && 1.5 + 1.5 == 3.0 && dyn(1) == 1.0 && 1 < 2.5
string(self.a) + 'x' == '3x' && int('42') == 42 && double('1.5') == 1.5 && bool('true') && string(duration('90s')) == '90s'
cel.bind(x, self.a, x * x) == 9
self.s == ['b', 'a'] && self.s + ['c', 'a'] == ['a', 'b', 'c']
!format.dns1123Label().validate('ab').hasValue() && format.named('dns1123Label').value().validate('A_').hasValue()
math.greatest(1, 5, 3) == 5 && math.least([2.5, 1.5]) == 1.5 && math.ceil(1.2) == 2.0 && math.abs(-3) == 3
"\\n\\x41\\u00e9" == '\\nAé' && r'\\n'.size() == 2 && b'ab'.size() == 2 && '''a'b''' == "a'b"
self.o.all(i, self.o.exists_one(j, j.n == i.n)) && {'a': 1}.all(k, k == 'a') // with a comment
base64.decode('YWI=') == b'ab' && [1, [2, 3]].flatten() == [1, 2, 3] && [1, 2, 1].distinct() == [1, 2]
""".strip().splitlines()


@pytest.mark.parametrize("source", HOLD)
def test_it_holds(source: str) -> None:
    assert evaluated(source) is True


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("self.zz > 1", "ERROR: <input>:1:5: undefined field 'zz'\n | self.zz > 1\n | ....^"),
        ("self.a > 'x'", "1:8: found no matching overload for '_>_' applied to '(int, string)'"),
        ("self.b.size('x') > 1", "found no matching overload for 'size' applied to 'string.(string)'"),
        ("foo(1)", "1:4: undeclared reference to 'foo' (in container '')"),
        ("thing", "1:1: undeclared reference to 'thing' (in container '')"),
        ("self.a +", "Syntax error: mismatched input '<EOF>'"),
        ("self.a.all(x, true)", "expression of type 'int' cannot be range of a comprehension"),
        ("self.l.all(x, x)", "expected type 'bool' but found 'int'"),
        ("has(self)", "invalid argument to has() macro"),
        ("'a", "Syntax error: token recognition error at: '''"),
        ("package == 1", "reserved identifier: package"),
        ("(" * 100 + "1" + ")" * 100, "expression recursion limit exceeded"),
        ("1" + " + 1" * 200, "expression recursion limit exceeded"),
        ("'" + "x" * 30_000 + "'", "an expression may have 20000 characters"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(source: str, why: str) -> None:
    with pytest.raises(CompileError) as refused:
        compile_rule(source, NAMES)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("self.l[5] > 0", "index out of bounds: 5"),
        ("1 / 0 > 1", "division by zero"),
        ("self.m.nokey == ''", "no such key: nokey"),
        ("'%d'.format(['x']) == ''", "error during formatting"),
        ("9223372036854775807 + 1 > 0", "integer overflow"),
        ("2u - 3u > 0u", "unsigned integer overflow"),
        ("int('x') == 1", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("self.p + 1 > 0", "no such overload"),
        ("'x'.matches('(')", "error parsing regexp: missing closing ): `(`"),
        ("quantity('x').isInteger()", "quantities must match the regular expression"),
        ("ip('x').isLoopback()", "IP Address 'x' parse error during conversion from string"),
        ("optional.none().value() == 1", "optional.none() dereference"),
        ("timestamp('9999-12-31T23:59:59Z') + duration('100h') == self.t", "value out of range"),
    ],
)
def test_what_fails_is_an_error_and_no_value(source: str, why: str) -> None:
    with pytest.raises(CelError) as failed:
        evaluated(source)
    assert why in str(failed.value)


NESTED = "self.l.all(x, self.l.all(y, self.l.all(z, x + y + z > 0)))"


@pytest.mark.parametrize(
    "source",
    [
        NESTED,
        "self.b.replace('', self.b).replace('', self.b).replace('', self.b).size() > 0",
        "self.l.map(x, self.b + self.b).join(self.b).size() > 0",
        "sets.contains(self.l, self.l)",
    ],
)
def test_a_rule_stops_at_its_limit(source: str) -> None:
    large = {**VALUE, "l": list(range(1, 3_000)), "b": "ab" * 20_000}
    with pytest.raises(CostExceeded):
        evaluated(source, large)


def test_what_it_may_cost_is_known_before() -> None:
    cheap, dear = (compile_rule(source, NAMES).cost for source in ("self.o.all(x, x.n.size() > 1)", NESTED))
    assert cheap < 200
    assert dear > 10**15
    assert compile_rule("self.o.all(x, self.o.all(y, x.v != y.v || x == y))", NAMES).cost < 5_000


WORDS = [
    "self",
    ".a",
    ".l",
    "[0]",
    "(",
    ")",
    "+",
    "&&",
    "!",
    "-",
    "'x'",
    "1",
    "?",
    ":",
    ".all(x, x",
    ".size()",
    "in ",
    ">",
]


@given(st.lists(st.sampled_from(WORDS), max_size=14).map("".join))
def test_no_text_is_too_odd(source: str) -> None:
    with suppress(CompileError, CelError):
        assert evaluated(source, budget=1_000) is not NotImplemented
