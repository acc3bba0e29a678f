from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import quantities


@pytest.mark.parametrize(
    ("text", "millis", "units"),
    [
        ("0", 0, 0),
        ("1", 1000, 1),
        ("0.5", 500, 1),
        ("500m", 500, 1),
        ("1.5", 1500, 2),
        (".5", 500, 1),
        ("5.", 5000, 5),
        ("+1", 1000, 1),
        ("1u", 1, 1),
        ("1n", 1, 1),
        ("100001u", 101, 1),
        ("1k", 1_000_000, 1000),
        ("1Ki", 1_024_000, 1024),
        ("128Mi", 134_217_728_000, 134_217_728),
        ("1.5Gi", 1_610_612_736_000, 1_610_612_736),
        ("1e3", 1_000_000, 1000),
        ("1E3", 1_000_000, 1000),
        ("12e-1", 1200, 2),
        ("2E", 2 * 10**21, 2 * 10**18),
        ("1Ei", 1024**6 * 1000, 1024**6),
        ("-500m", -500, -1),
        (2, 2000, 2),
        (0.25, 250, 1),
    ],
)
def test_a_quantity_in_millis_and_in_units_rounded_up(text, millis, units):
    assert quantities.milli(text) == millis
    assert quantities.value(text) == units


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("128Mi", "128Mi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        ("512", "512"),
        ("1024", "1024"),
        ("1000", "1k"),
        ("100000", "100k"),
        ("1500", "1500"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("1e2", "100"),
        ("1100e6", "1100e6"),
        ("0.1Gi", "107374182400m"),
        ("0", "0"),
        ("0Gi", "0"),
        ("0.1n", "1n"),
        ("-0.5", "-500m"),
        ("1e99", "9223372036854775807"),
    ],
)
def test_the_canonical_form(text, form):
    assert quantities.canonical(text) == form


@pytest.mark.parametrize(
    "text", ["", ".", "1.1.1", "1i", "m", "1mi", "1K", " 1", "1 ", "1e", "1e+", "abc", "1Kim", "--1", "١"]
)
def test_what_is_not_a_quantity(text):
    assert not quantities.is_valid(text)
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        quantities.parse(text)


def test_only_text_and_numbers_can_be_quantities():
    assert quantities.is_valid("1Gi")
    assert quantities.is_valid(3)
    assert not quantities.is_valid(None)
    assert not quantities.is_valid(["1"])


def test_a_giant_exponent_is_capped_and_costs_nothing():
    assert quantities.value("1e999999999") == 2**63 - 1
    assert quantities.milli("1e-999999999") == 1


@pytest.mark.parametrize(
    ("texts", "total"),
    [
        ((), "0"),
        (("0", "100m", "0.9"), "1"),
        (("128Mi", "64Mi"), "192Mi"),
        (("0", "512Mi", "512Mi"), "1Gi"),
        (("1M", "1Mi"), "2048576"),
        (("1e3", "1"), "1001"),
        (("1e3", "1k"), "2e3"),
        (("1Ei", "1"), "1152921504606846977"),
    ],
)
def test_a_sum_is_written_like_the_first_of_its_parts(texts, total):
    assert quantities.add(*texts) == total


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=6),
    st.sampled_from(["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-2"]),
)
def test_the_canonical_form_is_the_same_number_and_stays_as_it_is(number, suffix):
    text = f"{number:f}{suffix}"
    form = quantities.canonical(text)
    assert quantities.parse(form) == quantities.parse(text)
    assert quantities.canonical(form) == form
    assert "." not in form


@given(st.integers(min_value=0, max_value=10**12))
def test_millis_are_exact(millis):
    assert quantities.milli(f"{millis}m") == millis
    assert quantities.parse(f"{millis}m") == Fraction(millis, 1000)
