"""docs/adding-a-controller.md, done: its file, its line, its test, and the promise it makes kept by a cluster."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any, get_args

import pytest

from app import controllers, reconcile
from app.api.objects import Ref
from app.commands import DeleteObject
from app.engine.trace import Differed
from app.web import present
from app.web.present import Words, captions, names
from tests.support.world import World

DOC = Path(__file__).parent.parent / "docs" / "adding-a-controller.md"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {loopscope.dev/greeting: %s}}"
WELCOME = Ref("ConfigMap", "shop", "welcome")


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", DOC.read_text(), flags=re.S)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The file of step 1 as app.controllers.welcome, and the line of step 2."""
    module = types.ModuleType("app.controllers.welcome")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(blocks()[0], "welcome.py", "exec"), module.__dict__)
    namespace: dict[str, Any] = {}
    exec(blocks()[1], namespace)
    monkeypatch.setattr(controllers, "CONTROLLERS", (*controllers.CONTROLLERS, namespace["WelcomeController"]))
    return module


def test_the_page_has_the_three_pieces_it_speaks_of() -> None:
    assert len(blocks()) == 3


def public(thing: type) -> set[str]:
    return {name for name in (*vars(thing), *getattr(thing, "__annotations__", {})) if not name.startswith("_")}


def test_the_page_names_all_that_a_loop_may_need() -> None:
    """What a loop says of itself, what its reader answers, and what it may do."""
    made_of_these = {"in_background", "actor", "voice"}
    needed = (
        (public(reconcile.Controller) - made_of_these)
        | public(reconcile.Reader)
        | public(reconcile.Cache)
        | public(reconcile.Wake)
        | {action.__name__ for action in get_args(reconcile.Action)}
        | {pace.name for pace in reconcile.Pace}
    )
    code = re.findall(r"`+[^`]+`+", DOC.read_text())
    told = set(re.findall(r"\w+", " ".join(code)))
    assert needed - told == set()


def test_the_test_of_step_3_passes(module: Any) -> None:
    namespace: dict[str, Any] = {}
    exec(blocks()[2], namespace)
    tests = [test for name, test in namespace.items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()


def test_the_promise_is_kept_in_a_running_cluster(module: Any) -> None:
    world = World()
    world.apply(NAMESPACE % "hello")
    world.settle()
    config_map = world.get(WELCOME)
    assert config_map is not None
    assert config_map["data"] == {"greeting": "hello"}
    assert "Welcomed" in world.event_reasons("Namespace")
    world.do(DeleteObject(WELCOME))
    world.settle()
    assert world.get(WELCOME) is not None
    world.apply(NAMESPACE % "hi")
    world.settle()
    assert (world.get(WELCOME) or {})["data"] == {"greeting": "hi"}
    reasons = [
        difference.reason
        for step in world.trace
        if step.actor == "welcome-controller" and isinstance(step.record, Differed)
        for difference in step.record.differences
    ]
    assert reasons == ["WelcomeMissing", "WelcomeMissing", "WelcomeDiffers"]


def test_the_page_says_what_stands_in_the_one_file(module: Any) -> None:
    world = World()
    world.apply(NAMESPACE % "hello")
    world.settle()
    world.apply(NAMESPACE % "hi")
    world.settle()
    _ = Words().among(world.voices)
    assert names.lanes(world.actors, _)[-1] == "welcome-controller"
    steps = [step for step in world.trace if step.actor == "welcome-controller" and isinstance(step.record, Differed)]
    told = [present.step_detail(world, step.number, Words()) for step in steps]
    missing, differs = [each["card"] for each in told if each and each["card"].view.differences]
    assert missing.caption.text == "Nobody greets here yet. ConfigMap welcome will."
    assert missing.view.centre.big == "no greeting yet"
    assert missing.view.title == "Welcome"
    assert differs.caption.text == "welcome: data.greeting is hello and should be hi."
    said = [captions.sentence(step, _) for step in world.trace]
    assert "The Welcome controller looks at Namespace default." in said
    assert "It creates ConfigMap welcome." in said
