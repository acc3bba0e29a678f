"""`loopscope rooms`: those that a directory keeps, and a server's, as far as it tells.

A room's name is its key, so a server names none to who asks over the network; its directory belongs to whoever runs it.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from app.cli.files import Refused
from app.rooms import directory
from app.web.present.clock import age, virtual

ANSWER_S = 10.0
_COLUMNS = ("ROOM", "LESSON", "COMMANDS", "STEPS", "TIME", "TOUCHED", "STATE", "NAME")


def of_server(url: str) -> int:
    """How many there are."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/healthz", timeout=ANSWER_S) as answer:
            found = json.load(answer)["rooms"]
            line = f"{found['in_memory']} rooms in memory, {found['stopped']} stopped, {found['viewers']} viewers"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
    print(line)
    print(
        "Their names are their keys: `loopscope rooms list --data DIR` reads them where they are kept.", file=sys.stderr
    )
    return 0


def listed(folder: Path, *, as_json: bool) -> int:
    rows = _known(folder)
    if as_json:
        for row in rows:
            print(json.dumps(row._asdict()))
        return 0
    table = [_COLUMNS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    return 0


def _cells(row: directory.Summary) -> tuple[str, ...]:
    touched = age(int((time.time() - row.touched) * 1000)) if row.touched else ""
    state = ",".join(word for word, is_so in (("stopped", row.stopped), ("protected", row.protected)) if is_so)
    return row.room, row.lesson, str(row.commands), str(row.steps), virtual(row.lived_ms), touched, state, row.title


def close(folder: Path, rooms: Sequence[str]) -> int:
    """They are forgotten for good. The exit code: 1 if one of them was not there."""
    try:
        gone = directory.forget(folder, rooms)
    except directory.Unreadable as error:
        raise Refused(str(error)) from None
    for room in rooms:
        print(f"{room} closed" if room in gone else f'room "{room}" is not in {folder}')
    return 0 if set(rooms) <= set(gone) else 1


def _known(folder: Path) -> list[directory.Summary]:
    try:
        return directory.summaries(folder)
    except directory.Unreadable as error:
        raise Refused(str(error)) from None
