"""What the server may be told on the command line, where it keeps its rooms unless it is told, and which version it is.

Read by app/cli and by app/web/serve.py, before anything else is imported.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Actions = argparse._SubParsersAction[argparse.ArgumentParser]

MOST_WORKERS = 64


def add_serving(actions: Actions) -> None:
    """`serve`, `health` and `check-script`."""
    serve = actions.add_parser("serve", help="run the server")
    data = serve.add_mutually_exclusive_group()
    data.add_argument("--data", metavar="DIR", help=f"keep rooms here; default: {data_folder()}")
    data.add_argument("--store", metavar="URL", help="keep rooms in that PostgreSQL: postgresql://user@host/name")
    data.add_argument("--no-data", action="store_true", help="keep rooms in memory only, until the server ends")
    serve.add_argument("--origin", action="append", default=[], help="another origin that may send commands")
    serve.add_argument(
        "--trusted-proxies",
        metavar="NET",
        action="append",
        default=[],
        help="proxies whose X-Forwarded-For is believed",
    )
    serve.add_argument(
        "--workers", type=_count, default=1, metavar="N", help="processes, each with its share of the rooms; default: 1"
    )
    serve.add_argument(
        "--redis", metavar="URL", default="", help="people may watch a room from any process: redis://host"
    )
    serve.add_argument("--lessons", metavar="DIR", action="append", default=[], help="lessons of your own, as YAML")
    serve.add_argument(
        "--controller", metavar="FILE", action="append", default=[], help="controllers of your own, in Python"
    )
    serve.add_argument(
        "--disable-controller", metavar="NAME", action="append", default=[], help="a loop that somebody else runs"
    )
    serve.add_argument("--unlimited", action="store_true", help="do not limit how often one may ask")
    serve.add_argument("--debug-threads", action="store_true", help="Flask's own server, for debuggers")
    health = actions.add_parser("health", help="ask a running server whether it is well; exit code 0 if so")
    check = actions.add_parser("check-script", help="check lessons: their form, and by playing each to its end")
    check.add_argument("files", metavar="FILE", nargs="+")
    for action in (serve, health):
        action.add_argument("--host", default="127.0.0.1", help="default: %(default)s, this machine only")
        action.add_argument(
            "--port", type=int, default=int(os.environ.get("PORT", "8000")), help="default: %(default)s"
        )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_WORKERS):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_WORKERS}")
    return int(text)


def data_folder() -> Path:
    """Where this system keeps what a program has come to, and nobody edits by hand."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "loopscope"
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state") / "loopscope"


def version() -> str:
    try:
        return metadata.version("loopscope")
    except metadata.PackageNotFoundError:  # not installed: a checkout
        lines = (Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8").splitlines()
        return next(line.split('"')[1] for line in lines if line.startswith("version = "))
