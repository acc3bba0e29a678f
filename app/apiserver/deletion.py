"""What a deletion makes of an object, step by step: marks, a grace period, finalizers, and in the end nothing.

The API server asks. Models apiserver `pkg/registry/rest/delete.go` (BeforeDelete) and
`pkg/registry/generic/registry/store.go`.
"""

from __future__ import annotations

from typing import Any

from app.api import errors, objects, times
from app.api.objects import Obj, Ref, is_of
from app.apiserver import customkinds
from app.component_helpers import pods

_PROPAGATIONS = ("Background", "Foreground", "Orphan")
_IMMORTAL = ("default", "kube-public", "kube-system")  # namespaces
_PROPAGATION_FINALIZER = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


def check_mortal(ref: Ref) -> None:
    """Models apiserver pkg/admission/plugin/namespace/lifecycle."""
    if ref.kind == "Namespace" and ref.name in _IMMORTAL:
        raise errors.Forbidden(
            f'namespaces "{ref.name}" is forbidden: this namespace may not be deleted',
            details={"name": ref.name, "kind": "namespaces"},
        )


def check_propagation(propagation: str | None) -> None:
    if propagation is not None and propagation not in _PROPAGATIONS:
        supported = ", ".join(f'"{policy}"' for policy in (*_PROPAGATIONS, "nil"))
        text = f'Unsupported value: "{propagation}": supported values: {supported}'
        cause = errors.Cause("propagationPolicy", "FieldValueNotSupported", text)
        raise errors.invalid("DeleteOptions", "", [cause], "meta.k8s.io")


def marked(old: Obj, grace_seconds: int | None, propagation: str | None, now_ms: int) -> Obj:
    """`old` with the marks that this deletion leaves on it; `old` itself if it leaves none."""
    meta = old["metadata"]
    grace = _grace(old, grace_seconds)
    fields: dict[str, Any] = {}
    if not objects.is_terminating(old) or grace < meta.get("deletionGracePeriodSeconds", 0):
        fields["deletionTimestamp"] = times.rfc3339(_due_ms(meta, grace, now_ms))
        if not is_of(old, "Namespace"):
            fields["deletionGracePeriodSeconds"] = grace
        if not objects.is_terminating(old) and "generation" in meta:
            fields["generation"] = meta["generation"] + 1
    finalizers = [
        f for f in meta.get("finalizers", ()) if f not in _PROPAGATION_FINALIZER.values() or propagation is None
    ]
    if propagation in _PROPAGATION_FINALIZER:
        finalizers.append(_PROPAGATION_FINALIZER[propagation])
    if finalizers != meta.get("finalizers", []):
        fields["finalizers"] = finalizers or None
    if not fields:
        return old
    new = objects.with_metadata(old, **fields)
    if is_of(old, customkinds.CRD) and not objects.is_terminating(old):
        return customkinds.marked(new, now_ms)
    if is_of(old, "Namespace"):
        new = {**new, "status": {**old.get("status", {}), "phase": "Terminating"}}
    return new


def _grace(obj: Obj, grace_seconds: int | None) -> int:
    """Seconds. Only pods are graceful, and only those that a kubelet runs."""
    if not is_of(obj, "Pod") or not obj["spec"].get("nodeName") or pods.is_terminal(obj):
        return 0
    own: int = obj["spec"].get("terminationGracePeriodSeconds", 30)
    return own if grace_seconds is None else grace_seconds


def _due_ms(meta: Obj, grace: int, now_ms: int) -> int:
    """When a pod is to be gone. A shorter grace counts from the first deletion, and ends at the earliest now."""
    asked_ms = now_ms
    if "deletionTimestamp" in meta:
        asked_ms = times.parse(meta["deletionTimestamp"]) - 1000 * meta["deletionGracePeriodSeconds"]
    return max(now_ms, asked_ms + 1000 * grace)


def may_go(obj: Obj) -> bool:
    """Marked, grace over, no finalizer left (a Namespace has some in its spec too)."""
    if not objects.is_terminating(obj) or obj["metadata"].get("finalizers"):
        return False
    if obj["metadata"].get("deletionGracePeriodSeconds"):
        return False
    return not is_of(obj, "Namespace") or not obj.get("spec", {}).get("finalizers")
