"""Calls of texts that people wrote: what they return, what they print, where they go wrong, and what ends them."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from app.api import limits, times
from app.operators.own import calling
from app.reconcile import Struck, TextMistake

NOW_MS = times.parse("2026-01-01T09:30:05Z")


def call(body: str, *arguments: Any, parameters: str = "x") -> calling.Returned:
    text = f"def f({parameters}):\n" + "\n".join(f"    {line}" for line in body.splitlines())
    return calling.call("mine", text, "f", arguments or (None,), NOW_MS)


def mistake(body: str, *arguments: Any, parameters: str = "x") -> tuple[str, str]:
    with pytest.raises(TextMistake) as caught:
        call(body, *arguments, parameters=parameters)
    return str(caught.value), caught.value.where


@pytest.mark.parametrize(
    "value", [None, True, 3, -(2**63), 1.5, "ä", [1, [2]], {"a": {"b": [None]}}], ids=lambda value: str(value)[:20]
)
def test_plain_data_goes_in_and_comes_out_as_it_was(value: Any) -> None:
    returned = call("return x", value)
    assert returned.value == value
    assert type(returned.value) is type(value)


def test_a_tuple_is_a_list() -> None:
    assert call("return (1, (2,))").value == [1, [2]]


def test_what_is_no_number_is_null() -> None:
    assert call('return [float("nan"), float("inf")]').value == [None, None]


@pytest.mark.parametrize(
    ("body", "error", "line"),
    [
        ('return x["spec"]', 'Key `"spec"` was not found', 2),
        ("return g(x)", "Variable `g` not found", 2),
        ("y = 1\nreturn y // 0", "Floor division by zero", 3),
        ('fail("no size")', "fail: no size", 2),
        ("return (", "Parse error", 2),
        ("while True:\n  pass", "Parse error: cannot use reserved keyword `while`", 2),
        ("return f(x)", "Starlark call stack overflow", 2),
    ],
)
def test_a_mistake_bears_its_line(body: str, error: str, line: int) -> None:
    said, where = mistake(body, {})
    assert said.startswith(error)
    assert where == f"mine, line {line}"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return {1: 2}", "what it returns has the key 1, which is no string"),
        ("return 1 << 63", "what it returns has a number that is too large"),
        ("return f", "Operation `serde::serialize` not supported on type `function`"),
        ("y = []\ny.append(y)\nreturn y", "Cycle detected while converting"),
        ("y = []\nfor i in range(100):\n  y = [y]\nreturn y", "what it returns is nested too deep"),
    ],
)
def test_what_is_no_json_is_refused(body: str, error: str) -> None:
    said, where = mistake(body)
    assert said.startswith(error)
    assert where == "mine, f"


def test_a_text_without_the_function_is_told_so() -> None:
    with pytest.raises(TextMistake, match="there is no function sync"):
        calling.call("mine", "x = 1", "sync", (), NOW_MS)
    assert mistake("return x", 1, 2)[0].startswith("Found 1 extra positional argument")


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(1000000000):\n  pass",
        "return [i for i in range(1000000000)]",
        "def g(n):\n  return g(n - 1) + g(n - 1) if n else 1\nreturn g(60)",
    ],
    ids=["loop", "comprehension", "recursion"],
)
def test_who_does_not_end_is_ended_by_a_count_and_at_the_same_place_each_time(body: str) -> None:
    calling.close()
    first = mistake(body, 1)
    calling.close()
    calling._known.clear()
    assert mistake(body, 1) == first
    assert first[0] == f"it does not end: more than {limits.OWN_OPERATIONS:,} turns of loops and calls"


def test_who_eats_memory_or_time_is_struck_and_the_next_call_is_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Struck, match="memory"):
        call('y = "x"\nfor i in range(40):\n  y = y + y\nreturn 1')
    assert call("return 1").value == 1
    with pytest.raises(Struck, match="memory"):
        call('return "x" * 3000000')
    monkeypatch.setattr(limits, "OWN_CPU_S", 0.2)
    calling.close()
    with pytest.raises(Struck, match="time"):
        call("y = 3\nfor i in range(60):\n  y = y * y\nreturn 1")
    assert call("return 2").value == 2


def test_who_waits_for_this_machine_is_not_struck(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is bounded is what a call computes, not when its answer comes."""
    monkeypatch.setattr(limits, "OWN_CPU_S", 0.2)
    calling.close()
    assert call("return 1").value == 1
    (process,) = calling.waiting()
    os.kill(process, signal.SIGSTOP)
    later = threading.Timer(0.5, os.kill, (process, signal.SIGCONT))
    later.start()
    assert call("return 2").value == 2
    assert calling.waiting() == (process,)
    later.join()


def test_a_process_that_was_ended_while_it_waited_is_no_fault_of_the_next_call() -> None:
    assert call("return 3").value == 3
    for process in calling.waiting():
        os.kill(process, signal.SIGKILL)
    assert call("return 4").value == 4


def test_what_it_is_given_and_prints_is_bounded() -> None:
    assert mistake("return 1", "x" * limits.OWN_ARGUMENT_BYTES)[0] == "what f would be given is larger than 4 MiB"
    printed = call('for i in range(100):\n  print("line", i, {"a": [1]}, "x" * 1000)\nreturn 1').printed
    assert len(printed) == limits.OWN_LINES_PRINTED
    assert printed[7].startswith('line 7 {"a": [1]} xxx')
    assert all(len(line) == limits.OWN_LINE_LENGTH for line in printed)


def test_a_text_remembers_nothing_and_reaches_nothing() -> None:
    text = "kept = []\ndef f(x):\n    kept.append(x)\n    return kept"
    with pytest.raises(TextMistake, match="Immutable"):
        calling.call("mine", text, "f", (1,), NOW_MS)
    for reach in ('load("a", "b")', 'def f(x):\n    return open("/etc/passwd")', "import os"):
        with pytest.raises(TextMistake):
            calling.call("mine", reach, "f", (1,), NOW_MS)


def test_now_is_virtual_time() -> None:
    assert call("return now").value == {
        "unix": NOW_MS // 1000,
        "hour": 9,
        "minute": 30,
        "weekday": "Thu",
        "text": "2026-01-01T09:30:05Z",
    }
