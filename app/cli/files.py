"""`loopscope export` and `loopscope replay`: rooms as files (app/rooms/roomfile.py)."""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from app.api import errors, limits
from app.cli.progress import Bar
from app.cli.story import Teller
from app.cluster import Cluster, replaying
from app.engine.trace import Step
from app.rooms import directory
from app.rooms.roomfile import read, written
from app.rooms.sharing import past_of, relived
from app.rooms.storage import Damaged
from app.web.present import Words

ANSWER_S = 120.0
_ROOM = re.compile(r"/rooms/(\w+)/?$")


class Refused(Exception):
    """That cannot be done, and why."""


# ----------------------------------------------------------------------------------------------- replay


def replay(path: str, teller: Teller | None, words: Words) -> int:
    """The exit code: 0 if all of the file is lived through again as it was. With a `teller` its story comes too."""
    past = read(_text(path))
    with Bar(Path(path).name, past.steps) as bar:
        found = relived(past, bar)
    if teller is not None:
        for cluster, step in _again(found.cluster):
            teller.cluster = cluster
            teller.take(step)
        teller.rest()
    said = words(str(found.said.text), **found.said.values)
    print(f"{path}: {said}", file=sys.stdout if teller is None else sys.stderr)
    return 0 if found.is_equal else 1


def _again(cluster: Cluster) -> Iterator[tuple[Cluster, Step]]:
    """The same once more, step by step: how a step is told depends on how things are when it is made."""
    again = Cluster.replay(cluster.seed, cluster.epoch_ms, cluster.journal[:1])
    for coming in replaying(again, cluster.journal, cluster.trace.count, piece=1):
        if coming is None:
            yield from ((again, step) for step in again.trace.since(again.trace.count - 1))


def _text(path: str) -> str:
    """Raises Refused."""
    try:
        with sys.stdin if path == "-" else Path(path).open(encoding="utf-8") as file:
            return file.read(limits.ROOM_FILE_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: {getattr(error, 'strerror', None) or error}") from None


# ----------------------------------------------------------------------------------------------- export


def export(room: str, data: str, url: str, output: str) -> int:
    """From the server that `room` or `url` names, or else from a directory, whose server may be running."""
    split = urlsplit(room)
    if split.scheme in ("http", "https"):
        named = _ROOM.search(split.path)
        if named is None:
            raise Refused(f"{room} is no address of a room: http://host/rooms/NAME")
        text = _asked(f"{split.scheme}://{split.netloc}", named[1])
    else:
        text = _asked(url.rstrip("/"), room) if url else _from_directory(Path(data), room)
    if output in ("", "-"):
        sys.stdout.write(text)
        return 0
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise Refused(f"{output}: {error.strerror}") from None
    print(f"{output}: {len(text.encode()):,} bytes", file=sys.stderr)
    return 0


def _asked(url: str, room: str) -> str:
    request = urllib.request.Request(
        f"{url}/rooms/{quote(room, safe='')}/export", headers={"Accept": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            return str(answer.read(2 * limits.ROOM_FILE_BYTES).decode())
    except urllib.error.HTTPError as error:
        raise Refused(f"{url} refuses: {error.code} {_why(error)}") from None
    except (OSError, ValueError) as error:
        raise Refused(f"{url} does not answer: {getattr(error, 'reason', error)}") from None


def _why(error: urllib.error.HTTPError) -> str:
    """As a Loopscope says it, if it is one."""
    try:
        return str(json.loads(error.read(limits.MIB))["message"])
    except (ValueError, KeyError, TypeError):
        return error.reason


def _from_directory(folder: Path, room: str) -> str:
    try:
        stored = directory.stored(folder, room)
        if stored is None:
            raise Refused(f'room "{room}" is not in {folder}: `loopscope rooms list` says which are')
        with Bar(room, stored.steps) as bar:
            return written(past_of(stored, bar))
    except Damaged:
        raise Refused(f'what is kept of room "{room}" is damaged') from None
    except directory.Unreadable as error:
        raise Refused(str(error)) from None
    except errors.ApiError as refusal:
        raise Refused(refusal.message) from None
