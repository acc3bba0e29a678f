"""What a room may take in all its life: so many commands, so many bytes. Room asks before each command."""

from __future__ import annotations

from app.api import errors, limits
from app.cluster import Cluster


def check(cluster: Cluster) -> None:
    """Raises TooManyRequests."""
    if len(cluster.journal) >= limits.COMMANDS_OF_ROOM:
        raise errors.TooManyRequests(f"this room has taken its limit of {limits.COMMANDS_OF_ROOM} commands: reset it")
    if cluster.taken_bytes >= limits.CLUSTER_BYTES:
        most = limits.CLUSTER_BYTES // limits.MIB
        raise errors.TooManyRequests(f"this room has taken its limit of {most} MiB of objects: reset it")
