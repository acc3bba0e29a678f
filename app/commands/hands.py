"""Hands: what a command may do to a cluster. A cluster has them (app/cluster/hands.py); commands use them, and know no
store, engine or machine.

What was written stays in the hands: whoever lent them looks there afterwards. Every verb raises the ApiError with which
it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from app.api.kinds import Kind
from app.api.objects import Obj, Ref


class Verbs(Protocol):
    """What the API server does for any client. It may be one for dry runs."""

    @property
    def now_ms(self) -> int:
        """Virtual time, milliseconds since the Unix epoch."""

    @property
    def has_changed(self) -> bool:
        """Something is not as it was before the first verb."""

    # looking

    def get(self, ref: Ref) -> Obj:
        """Raises NotFound."""

    def find(self, ref: Ref) -> Obj | None: ...

    def objects(self, kind: str, namespace: str | None = None) -> Sequence[Obj]:
        """In order of namespace and name; None: of every namespace."""

    # writing

    def create(self, obj: Obj) -> None: ...

    def patch(self, ref: Ref, patch: dict[str, Any] | Callable[[Obj], Obj]) -> None:
        """A JSON merge patch, or a function from the object as it is to the one that is wanted."""

    def scale(self, ref: Ref, replicas: int) -> None:
        """Where its kind says how many there should be."""

    def delete(
        self,
        ref: Ref,
        *,
        grace_seconds: int | None = None,
        propagation: str | None = None,
        uid: str = "",
        resource_version: str = "",
    ) -> None:
        """`uid` and `resource_version` are preconditions."""

    def evict(self, ref: Ref, *, grace_seconds: int | None = None, uid: str = "") -> None:
        """Raises TooManyRequests if a disruption budget protects the pod."""

    def apply(self, text: str, namespace: str) -> None:
        """Every document of a manifest, as `kubectl apply` does it; or nothing if one is refused."""

    def warn(self, about: Obj, text: str) -> None:
        """Tells whoever asked why nothing was written of an object."""

    # what came over HTTP: objects and patches are JSON text

    def create_from(self, text: str, manager: str) -> None: ...

    def replace_from(self, ref: Ref, text: str, subresource: str, manager: str) -> None: ...

    def patch_from(
        self,
        ref: Ref,
        patch_type: str,
        text: str,
        *,
        subresource: str,
        manager: str,
        force: bool,
        validation: str,
        api_version: str,
    ) -> None: ...

    def delete_all(
        self,
        kind: str,
        namespace: str,
        *,
        label_selector: str,
        field_selector: str,
        grace_seconds: int | None,
        propagation: str | None,
    ) -> None: ...

    def bind(self, ref: Ref, node: str, uid: str) -> None: ...


class Hands(Verbs, Protocol):
    """And what happens to machines and processes without asking anybody.

    `patch` and its like work on internal kinds too: Machine, ControlPlane, Load."""

    def set_latencies(self, preset: str) -> None:
        """Of the control plane. Raises BadRequest for a preset that there is not."""

    def set_turns(self, *, on: bool) -> None:
        """Whether loops take turns, where the latencies ask for it."""

    def actors(self, name: str) -> Sequence[str]:
        """The loops of that name, or of that role on every machine. Raises NotFound."""

    def do_by_hand(self, actor: str, key: Ref) -> None:
        """What a loop that somebody is on call for would write next. Raises NotFound if it leaves nothing undone."""

    def kind_watched(self, actor: str, word: str) -> str:
        """The key of the kind which goes by that word. Raises BadRequest if that loop does not watch it."""

    def crash_loop(self, actor: str) -> None:
        """Its process dies, and starts again with nothing in memory."""

    def crash_container(self, ref: Ref, container: str, exit_code: int) -> None:
        """The process of a container of a pod ends; "" is the first. Raises BadRequest if it does not run."""

    def end_processes(self, node: str, died_ms: int) -> None:
        """The machine starts again: what ran there died when its power went."""

    def kind_called(self, word: str) -> Kind:
        """The kind of objects that clients may write which goes by that word. Raises BadRequest."""

    def forget_processes(self, node: str) -> None:
        """The machine is gone, and all that it knew of its pods with it."""
