"""What an API client did, as a sentence: "kubectl created Deployment web." Called by `captions` for its commands.

The sentences are those of the loops, which write through the same API.
"""

from __future__ import annotations

import json
from typing import Any

from app.commands import BindPod, Command, CreateObject, DeleteObject, EvictPod, PatchObject, ReplaceObject
from app.web.present.words import Words


def client(command: Command) -> str:
    """The API client that sent it, as it names itself; "" if a person did it on the page."""
    return str(getattr(command, "who", ""))


def asked(command: Command, _: Words) -> str:
    """ "" for a command that no API client sent, or that has no sentence."""
    who = client(command)
    if not who:
        return ""
    if _.lang == "ja":
        who += " "  # a Latin name before a particle
    match command:
        case CreateObject(obj=text):
            kind, name = _created(text)
            return _("%(who)s created %(kind)s %(name)s.", who=who, kind=kind, name=name)
        case ReplaceObject(ref=ref, subresource="status") | PatchObject(ref=ref, subresource="status"):
            return _("%(who)s wrote down the status of %(kind)s %(name)s.", who=who, kind=ref.kind, name=ref.name)
        case (
            ReplaceObject(ref=ref, subresource="scale", obj=text)
            | PatchObject(ref=ref, subresource="scale", patch=text)
        ) if (replicas := _replicas(text)) is not None:
            return _(
                "%(who)s scaled %(kind)s %(name)s to %(replicas)s.",
                who=who,
                kind=ref.kind,
                name=ref.name,
                replicas=replicas,
            )
        case ReplaceObject(ref=ref) | PatchObject(ref=ref):
            return _("%(who)s changed %(kind)s %(name)s.", who=who, kind=ref.kind, name=ref.name)
        case DeleteObject(ref=ref) | EvictPod(ref=ref):
            return _("%(who)s deleted %(kind)s %(name)s.", who=who, kind=ref.kind, name=ref.name)
        case BindPod(ref=ref, node=node):
            return _("%(who)s put Pod %(name)s on %(node)s.", who=who, name=ref.name, node=node)
    return ""


def _created(text: str) -> tuple[str, str]:
    obj: dict[str, Any] = json.loads(text)
    meta = obj.get("metadata") or {}
    return obj["kind"], meta.get("name") or f"{meta.get('generateName', '')}…"


def _replicas(text: str) -> int | None:
    """Of a Scale or of a merge patch of one."""
    body = json.loads(text)
    spec = body.get("spec") if isinstance(body, dict) else None
    found = spec.get("replicas") if isinstance(spec, dict) else None
    return found if isinstance(found, int) else None
