"""What API clients ask of a room: all of it is one quick look. A Room is one of these."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from app.api.objects import Ref
from app.cluster import Cluster, Done, News, Process
from app.commands import Command
from app.engine.trace import Written

T = TypeVar("T")


class Asked(ABC):
    @abstractmethod
    def read(self, take: Callable[[Cluster], T]) -> T: ...

    def dry_run(self, command: Command) -> tuple[Written, ...]:
        """What `command` would write. Raises the ApiError with which it would be refused."""
        return self.read(lambda cluster: cluster.dry_run(command))

    def process(self, ref: Ref, container: str = "", *, previous: bool = False) -> Process:
        """What a container has printed, as `kubectl logs` asks for it. Raises NotFound, or BadRequest."""
        return self.read(lambda cluster: cluster.process(ref, container, previous=previous))

    def printed(self, process: Process, since_ms: int) -> News:
        return self.read(lambda cluster: cluster.printed(process, since_ms))

    def execute(self, ref: Ref, container: str, words: Sequence[str] | str, stdin: str = "") -> Done:
        """As `kubectl exec`. Raises NotFound, or BadRequest. What kills its container is to be submitted."""
        return self.read(lambda cluster: cluster.execute(ref, container, words, stdin))
