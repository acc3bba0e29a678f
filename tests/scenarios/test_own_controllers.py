"""Controllers that people wrote, in a whole cluster: they act, fail alone, are ended, and come again in a replay."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import limits
from app.api.objects import Ref, uid_of
from app.cluster import Cluster, checkpoint
from app.commands import Command, DefineController, RemoveController, SetLabel, StopController, StrikeController
from app.engine.trace import Acted, Commanded, Differed, Failed, Observed
from app.operators.own import calling
from app.operators.own.flapping import AGAIN
from tests.support.custom import WIDGET, define, widget, withdraw
from tests.support.world import World

pytestmark = pytest.mark.long

BOB = "apiVersion: v1\nkind: Secret\nmetadata: {name: bob, labels: {who: Bob}}\n"
GREET = """
def sync(parent, children):
    return {"children": [{
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hello"},
        "data": {"text": "hello " + parent["metadata"]["labels"]["who"]},
    }]}
"""
HELLO = Ref("ConfigMap", "default", "hello")
EATER = "def sync(parent, children):\n  x = 'x'\n  for i in range(40):\n    x = x + x\n  return {}\n"


def world(text: str = GREET, children: str = "cm", parent: str = "secret", obj: str = BOB) -> World:
    made = World()
    made.do(DefineController("greeter", parent, text, children))
    made.apply(obj)
    return made


def records(made: Cluster, kind: type) -> list[Any]:
    return [step.record for step in made.trace if step.actor == "greeter" and isinstance(step.record, kind)]


def text_of(made: Cluster) -> str:
    found = made.get(HELLO)
    return str(found["data"]["text"]) if found else ""


def lived_again(made: Cluster) -> Cluster:
    again = Cluster.replay(made.seed, made.epoch_ms, list(made.journal))
    again.forward(made.trace.count, made.now_ms)
    return again


def test_it_makes_what_is_wanted_and_repairs_it() -> None:
    made = world()
    made.settle()
    assert text_of(made) == "hello Bob"
    made.do(SetLabel(Ref("Secret", "default", "bob"), "who", "Alice"))
    made.settle()
    assert text_of(made) == "hello Alice"
    made.delete("ConfigMap", "hello")
    made.settle()
    assert text_of(made) == "hello Alice"
    assert made.event_reasons("Secret") == ["SuccessfulCreate", "SuccessfulUpdate"]


def test_what_it_made_goes_with_its_parent() -> None:
    made = world()
    made.settle()
    made.delete("Secret", "bob")
    made.settle()
    assert text_of(made) == ""


def test_another_text_goes_on_where_the_first_was_and_removed_it_leaves_all_as_it_is() -> None:
    made = world()
    made.settle()
    made.do(DefineController("greeter", "secret", GREET.replace("hello ", "goodbye "), "cm"))
    made.settle()
    assert text_of(made) == "goodbye Bob"
    made.do(RemoveController("greeter"))
    made.do(SetLabel(Ref("Secret", "default", "bob"), "who", "Alice"))
    made.settle()
    assert text_of(made) == "goodbye Bob"
    assert "greeter" not in made.actors


def test_a_child_that_somebody_else_made_is_left_alone() -> None:
    made = World()
    made.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hello}\ndata: {text: mine}\n")
    made.do(DefineController("greeter", "secret", GREET, "cm"))
    made.apply(BOB)
    made.run(limit_ms=10_000)
    assert text_of(made) == "mine"
    refused = records(made, Acted)[0].result
    assert (refused.code, refused.message) == (409, 'configmaps "hello" already exists')


@pytest.mark.parametrize(
    ("child", "said"),
    [
        ('"data": {"text": 3}', "cannot unmarshal number into Go struct field ConfigMap.data of type string"),
        ('"date": {}', 'strict decoding error: unknown field "date"'),
        ('"data": {"a b": "c"}', "Invalid value"),
    ],
)
def test_what_it_writes_is_looked_at_as_what_a_client_sends(child: str, said: str) -> None:
    made = world(GREET.replace('"data": {"text": "hello " + parent["metadata"]["labels"]["who"]}', child))
    made.run(limit_ms=1_000)
    assert said in records(made, Acted)[0].result.message
    assert text_of(made) == ""


@pytest.mark.mistakes
def test_its_mistake_bears_the_line_and_the_others_go_on() -> None:
    made = world("def sync(parent, children):\n    return parent['spec']\n")
    made.web(3)
    made.settle()
    failed = records(made, Failed)[-1]
    assert (failed.error, failed.where) == ('Key `"spec"` was not found', "greeter, line 2")
    assert len(made.pods()) == 3
    assert made.actors["greeter"].mistakes[0].failed is failed


@pytest.mark.mistakes
def test_one_without_an_end_is_a_mistake_like_others() -> None:
    made = world("def sync(parent, children):\n    for i in range(1 << 30):\n        pass\n")
    made.settle()
    assert records(made, Failed)[0].error.startswith("it does not end")
    assert list(lived_again(made).trace) == list(made.trace)


def test_a_hot_loop_is_named_and_comes_to_rest() -> None:
    text = """
def sync(parent, children):
    old = children["ConfigMap.v1"].get("hello", {}).get("data", {}).get("text", "")
    return {"children": [{
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hello"}, "data": {"text": old + "x"},
    }]}
"""
    made = world(text)
    made.settle()
    assert text_of(made) == "x" * (AGAIN + 1)
    (hot,) = [gap for record in records(made, Differed) for gap in record.differences if gap.reason == "HotLoop"]
    assert (hot.about, hot.field) == (HELLO, "data.text")
    assert "HotLoop" in made.event_reasons("Secret")
    made.do(SetLabel(Ref("Secret", "default", "bob"), "who", "Alice"))
    made.settle()
    assert len(text_of(made)) > AGAIN + 1, "another parent is another start"


# ------------------------------------------------------------------------------------------- struck


def test_one_that_eats_memory_is_stopped_and_the_journal_says_where() -> None:
    made = world(EATER)
    made.web(2)
    made.settle()
    (strike,) = [entry for entry in made.journal if entry.command["do"] == "strike-controller"]
    assert strike.command == {"do": "strike-controller", "name": "greeter", "limit": "memory"}
    assert len(made.pods()) == 2
    assert records(made, Failed) == records(made, Differed) == []


def test_a_replay_does_not_come_where_it_was_struck(monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(EATER)
    made.web(2)
    made.settle()

    def never(*call: Any) -> calling.Returned:
        raise AssertionError("asked again")

    monkeypatch.setattr(calling, "call", never)
    assert list(lived_again(made).trace) == list(made.trace)


def test_it_starts_again_by_hand_or_with_another_text() -> None:
    made = world(EATER)
    made.settle()
    made.do(StopController("greeter", stopped=False))
    made.settle()
    strikes = [step for step in made.trace if isinstance(step.record, Commanded)]
    assert sum(isinstance(step.record.command, StrikeController) for step in strikes) == 2  # type: ignore[union-attr]
    made.do(DefineController("greeter", "secret", GREET, "cm"))
    made.settle()
    assert text_of(made) == "hello Bob"


# ------------------------------------------------------------------------------- copies, replays, checkpoints


def test_it_replays_and_copies_with_the_cluster() -> None:
    made = world()
    for _ in range(12):
        made.step()
    copied = made.copy()
    for each in (made, copied):
        assert each.run().reason == "quiet"
        assert text_of(each) == "hello Bob"
    assert list(copied.trace) == list(made.trace)
    assert list(lived_again(made).trace) == list(made.trace)
    copied.submit(RemoveController("greeter"))
    assert "greeter" in made.actors


@pytest.mark.parametrize("steps", [0, 3, 6, 9, 12])
def test_it_goes_on_from_a_checkpoint(steps: int) -> None:
    made = world()
    for _ in range(steps):
        made.step()
    lines = b"".join(checkpoint.written(made.copy())).splitlines()
    resumed = checkpoint.resumed(lines, list(made.journal))
    revived = checkpoint.revived(lines, list(made.journal))
    made.settle()
    assert resumed.run().reason == revived.run().reason == "quiet"
    assert text_of(resumed) == text_of(revived) == "hello Bob"
    known = list(resumed.trace)
    assert known == list(made.trace)[-len(known) :]


# ------------------------------------------------------------------------------------------- kinds


def test_it_serves_a_custom_kind_with_its_status_and_lets_go_when_that_is_gone() -> None:
    text = """
def sync(parent, children):
    names = ["%s-%d" % (parent["metadata"]["name"], n) for n in range(parent["spec"]["size"])]
    made = len(children["ConfigMap.v1"])
    wanted = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in names]
    return {"status": {"made": made}, "children": wanted}
"""
    made = World()
    define(made)
    made.do(DefineController("greeter", "widgets", text, "cm"))
    made.engine.publish(made.engine.server.create(widget(metadata={"namespace": "default"})).changes, 0)
    made.settle()
    found = made.get(Ref(WIDGET, "default", "w"))
    assert found is not None
    assert found["status"] == {"made": 2}
    owned = [obj["metadata"]["name"] for obj in made.objects("ConfigMap", "default")]
    assert [name for name in owned if name.startswith("w-")] == ["w-0", "w-1"]
    withdraw(made)
    made.settle()
    seen = len(records(made, Observed))
    define(made)
    made.engine.publish(made.engine.server.create(widget("v", metadata={"namespace": "default"})).changes, 0)
    made.settle()
    assert len(records(made, Observed)) > seen
    assert made.get(Ref("ConfigMap", "default", "v-1")) is not None


def test_rolling_changes_one_child_after_the_other() -> None:
    text = """
def sync(parent, children):
    who = parent["metadata"]["labels"]["who"]
    return {"children": [{
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, "who": who}},
                "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]},
            },
        },
    } for name in ("one", "two")]}
"""
    made = world(text, "deploy=RollingInPlace")
    made.settle()
    uids = {uid_of(obj) for obj in made.objects("Deployment", "default")}
    made.do(SetLabel(Ref("Secret", "default", "bob"), "who", "Alice"))
    begun = made.trace.count
    made.settle()
    updates = [record for record in records(made, Acted) if record.action.__class__.__name__ == "Update"]
    assert [record.result.ref.name for record in updates] == ["one", "two"]
    between = [step for step in made.trace.since(begun) if step.actor == "replicaset-controller"]
    first, second = (step.number for step in made.trace if step.record in updates)
    assert any(first < step.number < second for step in between), "the second waits for the first to be well"
    assert {uid_of(obj) for obj in made.objects("Deployment", "default")} == uids


# ------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (DefineController("No Name", "secret", GREET, "cm"), 'a controller is not called "No Name"'),
        (DefineController("scheduler-of-mine", "wigdets", GREET), 'doesn\'t have a resource type "wigdets"'),
        (DefineController("mine", "Wigdet.example", GREET), 'doesn\'t have a resource type "Wigdet.example"'),
        (DefineController("mine", "Wigdet." + "a." * 200 + "com", GREET), "doesn't have a resource type \"Wigdet.a"),
        (DefineController("mine", "events", GREET), "a Event is written by no controller"),
        (DefineController("mine", "secret", GREET, "cm=Often"), '"Often" is no update strategy: one of OnDelete'),
        (DefineController("mine", "secret", GREET, "secret"), "a secret cannot be the parent of a secret"),
        (DefineController("kubelet", "secret", GREET), 'there is a loop called "kubelet" already'),
        (DefineController("chaos-monkey", "secret", GREET), 'there is a loop called "chaos-monkey" already'),
        (DefineController("you", "secret", GREET), 'there is a loop called "you" already'),
        (DefineController("mine", "secret", "x" * (limits.OWN_TEXT_BYTES + 1)), "the text of a controller has at most"),
        (RemoveController("mine"), 'no controller of yours is called "mine"'),
        (RemoveController("chaos-monkey"), 'no controller of yours is called "chaos-monkey"'),
    ],
)
def test_what_is_refused_changes_nothing(command: Command, said: str) -> None:
    assert said in World().refused(command)


def test_there_are_so_many_and_no_more() -> None:
    made = World()
    for number in range(limits.OWN_CONTROLLERS):
        made.do(DefineController(f"c{number}", "secret", GREET, "cm"))
    assert "controllers of your own already" in made.refused(DefineController("more", "secret", GREET, "cm"))
