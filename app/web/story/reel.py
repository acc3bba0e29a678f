"""The pictures of a story, each thing in them once: a reel is what the player (static/js/player.js) goes along.

A picture is elements by their ids. Of each element the reel knows from which moment on it looks how; a text is written
down once, as the tags that it is made of (what stands between two `<`), and so is each tag. What stands in a list keeps
its seat: who leaves it leaves a free one, whoever comes next takes that, and nobody else moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

GONE = -1


class Drawn(NamedTuple):
    """An element. `home` is the id of the list that it stands in, "" of one that is always there."""

    html: str
    home: str = ""


class Reel:
    def __init__(self) -> None:
        self.bytes = 0  # of what is written down, about
        self._tags: dict[str, int] = {}
        self._texts: dict[str, int] = {}
        self._made_of: list[list[int]] = []
        self._elements: dict[
            str, list[tuple[int, ...]]
        ] = {}  # (moment, text, seat), of those that are gone (moment, GONE)
        self._now: dict[str, Drawn] = {}
        self._seats: dict[str, list[str]] = {}  # of each list the ids in it, "" where nobody stands

    def show(self, moment: int, picture: Mapping[str, Drawn]) -> None:
        """The next picture, in the order in which things stand."""
        changed = {id: drawn for id, drawn in picture.items() if self._now.get(id) != drawn}
        gone = self._now.keys() - picture.keys()
        for id in gone:
            self._elements[id].append((moment, GONE))
        for id, before in self._now.items():
            if id in gone or (id in changed and changed[id].home != before.home):
                self._leave(id, before.home)
        for id, drawn in changed.items():
            self._elements.setdefault(id, []).append((moment, self._text(drawn.html), *self._seat(id, drawn.home)))
        self._now = dict(picture)
        self.bytes += 16 * (len(changed) + len(gone))

    def json(self) -> dict[str, Any]:
        return {"tags": list(self._tags), "texts": self._made_of, "elements": self._elements}

    def _text(self, html: str) -> int:
        known = self._texts.get(html)
        if known is None:
            known = self._texts[html] = len(self._texts)
            self._made_of.append([self._tag(tag) for tag in html.split("<")])
            self.bytes += 4 * len(self._made_of[-1])
        return known

    def _tag(self, tag: str) -> int:
        if tag not in self._tags:
            self.bytes += len(tag)
        return self._tags.setdefault(tag, len(self._tags))

    def _seat(self, id: str, home: str) -> tuple[int, ...]:
        if not home:
            return ()
        seats = self._seats.setdefault(home, [])
        if id not in seats:
            if "" in seats:
                seats[seats.index("")] = id
            else:
                seats.append(id)
        return (seats.index(id),)

    def _leave(self, id: str, home: str) -> None:
        if not home:
            return
        seats = self._seats[home]
        seats[seats.index(id)] = ""
        while seats and not seats[-1]:
            seats.pop()
