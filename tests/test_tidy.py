"""The source polices itself: sizes, leftovers, and that every loop has its test and its place on the page."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from app import controllers, nodes, operators
from app.scheduler.scheduler import Scheduler
from app.web.present import names

ROOT = Path(__file__).parent.parent
LONGEST_FILE, LONGEST_FUNCTION = 420, 60
LONGEST_LINE = 160  # of what ruff does not watch: templates, stylesheets, scripts
# Put together here, lest this file finds itself.
LEFTOVERS = re.compile(
    "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "pytest." + "skip", "xfa" + "il", "Not" + "Implemented\\b"))
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [ROOT / name for name in listed if "vendor" not in name and (ROOT / name).is_file()]


SOURCES = tracked("app/*.py", "tools/*.py", "benchmarks/*.py", "static/js/*.js", "static/css/*.css", "templates/*.html")


def test_there_are_sources_to_look_at() -> None:
    assert len(SOURCES) > 100


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_finished(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    assert not LEFTOVERS.findall(text)
    assert path.suffix == ".py" or max(map(len, text.splitlines())) <= LONGEST_LINE
    if path.suffix == ".py":
        tree = ast.parse(text)
        assert path.name == "__init__.py" or ast.get_docstring(tree), "a module says what it is and who calls it"
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                assert (function.end_lineno or 0) - function.lineno < LONGEST_FUNCTION, function.name


MACHINE = tuple(type(each) for each in nodes.machine_controllers("node-1"))
LOOPS = [Scheduler, *controllers.CONTROLLERS, *operators.OPERATORS, *MACHINE]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_every_loop_has_its_test_file_its_upstream_and_its_place_on_the_page(loop: type) -> None:
    module = loop.__module__.rsplit(".", 1)[-1]
    folder = loop.__module__.split(".")[1]
    assert list((ROOT / "tests" / folder).glob(f"test_{module}*.py"))
    source = (ROOT / (loop.__module__.replace(".", "/") + ".py")).read_text()
    assert re.search(r"Models\s+(the|kubernetes)", source), "names what it models"
    assert loop.name in names.TITLES
