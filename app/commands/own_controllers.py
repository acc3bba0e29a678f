"""A control loop that somebody wrote: it is defined, or removed; or it is ended, because it took too much.

It is an OwnController object (app/api/own_controllers.py), and the engine runs a loop for it as long as it is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from app.api import errors, limits
from app.api.control_plane import CONTROL_PLANE, OF_LOOPS
from app.api.kinds import Kind
from app.api.messages import N_, Message, message
from app.api.own_controllers import IN_PLACE, OWN_CONTROLLER, STRATEGIES, own_controller, own_controller_ref
from app.commands.base import Done, Physical
from app.commands.hands import Hands

_NOT_YET_SERVED = re.compile(r"[A-Z][A-Za-z0-9]*(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,}")
_LONGEST_KIND = 253
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class DefineController(Physical):
    """A new one, or another text for the one of that name; what it made stays.

    `parent`: a kind by any of its names; as "Website.example.com" it need not be there yet. `children`: the kinds that
    it makes, each with its update strategy if that is not InPlace: "ConfigMap, Deployment=Recreate". `text`: in
    Starlark, with `sync(parent, children)`, or `on_change(event)` if it is to go by events alone (`edge`)."""

    do = "define-controller"
    name: str
    parent: str
    text: str
    children: str = ""
    edge: bool = False

    def spec(self, kind_called: Callable[[str], Kind]) -> dict[str, Any]:
        """Of the OwnController that it is to be. Raises BadRequest, or TooLarge."""
        if not _NAME.fullmatch(self.name):
            raise errors.BadRequest(
                f'a controller is not called "{self.name[:80]}": at most 40 of a-z, 0-9 and -, and a letter first'
            )
        if len(self.text.encode()) > limits.OWN_TEXT_BYTES:
            raise errors.TooLarge(f"the text of a controller has at most {limits.OWN_TEXT_BYTES} bytes")
        parent = _parent(kind_called, self.parent)
        children = _children(kind_called, self.children, parent)
        return {"parent": parent, "children": children, "text": self.text, "edge": self.edge}

    def perform(self, hands: Hands) -> None:
        spec = self.spec(hands.kind_called)
        about = own_controller_ref(self.name)
        if hands.find(about) is not None:
            _fault(hands, self.name, stopped=False, edge=self.edge)
            hands.patch(about, lambda definition: {**definition, "spec": spec})
            return
        if self.name == "you" or _is_taken(hands, self.name):
            raise errors.BadRequest(f'there is a loop called "{self.name}" already')
        if len(hands.objects(OWN_CONTROLLER)) >= limits.OWN_CONTROLLERS:
            raise errors.BadRequest(f"there are {limits.OWN_CONTROLLERS} controllers of your own already")
        _fault(hands, self.name, stopped=False, edge=self.edge)
        hands.create(own_controller(self.name, spec))

    def said(self, done: Iterable[Done]) -> str:
        return f"controller {self.name} defined"

    def sentence(self, count: int) -> Message:
        if self.edge:
            return message(N_("You write the controller %(name)s: it hears of what changes."), name=self.name)
        return message(N_("You write the controller %(name)s: it lists what is there."), name=self.name)


@dataclass(frozen=True, slots=True)
class RemoveController(Physical):
    """What it made stays, and nobody looks after it."""

    do = "remove-controller"
    name: str

    def perform(self, hands: Hands) -> None:
        if hands.find(own_controller_ref(self.name)) is None:
            raise errors.NotFound(f'no controller of yours is called "{self.name[:80]}"')
        _fault(hands, self.name, **dict.fromkeys(OF_LOOPS, False))
        hands.delete(own_controller_ref(self.name))

    def said(self, done: Iterable[Done]) -> str:
        return f"controller {self.name} removed"

    def sentence(self, count: int) -> Message:
        return message(N_("You remove the controller %(name)s. What it made stays."), name=self.name)


@dataclass(frozen=True, slots=True)
class StrikeController(Physical):
    """One call of its text took too much time or memory, and its process is stopped. What it would have done next
    cannot be known; that it was ended, and when, is known by this."""

    do = "strike-controller"
    on_forms: ClassVar[bool] = False
    name: str
    limit: str

    def perform(self, hands: Hands) -> None:
        _fault(hands, self.name, stopped=True)

    def said(self, done: Iterable[Done]) -> str:
        return f"controller {self.name} ended: {self.limit}"

    def sentence(self, count: int) -> Message:
        if self.limit == "time":
            text = N_("The controller %(name)s took more than %(n)s s: it is stopped.")
            return message(text, name=self.name, n=f"{limits.OWN_CPU_S:g}")
        text = N_("The controller %(name)s took more than %(n)s MiB of memory: it is stopped.")
        return message(text, name=self.name, n=limits.OWN_MEMORY_BYTES // limits.MIB)


def _fault(hands: Hands, actor: str, **faults: bool) -> None:
    """See app/api/control_plane.py."""
    hands.patch(CONTROL_PLANE, {"spec": {fault: {actor: on or None} for fault, on in faults.items()}})


def _is_taken(hands: Hands, name: str) -> bool:
    try:
        return bool(hands.actors(name))
    except errors.NotFound:
        return False


def _parent(kind_called: Callable[[str], Kind], word: str) -> str:
    """The kind by its key. Raises BadRequest."""
    try:
        return kind_called(word).key
    except errors.BadRequest:
        if len(word) <= _LONGEST_KIND and _NOT_YET_SERVED.fullmatch(word):
            return word
        raise


def _children(kind_called: Callable[[str], Kind], text: str, parent: str) -> dict[str, str]:
    """The kinds by their keys, with their strategies. Raises BadRequest."""
    children: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, _equals, strategy = (each.strip() for each in part.partition("="))
        key = kind_called(word).key
        if strategy and strategy not in STRATEGIES:
            raise errors.BadRequest(f'"{strategy[:40]}" is no update strategy: one of {", ".join(STRATEGIES)}')
        if key == parent:
            raise errors.BadRequest(f"a {word} cannot be the parent of a {word}: it would have children without end")
        children[key] = strategy or IN_PLACE
    return children
