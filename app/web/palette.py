"""The colours and fonts of the page (static/css/tokens.css), for pictures, which have no stylesheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

THEMES = ("light", "dark")
Inks = Mapping[str, Mapping[str, str]]
_PAIR = re.compile(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);")
_FONT = re.compile(r"--(sans|mono): ([^;]+);")


def of(static: Path) -> Inks:
    """Per theme what each name stands for: `of(folder)["dark"]["ink_2"]`, and the fonts `sans` and `mono`."""
    text = (static / "css" / "tokens.css").read_text("utf-8")
    fonts = dict(_FONT.findall(text))
    pairs = [(name.replace("-", "_"), both) for name, *both in _PAIR.findall(text)]
    return MappingProxyType(
        {theme: {**fonts, **{name: both[index] for name, both in pairs}} for index, theme in enumerate(THEMES)}
    )
