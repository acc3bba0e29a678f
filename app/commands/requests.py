"""What API clients ask for over HTTP (app/web/kube). Objects and patches are JSON text, because that is how the journal
keeps them; `who` is the client as it names itself ("kubectl"), `field_manager` whose fields these are in server-side
apply.

Their sentences are those of the loops, which write through the same API.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.api.messages import N_, Message, message
from app.api.objects import Ref
from app.commands.base import Request
from app.commands.hands import Verbs


class ClientRequest(Request):
    __slots__ = ()
    on_forms = False
    who: str

    def sentence(self, count: int) -> Message:
        return self.asked() if self.who else super().sentence(count)

    def asked(self) -> Message:
        """What its client did."""
        return super().sentence(0)


@dataclass(frozen=True, slots=True)
class CreateObject(ClientRequest):
    """POST. The object has been decoded; it need not have a name yet (generateName)."""

    do = "create"
    obj: str
    field_manager: str = ""
    who: str = ""

    def perform(self, hands: Verbs) -> None:
        hands.create_from(self.obj, self.field_manager)

    def asked(self) -> Message:
        obj = json.loads(self.obj)
        meta = obj.get("metadata") or {}
        name = meta.get("name") or f"{meta.get('generateName', '')}…"
        return message(N_("%(who)s created %(kind)s %(name)s."), who=self.who, kind=obj["kind"], name=name)


@dataclass(frozen=True, slots=True)
class ReplaceObject(ClientRequest):
    """PUT, of the object or of one of its subresources: status, scale, finalize."""

    do = "replace"
    ref: Ref
    obj: str
    subresource: str = ""
    field_manager: str = ""
    who: str = ""

    def perform(self, hands: Verbs) -> None:
        hands.replace_from(self.ref, self.obj, self.subresource, self.field_manager)

    def asked(self) -> Message:
        return _changed(self.who, self.ref, self.subresource, self.obj)


@dataclass(frozen=True, slots=True)
class PatchObject(ClientRequest):
    """PATCH. `patch_type` is json, merge, strategic or apply; only apply creates what is not there."""

    do = "patch"
    ref: Ref
    patch_type: str
    patch: str
    subresource: str = ""
    field_manager: str = ""
    force: bool = False  # take fields from other managers (apply)
    validation: str = "Warn"  # of unknown fields: Strict, Warn or Ignore
    who: str = ""
    api_version: str = ""  # what the patch is written for, if not for the stored version

    def perform(self, hands: Verbs) -> None:
        hands.patch_from(
            self.ref,
            self.patch_type,
            self.patch,
            subresource=self.subresource,
            manager=self.field_manager,
            force=self.force,
            validation=self.validation,
            api_version=self.api_version,
        )

    def asked(self) -> Message:
        return _changed(self.who, self.ref, self.subresource, self.patch)


@dataclass(frozen=True, slots=True)
class DeleteCollection(ClientRequest):
    """DELETE of all that match. `namespace` is "" for every one."""

    do = "delete-collection"
    kind: str
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    grace_seconds: int | None = None
    propagation: str | None = None
    who: str = ""

    def perform(self, hands: Verbs) -> None:
        hands.delete_all(
            self.kind,
            self.namespace,
            label_selector=self.label_selector,
            field_selector=self.field_selector,
            grace_seconds=self.grace_seconds,
            propagation=self.propagation,
        )


@dataclass(frozen=True, slots=True)
class BindPod(ClientRequest):
    do = "bind"
    ref: Ref
    node: str
    uid: str = ""
    who: str = ""

    def perform(self, hands: Verbs) -> None:
        hands.bind(self.ref, self.node, self.uid)

    def asked(self) -> Message:
        return message(N_("%(who)s put Pod %(name)s on %(node)s."), who=self.who, name=self.ref.name, node=self.node)


@dataclass(frozen=True, slots=True)
class EvictPod(ClientRequest):
    """What `kubectl drain` does to each pod of a node."""

    do = "evict"
    ref: Ref
    grace_seconds: int | None = None
    uid: str = ""
    who: str = ""

    def perform(self, hands: Verbs) -> None:
        hands.evict(self.ref, grace_seconds=self.grace_seconds, uid=self.uid)

    def asked(self) -> Message:
        return deleted(self.who, self.ref)


def deleted(who: str, ref: Ref) -> Message:
    return message(N_("%(who)s deleted %(kind)s %(name)s."), who=who, kind=ref.bare_kind, name=ref.name)


def _changed(who: str, ref: Ref, subresource: str, body: str) -> Message:
    about = {"who": who, "kind": ref.bare_kind, "name": ref.name}
    if subresource == "status":
        return message(N_("%(who)s wrote down the status of %(kind)s %(name)s."), **about)
    if subresource == "scale" and (replicas := _replicas(body)) is not None:
        return message(N_("%(who)s scaled %(kind)s %(name)s to %(replicas)s."), **about, replicas=replicas)
    return message(N_("%(who)s changed %(kind)s %(name)s."), **about)


def _replicas(text: str) -> int | None:
    """Of a Scale or of a merge patch of one."""
    body = json.loads(text)
    spec = body.get("spec") if isinstance(body, dict) else None
    found = spec.get("replicas") if isinstance(spec, dict) else None
    return found if isinstance(found, int) else None
