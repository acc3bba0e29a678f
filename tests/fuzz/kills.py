"""A server is killed at random moments while people and programs work in its rooms; nothing that was answered is lost.

`python -m tests.fuzz.kills` as part of `make soak`; KILLS says how often, SEED where the dice begin. Each client does
one kind of thing, again and again, and remembers what was answered with success. After a kill the next server must have
it; of what was under way when the server died either may be. WORKERS says how many processes serve: in turn one of
them is killed, or all.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import sqlite3
import tempfile
import threading
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from app.rooms import owner
from app.rooms.files import path_of
from tests.support.patience import PATIENCE_S
from tests.support.server import Server

LONGEST_S = 1.5  # that a server lives
WORKERS = int(os.environ.get("WORKERS", "1"))


class Client(threading.Thread):
    """Works in a room of its own until the server is gone."""

    def __init__(self, server: Server, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.visitor = server.stranger()
        self.room = self.visitor.room()
        self.answered = 0  # how often
        self.newest = 0  # what the last answer was about

    def run(self) -> None:
        number = 0
        while True:
            number += 1
            try:
                self.newest = self._do(number)
            except (OSError, http.client.HTTPException):  # in the middle of an answer, for one
                return
            self.answered += 1

    def _do(self, number: int) -> int:
        match self.kind:
            case "command":
                self._post("commands/scale", kind="Deployment", name="web", replicas=1 + number % 7)
            case "api":
                patch = json.dumps({"metadata": {"annotations": {"number": str(number)}}}).encode()
                path = f"/rooms/{self.room}/kube/apis/apps/v1/namespaces/default/deployments/web"
                headers = {"Content-Type": "application/merge-patch+json"}
                request = urllib.request.Request(self.visitor.url + path, patch, headers, method="PATCH")
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE_S).close()
            case "pace":
                self._post("pace", speed=1 + number % 90, paused=("true", "false")[number % 2])
            case "steps":
                return int(json.loads(self._post("step"))["step"] or self.newest)
        return number

    def _post(self, path: str, **values: object) -> str:
        return self.visitor.post(f"/rooms/{self.room}/{path}", values)

    def lost(self, server: Server, data: Path) -> str:
        """What is not there any more of what was answered; "" if all is."""
        if not self.answered:
            return ""
        status, page = server.asked(f"/rooms/{self.room}")
        if status != 200:
            return f"its page: {status}"
        text = server.get(f"/rooms/{self.room}/objects/Deployment/default/web/yaml")
        with closing(sqlite3.connect(path_of(data, owner(self.room, WORKERS)))) as db:
            pace, steps = db.execute("SELECT pace, steps FROM rooms WHERE id = ?", (self.room,)).fetchone()
        either = (self.newest, self.newest + 1)
        found: object
        match self.kind:
            case "command":
                found = int((re.search(r"^  replicas: (\d+)$", text, re.MULTILINE) or ["", -1])[1])
                wanted: tuple[object, ...] = tuple(1 + number % 7 for number in either)
            case "api":
                found = (re.search(r"number: '?\"?(\d+)", text) or ["", ""])[1]
                wanted = tuple(map(str, either))
            case "pace":
                found = json.loads(pace)["speed"], 'data-paused="true"' in page
                wanted = tuple((1.0 + number % 90, number % 2 == 0) for number in either)
            case _:
                found, wanted = int(steps) >= self.newest, (True,)
        return "" if found in wanted else f"{found}, and not one of {wanted}"


KINDS = ("command", "api", "pace", "steps")


def trial(seed: int) -> tuple[int, list[str]]:
    """Of one kill: how much was answered, and what was lost."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        data, options = Path(folder), ("--data", folder, "--unlimited", "--workers", str(WORKERS))
        with Server(*options) as server:
            clients = [Client(server, kind) for kind in KINDS * WORKERS]
            for client in clients:
                client.start()
            time.sleep(dice.uniform(0.01, LONGEST_S))
            lost = _without_one(server, clients, data, dice) if WORKERS > 1 and seed % 2 else []
            server.kill()
            for client in clients:
                client.join()
        with Server(*options) as server:
            lost += [f"{client.kind}: {why}" for client in clients if (why := client.lost(server, data))]
    return sum(client.answered for client in clients), lost


def _without_one(server: Server, clients: list[Client], data: Path, dice: random.Random) -> list[str]:
    """One worker is killed: what its clients lost, while the others go on."""
    os.kill(dice.choice(server.workers()), signal.SIGKILL)
    time.sleep(dice.uniform(0.5, LONGEST_S))
    return [f"{each.kind}: {why}" for each in clients if not each.is_alive() and (why := each.lost(server, data))]


def main() -> None:
    kills, first = int(os.environ.get("KILLS", "20")), int(os.environ.get("SEED", "1"))
    answered = 0
    for seed in range(first, first + kills):
        count, lost = trial(seed)
        answered += count
        assert not lost, f"SEED={seed} KILLS=1: {lost}"
    workers = f", {WORKERS} workers" if WORKERS > 1 else ""
    print(f"{kills} kills{workers}: {answered:,} answers with success, none lost")


if __name__ == "__main__":
    main()
