"""Performing a command: lending it hands. Called by Cluster, which records what came of it as one step."""

from __future__ import annotations

from collections.abc import Sequence

from app.api import errors
from app.api.objects import Ref, with_metadata
from app.apiserver.server import ApiServer
from app.apiserver.store import Store, Written
from app.cluster.hands import ClusterHands, ServerHands
from app.commands import Command, Request
from app.engine.engine import Engine


def perform(engine: Engine, command: Command) -> Sequence[Written]:
    """Raises the ApiError with which it is refused; then nothing was written."""
    if not command.physical:
        check_api_server(engine)
    hands = ClusterHands(engine)
    command.perform(hands)
    return hands.written


def requested(server: ApiServer, command: Command) -> Sequence[Written]:
    """The same of a server that is one for dry runs."""
    if not isinstance(command, Request):
        raise errors.BadRequest(f'unknown command "{command.do}"')
    hands = ServerHands(server)
    command.perform(hands)
    return hands.written


def check_api_server(engine: Engine) -> None:
    """Raises ServiceUnavailable while the API server is down."""
    if engine.faults.api_down:
        raise errors.ServiceUnavailable("The connection to the server was refused: the API server is down")


def unwritten(written: Written, store: Store) -> Written:
    """Of a dry run: an object that was given a resourceVersion, with the one that it really has."""
    stored = store.get(written.ref)
    version = stored["metadata"]["resourceVersion"] if stored else None
    return written._replace(obj=with_metadata(written.obj, resourceVersion=version))


def about(command: Command, results: Sequence[Written]) -> Ref | None:
    ref = getattr(command, "ref", None)
    return ref if isinstance(ref, Ref) else results[0].ref if len(results) == 1 else None
