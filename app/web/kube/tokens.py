"""`kubectl create token`: a token in a real one's form, for reading. It opens nothing, so nobody signs it; a
TokenReview says whose it is.

Nothing is stored. Models kubernetes/pkg/registry/core/serviceaccount/storage/token.go.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Response, request

from app.api import errors, times
from app.api.objects import Obj, Ref, uid_of
from app.rooms import Room
from app.web.kube import bodies, reads
from app.web.kube.calls import Call, answer

ISSUER = "https://kubernetes.default.svc.cluster.local"
USUAL_S, SHORTEST_S, LONGEST_S = 3600, 600, 1 << 32


def create(call: Call) -> Response:
    """Raises NotFound without such a ServiceAccount, Invalid for a life that no token has."""
    document, _ = bodies.parsed(request.get_data(), request.content_type or "", "TokenRequest")
    given = document.get("spec") if isinstance(document, dict) else None
    account, now_ms = reads.found(call)
    spec = _spec(given if isinstance(given, dict) else {})
    expires_ms = now_ms + spec["expirationSeconds"] * 1000
    made = {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {
            "name": account["metadata"]["name"],
            "namespace": account["metadata"]["namespace"],
            "creationTimestamp": times.rfc3339(now_ms),
        },
        "spec": spec,
        "status": {
            "token": _token(account, spec["audiences"], now_ms // 1000, expires_ms // 1000),
            "expirationTimestamp": times.rfc3339(expires_ms),
        },
    }
    sent = {name: part for name, part in made.items() if name != "status"}
    ref = call.target.ref
    return answer(made, 201, call.room.read(lambda cluster: cluster.judged("CREATE", ref, "token", sent)))


def _spec(given: Mapping[str, Any]) -> dict[str, Any]:
    seconds = given.get("expirationSeconds")
    if seconds is None:
        seconds = USUAL_S
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise errors.BadRequest("json: cannot unmarshal the value into Go struct field TokenRequest.expirationSeconds")
    why = "may not specify a duration less than 10 minutes" if seconds < SHORTEST_S else ""
    why = "may not specify a duration larger than 2^32 seconds" if seconds > LONGEST_S else why
    if why:
        cause = errors.Cause("spec.expirationSeconds", "FieldValueInvalid", f"Invalid value: {seconds}: {why}")
        raise errors.invalid("TokenRequest", "", [cause], "authentication.k8s.io")
    audiences = given.get("audiences")
    named = [str(each) for each in audiences] if isinstance(audiences, list) else []
    return {"audiences": named or [ISSUER], "expirationSeconds": seconds, "boundObjectRef": None}


def _token(account: Obj, audiences: list[str], now_s: int, expires_s: int) -> str:
    """A JSON Web Token without a signature (RFC 7519, section 6)."""
    meta = account["metadata"]
    namespace, name = meta["namespace"], meta["name"]
    claims = {
        "aud": audiences,
        "exp": expires_s,
        "iat": now_s,
        "iss": ISSUER,
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": meta["uid"]}},
        "nbf": now_s,
        "sub": f"system:serviceaccount:{namespace}:{name}",
    }
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


class Bearer(NamedTuple):
    """Who shows a token, and to whom it may be shown."""

    user: dict[str, Any]
    audiences: list[str]


def bearer(token: str, room: Room) -> Bearer | None:
    """None for a token that is none of ours, or no longer valid."""
    try:
        text = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        owner, audiences, expires_s = claims["kubernetes.io"], list(claims["aud"]), int(claims["exp"])
        namespace, (name, uid) = owner["namespace"], (owner["serviceaccount"][each] for each in ("name", "uid"))
        ref = Ref("ServiceAccount", str(namespace), str(name))
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    account, now_ms = room.read(lambda cluster: (cluster.get(ref), cluster.now_ms))
    if account is None or uid_of(account) != uid or expires_s * 1000 <= now_ms:
        return None
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
    return Bearer({"username": claims["sub"], "uid": uid, "groups": groups}, audiences)


def _part(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
