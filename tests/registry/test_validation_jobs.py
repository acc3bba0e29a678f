"""What a Job may not say of failures and success, in Kubernetes' words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.test_validation_kinds import complete, validate


def problems(**spec: Any) -> list[str]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "work"},
        "spec": {"template": {"spec": pod}, **spec},
    }
    return [f"{each.field.removeprefix('spec.')}: {each.message}" for each in validate(complete(job))]


INDEXED: dict[str, Any] = {"completionMode": "Indexed", "completions": 3}


def rules(*found: Any) -> dict[str, Any]:
    return {"podFailurePolicy": {"rules": [*found]}}


def success(**rule: Any) -> dict[str, Any]:
    return {**INDEXED, "successPolicy": {"rules": [rule]}}


EXIT = {"operator": "In", "values": [1]}


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        (
            {"completionMode": "Indexed", "parallelism": 1},
            "completions: Required value: when completion mode is Indexed",
        ),
        ({"backoffLimitPerIndex": 1}, "backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"),
        (
            {**INDEXED, "maxFailedIndexes": 1},
            "backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
        ),
        (
            {**INDEXED, "backoffLimitPerIndex": 1, "maxFailedIndexes": 4},
            "maxFailedIndexes: Invalid value: 4: must be less than or equal to completions",
        ),
        (
            {"managedBy": "me"},
            'managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
        ),
        (
            {"podReplacementPolicy": "Never"},
            'podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"',
        ),
        (
            {**rules({"action": "Count", "onExitCodes": EXIT}), "podReplacementPolicy": "TerminatingOrFailed"},
            'podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
        ),
        (
            rules({"action": "Stop", "onExitCodes": EXIT}),
            'podFailurePolicy.rules[0].action: Unsupported value: "Stop": supported values: "Count", "FailIndex", '
            '"FailJob", "Ignore"',
        ),
        (
            rules({"action": "FailIndex", "onExitCodes": EXIT}),
            'podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        ),
        (
            rules({"action": "Ignore"}),
            "podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
        ),
        (
            rules({"action": "Ignore", "onExitCodes": {**EXIT, "values": [0]}}),
            "podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator",
        ),
        (
            rules({"action": "Ignore", "onExitCodes": {**EXIT, "values": [2, 1]}}),
            "podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1]: must be ordered",
        ),
        (
            rules({"action": "Ignore", "onExitCodes": {**EXIT, "containerName": "other"}}),
            'podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "other": must be one of the container '
            "or initContainer names in the pod template",
        ),
        (
            {"successPolicy": {"rules": [{"succeededCount": 1}]}},
            'successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed '
            "completion mode",
        ),
        (
            success(),
            "successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be "
            "specified",
        ),
        (
            success(succeededIndexes="0-5"),
            'successPolicy.rules[0].succeededIndexes: Invalid value: "0-5": error parsing succeededIndexes: too large '
            'index: "5"',
        ),
        (
            success(succeededIndexes="0,1", succeededCount=3),
            "successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of "
            "indexes in the specified succeededIndexes field)",
        ),
    ],
)
def test_what_is_refused(spec: dict[str, Any], wrong: str) -> None:
    assert problems(**spec) == [wrong]


def test_what_is_taken() -> None:
    disrupted = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}
    whole = {
        **success(succeededIndexes="0-1", succeededCount=1),
        **rules({"action": "FailIndex", "onExitCodes": EXIT}, disrupted),
        "backoffLimitPerIndex": 1,
        "maxFailedIndexes": 2,
        "managedBy": "example.com/mine",
    }
    assert problems(**whole) == []


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"timeZone": "Mars/Base"}, ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base']),
        ({"timeZone": "../etc"}, ['spec.timeZone: Invalid value: "../etc": unknown time zone ../etc']),
        (
            {"timeZone": "Local"},
            [
                'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in '
                "https://www.iana.org/time-zones"
            ],
        ),
        (
            {"schedule": "TZ=UTC 0 0 * * *"},
            [
                'spec.schedule: Invalid value: "TZ=UTC 0 0 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone '
                "field instead"
            ],
        ),
        (
            {"schedule": "@every soon"},
            [
                'spec.schedule: Invalid value: "@every soon": failed to parse duration @every soon: time: invalid '
                'duration "soon"'
            ],
        ),
        ({"schedule": "@every 1h", "timeZone": "Asia/Tokyo"}, []),
    ],
)
def test_schedules_and_zones(spec: dict[str, Any], wrong: list[str]) -> None:
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}
    cron_job = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tick"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}, **spec},
    }
    assert [f"{each.field}: {each.message}" for each in validate(complete(cron_job))] == wrong
