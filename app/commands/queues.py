"""People begin to use a quorum queue of a RabbitmqCluster, use it differently, or give it up.

They and the queue are a QuorumQueue object (app/api/quorum_queues.py); the servers of the cluster declare the queue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.api import errors, limits
from app.api.messages import N_, Message, Value, message
from app.api.objects import Ref
from app.api.quorum_queues import RABBITMQ_CLUSTER, quorum_queue, quorum_queue_ref
from app.commands.base import Done, Physical, within
from app.commands.hands import Hands

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class SetQueue(Physical):
    """`per_second` messages are published to `queue`, with confirms; `consume`: somebody takes them, and acknowledges
    each. It is to be on `size` servers; 0: it is deleted."""

    do = "queue"
    ref: Ref
    queue: str = "orders"
    size: int = 3
    per_second: int = 0
    consume: bool = False

    def perform(self, hands: Hands) -> None:
        within("size", self.size, 0, limits.QUEUE_MEMBERS)
        within("per_second", self.per_second, 0, limits.MESSAGES_A_SECOND)
        if not _NAME.fullmatch(self.queue):
            raise errors.BadRequest(f'field "queue" must be a short lower-case name, not "{self.queue[:40]}"')
        about = quorum_queue_ref(self.ref.namespace, self.ref.name, self.queue)
        before = hands.find(about)
        if self.size == 0:
            if before is not None:
                hands.delete(about)
            return
        if self.ref.kind != RABBITMQ_CLUSTER:
            raise errors.BadRequest(f"only a RabbitmqCluster has queues, not a {self.ref.bare_kind}")
        hands.get(self.ref)
        spec = {
            "cluster": self.ref.name,
            "queue": self.queue,
            "size": self.size,
            "everyMs": 1_000 // self.per_second if self.per_second else 0,
            "consume": self.consume,
        }
        if before is not None:
            hands.patch(about, {"spec": spec})
            return
        known = hands.objects(about.kind, self.ref.namespace)
        if len(known) >= limits.QUEUES:
            raise errors.BadRequest(f"there are {len(known)} queues already, and no more are shown")
        hands.create(quorum_queue(self.ref.namespace, spec))

    def said(self, done: Iterable[Done]) -> str:
        what = f"on {self.size} servers, {self.per_second} messages/s" if self.size else "deleted"
        return f"queue {self.queue} of {self.ref.name}: {what}"

    def sentence(self, count: int) -> Message:
        values: dict[str, Value] = {"queue": self.queue, "name": self.ref.name, "n": self.per_second}
        if not self.size:
            return message(N_("You delete the queue %(queue)s of %(name)s."), **values)
        if not self.per_second:
            return message(N_("You want the queue %(queue)s at %(name)s."), **values)
        return message(N_("You publish %(n)s messages a second to %(queue)s of %(name)s."), **values)
