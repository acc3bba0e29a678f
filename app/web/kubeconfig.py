"""The file that points kubectl at a room: `export KUBECONFIG=...` and go. The page shows it, and it can be fetched."""

from __future__ import annotations

from typing import NamedTuple

from flask import url_for

from app.apimachinery import yamltext

SHOWN = 6  # letters of a room's name in its context


class Kubeconfig(NamedTuple):
    file: str  # the name under which it is saved
    text: str


def of(room: str, token: str = "") -> Kubeconfig:
    """At the address under which this request found the server."""
    server = url_for("kube.root", id=room, _external=True).rstrip("/")
    return Kubeconfig(f"{context_name(room)}.yaml", text(room, server, token))


def context_name(room: str) -> str:
    return f"loopscope-{room[:SHOWN]}"


def text(room: str, server: str, token: str = "") -> str:
    """A kubeconfig whose only context is the room. The address is the key; in a room that its owner has protected the
    owner has a `token` too.

    The JavaScript client talks plain HTTP only with who says that certificates are not to be checked."""
    name = context_name(room)
    cluster = {"server": server} | ({} if server.startswith("https:") else {"insecure-skip-tls-verify": True})
    return yamltext.dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "contexts": [{"name": name, "context": {"cluster": name, "namespace": "default", "user": name}}],
            "current-context": name,
            "preferences": {},
            "users": [{"name": name, "user": {"token": token} if token else {}}],
        }
    )
