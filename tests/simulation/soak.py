"""Many seeds on all cores: `make soak SEEDS=1000`. One that fails is printed, and runs alone: `SEED=17 SEEDS=1`."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.support import mistakes
from tests.support.whole_world import whole_life


def life(seed: int) -> int:
    """The number of steps of a whole life in which no loop makes a mistake."""
    with mistakes.noticed() as made:
        steps = whole_life(seed)
    assert not made, made[0]
    return steps


def main() -> int:
    first, count = int(os.environ.get("SEED", "1")), int(os.environ.get("SEEDS", "200"))
    began, steps, failed = time.monotonic(), 0, []
    with ProcessPoolExecutor() as pool:
        lives = {pool.submit(life, seed): seed for seed in range(first, first + count)}
        for ended in as_completed(lives):
            error = ended.exception()
            if error is None:
                steps += ended.result()
            else:
                failed.append(lives[ended])
                print(f"SEED={lives[ended]}: {type(error).__name__}: {str(error)[:300]}", flush=True)
    minutes = (time.monotonic() - began) / 60
    print(
        f"{count} seeds, {steps:,} steps, {count / minutes:.0f} seeds a minute, {len(failed)} failed {sorted(failed)}"
    )
    return min(len(failed), 1)


if __name__ == "__main__":
    sys.exit(main())
