"""`loopscope export --html`: a stretch of a room's story as a page that plays without a server (app/web/story)."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlencode

from app import scenarios
from app.api import errors, limits
from app.cli.files import Refused, addressed, asked, from_directory, text_of
from app.cli.progress import Bar
from app.look.recording import Recording
from app.rooms import newest_act, stretch_of
from app.rooms.roomfile import read
from app.rooms.sharing import relived
from app.web import folder
from app.web.language import words
from app.web.story.page import environment, page


def export(room: str, data: str, url: str, output: str, steps: tuple[int, int], lang: str) -> int:
    """`room` is a name, an address, or a file of a room; `steps` the first and the last, 0: the last act, and the end.
    Raises Refused."""
    server, name = addressed(room, url)
    if server:
        html = asked(server, f"/rooms/{name}/story.html?{_query(steps, lang)}", limits.STORY_PAGE_BYTES)
    else:
        html = _drawn(room, Path(data), steps, lang)
    try:
        if output == "-":
            sys.stdout.buffer.write(html)
            return 0
        Path(output).write_bytes(html)
    except OSError as error:
        raise Refused(f"{output}: {error.strerror}") from None
    print(f"{output}: {len(html):,} bytes", file=sys.stderr)
    return 0


def _query(steps: tuple[int, int], lang: str) -> str:
    asked_for = {"from": steps[0], "to": steps[1], "lang": lang}
    return urlencode({name: value for name, value in asked_for.items() if value})


def _drawn(room: str, data: Path, steps: tuple[int, int], lang: str) -> bytes:
    """It is lived through again."""
    try:
        past = read(text_of(room)) if room.endswith((".yaml", ".yml")) else from_directory(data, room)
        with Bar(room, past.steps) as bar:
            cluster = relived(past, bar).cluster
        first, last = steps[0] or newest_act(cluster.journal), steps[1] or cluster.trace.count
        if not 1 <= first <= last <= cluster.trace.count:
            raise Refused(f"{room}: there are no steps {first} to {last}: the newest is {cluster.trace.count}")
        parts = [stretch_of(Recording.of(cluster.at(last)), first, last)]
        return page(environment(folder("templates")), folder("static"), scenarios.get(past.lesson), parts, words(lang))
    except errors.ApiError as refusal:
        raise Refused(f"{room}: {refusal.message}") from None
