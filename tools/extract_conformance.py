"""Facts of recordings of a real cluster, for tests/conformance: `python -m tools.extract_conformance RECORDINGS`.

The recordings are megabytes of watch events and are not part of this repository; what the tests compare is what
tests/conformance/facts.py, objects.py and outputs.py read out of them, a file a scenario and sort.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.conformance.comparing import RECORDED
from tests.conformance.facts import Facts, History, facts_of
from tests.conformance.objects import objects_of, packed
from tests.conformance.outputs import blocks_in, numbered, renamed
from tests.conformance.renaming import Renaming
from tests.conformance.replays import SCENARIOS


def history(recording: Path) -> History:
    found: History = []
    for line in recording.read_text().splitlines():
        entry: dict[str, Any] = json.loads(line)
        obj = entry.get("object")
        if obj and not skipped(obj):
            found.append((entry["type"], {**obj, "kind": entry["kind"]}))
    return found


def skipped(obj: dict[str, Any]) -> bool:
    """Another scenario's, or the distribution's own, on the same control plane; and what no image here does: a program
    that fails once and then does not (Job onfail)."""
    names = (str(obj["metadata"]["name"]), str(obj.get("involvedObject", {}).get("name", "")))
    return any(name.startswith(("wire-", "openshift-", "onfail")) for name in names)


def dump(facts: Facts) -> str:
    """A line for each group."""
    lines = [f"{json.dumps(group)}: {json.dumps(found, separators=(',', ':'))}" for group, found in facts.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    for name in SCENARIOS:
        seen = history(Path(sys.argv[1]) / f"{name}.jsonl")
        (RECORDED / f"{name}.facts.json").write_text(dump(facts_of(seen)))
        (RECORDED / f"{name}.fields.json").write_text(dump(packed(objects_of(seen))))
        printed = blocks_in((Path(sys.argv[1]) / f"{name}.txt").read_text())
        (RECORDED / f"{name}.outputs.json").write_text(dump(numbered(renamed(printed, Renaming(seen)))))


if __name__ == "__main__":
    main()
