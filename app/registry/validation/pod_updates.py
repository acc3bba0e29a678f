"""What of a pod may change: images, deadlines, more tolerations, fewer gates; while it is gated, also where it may run.

Models kubernetes `pkg/apis/core/validation` ValidatePodUpdate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.errors import Cause
from app.api.objects import Obj
from app.registry.validation import causes, notes, placement

_MAX_INT32 = 2**31 - 1
_UPDATABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def check(new: Obj, old: Obj) -> Iterator[Cause]:
    told, had = ((obj["metadata"].get("annotations") or {}) for obj in (new, old))
    yield from notes.check_change(told, had, "metadata.annotations") if told != had else ()
    before, after = old.get("spec", {}), new.get("spec", {})
    yield from notes.check(told, after, "metadata.annotations") if told else ()
    if before is after or before == after:
        return
    for part in ("containers", "initContainers"):
        now, was = (spec.get(part) or () for spec in (after, before))
        if len(now) != len(was):
            yield causes.forbidden(f"spec.{part}", "pod updates may not add or remove containers")
            return
        yield from _check_images(now, f"spec.{part}")
    deadline = tuple(_check_deadline(after.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds")))
    yield from deadline
    if deadline and "activeDeadlineSeconds" in after:
        return
    yield from _check_tolerations(after.get("tolerations") or [], before.get("tolerations") or [])
    yield from _check_gates(after.get("schedulingGates") or (), before.get("schedulingGates") or ())
    if before.get("schedulingGates"):
        yield from _check_selector(after.get("nodeSelector") or {}, before.get("nodeSelector") or {})
        yield from _check_terms(_terms(after), _terms(before))
    difference = causes.unified(before, _with_allowed_changes_undone(after, before))
    if difference:
        yield causes.forbidden("spec", f"{_UPDATABLE}\n{difference}")


def _check_images(now: Any, field: str) -> Iterator[Cause]:
    for index, container in enumerate(now):
        image = container.get("image", "")
        if not image:
            yield causes.required(f"{field}[{index}].image")
        if image != image.strip():
            yield causes.invalid(f"{field}[{index}].image", image, "must not have leading or trailing whitespace")


def _check_deadline(new: int | None, old: int | None) -> Iterator[Cause]:
    field = "spec.activeDeadlineSeconds"
    if new is not None and not 0 <= new <= _MAX_INT32:
        yield from causes.between(field, new, 0, _MAX_INT32)
    elif old is not None and new is None:
        yield causes.invalid(field, None, "must not update from a positive integer to nil value")
    elif old is not None and new is not None and new > old:
        yield causes.invalid(field, new, "must be less than or equal to previous value")


def _check_tolerations(new: list[Obj], old: list[Obj]) -> Iterator[Cause]:
    remaining = [_without_seconds(toleration) for toleration in new]
    if any(_without_seconds(toleration) not in remaining for toleration in old):
        why = "existing toleration can not be modified except its tolerationSeconds"
        yield causes.forbidden("spec.tolerations", why)
    else:
        yield from placement.check_tolerations(new, "spec.tolerations")


def _without_seconds(toleration: Obj) -> Obj:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _check_gates(new: Any, old: Any) -> Iterator[Cause]:
    held = [gate["name"] for gate in old]
    for index, gate in enumerate(new):
        if (name := gate.get("name", "")) not in held:
            why = f"only deletion is allowed, but found new scheduling gate '{name}'"
            yield causes.forbidden(f"spec.schedulingGates[{index}].name", why)


# ------------------------------------------------------------------------------------ while the pod is gated


def _check_selector(new: Obj, old: Obj) -> Iterator[Cause]:
    if not old.items() <= new.items():
        why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        yield causes.invalid("spec.nodeSelector", dict(sorted(new.items())), why)


def _terms(spec: Obj) -> list[Obj]:
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(_REQUIRED) or {}
    terms: list[Obj] = required.get("nodeSelectorTerms") or []
    return terms


def _check_terms(new: list[Obj], old: list[Obj]) -> Iterator[Cause]:
    field = f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
    if old and len(old) != len(new):
        why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        yield causes.invalid(field, [placement.in_go(term) for term in new] or None, why)
        return
    for index, (was, now) in enumerate(zip(old, new, strict=False)):
        if not _only_adds(now, was):
            why = "only additions are allowed (no mutations or deletions)"
            yield causes.invalid(f"{field}[{index}]", placement.in_go(now), why)


def _only_adds(new: Obj, old: Obj) -> bool:
    parts = ("matchExpressions", "matchFields")
    if not any(old.get(part) for part in parts):
        return not any(new.get(part) for part in parts)
    return all((new.get(part) or [])[: len(had)] == had for part in parts if (had := old.get(part)))


# ------------------------------------------------------------------------------------------------- the rest


def _with_allowed_changes_undone(after: Obj, before: Obj) -> Obj:
    """`after` as it would be without the changes that a pod may have."""
    undone = dict(after)
    for part in ("containers", "initContainers"):
        if part in after:
            pairs = zip(after[part], before[part], strict=True)
            undone[part] = [{**new, "image": old.get("image", "")} for new, old in pairs]
    forgiven = ["activeDeadlineSeconds", "tolerations", "schedulingGates"]
    if before.get("terminationGracePeriodSeconds", 0) < 0 and after.get("terminationGracePeriodSeconds") == 1:
        forgiven.append("terminationGracePeriodSeconds")
    if before.get("schedulingGates"):
        forgiven.append("nodeSelector")
        undone |= _with_node_affinity_undone(after, before)
    for name in forgiven:
        undone.pop(name, None)
        if name in before:
            undone[name] = before[name]
    return {name: value for name, value in undone.items() if value is not None}


def _with_node_affinity_undone(after: Obj, before: Obj) -> Obj:
    had = before.get("affinity")
    kept = {kind: rule for kind, rule in (after.get("affinity") or {}).items() if kind != "nodeAffinity"}
    if had and "nodeAffinity" in had:
        kept["nodeAffinity"] = had["nodeAffinity"]
    return {"affinity": kept if kept or had is not None else None}
