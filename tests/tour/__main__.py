"""`make tour`: every lesson, in both languages, at three sizes, light and dark by turns.

    python -m tests.tour                           # all of it; half an hour on two cores
    python -m tests.tour self-healing --ja         # one lesson, one language
    python -m tests.tour --phone                   # one size

Leaves a sheet of pictures for each in build/tour, prints what is wrong, and ends with 1 if anything is.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sys
import time

from app import scenarios
from tests.tour.visiting import OUT, Stop, visit

LANGS = ("en", "ja")
SIZES = ("projector", "desk", "phone")


def main(words: list[str]) -> int:
    begun = time.monotonic()
    stops = list(chosen(words))
    told = milestones = moments = wrong = 0
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as workers:
        for played in workers.imap_unordered(visit, stops):
            moments += played.moments
            told += played.told
            milestones += played.milestones
            wrong += len(played.faults)
            print(f"{played.stop.name}: {len(played.faults) or 'no'} faults", flush=True)
            for fault in played.faults:
                print(f"    {fault}", flush=True)
    minutes = (time.monotonic() - begun) / 60
    print(f"{len(stops)} stops, {moments} moments, {told} of {milestones} milestones told, {wrong} faults")
    print(f"{minutes:.0f} minutes")
    print(f"Pictures: {OUT}")
    return 1 if wrong else 0


def chosen(words: list[str]) -> list[Stop]:
    lessons = [word for word in words if not word.startswith("--")] or [lesson.id for lesson in scenarios.every()]
    langs = [lang for lang in LANGS if f"--{lang}" in words] or LANGS
    sizes = [size for size in SIZES if f"--{size}" in words] or SIZES
    themes = itertools.cycle(("light", "dark", "dark", "light"))
    return [Stop(*each, next(themes)) for each in itertools.product(lessons, langs, sizes)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
