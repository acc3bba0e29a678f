"""How the tests talk to the Kubernetes face: through the real kubectl, or straight to the app."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.cluster import Cluster
from app.rooms import Room
from tests.support.patience import PATIENCE_S
from tests.support.versions import Version

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
"""


class Kubectl:
    """`kubectl("get", "pods")` -> what it printed. Exit codes are checked: use `refused` for what must fail."""

    def __init__(self, version: Version, config: Path, server: str) -> None:
        self.minor = version.minor
        self.server = server
        self.config = config
        self._binary = version.path
        self.env = {**os.environ, "KUBECONFIG": str(config), "HOME": str(config.parent), "NO_PROXY": "*"}

    def __call__(self, *words: str, stdin: str = "", env: dict[str, str] | None = None) -> str:
        done = self.run(*words, stdin=stdin, env=env)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def refused(self, *words: str, stdin: str = "") -> str:
        """What it said on the way out."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode != 0, f"kubectl {' '.join(words)}: {done.stdout}"
        return done.stderr

    def run(self, *words: str, stdin: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._binary, *words],
            input=stdin, capture_output=True, text=True, timeout=PATIENCE_S, env=self.env | (env or {}),
        )  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[str]:
        """One that goes on; what it says on either stream comes in one."""
        return subprocess.Popen(
            [self._binary, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.env
        )

    def at_terminal(self, *words: str, typed: str) -> tuple[str, int]:
        """What stands on the screen in the end, and the exit code; `typed` comes once something is there."""
        ours, its = os.openpty()
        with subprocess.Popen([self._binary, *words], stdin=its, stdout=its, stderr=its, env=self.env) as process:
            os.close(its)
            shown = os.read(ours, 4096)
            os.write(ours, typed.encode())
            while piece := _read(ours):
                shown += piece
            code = process.wait(timeout=PATIENCE_S)
        os.close(ours)
        return shown.decode(), code

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "-o", "json"))

    def rows(self, *words: str) -> list[list[str]]:
        """The table, cells split at two spaces; the header first."""
        return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in self(*words).splitlines()]


def _read(terminal: int) -> bytes:
    """b"" at the end, which Linux reports as an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


class Api:
    """Requests to a room that moves only by our hand."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.room: Room = app.extensions["rooms"].create()
        self.base = f"/rooms/{self.room.id}/kube"

    @property
    def cluster(self) -> Cluster:
        return self.room.cluster

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """`body`: text as it is, all else as JSON. Headers with underscores: `Content_Type="application/yaml"`."""
        data = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(self.base + path, method=method, data=data, headers=named)

    def get(self, path: str, **headers: str) -> Any:
        return self.ok("GET", path, **headers)

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        response = self.ask(method, path, body, **headers)
        assert response.status_code < 300, response.get_data(as_text=True)
        return response.get_json()

    def status(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """The Status of a refusal, which has the code of the answer."""
        response = self.ask(method, path, body, **headers)
        status: dict[str, Any] = response.get_json()
        assert status["kind"] == "Status"
        assert status["code"] == response.status_code
        return status

    def stream(self, path: str) -> list[dict[str, Any]]:
        """The events of a watch that ends by itself."""
        lines = self.ask("GET", path).get_data(as_text=True).splitlines()
        return [json.loads(line) for line in lines]
