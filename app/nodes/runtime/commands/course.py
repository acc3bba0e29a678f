"""How the command of a container goes: how long it runs, with what end, what it waits for, and which files it makes.

`course` has it played through without doing anything (player.py). Called by app/nodes/runtime/images.py, and for hooks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.nodes.runtime.commands import player, programs, shell
from app.nodes.runtime.commands.words import Unreadable

_START_ERROR = 128


class File(NamedTuple):
    path: str
    after_ms: int  # after the start of the program it is whole
    size: int = 0  # bytes
    gone_ms: int | None = None  # after that time it is removed

    def written(self, ran_ms: int) -> int:
        """How much of it is there once the program has run for so long."""
        missing = max(0, self.after_ms - ran_ms) * programs.BYTES_PER_MS
        return max(0, self.size - missing)

    @property
    def begins_ms(self) -> int:
        return self.after_ms - self.size // programs.BYTES_PER_MS


class Course(NamedTuple):
    """All times in milliseconds."""

    ms: int | None = None  # how long it runs, beside what it waits for; None: for ever
    code: int = 0
    serves: bool = False  # after that time it is the program that the image is for
    waits: tuple[str, ...] = ()  # before it goes on: `db:5432`, `db`, `/data/ready`
    beat_ms: int = shell.BEAT_MS  # between two looks at what it waits for
    files: tuple[File, ...] = ()  # that it makes
    missing: str = ""  # the program that there is not
    heeds_term: bool = False  # a trap ends it on SIGTERM


def course(
    command: Sequence[str], *, knows: bool = False, stdin: bool = False, env: tuple[tuple[str, str], ...] = ()
) -> Course:
    """`knows`: the programs of the image are those of a plain Linux system, and no others. `stdin`: it stays open."""
    if knows and not programs.is_there(command[0]):
        return Course(0, _START_ERROR, missing=command[0])
    played = player.Player(knows, stdin, dict(env))
    try:
        ms = played.through(list(command))
    except Unreadable:
        return Course(played.ms, serves=True)
    return Course(
        ms, played.code % 256, played.serves, tuple(dict.fromkeys(played.waits)), played.beat_ms,
        tuple(File(path, at_ms, played.sizes[path], played.gone.get(path)) for path, at_ms in played.files.items()),
        heeds_term=played.heeds_term,
    )  # fmt: skip
