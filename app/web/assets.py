"""Static files: read once, compressed once, and kept by browsers for good.

Their path bears the version of the whole folder, `/static/<version>/js/main.js`, so that modules which import each
other by relative paths need no build step to be cached. With `app.debug` files are read again each time.

Comments are for whoever reads the source: a seventh of our scripts and styles, which a phone need not fetch.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, Response, abort, request

YEAR_S = 31_536_000
WORTH_IT = 0.9  # already compressed formats do not shrink
_COMMENTS = {
    ".js": re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)$", re.DOTALL | re.MULTILINE),
    ".css": re.compile(r"^[ \t]*/\*.*?\*/[ \t]*$", re.DOTALL | re.MULTILINE),
}
"""Those that have lines of their own."""


SHEETS = {
    "css/room.css": (
        "tokens", "base", "header", "desired", "loop", "board", "reasons", "workloads", "traffic", "strips",
        "timeline", "inspector", "breaking", "oncall", "new", "story", "script", "stage",
    ),
}  # fmt: skip
"""Stylesheets sent as one: a third fewer bytes, and one request. Later ones win.
`own` comes with its panel, `custom` with its cards (sheets.js)."""


class Asset(NamedTuple):
    body: bytes
    compressed: bytes | None
    type: str


class Assets:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def paths(self) -> Mapping[str, Path]:
        """By name relative to the folder. Nothing that is not listed here is ever opened."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in files}

    @cached_property
    def version(self) -> str:
        digest = hashlib.sha256()
        for name, path in self.paths.items():
            digest.update(name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:12]

    @cached_property
    def _loaded(self) -> dict[str, Asset]:
        return {}

    def get(self, name: str) -> Asset | None:
        names = [f"css/{sheet}.css" for sheet in SHEETS[name]] if name in SHEETS else [name]
        if not all(each in self.paths for each in names):
            return None
        if name not in self._loaded:
            self._loaded[name] = _load([self.paths[each] for each in names])
        return self._loaded[name]


def init_app(app: Flask, folder: Path) -> None:
    kept = app.extensions["assets"] = Assets(folder)

    def assets() -> Assets:
        return Assets(folder) if app.debug else kept

    @app.get("/static/<version>/<path:filename>", endpoint="static")
    def static(version: str, filename: str) -> Response:
        current = assets()
        asset = current.get(filename) or abort(404)
        squeezed = asset.compressed if "gzip" in request.headers.get("Accept-Encoding", "") else None
        response = Response(squeezed or asset.body, mimetype=asset.type)
        response.vary.add("Accept-Encoding")
        if squeezed:
            response.content_encoding = "gzip"
        if version == current.version and not app.debug:
            response.cache_control.public = response.cache_control.immutable = True
            response.cache_control.max_age = YEAR_S
        else:
            response.cache_control.no_cache = True
        return response

    @app.url_defaults
    def with_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("version", assets().version)


def _load(paths: Sequence[Path]) -> Asset:
    body, path = b"".join(_body(path) for path in paths), paths[0]
    compressed = gzip.compress(body, 9, mtime=0)
    type_ = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(body, compressed if len(compressed) < len(body) * WORTH_IT else None, type_)


def _body(path: Path) -> bytes:
    body = path.read_bytes()
    if path.suffix in _COMMENTS and "vendor" not in path.parts:
        body = without_comments(body.decode(), path.suffix).encode()
    return body


def without_comments(text: str, suffix: str) -> str:
    """Every line stays where it is, so that what a browser complains about is found."""
    return _COMMENTS[suffix].sub(lambda comment: "\n" * comment[0].count("\n"), text)
