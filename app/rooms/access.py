"""Who may do what in a room, and what it is called.

A room has three keys. Its name opens it for whoever takes part; a viewer key, which follows from the name, for whoever
only looks (shares.py); and who made it has a secret of its own, which makes an owner of a participant. An owner names
the room, protects it, or closes it. Written down beside the room, kept through a reset; a copy has keys of its own.
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
import unicodedata
from typing import Any, NamedTuple

from app.api import errors, limits
from app.api.messages import N_, message
from app.rooms.database import Connection
from app.rooms.seals import is_whole, seal
from app.rooms.shares import viewer_key

CLOSED = N_("This room was closed by its owner, and all that was kept of it is gone.")
_JOINS = "\u200c\u200d"  # letters that are not seen, and without which words and emoji fall apart
_DROPPED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # what is not seen, or turns round what follows


class Access(NamedTuple):
    owner: str = ""  # the secret of who made the room; "": nobody owns it
    title: str = ""
    protected: bool = False  # only its owner changes anything

    @classmethod
    def new(cls) -> Access:
        return cls(secrets.token_urlsafe(18))

    def is_owned_by(self, secret: str) -> bool:
        return bool(self.owner) and hmac.compare_digest(self.owner.encode(), secret.encode())


class Closed(errors.NotFound):
    """There was such a room. `why` for people, in their language."""

    def __init__(self) -> None:
        super().__init__(CLOSED)
        self.why = message(CLOSED)


class LastClosed:
    """The rooms that were closed last, of whom it is said that they were."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}  # two of each; the oldest first

    def add(self, name: str) -> None:
        self._keys |= dict.fromkeys((name, viewer_key(name)))
        for old in list(self._keys)[: -2 * limits.ROOMS_CLOSED_TOLD]:
            del self._keys[old]

    def check(self, key: str) -> None:
        """Raises Closed."""
        if key in self._keys:
            raise Closed


def title(text: str) -> str:
    """As it is shown: one line, of any script. Raises BadRequest."""
    cleaned = "".join(
        letter if letter in _JOINS else " " if unicodedata.category(letter) in _DROPPED else letter for letter in text
    )
    found = unicodedata.normalize("NFC", " ".join(cleaned.split())).strip(_JOINS)
    if len(found) > limits.TITLE_LENGTH:
        raise errors.BadRequest(
            f"a room's name has at most {limits.TITLE_LENGTH} characters, and this has {len(found)}"
        )
    return found


# -------------------------------------------------------------------------------------------------- rows


def put(db: Connection, id: str, access: Access) -> None:
    row = (id, access.owner, access.title, int(access.protected))
    db.execute(
        "INSERT INTO access (room, owner, title, protected, seal) VALUES (?, ?, ?, ?, ?) ON CONFLICT (room) DO UPDATE"
        " SET owner = excluded.owner, title = excluded.title, protected = excluded.protected, seal = excluded.seal",
        (*row, seal(row)),
    )


def read(db: Connection, id: str) -> Access | None:
    """None: it is not what was written. Raises sqlite3.Error."""
    query = "SELECT room, owner, title, protected, seal FROM access WHERE room = ?"
    try:
        row: tuple[Any, ...] | None = db.execute(query, (id,)).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        row = None
    if row is None:  # a room of an older version
        return Access()
    return Access(row[1], row[2], bool(row[3])) if is_whole(row) else None
