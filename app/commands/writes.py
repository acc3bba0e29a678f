"""Clients begin to write to a MySQL cluster, write more or less, or stop.

What they write is in the spec of its MySQLGroup (app/api/mysql_groups.py); what comes of it: app/operators/mysql.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api import errors, limits
from app.api.messages import N_, Message, message
from app.api.mysql_groups import INNODB_CLUSTER, group_ref
from app.api.objects import Ref
from app.commands.base import Done, Physical, within
from app.commands.hands import Hands


@dataclass(frozen=True, slots=True)
class SetWrites(Physical):
    """`per_second` writes through the routers of an InnoDBCluster; 0: nobody writes any more."""

    do = "writes"
    ref: Ref
    per_second: int = 10

    def perform(self, hands: Hands) -> None:
        within("per_second", self.per_second, 0, limits.WRITES_A_SECOND)
        if self.ref.kind != INNODB_CLUSTER:
            raise errors.BadRequest(f"only an InnoDBCluster takes writes, not a {self.ref.bare_kind}")
        about = group_ref(self.ref.namespace, self.ref.name)
        if hands.find(about) is None:
            raise errors.NotFound(f'no server of "{self.ref.name}" has started yet')
        hands.patch(about, {"spec": {"writes": {"perSecond": self.per_second, "startedMs": hands.now_ms}}})

    def said(self, done: Iterable[Done]) -> str:
        wanted = f"{self.per_second} writes/s" if self.per_second else "no writes"
        return f"innodbcluster/{self.ref.name} gets {wanted}"

    def sentence(self, count: int) -> Message:
        if not self.per_second:
            return message(N_("You end the writes to %(name)s."), name=self.ref.name)
        text = N_("You send %(n)s writes a second to %(name)s.")
        return message(text, n=self.per_second, name=self.ref.name)
