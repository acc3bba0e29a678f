"""The hands of commands (app/commands/hands.py): what they may do to a cluster, done to this one.

Two pairs: `ServerHands` need no more than an API server, which may be one for dry runs; `ClusterHands` reach the
machines and processes of a living cluster too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from app import nodes
from app.api import errors
from app.api.kinds import Kind
from app.api.objects import Obj, Ref, ref_of
from app.apimachinery.patch.strategic import merge_patch
from app.apimachinery.scheme.scheme import Scheme
from app.apiserver import requests
from app.apiserver.server import ApiServer
from app.apiserver.store import Written
from app.cluster import applying
from app.engine.engine import Engine
from app.engine.latency import PRESETS
from app.registry.scales import with_replicas


def kind_called(scheme: Scheme, word: str) -> Kind:
    """The kind of objects that clients may write which goes by that word. Raises BadRequest."""
    kind = scheme.lookup(word)
    if kind is None:
        raise errors.BadRequest(f'the server doesn\'t have a resource type "{word[:80]}"')
    if kind.is_local or kind.key == "Event":
        raise errors.BadRequest(f"a {kind.kind} is written by no controller")
    return kind


class ServerHands:
    """`written` is what they wrote, in this order."""

    def __init__(self, server: ApiServer) -> None:
        self.written: list[Written] = []
        self._server = server

    @property
    def now_ms(self) -> int:
        return self._server.now_ms()

    @property
    def has_changed(self) -> bool:
        return any(each.changes for each in self.written)

    # looking

    def get(self, ref: Ref) -> Obj:
        return self._server.get(ref)

    def find(self, ref: Ref) -> Obj | None:
        return self._server.store.get(ref)

    def objects(self, kind: str, namespace: str | None = None) -> Sequence[Obj]:
        return self._server.store.objects(kind, namespace)

    # writing

    def create(self, obj: Obj) -> None:
        self.written.append(self._server.create(obj))

    def patch(self, ref: Ref, patch: dict[str, Any] | Callable[[Obj], Obj], *, subresource: str = "") -> None:
        wanted = patch if callable(patch) else lambda obj: merge_patch(obj, patch)
        change = lambda obj: self._checked(ref, wanted(obj))  # noqa: E731
        self.written.append(self._server.patch(ref, change, subresource=subresource))

    def scale(self, ref: Ref, replicas: int) -> None:
        kind = self._server.scheme.kind(ref.kind)
        self.patch(ref, lambda obj: with_replicas(kind, obj, replicas), subresource="scale")

    def _checked(self, ref: Ref, obj: Obj) -> Obj:
        """What a person makes of an object is one of its kind. Raises DecodingError, or MethodNotAllowed."""
        scheme = self._server.scheme
        return obj if scheme.kind(ref.kind).internal else requests.weighed(self._server, scheme.decode(obj))

    def delete(
        self,
        ref: Ref,
        *,
        grace_seconds: int | None = None,
        propagation: str | None = None,
        uid: str = "",
        resource_version: str = "",
    ) -> None:
        if self._server.scheme.kind(ref.kind).measured:
            raise errors.MethodNotAllowed("the server does not allow this method on the requested resource", details={})
        self.written.append(requests.delete(self._server, ref, grace_seconds, propagation, uid, resource_version))

    def evict(self, ref: Ref, *, grace_seconds: int | None = None, uid: str = "") -> None:
        self.written.append(requests.evict(self._server, ref, grace_seconds, uid))

    def apply(self, text: str, namespace: str) -> None:
        planned = applying.plan(self._server, text, namespace)  # all or nothing
        self.written += applying.apply(self._server, planned)

    def warn(self, about: Obj, text: str) -> None:
        self.written.append(Written(about, (), (text,)))

    # what came over HTTP

    def create_from(self, text: str, manager: str) -> None:
        self.written.append(requests.create(self._server, text, manager))

    def replace_from(self, ref: Ref, text: str, subresource: str, manager: str) -> None:
        self.written.append(requests.replace(self._server, ref, text, subresource, manager))

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
    ) -> None:
        self.written.append(
            requests.patch(
                self._server, ref, patch_type, text, subresource, manager, force, validation, api_version
            )
        )  # fmt: skip

    def delete_all(
        self,
        kind: str,
        namespace: str,
        *,
        label_selector: str,
        field_selector: str,
        grace_seconds: int | None,
        propagation: str | None,
    ) -> None:
        self.written += requests.delete_collection(
            self._server, kind, namespace, label_selector, field_selector, grace_seconds, propagation
        )

    def bind(self, ref: Ref, node: str, uid: str) -> None:
        self.written.append(requests.bind(self._server, ref, node, uid))


class ClusterHands(ServerHands):
    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.server)
        self._engine = engine

    def set_latencies(self, preset: str) -> None:
        if preset not in PRESETS:
            raise errors.BadRequest(f'unknown latencies "{preset}": one of {", ".join(PRESETS)}')
        self._engine.latencies = PRESETS[preset]

    def set_turns(self, *, on: bool) -> None:
        self._engine.turns.wanted = on

    def actors(self, name: str) -> Sequence[str]:
        found = [actor for actor in self._engine.workers if name in (actor, actor.partition("/")[0])]
        if not found:
            raise errors.NotFound(f'no loop is called "{name}"')
        return found

    def do_by_hand(self, actor: str, key: Ref) -> None:
        alert = self._engine.on_call.alerts.get((actor, key))
        if alert is None:
            raise errors.NotFound(f"{actor} leaves nothing of {key} undone")
        self.written.append(self._engine.workers[actor].by_hand(alert.action))

    def kind_watched(self, actor: str, word: str) -> str:
        kind = self._server.scheme.lookup(word)
        watched = {kind for each in self.actors(actor) for kind in self._engine.workers[each].informers}
        if kind is None or kind.key not in watched:
            raise errors.BadRequest(f"{actor} does not watch {word[:80]}: it watches {', '.join(sorted(watched))}")
        return kind.key

    def crash_loop(self, actor: str) -> None:
        self._engine.crash(actor)

    def crash_container(self, ref: Ref, container: str, exit_code: int) -> None:
        pod = self.get(ref)
        if ref.kind != "Pod":
            raise errors.BadRequest(f"only a Pod has containers that crash, not a {ref.bare_kind}")
        name = container or pod["spec"]["containers"][0]["name"]
        sandbox = nodes.sandbox_ref(ref.namespace, ref.name, pod["spec"].get("nodeName", ""))
        running = self.find(sandbox)
        if running is None or nodes.crashed(running, name, exit_code, self.now_ms) is running:
            raise errors.BadRequest(f'container "{name}" in pod "{ref.name}" is not running')
        self.patch(sandbox, lambda obj: nodes.crashed(obj, name, exit_code, self.now_ms))

    def end_processes(self, node: str, died_ms: int) -> None:
        for sandbox in self._sandboxes(node):
            dead = nodes.after_power_loss(sandbox, died_ms)
            if dead is not sandbox:
                self.patch(ref_of(sandbox), lambda _, dead=dead: dead)  # type: ignore[misc]

    def kind_called(self, word: str) -> Kind:
        return kind_called(self._server.scheme, word)

    def forget_processes(self, node: str) -> None:
        for sandbox in self._sandboxes(node):
            self.delete(ref_of(sandbox))

    def _sandboxes(self, node: str) -> Iterable[Obj]:
        return [each for each in self.objects("PodSandbox") if each["spec"]["nodeName"] == node]
