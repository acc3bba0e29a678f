"""YAML as kubectl reads and prints it, and texts that are none."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import limits
from app.api.errors import BadRequest, TooLarge
from app.apimachinery import yamltext


def value_of(text: str) -> Any:
    return next(yamltext.read(text)).value


def refusal(text: str) -> yamltext.ManifestError:
    with pytest.raises(yamltext.ManifestError) as caught:
        list(yamltext.read(text))
    return caught.value


@pytest.mark.parametrize(
    ("plain", "meaning"),
    [
        ("text", "text"),
        ("yes", True),
        ("On", True),
        ("y", True),
        ("off", False),
        ("NO", False),
        ("~", None),
        ("null", None),
        ("5", 5),
        ("-7", -7),
        ("010", 8),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1:30", "1:30"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("25%", "25%"),
        ("'5'", "5"),
        ('"yes"', "yes"),
        ("!!str 5", "5"),
        ('!!int "5"', 5),
        ("!custom 5", "5"),
        ("!!binary aGk=", "hi"),
        ("9" * 25, float("9" * 25)),
        ("9" * 5000, "9" * 5000),
        ("1.2.3", "1.2.3"),
        ("08", 8.0),
    ],
)
def test_plain_values_mean_what_go_yaml_says(plain: str, meaning: Any) -> None:
    found = value_of(f"a: {plain}")["a"]
    assert found == meaning
    assert type(found) is type(meaning)


def test_keys_become_text() -> None:
    assert value_of("{1: a, true: b, 1.5: c, x: d}") == {"1": "a", "true": "b", "1.5": "c", "x": "d"}


def test_anchors_and_merge_keys_work() -> None:
    text = "base: &base {a: 1, b: 2}\nuse: {<<: *base, b: 3}\nlist: [*base]\n"
    assert value_of(text) == {"base": {"a": 1, "b": 2}, "use": {"a": 1, "b": 3}, "list": [{"a": 1, "b": 2}]}


def test_every_key_and_item_has_its_place() -> None:
    marks = next(yamltext.read("a:\n  b:\n  - x\n  - c: 1\n")).marks
    assert marks[("a",)] == (1, 1)
    assert marks[("a", "b")] == (2, 3)
    assert marks[("a", "b", 1)] == (4, 5)
    assert marks[("a", "b", 1, "c")] == (4, 5)


def test_documents_come_one_after_another() -> None:
    assert [document.value for document in yamltext.read("a: 1\n---\n---\nb: 2\n")] == [{"a": 1}, None, {"b": 2}]


BAD = [
    (
        "a: 1\nb:\n  name: c\n  name: d\n",
        4,
        'yaml: unmarshal errors:\n  line 4: key "name" already set in map',
        "twice",
    ),
    ("a:\n  b: 1\n c: 2\n", 3, "yaml: line 2: did not find expected key", "indentation"),
    ("a:\n\tname: p\n", 2, "yaml: line 2: found character that cannot start any token", "tab"),
    ("a: @x\n", 1, "yaml: line 1: found character that cannot start any token", "quotes"),
    ("a: b: c\n", 1, "yaml: line 1: mapping values are not allowed in this context", '":" too many'),
    ("a: 1\nb: 'x\nc: 2\n", 2, "yaml: line 4: found unexpected end of stream", "opened in line 2"),
    ("a: [1,\nb: 2\nc", 1, "did not find expected ',' or ']'", '"[" is opened in line 1'),
    ("a: {b: 1\nc: 2\n", 1, "did not find expected ',' or '}'", '"{" is opened in line 1'),
    ("- a\nb: 1\n", 2, "did not find expected '-' indicator", '"- "'),
    ("a: *x\n", 1, "unknown anchor 'x' referenced", '"&x"'),
    ("a: &x [*x]\n", 1, "anchor 'x' value contains itself", "inside of itself"),
    ("? [a]\n: b\n", 1, "unsupported map key", "quotes"),
    ("a: .nan\n", 1, "json: unsupported value: NaN", "number"),
    ("a: 1\nb: \x01\n", 2, "control characters are not allowed", "U+0001"),
    ("a: \ud800\n", 1, "control characters are not allowed", "U+D800"),
    ("<<: 5\n", 1, "map merge requires map or sequence of maps as the value", "<<: *"),
    ("a: !!binary x\n", 1, "!!binary value contains invalid base64 data", "!!binary"),
    ("[" * 66, 1, "exceeded max depth of 64", "64 levels"),
]


@pytest.mark.parametrize(("text", "line", "message", "fix"), BAD, ids=[case[2][:40] for case in BAD])
def test_what_is_no_yaml_is_refused_with_its_line_and_a_remedy(text: str, line: int, message: str, fix: str) -> None:
    error = refusal(text)
    assert isinstance(error, BadRequest)
    assert error.message.startswith("error converting YAML to JSON: ")
    assert message in error.message
    assert error.line == line
    assert fix in error.fix


def test_a_text_that_is_too_large_is_a_413() -> None:
    error = refusal("a: " + "x" * limits.MANIFEST_BYTES)
    assert isinstance(error, TooLarge)
    assert (error.code, error.status()["reason"]) == (413, "RequestEntityTooLarge")
    assert "262144" in error.message


LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)
LADDER = "a0: &a0 {b: x}\n" + "".join(f"a{i}: &a{i} {{b: *a{i - 1}}}\n" for i in range(1, 100))
HOSTILE = {
    "a billion laughs": (LAUGHS, "excessive aliasing"),
    "aliases nested in aliases": (LADDER, "max depth"),
    "brackets": ("[" * 200_000, "max depth"),
    "braces": ("{a: " * 60_000, "max depth"),
    "dashes": ("- " * 120_000, "max depth"),
    "questions": ("? " * 120_000, "max depth"),
    "indentation": ("".join(" " * i + "a:\n" for i in range(500)), "max depth"),
}


@pytest.mark.parametrize(("text", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_are_refused(text: str, message: str) -> None:
    """At once: a billion of anything would not end."""
    assert message in refusal(text).message


LONG = f"a: &a {'x' * 60_000}\n"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        pytest.param(LONG + "b: [" + "*a," * 6_000 + "]\n", limits.OBJECT_BYTES, id="in one object"),
        pytest.param(LONG + "b: &b [" + "*a," * 20 + "]\nc: [*b, *b]\n", limits.OBJECT_BYTES, id="aliases of aliases"),
        pytest.param("---\n".join([LONG + "b: [" + "*a," * 20 + "]\n"] * 4), limits.REQUEST_BYTES, id="in several"),
        pytest.param(
            "x: &x \u65e5" + "\u65e5" * 20_000 + "\ny: [" + "*x," * 30 + "]\n", limits.OBJECT_BYTES, id="in UTF-8"
        ),
    ],
)
def test_bytes_are_counted_as_they_are_with_aliases_written_out(text: str, most: int) -> None:
    error = refusal(text)
    assert isinstance(error, TooLarge)
    assert error.message == f"Request entity too large: limit is {most}"
    assert "aliases" in error.fix


def test_aliases_within_the_limit_are_written_out() -> None:
    assert value_of(LONG + "b: [*a, *a]\n")["b"] == ["x" * 60_000] * 2


def test_of_merged_maps_the_first_holds_and_what_is_written_before_all() -> None:
    text = "a: &a {p: 1, q: 1}\nb: &b {q: 2, r: 2}\nc: {r: 3, <<: [*a, *b]}\n"
    assert value_of(text)["c"] == {"p": 1, "q": 1, "r": 3}


def test_objects_are_printed_as_kubectl_prints_them() -> None:
    shared = {"name": "c", "image": "nginx:1.27", "args": ["true", "5", "", "a: b"], "resources": {}}
    obj = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": "p",
            "creationTimestamp": "2026-11-23T10:06:17Z",
            "resourceVersion": "56619",
            "annotations": {"note": '{"a":1}\n'},
        },
        "spec": {"containers": [shared, shared]},
        "status": {"conditions": [{"status": "True", "message": "日本語 " + "long " * 40 + "."}], "maxSurge": "25%"},
    }
    container = """  - args:
    - "true"
    - "5"
    - ""
    - 'a: b'
    image: nginx:1.27
    name: c
    resources: {}
"""
    assert yamltext.dump(obj) == (
        f"""apiVersion: v1
kind: Pod
metadata:
  annotations:
    note: |
      {{"a":1}}
  creationTimestamp: "2026-11-23T10:06:17Z"
  name: p
  resourceVersion: "56619"
spec:
  containers:
{container}{container}status:
  conditions:
  - message: 日本語 {"long " * 40}.
    status: "True"
  maxSurge: 25%
"""
    )


@pytest.mark.parametrize(
    "text", ["yes", "1e3", "0x1F", "~", " x ", "a\nb", "a\n\n b\n", "- a", "#x", "\t", "é", "\u2028", "\x85"]
)
def test_what_is_printed_reads_back(text: str) -> None:
    assert value_of(yamltext.dump({"a": text})) == {"a": text}
