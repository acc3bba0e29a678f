"""The one interpreter of actions: a loop's wish becomes a request to the API server, and its answer a Result.

Every write of every loop passes here, so Events, injected conflicts and error handling have one place.
"""

from __future__ import annotations

from collections.abc import Callable

from app.api import errors, users
from app.api.objects import Obj, Ref, kind_of, ref_of
from app.apiserver.events import EventRecorder
from app.apiserver.requests import strategic, weighed
from app.apiserver.server import ApiServer
from app.apiserver.store import Change, Written
from app.engine.trace import Result
from app.reconcile import (
    Action,
    Announce,
    AnyController,
    Bind,
    Create,
    Delete,
    Patch,
    RequeueAfter,
    Update,
    UpdateStatus,
)
from app.reconcile import Remember as Remember  # re-exported beside the other actions

Request = Create | Update | UpdateStatus | Patch | Delete | Bind

_NOTHING_ASKED = Result(0, "OK", "", None, None)
_CREATED = (Create, Bind)
NOT_A_REQUEST = (RequeueAfter, Remember, Announce)


class Client:
    def __init__(
        self,
        server: ApiServer,
        recorder: EventRecorder,
        controller: AnyController,
        conflicts: Callable[[], bool],
        obstacle: Callable[[], str] = lambda: "",
        pod: Callable[[], str] = lambda: "",
    ) -> None:
        self._server = server
        self._recorder = recorder
        self._conflicts = conflicts
        self._obstacle = obstacle  # why the API server cannot be reached, or ""
        self._pod = pod  # that it runs in, or ""
        self._posts = controller.posts
        self._is_trusted = controller.is_trusted
        self._user = users.of_loop(controller.name, controller.instance)
        self._source = {"component": controller.component or controller.name}
        if controller.instance:
            self._source["host"] = controller.instance

    def perform(self, action: Action) -> Result:
        """Do what `action` says. Refusals come back as a Result with the ApiError's code, never as an exception."""
        if isinstance(action, (RequeueAfter, Remember)):
            return _NOTHING_ASKED
        if isinstance(action, Announce):
            return Result(0, "OK", "", ref_of(action.about), None, self._announce(action, {}))
        try:
            written = self.request(action)
        except errors.ApiError as error:
            changes = self._announce(action.on_error, {"{error}": error.message})
            return Result(error.code, error.reason, error.message, _about(action), None, changes)
        obj = written.obj
        changes = written.changes + self._announce(action.announce, {"{name}": obj["metadata"]["name"]})
        code, reason = (201, "Created") if isinstance(action, _CREATED) else (200, "OK")
        return Result(code, reason, "", ref_of(obj), obj, changes)

    def request(self, action: Request) -> Written:
        """Raises ApiError."""
        server = self._server
        if (why := self._obstacle()) and not server.scheme.is_local(kind_written(action)):
            raise errors.ServiceUnavailable(why)
        with server.asked_by(self._user):
            return self._done(action)

    def _done(self, action: Request) -> Written:
        server = self._server
        match action:
            case Create():
                return server.create(self._checked(action.obj))
            case Update():
                self._maybe_conflict(action.obj)
                return server.update(self._checked(action.obj))
            case UpdateStatus():
                self._maybe_conflict(action.obj)
                return server.update(self._checked({**action.obj, "status": action.status}), subresource="status")
            case Patch():
                patch = strategic(server, action.ref, action.patch) if action.strategic else action.patch
                return server.patch(action.ref, patch, subresource=action.subresource, uid=action.uid)
            case Delete():
                return server.delete(
                    action.ref, uid=action.uid, grace_seconds=action.grace_seconds, propagation=action.propagation
                )
            case Bind():
                return server.bind(action.ref, action.node, uid=action.uid)

    def _checked(self, obj: Obj) -> Obj:
        """Raises DecodingError, or TooLarge, of what somebody wrote."""
        return obj if self._is_trusted else weighed(self._server, self._server.scheme.decode(obj))

    def _maybe_conflict(self, obj: Obj) -> None:
        if self._conflicts():
            kind = self._server.scheme.kind(kind_of(obj))
            raise errors.conflict(kind.plural, obj["metadata"]["name"], kind.group)

    def _announce(self, announce: Announce | None, words: dict[str, str]) -> tuple[Change, ...]:
        if announce is None or self._obstacle():
            return ()  # an Event that does not get through is given up
        message = announce.message
        for placeholder, text in words.items():
            message = message.replace(placeholder, text)
        if self._posts is not None:
            said = {"type": announce.type, "reason": announce.reason, "message": message, "action": announce.action}
            reporter = {"reportingComponent": self._posts.component, "reportingInstance": self._pod()}
            source = {**self._source, "host": self._pod()}
            return self._recorder.post(self._posts.prefix, announce.about, {**said, **reporter, "source": source})
        if announce.action:
            return self._recorder.note(
                self._source, announce.about, announce.related, announce.type, announce.reason, announce.action, message
            )
        return self._recorder.record(self._source, announce.about, announce.type, announce.reason, message)


def kind_written(action: Request) -> str:
    return action.ref.kind if isinstance(action, (Patch, Delete, Bind)) else kind_of(action.obj)


def _about(action: Request) -> Ref | None:
    if isinstance(action, (Patch, Delete, Bind)):
        return action.ref
    meta = action.obj["metadata"]
    return Ref(kind_written(action), meta.get("namespace", ""), meta.get("name") or meta.get("generateName", ""))
