"""What must never stand in a sentence that people read: what only programs understand, and another language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
ALWAYS_WRONG = {
    "a raw value": re.compile(r"""\(['"{(]|\[['"\d{(]|\{['"]|\bNone\b|\bRef\(|, \)|\bdict\b|<[a-z]"""),
    "a uid": UID,
    "milliseconds": re.compile(r"\d ?ms\b"),
    "an empty slot": re.compile(r"  |%\(| [.,:;、。：]|^[ .,:：、]|：。|: \.|\(\)|（）"),
    "a word said twice": re.compile(r"\b(\w*[a-z]\w*) \1\b"),
    "what was cut off": re.compile(r"…$"),
}
WRONG_IN = {
    "en": {"Japanese": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff：]")},
    "ja": {
        "a space before a particle": re.compile(r" [のがをはにでと]"),
        "English": re.compile(r"\b[a-z]{2,} [a-z]{2,}\b|\b(?:the|is|are|of|and|its|not|no|was|has|been|must|gone)\b"),
    },
}
"""Latin words may stand there: names, kinds, reasons. Not two small words in a row, unless one is a name."""


def wrong(text: str, lang: str, names: Collection[str]) -> Iterator[str]:
    for what, pattern in {**ALWAYS_WRONG, **WRONG_IN[lang]}.items():
        if any(not set(found.group().split()) & set(names) for found in pattern.finditer(text)):
            yield what
