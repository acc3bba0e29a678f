"""The loop behind admission policies decides: expressions that nobody has looked at -> what does not fit is written."""

from __future__ import annotations

import pytest

from app.api.objects import Obj, with_metadata
from app.apimachinery.yamltext import dump
from app.controllers.validatingadmissionpolicystatus import PolicySeen, ValidatingAdmissionPolicyStatusController
from app.engine.trace import is_visible
from app.reconcile import UpdateStatus
from app.registry.admissionpolicies import typechecking
from app.registry.builtin import built_in
from tests.support.crds import crd
from tests.support.policies import about, policy, rule
from tests.support.world import World

WARNING = {"fieldRef": "spec.validations[0].expression", "warning": "apps/v1, Kind=Deployment: ERROR: ..."}


def written(seen: PolicySeen) -> list[Obj]:
    gaps = ValidatingAdmissionPolicyStatusController().diff(seen)
    return [action.status for gap in gaps for action in gap.actions if isinstance(action, UpdateStatus)]


def made(generation: int, **status: int) -> Obj:
    return {**with_metadata(policy(), generation=generation), "status": status}


def test_what_was_found_is_written_down() -> None:
    checked = {"observedGeneration": 2, "typeChecking": {"expressionWarnings": [WARNING]}}
    assert written(PolicySeen(made(2), (WARNING,))) == [checked]
    assert written(PolicySeen(made(2, observedGeneration=1), ())) == [{"observedGeneration": 2, "typeChecking": {}}]


def test_what_was_checked_is_left_alone() -> None:
    assert written(PolicySeen(made(2, observedGeneration=2), (WARNING,))) == []


def warnings(*expressions: str, **spec: object) -> list[str]:
    found = typechecking.warnings(policy(*expressions, **spec)["spec"], built_in())
    return [f"{each['fieldRef']} {each['warning'].partition(chr(10))[0]}" for each in found]


CONFIG = {"apiVersion": "v1", "kind": "ConfigMap"}
FIRST = "spec.validations[0].expression"


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("object.spec.replicas <= 5 && oldObject.metadata.labels['a'] == 'b'", ""),
        ("object.metadata.creationTimestamp < timestamp('2026-01-01T00:00:00Z')", ""),
        ("object.spec.strategy.rollingUpdate.maxSurge == 1 || object.metadata.namespace == 'x'", ""),
        ("object.spec.template.spec.containers.all(c, c.resources.limits['cpu'] == '1')", ""),
        ("object.spec.replicass <= 5", "ERROR: <input>:1:12: undefined field 'replicass'"),
        ("object.spec.replicas == 'x'", "ERROR: <input>:1:22: found no matching overload for '_==_' applied to "
         "'(int, string)'"),
        ("params.data.most == '5'", ""),
        ("params.dta.most == '5'", "ERROR: <input>:1:7: undefined field 'dta'"),
        ("variables.count == 'x'", "ERROR: <input>:1:17: found no matching overload for '_==_' applied to "
         "'(int, string)'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_kind(expression: str, problem: str) -> None:
    variables = [{"name": "count", "expression": "size(object.spec.template.spec.containers)"}]
    found = warnings(expression, variables=variables, paramKind=CONFIG)
    assert found == ([f"{FIRST} apps/v1, Kind=Deployment: {problem}"] if problem else [])


def test_each_kind_is_asked_that_is_named() -> None:
    match = about(rule("deployments daemonsets deployments/scale"), rule("*"), rule("pods", group="*"))
    found = typechecking.warnings(policy(matchConstraints=match)["spec"], built_in())
    assert [each["warning"].splitlines()[0] for each in found] == [
        "apps/v1, Kind=DaemonSet: ERROR: <input>:1:12: undefined field 'replicas'"
    ]
    both = typechecking.warnings(policy("object.spec.nope", matchConstraints=match)["spec"], built_in())
    assert both[0]["warning"].count("undefined field 'nope'") == 2


def test_the_loop_looks_at_each_new_text_of_a_policy_and_at_kinds_of_ones_own() -> None:
    world = World()
    world.apply(dump(crd()))
    world.settle()
    match = about(rule("websites", group="example.com"))
    world.apply(dump(policy("object.spec.host != '' && object.spec.hst != ''", matchConstraints=match)))
    world.advance(world.now_ms + 1_000)
    (stored,) = world.objects("ValidatingAdmissionPolicy")
    assert stored["status"]["observedGeneration"] == 1
    (warning,) = stored["status"]["typeChecking"]["expressionWarnings"]
    assert warning["warning"].startswith("example.com/v1, Kind=Website: ERROR: <input>:1:38: undefined field 'hst'")
    world.apply(dump(policy("object.spec.host != ''", matchConstraints=match)))
    world.advance(world.now_ms + 1_000)
    (stored,) = world.objects("ValidatingAdmissionPolicy")
    assert stored["status"] == {"observedGeneration": 2, "typeChecking": {}}
    assert ValidatingAdmissionPolicyStatusController.name not in [
        step.actor for step in world.trace if is_visible(step)
    ]
