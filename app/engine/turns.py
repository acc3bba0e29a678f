"""Loops take turns: while one has work in hand that is no mere background, what another would begin is kept aside.

The engine asks here before it lets a loop look at a key or make the next phase of a reconcile. Nothing is falsified: in
an asynchronous system any such order is a possible one. Loops of one name (the kubelets of all machines, both copies of
a loop that has two) go together.
"""

from __future__ import annotations

from functools import lru_cache

from app.api.control_plane import first_of
from app.api.parts import Part
from app.engine.agenda import Entry, Moved


@lru_cache(maxsize=4096)
def loop_of(actor: str) -> str:
    """The name that the loops of all machines share, and both copies of one: "kubelet" of "kubelet/node-1"."""
    return first_of(actor.partition("/")[0])


class Turns(Part):
    """`holder` is the name of the loop whose turn it is, "" if it is nobody's."""

    STATE = ("_aside", "_in_hand", "holder", "wanted")

    def __init__(self) -> None:
        self.holder = ""
        self.wanted = True  # by people
        self._in_hand: dict[str, int] = {}  # per loop: its entries on the agenda that are no background
        self._aside: dict[str, list[Entry]] = {}  # the loop that was kept first comes first

    def __bool__(self) -> bool:
        """Somebody waits for a turn."""
        return bool(self._aside)

    def put(self, name: str) -> None:
        """An entry of that loop, which is no background, came onto the agenda."""
        self._in_hand[name] = self._in_hand.get(name, 0) + 1

    def taken(self, name: str) -> None:
        """One of them was taken off."""
        self._in_hand[name] -= 1

    def may_go(self, name: str, entry: Entry) -> bool:
        """Whether it is that loop's turn, or nobody's, so that it takes it; if not, `entry` is kept aside."""
        if self.holder in ("", name):
            self.holder = name
            return True
        self._aside.setdefault(name, []).append(entry)
        return False

    def released(self) -> tuple[Entry, ...]:
        """What was kept of the loop that goes next, once the one whose turn it was has nothing in hand."""
        if not self.holder or self._in_hand.get(self.holder):
            return ()
        self.holder = next(iter(self._aside), "")
        return tuple(self._aside.pop(self.holder, ()))

    def copy(self, moved: Moved) -> Turns:
        copied = Turns()
        copied.holder, copied.wanted, copied._in_hand = self.holder, self.wanted, dict(self._in_hand)
        copied._aside = {name: [moved.entry(entry) for entry in kept] for name, kept in self._aside.items()}
        return copied
