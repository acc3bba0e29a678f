"""What a client is told beside the answer, as `Warning` headers: collected while a request is answered.

Models apiserver `pkg/endpoints/filters/warning.go`, which takes each text once and has so much room for all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from flask import Response, g

from app.api.limits import WARNING_CLIPPED, WARNINGS_LENGTH


def tell(texts: Iterable[str]) -> None:
    g.setdefault("warnings", []).extend(texts)


def write(response: Response) -> Response:
    for text in shown(g.pop("warnings", ())):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"'.encode("utf-8", "replace").decode("latin-1"))
    return response


def shown(texts: Iterable[str]) -> Iterator[str]:
    """Whole if there is room, else clipped, until there is none. One that no header can hold is left out."""
    told = [text for text in dict.fromkeys(texts) if text and not any(map(_controls, text))]
    if sum(map(len, told)) <= WARNINGS_LENGTH:
        yield from told
        return
    written = 0
    for text in told:
        if written < WARNINGS_LENGTH:
            clipped = text[:WARNING_CLIPPED]
            written += len(clipped)
            yield clipped


def _controls(letter: str) -> bool:
    return unicodedata.category(letter) == "Cc"
