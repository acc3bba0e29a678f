"""A cluster in the words of the domain, for tests that run all loops together."""

from __future__ import annotations

from typing import Any

from app.api.objects import Obj, Ref, controller_of, ref_of
from app.cluster import Cluster, Outcome
from app.commands import (
    Apply,
    Command,
    Cordon,
    CrashContainer,
    DeleteObject,
    RolloutRestart,
    RolloutUndo,
    Scale,
    SetImage,
    SetLabel,
)
from app.engine.trace import Commanded, Step
from app.kubectl.printers.pods import pod_status
from app.registry.bootstrap import is_built_in

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: %s
        ports: [{containerPort: 80}]
"""
SERVICE = """
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
"""


class World(Cluster):
    """`World()` is a cluster of three nodes at rest; what it does must be accepted unless `refused` is asked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"latencies": "realistic", **options})
        assert self.run().reason == "quiet"

    def objects(self, kind: str, namespace: str | None = None) -> list[Obj]:
        """Those that somebody made: what every cluster has (but its namespaces) is left out."""
        found = super().objects(kind, namespace)
        return [obj for obj in found if kind == "Namespace" or not is_built_in(ref_of(obj))]

    def do(self, command: Command) -> Step:
        step = self.submit(command)
        assert isinstance(step.record, Commanded)
        assert not step.record.error, step.record.error
        return step

    def delete_namespace(self, name: str) -> None:
        self.do(DeleteObject(Ref("Namespace", "", name)))

    def refused_apply(self, text: str) -> str:
        return self.refused(Apply(text))

    def refused(self, command: Command) -> str:
        revision = self.store.revision
        step = self.submit(command)
        assert isinstance(step.record, Commanded)
        assert step.record.error
        assert self.store.revision == revision
        return step.record.error

    def apply(self, text: str) -> None:
        self.do(Apply(text))

    def web(self, replicas: int = 3, image: str = "nginx:1.27") -> None:
        self.apply(WEB % (replicas, image) + SERVICE)

    def kill(self, pod: str) -> None:
        self.do(DeleteObject(Ref("Pod", "default", pod)))

    def delete(self, kind: str, name: str, propagation: str | None = None) -> None:
        self.do(DeleteObject(Ref(kind, "default", name), None, propagation))

    def crash(self, pod: str) -> None:
        self.do(CrashContainer(Ref("Pod", "default", pod)))

    def scale(self, name: str, replicas: int) -> None:
        self.do(Scale(Ref("Deployment", "default", name), replicas))

    def image(self, name: str, image: str) -> None:
        self.do(SetImage(Ref("Deployment", "default", name), image))

    def undo(self, name: str) -> None:
        self.do(RolloutUndo(Ref("Deployment", "default", name)))

    def restart(self, name: str) -> None:
        self.do(RolloutRestart(Ref("Deployment", "default", name)))

    def cordon(self, node: str) -> None:
        self.do(Cordon(node))

    def label(self, pod: str, label: str, value: str | None) -> None:
        self.do(SetLabel(Ref("Pod", "default", pod), label, value))

    def settle(self) -> Outcome:
        outcome = self.run()
        assert outcome.reason == "quiet", outcome
        return outcome

    def wait(self, seconds: float) -> None:
        """Let time pass, heartbeats and all."""
        self.advance(self.now_ms + round(seconds * 1000))

    # looking

    def deployment(self, name: str = "web") -> Obj:
        obj = self.get(Ref("Deployment", "default", name))
        assert obj is not None
        return obj

    def pods(self) -> list[Obj]:
        return self.objects("Pod", "default")

    def pod_names(self) -> list[str]:
        return [pod["metadata"]["name"] for pod in self.pods()]

    def statuses(self) -> list[str]:
        return sorted(pod_status(pod) for pod in self.pods())

    def replica_sets(self) -> dict[str, int]:
        """Name of each ReplicaSet's image -> replicas wanted."""
        sets = self.objects("ReplicaSet", "default")
        return {rs["spec"]["template"]["spec"]["containers"][0]["image"]: rs["spec"]["replicas"] for rs in sets}

    def ready_endpoints(self) -> set[str]:
        return {
            address
            for piece in self.objects("EndpointSlice", "default")
            for endpoint in piece["endpoints"] or ()
            if endpoint["conditions"]["ready"]
            for address in endpoint["addresses"]
        }

    def owner(self, pod: str) -> str | None:
        obj = self.get(Ref("Pod", "default", pod))
        reference = controller_of(obj) if obj else None
        return reference["name"] if reference else None

    def event_reasons(self, kind: str) -> list[str]:
        return [e["reason"] for e in self.objects("Event") if e["involvedObject"]["kind"] == kind]

    def condition(self, type_: str, name: str = "web") -> dict[str, Any]:
        found: list[dict[str, Any]] = [c for c in self.deployment(name)["status"]["conditions"] if c["type"] == type_]
        assert len(found) == 1
        return found[0]
