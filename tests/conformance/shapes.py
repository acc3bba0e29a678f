"""How many of the published shapes converge as in a real cluster: `make conformance` prints it, and what does not.

python -m tests.conformance.shapes [part of a name]
"""

from __future__ import annotations

import sys

from tests.support.shapes import shapes, wrong


def main(part: str = "") -> None:
    found = {shape.name: wrong(shape) for shape in shapes() if part in shape.name}
    for name, why in found.items():
        for each in why:
            print(f"{name}: {each}")
    print(f"published shapes converged: {sum(not why for why in found.values())} of {len(found)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
