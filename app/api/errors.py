"""The one error hierarchy: what the API server answers when it does not do as asked.

Models the `metav1.Status` answers of kubernetes/apimachinery `pkg/api/errors`. Messages are Kubernetes' own words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple


class Cause(NamedTuple):
    """One field that is wrong. `reason` is Kubernetes' FieldValueInvalid, FieldValueRequired, ..."""

    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class ApiError(Exception):
    """A refusal. `code` is the HTTP status, `reason` the Status reason, `message` the sentence a person reads."""

    code = 500
    reason = "InternalError"

    def __init__(self, message: str, *, details: dict[str, Any] | None = None, causes: Sequence[Cause] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}
        self._has_details = details is not None  # an empty one is told too, as Kubernetes does for some refusals
        self.causes = tuple(causes)
        self.document: Any = None  # of several documents the one that was refused (app/apimachinery/documents.py)

    def status(self) -> dict[str, Any]:
        """The `Status` object that goes over the wire."""
        details = dict(self.details)
        if self.causes:
            details["causes"] = [_told(reason=c.reason, message=c.message, field=c.field) for c in self.causes]
        body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body |= {"message": self.message, **({"reason": self.reason} if self.reason else {})}
        if details or self._has_details:
            body["details"] = details
        return body | {"code": self.code}


def _told(**fields: str) -> dict[str, str]:
    return {name: text for name, text in fields.items() if text}


class BadRequest(ApiError):
    code, reason = 400, "BadRequest"


class Unexplained(BadRequest):
    """What the API server refuses with a plain Go error: no reason, and 500 there. Here 500 is a mistake of ours."""

    reason = ""


class Forbidden(ApiError):
    code, reason = 403, "Forbidden"


class Denied(ApiError):
    """By an admission policy, for the reason that it gives; none is Invalid."""

    def __init__(self, message: str, reason: str, *, details: dict[str, Any], causes: Sequence[Cause]) -> None:
        super().__init__(message, details=details, causes=causes)
        self.reason = reason or "Invalid"
        self.code = {"Forbidden": 403, "RequestEntityTooLarge": 413}.get(self.reason, 422)


class NotFound(ApiError):
    code, reason = 404, "NotFound"


class MethodNotAllowed(ApiError):
    code, reason = 405, "MethodNotAllowed"


class AlreadyExists(ApiError):
    code, reason = 409, "AlreadyExists"


class Conflict(ApiError):
    code, reason = 409, "Conflict"


class Gone(ApiError):
    """The revision asked for is older than the change log: list again, or go on with another token."""

    code, reason = 410, "Expired"

    def __init__(self, message: str, *, continue_token: str = "") -> None:
        super().__init__(message)
        self.continue_token = continue_token

    def status(self) -> dict[str, Any]:
        body = super().status()
        return {**body, "metadata": {"continue": self.continue_token}} if self.continue_token else body


class TooLarge(ApiError):
    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):
    code, reason = 415, "UnsupportedMediaType"


class Invalid(ApiError):
    code, reason = 422, "Invalid"


class TooManyRequests(ApiError):
    code, reason = 429, "TooManyRequests"


class ServiceUnavailable(ApiError):
    code, reason = 503, "ServiceUnavailable"


class Timeout(ApiError):
    code, reason = 504, "Timeout"


def not_found(resource: str, name: str, group: str = "") -> NotFound:
    """`pods "nope" not found`."""
    qualified = f"{resource}.{group}" if group else resource
    details = {"name": name, **({"group": group} if group else {}), "kind": resource}
    return NotFound(f'{qualified} "{name}" not found', details=details)


def already_exists(resource: str, name: str, group: str = "") -> AlreadyExists:
    qualified = f"{resource}.{group}" if group else resource
    details = {"name": name, **({"group": group} if group else {}), "kind": resource}
    return AlreadyExists(f'{qualified} "{name}" already exists', details=details)


def conflict(resource: str, name: str, group: str = "", why: str = "") -> Conflict:
    qualified = f"{resource}.{group}" if group else resource
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    details = {"name": name, **({"group": group} if group else {}), "kind": resource}
    return Conflict(f'Operation cannot be fulfilled on {qualified} "{name}": {why}', details=details)


def invalid(kind: str, name: str, causes: Sequence[Cause], group: str = "") -> Invalid:
    """`Deployment.apps "web" is invalid: spec.replicas: ...`. What two causes say is said once."""
    qualified = f"{kind}.{group}" if group else kind
    told = list(dict.fromkeys(map(str, causes)))
    text = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    details = {**({"name": name} if name else {}), **({"group": group} if group else {}), "kind": kind}
    return Invalid(f'{qualified} "{name}" is invalid: {text}', details=details, causes=causes)


def invalid_patch(value: str, why: str) -> Invalid:
    """`value`: what the patch says, or what it made, as text."""
    cause = Cause("patch", "FieldValueInvalid", f"Invalid value: {json.dumps(value, ensure_ascii=False)}: {why}")
    return Invalid(f' "" is invalid: {cause}', causes=[cause])
