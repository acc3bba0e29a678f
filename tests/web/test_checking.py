"""`loopscope check-script`: the line of the mistake and what to do, or what came after how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.web.serve import main

pytestmark = pytest.mark.long

LESSON = """\
title: {en: One, ja: 一}
promise: {en: It heals., ja: 直ります。}
manifests: |
  apiVersion: apps/v1
  kind: ReplicaSet
  metadata:
    name: web
  spec:
    replicas: 2
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}}
      spec:
        containers:
        - name: nginx
          image: nginx:1.27
steps:
- press: {en: Kill a pod, ja: Podを削除する}
  does: {do: delete, ref: [Pod, default, app=web]}
  milestones:
  - id: missing
    words: {en: One is missing, ja: 1つ足りない}
    when: {loop: replicaset-controller, reason: TooFewReplicas}
  - id: ready
    words: {en: A new one is ready, ja: 新しいPodがReady}
    when: {kind: Pod, new: true, ready: true}
"""


def checked(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    lesson = tmp_path / "one.yaml"
    lesson.write_text(text)
    code = main(["check-script", str(lesson)])
    return code, capsys.readouterr().out.replace(str(tmp_path), "")


def test_a_script_that_keeps_its_promises(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = checked(tmp_path, LESSON, capsys)
    assert code == 0
    assert said.splitlines() == [
        "0  Kill a pod",
        "       0:00.7  missing",
        "       0:08.7  ready",
        "/one.yaml: 1 steps, 2 milestones: keeps its promises",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("steps:", "try:", "/one.yaml:17: unknown field try. Known are begin, cast"),
        ("press:", "pres:", "/one.yaml:18: unknown field pres. Did you mean press?"),
        ("do: delete", "do: delet", "/one.yaml:19: there is no command delet. Did you mean delete?"),
        ("ref: [Pod, default, app=web]", "node: node-1", "/one.yaml:19: "),
        (", ja: 1つ足りない", "", "/one.yaml:22: steps[0].milestones[0].words needs a text in each of en, ja."),
        ("replicaset-controller", "replicaset", "/one.yaml:23: no loop is called replicaset. Did you mean replicas"),
        ("kind: Pod,", "kind: Pods,", "/one.yaml:26: no kind is called Pods. Did you mean Pod?"),
        ("ready: true}", "ready: yes please}", "/one.yaml:26: "),
        ("id: ready", "id: missing", "/one.yaml:24: two milestones are called missing."),
        ("replicas: 2", "replica: 2", '/one.yaml:9: unknown field "spec.replica".'),
        ("title: {en: One, ja: 一}", "title: {en: One, ja: 一", "/one.yaml:1: "),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    assert old in LESSON
    code, told = checked(tmp_path, LESSON.replace(old, new, 1), capsys)
    assert code == 1
    assert told.startswith(said), told
    assert told.count("\n") == 1


def test_promises_that_are_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = checked(tmp_path, LESSON.replace("reason: TooFewReplicas", "reason: TooManyReplicas"), capsys)
    assert code == 1
    assert "        never  missing\n" in told
    assert "does not keep its promises" in told


def test_milestones_that_come_by_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trivial = LESSON.replace("{kind: Pod, new: true, ready: true}", "{kind: Pod, ready: true, count: 2}")
    trivial = trivial.replace("{loop: replicaset-controller, reason: TooFewReplicas}", "{kind: Pod, count: 2}")
    code, told = checked(tmp_path, trivial, capsys)
    assert code == 1
    assert "comes though nothing is done" in told


def test_a_refusal_that_does_not_come(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = checked(tmp_path, LESSON.replace("  milestones:", "  expects: refusal\n  milestones:", 1), capsys)
    assert code == 1
    assert "nothing was refused, though the step expects it" in told


def test_a_lesson_that_cannot_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = LESSON.replace("steps:", "begin:\n- {do: cordon, node: node-9}\nsteps:")
    code, told = checked(tmp_path, text, capsys)
    assert (code, told) == (1, '/one.yaml: it does not begin: scenario one: nodes "node-9" not found\n')
    assert checked(tmp_path, LESSON, capsys)[0] == 0
    assert main(["check-script", str(tmp_path / "none.yaml")]) == 1
