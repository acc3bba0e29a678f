"""`loopscope export --svg`: a moment of a room as a picture (app/web/pictures.py), of a server or a directory."""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import urlencode

from app import scenarios
from app.api import errors, limits
from app.cli import files
from app.cli.files import Refused
from app.cli.progress import Bar
from app.rooms.sharing import relived
from app.web import language, pictures


def export(options: argparse.Namespace, folder: Path) -> int:
    """Raises Refused."""
    server, room = files.addressed(options.room, options.url)
    if server:
        asked = {"lang": options.lang, "theme": options.theme, **({"step": options.step} if options.step else {})}
        svg = files.asked(server, f"/rooms/{room}/picture.svg?{urlencode(asked)}", limits.MIB).decode()
    else:
        svg = _from_directory(folder, room, options)
    files.put(svg, options.svg)
    return 0


def _from_directory(folder: Path, room: str, options: argparse.Namespace) -> str:
    past, words = files.from_directory(folder, room), language.words(options.lang)
    try:
        with Bar(room, past.steps) as bar:
            cluster = relived(past, bar).cluster
        title = scenarios.get(past.lesson).title[words.lang]
        return pictures.drawn(cluster, options.step or cluster.trace.count, words, options.theme, title)
    except errors.ApiError as refusal:
        raise Refused(refusal.message) from None
