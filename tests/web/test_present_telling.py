"""What is told is drawn everywhere the same: its card, what it points at, the thread, the ending, what is awaited."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.api.kinds import INTERNAL_V1
from app.api.objects import Ref, name_of
from app.cluster import Awaited, Cluster
from app.commands import Apply, CrashContainer, DeleteObject, PowerNode, RolloutRestart, Scale, SetTraffic
from app.engine.trace import Acted, ActorState, Commanded, Differed, Failed, Mistake, Observed, Step, Trace
from app.reconcile import Create
from app.rooms import Told
from app.rooms.beginnings import prepared
from app.scenarios import get
from app.web.present import ending, page, rest, step_detail, telling, thread, timeline
from app.web.present.room import mistakes, state
from tests.support.looks import See, Stage, holding
from tests.support.voices import ENGLISH

_ = ENGLISH
WEB = Ref("Deployment", "default", "web")


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.submit(Apply(get("self-healing").manifests))
    cluster.run()
    return cluster


def kill(cluster: Cluster) -> tuple[Step, str]:
    name = name_of(cluster.objects("Pod", "default")[0])
    return cluster.submit(DeleteObject(Ref("Pod", "default", name))), f"o-Pod-default-{name}"


def the_step(cluster: Cluster, record: type, since: Step, actor: str = "replicaset-controller") -> Step:
    return next(
        step for step in cluster.trace.since(since.number) if step.actor == actor and isinstance(step.record, record)
    )


def test_the_card_of_a_step_is_its_sentence_and_its_loop_as_it_was(cluster: Cluster, see: See) -> None:
    act, _pod = kill(cluster)
    cluster.run()
    look = see(cluster)
    differed = the_step(cluster, Differed, act)
    card = telling.told(look.trace, Told(differed, 2.0, is_repeat=True, more=4), look.epoch_ms, _)
    assert card.view is not None
    assert (card.step, card.role, card.caption.step) == (differed.number, "replicaset-controller", differed.number)
    assert (card.view.step, card.view.latest) == (differed.number, "diff")
    assert (card.is_repeat, card.more) == (True, "… and 4 more.")
    people = telling.told(look.trace, Told(act, 1.0), look.epoch_ms, _)
    assert (people.view, people.role) == (None, "you")
    assert isinstance(people.record, Commanded)


def test_a_room_in_which_nothing_was_told_invites(cluster: Cluster) -> None:
    card = page(Stage(cluster), [], _)["card"]
    assert (card.step, card.role) == (0, "")
    assert card.caption.text.startswith("Change what is declared")
    assert card.view.step == 0


def test_the_board_is_pointed_at_from_recorded_reads_and_writes(cluster: Cluster, see: See) -> None:
    act, killed = kill(cluster)
    cluster.run(until=lambda c: any(isinstance(s.record, Acted) for s in c.trace.since(act.number) if "rep" in s.actor))
    look = see(cluster)
    observed, differed, acted = (the_step(cluster, record, act) for record in (Observed, Differed, Acted))
    assert isinstance(acted.record, Acted)
    assert isinstance(acted.record.action, Create)
    assert acted.record.result.ref
    seen = telling.pointers(look, Told(observed, 1.0))
    gap = telling.pointers(look, Told(differed, 1.0))
    done = telling.pointers(look, Told(acted, 1.0))
    assert seen
    assert gap
    assert done
    assert killed in seen["gaze"]
    assert "o-Deployment-default-web" in seen["gaze"], "a ReplicaSet is drawn in the card of its Deployment"
    assert (gap["about"], gap["slots"]) == (["o-Deployment-default-web"], [2, 1, 0])
    assert done["deed"] == [f"o-Pod-default-{acted.record.result.ref.name}"]
    assert (seen["deed"], gap["gaze"], done["gaze"], done["slots"]) == ([], [], [], None)


def test_the_thread_holds_what_descends_from_the_act_and_nothing_else(cluster: Cluster, see: See) -> None:
    others = {f"o-Pod-default-{name_of(pod)}" for pod in cluster.objects("Pod", "default")[1:]}
    act, killed = kill(cluster)
    first = thread.of(see(cluster), act)
    assert first == {"ids": [killed], "lanes": ["you"]}
    cluster.run()
    found = thread.of(see(cluster), act)
    assert found is not None
    new = {f"o-Pod-default-{name_of(pod)}" for pod in cluster.objects("Pod", "default")} - others
    assert {killed, "o-Deployment-default-web", "o-Service-default-web", *new} <= set(found["ids"])
    assert not others & set(found["ids"])
    assert {"you", "replicaset-controller", "default-scheduler", "kubelet"} <= set(found["lanes"])


def test_the_thread_is_off_when_all_of_it_was_told(cluster: Cluster) -> None:
    act, killed = kill(cluster)
    told = Told(act, 1.0)
    going = state(Stage(cluster, told=told, act=act, path=(told,)), [], {}, None, _)
    assert going["thread"]["ids"] == [killed]
    assert not going["quiet"]
    cluster.run()
    standing = state(Stage(cluster, told=told, act=act, path=(told,), is_told=False), [], {}, None, _)
    assert standing["thread"]
    assert not standing["quiet"], "what is told goes on standing"
    over = state(Stage(cluster, told=told, act=act, path=(told,)), [], {}, None, _)
    assert (over["thread"], over["quiet"]) == (None, True)


def test_a_story_ends_from_data(cluster: Cluster, see: See) -> None:
    act, _killed = kill(cluster)
    cluster.run()
    end = ending.of(see(cluster), act, _)
    assert end is not None
    assert end.text.startswith("Healed in ")
    assert end.text.endswith(" s: 3 wanted, 3 ready.")
    assert end.length.endswith(" steps.")
    assert end.is_good


def test_the_ending_says_what_was_done(cluster: Cluster) -> None:
    pod = Ref("Pod", "default", name_of(cluster.objects("Pod", "default")[0]))
    for command, word in (
        (Scale(WEB, 5), "Scaled in"),
        (RolloutRestart(WEB), "Updated in"),
        (Scale(WEB, 3), "Scaled in"),
    ):
        act = cluster.submit(command)
        cluster.run()
        end = ending.of(cluster, act, _)
        assert end is not None
        assert end.text.startswith(word), end.text
    crashed = cluster.submit(CrashContainer(pod if cluster.get(pod) else Ref("Pod", "default", _first(cluster))))
    cluster.run()
    end = ending.of(cluster, crashed, _)
    assert end is not None
    assert end.text.startswith("Healed in")


def test_what_follows_from_silence_has_an_ending_too(cluster: Cluster) -> None:
    """The power cut is the cause of no step: loops notice by their own timers that nothing is heard."""
    node = cluster.objects("Pod", "default")[0]["spec"]["nodeName"]
    for command, said in (
        (PowerNode(node), ("Healed in 5:5", "Healed in 6:0")),
        (PowerNode(node, on=True), "Done in "),
    ):
        act = cluster.submit(command)
        cluster.run(limit_ms=400_000)
        end = ending.of(cluster, act, _)
        assert end is not None
        assert end.text.startswith(said), end.text
        assert end.text.endswith(": 3 wanted, 3 ready.")


def test_what_follows_from_a_load_has_an_ending_too() -> None:
    """The autoscaler is woken by its own timer, and finds what the load has done."""
    cluster = prepared(get("autoscaling"))
    act = cluster.submit(SetTraffic(Ref("Service", "default", "web"), 40))
    cluster.advance(cluster.now_ms + 180_000)
    end = ending.of(cluster, act, _)
    assert end is not None
    assert end.text.startswith("Done in 57 s"), end.text
    assert end.text.endswith(": 8 wanted, 8 ready.")


def _first(cluster: Cluster) -> str:
    return name_of(cluster.objects("Pod", "default")[0])


def test_nothing_ends_that_was_refused_or_came_to_nothing(cluster: Cluster) -> None:
    refused = cluster.submit(DeleteObject(Ref("Pod", "default", "nobody")))
    same = cluster.submit(Scale(WEB, 3))
    cluster.run()
    assert ending.of(cluster, None, _) is None
    assert ending.of(cluster, refused, _) is None
    assert ending.of(cluster, same, _) is None


def test_what_is_not_there_is_not_called_healed(cluster: Cluster) -> None:
    act = cluster.submit(Scale(WEB, 5_000))
    cluster.run(limit_ms=20_000)
    end = ending.of(cluster, act, _)
    assert end is None or (not end.is_good and end.text.startswith("Come to rest"))


def test_quiet_is_not_said_while_something_is_waited_for(cluster: Cluster) -> None:
    assert rest.of(cluster, None, is_told=True, _=_) == rest.Rest(True, "")
    at = cluster.epoch_ms + 90_000
    waits = rest.of(cluster, Awaited("cronjob-controller", at), is_told=True, _=_)
    assert waits == rest.Rest(False, "CronJob acts next at 01:30.0.")


@pytest.mark.parametrize(
    ("version", "kind", "obj", "says"),
    [
        (
            INTERNAL_V1,
            "Load",
            {"spec": {"rps": 1}, "status": {"window": {"failed": 2}}},
            "Requests to Service web fail.",
        ),
        (
            "apps/v1",
            "Deployment",
            {"spec": {}, "status": {"conditions": [{"type": "Progressing", "status": "False"}]}},
            "The rollout of web is stuck.",
        ),
    ],
)  # fmt: skip
def test_trouble_is_not_quiet(version: str, kind: str, obj: dict[str, object], says: str) -> None:
    look = holding({"apiVersion": version, "kind": kind, "metadata": {"name": "web", "namespace": "default"}, **obj})
    assert rest.of(look, None, is_told=True, _=_) == rest.Rest(False, says)


def test_a_loop_that_fails_shows_where_and_why() -> None:
    key = Ref("Service", "default", "web")
    failed = Failed("diff", "KeyError: 'ports'", "loop.py, line 7", 3)
    trace = Trace()
    trace.append(Step(1, 0, 0, "custom-loop", key, 0, Observed({"ports": None}, (), ()), False))
    trace.append(step := Step(2, 5, 0, "custom-loop", key, 1, failed, False))
    card = telling.card(trace, step, 0, _)
    assert card.view is not None
    assert card.caption.bad
    assert [(phase.phase, phase.state) for phase in card.view.phases] == [
        ("observe", "done"), ("diff", "failed"), ("act", "none"),
    ]  # fmt: skip
    assert card.view.failure == ("KeyError: 'ports'", "loop.py, line 7", 3, ())
    assert card.view.centre[1:] == ("KeyError", "loop.py, line 7", "bad")
    assert timeline.row(step, trace, 0)[3:6] == ("diff", 1, False)
    actor = ActorState("custom-loop", "", "Service", 0, (), (Mistake(key, failed),))
    look = replace(holding(), trace=trace, actors={"custom-loop": actor})
    assert mistakes(look.actors, _) == {"custom-loop": "web: KeyError: 'ports' (loop.py, line 7), 3 times in a row."}
    assert mistakes({"custom-loop": actor._replace(mistakes=())}, _) == {}


def test_the_board_of_the_past_is_as_it_was(cluster: Cluster) -> None:
    before = sorted(name_of(pod) for pod in cluster.objects("Pod", "default"))
    act, _killed = kill(cluster)
    cluster.run()
    detail = step_detail(cluster, act.number, _)
    assert detail is not None
    assert sorted(pod.name for pods in detail["board"].pods.values() for pod in pods) == before
    assert detail["at_ms"] == act.at_ms - cluster.epoch_ms
