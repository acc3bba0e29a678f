"""The EndpointSlice controller decides: pods that a Service selects -> slices."""

from __future__ import annotations

from typing import Any

import pytest

from app.api import objects
from app.api.objects import Obj
from app.controllers.endpointslice.endpointslice import EndpointSliceController, ServiceObservation
from app.reconcile import Announce, Create, Delete, Difference, Remember, RequeueAfter, Update
from tests.support.builders import LABELS, NOW_MS, pod, service

LABELLED = {
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    "kubernetes.io/service-name": "web",
}
HTTP = {"name": "http", "protocol": "TCP", "port": 80}


def diff(
    svc: Obj, pods: list[Obj], slices: list[Obj] | None = None, zones: dict[str, str] | None = None
) -> list[Difference]:
    return list(EndpointSliceController().diff(ServiceObservation(svc, tuple(pods), tuple(slices or ()), zones or {})))


def settle(svc: Obj, pods: list[Obj], slices: list[Obj] | None = None) -> list[Obj]:
    """The slices after the differences were acted upon; a second look finds nothing more to do."""
    after = {objects.name_of(each): each for each in slices or ()}
    for gap in diff(svc, pods, slices):
        for action in gap.actions:
            if isinstance(action, Create):
                name = f"web-{len(after) + 1}"
                after[name] = objects.with_metadata(action.obj, name=name, uid=name, resourceVersion="1")
            elif isinstance(action, Update):
                after[objects.name_of(action.obj)] = action.obj
            elif isinstance(action, Delete):
                del after[action.ref.name]
    found = list(after.values())
    assert diff(svc, pods, found) == []
    return found


def written(differences: list[Difference]) -> Obj:
    (gap,) = differences
    (action,) = gap.actions
    assert isinstance(action, Create | Update)
    return action.obj


def names(slice_: Obj) -> list[str]:
    return [each["targetRef"]["name"] for each in slice_["endpoints"] or ()]


def many(count: int, **facts: Any) -> list[Obj]:
    return [pod(f"web-{i}", ip=f"10.244.{i // 250}.{i % 250}", **facts) for i in range(count)]


# ------------------------------------------------------------------------------------- a node that is gone


def test_a_pod_on_a_node_that_does_not_exist_is_left_out_and_tried_again() -> None:
    here, there = pod("web-1", ip="10.244.0.1"), pod("web-2", ip="10.244.0.2", node="node-9")
    seen = ServiceObservation(service(), (here, there), (), {}, frozenset({"node-9"}), tries=2)
    made, left_out = EndpointSliceController().diff(seen)
    assert names(written([made])) == ["web-1"]
    told, counted, again = left_out.actions
    assert isinstance(told, Announce)
    skipped = "skipping Pod web-2 for Service default/web: Node node-9 Not Found"
    assert told.message == f"Error updating Endpoint Slices for Service default/web: {skipped}"
    assert (counted, again) == (Remember(3), RequeueAfter(4_000, "a node that does not exist"))


def test_a_service_that_publishes_whatever_is_there_lists_it_all_the_same() -> None:
    there = pod("web-2", ip="10.244.0.2", node="node-9")
    published = service(publishNotReadyAddresses=True)
    made = EndpointSliceController().diff(ServiceObservation(published, (there,), (), {}, frozenset({"node-9"})))
    assert names(written([*made])) == ["web-2"]


# --------------------------------------------------------------------------------------------- one endpoint


@pytest.mark.parametrize(
    ("facts", "conditions"),
    [
        pytest.param({}, (True, True, False), id="ready"),
        pytest.param({"ready": False}, (False, False, False), id="not ready"),
        pytest.param({"deleting": True}, (False, True, True), id="marked for deletion, still serving"),
        pytest.param(
            {"deleting": True, "ready": False}, (False, False, True), id="marked for deletion, serving no more"
        ),
    ],
)
def test_conditions(facts: dict[str, Any], conditions: tuple[bool, bool, bool]) -> None:
    (endpoint,) = written(diff(service(), [pod(**facts)]))["endpoints"]
    assert tuple(endpoint["conditions"][name] for name in ("ready", "serving", "terminating")) == conditions


def test_publish_not_ready_addresses() -> None:
    (endpoint,) = written(diff(service(publishNotReadyAddresses=True), [pod(ready=False)]))["endpoints"]
    assert endpoint["conditions"] == {"ready": True, "serving": False, "terminating": False}


def test_an_endpoint_in_full() -> None:
    (endpoint,) = written(diff(service(), [pod("web-1")], zones={"node-1": "a"}))["endpoints"]
    assert endpoint == {
        "addresses": ["10.244.1.2"],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "targetRef": {"kind": "Pod", "namespace": "default", "name": "web-1", "uid": "pod-web-1"},
        "nodeName": "node-1",
        "zone": "a",
    }


@pytest.mark.parametrize(
    "absent",
    [
        pytest.param(pod(node=""), id="a pod without an address"),
        pytest.param(pod(phase="Succeeded", status={"podIP": "10.244.1.2"}), id="a pod that has finished"),
    ],
)
def test_who_is_no_endpoint(absent: Obj) -> None:
    assert written(diff(service(), [absent]))["endpoints"] is None


@pytest.mark.parametrize(
    ("port", "offered", "ports"),
    [
        pytest.param({"name": "http", "port": 80, "targetPort": 8080}, (), [{**HTTP, "port": 8080}], id="a number"),
        pytest.param({"name": "http", "port": 80}, (), [HTTP], id="none: the Service's own"),
        pytest.param(
            {"name": "http", "port": 80, "targetPort": "web"},
            ({"name": "web", "containerPort": 3000, "protocol": "TCP"},),
            [{**HTTP, "port": 3000}],
            id="a name that the container gives",
        ),
        pytest.param({"name": "http", "port": 80, "targetPort": "nope"}, (), None, id="a name that nobody gives"),
        pytest.param({"port": 80}, (), [{**HTTP, "name": ""}], id="without a name"),
    ],
)
def test_ports(port: dict[str, Any], offered: tuple[dict[str, Any], ...], ports: list[dict[str, Any]] | None) -> None:
    slice_ = written(diff(service(ports=[port]), [pod(ports=offered)]))
    assert slice_["ports"] == ports
    assert names(slice_) == ["web-1"]


# ------------------------------------------------------------------------------------------------- slices


def test_a_new_service_gets_an_empty_slice() -> None:
    svc = service()
    assert written(diff(svc, [])) == {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": "web-",
            "namespace": "default",
            "labels": LABELLED,
            "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": svc["metadata"]["creationTimestamp"]},
            "ownerReferences": [objects.owner_reference(svc)],
        },
        "addressType": "IPv4",
        "endpoints": None,
        "ports": None,
    }


def test_the_empty_slice_becomes_the_first_with_endpoints_and_empty_again() -> None:
    svc = service()
    (empty,) = settle(svc, [])
    (filled,) = settle(svc, [pod()], [empty])
    assert (objects.name_of(filled), filled["ports"], names(filled)) == (objects.name_of(empty), [HTTP], ["web-1"])
    (emptied,) = settle(svc, [], [filled])
    assert (objects.name_of(emptied), emptied["ports"], emptied["endpoints"]) == (objects.name_of(empty), None, None)


def test_an_update_names_the_pods_that_changed() -> None:
    pods = [pod("a", ip="10.0.0.1"), pod("b", ip="10.0.0.2"), pod("c", ip="10.0.0.3")]
    slices = settle(service(), pods)
    (gap,) = diff(service(), [pods[0], pod("b", ip="10.0.0.2", deleting=True), pod("d", ip="10.0.0.4")], slices)
    assert gap.reason == "EndpointsOutdated"
    assert gap.observed == {"b": "ready", "c": "ready", "d": None}
    assert gap.desired == {"b": "terminating", "c": None, "d": "ready"}


def test_hundred_endpoints_a_slice() -> None:
    assert [len(names(each)) for each in settle(service(), many(250))] == [100, 100, 50]


def test_one_more_pod_goes_where_there_is_room() -> None:
    slices = settle(service(), many(250))
    (gap,) = diff(service(), many(251), slices)
    assert gap.about.name == objects.name_of(slices[2])


def test_what_is_written_anyway_is_filled_first() -> None:
    slices = settle(service(), many(150))
    pods = [*many(150)[1:], pod("new", ip="10.9.9.9")]
    (gap,) = diff(service(), pods, slices)
    assert gap.about.name == objects.name_of(slices[0])
    assert gap.desired == {"web-0": None, "new": "ready"}


def test_pods_with_other_ports_get_a_slice_of_their_own() -> None:
    svc = service(ports=[{"name": "http", "port": 80, "targetPort": "web"}])
    blue = pod("blue", ip="10.0.0.1", ports=({"name": "web", "containerPort": 3000},))
    green = pod("green", ip="10.0.0.2", ports=({"name": "web", "containerPort": 4000},))
    found = {each["ports"][0]["port"]: names(each) for each in settle(svc, [blue, green])}
    assert found == {3000: ["blue"], 4000: ["green"]}


def test_a_slice_that_is_not_needed_goes() -> None:
    svc = service()
    slices = settle(svc, many(150))
    (gap,) = diff(svc, many(100), slices)
    assert (gap.reason, gap.about.name) == ("EndpointSliceNotNeeded", objects.name_of(slices[1]))


def test_labels_follow_the_service() -> None:
    svc = service(metadata={"labels": {"team": "shop"}}, clusterIP="None")
    found = written(diff(svc, [pod()], settle(service(), [pod()])))
    assert objects.labels_of(found) == {**LABELLED, "team": "shop", "service.kubernetes.io/headless": ""}


@pytest.mark.parametrize(
    "svc",
    [
        pytest.param(service(selector={}), id="a Service without a selector"),
        pytest.param(service(type="ExternalName"), id="an ExternalName"),
    ],
)
def test_whose_slices_are_not_written(svc: Obj) -> None:
    assert diff(svc, [pod()]) == []


# ------------------------------------------------------------------------------------------ the trigger time


def trigger(slice_: Obj) -> str | None:
    return objects.annotations_of(slice_).get("endpoints.kubernetes.io/last-change-trigger-time")


@pytest.mark.parametrize(
    ("before", "now", "time"),
    [
        pytest.param([], [pod(ready_since_ms=NOW_MS)], "2026-01-01T09:00:00Z", id="a pod became ready"),
        pytest.param([pod()], [pod(deleting=True)], None, id="a pod was marked: its readiness did not change"),
        pytest.param(
            [pod(deleting=True)],
            [
                pod(
                    deleting=True,
                    phase="Succeeded",
                    ready_since_ms=NOW_MS + 1000,
                    status={"podIP": "10.244.1.2"},
                )
            ],
            "2026-01-01T09:00:01Z",
            id="a pod has finished",
        ),
        pytest.param([pod()], [], None, id="a pod is gone"),
    ],
)
def test_last_change_trigger_time(before: list[Obj], now: list[Obj], time: str | None) -> None:
    assert trigger(written(diff(service(), now, settle(service(), before)))) == time


# -------------------------------------------------------------------------------------------- who is woken


class Services:
    """A reader that knows one Service."""

    def __init__(self, svc: Obj) -> None:
        self.svc = svc

    def by(self, kind: str, index: str, value: Any) -> tuple[Obj, ...]:
        (label,) = EndpointSliceController().reads[0].indexes["label"](self.svc)
        return (self.svc,) if value == label else ()


@pytest.mark.parametrize(
    ("selector", "labels", "woken"),
    [
        pytest.param({"app": "web"}, LABELS, True, id="the pod has the label"),
        pytest.param({"app": "web"}, {"app": "web", "tier": "a"}, True, id="and another one"),
        pytest.param({"app": "web", "tier": "a"}, {"tier": "a"}, False, id="only one label of two"),
        pytest.param({"app": "db"}, LABELS, False, id="another value"),
    ],
)
def test_a_pod_wakes_the_services_that_select_it(selector: dict[str, str], labels: dict[str, str], woken: bool) -> None:
    keys = EndpointSliceController().wakes[1].keys
    reader: Any = Services(service(selector=selector))
    assert [key.name for key in keys(pod(labels=labels), reader)] == (["web"] if woken else [])
