"""Why the API server refused a request, in a few words. Used by `captions` and `deeds`; the panel shows the message.

By what Kubernetes answers: the code, the reason, and words that its messages always hold.
"""

from __future__ import annotations

from app.web.present.words import N_, Words

_BY_MESSAGE = (
    (": ValidatingAdmissionPolicy '", N_("an admission policy forbids it")),
    ("exceeded quota", N_("the quota is used up")),
    ("because it is being terminated", N_("the namespace is being deleted")),
    ("disruption budget", N_("a disruption budget forbids it")),
)
_BY_REASON = {
    "Conflict": N_("somebody changed it in the meantime"),
    "AlreadyExists": N_("it exists already"),
    "NotFound": N_("it does not exist"),
    "ServiceUnavailable": N_("the API server does not answer"),
    "TooManyRequests": N_("not now"),
    "Invalid": N_("it is not valid"),
    "BadRequest": N_("it is not valid"),
    "Forbidden": N_("it is not allowed"),
}


def cause(code: int, reason: str, message: str, _: Words) -> str:
    """ "the quota is used up (403)"."""
    found = next((words for part, words in _BY_MESSAGE if part in message), None) or _BY_REASON.get(reason)
    return _("%(why)s (%(code)s)", why=_(found) if found else reason, code=code)
