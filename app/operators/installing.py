"""The manifests that install an operator: what `kubectl apply` of its maker's files does, in short."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
INSTALLS = {name: (_HERE / name / "install.yaml").read_text("utf-8") for name in ("mysql", "rabbitmq")}
