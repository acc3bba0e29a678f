"""Many trials on all cores, as a table for README: `make soak SEEDS=1000`. One that fails is printed, and runs alone:
`SEED=17 SEEDS=1`."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.fuzz.trial import Report, Trial

INPUTS = 80


def trial(seed: int) -> Report:
    made = Trial(seed)
    made.live(INPUTS)
    made.look_around()
    return made.report


def main() -> int:
    first, count = int(os.environ.get("SEED", "1")), int(os.environ.get("SEEDS", "200"))
    began, whole, ended_badly = time.monotonic(), Report(), 0
    with ProcessPoolExecutor() as pool:
        trials = {pool.submit(trial, seed): seed for seed in range(first, first + count)}
        for ended in as_completed(trials):
            if error := ended.exception():
                ended_badly += 1
                print(f"SEED={trials[ended]}: {type(error).__name__}: {error}", flush=True)
                continue
            report = ended.result()
            whole.add(report)
            for wrong in report.wrong:
                print(ascii(f"SEED={trials[ended]}: {wrong}"), flush=True)
    sent, accepted = sum(whole.sent.values()), sum(whole.accepted.values())
    print("\n".join(whole.lines()))
    print(
        f"{count} seeds, {sent:,} inputs, {accepted / max(sent, 1):.0%} accepted, {len(whole.loops)} loops reached, "
        f"{(time.monotonic() - began) / 60:.0f} minutes: {len(whole.failed)} answers of 5xx, "
        f"{len(whole.stopped)} rooms stopped, {len(whole.mistakes)} Failed steps, {ended_badly} trials ended badly"
    )
    return 1 if whole.wrong or ended_badly else 0


if __name__ == "__main__":
    sys.exit(main())
