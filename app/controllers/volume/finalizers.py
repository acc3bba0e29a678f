"""The finalizer that keeps a claim or a volume: when to look at it, how it comes and goes. Both protections ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.api.objects import Obj, is_terminating, ref_of, uid_of
from app.reconcile import Difference, Patch


def concerns(finalizer: str) -> Callable[[Obj | None, Obj | None], bool]:
    """For `Watch.when`: it is to go, or lost its finalizer."""
    return lambda old, new: (
        new is not None and is_terminating(new) == (finalizer in (new["metadata"].get("finalizers") or ()))
    )


def kept(obj: Obj, finalizer: str, users: str | list[str], used: str, unused: str) -> Iterator[Difference]:
    """It has the finalizer until it is to go and has no `users`; `used` and `unused` are the reasons then."""
    finalizers = obj["metadata"].get("finalizers") or []
    if not is_terminating(obj):
        if finalizer not in finalizers:
            yield _changed(obj, [*finalizers, finalizer], "ProtectionMissing")
    elif finalizer not in finalizers:
        return
    elif users:
        yield Difference(ref_of(obj), "metadata.finalizers", None, users, used)
    else:  # those of others stay
        yield _changed(obj, [each for each in finalizers if each != finalizer], unused)


def _changed(obj: Obj, wanted: list[str], reason: str) -> Difference:
    patch = Patch(ref_of(obj), {"metadata": {"finalizers": wanted or None}}, uid=uid_of(obj))
    return Difference(ref_of(obj), "metadata.finalizers", wanted, obj["metadata"].get("finalizers"), reason, (patch,))
