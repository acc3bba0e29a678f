"""What API clients ask for over HTTP (app/web/kube). Objects and patches are JSON text, because that is how the journal
keeps them; `who` is the client as it names itself ("kubectl"), `field_manager` whose fields these are in server-side
apply.

Their sentences are those of the loops, which write through the same API.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.api.messages import N_, Message, counted, many, message
from app.api.objects import Ref, kind_of
from app.commands.base import YOU, Request
from app.commands.hands import Verbs

_BY_HAND = ("", "unknown", "kubectl", "helm", "k9s", "curl", "Wget")
"""Clients through which people act themselves."""


class ClientRequest(Request):
    __slots__ = ()
    on_forms = False
    who: str

    @property
    def author(self) -> str:
        """A program goes by the name that Kubernetes notes in managedFields."""
        return YOU if self.who in _BY_HAND else f"@{getattr(self, 'field_manager', '') or self.who}"


@dataclass(frozen=True, slots=True)
class CreateObject(ClientRequest):
    """POST. The object has been decoded; it need not have a name yet (generateName)."""

    do = "create"
    obj: str
    field_manager: str = ""
    who: str = ""

    def perform(self, hands: Verbs) -> None:
        hands.create_from(self.obj, self.field_manager)

    def sentence(self, count: int) -> Message:
        obj = json.loads(self.obj)
        meta = obj.get("metadata") or {}
        what = Ref(kind_of(obj), meta.get("namespace") or "", meta.get("name") or f"{meta.get('generateName', '')}…")
        return message(N_("%(who)s creates %(what)s."), what=what)


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

    def sentence(self, count: int) -> Message:
        return _changed(self.ref, self.subresource, self.obj)


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

    def sentence(self, count: int) -> Message:
        return _changed(self.ref, self.subresource, self.patch)


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

    def sentence(self, count: int) -> Message:
        return counted(many("%(who)s deletes %(n)s object.", "%(who)s deletes %(n)s objects."), count)


@dataclass(frozen=True, slots=True)
class BindPod(ClientRequest):
    do = "bind"
    ref: Ref
    node: str
    uid: str = ""
    who: str = ""

    def perform(self, hands: Verbs) -> None:
        hands.bind(self.ref, self.node, self.uid)

    def sentence(self, count: int) -> Message:
        return message(N_("%(who)s puts %(what)s on %(node)s."), what=self.ref, node=self.node)


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

    def sentence(self, count: int) -> Message:
        return message(N_("%(who)s evicts %(what)s."), what=self.ref)


def deleted(ref: Ref) -> Message:
    return message(N_("%(who)s deletes %(what)s."), what=ref)


def _changed(ref: Ref, subresource: str, body: str) -> Message:
    if subresource == "status":
        return message(N_("%(who)s writes the status of %(what)s."), what=ref)
    if subresource == "scale" and (replicas := _replicas(body)) is not None:
        return message(N_("%(who)s scales %(name)s to %(replicas)s."), name=ref.name, replicas=replicas)
    return message(N_("%(who)s changes %(what)s."), what=ref)


def _replicas(text: str) -> int | None:
    """Of a Scale or of a merge patch of one."""
    body = json.loads(text)
    spec = body.get("spec") if isinstance(body, dict) else None
    found = spec.get("replicas") if isinstance(spec, dict) else None
    return found if isinstance(found, int) else None
