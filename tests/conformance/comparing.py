"""A replayed scenario beside its recording; run as a program it prints the Markdown table of `make conformance`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tests.conformance.differences import reason
from tests.conformance.facts import Facts, count, differences
from tests.conformance.replays import SCENARIOS, TITLES, replay

HERE = Path(__file__).parent
Row = tuple[str, str, str, str]


class Compared(NamedTuple):
    name: str
    objects: int  # how many objects, kinds of event and groups of pods
    values: int  # how many values of them
    differences: dict[tuple[str, str], tuple[tuple[Any, Any], Row | None]]


def compared(scenario: str) -> Compared:
    real: Facts = json.loads((HERE / f"{scenario}.json").read_text())
    ours: Facts = json.loads(json.dumps(replay(scenario)))
    found = differences(real, ours)
    listed = {where: (pair, reason(scenario, *where)) for where, pair in found.items()}
    return Compared(scenario, len(real), sum(map(count, real.values())), listed)


def main() -> None:
    print("| scenario | compared | equal | different | why |")
    print("|---|---|--:|--:|---|")
    for name in sorted(SCENARIOS):
        result = compared(name)
        different = len(result.differences)
        whys = dict.fromkeys(row[3] if row else "NOT LISTED" for _, row in result.differences.values())
        what = f"{result.values} values of {result.objects} objects, events and lives of pods"
        equal = max(0, result.values - different)
        print(f"| {name} {TITLES[name]} | {what} | {equal} | {different} | {'; '.join(whys)} |")


if __name__ == "__main__":
    main()
