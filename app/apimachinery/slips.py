"""Slips of the pen that YAML reads otherwise: `replicas:3` and `replicas 3` are text to it, and the text goes on.

`yamltext` asks when it stumbles further down, `app/kubectl/manifests.py` where a text stands instead of fields.
"""

from __future__ import annotations

import re

from app.api.messages import N_, Advice

# A key and its value run together: YAML goes on reading, and stumbles over a line further down.
_RUN_TOGETHER = re.compile(r"([A-Za-z][\w./-]*)(:(?=\S)| +(?![#|>]))(\S.*)")
_ENTRY = re.compile(r"\s*(- +)*(\"[^\"]*\"|'[^']*'|[^\s:#'\"][^:#]*):(\s|$)")


def slip(text: str) -> Advice | None:
    """What to do where "name: value" was meant and its colon, or the space behind it, is not there."""
    found = _RUN_TOGETHER.fullmatch(text.strip())
    if not found or found[3].startswith("//"):
        return None
    better = f"{found[1]}: {found[3]}"
    if found[2] == ":":
        return Advice(N_('A space is missing after the colon: write "%(better)s".'), better=better)
    return Advice(N_('A colon is missing: write "%(better)s".'), better=better)


def above(line_number: int, lines: list[str]) -> tuple[tuple[int, int], Advice] | None:
    """Line and column, from 1, of the value further up that should have been a field, if that is why this line cannot
    be read; and what to do about it."""
    for number in range(min(line_number - 1, len(lines)), 0, -1):
        line = lines[number - 1]
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if _ENTRY.match(line):
            return None
        content = re.sub(r"^(- +)+", "", bare)
        advice = slip(content)
        return ((number, line.index(content) + 1), advice) if advice else None
    return None
