"""Who asks, and what they may do: by the key in the address of a room. The only place that decides it.

A viewer has a room's viewer key, and looks. A participant has its name, and changes it, unless it is protected. An
owner is a participant with the secret of who made it: a browser has it as a cookie of that room's addresses, another
program as a bearer token. What changes nothing is a GET or stands in LOOKS; what only an owner may stands in OWNS; the
rest changes the room, so that a new route is closed before anybody thinks of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

from flask import Flask, current_app, request
from werkzeug.wrappers import Response as AnyResponse

from app.api import errors
from app.api.messages import N_, Message, message
from app.rooms import Room, Rooms, is_viewer_key, onlookers

COOKIE = "loopscope_owner"
YEAR_S = 31_536_000
SAFE = ("GET", "HEAD", "OPTIONS")
WATCHING = N_("This link is for watching. Make a copy of the room to play with it.")
PROTECTED = N_("The owner of this room has protected it. Make a copy of it to play with it.")
OWNERS = N_("Only the owner of this room may do that.")
LOOKS = frozenset({"live.live", "sharing.fork"})
OWNS = frozenset({"roles.rename", "roles.protect", "roles.close"})


class Role(IntEnum):
    VIEWER = 0
    PARTICIPANT = 1
    OWNER = 2


class Refused(errors.Forbidden):
    """`why` for people, in their language."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why: Message = message(why)


def init_app(app: Flask, looks: Mapping[str, Callable[[], bool]]) -> None:
    """`looks`: of routes where that depends on more than their method, whether this request changes nothing."""

    @app.before_request
    def decide() -> None:
        key = (request.view_args or {}).get("id")
        onlookers.are_here(isinstance(key, str) and is_viewer_key(key))
        if key is None or request.url_rule is None:
            return
        endpoint = request.endpoint or ""
        is_safe = request.method in SAFE and not request.url_rule.websocket
        if looks[endpoint]() if endpoint in looks else is_safe or endpoint in LOOKS:
            return
        if why := _refusal(endpoint, key):
            raise Refused(why)

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        onlookers.are_here(False)

    @app.context_processor
    def asked() -> dict[str, str]:
        """The key that the room was asked for with, the only one that its page may tell."""
        return {"key": str((request.view_args or {}).get("id", ""))}


def _refusal(endpoint: str, key: str) -> str:
    """Why that must not be done; "" if it may. Raises NotFound."""
    rooms: Rooms = current_app.extensions["rooms"]
    room = rooms.get(key)
    if is_viewer_key(key):
        return WATCHING
    if role(room) is Role.OWNER:
        return ""
    if endpoint in OWNS:
        return OWNERS
    return PROTECTED if room.access.protected else ""


def role(room: Room) -> Role:
    """Of whoever asks for that room now."""
    if is_viewer_key((request.view_args or {})["id"]):
        return Role.VIEWER
    shown = (request.cookies.get(COOKIE), _bearer())
    return Role.OWNER if any(room.access.is_owned_by(each) for each in shown if each) else Role.PARTICIPANT


def why_not(other: str = "") -> str:
    """Why whoever asks for a room now may not change it; "" if they may. Of an `other` room is only known whether its
    key is for watching, for the secret of its owner is sent to its own addresses."""
    if other:
        return WATCHING if is_viewer_key(other) else ""
    return _refusal("commands.command", (request.view_args or {})["id"])


def own(response: AnyResponse, room: Room) -> None:
    """Whoever gets this answer owns the room from now on."""
    response.set_cookie(
        COOKIE, room.access.owner, path=f"/rooms/{room.id}", max_age=YEAR_S, httponly=True, samesite="Lax",
        secure=request.is_secure,
    )  # fmt: skip


def _bearer() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
