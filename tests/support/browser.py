"""What a browser does with forms, for tests: it keeps cookies and sends the page's token."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.rooms import Room
from app.web import create_app

JSON = {"Accept": "application/json"}


def make_app(**config: Any) -> Flask:
    """An app whose rooms move only by our hand."""
    app = create_app({"TESTING": False, **config})
    app.extensions["rooms"].pacer.stop()
    return app


class Browser:
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        response = self.client.get("/")
        self.base = response.headers["Location"]
        page = self.client.get(self.base)
        assert page.status_code == 200
        self.html = page.get_data(as_text=True)
        found = re.search(r'<meta name="csrf-token" content="([0-9a-f]{64})">', self.html)
        assert found
        self.token = found[1]

    @property
    def room(self) -> Room:
        room: Room = self.app.extensions["rooms"].get(self.base.rpartition("/")[2])
        return room

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(self.base + path, **options)

    def post(self, path: str, data: Any = None, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        headers = {**JSON, "X-CSRF-Token": self.token, **(headers or {})}
        return self.client.post(self.base + path, data=data, headers=headers, **options)

    def pods(self) -> list[str]:
        return [pod["metadata"]["name"] for pod in self.room.cluster.objects("Pod", "default")]
