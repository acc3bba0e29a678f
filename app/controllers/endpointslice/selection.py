"""Which pods a Service selects, and which of their changes it has to hear of.

The two controllers that write down who is behind a Service watch by this. Models
kubernetes/staging/src/k8s.io/endpointslice/util/controller_utils.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.api import objects, selectors
from app.api.objects import Obj, Ref, ref_of
from app.component_helpers import pods
from app.reconcile import Cache, Reader, Wake, itself

Label = tuple[str, str, str]


def selected(service: Obj, reader: Reader) -> Sequence[Obj]:
    """The pods that its selector selects; of a Watch with the index "label"."""
    selector = service["spec"]["selector"]
    candidates = reader.by("Pod", "label", *selected_label(service))
    if len(selector) == 1:
        return candidates
    return [pod for pod in candidates if selectors.matches_labels(selector, objects.labels_of(pod))]


def services_of(pod: Obj, reader: Reader) -> Iterator[Ref]:
    labels = objects.labels_of(pod)
    for label in labels_of(pod):
        for service in reader.by("Service", "label", label):
            if selectors.matches_labels(service["spec"]["selector"], labels):
                yield ref_of(service)


def endpoint_changed(old: Obj, new: Obj) -> bool:
    return _facts(old) != _facts(new)


def _facts(pod: Obj) -> tuple[Any, ...]:
    meta, status = pod["metadata"], pod.get("status") or {}
    going = "deletionTimestamp" in meta
    return status.get("podIP"), pods.is_ready(pod), pods.is_terminal(pod), going, meta.get("labels")


def labels_of(pod: Obj) -> list[Label]:
    namespace = objects.namespace_of(pod)
    return [(namespace, key, value) for key, value in objects.labels_of(pod).items()]


def selected_label(service: Obj) -> list[Label]:
    """One of the labels that it selects by, enough to find the candidates: the last, by key."""
    selector = service["spec"].get("selector")
    return [(objects.namespace_of(service), *max(selector.items()))] if selector else []


WAKES = (itself("Service"), Wake("Pod", services_of))
READS = (
    Cache("Service", indexes={"label": selected_label}),
    Cache("Pod", sees=endpoint_changed, indexes={"label": labels_of}),
)
"""What both controllers hear of, and find pods and Services by."""
