"""A reconcile as the loop panel draws it, and the sentences about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.api.errors import NotFound
from app.api.objects import Obj, Ref, ref_of
from app.cluster import Cluster
from app.commands import Apply, Command, CrashContainer, DeleteObject, PatchObject, RemoveNode, ReplaceObject, Scale
from app.controllers.replicaset.replicaset import ReplicaSetObservation
from app.engine.trace import Acted, Commanded, Differed, Failed, Observed, Record, Result, Step, Trace, WokenBy
from app.look.recording import Recording
from app.reconcile import Action, AnyController, Create, Delete, Difference, Patch, RequeueAfter
from app.scheduler.framework import Decision, NodeVerdict
from app.web.present import caption
from app.web.present.actions import describe
from app.web.present.captions import difference, short
from app.web.present.deeds import deed
from app.web.present.labels import labelled
from app.web.present.loop import idle, loops, panel
from app.web.present.names import lane_of, lanes, role_title, subject
from app.web.present.timeline import recent, row, visible_cause
from app.web.present.values import Chip, Field, Value
from tests.support import builders
from tests.support.voices import ENGLISH, LOOPS

_ = ENGLISH
RS = builders.replica_set("web", replicas=3)
KEY = ref_of(RS)
ACTOR = "replicaset-controller"
NEW = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-"}, "spec": {}}


def _owned(name: str) -> Obj:
    return builders.pod(name, labels=RS["spec"]["template"]["metadata"]["labels"], owner=RS)


SEEN = ReplicaSetObservation(RS, (_owned("web-1"), _owned("web-2")), (), (), (), 0)
SHORT_OF_ONE = Difference(KEY, "spec.replicas", 3, 2, "TooFewReplicas", (Create(NEW),))
CREATED = Result(201, "Created", "", Ref("Pod", "default", "web-x9k2p"), None)
CONFLICT = Result(409, "Conflict", "the object has been modified", KEY, None)


def trace_of(*records: tuple[str, Record]) -> Trace:
    trace = Trace()
    for number, (actor, record) in enumerate(records, start=1):
        trace.append(Step(number, 1000 * number, 0, actor, KEY, number - 1, record, False))
    return trace


def observed() -> tuple[str, Record]:
    return ACTOR, Observed(SEEN, (RS, SEEN.owned_pods), (WokenBy("DELETED", Ref("Pod", "default", "web-3"), 1),))


def acted(result: Result) -> tuple[str, Record]:
    return ACTOR, Acted(SEEN, (SHORT_OF_ONE,), 0, 0, SHORT_OF_ONE.actions[0], result, True)


NOWHERE = Decision("", (NodeVerdict("node-1", False, ("Insufficient cpu",), None, 0),))
ELECTED = {"primary": "db-1", "why": "uuid", "at_ms": 10_000, "missed": [["db-0", 0, 5_000]]}
VALUES = {
    "PodUnscheduled": NOWHERE,
    "Unschedulable": NOWHERE,
    "EndpointsOutdated": {"web-1": "ready"},
    "PrimaryElected": ELECTED,
    "GroupBegun": ELECTED,
}
"""What Differences hold of which more is said than a number."""
DIFFERED = ACTOR, Differed(SEEN, (SHORT_OF_ONE,))


def test_after_observe_the_panel_shows_what_was_read_and_what_woke_it() -> None:
    (view,) = loops(trace_of(observed()), [ACTOR], 0, _)
    assert [(p.phase, p.state) for p in view.phases] == [("observe", "now"), ("diff", "next"), ("act", "next")]
    assert [(f.name, f.value.count) for f in view.fields] == [("ReplicaSet", 1), ("owned pods", 2)]
    assert [(w.why, w.chip and w.chip.name) for w in view.wakes] == [("deleted", "web-3")]
    assert (view.running, view.reads) == ("observe", 3)


def test_after_diff_the_ring_says_want_minus_have_and_act_is_next() -> None:
    (view,) = loops(trace_of(observed(), DIFFERED), [ACTOR], 0, _)
    assert (view.centre.big, view.centre.label) == ("3 − 2 = 1", "one pod short")
    assert view.differences[0].slots == (2, 1, 0)
    assert [(a.text, a.state) for a in view.differences[0].actions] == [("create Pod web-?????", "next")]


def test_after_act_each_action_bears_its_answer() -> None:
    (view,) = loops(trace_of(observed(), DIFFERED, acted(CREATED)), [ACTOR], 0, _)
    action = view.differences[0].actions[0]
    assert (action.state, action.answer, action.name) == ("done", "201 Created", "web-x9k2p")
    assert (view.running, view.phases[2].state) == ("", "now")


def test_a_refusal_stands_in_the_ring_with_its_code() -> None:
    (view,) = loops(trace_of(observed(), DIFFERED, acted(CONFLICT)), [ACTOR], 0, _)
    assert (view.centre.big, view.centre.label, view.centre.tone) == ("409", "Conflict", "bad")
    assert view.differences[0].actions[0].message == "the object has been modified"


def test_nothing_to_do_is_said_as_such() -> None:
    (view,) = loops(trace_of(observed(), (ACTOR, Differed(SEEN, ()))), [ACTOR], 0, _)
    assert (view.centre.big, view.running) == ("✓", "")


def test_a_past_step_shows_only_what_was_known_then() -> None:
    trace = trace_of(observed(), DIFFERED, acted(CREATED))
    first = trace.get(1)
    assert first is not None
    assert panel(trace, first, 0, _).differences == ()


def test_steps_of_other_keys_in_between_do_not_disturb() -> None:
    trace = trace_of(observed(), ("kubelet/node-1", Observed(None, (), ())), DIFFERED)
    (view,) = loops(trace, [ACTOR], 0, _)
    assert len(view.wakes) == 1


def test_a_loop_that_never_ran_has_a_panel_too() -> None:
    view = idle("namespace-controller", _)
    assert (view.step, view.centre.label) == (0, "not woken yet")


def test_the_lanes_begin_with_you_and_go_the_way_of_a_deployment() -> None:
    names = lanes(["kubelet/node-2", "kubelet/node-1", "zebra-controller", "replicaset-controller"], _)
    assert names == ("you", "replicaset-controller", "kubelet", "zebra-controller")
    assert role_title("zebra-controller", _) == "zebra"


def test_the_timeline_names_lane_phase_and_the_nearest_visible_cause() -> None:
    trace = trace_of(("you", Commanded(Apply("x"), ())), observed(), (ACTOR, Differed(SEEN, ())), acted(CONFLICT))
    assert [line[2:6] for line in recent(trace, 0)] == [
        ("you", "you", 0, True),
        (ACTOR, "observe", 1, True),
        (ACTOR, "same", 2, True),
        (ACTOR, "act", 3, False),
    ]
    hidden = Step(5, 5000, 0, "informer", None, 4, observed()[1], True)
    trace.append(hidden)
    after = Step(6, 6000, 0, ACTOR, KEY, 5, observed()[1], False)
    trace.append(after)
    assert visible_cause(after, trace) == 4
    assert row(after, trace, 1000)[1] == 5000


@pytest.mark.parametrize(("phase", "shown"), [("observe", "observe"), ("diff", "diff"), ("watch", "observe")])
def test_a_mistake_stands_in_the_phase_in_which_it_was_made(phase: str, shown: str) -> None:
    failed = Step(1, 0, 0, ACTOR, KEY, 0, Failed(phase, "KeyError: 'a'", "a.py, line 1", 1), False)
    said = caption(failed, _)
    assert (said.phase, said.bad, said.tag) == (shown, True, shown.title())
    assert row(failed, trace_of(), 0)[2:6] == (ACTOR, shown, 0, False)
    assert panel(trace_of((ACTOR, failed.record)), failed, 0, _).latest == shown


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        pytest.param(
            Commanded(DeleteObject(Ref("Pod", "default", "web-1")), ()), "You kill pod web-1.", id="a pod is killed"
        ),
        pytest.param(
            Commanded(DeleteObject(Ref("Service", "default", "web")), ()), "You delete Service web.", id="others not"
        ),
        pytest.param(
            Commanded(CrashContainer(Ref("Pod", "default", "web-1")), ()),
            "You crash a container of pod web-1.",
            id="a crash is another thing",
        ),
        pytest.param(
            Commanded(Scale(KEY, 5), (), "not found", NotFound("not found")),
            "You scale web to 5. Refused: it does not exist (404).",
            id="a refusal",
        ),
        pytest.param(observed()[1], "The ReplicaSet controller counts the pods of web: 2.", id="observe"),
        pytest.param(
            Observed(None, (), ()),
            "The ReplicaSet controller finds nothing to look after at ReplicaSet web.",
            id="nothing there",
        ),
        pytest.param(DIFFERED[1], "3 are wanted: one is missing.", id="a difference"),
        pytest.param(Differed(SEEN, ()), "Nothing is missing: there is nothing to do.", id="no difference"),
        pytest.param(acted(CREATED)[1], "It creates one: …x9k2p.", id="an act"),
        pytest.param(
            acted(CONFLICT)[1],
            "It cannot create ReplicaSet web: somebody changed it in the meantime (409).",
            id="a conflict",
        ),
        pytest.param(
            acted(Result(403, "Forbidden", "pods is forbidden: exceeded quota: team", None, None))[1],
            "It cannot create one more pod: the quota is used up (403).",
            id="a refusal of what has no name yet",
        ),
        pytest.param(
            Failed("diff", "KeyError: 'topologyKey'", "interpod.py, line 120", 1),
            "The ReplicaSet controller fails at web: KeyError: 'topologyKey' (interpod.py, line 120). "
            "The others go on.",
            id="a mistake",
        ),
        pytest.param(
            Failed("observe", "ServiceUnavailable", "", 1, 503),
            "The ReplicaSet controller cannot read: its request did not get through. It tries again.",
            id="a request that did not get through",
        ),
    ],
)
def test_the_caption_is_one_plain_sentence(record: Record, sentence: str) -> None:
    assert caption(Step(1, 0, 0, ACTOR, KEY, 0, record, False), _).text == sentence


def test_a_reason_without_an_entry_speaks_by_its_fields() -> None:
    gap = Difference(KEY, "spec.colour", "blue", "red", "ColourDiffers", (RequeueAfter(1000),))
    assert difference(gap, ACTOR, _) == "web: spec.colour is red and should be blue."


def written_by(role: str, gap: Difference, write: Action) -> str:
    """What is said of a write that went well."""
    return deed(
        Acted(None, (gap,), 0, 0, write, Result(200, "OK", "", getattr(write, "ref", None), None), True), role, _
    )


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_every_sentence_takes_exactly_the_values_there_are(loop: AnyController) -> None:
    about = Ref("DataPath", "default", "web.node-1")
    for reason, saying in loop.voice.says.items():
        for observed in (1, 2):
            gap = Difference(KEY, "f", VALUES.get(reason, 3), VALUES.get(reason, observed), reason)
            assert "%(" not in difference(gap, loop.name, _)
            assert "%(" not in short(gap, loop.name, _)
        for kind, done in saying.done.items():
            ref = about._replace(kind=kind.partition(" ")[0])
            gap = Difference(about, "f", [1, 2], 2, reason)
            if not isinstance(done, Callable) or isinstance(done, tuple):
                assert "%(" not in written_by(loop.name, gap, Delete(ref))


def test_a_loop_is_known_by_its_own_words_alone() -> None:
    """Another loop may give the same reason, and another cluster may not have that loop."""
    gap = Difference(KEY, "spec.replicas", 3, 2, "TooFewReplicas")
    assert difference(gap, "zebra-controller", _) == "web: spec.replicas is 2 and should be 3."
    assert difference(gap, ACTOR, _.among({})) == "web: spec.replicas is 2 and should be 3."
    assert short(gap, ACTOR, _.among({})) == "TooFewReplicas"
    assert subject("kubelet/node-1", _.among({})) == "kubelet (node-1)"


def test_one_dependent_is_spoken_of_as_one() -> None:
    said = [
        difference(Difference(KEY, "f", 0, left, "WaitingForDependents"), "garbage-collector", _) for left in (1, 2)
    ]
    assert said == [
        "1 object that belongs to web must go first.",
        "2 objects that belong to web must go first.",
    ]


@pytest.mark.parametrize(
    ("actor", "reason", "action", "text"),
    [
        ("kubelet/node-1", "ContainerDied", {}, "It has the container of web-1 started again."),
        (
            "container-runtime/node-1",
            "ImagePulling",
            {"status": {"containers": {"web": {"state": "creating"}}}},
            "It makes the container of web-1.",
        ),
        (
            "container-runtime/node-1",
            "ProgramEnds",
            {"status": {"containers": {"web": {"state": "exited"}}}},
            "The container of web-1 has ended.",
        ),
        ("replicaset-controller", "TooFewReplicas", {}, "It changes pod web-1."),
    ],
)
def test_what_is_written_on_a_machine_is_told_as_its_loop_says(actor: str, reason: str, action: Obj, text: str) -> None:
    gap, write = Difference(Ref("Pod", "default", "web-1"), "state", "b", "a", reason), Patch(SANDBOX, action)
    assert written_by(lane_of(actor), gap, write) == text


def test_rules_are_counted() -> None:
    path = Ref("DataPath", "default", "web.load-balancer")
    for places, text in ((["a"], "1 pod."), (["a", "b"], "2 pods."), ([], "0 pods.")):
        gap = Difference(path, "status.rules", places, None, "RulesOutdated")
        assert written_by("load-balancer", gap, Patch(path, {})) == f"It sends requests for web to {text}"


def test_fields_are_called_as_their_loop_calls_them() -> None:
    requested = Field("requested", Value("number", "7"))
    assert [field.name for field in labelled([requested], "default-scheduler", _)] == ["requested by its pods"]
    assert [field.name for field in labelled([requested], ACTOR, _)] == ["requested"]
    assert [field.name for field in labelled([Field("pod", Value("number", "7"))], ACTOR, _)] == ["Pod"]


def test_every_loop_of_a_cluster_speaks_even_those_of_machines_that_are_gone() -> None:
    cluster = Cluster(latencies="zero", nodes=1)
    assert cluster.voices == {loop.name: loop.voice for loop in LOOPS}
    cluster.submit(RemoveNode("node-1"))
    assert not [actor for actor in cluster.actors if actor.startswith("kubelet")]
    assert cluster.voices["kubelet"].title == "kubelet"


def test_a_recording_speaks_as_the_run_did() -> None:
    cluster = Cluster(latencies="zero", nodes=1)
    begun = cluster.trace.count
    cluster.run()
    assert Recording.of(cluster).voices == Recording.of(cluster).at(begun).voices == cluster.voices


SANDBOX = Ref("PodSandbox", "default", "web-1.node-1")


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Patch(SANDBOX, {"status": {"ip": "1"}}), "patch the container runtime’s sandbox of Pod web-1: status.ip"),
        (Delete(SANDBOX, grace_seconds=0), "remove the container runtime’s sandbox of Pod web-1"),
        (Patch(Ref("Machine", "", "node-1"), {"images": {}}), "patch the machine of Node node-1: images"),
        (Delete(Ref("Pod", "default", "web-1")), "delete Pod web-1"),
    ],
)
def test_what_only_a_machine_knows_is_named_in_words_people_know(action: Action, text: str) -> None:
    assert describe(action, _) == text


def test_a_chip_of_it_opens_the_object_that_people_know() -> None:
    assert Chip(*SANDBOX).about == Ref("Pod", "default", "web-1")
    assert Chip("Machine", "", "node-1").about == Ref("Node", "", "node-1")
    assert Chip("Pod", "default", "web-1").about == Ref("Pod", "default", "web-1")


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (DeleteObject(KEY, who="kubectl"), "kubectl deletes ReplicaSet web."),
        (
            PatchObject(KEY, "merge", '{"spec":{"replicas":5}}', "scale", who="kubectl"),
            "kubectl scales web to 5.",
        ),
        (ReplaceObject(KEY, '{"spec":{"replicas":0}}', "scale", who="kopf"), "kopf scales web to 0."),
        (PatchObject(KEY, "json", "[]", "scale", who="kubectl"), "kubectl changes ReplicaSet web."),
        (PatchObject(KEY, "merge", '{"spec":null}', who="kubectl"), "kubectl changes ReplicaSet web."),
    ],
)
def test_what_a_client_did_is_a_sentence_about_the_client(command: Command, text: str) -> None:
    said = caption(Step(1, 0, 0, "you", None, 0, Commanded(command, ()), False), _)
    assert (said.tag, said.text, said.phase, said.role) == ("Client", text, "you", "you")
