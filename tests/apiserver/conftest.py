"""An API server with the namespace `default`, in which time stands still."""

from __future__ import annotations

import random

import pytest

from app.apiserver.server import ApiServer
from app.apiserver.store import Store
from app.registry.builtin import built_in
from tests.support import builders


@pytest.fixture
def server() -> ApiServer:
    server = ApiServer(built_in(), Store(), lambda: builders.NOW_MS, random.Random(1))
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return server
