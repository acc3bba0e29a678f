"""gzip for pages, fragments and JSON. Static files (assets) are compressed once, the socket and API clients never."""

from __future__ import annotations

import zlib

from flask import Flask, Response, request

from app.api.breath import breathe

SMALLEST = 860  # bytes; below it a packet is not spared
PIECE = 256 * 1024  # is compressed at once
LEVEL = 5  # of zlib: beyond it our HTML takes longer and hardly shrinks
GZIP = 16 + zlib.MAX_WBITS
TYPES = ("text/html", "text/plain", "application/json")


def init_app(app: Flask) -> None:
    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype not in TYPES or response.is_streamed or response.content_encoding:
            return response
        if request.blueprint == "kube":
            return response  # the client is near, and lists are large
        response.vary.add("Accept-Encoding")
        if "gzip" not in request.headers.get("Accept-Encoding", "") or (response.content_length or 0) < SMALLEST:
            return response
        response.set_data(_gzipped(response.get_data()))
        response.content_encoding = "gzip"
        return response


def _gzipped(data: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, wbits=GZIP)
    pieces = []
    for at in range(0, len(data), PIECE):
        pieces.append(packer.compress(data[at : at + PIECE]))
        breathe()
    return b"".join((*pieces, packer.flush()))
