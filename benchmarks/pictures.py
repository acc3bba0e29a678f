"""Pictures: how long the server draws a moment, and how many bytes it is. `make bench` runs it.

    python -m benchmarks.pictures

Milliseconds are CPU time of the answer: the room as it was, its views, the text. Asked for are the moments after a pod
was killed, with 3 pods; then one moment with 190.
"""

from __future__ import annotations

import time

from flask.testing import FlaskClient

from app.api.objects import Ref
from app.commands import Scale
from app.web import create_app

MOMENTS = 100


def asked(client: FlaskClient, room: str, step: int) -> tuple[float, int]:
    """Milliseconds, bytes."""
    began = time.process_time()
    answer = client.get(f"/rooms/{room}/picture.svg?step={step}")
    assert answer.status_code == 200, answer.status_code
    return (time.process_time() - began) * 1000, len(answer.data)


def main() -> None:
    app = create_app({"RATES": None})
    rooms = app.extensions["rooms"]
    rooms.pacer.stop()
    room, client = rooms.create(), app.test_client()
    asked(client, room.id, room.cluster.trace.count)
    room.press(0)
    room.cluster.run()
    newest = room.cluster.trace.count
    found = sorted(asked(client, room.id, step) for step in range(newest - MOMENTS, newest))
    print(f"3 pods: median {found[MOMENTS // 2][0]:.0f} ms, {max(size for _ms, size in found) / 1000:.0f} kB at most")
    room.submit(Scale(Ref("Deployment", "default", "web"), 190))
    room.cluster.run()
    took, size = asked(client, room.id, room.cluster.trace.count)
    print(f"190 pods: {took:.0f} ms, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
