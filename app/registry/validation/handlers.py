"""What is done to a container to look after it: probes, and hooks at its start and end.

Models kubernetes `pkg/apis/core/validation` validateHandler and validateProbe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes

_HEADER = (
    "a valid HTTP header must consist of alphanumeric characters or '-' "
    "(e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"
)
_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")


def check_probe(probe: Obj, field: str, kind: str, grace_s: int) -> Iterator[Cause]:
    yield from check(probe, field, grace_s)
    yield from causes.not_negative(probe, field, *_NUMBERS)
    seconds = probe.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds <= 0:
        yield causes.invalid(f"{field}.terminationGracePeriodSeconds", seconds, "must be greater than 0")
    if kind == "readinessProbe" and seconds is not None:
        why = "must not be set for readinessProbes"
        yield causes.invalid(f"{field}.terminationGracePeriodSeconds", seconds, why)
    if kind != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        yield causes.invalid(f"{field}.successThreshold", probe["successThreshold"], "must be 1")


def check(handler: Obj, field: str, grace_s: int) -> Iterator[Cause]:
    given = [name for name in ("exec", "httpGet", "tcpSocket", "grpc", "sleep") if name in handler]
    if not given:
        yield causes.required(field, "must specify a handler type")
        return
    yield from _check_action(given[0], handler[given[0]], f"{field}.{given[0]}", grace_s)
    for name in given[1:]:
        yield causes.forbidden(f"{field}.{name}", "may not specify more than 1 handler type")


def _check_action(kind: str, action: Obj, field: str, grace_s: int) -> Iterator[Cause]:
    match kind:
        case "exec":
            yield from causes.needed(action, field, "command")
        case "sleep":
            if not 0 <= (seconds := action.get("seconds", 0)) <= grace_s:
                why = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_s})"
                yield causes.invalid(field, seconds, why)
        case "httpGet":
            yield from causes.needed(action, field, "path")
            yield from causes.port_number_or_name(f"{field}.port", action.get("port", 0))
            yield from causes.among(f"{field}.scheme", action.get("scheme", ""), named_values("URIScheme"))
            for header in action.get("httpHeaders") or ():
                if not re.fullmatch("[-A-Za-z0-9]+", name := header.get("name", "")):
                    yield causes.invalid(f"{field}.httpHeaders", name, _HEADER)
        case _:
            yield from causes.port_number_or_name(f"{field}.port", action.get("port", 0))
