"""A time that a docstring or a comment states stands in the code beside it, so that neither changes alone.

What stands in quotes or backquotes is an example; what was measured has its place in benchmarks/, not in a comment.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

APP = Path(__file__).parent.parent / "app"
MODULES = sorted(APP.rglob("*.py"))
UNITS_MS = {"ms": 1, "s": 1_000, "second": 1_000, "minute": 60_000, "min": 60_000, "hour": 3_600_000}
TIME = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)[ -]?(ms|s|seconds?|minutes?|min|hours?)\b")
EXAMPLE = re.compile(r"`[^`]*`|\"[^\"]*\"")


def prose(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def times_ms(text: str) -> list[float]:
    found = TIME.findall(EXAMPLE.sub("", text))
    return [
        float(amount.replace(",", "")) * UNITS_MS[unit if unit in UNITS_MS else unit.removesuffix("s")]
        for amount, unit in found
    ]


@cache
def numbers(folder: Path) -> frozenset[float]:
    """In what the modules of a folder give a name to: their constants, and the defaults of their fields."""
    trees = [ast.parse(module.read_text()) for module in folder.glob("*.py")]
    bodies = [
        node.body for tree in trees for node in (tree, *ast.walk(tree)) if isinstance(node, (ast.Module, ast.ClassDef))
    ]
    named = [node for body in bodies for node in body if isinstance(node, (ast.Assign, ast.AnnAssign))]
    values = [each.value for node in named for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return frozenset(float(value) for value in values if type(value) in (int, float))


def is_written(time_ms: float, known: frozenset[float]) -> bool:
    """In some unit, or as so many in a second."""
    return not known.isdisjoint((*(time_ms / unit for unit in UNITS_MS.values()), 1_000 / time_ms))


SAID = [
    (module, time_ms) for module in MODULES for text in prose(module.read_text()) for time_ms in times_ms(text)
]  # fmt: skip


def test_there_are_some() -> None:
    assert len(SAID) > 20


@pytest.mark.parametrize(("module", "time_ms"), SAID, ids=[f"{m.relative_to(APP)}-{ms:g}ms" for m, ms in SAID])
def test_a_time_in_a_comment_is_one_of_the_code(module: Path, time_ms: float) -> None:
    assert is_written(time_ms, numbers(module.parent))


def test_a_time_is_found_in_any_unit() -> None:
    assert times_ms("After 50 seconds, or 1.5 s; `for 3 s` is none, nor is v4s. 5-minute rests, 200 ms, 1,000 s") == [
        50_000, 1_500, 300_000, 200, 1_000_000,
    ]  # fmt: skip
    assert is_written(10_000, frozenset({0.1}))
    assert not is_written(10_000, frozenset({11.0}))
