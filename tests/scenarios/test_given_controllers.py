"""Controllers from files in full Python, and loops that are left out because somebody else does their work."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.api.objects import Ref
from app.cluster import checkpoint, loops
from app.rooms import add_controllers, leave_out_controller
from tests.support.world import World

DOCS = Path(__file__).parents[2] / "docs" / "adding-a-controller.md"
WELCOME = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[0]
SHOP = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {loopscope.dev/greeting: hi}}\n"


@pytest.fixture(autouse=True)
def chosen_for_this_test_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, empty in (("_given", []), ("_modules", []), ("_digests", []), ("_left_out", set())):
        monkeypatch.setattr(loops, name, empty)
    before = set(sys.modules)
    forget()
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
    forget()


def forget() -> None:
    checkpoint.version.cache_clear()
    checkpoint.records.cache_clear()


def written(folder: Path, text: str = WELCOME) -> Path:
    path = folder / "welcome.py"
    path.write_text(text)
    return path


def test_the_one_of_the_documentation_runs_from_a_file(tmp_path: Path) -> None:
    add_controllers(written(tmp_path))
    world = World()
    world.apply(SHOP)
    world.settle()
    found = world.get(Ref("ConfigMap", "shop", "welcome"))
    assert found is not None
    assert found["data"] == {"greeting": "hi"}
    assert world.voices["welcome-controller"].title == "Welcome"


def test_a_checkpoint_has_what_it_observed_and_another_file_is_another_version(tmp_path: Path) -> None:
    without = checkpoint.version()
    checkpoint.version.cache_clear()
    add_controllers(written(tmp_path))
    with_it = checkpoint.version()
    assert with_it != without
    world = World()
    world.apply(SHOP)
    while not world.engine.workers["welcome-controller"].in_flight:
        world.step()
    lines = b"".join(checkpoint.written(world.copy())).splitlines()
    resumed = checkpoint.resumed(lines, list(world.journal))
    for each in (world, resumed):
        each.run()
        assert each.get(Ref("ConfigMap", "shop", "welcome")) is not None
    loops._digests[:] = ["another text"]
    checkpoint.version.cache_clear()
    assert checkpoint.version() not in (with_it, without)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "there is no class in it that is an app.reconcile.Controller"),
        ("def", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        (WELCOME.replace('name = "welcome-controller"', ""), "WelcomeController has no name"),
        (WELCOME.replace('"welcome-controller"', '"job-controller"'), 'a loop called "job-controller" already'),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        add_controllers(written(tmp_path, text))
    assert loops._given == []


def test_one_that_is_left_out_leaves_its_work_undone() -> None:
    leave_out_controller("replicaset-controller")
    world = World()
    world.web(3)
    world.settle()
    assert world.pods() == []
    assert "replicaset-controller" not in world.actors
    assert len(world.replica_sets()) == 1


def test_only_one_that_there_is_can_be_left_out() -> None:
    with pytest.raises(ValueError, match=r'no loop is called "nobody": one of .*job-controller'):
        leave_out_controller("nobody")
