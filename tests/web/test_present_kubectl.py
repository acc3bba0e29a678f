"""The kubectl command of everything one can do on the page."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from app import scenarios
from app.api.objects import Obj
from app.commands import COMMANDS, Apply, Command, command_from_json, lines
from app.web import kubectl
from app.web.present import Words
from app.web.present.inspector import actions
from tests.support import builders

_ = Words()
WEB = ["Deployment", "default", "web"]
JOB, CRON = ["Job", "default", "sums"], ["CronJob", "default", "report"]
POD = ["Pod", "shop", "web-1"]
TOLD: list[tuple[dict[str, Any], str]] = [
    ({"do": "apply", "text": "a: b"}, "kubectl apply -f -"),
    ({"do": "apply", "text": "a: b", "namespace": "shop"}, "kubectl apply -n shop -f -"),
    ({"do": "delete", "ref": POD}, "kubectl delete pod web-1 -n shop"),
    ({"do": "delete", "ref": POD, "grace_seconds": 0}, "kubectl delete pod web-1 --grace-period=0 --force -n shop"),
    ({"do": "delete", "ref": WEB, "propagation": "Orphan"}, "kubectl delete deployment web --cascade=orphan"),
    ({"do": "crash", "ref": POD}, "kubectl exec web-1 -n shop -- kill 1"),
    ({"do": "crash", "ref": POD, "container": "side"}, "kubectl exec web-1 -c side -n shop -- kill 1"),
    ({"do": "scale", "ref": WEB, "replicas": 5}, "kubectl scale deployment/web --replicas=5"),
    ({"do": "image", "ref": WEB, "image": "nginx:1.28"}, "kubectl set image deployment/web '*=nginx:1.28'"),
    ({"do": "image", "ref": WEB, "image": "x", "container": "c"}, "kubectl set image deployment/web c=x"),
    ({"do": "label", "ref": WEB, "label": "a", "value": "b"}, "kubectl label deployment/web a=b --overwrite"),
    ({"do": "label", "ref": WEB, "label": "a", "value": ""}, "kubectl label deployment/web a-"),
    ({"do": "label", "ref": WEB, "label": "a", "value": None}, "kubectl label deployment/web a-"),
    ({"do": "undo", "ref": WEB, "to_revision": 2}, "kubectl rollout undo deployment/web --to-revision=2"),
    ({"do": "restart", "ref": WEB}, "kubectl rollout restart deployment/web"),
    ({"do": "cordon", "node": "node-1"}, "kubectl cordon node-1"),
    ({"do": "cordon", "node": "node-1", "unschedulable": False}, "kubectl uncordon node-1"),
    ({"do": "drain", "node": "node-1"}, "kubectl drain node-1 --ignore-daemonsets"),
    ({"do": "suspend", "ref": JOB}, """kubectl patch job/sums -p '{"spec":{"suspend":true}}'"""),
    ({"do": "run-now", "ref": CRON}, "kubectl create job report-manual-1 --from=cronjob/report"),
    ({"do": "run-now", "ref": CRON, "job": "now"}, "kubectl create job now --from=cronjob/report"),
    ({"do": "latencies", "preset": "zero"}, ""),
    ({"do": "by-hand", "actor": "replicaset-controller", "ref": WEB}, ""),  # it depends on what the loop has found
]


@pytest.mark.parametrize(("data", "text"), TOLD)
def test_the_command_that_does_the_same(data: dict[str, Any], text: str) -> None:
    assert kubectl.command(data) == text


def test_only_what_kubectl_cannot_do_has_none() -> None:
    commands = {do for do, kind in COMMANDS.items() if kind.on_forms}
    physical = {do for do in commands if COMMANDS[do].physical and do != "crash"}  # and `kill 1` crashes a container
    assert {data["do"] for data, _text in TOLD} | physical == commands
    assert {data["do"] for data, text in TOLD if not text} == {"latencies", "by-hand"}
    assert all(COMMANDS[do].kubectl is Command.kubectl for do in physical)


def test_applying_brings_its_manifest() -> None:
    text = "kind: ConfigMap\ndata:\n  a: $HOME `x` 'y'\n  b: |\n    EOF\nEOF\n"
    whole = Apply(text).whole().replace("kubectl apply -f -", "cat")
    assert subprocess.run(["sh", "-c", whole], capture_output=True, text=True, check=True).stdout == text


@pytest.mark.parametrize("text", ["plain", "nginx:1.27", "a b", "it's", "*", "$(rm)", ""])
def test_a_word_stays_one_word_in_a_shell(text: str) -> None:
    told = subprocess.run(["sh", "-c", f"printf %s {lines.word(text)}"], capture_output=True, text=True, check=True)
    assert told.stdout == text


def test_what_is_asked_for_stands_in_the_pattern() -> None:
    patterns = {action.command: (action.pattern, action.emptied) for action in actions(builders.deployment(), None, _)}
    assert patterns["scale"] == ("kubectl scale deployment/web --replicas={replicas}", "")
    assert patterns["image"] == ("kubectl set image deployment/web nginx={image}", "")
    assert patterns["undo"] == ("", "")
    (*_others, label) = actions(builders.pod("web-1"), None, _)
    assert (label.pattern, label.emptied) == (
        "kubectl label pod/web-1 {label}={value} --overwrite",
        "kubectl label pod/web-1 {label}-",
    )


def test_a_replication_controller_can_be_scaled() -> None:
    controller: Obj = {**builders.replica_set("old"), "kind": "ReplicationController", "apiVersion": "v1"}
    scale, *_others = actions(controller, None, _)
    assert scale.kubectl == "kubectl scale replicationcontroller/old --replicas=3"


@pytest.mark.parametrize("lesson", scenarios.every(), ids=lambda lesson: lesson.id)
def test_what_a_lesson_begins_with_are_commands(lesson: scenarios.Scenario) -> None:
    for data in lesson.begin:
        command = command_from_json(dict(data))
        assert kubectl.command(data) == command.kubectl()
