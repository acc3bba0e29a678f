"""Inputs on which simulators of Kubernetes go wrong: how many do what they do on a real cluster? `make bench`.

    python -m benchmarks.cases

A Markdown table of those that do not, if any, and the count.
"""

from __future__ import annotations

from tests.support.cases import CASES
from tests.support.world import World


def main() -> None:
    wrong = [case.right for case in CASES if not case.is_so(World())]
    print("| inputs on which simulators go wrong, `python -m benchmarks.cases` | right |")
    print("|---|---|")
    print(f"| cases | {len(CASES) - len(wrong)} of {len(CASES)} |")
    for right in wrong:
        print(f"| not so yet: {right} | |")


if __name__ == "__main__":
    main()
