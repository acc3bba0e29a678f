"""How long tests wait for what should come: as long as a busy machine may take. Waiting ends when it comes."""

from __future__ import annotations

PATIENCE_S = 120
PATIENCE_MS = PATIENCE_S * 1_000
