"""`loopscope serve`: gunicorn with a gevent worker, or several. The command line (app/cli) and `make run` start here,
also for `loopscope health` and `loopscope check-script`.

Nothing that serves is imported before gunicorn's worker has made threads into greenlets; only where rooms are kept is
looked at before, so that a directory that cannot be used is said to be. `--debug-threads` is Flask's own server with a
thread for each request instead, for debuggers, reading templates and static files anew.
"""

from __future__ import annotations

import argparse
import errno
import gc
import ipaddress
import os
import re
import resource
import signal
import socket
import sqlite3
import sys
import threading
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.options import add_serving, data_folder

if TYPE_CHECKING:
    from app.rooms.files import Damage

# What is young is collected as it comes, a few thousand things at a time. What is older is left to app/rooms/memory.py:
# in a large room a collection of it pauses all rooms for longer than a frame, and finds nothing.
GC_THRESHOLDS = (5_000, 1_000_000, 1_000_000)
CONNECTIONS = 8_192
GRACE_S = 3
HEALTH_S = 2.0
APP_LOAD_ERROR = 4  # by which gunicorn knows not to try again


def main(argv: Sequence[str] | None = None) -> int:
    return run(_parser().parse_args(argv))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="loopscope", description="Shows how Kubernetes keeps its promises.")
    add_serving(parser.add_subparsers(dest="action", required=True))
    return parser


def run(options: argparse.Namespace) -> int:
    """The exit code."""
    if options.action == "health":
        return _health(options.host, options.port)
    if options.action == "check-script":
        from app.web import checking

        return checking.check(options.files)
    if options.debug_threads:
        options.workers = 1
    if strange := _strange_proxy(options.trusted_proxies):
        print(f"--trusted-proxies: {strange} is no address or network", file=sys.stderr)
        return 2
    if not _is_free(options.host, options.port):
        print(f"port {options.port} is taken: choose another with --port (or make run PORT=...)", file=sys.stderr)
        return 1
    gc.set_threshold(*GC_THRESHOLDS)  # before the imports, which make much that stays
    is_asked_for = options.data is not None
    held = _hold(options) if options.store is None else None
    if (is_asked_for and held is None) or not _reaches(options):
        return 1
    _raise_file_limit()
    return _serve_threads(options) if options.debug_threads else _serve(options)


def _strange_proxy(texts: Sequence[str]) -> str:
    """The first that is neither an address nor a network; "" if there is none."""
    for name in ",".join(texts).split(",") if texts else ():
        try:
            ipaddress.ip_network(name.strip(), strict=False)
        except ValueError:
            return repr(name)
    return ""


def _create_app(options: argparse.Namespace, **config: Any) -> Any:
    from app import scenarios
    from app.web import create_app
    from app.web.rates import network

    _choose_controllers(options)
    for folder in options.lessons:
        scenarios.add_folder(folder)
    config |= {"DATA_DIR": options.data, "ORIGINS": tuple(options.origin), "NAMES": _names(options.host)}
    config["REDIS"] = options.redis
    config["TRUSTED_PROXIES"] = tuple(network(each) for text in options.trusted_proxies for each in text.split(","))
    return create_app(config | {"RATES": None} if options.unlimited else config)


def _choose_controllers(options: argparse.Namespace) -> None:
    """Before the first room is made. Ends the server where a file or a name is none."""
    from app.rooms import add_controllers, leave_out_controller

    try:
        for file in options.controller:
            add_controllers(file)
        for name in options.disable_controller:
            leave_out_controller(name)
    except (OSError, ValueError) as refusal:
        print(refusal, file=sys.stderr)
        raise SystemExit(APP_LOAD_ERROR) from None


def _hold(options: argparse.Namespace) -> Any:
    """The lock on the directory with the rooms, for as long as this process and its worker live. None if nothing is
    kept, because it was not asked for, or cannot be: why is said."""
    from app.rooms.dividing import divide
    from app.rooms.files import InUse, Unusable, hold, numbers
    from app.rooms.storage import Storage

    if options.no_data:
        return None
    folder, options.data = options.data or str(data_folder()), None
    lock = None
    try:
        lock = hold(folder)
        for number in sorted({*range(options.workers), *numbers(Path(folder))}):
            storage = Storage(folder, number=number)
            if storage.damage is not None:
                print(_said_of(storage.damage), file=sys.stderr)
            storage.close()
        moved = divide(Path(folder), options.workers)
    except (InUse, Unusable, OSError, sqlite3.Error) as refusal:
        print(refusal, file=sys.stderr)
        if lock is not None:
            lock.close()
        return None
    if moved:
        print(f"{moved} rooms were divided among {options.workers} workers anew.")
    options.data = folder
    return lock


def _reaches(options: argparse.Namespace) -> bool:
    """Whether the store and Redis that were named are there; why not is said. In a process of its own: what talks to
    them looks, when it is imported, whether threads are greenlets."""
    from app.rooms import files, postgres, relay

    options.data = options.store or options.data
    if not options.store and not options.redis:
        return True
    if (child := os.fork()) == 0:
        try:
            if options.store:
                postgres.check(options.store)
            if options.redis:
                relay.check(options.redis)
        except files.Unusable as refusal:
            print(refusal, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _said_of(damage: Damage) -> str:
    return (
        f"The file with the rooms is damaged ({damage.why}). It is set aside as {damage.aside}. "
        f"{damage.kept} rooms were read from it and go on; {damage.lost} could not be read."
    )


# ----------------------------------------------------------------------------------------------- gunicorn


def _serve(options: argparse.Namespace) -> int:
    from gunicorn.app.base import BaseApplication

    from app.web.tally import Tally

    tally = Tally()  # in memory that all workers share

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in _settings(options).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from app.rooms import Share
            from app.web.worker import apart

            share = Share(options.number, options.workers)
            return _create_app(options, APART=apart, SHARE=share, TALLY=tally)

    Application().run()
    return 0


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    from app.api import limits
    from app.web.siblings import Doors

    doors = Doors(options.workers, spreads=bool(options.redis)) if options.workers > 1 else None

    def number(server: Any, worker: Any) -> None:
        """That of one who died goes to whoever takes his place, with his rooms."""
        taken = {each.number for each in server.WORKERS.values()}
        options.number = worker.number = next(each for each in range(options.workers) if each not in taken)
        worker.doors = doors

    def ready(worker: Any) -> None:
        from app.rooms import guard
        from app.web import logs

        logs.start()
        worker.wsgi.config["SIBLINGS"] = worker.siblings
        _warm_up(worker.wsgi)
        _let_viewers_go(worker)
        guard.start()
        gc.collect()
        gc.freeze()
        if worker.number == 0:
            print(_announcement(options), flush=True)

    def leave(_server: Any, worker: Any) -> None:
        from app.rooms import guard

        guard.stop()
        gc.unfreeze()  # or log handlers are found dead, noisily, when there are no threads any more
        if getattr(worker, "wsgi", None) is not None:
            worker.wsgi.extensions["rooms"].leave()

    return {
        "bind": f"[{options.host}]:{options.port}" if ":" in options.host else f"{options.host}:{options.port}",
        "workers": options.workers,
        "worker_class": "app.web.worker.Worker",
        "worker_connections": CONNECTIONS,
        "graceful_timeout": GRACE_S,
        "keepalive": limits.REQUEST_S,
        "loglevel": "warning",
        "control_socket_disable": True,
        "pre_fork": number,
        "post_worker_init": ready,
        "worker_exit": leave,
    }


def _let_viewers_go(worker: Any) -> None:
    """When told to stop: write everything down at once and let the viewers go.

    gunicorn would wait for the sockets, which never end by themselves, and then kill the worker before `worker_exit`.
    """
    leaving = threading.Event()

    def dismiss() -> None:
        leaving.wait()
        if (relay := worker.wsgi.extensions["relay"]) is not None:
            relay.leave()
        worker.wsgi.extensions["rooms"].leave()

    def stop(number: int, frame: Any) -> None:
        leaving.set()  # all that a signal handler may do under gevent
        worker.handle_exit(number, frame)

    threading.Thread(target=dismiss, name="dismiss", daemon=True).start()
    signal.signal(signal.SIGTERM, stop)


def _warm_up(app: Any) -> None:
    """Templates are compiled and static files compressed before the first visitor comes."""
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    client = app.test_client()
    page = client.get("/", follow_redirects=True)
    assert page.status_code == 200, page.status


def _announcement(options: argparse.Namespace) -> str:
    """The address that people can use; and who they are, if it is not this machine alone."""
    host = _reachable(options.host)
    address = f"http://[{host}]:{options.port}" if ":" in host else f"http://{host}:{options.port}"
    ready = f"Loopscope is ready: {address}\n{_kept(options)}"
    if _is_loopback(options.host):
        return ready
    return (
        f"{ready}\n"
        f"--host {options.host}: whoever reaches this machine on port {options.port} may open rooms, and do in a room "
        "whose address they know what you may do. There are no accounts and no encryption; docs/trust.md says what a "
        "guest can and cannot do."
    )


def _kept(options: argparse.Namespace) -> str:
    if options.store:
        return f"Rooms are kept in {_without_password(options.store)}: they are there again after a restart."
    if options.data:
        return f"Rooms are kept in {options.data}: they are there again after a restart."
    return "Rooms are kept in memory only: they are gone when the server ends."


def _without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//", url).partition("?")[0]


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _reachable(host: str) -> str:
    """Of "every address" one by which others find this machine. Nothing is sent: the kernel says which it would use."""
    if host not in ("0.0.0.0", "::"):
        return host
    family, far = (socket.AF_INET6, "2001:db8::1") if host == "::" else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((far, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _names(host: str) -> tuple[str, ...]:
    """By which people may call this machine, beside its addresses."""
    names = () if _is_loopback(host) else (socket.gethostname(), f"{socket.gethostname()}.local", socket.getfqdn())
    return tuple({name.lower() for name in (host, *names)})


def _is_free(host: str, port: int) -> bool:
    """Asked before gunicorn does, which would try five times and say it in its own words."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def _raise_file_limit() -> None:
    """A viewer is an open file; many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


# ------------------------------------------------------------------------------------------------ others


def _serve_threads(options: argparse.Namespace) -> int:
    app = _create_app(options)
    app.debug = True
    print(f"With threads. {_announcement(options)}", flush=True)
    try:
        app.run(options.host, options.port, threaded=True, use_reloader=False)
    finally:
        app.extensions["rooms"].close()
    return 0


def _health(host: str, port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=HEALTH_S) as response:
            return 0 if response.status == 200 else 1
    except OSError as error:
        print(f"not well: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
