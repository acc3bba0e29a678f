"""What several workers say of themselves, as one answer: app/web/metrics.py asks them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_SAMPLE = re.compile(r"(\w+)(?:{(.*)})? (\S+)")


def metrics(texts: Mapping[int, str]) -> str:
    """Each family in one piece, each of its samples with the number of its worker."""
    families: dict[str, list[str]] = {}
    for number, text in sorted(texts.items()):
        for family in re.split(r"(?=^# HELP )", text, flags=re.MULTILINE)[1:]:
            *about, samples = family.split("\n", 2)
            lines = families.setdefault("\n".join(about), [])
            lines += (_of_worker(number, sample) for sample in samples.splitlines())
    return "".join("\n".join((about, *lines, "")) for about, lines in families.items())


def _of_worker(number: int, sample: str) -> str:
    name, labels, value = _sample(sample)
    return f'{name}{{{labels},worker="{number}"}} {value}' if labels else f'{name}{{worker="{number}"}} {value}'


def _sample(line: str) -> tuple[str, str, str]:
    found = _SAMPLE.fullmatch(line)
    assert found, line
    return found[1], found[2] or "", found[3]


def health(told: Sequence[dict[str, Any] | None]) -> dict[str, Any]:
    """None: a worker that says nothing. What they count is added up; the disk is the same for all."""
    known = [each for each in told if each is not None]
    is_well = len(known) == len(told) and all(each["status"] == "ok" for each in known)
    disk = known[0]["disk"] | {"rooms_not_written": sum(each["disk"]["rooms_not_written"] for each in known)}
    sums = {part: {name: sum(each[part][name] for each in known) for name in known[0][part]} for part in _ADDED}
    return {
        "status": "ok" if is_well else "degraded",
        "disk": disk,
        **sums,
        "workers": {"answering": len(known), "of": len(told)},
    }


_ADDED = ("rooms", "memory")
