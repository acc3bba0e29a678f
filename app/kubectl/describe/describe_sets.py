"""StatefulSets and DaemonSets in kubectl's words: the part of `kubectl describe` before the Events.

`app/kubectl/describe/describe.py` calls these. Models `StatefulSetDescriber` and `DaemonSetDescriber` of
kubectl/pkg/describe.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.api.objects import Obj, controller_uid, get_path, uid_of
from app.api.selectors import format_labels, format_selector
from app.component_helpers import pods
from app.kubectl.describe import describe_pods
from app.kubectl.describe.describe_pods import Lines
from app.kubectl.describe.tabbed import annotation_lines, head, label_lines, marks, rfc1123
from app.kubectl.printers.printing import replicas

_PHASES = (("Running", "Running"), ("Pending", "Waiting"), ("Succeeded", "Succeeded"), ("Failed", "Failed"))
_NUMBERS = (
    ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
    ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
    ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
    ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
    ("Number of Nodes Misscheduled", "numberMisscheduled"),
)


def pods_status(owner: Obj, related: Sequence[Obj]) -> str:
    """How many of the pods that `owner` controls are in which phase."""
    phases = [pods.phase(each) for each in related if each["kind"] == "Pod" and controller_uid(each) == uid_of(owner)]
    return "Pods Status:\t" + " / ".join(f"{phases.count(phase)} {word}" for phase, word in _PHASES)


def stateful_set(obj: Obj, related: Sequence[Obj]) -> Lines:
    spec = obj["spec"]
    yield from head(obj)
    yield f"CreationTimestamp:\t{rfc1123(obj['metadata'].get('creationTimestamp'))}"
    yield f"Selector:\t{format_selector(spec.get('selector'))}"
    yield from marks(obj)
    yield f"Replicas:\t{replicas(spec)} desired | {get_path(obj, 'status.replicas', 0)} total"
    yield f"Update Strategy:\t{get_path(spec, 'updateStrategy.type', '')}"
    if (partition := get_path(spec, "updateStrategy.rollingUpdate.partition")) is not None:
        yield f"  Partition:\t{partition}"
    yield pods_status(obj, related)
    yield from describe_pods.template(spec["template"])
    claims = spec.get("volumeClaimTemplates") or ()
    yield "Volume Claims:" if claims else "Volume Claims:\t<none>"
    for claim in claims:
        yield from _claim(claim)


def _claim(claim: Obj) -> Lines:
    yield f"  Name:\t{claim['metadata'].get('name', '')}"
    yield f"  StorageClass:\t{claim['spec'].get('storageClassName', '')}"
    yield from label_lines("  Labels", claim["metadata"].get("labels"))
    yield from annotation_lines("  Annotations", claim["metadata"].get("annotations"))
    yield f"  Capacity:\t{get_path(claim, 'spec.resources.requests.storage', '<default>')}"
    yield f"  Access Modes:\t[{' '.join(claim['spec'].get('accessModes') or ())}]"


def daemon_set(obj: Obj, related: Sequence[Obj]) -> Lines:
    spec = obj["spec"]
    status = obj.get("status") or {}
    yield from head(obj)
    yield f"Selector:\t{format_selector(spec.get('selector'))}"
    yield f"Node-Selector:\t{format_labels(get_path(spec, 'template.spec.nodeSelector'))}"
    yield from marks(obj)
    for title, field in _NUMBERS:
        yield f"{title}: {status.get(field, 0)}"
    yield pods_status(obj, related)
    yield from describe_pods.template(spec["template"])
