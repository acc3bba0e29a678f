"""`loopscope`: reads the command line, and asks whoever does it. Exit codes: 0 it is so, 1 it is not, 2 a mistake in
what was typed, 130 interrupted.

Nothing heavy is imported before it is known what is wanted: `--help` is there at once.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.completion import SHELLS, script
from app.options import add_serving, data_folder, version

if TYPE_CHECKING:
    from app.cli.story import Teller
    from app.options import Actions
    from app.web.present import Words

SERVING = ("serve", "health", "check-script")
_EXAMPLES = """\
examples:
  loopscope serve                                  open the address that it prints
  loopscope run self-healing                       a lesson as text
  loopscope run --lang ja node-failure             the same in Japanese
  loopscope run --json traffic | jq .says          every step, as lines of JSON
  loopscope export http://localhost:8000/rooms/NAME -o room.yaml
  loopscope replay room.yaml && echo the same      does this version do the same?
  loopscope doctor                                 can a server run here?
  eval "$(loopscope completion bash)"

exit codes: 0 it is so, 1 it is not, 2 a mistake in what was typed
"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = make_parser()
    options = parser.parse_args(argv)
    try:
        code = _done(options, parser)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    parser = _described(
        argparse.ArgumentParser(prog="loopscope"), "Shows how Kubernetes keeps its promises.", _EXAMPLES
    )
    parser.add_argument(
        "--version", action="version", version=f"loopscope {version()} (Python {platform.python_version()})"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_serving(actions)
    _add_playing(actions)
    _add_rooms(actions)
    _add_help(actions)
    return parser


def _described(parser: argparse.ArgumentParser, description: str, examples: str) -> argparse.ArgumentParser:
    parser.description, parser.epilog = description, examples
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser


def _add_playing(actions: Actions) -> None:
    run = actions.add_parser("run", help="play a lesson to its end, and tell what happens")
    _described(
        run,
        "Plays a lesson with nobody watching, at full speed, and tells what the loops do. Exit code 1 if not all came "
        "that it promises.",
        "examples:\n  loopscope run self-healing\n  loopscope run ./my-lesson.yaml --lang ja\n"
        "  loopscope run chaos --json > trace.jsonl",
    )
    run.add_argument("scenario", metavar="SCENARIO", help="the id of a lesson, or a file of one (docs/lessons.md)")
    replay = actions.add_parser("replay", help="live through an exported room again, and compare")
    _described(
        replay,
        "Lives through a file of a room again and compares its marks. Exit code 1 if this version of Loopscope, or an "
        "edited line, does something else: then it says up to which step all is the same.",
        "examples:\n  loopscope replay room.yaml\n  loopscope replay --story room.yaml\n"
        "  cat room.yaml | loopscope replay -",
    )
    replay.add_argument("file", metavar="FILE", help="that was exported; - is the standard input")
    replay.add_argument("--story", action="store_true", help="tell what happens, too")
    for each in (run, replay):
        each.add_argument("--json", action="store_true", help="every step as a line of JSON")
        each.add_argument("--lessons", metavar="DIR", action="append", default=[], help="lessons of your own, too")
        each.add_argument("--lang", choices=("en", "ja"), default=_language(), help="default: %(default)s")


def _add_rooms(actions: Actions) -> None:
    export = actions.add_parser("export", help="write a room into a small file")
    _described(
        export,
        "Writes what was done in a room, and when, into a file that can be read, edited, replayed and imported; or "
        "with --html its story, from what was done last to its end, into a page that plays without a server.",
        "examples:\n  loopscope export http://localhost:8000/rooms/NAME -o room.yaml\n"
        "  loopscope export NAME --data ~/.local/state/loopscope > room.yaml\n"
        "  loopscope export room.yaml --html story.html --from 1\n"
        "  loopscope export NAME --svg slide.svg --step 577",
    )
    export.add_argument("room", metavar="ROOM", help="its name, or its address; for --html a file of it, too")
    _add_place(export)
    form = export.add_mutually_exclusive_group()
    form.add_argument("-o", "--output", metavar="FILE", default="", help="default: the standard output")
    form.add_argument(
        "--html", metavar="FILE", default="", help="its story instead, as a page that plays without a server"
    )
    form.add_argument("--svg", metavar="FILE", default="", help="a picture of one moment instead")
    export.add_argument(
        "--from", metavar="STEP", dest="first", type=_step, default=0, help="of the page; default: what was done last"
    )
    export.add_argument("--to", metavar="STEP", dest="last", type=_step, default=0, help="default: the end")
    export.add_argument("--step", metavar="N", type=_step, default=0, help="of the picture; default: the newest")
    export.add_argument("--theme", choices=("light", "dark"), default="light", help="of the picture: %(default)s")
    export.add_argument(
        "--lang", choices=("en", "ja"), default=_language(), help="of the page or the picture; default: %(default)s"
    )
    rooms = actions.add_parser("rooms", help="which rooms are kept, or close some")
    _described(
        rooms,
        "Lists the rooms that a directory keeps, also while a server runs there. A server tells over the network only "
        "how many it has, for the name of a room is its key. `close` forgets rooms for good, while no server runs.",
        "examples:\n  loopscope rooms list\n  loopscope rooms list --url http://localhost:8000\n"
        "  loopscope rooms close NAME",
    )
    rooms.add_argument("what", choices=("list", "close"))
    rooms.add_argument("rooms", metavar="ROOM", nargs="*", help="to close")
    rooms.add_argument("--json", action="store_true", help="a line of JSON for each")
    _add_place(rooms)


def _add_place(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--data", metavar="DIR", default=str(data_folder()), help="default: %(default)s")
    place.add_argument("--url", default="", help="a server that runs: http://localhost:8000")


def _add_help(actions: Actions) -> None:
    doctor = actions.add_parser("doctor", help="whether a server can run here, and what to do if not")
    doctor.add_argument("--data", metavar="DIR", default=str(data_folder()), help="default: %(default)s")
    doctor.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    doctor.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")), help="default: %(default)s")
    completion = actions.add_parser("completion", help="a script that completes what is typed")
    completion.add_argument("shell", choices=SHELLS)


# ------------------------------------------------------------------------------------------------ doing


def _done(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if options.action in SERVING:
        from app.web import serve

        return serve.run(options)
    if options.action == "completion":
        print(script(options.shell, parser), end="")
        return 0
    if options.action == "doctor":
        from app.cli import doctor

        return doctor.examine(Path(options.data), options.host, options.port)
    if options.action in ("run", "replay"):
        return _played(options)
    return _roomed(options)


def _played(options: argparse.Namespace) -> int:
    from app.api import errors
    from app.cli import files, running, story
    from app.web.language import words

    chosen: Words = words(options.lang)
    teller: Teller = story.Lines(chosen) if options.json else story.Sentences(chosen)
    try:
        running.add_lessons(options.lessons)
        if options.action == "run":
            return running.run(running.found(options.scenario), teller, chosen)
        return files.replay(options.file, teller if options.story or options.json else None, chosen)
    except errors.ApiError as error:  # the file is no room, or one that holds too much
        print(f"{options.file}: {error.message}", file=sys.stderr)
        return 1
    except (running.Unknown, files.Refused) as error:
        print(error, file=sys.stderr)
        return 2


def _roomed(options: argparse.Namespace) -> int:
    from app.cli import files, rooms

    folder = Path(options.data)
    try:
        if options.action == "export" and options.html:
            from app.cli import stories

            steps = options.first, options.last
            return stories.export(options.room, options.data, options.url, options.html, steps, options.lang)
        if options.action == "export" and options.svg:
            from app.cli import pictures

            return pictures.export(options, folder)
        if options.action == "export":
            return files.export(options.room, options.data, options.url, options.output)
        if options.what == "list":
            return rooms.of_server(options.url) if options.url else rooms.listed(folder, as_json=options.json)
        if options.url or not options.rooms:
            print("name the rooms to close, and the directory that keeps them (--data)", file=sys.stderr)
            return 2
        return rooms.close(folder, options.rooms)
    except files.Refused as error:
        print(error, file=sys.stderr)
        return 1


def _step(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no number of a step: they begin with 1")
    return int(text)


def _language() -> str:
    """Of this terminal."""
    said = next((text for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (text := os.environ.get(name))), "")
    return "ja" if said.startswith("ja") else "en"
