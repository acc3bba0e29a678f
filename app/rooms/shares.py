"""Which worker process a room belongs to: its name says it, so that nobody need ask.

Rendezvous hashing: of so many workers each gives the name a number, and the highest has the room. With one worker more
or less few rooms change theirs.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # as in the names of pods: no word can come of it
LENGTH = 20  # 95 bits


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


def owner(name: str, of: int) -> int:
    """The number of the worker, from 0, that has the room of that name."""
    return max(range(of), key=lambda number: hashlib.blake2b(f"{number} {name}".encode(), digest_size=8).digest())
