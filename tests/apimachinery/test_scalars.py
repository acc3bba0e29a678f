"""Plain values, with the complaints that Go makes of them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from app.apimachinery.scheme import scalars


def decoded(type: str, value: Any) -> Any:
    """The value, or the complaint."""
    found = scalars.Problems()
    result = scalars.DECODERS[type](value, type, scalars.Place(None, "field", "Struct"), found)
    return found.wrong[0].message if found.wrong else result


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("int32", 5, 5),
        ("int32", 5.0, 5),
        ("int32", 1.5, "json: cannot unmarshal number 1.5 into Go struct field Struct.field of type int32"),
        ("int32", 2**31, "json: cannot unmarshal number 2147483648 into Go struct field Struct.field of type int32"),
        ("int32", True, "json: cannot unmarshal bool into Go struct field Struct.field of type int32"),
        ("int64", 2**40, 2**40),
        ("int64", 10**400, "json: cannot unmarshal number 1e400 into Go struct field Struct.field of type int64"),
        ("float64", 0.1, 0.1),
        ("float64", math.inf, "json: cannot unmarshal number +Inf into Go struct field Struct.field of type float64"),
        ("bool", "yes", "json: cannot unmarshal string into Go struct field Struct.field of type bool"),
        ("IntOrString", "25%", "25%"),
        ("IntOrString", 3, 3),
        ("IntOrString", False, "json: cannot unmarshal bool into Go value of type int32"),
        ("[]byte", "aGVsbG8=", "aGVsbG8="),
        ("[]byte", "!!!", "illegal base64 data at input byte 0"),
        ("[]byte", "aGV!", "illegal base64 data at input byte 3"),
        ("Time", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("Time", "2026-01-31T12:00:00+09:00", "2026-01-31T03:00:00Z"),
        (
            "Time",
            "yesterday",
            'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
        ),
        ("Time", "2026-13-01T00:00:00Z", 'parsing time "2026-13-01T00:00:00Z": month out of range'),
        ("Time", "2026-02-30T00:00:00Z", 'parsing time "2026-02-30T00:00:00Z": day out of range'),
        ("Time", 5, "json: cannot unmarshal number into Go value of type string"),
        ("MicroTime", "2026-01-31T12:00:00.123456Z", "2026-01-31T12:00:00.123456Z"),
        ("Quantity", 2, "2"),
        ("Quantity", "1000m", "1"),
        ("any", {"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
        ("any", [math.nan], "json: unsupported value: NaN"),
    ],
)
def test_a_value_is_decoded_or_refused_as_in_go(type: str, value: Any, expected: Any) -> None:
    assert decoded(type, value) == expected


def test_lone_surrogates_are_replaced() -> None:
    assert decoded("string", "a\ud800b") == "a\ufffdb"
    assert decoded("any", {"\ud800": "\udfff"}) == {"\ufffd": "\ufffd"}


def test_a_place_prints_itself_for_people_and_for_go() -> None:
    place = scalars.Place(None, "spec", "Pod")
    for part, owner in (("containers", "PodSpec"), (0, ""), ("env", "Container"), (2, ""), ("value", "EnvVar")):
        place = scalars.Place(place, part, owner)
    assert str(place) == "spec.containers[0].env[2].value"
    assert place.in_go == "EnvVar.spec.containers.env.value"


def test_paths_are_taken_apart() -> None:
    assert list(scalars.path_parts("spec.containers[0].image")) == ["spec", "containers", 0, "image"]
    assert list(scalars.path_parts("data[a.b]")) == ["data", "a.b"]
