"""What loops want, have and wait for, where the API has no word for it, is said in the language of who looks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web.language import words
from app.web.present.states import STATES, state

APP = Path(__file__).parent.parent.parent / "app"
JA = words("ja")
DATA = {"true"}  # of the API, like all that has a capital letter in it
FIELDS = {"activeDeadlineSeconds", "minReadySeconds", "progressDeadlineSeconds", "resyncAfterSeconds"}
FIELDS |= {"scale-down-unneeded-time", "tolerationSeconds", "ttlSecondsAfterFinished"}


def calls(name: str) -> Iterator[ast.Call]:
    for file in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node


def said(node: ast.expr) -> Iterator[str]:
    """The texts that this may come to, as far as they stand there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*said(node.body), *said(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from said(value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(value.value) if isinstance(value, ast.Constant) else "%(n)s" for value in node.values)


def test_each_state_that_a_loop_makes_up_is_known() -> None:
    made_up = {text for call in calls("Difference") for part in call.args[2:4] for text in said(part)}
    made_up = {text for text in made_up if text.replace("%(n)s", "").islower()} - DATA
    assert len(made_up) > 50
    assert made_up - STATES == set()


def test_each_reason_to_look_again_is_translated() -> None:
    reasons = {text for call in calls("RequeueAfter") for text in said(call.args[-1])} - FIELDS
    assert len(reasons) > 30
    assert {text for text in reasons if JA(text) == text} == set()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("not yet", "まだ"),
        ("50 s of silence", "50秒の沈黙"),
        ("too little memory", "memory不足"),
        ("web-1", "web-1"),
        ("a text of yours", "a text of yours"),
        ("", ""),
        (3, "3"),
        (None, "–"),
    ],
)
def test_a_state_in_japanese(value: object, text: str) -> None:
    assert state(value, JA) == text
