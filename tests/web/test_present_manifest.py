"""Objects line by line are YAML: the text that `dump` would write, and it reads back as the same object."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from app.apimachinery import yamltext
from app.web.present import manifest

TEXTS = (
    "0b1", "0B1", "0o7", "017", "0x1F", "1_000", "12:30:45", "190:20:30", "1e3", ".5", "+1", "-0", "1.", "5",
    "yes", "No", "on", "OFF", "y", "n", "true", "False", "null", "Null", "~", "", ".nan", ".inf", "-.Inf", "<<", "=",
    "2026-01-01", "2026-11-23T10:06:17Z", "2026-1-1 10:00:00", "!tag", "&a", "*a", "- a", "-", "? a", ":", "a: b", "a:",
    "a #b", "#", "'", '"', "\\", "%", "@a", "`a`", "{}", "[]", "{a}", "[a", "|", ">", " a", "a ",
    "\t", "a\tb", "---", "...",
    "a\nb", "a\nb\n", "a\n\nb\n\n", "a\n\u2029b", "\na", "a \nb", " a\nb", "\n", "日本語", "é\nü",
    "\u2028", "\x85", "😀", "25%", "nginx:1.27",
)  # fmt: skip


def read_back(obj: Any) -> Any:
    return next(yamltext.read(manifest.text_of(manifest.lines(obj)))).value


def of(**fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, **fields}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_shown_so_that_it_is_read_as_that_text(text: str) -> None:
    deep = {"items": [text, {"name": text, "again": [text]}, [text, [text]]]}
    obj = of(data={"it": text, text: "key"}, spec=deep)
    assert read_back(obj) == obj
    # Whoever reads YAML 1.1, or only JSON's plain values, reads the same.
    shown = manifest.text_of(manifest.lines(of(data={"it": text})))
    assert yaml.safe_load(shown)["data"]["it"] == text or text in ("<<", "=")


@pytest.mark.parametrize(
    "value", [None, True, False, 0, -1, 1.5, 1e21, 10**17, {}, [], [[]], [{}], [[1, [2]], {"a": [{}]}]]
)
def test_other_values_keep_their_type(value: Any) -> None:
    obj = of(spec={"it": value, "list": [value, {"in": value}]})
    assert read_back(obj) == obj


TEXT = some.text(max_size=8) | some.text("\u2028\u2029\x85a \n:-#'\"\t", max_size=8)  # what breaks and separates
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**62), 2**62) | some.sampled_from(TEXTS) | TEXT,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
LONG_NAME = re.compile(r"(?m)^[ -]*\? ")  # or one of several lines: `dump` puts what it names beside its colon
NOT_YAML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(some.dictionaries(some.sampled_from(["a", "b", "yes", "k" * 140, "0o7"]), VALUES, max_size=4))
def test_the_text_is_what_dump_writes(spec: dict[str, Any]) -> None:
    obj = of(spec=spec)
    shown = manifest.text_of(manifest.lines(obj))
    if not LONG_NAME.search(shown):
        assert shown == yamltext.dump(obj, sort_keys=False)
    if not NOT_YAML.search(shown):
        assert read_back(obj) == obj
