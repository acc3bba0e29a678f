"""The mirroring controller decides: Endpoints that people wrote -> EndpointSlices."""

from __future__ import annotations

from typing import Any

from app.api import objects
from app.api.objects import Obj, Ref
from app.commands import PatchObject, StopController
from app.controllers.endpointslice.mirroring import EndpointSliceMirroringController, MirrorSeen
from app.reconcile import Announce, Create, Delete, Difference, Update
from tests.support.world import World


def endpoints(*ips: str, **metadata: Any) -> Obj:
    meta = {"name": "db", "namespace": "default", "uid": "e-1", **metadata}
    subset = {"addresses": [{"ip": ip} for ip in ips], "ports": [{"port": 5432, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": [subset] if ips else []}


def diff(found: Obj | None, *slices: Obj) -> list[Difference]:
    return list(EndpointSliceMirroringController().diff(MirrorSeen(found, slices)))


def mirrored(found: Obj) -> Obj:
    """Its only slice, with a name; a second look finds nothing more to do."""
    (gap,) = diff(found)
    create = gap.actions[0]
    assert isinstance(create, Create)
    made = objects.with_metadata(create.obj, name="db-abcde", uid="s-1", resourceVersion="7")
    assert diff(found, made) == []
    return made


def test_endpoints_get_a_slice_that_says_the_same() -> None:
    notes = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "note": "x"}
    made = mirrored(endpoints("192.0.2.1", labels={"a": "b"}, annotations=notes))
    assert made["metadata"]["generateName"] == "db-"
    assert objects.annotations_of(made) == {"note": "x"}
    assert objects.labels_of(made) == {
        "a": "b",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
        "kubernetes.io/service-name": "db",
    }
    assert (made["addressType"], made["ports"]) == ("IPv4", [{"port": 5432, "protocol": "TCP", "name": ""}])
    assert made["endpoints"] == [{"addresses": ["192.0.2.1"], "conditions": {"ready": True}}]
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["controller"]) == ("Endpoints", True)


def test_each_family_of_addresses_has_its_own() -> None:
    gaps = diff(endpoints("192.0.2.1", "2001:db8::1"))
    made = [action.obj for gap in gaps for action in gap.actions if isinstance(action, Create)]
    assert sorted(each["addressType"] for each in made) == ["IPv4", "IPv6"]


def test_a_change_is_written_into_the_slice_that_is_there() -> None:
    made = mirrored(endpoints("192.0.2.1"))
    (gap,) = diff(endpoints("192.0.2.1", "192.0.2.2"), made)
    (update,) = gap.actions
    assert isinstance(update, Update)
    assert objects.name_of(update.obj) == "db-abcde"
    assert [each["addresses"] for each in update.obj["endpoints"]] == [["192.0.2.1"], ["192.0.2.2"]]


def test_other_ports_reuse_the_slice() -> None:
    made, found = mirrored(endpoints("192.0.2.1")), endpoints("192.0.2.1")
    found["subsets"][0]["ports"] = [{"port": 5433, "protocol": "TCP"}]
    (gap,) = diff(found, made)
    assert isinstance(gap.actions[0], Update)


def test_what_is_no_longer_to_be_mirrored_goes() -> None:
    made = mirrored(endpoints("192.0.2.1"))
    for found in (None, endpoints()):
        (gap,) = diff(found, made)
        assert gap.actions == (Delete(objects.ref_of(made)),)


def test_of_a_subset_a_thousand_addresses_are_mirrored() -> None:
    (gap,) = diff(endpoints(*(f"10.{n // 250}.1.{n % 250}" for n in range(1_005))))
    create, told = gap.actions
    assert isinstance(create, Create)
    assert isinstance(told, Announce)
    assert len(create.obj["endpoints"]) == 1_000
    assert told.message == (
        "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 5 addresses were skipped"
    )


def test_what_stopped_being_mirrored_while_it_was_down_loses_its_slice() -> None:
    world = World()
    world.apply(
        "{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {ports: [{port: 5432}]}}\n---\n"
        "{apiVersion: v1, kind: Endpoints, metadata: {name: db}, subsets: [{addresses: [{ip: 192.0.2.1}]}]}"
    )
    world.wait(5)
    assert len(world.objects("EndpointSlice")) == 1
    world.do(StopController("endpointslice-mirroring-controller"))
    skip = '{"metadata": {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}}'
    world.do(PatchObject(Ref("Endpoints", "default", "db"), "merge", skip))
    world.do(StopController("endpointslice-mirroring-controller", stopped=False))
    world.wait(10)
    assert world.objects("EndpointSlice") == []
