"""Who writes: everybody who knows the name of a room is one user, who may do everything in it."""

from __future__ import annotations

YOU = {"username": "you", "groups": ["system:masters", "system:authenticated"]}
"""As Kubernetes' UserInfo."""
