"""StatefulSets, DaemonSets and ControllerRevisions. Models kubernetes `pkg/apis/apps/validation`."""

from __future__ import annotations

from collections.abc import Iterator

from app.api.errors import Cause
from app.api.objects import Obj
from app.api.selectors import matches
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, claims, metadata, pods, shares
from app.registry.validation.workloads import check_runs_for_ever, check_selector, no_match, selects_something

_STATEFUL_MAY_CHANGE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_PLACED_BY_THE_SET = ("subdomain", "hostname")


# -------------------------------------------------------------------------------------------- stateful sets


def check_stateful_set(obj: Obj) -> Iterator[Cause]:
    spec = obj["spec"]
    policy = spec.get("podManagementPolicy")
    if policy not in ("OrderedReady", "Parallel"):
        yield causes.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _check_stateful_strategy(spec.get("updateStrategy", {}), "spec.updateStrategy")
    retention = spec.get("persistentVolumeClaimRetentionPolicy", {})
    for name in ("whenDeleted", "whenScaled"):
        field = f"spec.persistentVolumeClaimRetentionPolicy.{name}"
        yield from causes.among(field, retention.get(name, ""), ("Retain", "Delete"))
    for index, claim in enumerate(spec.get("volumeClaimTemplates", ())):
        yield from claims.check_spec(claim.get("spec", {}), f"spec.volumeClaimTemplates[{index}].spec")
    yield from causes.not_negative(spec, "spec", "replicas", "minReadySeconds")
    yield from causes.not_negative(spec.get("ordinals", {}), "spec.ordinals", "start")
    service = spec.get("serviceName", "")
    yield from (causes.invalid("spec.serviceName", service, why) for why in metadata.is_label(service) if service)
    yield from _check_stateful_selector(spec)
    yield from check_runs_for_ever(spec["template"]["spec"], "StatefulSet")


def _check_stateful_selector(spec: Obj) -> Iterator[Cause]:
    selector, template = spec.get("selector"), spec["template"]
    labels = template["metadata"].get("labels")
    yield from check_selector(selector, "statefulset")
    if selector is not None and any(metadata.check_selector(selector, "")):
        yield causes.invalid("spec.selector", selector)
        return
    if (selector is None or selects_something(selector)) and not matches(selector, labels or {}):
        yield no_match(labels)
    yield from pods.check_template(_as_of_a_pod(spec), "spec.template")
    yield from metadata.check_labels(labels, "spec.template.labels")
    yield from metadata.check_annotations(template["metadata"].get("annotations"), "spec.template.annotations")


def _as_of_a_pod(spec: Obj) -> Obj:
    """The template with a volume for each claim that the set makes for its pods: containers mount them by name. What
    the set itself says of each pod is not looked at."""
    template: Obj = spec["template"]
    volumes = template["spec"].get("volumes", [])
    claims = [claim.get("metadata", {}).get("name", "") for claim in spec.get("volumeClaimTemplates", ())]
    named = {volume.get("name") for volume in volumes}
    added = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims if name not in named]
    pod = {name: value for name, value in template["spec"].items() if name not in _PLACED_BY_THE_SET}
    if not added and len(pod) == len(template["spec"]):
        return template
    return {**template, "spec": {**pod, **({"volumes": [*added, *volumes]} if added else {})}}


def _check_stateful_strategy(strategy: Obj, field: str) -> Iterator[Cause]:
    """`maxUnavailable` is no feature yet, so nobody looks at it."""
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        if rolling is not None:
            printed = causes.struct({"partition": 0, **rolling}, "Partition", "MaxUnavailable")
            yield causes.invalid(f"{field}.rollingUpdate", printed, "only allowed for updateStrategy 'RollingUpdate'")
    elif kind == "RollingUpdate":
        yield from causes.not_negative(rolling or {}, f"{field}.rollingUpdate", "partition")
    else:
        printed = causes.struct({"type": kind}, "Type", "RollingUpdate")
        yield causes.invalid(field, printed, "must be 'RollingUpdate' or 'OnDelete'")


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
    if not problems and (selector is None or not matches(selector, labels or {})):
        yield no_match(labels)
    if selector is not None and not selects_something(selector):
        yield causes.invalid("spec.selector", selector, "empty selector is invalid for daemonset")
    yield from pods.check_template(spec["template"], "spec.template")
    yield from check_runs_for_ever(spec["template"]["spec"], "DaemonSet")
    yield from causes.not_negative(spec, "spec", "minReadySeconds")
    yield from _check_daemon_strategy(spec.get("updateStrategy", {}), "spec.updateStrategy")
    yield from causes.not_negative(spec, "spec", "revisionHistoryLimit")


def _check_daemon_strategy(strategy: Obj, field: str) -> Iterator[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate", {})
    if kind not in (kinds := named_values("DaemonSetUpdateStrategyType")):
        given = causes.struct({"maxUnavailable": 0, "maxSurge": 0, **rolling}, "MaxUnavailable", "MaxSurge")
        printed = causes.struct({"type": kind, "rollingUpdate": given if rolling else None}, "Type", "RollingUpdate")
        yield causes.not_supported(field, printed, kinds)
    if kind != "RollingUpdate":
        return
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    for check in (shares.check, shares.check_at_most_all):
        for name, share in (("maxUnavailable", unavailable), ("maxSurge", surge)):
            yield from check(share, f"{field}.rollingUpdate.{name}")
    if shares.amount(unavailable) and shares.amount(surge):
        why = "may not be set when maxUnavailable is non-zero"
        yield causes.invalid(f"{field}.rollingUpdate.maxSurge", surge, why)
    elif not shares.amount(unavailable) and not shares.amount(surge):
        yield causes.required(f"{field}.rollingUpdate.maxUnavailable", "cannot be 0 when maxSurge is 0")


# ------------------------------------------------------------------------------------- controller revisions


def check_new_controller_revision(obj: Obj) -> Iterator[Cause]:
    yield from _check_revision(obj)
    data = obj.get("data")
    if data is None:
        yield causes.required("data", "data is mandatory")
    elif not isinstance(data, dict):
        yield causes.required("data", "data must be a valid JSON object")


def check_controller_revision_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from _check_revision(new)
    if new.get("data") != old.get("data"):
        yield causes.invalid("data", new.get("data"), causes.IMMUTABLE)


def _check_revision(obj: Obj) -> Iterator[Cause]:
    if (obj.get("revision") or 0) < 0:
        yield causes.invalid("revision", obj["revision"], causes.NOT_NEGATIVE)
