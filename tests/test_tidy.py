"""The source polices itself: sizes, leftovers, and that every loop has its test and its place on the page."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from app import pod_control
from app.api.messages import LAST_LANE
from app.reconcile import AnyController, Controller
from tests.support.voices import LOOPS

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


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_every_loop_has_its_test_file_its_upstream_and_its_place_on_the_page(loop: AnyController) -> None:
    module = type(loop).__module__.rsplit(".", 1)[-1]
    folder = type(loop).__module__.split(".")[1]
    assert list((ROOT / "tests" / folder).glob(f"test_{module}*.py"))
    source = (ROOT / (type(loop).__module__.replace(".", "/") + ".py")).read_text()
    models = re.search(r"Models\s+(the|kubernetes)", source)
    assert models or loop.name == "traffic", "names what it models, unless that is people"
    assert loop.title
    assert loop.lane < LAST_LANE
    assert [other.name for other in LOOPS if other.lane == loop.lane] == [loop.name]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_a_loop_says_nothing_that_it_cannot_mean(loop: AnyController) -> None:
    """Each reason that it has words for is one that it gives: in its file, or beside it where it has a folder."""
    file = ROOT / (type(loop).__module__.replace(".", "/") + ".py")
    beside = file.parent.glob("*.py") if (file.parent / "sayings.py").exists() else [file]
    source = "".join(path.read_text() for path in beside if path.name != "sayings.py")
    source += (ROOT / "app/pod_control.py").read_text().partition("SAYS = {")[0]
    given = set(re.findall(r'"([A-Z][A-Za-z]+)"', source)) | {"RecreatingFailedPod", "RecreatingTerminatedPod"}
    assert loop.says.keys() - pod_control.SAYS.keys() <= given


def test_loops_of_one_name_are_told_apart_by_their_machines() -> None:
    assert len({loop.name for loop in LOOPS}) == len(LOOPS)
    assert all(isinstance(loop, Controller) for loop in LOOPS)


DRAWN = ("change", "cluster", "frame", "lesson", "look", "room", "scenario", "step", "trace", "waiting")


@pytest.mark.parametrize("path", tracked("app/web/present/*.py"), ids=lambda path: path.name)
def test_what_is_drawn_has_a_type(path: Path) -> None:
    """Observations and JSON may be anything; clusters, rooms and steps may not."""
    tree = ast.parse(path.read_text())
    vague = [arg.arg for arg in ast.walk(tree) if isinstance(arg, ast.arg) and vaguely_typed(arg)]
    assert not vague
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "cast"]


def vaguely_typed(arg: ast.arg) -> bool:
    return arg.arg in DRAWN and arg.annotation is not None and bool(VAGUE.search(ast.unparse(arg.annotation)))


VAGUE = re.compile(r"\b(Any|object)\b")
