"""Finds PostgreSQL and Redis for the tests of what is kept and shared there, or installs them, and prints their paths.
Called by `make test`.

In order: $POSTGRES and $REDIS_SERVER, the search path, where Debian and Homebrew put them, Debian's packages through
apt. Exits with 1 and a sentence if one cannot be had: tests against real servers are never skipped.
`tests/support/stores.py` asks `find()` for the same paths, and starts them on ports of their own.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from tools.installing import with_apt


class Program(NamedTuple):
    name: str
    variable: str  # of the environment, that names another
    package: str  # of Debian
    folders: tuple[str, ...]  # patterns below /, beside the search path


POSTGRES = Program(
    "postgres", "POSTGRES", "postgresql",
    ("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql*/bin", "usr/local/opt/postgresql*/bin"),
)  # fmt: skip
REDIS = Program(
    "redis-server", "REDIS_SERVER", "redis-server", ("opt/homebrew/opt/redis/bin", "usr/local/opt/redis/bin")
)


def find(program: Program) -> str | None:
    """Its path, or None."""
    wished = os.environ.get(program.variable)
    if wished:
        return shutil.which(wished)
    folders = [str(path) for pattern in program.folders for path in sorted(Path("/").glob(pattern), reverse=True)]
    return shutil.which(program.name) or shutil.which(program.name, path=os.pathsep.join(folders))


def ensure() -> list[str]:
    """As `find`, of both, but installs what is missing. Raises RuntimeError if that fails."""
    missing = [program for program in (POSTGRES, REDIS) if find(program) is None]
    if missing:
        with_apt("PostgreSQL or Redis", *(each.package for each in missing))
    found = [find(program) for program in (POSTGRES, REDIS)]
    for program, path in zip((POSTGRES, REDIS), found, strict=True):
        if path is None:
            raise RuntimeError(
                f"no {program.name}: install it (Debian: apt install {program.package}), or set {program.variable} to"
                " its path (the tests against real servers are not optional)"
            )
    return [path for path in found if path]


if __name__ == "__main__":
    try:
        print("\n".join(ensure()))
    except RuntimeError as error:
        sys.exit(str(error))
