"""What a room may take in all its life: so many commands, so many bytes. Room asks before each command. And how many
rooms there may be, and people in one."""

from __future__ import annotations

from dataclasses import dataclass

from app.api import errors, limits
from app.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Limits:
    rooms_in_memory: int = limits.ROOMS_IN_MEMORY
    rooms_stored: int = limits.ROOMS_STORED
    viewers_per_room: int = limits.VIEWERS_OF_ROOM
    watches_per_room: int = limits.WATCHES_OF_ROOM


def check(cluster: Cluster) -> None:
    """Raises TooManyRequests."""
    if len(cluster.journal) >= limits.COMMANDS_OF_ROOM:
        raise errors.TooManyRequests(f"this room has taken its limit of {limits.COMMANDS_OF_ROOM} commands: reset it")
    if cluster.taken_bytes >= limits.CLUSTER_BYTES:
        most = limits.CLUSTER_BYTES // limits.MIB
        raise errors.TooManyRequests(f"this room has taken its limit of {most} MiB of objects: reset it")
