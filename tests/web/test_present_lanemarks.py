"""The marks on the lanes of the timeline say what was done, in a sentence and in a few words."""

from __future__ import annotations

import pytest

from app.api.objects import Ref
from app.commands import Drain
from app.engine.trace import Acted, Commanded, Step
from app.reconcile import Bind, Create, Delete
from app.web.present import lanemarks, timeline
from tests.support.telling import LANGUAGES, words_of
from tests.support.world import World


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.web(3)
    world.settle()
    world.kill(world.pod_names()[0])
    world.settle()
    world.scale("web", 2)
    world.settle()
    return world


def act(world: World, action: type, kind: str) -> tuple[Step, Ref]:
    """The newest that did this to such an object."""
    for step in reversed(list(world.trace)):
        record = step.record
        ref = record.result.ref if isinstance(record, Acted) and isinstance(record.action, action) else None
        if ref is not None and ref.kind == kind:
            return step, ref
    raise AssertionError(f"nobody did {action.__name__} to a {kind}")


@pytest.mark.parametrize(
    ("action", "kind", "lang", "few"),
    [
        (Create, "Pod", "en", "created web-…{tail}"),
        (Create, "Pod", "ja", "web-…{tail}を作成"),
        (Delete, "Pod", "en", "removed web-…{tail}"),
        (Delete, "Pod", "ja", "web-…{tail}を消去"),
        (Bind, "Pod", "en", "put web-…{tail} on {node}"),
        (Bind, "Pod", "ja", "web-…{tail}を{node}へ"),
        (Create, "ReplicaSet", "en", "created …{tail}"),
    ],
)
def test_a_mark_says_what_was_done_and_to_what(world: World, action: type, kind: str, lang: str, few: str) -> None:
    step, ref = act(world, action, kind)
    record = step.record
    assert isinstance(record, Acted)
    node = record.action.node if isinstance(record.action, Bind) else ""
    said, words = lanemarks.of(step, words_of(world, lang))
    assert words == few.format(tail=ref.name[-5:], node=node)
    assert ref.name[-5:] in said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_scale_says_from_where_to_where(world: World, lang: str) -> None:
    steps = [step for step in world.trace if isinstance(step.record, Acted) and step.actor == "deployment-controller"]
    assert "2" in {few[-1:] for step in steps if "→" in (few := lanemarks.of(step, words_of(world, lang))[1])}


@pytest.mark.parametrize(("lang", "sentence"), [("en", "You kill pod …"), ("ja", "Pod …")])
def test_what_people_did_is_told_in_their_sentence(world: World, lang: str, sentence: str) -> None:
    killed = next(s for s in world.trace if isinstance(s.record, Commanded) and "kill" in said_of(s, world))
    said, few = lanemarks.of(killed, words_of(world, lang))
    assert said.startswith(sentence)
    assert said.startswith(few)
    assert few[-1] not in ".。"


def said_of(step: Step, world: World) -> str:
    return lanemarks.of(step, words_of(world, "en"))[0]


def test_what_was_refused_says_so_and_what_only_looks_says_nothing(world: World) -> None:
    refused = world.submit(Drain("node-9"))
    assert lanemarks.of(refused, words_of(world, "en"))[1] == "refused"
    assert lanemarks.of(refused, words_of(world, "ja"))[1] == "拒否"
    rows = timeline.recent(world.trace, world.epoch_ms, words_of(world, "en"))
    assert {row[3] for row in rows if row[7]} == {"act", "you"}
    assert all(row[7] for row in rows if row[3] in ("act", "you"))
    assert max(len(row[8]) for row in rows) <= lanemarks.LONGEST
