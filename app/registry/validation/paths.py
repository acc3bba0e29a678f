"""Paths of files inside of volumes, and how their files may be opened.

Models kubernetes `pkg/apis/core/validation` validateLocalDescendingPath and ValidateLocalNonReservedPath.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.registry.validation import causes

_MODE = "must be a number between 0 and 0777 (octal), both inclusive"


def check_steps(path: str, field: str) -> Iterator[Cause]:
    if ".." in path.split("/"):
        yield causes.invalid(field, path, "must not contain '..'")


def check_descending(path: str, field: str) -> Iterator[Cause]:
    if path.startswith("/"):
        yield causes.invalid(field, path, "must be a relative path")
    yield from check_steps(path, field)


def check_free(path: str, field: str) -> Iterator[Cause]:
    """Descending, and not one of the names that the kubelet keeps for itself."""
    yield from check_descending(path, field)
    if path.startswith("..") and not path.startswith("../"):
        yield causes.invalid(field, path, "must not start with '..'")


def check_mode(mode: int | None, field: str) -> Iterator[Cause]:
    if mode is not None and not 0 <= mode <= 0o777:
        yield causes.invalid(field, mode, _MODE)
