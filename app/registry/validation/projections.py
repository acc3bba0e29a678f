"""Files that a volume makes of other objects: keys of ConfigMaps and Secrets, fields of the pod, tokens.

Models kubernetes `pkg/apis/core/validation` validateKeyToPath, validateDownwardAPIVolumeFile and
validateProjectionSources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, fields, paths

_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_SHORTEST_S, _LONGEST_S = 600, 1 << 32


def check_items(source: Obj, field: str) -> Iterator[Cause]:
    for index, item in enumerate(source.get("items") or ()):
        at = f"{field}.items[{index}]"
        yield from causes.needed(item, at, "key", "path")
        yield from paths.check_free(item.get("path", ""), f"{at}.path")
        yield from paths.check_mode(item.get("mode"), f"{at}.mode")


def check_downward(source: Obj, field: str) -> Iterator[Cause]:
    yield from paths.check_mode(source.get("defaultMode"), f"{field}.defaultMode")
    yield from _check_downward_files(source, field)


def _check_downward_files(source: Obj, field: str) -> Iterator[Cause]:
    """Upstream does not say which one."""
    for item in source.get("items") or ():
        yield from causes.needed(item, field, "path")
        yield from paths.check_free(item.get("path", ""), f"{field}.path")
        if "fieldRef" in item:
            yield from fields.check_field(item["fieldRef"], f"{field}.fieldRef", _FIELDS)
            if "resourceFieldRef" in item:
                why = "fieldRef and resourceFieldRef can not be specified simultaneously"
                yield causes.invalid(field, "resource", why)
        elif "resourceFieldRef" in item:
            yield from fields.check_resource(item["resourceFieldRef"], f"{field}.resourceFieldRef", in_file=True)
        else:
            yield causes.required(field, "one of fieldRef and resourceFieldRef is required")
        yield from paths.check_mode(item.get("mode"), f"{field}.mode")


# ------------------------------------------------------------------------------------------------- projected


def check(volume: Obj, field: str) -> Iterator[Cause]:
    """But for certificates, whose sources are behind feature gates that are off."""
    yield from paths.check_mode(volume.get("defaultMode"), f"{field}.defaultMode")
    taken: set[str] = set()
    for index, source in enumerate(volume.get("sources") or ()):
        at = f"{field}.sources[{index}]"
        given = [kind for kind in _SOURCES if source.get(kind) is not None]
        for kind in given:
            yield from _SOURCES[kind](source[kind], f"{at}.{kind}")
            if kind == "serviceAccountToken":
                yield from _check_token_path(source[kind], f"{field}.path")
            for path in filter(None, (item.get("path") for item in source[kind].get("items") or ())):
                if path in taken:
                    told = path if kind == "downwardAPI" else source[kind].get("name", "")
                    yield causes.invalid(field, told, "conflicting duplicate paths")
                taken.add(path)
        if len(given) > 1:
            yield causes.forbidden(at, "may not specify more than 1 volume type per source")


def _check_object(source: Obj, field: str) -> Iterator[Cause]:
    yield from causes.needed(source, field, "name")
    yield from check_items(source, field)


def _check_token(source: Obj, field: str) -> Iterator[Cause]:
    seconds, field = source.get("expirationSeconds", 3600), f"{field}.expirationSeconds"
    if seconds < _SHORTEST_S:
        yield causes.invalid(field, seconds, "may not specify a duration less than 10 minutes")
    if seconds > _LONGEST_S:
        yield causes.invalid(field, seconds, "may not specify a duration larger than 2^32 seconds")


def _check_token_path(source: Obj, field: str) -> Iterator[Cause]:
    if not source.get("path"):
        yield causes.required(field)
    else:
        yield from paths.check_free(source["path"], field)


_SOURCES: dict[str, Callable[[Obj, str], Iterator[Cause]]] = {
    "secret": _check_object,
    "configMap": _check_object,
    "downwardAPI": _check_downward_files,
    "serviceAccountToken": _check_token,
}
