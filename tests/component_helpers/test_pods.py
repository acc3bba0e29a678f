from __future__ import annotations

import pytest

from app.api import times
from app.component_helpers import pods

NOW = times.parse("2026-11-23T10:06:30Z")
MI = 1024 * 1024


def pod(phase="Running", ready=None, since="2026-11-23T10:06:20Z", terminating=False, **spec):
    conditions = [] if ready is None else [{"type": "Ready", "status": ready, "lastTransitionTime": since}]
    metadata = {"name": "web-1", **({"deletionTimestamp": "2026-11-23T10:06:29Z"} if terminating else {})}
    return {"kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": phase, "conditions": conditions}}


@pytest.mark.parametrize(
    ("given", "active", "terminal"),
    [
        pytest.param(pod("Pending"), True, False, id="a pending pod is active"),
        pytest.param(pod("Running"), True, False, id="a running pod is active"),
        pytest.param(pod("Running", terminating=True), False, False, id="a terminating pod no longer counts"),
        pytest.param(pod("Succeeded"), False, True, id="a pod that succeeded has finished"),
        pytest.param(pod("Failed"), False, True, id="a pod that failed has finished"),
    ],
)
def test_active_and_terminal(given, active, terminal):
    assert pods.is_active(given) is active
    assert pods.is_terminal(given) is terminal


def test_a_pod_without_status_is_pending_and_not_ready():
    fresh = {"kind": "Pod", "metadata": {"name": "a"}, "spec": {}}
    assert pods.phase(fresh) == "Pending"
    assert pods.node_name(fresh) == ""
    assert not pods.is_ready(fresh)
    assert pods.ready_since_ms(fresh) is None
    assert pods.container_statuses(fresh) == []


@pytest.mark.parametrize(
    ("given", "min_ready_seconds", "available"),
    [
        pytest.param(pod(ready="True"), 0, True, id="ready is available at once"),
        pytest.param(pod(ready="True"), 10, True, id="ready for just long enough"),
        pytest.param(pod(ready="True"), 11, False, id="not ready for long enough"),
        pytest.param(pod(ready="False"), 0, False, id="not ready"),
        pytest.param(pod(ready="False"), 5, False, id="not ready, however long"),
        pytest.param(pod(), 0, False, id="nobody said that it is ready"),
    ],
)
def test_available(given, min_ready_seconds, available):
    assert pods.is_available(given, min_ready_seconds, NOW) is available


def test_ready_since():
    assert pods.ready_since_ms(pod(ready="True")) == NOW - 10_000
    assert pods.ready_since_ms(pod(ready="False")) is None


def test_container_statuses_by_name_and_restarts():
    given = pod() | {
        "status": {
            "containerStatuses": [{"name": "a", "restartCount": 2}, {"name": "b", "restartCount": 5}],
            "initContainerStatuses": [{"name": "init", "restartCount": 9}],
        }
    }
    assert pods.container_status(given, "b") == {"name": "b", "restartCount": 5}
    assert pods.container_status(given, "init") == {"name": "init", "restartCount": 9}
    assert pods.container_status(given, "c") is None
    assert pods.max_restarts(given) == 5
    assert pods.max_restarts(pod()) == 0


def container(cpu=None, memory=None, **more):
    wanted = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    return {"name": "c", "resources": {"requests": wanted}, **more}


SIDECAR = {"restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"containers": [{"name": "c"}]}, (0, 0), id="nothing asked"),
        pytest.param({"containers": [container("100m", "64Mi"), container("1", "1Mi")]}, (1100, 65 * MI), id="the sum"),
        pytest.param(
            {"containers": [container("100m", "64Mi")], "initContainers": [container("1", "8Mi"), container("2")]},
            (2000, 64 * MI),
            id="an init container that needs more, resource by resource",
        ),
        pytest.param(
            {"containers": [container("100m")], "initContainers": [container("300m", **SIDECAR), container("200m")]},
            (500, 0),
            id="an init container runs beside the sidecars before it",
        ),
        pytest.param(
            {"containers": [container("100m")], "initContainers": [container("200m"), container("300m", **SIDECAR)]},
            (400, 0),
            id="sidecars run beside the containers",
        ),
        pytest.param(
            {"containers": [container("100m", "1Mi")], "overhead": {"cpu": "250m", "memory": "1Mi"}},
            (350, 2 * MI),
            id="plus the overhead",
        ),
        pytest.param(
            {"containers": [container("100m", "1Mi")], "resources": {"requests": {"cpu": "1"}}},
            (1000, 1 * MI),
            id="a request of the pod itself replaces the sum",
        ),
    ],
)
def test_requests(spec, expected):
    assert pods.requests(pod(**spec)) == expected


def test_requests_are_worked_out_once_for_all_revisions_of_a_pod():
    given = pod(containers=[container("100m", "64Mi")])
    assert pods.requests({**given, "status": {}}) is pods.requests(given)


def test_the_total_of_any_resource_is_a_quantity():
    limited = container() | {"resources": {"limits": {"memory": "64Mi", "cpu": "0.5"}}}
    given = pod(containers=[limited, limited], overhead={"memory": "1Mi", "cpu": "1m", "ephemeral-storage": "1Gi"})
    assert pods.total(given, "memory", "limits") == "129Mi"
    assert pods.total(given, "cpu", "limits") == "1001m"
    assert pods.total(given, "ephemeral-storage", "limits") == "0"
    assert pods.total(given, "ephemeral-storage") == "1Gi"
