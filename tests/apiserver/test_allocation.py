"""Addresses and ports that Services are given, and keep."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.api import errors
from app.api.objects import Obj, Ref
from app.apiserver import allocation
from app.apiserver.server import ApiServer


def node_ports(name: str, *numbers: int) -> Obj:
    ports = [{"name": f"p{number}", "port": number} for number in numbers]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"type": "NodePort", "ports": ports},
    }


@pytest.mark.parametrize("services", [1, 3])
def test_node_ports_are_used_up_once_all_are_taken(server: ApiServer, services: int) -> None:
    last = 2768 - 1_000 * (services - 1)
    for number in range(services - 1):
        server.create(node_ports(f"s{number}", *range(1, 1_001)))
    with pytest.raises(errors.Invalid, match=rf"spec.ports\[{last}\].nodePort: .*: range is full"):
        server.create(node_ports("one-too-many", *range(1, last + 2)))
    whole = server.create(node_ports("all", *range(1, last + 1))).obj
    assert len({port["nodePort"] for port in whole["spec"]["ports"]}) == last
    with pytest.raises(errors.Invalid, match="range is full"):
        server.create(node_ports("none-left", 1))
    with pytest.raises(errors.Invalid, match="range is full"):
        server.patch(
            Ref("Service", "default", "all"),
            {"spec": {"ports": [*node_ports("all", *range(1, 2_770))["spec"]["ports"]]}},
        )
    server.delete(Ref("Service", "default", "all"))
    assert server.create(node_ports("again", 1)).obj["spec"]["ports"][0]["nodePort"] >= 30_000


def test_cluster_ips_are_used_up_once_all_are_taken(server: ApiServer) -> None:
    taken: set[Any] = {f"10.96.{high}.{low}" for high in range(256) for low in range(2, 255)}
    last = taken.pop()
    service = node_ports("s", 80)
    assert allocation._with_cluster_ip(service, service["spec"], taken, random.Random(1))["clusterIP"] == last
    with pytest.raises(errors.Invalid, match="range is full"):
        allocation._with_cluster_ip(service, service["spec"], taken | {last}, random.Random(1))


def test_services_get_cluster_ips_and_node_ports_and_keep_them(server: ApiServer) -> None:
    ref = Ref("Service", "default", "s")
    spec = {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80}]}
    made = server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}).obj["spec"]
    assert made["clusterIP"].startswith("10.96.")
    assert made["clusterIPs"] == [made["clusterIP"]]
    assert 30000 <= made["ports"][0]["nodePort"] <= 32767
    again = server.patch(ref, lambda old: {**old, "spec": spec}).obj["spec"]
    assert again == made
    taken = {"selector": {"a": "b"}, "ports": [{"port": 80}], "clusterIP": made["clusterIP"]}
    with pytest.raises(errors.Invalid, match="provided IP is already allocated"):
        server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "t"}, "spec": taken})


def test_a_service_of_another_type_drops_what_only_the_old_type_has(server: ApiServer) -> None:
    ref = Ref("Service", "default", "s")
    spec = {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80}]}
    server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec})
    inside = server.patch(ref, {"spec": {"type": "ClusterIP"}}).obj["spec"]
    assert "nodePort" not in inside["ports"][0]
    assert "externalTrafficPolicy" not in inside
    outside = server.patch(ref, {"spec": {"type": "ExternalName", "externalName": "a.example"}}).obj["spec"]
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} & set(outside)
    back = server.patch(ref, {"spec": {"type": "ClusterIP", "externalName": None}}).obj["spec"]
    assert back["clusterIP"].startswith("10.96.")


def test_another_types_field_that_the_update_itself_names_is_refused(server: ApiServer) -> None:
    spec = {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80}]}
    server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec})
    patch = {"spec": {"type": "ClusterIP", "ports": [{"port": 80, "nodePort": 31_000}]}}
    with pytest.raises(errors.Invalid, match="may not be used when `type` is 'ClusterIP'"):
        server.patch(Ref("Service", "default", "s"), patch)


RANGE = "the provided network does not match the current range"
BOTH = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"ipFamilies": ["IPv6"]}, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'),
        ({"ipFamilyPolicy": "RequireDualStack"}, 'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster '
         "is not configured for dual-stack services"),
        ({"ipFamilies": ["IPv4", "IPv6"]}, f'spec.ipFamilyPolicy: Invalid value: "SingleStack": {BOTH}'),
        ({"clusterIP": "fd00::7"},
         'spec.clusterIPs[0]: Invalid value: ["fd00::7"]: IPv6 is not configured on this cluster'),
        ({"clusterIP": "192.168.9.9"},
         f'spec.clusterIPs: Invalid value: ["192.168.9.9"]: failed to allocate IP 192.168.9.9: {RANGE}'),
        ({"clusterIP": "10.96.0.0"},
         f'spec.clusterIPs: Invalid value: ["10.96.0.0"]: failed to allocate IP 10.96.0.0: {RANGE}'),
    ],
)  # fmt: skip
def test_a_service_gets_addresses_of_the_one_family_that_there_is(
    server: ApiServer, fields: dict[str, Any], text: str
) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}
    with pytest.raises(errors.Invalid) as refused:
        server.create({**service, "spec": {"ports": [{"port": 80}], "selector": {"a": "b"}, **fields}})
    assert refused.value.message == f'Service "s" is invalid: {text}'
    families = {"ipFamilies": ["IPv6"], "ipFamilyPolicy": "RequireDualStack", "clusterIP": "None"}
    assert server.create({**service, "spec": families}).obj["spec"]["ipFamilies"] == ["IPv6", "IPv4"]


@pytest.mark.parametrize(
    ("spec", "families", "policy"),
    [
        ({"ports": [{"port": 80}]}, ["IPv4"], "SingleStack"),
        ({"clusterIP": "None"}, ["IPv4", "IPv6"], "RequireDualStack"),
        ({"clusterIP": "None", "selector": {"a": "b"}}, ["IPv4"], "SingleStack"),
        ({"type": "ExternalName", "externalName": "a.example"}, None, None),
    ],
)
def test_the_families_of_a_service_that_names_none(
    server: ApiServer, spec: Obj, families: list[str] | None, policy: str | None
) -> None:
    made = server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}).obj["spec"]
    assert (made.get("ipFamilies"), made.get("ipFamilyPolicy")) == (families, policy)


def balanced(**spec: Any) -> Obj:
    ports = [{"name": "t", "port": 53}, {"name": "u", "port": 53, "protocol": "UDP"}]
    spec = {"type": "LoadBalancer", "selector": {"a": "b"}, "ports": ports, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"}, "spec": spec}


def test_one_port_of_two_protocols_gets_one_node_port(server: ApiServer) -> None:
    made = server.create(balanced()).obj["spec"]["ports"]
    assert made[0]["nodePort"] == made[1]["nodePort"]
    assert (
        "nodePort"
        not in server.create({**balanced(allocateLoadBalancerNodePorts=False), "metadata": {"name": "none"}}).obj[
            "spec"
        ]["ports"][0]
    )


def test_a_node_port_goes_with_the_name_of_its_port(server: ApiServer) -> None:
    first = server.create(node_ports("s", 80)).obj["spec"]["ports"][0]["nodePort"]
    moved = [{"name": "p80", "port": 8080}, {"name": "new", "port": 80}]
    ports = server.patch(Ref("Service", "default", "s"), {"spec": {"ports": moved}}).obj["spec"]["ports"]
    assert ports[0]["nodePort"] == first != ports[1]["nodePort"]


def test_a_balancer_that_asks_the_machines_gets_a_port_for_it(server: ApiServer) -> None:
    ref = Ref("Service", "default", "dns")
    made = server.create(balanced(externalTrafficPolicy="Local")).obj["spec"]
    assert 30000 <= made["healthCheckNodePort"] <= 32767
    assert made["healthCheckNodePort"] not in {port["nodePort"] for port in made["ports"]}
    taken = balanced(externalTrafficPolicy="Local", healthCheckNodePort=made["healthCheckNodePort"])
    why = f"failed to allocate requested HealthCheck NodePort {made['healthCheckNodePort']}: provided port is already"
    with pytest.raises(errors.Unexplained, match=why):
        server.create({**taken, "metadata": {"name": "other"}})
    wide = server.patch(ref, {"spec": {"externalTrafficPolicy": "Cluster"}}).obj["spec"]
    assert "healthCheckNodePort" not in wide


def test_a_node_port_that_another_service_has_is_refused_whatever_the_protocol(server: ApiServer) -> None:
    number = server.create(node_ports("s", 80)).obj["spec"]["ports"][0]["nodePort"]
    spec = {"type": "NodePort", "ports": [{"port": 53, "protocol": "UDP", "nodePort": number}]}
    with pytest.raises(errors.Invalid, match=rf"nodePort: Invalid value: {number}: provided port is already allocated"):
        server.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "t"}, "spec": spec})
