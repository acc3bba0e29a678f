"""Probes that look for a file: whether it is there, and what the command says if it is not. Called by probes.py.

What a container's own command makes and removes is known, and so is what a plain image has not; files of other images
and of volumes are treated as present.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.nodes.runtime import images
from app.nodes.runtime.commands import programs
from app.nodes.runtime.images import Program

_OF_THE_SYSTEM = ("/bin/", "/dev/", "/etc/", "/lib/", "/proc/", "/sbin/", "/sys/", "/usr/")
_SAYS = {
    "cat": ("cat: can't open '{}': No such file or directory", "cat: {}: No such file or directory"),
    "ls": ("ls: {}: No such file or directory", "ls: cannot access '{}': No such file or directory"),
    "stat": ("stat: can't stat '{}': No such file or directory", "stat: cannot statx '{}': No such file or directory"),
}
"""As busybox says it, and as GNU does."""


class There(NamedTuple):
    """When a file is there, in milliseconds after the container's start."""

    from_ms: int | None  # None: never
    gone_ms: int | None  # None: it stays

    def is_so(self, ran_ms: int) -> bool:
        return self.from_ms is not None and self.from_ms <= ran_ms and (self.gone_ms is None or ran_ms < self.gone_ms)


ALWAYS, NEVER = There(0, None), There(None, None)


def there(command: Sequence[str], container: dict[str, Any], program: Program) -> There:
    path = programs.looks_for(tuple(command)) if command else ""
    mounted = any(f"{path}/".startswith(f"{each['mountPath'].rstrip('/')}/") for each in _mounts(container))
    if not path or mounted:
        return ALWAYS
    made = next((file for file in program.files if file.path == path), None)
    if made is not None:
        return There(made.after_ms, made.gone_ms)
    return NEVER if images.is_plain(container["image"]) and not path.startswith(_OF_THE_SYSTEM) else ALWAYS


def complaint(command: Sequence[str], image: str) -> str:
    """What the command prints when the file is not there."""
    busybox, gnu = _SAYS.get(command[0].rpartition("/")[2], ("", ""))
    is_small = images.name_and_tag(image)[0] in ("busybox", "alpine")
    return (busybox if is_small else gnu).format(programs.looks_for(tuple(command)))


def _mounts(container: dict[str, Any]) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = container.get("volumeMounts") or []
    return mounts
