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
from app.rooms.roomfile import Past, read, written
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
    past = read(text_of(path))
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


def text_of(path: str) -> str:
    """Raises Refused."""
    try:
        with sys.stdin if path == "-" else Path(path).open(encoding="utf-8") as file:
            return file.read(limits.ROOM_FILE_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: {getattr(error, 'strerror', None) or error}") from None


# ----------------------------------------------------------------------------------------------- export


def export(room: str, data: str, url: str, output: str) -> int:
    """From the server that `room` or `url` names, or else from a directory, whose server may be running."""
    server, name = addressed(room, url)
    if server:
        text = asked(server, f"/rooms/{name}/export", 2 * limits.ROOM_FILE_BYTES).decode()
    else:
        text = written(from_directory(Path(data), room))
    put(text, output)
    return 0


def put(text: str, output: str) -> None:
    """Into that file, or to the standard output. Raises Refused."""
    if output in ("", "-"):
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise Refused(f"{output}: {error.strerror}") from None
    print(f"{output}: {len(text.encode()):,} bytes", file=sys.stderr)


def addressed(room: str, url: str) -> tuple[str, str]:
    """The server, "" for none, and the room's name as it stands in an address. Raises Refused."""
    split = urlsplit(room)
    if split.scheme not in ("http", "https"):
        return url.rstrip("/"), quote(room, safe="")
    named = _ROOM.search(split.path)
    if named is None:
        raise Refused(f"{room} is no address of a room: http://host/rooms/NAME")
    return f"{split.scheme}://{split.netloc}", named[1]


def asked(url: str, path: str, most: int) -> bytes:
    """Raises Refused."""
    request = urllib.request.Request(f"{url}{path}", headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
            return bytes(answer.read(most))
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


def from_directory(folder: Path, room: str) -> Past:
    """Raises Refused."""
    try:
        stored = directory.stored(folder, room)
        if stored is None:
            raise Refused(f'room "{room}" is not in {folder}: `loopscope rooms list` says which are')
        with Bar(room, stored.steps) as bar:
            return past_of(stored, bar)
    except Damaged:
        raise Refused(f'what is kept of room "{room}" is damaged') from None
    except directory.Unreadable as error:
        raise Refused(str(error)) from None
    except errors.ApiError as refusal:
        raise Refused(refusal.message) from None
