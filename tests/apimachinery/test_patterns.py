"""Regular expressions as Go has them: the same answers as Python's engine gives, in time that nobody can blow up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.apimachinery import patterns
from app.apimachinery.patterns import BadPattern, TooCostly

SAME = (
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMG]i)|[numkMG])?$",
    r"a{2,3}b|c{0}d",
    r"\bfoo\b",
    r"[^\d]x|y.*z",
    r"[\w.-]+@[]a]",
    r"(a|ab)(c|bcd)(d*)",
    r"(?:x+?)(y*)",
    r"(?i)AbC",
    r"(?s)a.b",
)


@pytest.mark.parametrize("source", SAME)
@given(text=st.text(alphabet="abcdxyzABC019-._@+KMi \n", max_size=12))
def test_it_finds_what_python_finds(source: str, text: str) -> None:
    pattern, reference = patterns.compiled(source), re.compile(source, re.ASCII)
    expected = reference.search(text)
    if text.endswith("\n") and source.endswith("$"):
        return  # Python's `$` matches before a last line break too
    assert pattern.matches(text) == (expected is not None)
    found = pattern.find(text)
    assert (found and found[0]) == (expected.span() if expected else None)


def test_groups_and_every_match() -> None:
    assert patterns.compiled("(a+)(b)?").find("xaab") == [(1, 4), (1, 3), (3, 4)]
    assert patterns.compiled("(a)|(b)").find("b") == [(0, 1), None, (0, 1)]
    assert [found[0] for found in patterns.compiled("a*").find_all("baac")] == [(0, 0), (1, 3), (4, 4)]


def test_classes_that_python_has_not() -> None:
    assert patterns.compiled(r"^[[:alpha:]]+\pL\p{Lu}$").matches("abéÉ")
    assert not patterns.compiled(r"^[[:^alpha:]]$").matches("a")
    assert patterns.compiled(r"^\Qa.b\E$").matches("a.b")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("a(", "missing closing ): `a(`"),
        ("a)", "unexpected ): `a)`"),
        ("[a", "missing closing ]: `[a`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(?=x)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<!x)y", "invalid or unsupported Perl syntax: `(?<`"),
        (r"\q", r"invalid escape sequence: `\q`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("(" * 300, "expression nests too deeply: `" + "(" * 300 + "`"),
        ("((a{100}){100}){100}", "expression too large: `((a{100}){100}){100}`"),
    ],
)
def test_what_is_none_is_refused_as_go_refuses_it(source: str, why: str) -> None:
    with pytest.raises(BadPattern) as refused:
        patterns.compiled(source)
    assert str(refused.value) == why


def test_nothing_backtracks() -> None:
    assert not patterns.compiled("^(a+)+$").matches("a" * 5_000 + "b")
    assert not patterns.compiled("(x+x+)+y").matches("x" * 5_000)


@pytest.mark.long
def test_what_would_take_too_long_is_given_up() -> None:
    with pytest.raises(TooCostly):
        patterns.compiled("(.?){900}x$").find("a" * 50_000)
