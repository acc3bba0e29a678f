"""`loopscope doctor`: whether a server can run here, line by line, and what to do where not."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import resource
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from app.rooms import files, walcheck
from app.rooms.files import InUse, hold
from app.web import folder

OK, WARN, FAIL = "ok", "warn", "fail"
OLDEST = (3, 11)
NEEDED = (
    ("flask", "flask"), ("flask_sock", "flask-sock"), ("gunicorn", "gunicorn"), ("gevent", "gevent"),
    ("lightkube.models", "lightkube-models"), ("yaml", "pyyaml"), ("starlark", "starlark-pyo3"),
)  # fmt: skip
OPTIONAL = (("psycopg", "psycopg", "rooms in a PostgreSQL (--store)"), ("redis", "redis", "several workers (--redis)"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox", "microsoft-edge", "safari")
LITTLE = 64 * 1024 * 1024  # bytes of a disk
OPEN_FILES = 4_096  # a viewer is one
BUILT = 1_767_225_600  # Unix time: nobody runs this before 2026


class Check(NamedTuple):
    state: str
    what: str
    fix: str = ""


def examine(data: Path, host: str, port: int) -> int:
    """The exit code: 1 if something fails."""
    found: list[Check] = []
    for look in _looks(data, host, port):
        try:
            new = list(look())
        except Exception as error:  # whatever it is, the rest is worth knowing
            new = [Check(FAIL, f"{getattr(look, '__name__', 'a check')}: {type(error).__name__}: {error}")]
        for each in new:
            print(f"{each.state:<5} {each.what}{f'. {each.fix}' if each.fix else ''}")
        found += new
    failures = sum(each.state == FAIL for each in found)
    warnings = sum(each.state == WARN for each in found)
    print(f"\n{failures} to repair, {warnings} worth a look" if failures or warnings else "\nAll is well.")
    return 1 if failures else 0


def _looks(data: Path, host: str, port: int) -> Sequence[Callable[[], Iterator[Check]]]:
    return (
        python, packages, lambda: directory(data), lambda: databases(data), lambda: free_port(host, port), shipped,
        open_files, clock, kubectl, browser,
    )  # fmt: skip


def python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST:
        yield Check(FAIL, f"Python {version} is too old", "Install 3.11 or newer")
    else:
        yield Check(OK, f"Python {version}")


def packages() -> Iterator[Check]:
    missing = [package for module, package in NEEDED if not _is_there(module)]
    if missing:
        yield Check(FAIL, f"packages are missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    else:
        yield Check(OK, "packages: " + ", ".join(f"{package} {_version(package)}" for _, package in NEEDED))
    for module, package, purpose in OPTIONAL:
        is_there = _is_there(module)
        yield (
            Check(OK, f"{package} {_version(package)}") if is_there else Check(OK, f"no {package}: only for {purpose}")
        )


def directory(data: Path) -> Iterator[Check]:
    place = next(each for each in (data, *data.absolute().parents) if each.exists())
    if not place.is_dir():
        yield Check(FAIL, f"{place} is no directory", "Choose another with --data")
        return
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"loopscope")
            file.seek(0)
            assert file.read() == b"loopscope"
    except OSError as error:
        yield Check(
            FAIL, f"{place} cannot be written: {error.strerror}", "Choose another with --data, or change its owner"
        )
        return
    is_new = "" if data.exists() else ", which will be made"
    yield Check(OK, f"rooms are kept in {data}{is_new}")
    free = shutil.disk_usage(place).free
    state = WARN if free < LITTLE else OK
    yield Check(state, f"{free // (1024 * 1024):,} MiB free there", "Make room" if state == WARN else "")


def databases(data: Path) -> Iterator[Check]:
    """What is kept can be read, the log beside it (WAL) too."""
    if (data / "lock").exists():
        try:
            hold(data).close()
        except InUse:
            yield Check(OK, "a server keeps its rooms there now")
    for number in files.numbers(data):
        path = files.path_of(data, number)
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
            said, rooms = db.execute("PRAGMA quick_check(1)").fetchone()[0], db.execute("SELECT count(*) FROM rooms")
            if said != "ok":
                yield Check(
                    FAIL,
                    f"{path.name} is damaged: {said}",
                    "Start the server: it sets the file aside, and saves what it can",
                )
            elif walcheck.is_cut_short(path.with_name(f"{path.name}-wal")):
                yield Check(
                    FAIL, f"{path.name}-wal cannot be read to its end", "Start the server: it saves what it can"
                )
            else:
                yield Check(OK, f"{path.name}: {rooms.fetchone()[0]} rooms, and its log can be read")
    for aside in files.set_aside(data) if data.is_dir() else ():
        yield Check(WARN, f"{aside} was set aside as damaged", "Delete it if nobody misses a room")


def free_port(host: str, port: int) -> Iterator[Check]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            yield Check(WARN, f"port {port} of {host}: {error.strerror}", "Choose another with --port")
            return
    yield Check(OK, f"port {port} of {host} is free")


def shipped() -> Iterator[Check]:
    """Files that come with the program."""
    wanted = [
        folder("static") / "js" / "main.js", folder("static") / "vendor" / "htmx.min.js",
        folder("static") / "vendor" / "codemirror.js", folder("templates") / "room.html",
        Path(__file__).parent.parent / "translations" / "ja" / "LC_MESSAGES" / "messages.mo",
    ]  # fmt: skip
    missing = [path for path in wanted if not path.is_file()]
    if missing:
        yield Check(FAIL, f"files are missing: {', '.join(map(str, missing))}", "Install Loopscope again")
    else:
        yield Check(OK, f"static files and templates: {folder('static')}")


def open_files() -> Iterator[Check]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < OPEN_FILES:
        yield Check(WARN, f"at most {hard} open files", f"ulimit -n {OPEN_FILES}: a viewer is one")
    else:
        yield Check(OK, "open files: " + ("no limit" if hard == resource.RLIM_INFINITY else f"up to {hard:,}"))


def clock() -> Iterator[Check]:
    """Rooms begin at about now, for kubectl reckons ages by its own clock."""
    now, before = time.time(), time.monotonic()
    if now < BUILT:
        yield Check(
            FAIL, f"the clock says {time.strftime('%Y-%m-%d', time.gmtime(now))}", "Set it: ages would be wrong"
        )
    elif time.monotonic() < before:
        yield Check(FAIL, "the monotonic clock goes backwards", "Restart this machine")
    else:
        yield Check(OK, f"the clock says {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(now))} UTC")


def kubectl() -> Iterator[Check]:
    place = shutil.which("kubectl")
    yield Check(OK, f"kubectl: {place}" if place else "no kubectl: only for who types commands in a terminal")


def browser() -> Iterator[Check]:
    place = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    has_screen = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    where = "" if has_screen else ", nor is one needed where the server runs"
    yield Check(OK, f"browser: {place}" if place else f"no browser was found{where}")


def _is_there(module: str) -> bool:
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.util.find_spec(module) is not None
    return False


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "of unknown version"
