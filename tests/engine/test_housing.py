"""A loop that runs in a pod lives and dies with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from app.api.objects import Obj, Ref, ref_of
from app.cluster import checkpoint, loops
from app.cluster.cluster import Cluster
from app.commands import Apply, CutNetwork, PowerNode
from app.engine import housing
from app.engine.trace import Acted, Step
from app.reconcile import Controller, Difference, Patch, PodProgram, Reader, Remember, itself
from tests.support.world import World

OPERATOR = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: counting-operator}
spec:
  replicas: 1
  selector: {matchLabels: {app: counting-operator}}
  template:
    metadata: {labels: {app: counting-operator}}
    spec:
      containers:
      - {name: manager, image: "registry.example.com/acme/counter:1.0", args: [run, manager]}
      - {name: other, image: nginx}
"""
NUMBER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: number, labels: {wake: '%d'}}\n"
PROGRAM = PodProgram("counter", "manager")


@dataclass(frozen=True, slots=True)
class Counted:
    config_map: Obj
    before: int


class Counting(Controller[Counted]):
    """Counts in its memory how often it was woken."""

    name = "counting-operator"
    reconciles = "ConfigMap"
    wakes = (itself("ConfigMap", when=lambda old, new: (old or {}).get("data") == (new or {}).get("data")),)
    runs_in = PROGRAM

    def observe(self, key: Ref, reader: Reader) -> Counted | None:
        found = reader.get(key)
        return None if found is None else Counted(found, reader.remembered() or 0)

    def diff(self, seen: Counted) -> Iterable[Difference]:
        ref, count = ref_of(seen.config_map), seen.before + 1
        patch = Patch(ref, {"data": {"woken": str(count)}})
        yield Difference(ref, "data.woken", count, seen.before, "Woken", (Remember(count), patch))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(loops, "_given", [Counting])
    world = World()
    world.apply(NUMBER % 1)
    world.settle()
    return world


def woken(cluster: Cluster) -> str:
    found = cluster.get(Ref("ConfigMap", "default", "number"))
    assert found is not None
    return str((found.get("data") or {}).get("woken", ""))


def home(world: World) -> str:
    (pod,) = [name for name in world.pod_names() if name.startswith("counting-operator")]
    return pod


def installed(world: World) -> World:
    world.apply(OPERATOR)
    world.settle()
    return world


def test_without_its_pod_it_does_not_run(world: World) -> None:
    assert "counting-operator" not in world.actors
    assert woken(world) == ""


def test_it_starts_when_the_container_of_its_program_does(world: World) -> None:
    installed(world)
    assert woken(world) == "1"
    world.apply(NUMBER % 2)
    world.settle()
    assert woken(world) == "2"


def test_with_the_pod_its_memory_goes_and_the_next_pod_begins_anew(world: World) -> None:
    installed(world)
    world.apply(NUMBER % 2)
    world.settle()
    world.kill(home(world))
    world.settle()
    world.apply(NUMBER % 3)
    world.settle()
    assert int(woken(world)) <= 2


def test_without_replicas_nothing_is_done(world: World) -> None:
    installed(world)
    world.scale("counting-operator", 0)
    world.settle()
    assert "counting-operator" not in world.actors
    world.apply(NUMBER % 2)
    world.settle()
    assert woken(world) == "1"


def test_it_stops_with_its_machine_and_does_not_reach_the_api_server_from_a_cut_one(world: World) -> None:
    installed(world)
    pod = world.get(Ref("Pod", "default", home(world)))
    assert pod is not None
    node = pod["spec"]["nodeName"]
    world.do(CutNetwork(node))
    world.apply(NUMBER % 2)
    world.wait(5)
    assert woken(world) == "1"
    world.do(CutNetwork(node, cut=False))
    world.settle()
    assert woken(world) == "2"
    world.do(PowerNode(node))
    world.apply(NUMBER % 3)
    world.wait(5)
    assert woken(world) == "2"


def test_a_copy_and_a_checkpoint_run_it_on_with_what_it_remembers(world: World) -> None:
    installed(world)
    copied: Cluster = world.copy()
    text = b"".join(checkpoint.written(world.copy()))
    resumed = checkpoint.resumed(text.splitlines(), list(world.journal))
    for cluster in (copied, resumed):
        cluster.submit(Apply(NUMBER % 2))
        cluster.run()
        assert woken(cluster) == "2"


@pytest.mark.parametrize(
    ("image", "command", "is_home"),
    [
        pytest.param("acme/counter:1.0", ["run", "manager"], True, id="its program"),
        pytest.param("mirror.example.com:5000/acme/counter@sha256:00", ["manager"], True, id="from another registry"),
        pytest.param("acme/counter:1.0", ["sidecar"], False, id="the same image doing something else"),
        pytest.param("acme/counter-exporter:1.0", ["manager"], False, id="an image whose name only begins so"),
    ],
)
def test_a_home_is_known_by_image_and_command(image: str, command: list[str], is_home: bool) -> None:
    sandbox = {
        "apiVersion": "loopscope.internal/v1",
        "kind": "PodSandbox",
        "metadata": {"name": "p.node-1", "namespace": "default"},
        "spec": {"nodeName": "node-1", "podName": "p", "containers": {"c": {"image": image, "command": command}}},
        "status": {"containers": {"c": {"state": "running", "startedMs": 5, "attempt": 0}}},
    }
    assert housing.concerns(sandbox, PROGRAM) == is_home
    assert (housing.newest([sandbox], PROGRAM) is not None) == is_home


def test_of_two_pods_the_newer_one_is_its_home(world: World) -> None:
    installed(world)
    world.scale("counting-operator", 2)
    world.settle()
    pods = [pod for pod in world.objects("Pod", "default") if "counting-operator" in pod["metadata"]["name"]]
    newer = max(pods, key=lambda pod: str(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]))
    older = min(pods, key=lambda pod: str(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]))
    assert newer is not older
    world.do(CutNetwork(older["spec"]["nodeName"]))
    before = world.trace.count
    world.apply(NUMBER % 7)
    world.wait(5)
    assert [step for step in world.trace.since(before) if step.actor == "counting-operator" and acted(step)]


def acted(step: Step) -> bool:
    return isinstance(step.record, Acted) and step.record.result.ok
