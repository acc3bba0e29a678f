"""A replayed scenario beside its recording; run as a program it prints the Markdown table of `make conformance`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.conformance.differences import Row, reason
from tests.conformance.facts import Facts, differences, facts_of, values
from tests.conformance.objects import objects_of, unpacked
from tests.conformance.replays import SCENARIOS, TITLES, history, replay

RECORDED = Path(__file__).parent / "recorded"


class Compared(NamedTuple):
    """What of one sort, `facts` or `fields`, is to be said of a scenario."""

    scenario: str
    sort: str
    compared: int  # values there are in the recording, here, or in both
    differences: dict[tuple[str, str], tuple[tuple[Any, Any], Row | None]]  # by group and path
    different: int  # values in them

    @property
    def equal(self) -> int:
        return self.compared - self.different


def recorded(scenario: str, sort: str) -> Facts:
    found: Facts = json.loads((RECORDED / f"{scenario}.{sort}.json").read_text())
    return found


def compared(scenario: str) -> Iterator[Compared]:
    lived = history(replay(scenario))
    yield _beside(scenario, "facts", recorded(scenario, "facts"), facts_of(lived))
    yield _beside(scenario, "fields", unpacked(recorded(scenario, "fields")), objects_of(lived))


def _beside(scenario: str, sort: str, real: Facts, ours: Facts) -> Compared:
    found = differences(real, json.loads(json.dumps(ours)))
    listed = {where: (pair, reason(scenario, sort, *where)) for where, pair in found.items()}
    different = sum(max(map(values, pair)) for pair in found.values())
    theirs = sum(values(pair[0]) for pair in found.values())
    return Compared(scenario, sort, values(real) - theirs + different, listed, different)


def main() -> None:
    print("| scenario | of | compared | equal | different | why |")
    print("|---|---|--:|--:|--:|---|")
    for name in sorted(SCENARIOS):
        for each in compared(name):
            whys = dict.fromkeys(row[-1] if row else "NOT LISTED" for _, row in each.differences.values())
            counts = f"{each.compared} | {each.equal} | {each.different}"
            print(f"| {name} {TITLES[name]} | {each.sort} | {counts} | {'; '.join(whys)} |")


if __name__ == "__main__":
    main()
