"""What one does to objects of any kind: apply a manifest, delete, label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.api.messages import N_, Message, counted, many, message
from app.api.objects import Obj, Ref, name_of
from app.commands import lines
from app.commands.base import Done, Request
from app.commands.hands import Verbs
from app.commands.requests import ClientRequest, deleted


@dataclass(frozen=True, slots=True)
class Apply(Request):
    """`kubectl apply -f -`: every document of `text`, or nothing if one is refused."""

    do = "apply"
    text: str
    namespace: str = "default"

    def perform(self, hands: Verbs) -> None:
        hands.apply(self.text, self.namespace)

    def kubectl(self) -> str:
        return f"kubectl apply{lines.flag(self.namespace)} -f -"

    def whole(self) -> str:
        """With the manifest."""
        text, end = self.text.rstrip("\n"), "EOF"
        if not text:
            return self.kubectl()
        while end in text.split("\n"):
            end += "_"
        return f"{self.kubectl()} <<'{end}'\n{text}\n{end}"

    def said(self, done: Iterable[Done]) -> str:
        made = tuple(done)
        warned = dict.fromkeys(f"Warning: {warning}" for each in made for warning in each.warnings)
        return "\n".join((*warned, *(self.line(each.obj, each) for each in made)))

    def line(self, obj: Obj, done: Done) -> str:
        what = "created" if done.code == 201 else "configured" if done.changes else "unchanged"
        return f"{lines.resource(obj)} {what}"

    def sentence(self, count: int) -> Message:
        if not count:
            return message(N_("You apply a manifest."))
        return counted(many("You apply one object.", "You apply %(n)s objects."), count)


@dataclass(frozen=True, slots=True)
class DeleteObject(ClientRequest):
    do = "delete"
    on_forms = True
    ref: Ref
    grace_seconds: int | None = None
    propagation: str | None = None
    uid: str = ""  # preconditions: only if it is still that one, at that version
    resource_version: str = ""
    who: str = ""

    def perform(self, hands: Verbs) -> None:
        hands.delete(
            self.ref,
            grace_seconds=self.grace_seconds,
            propagation=self.propagation,
            uid=self.uid,
            resource_version=self.resource_version,
        )

    def kubectl(self) -> str:
        cascade = f" --cascade={self.propagation.lower()}" if self.propagation else ""
        force = " --grace-period=0 --force" if self.grace_seconds == 0 else ""
        what = lines.target(self.ref).replace("/", " ")
        return f"kubectl delete {what}{cascade}{force}{lines.flag(self.ref.namespace)}"

    def line(self, obj: Obj, done: Done) -> str:
        how = "force deleted" if self.grace_seconds == 0 else "deleted"
        return f'{lines.resource_type(obj)} "{name_of(obj)}" {how}'

    def sentence(self, count: int) -> Message:
        ref = self.ref
        if self.who:
            return deleted(ref)
        if self.grace_seconds == 0:
            return message(N_("You remove %(what)s by force, without waiting."), what=ref)
        match self.propagation:
            case "Orphan":
                return message(N_("You delete %(what)s alone: what belongs to it stays."), what=ref)
            case "Foreground":
                return message(N_("You delete %(what)s: what belongs to it goes first."), what=ref)
            case "Background" if ref.kind != "Pod":
                return message(N_("You delete %(what)s: what belongs to it goes next."), what=ref)
        if ref.kind == "Pod":
            return message(N_("You kill %(what)s."), what=ref)
        return message(N_("You delete %(what)s."), what=ref)


@dataclass(frozen=True, slots=True)
class SetLabel(Request):
    """`kubectl label --overwrite`; an empty value None removes the label."""

    do = "label"
    ref: Ref
    label: str
    value: str | None = None

    def perform(self, hands: Verbs) -> None:
        hands.patch(self.ref, {"metadata": {"labels": {self.label: self.value}}})

    def kubectl(self) -> str:
        change = (
            f"{lines.word(f'{self.label}={self.value}')} --overwrite" if self.value else lines.word(f"{self.label}-")
        )
        return f"kubectl label {lines.target(self.ref)} {change}{lines.flag(self.ref.namespace)}"

    def line(self, obj: Obj, done: Done) -> str:
        return f"{lines.resource(obj)} {'unlabeled' if self.value is None else 'labeled'}"

    def sentence(self, count: int) -> Message:
        if self.value is None:
            return message(N_("You take the label %(label)s off %(what)s."), label=self.label, what=self.ref)
        label = f"{self.label}={self.value}"
        return message(N_("You label %(what)s: %(label)s."), label=label, what=self.ref)
