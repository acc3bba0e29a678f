"""Kinds in the shape of those that people install: each is taken as it is, and its objects are judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.api.objects import Obj, Ref
from app.apimachinery.yamltext import dump
from app.commands import DeleteObject
from app.kubectl.printers import printers
from tests.support import published_crds
from tests.support.crds import define
from tests.support.world import World


def of(api_version: str, kind: str, spec: Obj, **facts: Any) -> Obj:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec, **facts}


def world_with(made: Callable[[], Obj]) -> World:
    world = World()
    define(world, made())
    return world


def stored(world: World, obj: Obj, namespace: str = "default") -> Obj:
    world.apply(dump(obj))
    group = obj["apiVersion"].partition("/")[0]
    found = world.get(Ref(f"{obj['kind']}.{group}", namespace, "x"))
    assert found is not None
    return found


def cells(world: World, obj: Obj) -> list[Any]:
    definition = world.scheme.definition(f"{obj['kind']}.{obj['apiVersion'].partition('/')[0]}")
    (row,) = printers.table(definition.row.key, [obj], world.now_ms, definition.columns).rows
    return list(row)


def test_monitoring() -> None:
    world = world_with(published_crds.monitoring)
    version = "monitoring.example.com/v1"
    endpoints = [{"targetPort": "web", "interval": "30s", "relabelings": [{"sourceLabels": ["a"]}]}]
    made = stored(world, of(version, "Prometheus", {"replicas": 2, "endpoints": endpoints, "version": "v3.1"}))
    assert made["spec"]["retention"] == "24h"
    assert made["spec"]["endpoints"][0]["relabelings"][0]["action"] == "replace"
    reconciled = {"conditions": [{"type": "Reconciled", "status": "True"}]}
    assert cells(world, {**made, "status": reconciled}) == ["x", "v3.1", 2, "True", None]
    wrong = of(version, "Prometheus", {"retention": "soon", "storage": {"emptyDir": {"sizeLimit": "large"}}})
    refusal = world.refused_apply(dump(wrong))
    assert 'spec.retention: Invalid value: "soon": spec.retention in body should match' in refusal
    assert 'spec.storage.emptyDir.sizeLimit: Invalid value: "large"' in refusal


def test_certificates() -> None:
    world = world_with(published_crds.certificates)
    version = "certs.example.com/v1"
    good = {"secretName": "tls", "issuerRef": {"name": "ca"}, "duration": "24h", "renewBefore": "1h", "privateKey": {}}
    made = stored(world, of(version, "Certificate", good), "")
    assert made["spec"]["privateKey"] == {"rotationPolicy": "Always"}
    assert cells(world, made) == ["x", None, "tls", "0s"]
    for change, why in (
        ({"renewBefore": "48h"}, "spec.renewBefore: Invalid value: renewBefore must be shorter than duration"),
        ({"issuerRef": {"name": "other"}}, "spec: Invalid value: issuerRef is immutable"),
        (
            {"privateKey": {"algorithm": "RSA", "size": 7}},
            "spec.privateKey: Invalid value: an RSA key has 2048 or 4096 bits",
        ),
        ({"usages": ["nonsense"]}, 'spec.usages[0]: Unsupported value: "nonsense": supported values: "signing"'),
        ({"duration": "long"}, 'time: invalid duration "long" evaluating rule: renewBefore must be shorter'),
    ):
        assert why in world.refused_apply(dump(of(version, "Certificate", {**good, **change})))


def test_databases() -> None:
    world = world_with(published_crds.databases)
    version = "mysql.example.com/v2"
    pod = {"containers": [{"name": "mysql", "resources": {"requests": {"cpu": 1}}}]}
    made = stored(
        world, of(version, "InnoDBCluster", {"secretName": "s", "instances": 3, "podSpec": pod, "router": {}})
    )
    assert (made["spec"]["router"], made["spec"]["podSpec"], made["spec"]["baseServerId"]) == (
        {"instances": 1},
        pod,
        1000,
    )
    status = {"cluster": {"status": "ONLINE", "onlineInstances": 3}}
    assert cells(world, {**made, "status": status})[:4] == ["x", "ONLINE", 3, 3]
    both = {"secretName": "s", "initDB": {"clone": {}, "dump": {}}}
    assert "must validate one and only one schema (oneOf). Found 2 valid" in world.refused_apply(
        dump(of(version, "InnoDBCluster", both))
    )
    assert "less than or equal to 9" in world.refused_apply(
        dump(of(version, "InnoDBCluster", {"secretName": "s", "instances": 10}))
    )


def test_brokers() -> None:
    world = world_with(published_crds.brokers)
    version = "rabbitmq.example.com/v1beta1"
    ports = [{"containerPort": 1}, {"containerPort": 1, "protocol": "UDP"}]
    template = {"statefulSet": {"spec": {"template": {"spec": {"ports": ports}}}}}
    made = stored(world, of(version, "RabbitmqCluster", {"override": template}))
    assert made["spec"]["persistence"] == {"storage": "10Gi"}
    assert made["spec"]["resources"]["limits"] == {"cpu": "2000m", "memory": "2Gi"}
    kept = made["spec"]["override"]["statefulSet"]["spec"]["template"]["spec"]["ports"]
    assert [port["protocol"] for port in kept] == ["TCP", "UDP"]
    twice = {"statefulSet": {"spec": {"template": {"spec": {"ports": [*ports, {"containerPort": 1}]}}}}}
    refusal = world.refused_apply(dump(of(version, "RabbitmqCluster", {"override": twice})))
    assert 'ports[2]: Duplicate value: {"containerPort":1,"protocol":"TCP"}' in refusal
    service = {"service": {"apiVersion": "v1", "spec": {"type": "LoadBalancer"}}}
    refusal = world.refused_apply(dump(of(version, "RabbitmqCluster", {"override": service})))
    assert "spec.override.service.kind: Required value" in refusal


@pytest.mark.parametrize(
    "made",
    [published_crds.monitoring, published_crds.certificates, published_crds.databases, published_crds.brokers],
    ids=lambda made: made.__name__,
)
def test_it_goes_again_and_leaves_nothing(made: Callable[[], Obj]) -> None:
    world = world_with(made)
    before = [row.key for row in World().scheme.kinds()]
    world.do(DeleteObject(Ref("CustomResourceDefinition", "", made()["metadata"]["name"])))
    world.run()
    assert [row.key for row in world.scheme.kinds()] == before


QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: few}
spec: {hard: {count/innodbclusters.mysql.example.com: "1"}}
"""


def test_the_other_loops_look_after_it_as_after_any_kind() -> None:
    world = world_with(published_crds.databases)
    world.apply(QUOTA)
    world.run()
    made = stored(world, of("mysql.example.com/v2", "InnoDBCluster", {"secretName": "s"}))
    second = of("mysql.example.com/v2", "InnoDBCluster", {"secretName": "s"})
    second["metadata"] = {"name": "y"}
    assert "exceeded quota: few" in world.refused_apply(dump(second))
    owner = {key: made[key] for key in ("apiVersion", "kind")} | {"name": "x", "uid": made["metadata"]["uid"]}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "child", "ownerReferences": [owner]}}
    world.apply(dump(config))
    world.do(DeleteObject(Ref("InnoDBCluster.mysql.example.com", "default", "x")))
    world.run()
    assert world.get(Ref("ConfigMap", "default", "child")) is None
    world.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n")
    second["metadata"] = {"name": "x", "namespace": "team"}
    stored(world, second, "team")
    world.delete_namespace("team")
    world.run()
    assert world.count("InnoDBCluster.mysql.example.com") == 0
    assert world.get(Ref("Namespace", "", "team")) is None
