"""RabbitMQ as a service, in the words of the domain: for tests that run all loops together, and for figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import app.operators.rabbitmq
from app.api.objects import Obj, Ref
from app.api.quorum_queues import RABBITMQ_CLUSTER, quorum_queue_ref
from app.commands import SetLabel, SetQueue
from tests.support.world import World

INSTALL = (Path(app.operators.rabbitmq.__path__[0]) / "install.yaml").read_text()
CLUSTER = "apiVersion: rabbitmq.com/v1beta1\nkind: RabbitmqCluster\nmetadata: {name: r}\nspec: {replicas: %d%s}\n"
R = Ref(RABBITMQ_CLUSTER, "default", "r")


class RabbitWorld(World):
    """With the operator installed, and a RabbitmqCluster `r` of so many servers at rest."""

    def __init__(self, servers: int = 3, **options: Any) -> None:
        super().__init__(**{"nodes": 4, "cpu": "8", "memory": "32Gi", **options})
        self.apply(INSTALL)
        self.settle()
        self.want(servers)
        self.settle()

    def want(self, servers: int, more: str = "") -> None:
        self.apply(CLUSTER % (servers, more))

    def queue(self, per_second: int = 0, *, consume: bool = False, size: int = 3) -> None:
        self.do(SetQueue(R, "orders", size, per_second, consume))

    def pause(self, paused: str | None) -> None:
        self.do(SetLabel(R, "rabbitmq.com/pauseReconciliation", paused))

    # looking

    @property
    def rabbit(self) -> Obj:
        found = self.get(R)
        assert found is not None
        return found

    def verdict(self, type_: str) -> tuple[str, str, str]:
        found = next(each for each in self.rabbit["status"]["conditions"] if each["type"] == type_)
        return found["status"], found["reason"], found.get("message", "")

    @property
    def orders(self) -> dict[str, Any]:
        found = self.get(quorum_queue_ref("default", "r", "orders"))
        assert found is not None
        status: dict[str, Any] = found["status"]
        return status

    @property
    def leader(self) -> str:
        name: str = self.orders["leader"]
        return name

    @property
    def election_ms(self) -> int:
        """How long the newest took, from when the leader before was lost."""
        newest = self.orders["elections"][-1]
        return int(newest["atMs"] - newest["sinceMs"])

    @property
    def consumers_server(self) -> str:
        """To which the consumer is connected."""
        channel: str = self.orders["people"]["consumer"]
        return channel.partition("/")[0]

    def confirmed(self) -> int:
        return sum(high - low + 1 for low, high in self.orders["book"]["confirmed"])

    def machine_of(self, pod: str) -> str:
        found = self.get(Ref("Pod", "default", pod))
        assert found is not None
        node: str = found["spec"]["nodeName"]
        return node

    def told(self) -> list[tuple[str, str]]:
        """The Events about the RabbitmqCluster, oldest first."""
        events = [
            each for each in self.objects("Event", "default") if each["involvedObject"]["kind"] == "RabbitmqCluster"
        ]
        return [(each["reason"], each["message"]) for each in events]
