"""The file that points kubectl at a room: `export KUBECONFIG=...` and go."""

from __future__ import annotations

from app.api import yamltext

SHOWN = 6  # letters of a room's name in its context


def context_name(room: str) -> str:
    return f"loopscope-{room[:SHOWN]}"


def text(room: str, server: str) -> str:
    """A kubeconfig whose only context is the room. There is no user: the address is the key."""
    name = context_name(room)
    return yamltext.dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": server}}],
            "contexts": [{"name": name, "context": {"cluster": name, "namespace": "default", "user": name}}],
            "current-context": name,
            "preferences": {},
            "users": [{"name": name, "user": {}}],
        }
    )
