"""ReplicationControllers, StatefulSets and DaemonSets: selector, template, strategy; ControllerRevisions.

Models kubernetes `pkg/apis/apps/validation` and, for the first, `pkg/apis/core/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.api.selectors import matches, matches_labels
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata, pods, shares
from app.registry.validation.workloads import check_runs_for_ever, selects_something

_LABELS = "spec.template.metadata.labels"
_NO_MATCH = "`selector` does not match template `labels`"
_STATEFUL_MAY_CHANGE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)


def check_replication_controller(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from causes.not_negative(spec, "spec", "minReadySeconds")
    selector, template = spec.get("selector"), spec.get("template")
    if not selector:
        yield causes.required("spec.selector")
    yield from causes.not_negative(spec, "spec", "replicas")
    if template is None:
        yield causes.required("spec.template")
        return
    labels = template["metadata"].get("labels")
    if selector and not matches_labels(selector, labels or {}):
        yield causes.invalid(_LABELS, labels, _NO_MATCH)
    yield from pods.check_template(template, "spec.template")
    yield from check_runs_for_ever(template["spec"], "ReplicationController")


# -------------------------------------------------------------------------------------------- stateful sets


def check_stateful_set(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    policy = spec.get("podManagementPolicy")
    if policy not in ("OrderedReady", "Parallel"):
        yield causes.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _check_stateful_strategy(spec.get("updateStrategy", {}), "spec.updateStrategy")
    retention = spec.get("persistentVolumeClaimRetentionPolicy", {})
    for name in ("whenDeleted", "whenScaled"):
        if retention.get(name) not in ("Retain", "Delete"):
            field = f"spec.persistentVolumeClaimRetentionPolicy.{name}"
            yield causes.not_supported(field, retention.get(name, ""), ["Delete", "Retain"])
    yield from causes.not_negative(spec, "spec", "replicas", "minReadySeconds")
    yield from causes.not_negative(spec.get("ordinals", {}), "spec.ordinals", "start")
    yield from _check_selector(spec, "statefulset")
    yield from pods.check_template(_with_claims(spec), "spec.template")
    yield from check_runs_for_ever(spec["template"]["spec"], "StatefulSet")


def _with_claims(spec: Obj) -> Obj:
    """The template with a volume for each claim that the set makes for its pods: containers mount them by name."""
    template = spec["template"]
    volumes = template["spec"].get("volumes", [])
    claims = [claim.get("metadata", {}).get("name", "") for claim in spec.get("volumeClaimTemplates", ())]
    named = {volume.get("name") for volume in volumes}
    added = [{"name": name} for name in claims if name and name not in named]
    return {**template, "spec": {**template["spec"], "volumes": [*volumes, *added]}} if added else template


def _check_stateful_strategy(strategy: Obj, field: str) -> Iterator[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        if rolling is not None:
            why = "only allowed for updateStrategy 'RollingUpdate'"
            yield causes.invalid(f"{field}.rollingUpdate", rolling, why)
    elif kind == "RollingUpdate":
        yield from causes.not_negative(rolling or {}, f"{field}.rollingUpdate", "partition")
    else:
        yield causes.invalid(field, strategy, "must be 'RollingUpdate' or 'OnDelete'")


def _check_selector(spec: Obj, kind: str) -> Iterator[Cause]:
    selector = spec.get("selector")
    if selector is None:
        yield causes.required("spec.selector")
        return
    problems = list(metadata.check_selector(selector, "spec.selector"))
    yield from problems
    if not selects_something(selector):
        yield causes.invalid("spec.selector", selector, f"empty selector is invalid for {kind}")
    labels = spec["template"]["metadata"].get("labels")
    if not problems and not matches(selector, labels or {}):
        yield causes.invalid(_LABELS, labels, _NO_MATCH)


def check_stateful_set_update(new: Obj, old: Obj) -> Iterator[Cause]:
    fixed_new, fixed_old = (
        {key: value for key, value in obj["spec"].items() if key not in _STATEFUL_MAY_CHANGE} for obj in (new, old)
    )
    if fixed_new != fixed_old:
        *names, last = (f"'{name}'" for name in _STATEFUL_MAY_CHANGE)
        listed = f"{', '.join(names)} and {last}"
        why = f"updates to statefulset spec for fields other than {listed} are forbidden"
        yield causes.forbidden("spec", why)


# ---------------------------------------------------------------------------------------------- daemon sets


def check_daemon_set(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    selector, labels = spec.get("selector"), spec["template"]["metadata"].get("labels")
    problems = list(metadata.check_selector(selector or {}, "spec.selector"))
    yield from problems
    if not problems and not matches(selector, labels or {}):
        yield causes.invalid(_LABELS, labels, _NO_MATCH)
    if selector is not None and not selects_something(selector):
        yield causes.invalid("spec.selector", selector, "empty selector is invalid for daemonset")
    yield from pods.check_template(spec["template"], "spec.template")
    yield from check_runs_for_ever(spec["template"]["spec"], "DaemonSet")
    yield from causes.not_negative(spec, "spec", "minReadySeconds")
    yield from _check_daemon_strategy(spec.get("updateStrategy", {}), "spec.updateStrategy")
    yield from causes.not_negative(spec, "spec", "revisionHistoryLimit")


def _check_daemon_strategy(strategy: Obj, field: str) -> Iterator[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate", {})
    if kind not in named_values("DaemonSetUpdateStrategyType"):
        yield causes.not_supported(f"{field}.type", kind or "", named_values("DaemonSetUpdateStrategyType"))
    if kind != "RollingUpdate":
        return
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    for name, share in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        yield from shares.check(share, f"{field}.rollingUpdate.{name}")
        yield from shares.check_at_most_all(share, f"{field}.rollingUpdate.{name}")
    if shares.amount(unavailable) and shares.amount(surge):
        why = "may not be set when maxUnavailable is non-zero"
        yield causes.invalid(f"{field}.rollingUpdate.maxSurge", surge, why)
    elif not shares.amount(unavailable) and not shares.amount(surge):
        why = "cannot be 0 when maxSurge is 0"
        yield causes.invalid(f"{field}.rollingUpdate.maxUnavailable", unavailable, why)


# ------------------------------------------------------------------------------------- controller revisions


def check_controller_revision(obj: Obj) -> Iterator[Cause]:
    if "data" not in obj:
        yield causes.required("data", "data is mandatory")
    if (obj.get("revision") or 0) < 0:
        yield causes.invalid("revision", obj["revision"], causes.NOT_NEGATIVE)


def check_controller_revision_update(new: Obj, old: Obj) -> Iterator[Cause]:
    if new.get("data") != old.get("data"):
        yield causes.invalid("data", new.get("data"), causes.IMMUTABLE)
