"""The form of a script: what it may say, and what is said of a mistake. Their lines: test_checking.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import scenarios
from app.api.objects import Ref
from app.cluster import INSTALLS
from app.rooms import rehearsal
from app.scenarios import ScriptError, every, form
from app.scenarios.form import read
from app.scenarios.places import LANGUAGES
from app.scenarios.script import MEASURED, Edit, Order, Restore

HEAD = "title: {en: a, ja: b}\npromise: {en: c, ja: d}\n"
MANIFEST = """manifests: |
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: settings}
  data: {a: b}
"""
STEP = """steps:
- press: {en: p, ja: p}
  does: %s
  milestones: [{id: m, words: {en: w, ja: w}, when: {quiet: true}}]
"""


def wrong(text: str) -> str:
    with pytest.raises(ScriptError) as caught:
        read("x", text)
    return str(caught.value)


def test_what_is_not_said_has_its_default() -> None:
    lesson = read("x", HEAD)
    assert (lesson.nodes, lesson.zones, lesson.cpu, lesson.memory, lesson.order) == (3, 0, "4", "8Gi", 0)
    assert (lesson.settle_ms, lesson.clock, lesson.group, lesson.steps, lesson.ending) == (
        600_000,
        0,
        "basics",
        (),
        None,
    )
    assert read("x", HEAD + "order: 205\n").group == "failures"
    assert read("x", HEAD + "order: 205\ngroup: traffic\n").group == "traffic"


@pytest.mark.parametrize(
    ("does", "deeds"),
    [
        ("{do: cordon, node: node-1}", [Order({"do": "cordon", "node": "node-1"})]),
        (
            "[{restore: all}, {restore: ConfigMap/settings}]",
            [Restore(), Restore(Ref("ConfigMap", "default", "settings"))],
        ),
        (
            "{edit: ConfigMap/settings, field: data.a, value: c}",
            [Edit(Ref("ConfigMap", "default", "settings"), "data.a", "c")],
        ),
    ],
)
def test_what_a_step_does(does: str, deeds: list[object]) -> None:
    assert list(read("x", HEAD + MANIFEST + STEP % does).steps[0].does) == deeds


def test_what_a_command_is_about_may_be_looked_for_when_it_is_done() -> None:
    def about(does: str) -> object:
        (deed,) = read("x", HEAD + STEP % does).steps[0].does
        assert isinstance(deed, Order)
        return deed.about

    named, labeled = about("{do: delete, ref: [Pod, default, web-*]}"), about("{do: delete, ref: [Pod, default, a=b]}")
    chosen = about("{do: crash, ref: {kind: Pod, where: {spec.nodeName: node-2}}}")
    node = about("{do: remove-node, node: {kind: Node, ready: true}}")
    assert (named.kind, named.name, str(named.labels)) == ("Pod", "web-*", "")  # type: ignore[attr-defined]
    assert (labeled.name, str(labeled.labels)) == ("", "a=b")  # type: ignore[attr-defined]
    assert chosen.where[0][0] == ("spec", "nodeName")  # type: ignore[attr-defined]
    assert node.kind == "Node"  # type: ignore[attr-defined]
    assert about("{do: delete, ref: [Pod, default, web-1]}") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n- b\n", "line 1: the script is no map"),
        (HEAD + "---\na: b\n", "a file has 2 documents"),
        (HEAD + "nodes: three\n", "line 3: nodes is no whole number from 0"),
        (HEAD + "group: nonsense\n", "there is no group nonsense"),
        (HEAD + "hour: 24\n", "a day has no such hour"),
        (HEAD + "operators: [oracle]\n", "there is no operator oracle. Known are mysql, rabbitmq"),
        (HEAD + STEP % "[]", "steps[0].does does nothing"),
        (HEAD + STEP % "{do: explode}", "there is no command explode"),
        (HEAD + STEP % "{do: cordon}", 'command "cordon" needs the field "node"'),
        (HEAD + STEP % "{do: edge, actor: kubelet, on: false}", "a key that YAML reads as true or false"),
        (HEAD + STEP % "{edit: ConfigMap/other, field: a, value: b}", "do not declare ConfigMap/other"),
        (HEAD + MANIFEST + STEP % "{edit: ConfigMap/settings, field: a..b, value: c}", '"a..b" is no path'),
        (HEAD + MANIFEST + STEP % "{edit: ConfigMap/settings, field: data.a}", "has no value"),
        (HEAD + "steps:\n- press: {en: p, ja: p}\n  does: {restore: all}\n", "has no milestones"),
        (HEAD + "steps:\n- press: {en: p}\n  does: {restore: all}\n  milestones: []\n", "a step needs a milestone"),
        (HEAD + (STEP % "{restore: all}").replace("quiet: true", "kind: Pod, count: lots of}"[:-1]), ""),
        (
            HEAD + (STEP % "{restore: all}").replace("quiet: true", 'kind: Pod, count: ">= x"'),
            "compares with what is no number",
        ),
        (HEAD + (STEP % "{restore: all}").replace("quiet: true", "loop: x, phase: think"), "there is no phase think"),
        (HEAD + (STEP % "{restore: all}").replace("quiet: true", "loop: x, action: Make"), "there is no action Make"),
        (
            HEAD + (STEP % "{restore: all}").replace("quiet: true", "kind: Pod, label: a"),
            "unknown field label. Did you mean labels?",
        ),
        (
            HEAD + (STEP % "{restore: all}").replace("quiet: true", "kind: Pod, labels: 'a in b'"),
            "Write labels as kubectl",
        ),
        (HEAD + (STEP % "{restore: all}").replace("{quiet: true}", "soon"), "is no map"),
    ],
)
def test_what_is_said_of_a_mistake(text: str, said: str) -> None:
    if said:
        assert said in wrong(text)


def test_the_kinds_and_loops_that_a_script_makes_are_known_and_what_it_applies_may_be_edited() -> None:
    known = rehearsal.known(rehearsal.empty())
    text = (Path(scenarios.__file__).parent / "own-hello.yaml").read_text("utf-8")
    assert read("x", text, known).steps[2].does == (
        Edit(Ref("Greeting.example.com", "default", "door"), "spec.guest", "Ada"),
    )
    for old, new, said in (
        ("kind: Greeting\n      plural", "kind: Welcome\n      plural", "no kind is called Greeting.example.com"),
        ("  name: hello\n    parent", "  name: hallo\n    parent", "no loop is called hello. Did you mean hallo?"),
        ("name: door\n    spec", "name: gate\n    spec", "manifests do not declare Greeting.example.com/door"),
    ):
        assert old in text
        with pytest.raises(ScriptError) as caught:
            read("x", text.replace(old, new), known)
        assert said in str(caught.value)


def test_every_operator_that_a_script_may_ask_for_can_be_installed() -> None:
    assert set(form.OPERATORS) == set(INSTALLS)


def test_an_ending_names_only_milestones_that_there_are() -> None:
    step = STEP % "{do: cordon, node: node-1}"
    read("x", HEAD + step + "ending: {en: 'after {m}', ja: '{m}後'}")
    mistake = wrong(HEAD + step + "ending: {en: 'after {n}', ja: '{m}後'}")
    assert "no milestone is called n" in mistake
    assert "Known are m." in mistake


def test_what_a_step_needs_must_be_asked_of_the_present() -> None:
    needs = "  needs: [{that: {loop: you}, else: {restore: all}}]\n  milestones"
    assert "what a step needs is asked before anything happens" in wrong(
        HEAD + (STEP % "{restore: all}").replace("  milestones", needs)
    )


LONGEST = {"press": (36, 26), "say": (130, 66), "words": (72, 38), "ending": (130, 75)}


def test_every_text_of_our_lessons_is_there_and_short_enough() -> None:
    for lesson in every():
        assert lesson.cast
        texts = [("ending", lesson.ending)]
        for step in lesson.steps:
            texts += [("press", step.press), ("say", step.say), *(("words", each.words) for each in step.milestones)]
        for what, said in texts:
            assert said is not None, lesson.id
            for lang, longest in zip(LANGUAGES, LONGEST[what], strict=True):
                assert len(MEASURED.sub("10.1 s", said[lang])) <= longest, f"{lesson.id}: {said[lang]}"


def test_our_lessons_name_only_kinds_and_loops_that_there_are() -> None:
    known = rehearsal.known(rehearsal.empty())
    for path in sorted(Path(scenarios.__file__).parent.glob("*.yaml")):
        assert read(path.stem, path.read_text("utf-8"), known) == scenarios.get(path.stem)
