"""How long things take between the loops: one table, four presets. All in virtual milliseconds.

How long images and containers take is the machine's business: app/nodes/runtime/images.py has presets of the same
names.
"""

from __future__ import annotations

import random
from typing import NamedTuple


class Latencies(NamedTuple):
    watch_ms: int  # from a write to an informer that watches
    api_ms: int  # one request of a controller to the API server
    phase_ms: int  # from Observe to Diff, and from Diff to the first action
    local_ms: int = 0  # a kubelet's request to its own container runtime
    jitter: float = 0.0  # each latency is stretched by up to this share, by the seed
    conflict_rate: float = 0.0  # share of updates that meet someone else's write
    turns: bool = False  # one loop works at a time
    drop_rate: float = 0.0  # share of deliveries at which the watch breaks and the informer lists again

    def stretched(self, delay_ms: int, rng: random.Random) -> int:
        if not self.jitter or not delay_ms:
            return delay_ms
        return round(delay_ms * (1 + self.jitter * rng.random()))

    def collides(self, rng: random.Random) -> bool:
        return self.conflict_rate > 0 and rng.random() < self.conflict_rate


PRESETS = {
    "textbook": Latencies(watch_ms=100, api_ms=150, phase_ms=200, local_ms=50, turns=True),
    "realistic": Latencies(watch_ms=2, api_ms=4, phase_ms=1, local_ms=1),
    "stormy": Latencies(watch_ms=60, api_ms=40, phase_ms=5, local_ms=5, jitter=1.0, conflict_rate=0.15, drop_rate=0.02),
    "zero": Latencies(watch_ms=0, api_ms=0, phase_ms=0),
}
RELIST_MS = 1_000  # how long a reflector waits before it lists again after its watch broke
