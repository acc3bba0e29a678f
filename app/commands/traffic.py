"""People begin to use a Service, use it differently, or stop.

They are a Load object (app/api/loads.py); the loops of app/nodes/network live as long as there is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api import errors, limits
from app.api.loads import PATHS, PATTERNS, load
from app.api.messages import N_, Message, message
from app.api.objects import Ref, ref_of
from app.commands.base import Done, Physical, within
from app.commands.hands import Hands


@dataclass(frozen=True, slots=True)
class SetTraffic(Physical):
    """`rps` requests a second; 0: nobody uses it. `pattern` is steady, ramp or spike, `path` node-port or direct."""

    do = "traffic"
    ref: Ref
    rps: int
    pattern: str = "steady"
    path: str = "node-port"

    def perform(self, hands: Hands) -> None:
        within("rps", self.rps, 0, limits.REQUESTS_A_SECOND)
        for field, value, known in (("pattern", self.pattern, PATTERNS), ("path", self.path, PATHS)):
            if value not in known:
                raise errors.BadRequest(f'field "{field}" must be one of {", ".join(known)}, not "{value[:40]}"')
        about = Ref("Load", self.ref.namespace, self.ref.name)
        before = hands.find(about)
        if self.rps == 0:
            if before is not None:
                _stop(hands, about)
            return
        _check_service(hands, self.ref)
        spec = {"service": self.ref.name, "rps": self.rps, "pattern": self.pattern, "path": self.path}
        if before is None:
            hands.create(load(about, {**spec, "startedMs": hands.now_ms}))
            return
        if before["spec"]["pattern"] != self.pattern:
            spec["startedMs"] = hands.now_ms
        hands.patch(about, {"spec": spec})

    def said(self, done: Iterable[Done]) -> str:
        return f"service/{self.ref.name} gets {f'{self.rps} req/s' if self.rps else 'no traffic'}"

    def sentence(self, count: int) -> Message:
        if not self.rps:
            return message(N_("You end the requests to %(name)s."), name=self.ref.name)
        return message(N_("You send %(rps)s requests a second to %(name)s."), name=self.ref.name, rps=self.rps)


def _stop(hands: Hands, about: Ref) -> None:
    """The Load goes, and with it the rules that were written down for it."""
    for path in hands.objects("DataPath", about.namespace):
        if path["spec"]["service"] == about.name:
            hands.delete(ref_of(path))
    hands.delete(about)


def _check_service(hands: Hands, ref: Ref) -> None:
    if ref.kind != "Service":
        raise errors.BadRequest(f"only a Service takes traffic, not a {ref.bare_kind}")
    spec = hands.get(ref)["spec"]
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None":
        raise errors.BadRequest(f'service "{ref.name}" has no virtual IP that a load balancer could stand before')
