"""The process apart in which texts in Starlark are evaluated: run as a script, never imported by the server.

A request is a line of JSON on its standard input, a socket, and so is the answer: what a call returns, or what is wrong
with a text before it is called. Each call has a fresh module, so a text remembers nothing. How many turns of loops and
calls of functions it may make is counted, so a text without an end is ended at the same place each time. Memory is
bounded by the system, and so is the time that it computes: SIGPROF ends this process.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import socket
import sys
from typing import Any

import starlark

_TICK = 1000  # turns of loops and calls, at which the library asks whether to go on
_CALLS = 200  # within one another
_PLACE = re.compile(r"^ *--> .*?:(\d+):(\d+)$", re.MULTILINE)
_ERROR = re.compile(r"^error: (.*?)(?=^ *-->|\Z)", re.MULTILINE | re.DOTALL)
_LARGEST = 2**63


class Refused(Exception):
    """What the text returned is no plain JSON."""


class Evaluation:
    """One call of one function of one text, or a look at whether there could be one."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._request = request
        self._ticks = 0
        self._printed: list[str] = []

    def answer(self) -> dict[str, Any]:
        try:
            return self._with_prints({"value": plain(self._value(), self._request["depth"])})
        except Refused as refused:
            return self._with_prints({"error": str(refused), "line": 0, "column": 0})
        except starlark.StarlarkError as error:
            return self._with_prints(self._said(str(error)))

    def slips(self) -> dict[str, Any]:
        """What is wrong with the text itself: the first error, or else what is odd."""
        try:
            tree = self._tree()
            module = self._module(tree)
        except starlark.StarlarkError as error:
            said = self._said(str(error))
            return {"slips": [(said["line"], said["column"], said["error"], True)]}
        function = self._request["function"]
        if not self._has(module, function):
            return {"slips": [(0, 0, f"there is no function {function}", True)]}
        odd = (slip for slip in tree.lint() if str(slip.severity) != "Disabled")
        return {"slips": [(*_place(slip), " ".join(slip.problem.split()), False) for slip in odd]}

    def _value(self) -> Any:
        request, module = self._request, self._module(self._tree())
        return module.freeze().call_with(self._options, request["function"], *request["arguments"]).value

    def _tree(self) -> Any:
        return starlark.parse(self._request["name"], self._request["text"], starlark.Dialect.extended())

    def _module(self, tree: Any) -> Any:
        module = starlark.Module()
        module["now"] = self._request["now"]
        module.add_callable("print", self._print)
        starlark.eval_with(self._options, module, tree, starlark.Globals.standard())
        return module

    def _has(self, module: Any, function: str) -> bool:
        look = starlark.parse(function, f"type({function})", starlark.Dialect.extended())
        try:
            return bool(starlark.eval(module, look, starlark.Globals.standard()) == "function")
        except starlark.StarlarkError:
            return False

    @property
    def _options(self) -> Any:
        return starlark.EvalOptions(check_cancelled=self._is_over, max_callstack_size=_CALLS)

    def _is_over(self) -> bool:
        self._ticks += 1
        return bool(self._ticks * _TICK >= self._request["operations"])

    def _print(self, *values: Any) -> None:
        if len(self._printed) < self._request["lines"]:
            text = " ".join(value if isinstance(value, str) else json.dumps(value, default=str) for value in values)
            self._printed.append(text[: self._request["line"]])

    def _said(self, text: str) -> dict[str, Any]:
        """What the library says of an error, in one sentence, and the line of the text."""
        found, place = _ERROR.search(text), _PLACE.search(text)
        error = " ".join((found[1] if found else text.strip().splitlines()[-1]).split())
        error = error.partition(", expected one of")[0]  # a dozen things that could have stood there
        if self._ticks * _TICK >= self._request["operations"]:
            error = f"it does not end: more than {self._request['operations']:,} turns of loops and calls"
        if error == f"Module has no symbol `{self._request['function']}`":
            error = f"there is no function {self._request['function']}"
        line, column = map(int, place.groups()) if place else (0, 0)
        return {"error": error, "line": line, "column": column}

    def _with_prints(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "printed": self._printed}


def _place(slip: Any) -> tuple[int, int]:
    """Line and column, from 1."""
    begin = slip.resolved_location.span.begin
    return begin.line + 1, begin.column + 1


def plain(value: Any, depth: int) -> Any:
    """`value` as JSON has it. Raises Refused. What is no number has become None in the library."""
    if depth < 0:
        raise Refused("what it returns is nested too deep")
    if isinstance(value, dict):
        strange = next((key for key in value if not isinstance(key, str)), None)
        if strange is not None:
            raise Refused(f"what it returns has the key {strange!r}, which is no string")
        return {key: plain(each, depth - 1) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each, depth - 1) for each in value]
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise Refused("what it returns has a number that is too large")
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise Refused(f"what it returns has a {type(value).__name__} in it, which is no plain data")


def main() -> None:
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=0) as channel, channel.makefile("rwb") as lines:
        lines.write(b"ready\n")
        lines.flush()
        for line in lines:
            try:
                request = json.loads(line)
                signal.setitimer(signal.ITIMER_PROF, request["cpu_s"])
                evaluation = Evaluation(request)
                text = json.dumps(evaluation.answer() if "arguments" in request else evaluation.slips())
                signal.setitimer(signal.ITIMER_PROF, 0)
            except BaseException:  # the library panics where memory ends: nothing in here can be trusted any more
                lines.write(b'{"limit": "memory"}\n')
                return
            lines.write(text.encode() + b"\n")
            lines.flush()


if __name__ == "__main__":
    main()
