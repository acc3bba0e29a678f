"""The volumes of a pod, and the files that they put somewhere.

Models kubernetes `pkg/apis/core/validation` ValidateVolumes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, metadata

_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_SHORTEST_S, _LONGEST_S = 600, 1 << 32
_NAMED = (("configMap", "name"), ("secret", "secretName"), ("persistentVolumeClaim", "claimName"))
_FILES = ("configMap", "secret", "downwardAPI", "projected")


def check(volumes: Any) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        field, name = f"volumes[{index}]", volume.get("name", "")
        for extra in [source for source in volume if source != "name"][1:]:
            yield causes.forbidden(f"{field}.{extra}", "may not specify more than 1 volume type")
        yield from _check_source(volume, field)
        if not name:
            yield causes.required(f"{field}.name")
        for problem in metadata.is_label(name) if name else ():
            yield causes.invalid(f"{field}.name", name, problem)
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)


def _check_source(volume: Obj, field: str) -> Iterator[Cause]:
    if "hostPath" in volume and not volume["hostPath"].get("path"):
        yield causes.required(f"{field}.hostPath.path")
    for kind, key in _NAMED:
        if kind in volume and not volume[kind].get(key):
            yield causes.required(f"{field}.{kind}.{key}")
    for kind in _FILES:
        if kind in volume:
            source, at = volume[kind], f"{field}.{kind}"
            yield from _check_mode(source.get("defaultMode"), f"{at}.defaultMode")
            yield from _check_files(source.get("items") or (), at, is_downward=kind == "downwardAPI")
    yield from _check_projected((volume.get("projected") or {}).get("sources") or (), f"{field}.projected")


def _check_mode(mode: int | None, field: str) -> Iterator[Cause]:
    if mode is not None and not 0 <= mode <= 0o777:
        yield causes.invalid(field, mode, _MODE)


def _check_files(items: Any, field: str, *, is_downward: bool = False) -> Iterator[Cause]:
    """Of the downward API upstream does not say which one."""
    for index, item in enumerate(items):
        at = field if is_downward else f"{field}.items[{index}]"
        if not is_downward and not item.get("key"):
            yield causes.required(f"{at}.key")
        if not item.get("path"):
            yield causes.required(f"{at}.path")
        yield from _check_path(item.get("path", ""), f"{at}.path")
        if is_downward and not item.keys() & {"fieldRef", "resourceFieldRef"}:
            yield causes.required(at, "one of fieldRef and resourceFieldRef is required")
        yield from _check_mode(item.get("mode"), f"{at}.mode")


def _check_path(path: str, field: str) -> Iterator[Cause]:
    if path.startswith("/"):
        yield causes.invalid(field, path, "must be a relative path")
    if ".." in path.split("/"):
        yield causes.invalid(field, path, "must not contain '..'")
    if path.startswith("..") and not path.startswith("../"):
        yield causes.invalid(field, path, "must not start with '..'")


def _check_projected(sources: Any, field: str) -> Iterator[Cause]:
    taken: set[str] = set()
    for index, source in enumerate(sources):
        at = f"{field}.sources[{index}]"
        for kind in ("secret", "configMap", "downwardAPI"):
            if (given := source.get(kind)) is not None:
                downward = kind == "downwardAPI"
                if not downward and not given.get("name"):
                    yield causes.required(f"{at}.{kind}.name")
                yield from _check_files(given.get("items") or (), f"{at}.{kind}", is_downward=downward)
                for path in [item["path"] for item in given.get("items") or () if item.get("path")]:
                    if path in taken:
                        why = "conflicting duplicate paths"
                        yield causes.invalid(field, path if downward else given.get("name", ""), why)
                    taken.add(path)
        if (token := source.get("serviceAccountToken")) is not None:
            yield from _check_token(token, f"{at}.serviceAccountToken", field)
        if len(source) > 1:
            yield causes.forbidden(at, "may not specify more than 1 volume type per source")


def _check_token(token: Obj, field: str, volume: str) -> Iterator[Cause]:
    seconds = token.get("expirationSeconds", 3600)
    if seconds < _SHORTEST_S:
        yield causes.invalid(f"{field}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > _LONGEST_S:
        why = "may not specify a duration larger than 2^32 seconds"
        yield causes.invalid(f"{field}.expirationSeconds", seconds, why)
    if not token.get("path"):
        yield causes.required(f"{volume}.path")
    else:
        yield from _check_path(token["path"], f"{volume}.path")
