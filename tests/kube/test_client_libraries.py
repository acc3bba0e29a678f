"""Clients that we did not write, and that read answers strictly: the official Python client, an operator in kopf."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import kubernetes
import pytest
import yaml
from kubernetes import client, dynamic, watch

from tests.support.clients import DEPLOYMENT, Kubectl
from tests.support.pages import lanes_drawn
from tests.support.server import Server

SECONDS = 30


@pytest.fixture
def k8s(kubectl: Kubectl) -> Iterator[client.ApiClient]:
    with kubernetes.config.new_client_from_config(str(kubectl.config)) as api:
        yield api


def test_typed_calls(k8s: client.ApiClient, kubectl: Kubectl) -> None:
    apps, core = client.AppsV1Api(k8s), client.CoreV1Api(k8s)
    apps.create_namespaced_deployment("default", yaml.safe_load(DEPLOYMENT))
    kubectl("rollout", "status", "deploy/shop")
    shop = apps.read_namespaced_deployment("shop", "default")
    assert (shop.spec.replicas, shop.status.ready_replicas) == (2, 2)
    pods = core.list_namespaced_pod("default", label_selector="app=shop").items
    assert [pod.status.phase for pod in pods] == ["Running", "Running"]
    assert len(core.list_node().items) == 3
    assert core.list_event_for_all_namespaces().items
    assert core.list_namespaced_service("default").items[0].spec.cluster_ip
    assert client.DiscoveryV1Api(k8s).list_namespaced_endpoint_slice("default").items
    assert client.CoordinationV1Api(k8s).list_namespaced_lease("kube-node-lease").items
    assert "starting nginx:1.27" in core.read_namespaced_pod_log(pods[0].metadata.name, "default")


def test_patch_scale_replace_and_delete(k8s: client.ApiClient) -> None:
    apps = client.AppsV1Api(k8s)
    web = apps.patch_namespaced_deployment("web", "default", {"metadata": {"labels": {"x": "y"}}})
    assert web.metadata.labels["x"] == "y"
    scale = apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 4}})
    assert scale.spec.replicas == 4
    web.metadata.resource_version = "1"
    with pytest.raises(client.ApiException) as conflict:
        apps.replace_namespaced_deployment("web", "default", web)
    assert (conflict.value.status, "has been modified" in conflict.value.body) == (409, True)
    apps.delete_namespaced_deployment("web", "default", propagation_policy="Foreground")
    with pytest.raises(client.ApiException) as missing:
        client.CoreV1Api(k8s).read_namespaced_pod("nope", "default")
    assert missing.value.status == 404


def test_a_watch_tells_of_a_pod_from_pending_to_running(k8s: client.ApiClient) -> None:
    core = client.CoreV1Api(k8s)
    spec = {"containers": [{"name": "c", "image": "nginx:1.27"}]}
    core.create_namespaced_pod("default", {"metadata": {"name": "solo", "labels": {"solo": "1"}}, "spec": spec})
    phases = []
    stream = watch.Watch()
    for event in stream.stream(core.list_namespaced_pod, "default", label_selector="solo=1", timeout_seconds=SECONDS):
        phases.append(event["object"].status.phase)
        if phases[-1] == "Running":
            stream.stop()
    assert phases[-1] == "Running"


def test_the_dynamic_client_and_server_side_apply(k8s: client.ApiClient) -> None:
    resources = dynamic.DynamicClient(k8s).resources
    configs = resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}}
    applied = configs.server_side_apply(body=body, namespace="default", field_manager="py").to_dict()
    assert applied["data"] == {"a": "1"}
    assert [(entry["manager"], entry["operation"]) for entry in applied["metadata"]["managedFields"]] == [
        ("py", "Apply")
    ]
    assert [each.metadata.name for each in configs.get(namespace="default").items] == ["c", "kube-root-ca.crt"]
    configs.delete(name="c", namespace="default")
    assert [each.metadata.name for each in configs.get(namespace="default").items] == ["kube-root-ca.crt"]


OPERATOR = """
import pathlib
import kopf

@kopf.on.startup()
def settings(settings, **_):
    settings.posting.enabled = False

@kopf.on.create("configmaps", labels={"managed": "yes"})
def created(name, patch, **_):
    patch.metadata.annotations["made"] = "yes"

@kopf.on.update("configmaps", labels={"managed": "yes"}, field="data")
def updated(new, patch, **_):
    patch.metadata.annotations["saw"] = new["a"]

@kopf.timer("configmaps", labels={"managed": "yes"}, interval=0.5)
def ticked(patch, **_):
    patch.metadata.labels["ticked"] = "yes"

@kopf.daemon("configmaps", labels={"managed": "yes"})
async def guarded(stopped, **_):
    pathlib.Path(__file__).with_name("on-guard").touch()
    await stopped.wait()
    pathlib.Path(__file__).with_name("off-guard").touch()

@kopf.on.delete("configmaps", labels={"managed": "yes"})
def deleted(name, **_):
    pass
"""


def until(what: str, condition: Any, operator: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline or operator.poll() is not None:
            operator.kill()
            pytest.fail(f"the operator did not come to: {what}\n{operator.communicate()[0]}")
        time.sleep(0.1)


def test_an_operator_in_kopf(k8s: client.ApiClient, kubectl: Kubectl, server: Server) -> None:
    script = kubectl.config.parent / "operator.py"
    script.write_text(OPERATOR)
    core = client.CoreV1Api(k8s)

    def meta() -> Any:
        return core.read_namespaced_config_map("c", "default").metadata

    command = [sys.executable, "-m", "kopf", "run", "--standalone", "-n", "default", str(script)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=kubectl.env
    ) as operator:
        core.create_namespaced_config_map(
            "default", {"metadata": {"name": "c", "labels": {"managed": "yes"}}, "data": {"a": "1"}}
        )
        until("create", lambda: (meta().annotations or {}).get("made") == "yes", operator)
        until("its finalizer", lambda: meta().finalizers, operator)
        until("timer", lambda: meta().labels.get("ticked") == "yes", operator)
        until("daemon", script.with_name("on-guard").exists, operator)
        core.patch_namespaced_config_map("c", "default", {"data": {"a": "2"}})
        until("update", lambda: (meta().annotations or {}).get("saw") == "2", operator)
        core.delete_namespaced_config_map("c", "default")
        until(
            "delete", lambda: not core.list_namespaced_config_map("default", label_selector="managed").items, operator
        )
        assert script.with_name("off-guard").exists()
        operator.terminate()
        operator.communicate(timeout=SECONDS)
    room = kubectl.server.removeprefix(server.url).removesuffix("/kube")
    assert {"@kopf", "@OpenAPI-Generator"} <= lanes_drawn(server.get(room))
