"""QuorumQueue: a queue of a RabbitmqCluster, and the people who use it. An internal kind: no API client sees it.

Made by the command that sets a queue; the servers of the cluster (app/operators/rabbitmq) declare it. Its spec:
`cluster`, `queue`, `size` (on how many servers it is to be), `everyMs` (between two messages; 0: nobody publishes),
`consume`. What is in its status: app/operators/rabbitmq/stored.py.
"""

from __future__ import annotations

from typing import Any

from app.api.kinds import INTERNAL_V1
from app.api.objects import Obj, Ref

QUORUM_QUEUE = "QuorumQueue"
RABBITMQ_CLUSTER = "RabbitmqCluster.rabbitmq.com"


def quorum_queue_ref(namespace: str, cluster: str, queue: str) -> Ref:
    return Ref(QUORUM_QUEUE, namespace, f"{cluster}.{queue}")


def quorum_queue(namespace: str, spec: dict[str, Any]) -> Obj:
    ref = quorum_queue_ref(namespace, spec["cluster"], spec["queue"])
    return {
        "apiVersion": INTERNAL_V1,
        "kind": QUORUM_QUEUE,
        "metadata": {"name": ref.name, "namespace": namespace},
        "spec": spec,
    }
