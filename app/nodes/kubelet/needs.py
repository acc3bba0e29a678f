"""What would have to change for a container that does not run, or is not ready: by names of what its pod declares.

Called for the sentences of Differences that only wait (sayings.py); what was seen is a `containers.PodSeen`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.api.messages import N_, Message, message
from app.component_helpers import pods
from app.reconcile import Difference

_NAME = re.compile(r"\[(.+?)\]")


def there(gap: Difference, _seen: Any) -> Iterator[Message]:
    yield message(N_("First, as the kubelet says: %(why)s."), why=str(gap.observed).rstrip("."))


def image(gap: Difference, seen: Any) -> Iterator[Message]:
    container = _container(gap, seen)
    text = N_("An image of this name must be there to be pulled, or the pod must name another: %(image)s.")
    yield message(text, image=container.get("image", ""))


def runs(gap: Difference, seen: Any) -> Iterator[Message]:
    container = _container(gap, seen)
    status = pods.container_status(seen.pod, container.get("name", "")) or {}
    for state in (status.get("state") or {}, status.get("lastState") or {}):
        if ended := state.get("terminated"):
            text = N_("The program of container %(name)s must go on running: it ended with code %(code)s, %(reason)s.")
            yield message(text, name=container["name"], code=ended.get("exitCode", 0), reason=ended.get("reason", ""))
            return
    yield message(N_("The program of container %(name)s must go on running."), name=container.get("name", ""))


def probe(gap: Difference, seen: Any) -> Iterator[Message]:
    """The probes that decide whether it is ready."""
    container = _container(gap, seen)
    for name in ("startupProbe", "readinessProbe"):
        if name in container:
            text = N_("%(probe)s of container %(name)s must succeed: %(what)s.")
            yield message(text, probe=name, name=container["name"], what=_asked(container[name]))


def _asked(probe: Mapping[str, Any]) -> str:
    """As `kubectl describe` begins it: `http-get :80/`."""
    if http := probe.get("httpGet"):
        return f"http-get :{http.get('port', '')}{http.get('path', '')}"
    if "tcpSocket" in probe:
        return f"tcp-socket :{probe['tcpSocket'].get('port', '')}"
    if "grpc" in probe:
        return f"grpc :{probe['grpc'].get('port', '')}"
    return f"exec {' '.join((probe.get('exec') or {}).get('command') or ())}"


def _container(gap: Difference, seen: Any) -> Mapping[str, Any]:
    """The one that the field of the Difference names: `status.containerStatuses[app].state`."""
    found = _NAME.search(gap.field)
    spec = seen.pod["spec"]
    every = (*(spec.get("initContainers") or ()), *spec["containers"])
    return next((each for each in every if found is not None and each["name"] == found[1]), {})
