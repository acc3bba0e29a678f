"""One request, taken apart, as the functions that answer it get it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response

from app.api.objects import Obj
from app.apimachinery.scheme.scheme import Definition, Scheme
from app.rooms import Room
from app.web.kube import encoding, warned
from app.web.kube.paths import Target

_CLIENT = re.compile(r"[\w.+-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call:
    room: Room
    scheme: Scheme
    definition: Definition  # of the kind that the address names, as it is at the beginning
    target: Target
    query: Mapping[str, str]
    form: str  # what the client wants to get: accept.OBJECT, TABLE or METADATA
    who: str  # the client, as it names itself
    environ: Mapping[str, Any] = field(default_factory=dict)

    def whole(self, obj: Obj) -> bytes:
        """An object as the version of the address has it. Those of the stored version are encoded once."""
        asked = self.definition.to_version(obj, self.target.kind.api_version)
        return encoding.whole(obj) if asked is obj else encoding.dumps(asked)

    def item(self, obj: Obj) -> bytes:
        """One of a list: those of Kubernetes' own kinds leave to the list to say which kind that is."""
        if not self.target.kind.is_own:
            return self.whole(obj)
        asked = self.definition.to_version(obj, self.target.kind.api_version)
        return encoding.item(obj) if asked is obj else encoding.dumps(encoding.untyped(asked))


def client_name(user_agent: str) -> str:
    """`kubectl/v1.36.0 (linux/amd64) kubernetes/0123456` -> `kubectl`."""
    found = _CLIENT.match(user_agent.partition("/")[0])
    return found[0] if found else "unknown"


def answer(body: bytes | Mapping[str, Any], code: int = 200, warnings: tuple[str, ...] = ()) -> Response:
    warned.tell(warnings)
    data = body if isinstance(body, bytes) else encoding.dumps(body)
    return Response(data + b"\n", code, mimetype="application/json")
