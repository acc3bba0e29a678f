"""How much of a container's log a client may ask for.

The Kubernetes face (app/web/kube) asks. Models kubernetes `pkg/apis/core/validation` ValidatePodLogOptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.api.errors import Cause
from app.registry.validation import causes

_POSITIVE = "must be greater than 0"


def check(numbers: Mapping[str, int | None], *, since_time: bool, stream: bool) -> Iterator[Cause]:
    """`numbers`: what is given of tailLines, limitBytes and sinceSeconds; of the other two only whether they are."""
    tail, limit, since = (numbers.get(name) for name in ("tailLines", "limitBytes", "sinceSeconds"))
    if tail is not None and tail < 0:
        yield causes.invalid("tailLines", tail, causes.NOT_NEGATIVE)
    if limit is not None and limit < 1:
        yield causes.invalid("limitBytes", limit, _POSITIVE)
    if since is not None and since_time:
        yield causes.forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified")
    elif since is not None and since < 1:
        yield causes.invalid("sinceSeconds", since, _POSITIVE)
    if stream:
        yield causes.forbidden("stream", "may not be specified")
