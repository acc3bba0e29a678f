"""lightkube: typed by the same models that our schemas come from, and a reader of answers that we did not write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lightkube import ApiError, Client, KubeConfig
from lightkube.models.autoscaling_v1 import ScaleSpec
from lightkube.models.core_v1 import Container, PodSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Node, Pod
from lightkube.types import PatchType

from tests.support.clients import Kubectl


@pytest.fixture
def client(kubectl: Kubectl) -> Iterator[Client]:
    with Client(config=KubeConfig.from_file(str(kubectl.config)), field_manager="lightkube", trust_env=False) as client:
        yield client


def pod(name: str, **labels: str) -> Pod:
    return Pod(
        metadata=ObjectMeta(name=name, labels=labels),
        spec=PodSpec(containers=[Container(name="c", image="nginx:1.27")]),
    )


def test_get_and_list_in_pages(client: Client) -> None:
    web = client.get(Deployment, "web")
    assert web.spec.replicas == 3
    assert [node.metadata.name for node in client.list(Node)] == ["node-1", "node-2", "node-3"]
    client.wait(Deployment, "web", for_conditions=["Available"])
    pods = list(client.list(Pod, namespace="*", labels={"app": ["web", "other"]}, chunk_size=2))
    assert [each.spec.containers[0].image for each in pods] == ["nginx:1.27"] * 3
    assert {each.metadata.namespace for each in client.list(Pod, fields={"status.phase": "Running"})} == {"default"}
    with pytest.raises(ApiError) as missing:
        client.get(Pod, "nope")
    assert (missing.value.status.code, missing.value.status.reason) == (404, "NotFound")


def test_create_wait_read_the_log_and_delete(client: Client) -> None:
    client.create(pod("solo"))
    ready = client.wait(Pod, "solo", for_conditions=["Ready"])
    assert ready.status.phase == "Running"
    assert any("starting nginx:1.27" in line for line in client.log("solo"))
    client.delete(Pod, "solo", grace_period=0)
    with pytest.raises(ApiError, match="not found"):
        client.get(Pod, "solo")


def test_a_watch_from_the_version_of_a_list(client: Client) -> None:
    listed = client.list(Pod, labels={"solo": "1"})
    assert list(listed) == []
    client.create(pod("solo", solo="1"))
    seen = []
    for operation, each in client.watch(Pod, labels={"solo": "1"}, resource_version=listed.resourceVersion):
        seen.append((operation, each.status.phase))
        if each.status.phase == "Running":
            break
    assert seen[0] == ("ADDED", "Pending")
    assert seen[-1] == ("MODIFIED", "Running")


def test_server_side_apply_and_other_patches(client: Client) -> None:
    def config(**data: str) -> ConfigMap:
        return ConfigMap(metadata=ObjectMeta(name="c", namespace="default"), data=data)

    client.apply(config(a="1", b="1"))
    assert client.apply(config(a="2")).data == {"a": "2"}
    with pytest.raises(ApiError) as conflict:
        client.apply(config(a="3"), field_manager="another")
    assert (conflict.value.status.code, conflict.value.status.reason) == (409, "Conflict")
    assert client.apply(config(a="3"), field_manager="another", force=True).data == {"a": "3"}
    merged = client.patch(ConfigMap, "c", {"data": {"a": None, "d": "4"}}, patch_type=PatchType.MERGE)
    assert merged.data == {"d": "4"}
    steps = [{"op": "test", "path": "/data/d", "value": "4"}, {"op": "replace", "path": "/data/d", "value": "5"}]
    assert client.patch(ConfigMap, "c", steps, patch_type=PatchType.JSON).data == {"d": "5"}
    container = {"name": "nginx", "image": "nginx:1.28"}
    image = {"spec": {"template": {"spec": {"containers": [container]}}}}
    web = client.patch(Deployment, "web", image, patch_type=PatchType.STRATEGIC)
    assert web.spec.template.spec.containers[0].readinessProbe is not None
    assert web.spec.template.spec.containers[0].image == "nginx:1.28"


def test_subresources_and_collections(client: Client) -> None:
    scaled = client.replace(
        Deployment.Scale(metadata=ObjectMeta(name="web", namespace="default"), spec=ScaleSpec(replicas=1))
    )
    assert scaled.spec.replicas == 1
    assert client.get(Deployment, "web").spec.replicas == 1
    for name in ("a", "b"):
        client.create(ConfigMap(metadata=ObjectMeta(name=name, labels={"some": "yes"})))
    client.deletecollection(ConfigMap, namespace="default")
    assert list(client.list(ConfigMap, labels={"some": "yes"})) == []
