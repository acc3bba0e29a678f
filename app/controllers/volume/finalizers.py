"""The finalizer that keeps a claim or a volume: when to look at it, how it comes and goes. Both protections ask."""

from __future__ import annotations

from collections.abc import Callable

from app.api.objects import Obj, is_terminating, ref_of, uid_of
from app.reconcile import Difference, Patch


def is_held(obj: Obj, finalizer: str) -> bool:
    return finalizer in (obj["metadata"].get("finalizers") or ())


def concerns(finalizer: str) -> Callable[[Obj | None, Obj | None], bool]:
    """For `Watch.when`: it is to go, or lost its finalizer."""
    return lambda old, new: new is not None and is_terminating(new) == is_held(new, finalizer)


def given(obj: Obj, finalizer: str) -> Difference:
    return _changed(obj, [*(obj["metadata"].get("finalizers") or ()), finalizer], "ProtectionMissing")


def taken(obj: Obj, finalizer: str, reason: str) -> Difference:
    """Those of others stay."""
    return _changed(obj, [each for each in obj["metadata"]["finalizers"] if each != finalizer], reason)


def _changed(obj: Obj, wanted: list[str], reason: str) -> Difference:
    patch = Patch(ref_of(obj), {"metadata": {"finalizers": wanted or None}}, uid=uid_of(obj))
    return Difference(ref_of(obj), "metadata.finalizers", wanted, obj["metadata"].get("finalizers"), reason, (patch,))
