"""Which worker process a room belongs to: its name says it, so that nobody need ask.

Rendezvous hashing: of so many workers each gives the first letters of the name a number, and the highest has the room.
With one worker more or less few rooms change theirs. The key of those who only look begins with the same letters, so
that it leads to the same worker, and to the same machine behind a proxy that routes by them. The rest of it is a
digest, which leads nobody to the name.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import NamedTuple

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # as in the names of pods: no word can come of it
ROUTED = 4  # letters that say whose a room is; no secret
LENGTH = ROUTED + 20  # 95 bits
_VIEWS = "-view-"


class Share(NamedTuple):
    """Of the rooms, that of worker `number` of so many."""

    number: int = 0
    of: int = 1

    def has(self, name: str) -> bool:
        return owner(name, self.of) == self.number

    def new_name(self) -> str:
        """Of a room of this share, which nobody guesses."""
        while True:
            name = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
            if self.has(name):
                return name


ALL = Share()


def viewer_key(name: str) -> str:
    """What opens the room of that name for looking."""
    digest = hashlib.blake2b(f"viewer of {name}".encode(), digest_size=16).digest()
    return f"{name[:ROUTED]}{_VIEWS}{_letters(int.from_bytes(digest))}"


def is_viewer_key(key: str) -> bool:
    """Names have no hyphen there."""
    return key[ROUTED:].startswith(_VIEWS)


def opened_by(key: str, names: Iterable[str]) -> str | None:
    """That of these names whose viewer key it is; any other key is a name itself."""
    if not is_viewer_key(key):
        return key
    return next((name for name in names if name[:ROUTED] == key[:ROUTED] and viewer_key(name) == key), None)


def _letters(number: int) -> str:
    found = []
    for _ in range(LENGTH - ROUTED):
        number, letter = divmod(number, len(ALPHABET))
        found.append(ALPHABET[letter])
    return "".join(found)


def owner(name: str, of: int) -> int:
    """The number of the worker, from 0, that has the room of that name or viewer key."""
    return spread(name[:ROUTED], of)


def spread(word: str, of: int) -> int:
    """A number below `of`, the same for the same word."""
    return max(range(of), key=lambda number: hashlib.blake2b(f"{number} {word}".encode(), digest_size=8).digest())
