"""Real servers of PostgreSQL and Redis, each in a folder of its own and on a free port, for as long as a test needs
them. `tools/ensure_servers.py` says where their programs are."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.patience import PATIENCE_S
from tools.ensure_servers import POSTGRES, REDIS, Program, find

NOBODY = "nobody"  # PostgreSQL does not serve root


class Process:
    """`with Postgres() as store:`, or `with Redis() as redis:`."""

    program: Program
    scheme: str

    def __init__(self) -> None:
        path = find(self.program)
        assert path is not None, "python -m tools.ensure_servers says how to get it"
        self.path = path
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder = Path(tempfile.mkdtemp(prefix="loopscope-"))
        self.user: int | None = None
        if os.geteuid() == 0:
            self.user = pwd.getpwnam(NOBODY).pw_uid
            os.chown(self.folder, self.user, -1)

    def __enter__(self) -> Self:
        self.prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def prepare(self) -> None:
        """Once."""

    def command(self) -> list[str]:
        raise AssertionError("each has its own")

    def start(self) -> None:
        self._process = subprocess.Popen(
            self.command(), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self.user
        )
        deadline = time.monotonic() + PATIENCE_S
        while not self.answers():
            assert self._process.poll() is None, "it has ended"
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """At once, as if its machine were gone."""
        self._process.send_signal(self.ending)
        self._process.wait(timeout=PATIENCE_S)

    ending = signal.SIGKILL


class Postgres(Process):
    program = POSTGRES
    ending = signal.SIGQUIT  # it writes nothing more, and takes its children along

    @property
    def url(self) -> str:
        return f"postgresql://loopscope@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        initdb = Path(self.path).with_name("initdb")
        subprocess.run(
            [initdb, "-D", self.folder / "data", "-U", "loopscope", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
            cwd=self.folder, check=True, stdout=subprocess.DEVNULL, user=self.user,
        )  # fmt: skip

    def command(self) -> list[str]:
        return [self.path, "-D", f"{self.folder}/data", "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]

    def answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True


class Redis(Process):
    program = REDIS

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [self.path, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
