"""Which lane an actor belongs to and what people call it; what people call that which only a machine knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.api import names
from app.api.control_plane import first_of, is_second
from app.api.kinds import bare_kind
from app.api.messages import Message
from app.api.objects import Ref
from app.commands import YOU as YOU
from app.web.present.words import Words

OUTSIDE = "@"  # before the name of a program outside that acts through the API


def lane_of(actor: str) -> str:
    """All instances of a loop share a lane: `kubelet/node-1` -> `kubelet`."""
    return actor.partition("/")[0]


def lanes(actors: Iterable[str], _: Words) -> tuple[str, ...]:
    """The lanes from top to bottom: you, then the loops in the order that they ask for, then by name."""
    roles = {lane_of(actor) for actor in actors} - {YOU}
    return (YOU, *sorted(roles, key=lambda role: (_.voice(role).lane, role)))


def known(ref: Ref) -> Ref:
    """The object that people know: what a machine keeps of a pod, or of itself, is found by their names."""
    if ref.kind == "PodSandbox":
        return Ref("Pod", ref.namespace, ref.name.rpartition(".")[0])
    if ref.kind == "DataPath":
        return Ref("Service", ref.namespace, ref.name.rpartition(".")[0])
    if ref.kind == "Load":
        return Ref("Service", ref.namespace, ref.name)
    return Ref("Node", "", ref.name) if ref.kind == "Machine" else ref


def short(ref: Ref) -> str:
    """What people call it where its kind is clear: "web", "…gkzql"."""
    found = known(ref)
    return names.short_name(found.kind, found.name)


def called(ref: Ref, _: Words) -> str:
    """With its kind: "pod …gkzql", "Deployment web"; a node by its name alone."""
    found = known(ref)
    if found.kind == "Node":
        return found.name
    what = {"kind": _("pod") if found.kind == "Pod" else found.bare_kind, "name": short(found)}
    return _("%(kind)s %(name)s", **what) if what["name"] else what["kind"]


def tell(said: Message, _: Words, **values: Any) -> str:
    """A sentence in this language, its objects by what people call them."""
    named = {name: _named(value, _) for name, value in said.values.items()}
    return _.say(said.text, said.n, **{**values, **named})


def _named(value: Any, _: Words) -> Any:
    if isinstance(value, Message):
        return tell(value, _)
    return called(value, _) if isinstance(value, Ref) else value


def kind_in_words(kind: str, _: Words) -> str:
    """Before the name of the object that is `known`."""
    if kind == "PodSandbox":
        return _("the container runtime’s sandbox of Pod")
    if kind == "DataPath":
        return _("the rules for Service")
    if kind == "Load":
        return _("the traffic of Service")
    return _("the machine of Node") if kind == "Machine" else bare_kind(kind)


def role_title(role: str, _: Words) -> str:
    """Kinds and program names stay as they are in every language."""
    if role == YOU:
        return _("you")
    if role.startswith(OUTSIDE):
        return role.removeprefix(OUTSIDE)
    first = first_of(role)
    title = _(_.voice(role).title) or first.removesuffix("-controller").replace("-", " ")
    return title if role == first else f"{title} (2)"


def subject(actor: str, _: Words) -> str:
    """An actor as the subject of a sentence."""
    role, _slash, machine = actor.partition("/")
    if (spoken := _.voice(role).subject) and not is_second(role):
        return _(spoken, node=machine)
    if machine:
        return f"{role_title(role, _)} ({machine})"
    return _("The %(name)s controller", name=role_title(role, _))
