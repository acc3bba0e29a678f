"""Who am I, and may I? Everybody who knows the room's name may do everything there.

`kubectl auth can-i` and `auth whoami` post these; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from app.web.kube import bodies
from app.web.kube.calls import answer

USER = {"username": "you", "groups": ["system:masters", "system:authenticated"]}
_ALLOWED = {"allowed": True, "reason": "whoever knows the name of a room may do everything in it"}
_EVERYTHING = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}
_REVIEWS: dict[str, tuple[str, Any]] = {
    "apis/authorization.k8s.io/v1/selfsubjectaccessreviews": ("SelfSubjectAccessReview", _ALLOWED),
    "apis/authorization.k8s.io/v1/subjectaccessreviews": ("SubjectAccessReview", _ALLOWED),
    "apis/authorization.k8s.io/v1/selfsubjectrulesreviews": ("SelfSubjectRulesReview", _EVERYTHING),
    "apis/authentication.k8s.io/v1/selfsubjectreviews": ("SelfSubjectReview", {"userInfo": USER}),
}


def find(path: str) -> Callable[[], Response] | None:
    """What answers a POST to `path`, if that is a review."""
    known = _REVIEWS.get(path)
    return None if known is None else lambda: _review(*known)


def _review(kind: str, status: Any) -> Response:
    document, _ = bodies.parsed(request.get_data(), request.content_type or "", kind)
    given = document if isinstance(document, dict) else {}
    group = "authentication.k8s.io" if kind == "SelfSubjectReview" else "authorization.k8s.io"
    review: dict[str, Any] = {"kind": kind, "apiVersion": f"{group}/v1", "metadata": {"creationTimestamp": None}}
    if kind != "SelfSubjectReview":
        review["spec"] = given.get("spec") or {}
    return answer({**review, "status": status}, 201)
