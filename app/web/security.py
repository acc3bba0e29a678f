"""Who may ask for what, how much of it, and what a page may load.

A visitor has a cookie that no script can read; the CSRF token is a digest of it, so it survives a restart and another
site can neither read nor guess it. `guard` asks for it on everything that changes a room; the Origin of a POST and of a
socket must be ours. How often one may ask is counted in app/web/rates.py.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from app.api import errors
from app.web import language
from app.web.rates import Buckets, client_of

VISITOR = "loopscope_visitor"
YEAR_S = 31_536_000


def init_app(app: Flask) -> None:
    rates = app.config["RATES"]
    app.extensions["buckets"] = Buckets(rates, tally=app.config["TALLY"]) if rates else None

    @app.before_request
    def visitor() -> None:
        g.visitor = request.cookies.get(VISITOR) or secrets.token_urlsafe(16)
        g.nonce = secrets.token_urlsafe(12)
        if request.endpoint not in ("metrics.healthz", "metrics.metrics"):
            check_host()

    @app.context_processor
    def tokens() -> dict[str, str]:
        return {"csrf_token": csrf_token(), "csp_nonce": g.nonce}

    @app.after_request
    def headers(response: Response) -> Response:
        if request.method == "GET" and response.mimetype == "text/html" and VISITOR not in request.cookies:
            secure = request.is_secure
            response.set_cookie(VISITOR, g.visitor, max_age=YEAR_S, httponly=True, samesite="Lax", secure=secure)
        response.headers.setdefault("Content-Security-Policy", policy())
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")  # the address of a room is its key
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if "Cache-Control" not in response.headers:
            response.cache_control.no_store = True
        return response


def guard() -> None:
    """For everything that changes a room. Raises Forbidden or TooManyRequests."""
    check_origin()
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(sent.encode(), csrf_token().encode()):
        _ = language.here()
        raise errors.Forbidden(_("This page is out of date. Load it again, then repeat what you did."))
    allow("command")


def allow(what: str) -> None:
    """Raises TooManyRequests."""
    buckets: Buckets | None = current_app.extensions["buckets"]
    if buckets is not None:
        buckets.take(
            what,
            visitor=request.cookies.get(VISITOR, ""),
            room=str((request.view_args or {}).get("id", "")),
            address=client(),
        )


def client() -> str:
    """The address that the request comes from, behind proxies of ours."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return client_of(request.remote_addr or "", forwarded, current_app.config["TRUSTED_PROXIES"])


def check_host() -> None:
    """A page of somebody else's whose name leads here says so in Host: that name is none of ours. An address is never a
    name, so it needs no list. Raises Forbidden."""
    name = _name_in(f"//{request.host}")
    if name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return
    origins = (_name_in(origin) for origin in current_app.config["ORIGINS"])
    if name not in (*current_app.config["NAMES"], *origins):
        _ = language.here()
        raise errors.Forbidden(
            _("This server is not called %(name)s. Start it with --origin http://%(name)s if it is.", name=name[:80])
        )


def _name_in(url: str) -> str:
    """The name of the host; "" where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def check_origin() -> None:
    """Browsers say which page a POST or a socket comes from; other programs say nothing. Raises Forbidden."""
    origin = request.headers.get("Origin")
    if origin is None:
        return
    ours = origin.lower() in (f"http://{request.host}".lower(), f"https://{request.host}".lower())
    if not ours and origin not in current_app.config["ORIGINS"]:
        _ = language.here()
        raise errors.Forbidden(
            _("Only pages of this server may do that, and this one is from %(origin)s.", origin=origin)
        )


def csrf_token() -> str:
    return hashlib.sha256(b"loopscope csrf\0" + g.visitor.encode()).hexdigest()


def policy(*, framed: bool = False) -> str:
    """What a page may load, and who may frame it: our own pages, or anybody, also files, which no list can name."""
    # 'self' covers sockets too, but for older Safari.
    sockets = f"ws://{request.host} wss://{request.host}"
    ancestors = "" if framed else "; frame-ancestors 'self'"
    return (
        f"default-src 'self'; style-src 'self' 'nonce-{g.nonce}'; img-src 'self' data:; connect-src 'self' {sockets};"
        f" object-src 'none'; base-uri 'none'; form-action 'self'{ancestors}"
    )
