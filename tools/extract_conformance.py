"""Facts of recordings of a real cluster, for tests/conformance: `python -m tools.extract_conformance RECORDINGS`.

The recordings are megabytes of watch events and are not part of this repository; what the tests compare is what
tests/conformance/facts.py reads out of them, one file a scenario.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.conformance.facts import Facts, History, facts_of
from tests.conformance.replays import SCENARIOS

HERE = Path(__file__).parent.parent / "tests" / "conformance"


def extract(recording: Path) -> Facts:
    history: History = []
    for line in recording.read_text().splitlines():
        entry: dict[str, Any] = json.loads(line)
        obj = entry.get("object")
        if obj and not skipped(obj):
            history.append((entry["type"], {**obj, "kind": entry["kind"]}))
    return facts_of(history)


def skipped(obj: dict[str, Any]) -> bool:
    """Another scenario's, or the distribution's own, on the same control plane; and what no image here does: a program
    that fails once and then does not (Job onfail)."""
    names = (str(obj["metadata"]["name"]), str(obj.get("involvedObject", {}).get("name", "")))
    return any(name.startswith(("wire-", "openshift-", "onfail")) for name in names)


def dump(facts: Facts) -> str:
    groups = []
    for group, aspects in facts.items():
        lines = [f"    {json.dumps(aspect)}: {json.dumps(value)}" for aspect, value in aspects.items()]
        groups.append(f"  {json.dumps(group)}: {{\n" + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(groups) + "\n}\n"


def main() -> None:
    recordings = Path(sys.argv[1])
    for name in SCENARIOS:
        (HERE / f"{name}.json").write_text(dump(extract(recordings / f"{name}.jsonl")))


if __name__ == "__main__":
    main()
