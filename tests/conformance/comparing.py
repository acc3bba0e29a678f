"""A replayed scenario beside its recording; run as a program it prints the Markdown table of `make conformance`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.conformance import outputs
from tests.conformance.differences import Row, reason
from tests.conformance.facts import Facts, differences, facts_of, values
from tests.conformance.objects import objects_of, unpacked
from tests.conformance.renaming import Renaming
from tests.conformance.replays import SCENARIOS, TITLES, history, replay

RECORDED = Path(__file__).parent / "recorded"


Differences = dict[tuple[str, str], tuple[Any, Any]]  # by group and path: (real, ours)


class Compared(NamedTuple):
    """What of one sort, `facts`, `fields` or `outputs`, is to be said of a scenario."""

    scenario: str
    sort: str
    compared: int  # values, or lines, that there are in the recording, here, or in both
    different: int
    differences: dict[tuple[str, str], tuple[tuple[Any, Any], Row | None]]  # with the row that lists each


def recorded(scenario: str, sort: str) -> Facts:
    found: Facts = json.loads((RECORDED / f"{scenario}.{sort}.json").read_text())
    return found


def objects_compared(scenario: str) -> Iterator[Compared]:
    lived = history(replay(scenario))
    yield _values(scenario, "facts", recorded(scenario, "facts"), facts_of(lived))
    yield _values(scenario, "fields", unpacked(recorded(scenario, "fields")), objects_of(lived))


def outputs_compared(scenario: str) -> Compared:
    real: dict[str, list[str]] = json.loads((RECORDED / f"{scenario}.outputs.json").read_text())
    world, pages = outputs.asked(scenario, outputs.looks(real))
    names = Renaming(history(world))
    ours = outputs.numbered(outputs.renamed(world.printed, names))
    for command, printed, page in pages:
        assert outputs.plain(command, page, names) == outputs.plain(command, printed, names), command
    found = outputs.differing(real, ours)
    lines = sum(map(len, real.values())) + sum(pair[0] is None for pair in found.values())
    return _listed(scenario, "outputs", lines, len(found), found)


def _values(scenario: str, sort: str, real: Facts, ours: Facts) -> Compared:
    found = differences(real, json.loads(json.dumps(ours)))
    different = sum(max(map(values, pair)) for pair in found.values())
    theirs = sum(values(pair[0]) for pair in found.values())
    return _listed(scenario, sort, values(real) - theirs + different, different, found)


def _listed(scenario: str, sort: str, compared: int, different: int, found: Differences) -> Compared:
    listed = {where: (pair, reason(scenario, sort, *where)) for where, pair in found.items()}
    return Compared(scenario, sort, compared, different, listed)


def main() -> None:
    print("| scenario | of | compared | equal | different | why |")
    print("|---|---|--:|--:|--:|---|")
    total: Counter[str] = Counter()
    for name in sorted(SCENARIOS):
        for each in (*objects_compared(name), *([outputs_compared(name)] if outputs.is_there() else ())):
            whys = "; ".join(sorted({row[-1] if row else "NOT LISTED" for _, row in each.differences.values()}))
            print(f"| {name} {TITLES[name]} | {_counts(each.sort, each.compared, each.different)} | {whys} |")
            total[each.sort] += each.compared
            total[f"different {each.sort}"] += each.different
    for sort in ("facts", "fields", "outputs"):
        print(f"| all | {_counts(sort, total[sort], total[f'different {sort}'])} | |")
    if not outputs.is_there():
        print(f"\nOutputs need kubectl 1.{outputs.MINOR}: python -m tools.ensure_kubectl", file=sys.stderr)


def _counts(sort: str, compared: int, different: int) -> str:
    return f"{sort} | {compared:,} | {compared - different:,} | {different:,}"


if __name__ == "__main__":
    main()
