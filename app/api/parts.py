"""Parts of a cluster that move: what each holds, by name, so that it can be written out and taken up again.

A checkpoint (app/cluster/checkpoint.py) is the state of every part. What is not in `STATE` a part works out anew, or it
is how the parts know each other; a test sees to it that nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Part:
    __slots__ = ()
    STATE: ClassVar[tuple[str, ...]] = ()

    def held(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.STATE}

    def take(self, held: Mapping[str, Any]) -> None:
        """Hold that from now on. Raises ValueError if such a part does not hold that."""
        if set(held) != set(self.STATE):
            raise ValueError(f"that is no {type(self).__name__}")
        for name, value in held.items():
            if type(value) is not type(getattr(self, name)):
                raise ValueError(f"{name} of a {type(self).__name__} is no {type(value).__name__}")
            setattr(self, name, value)
