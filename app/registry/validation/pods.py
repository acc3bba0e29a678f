"""Pods and pod templates: the spec as a whole, and what of a pod may change.

`check_spec` is asked once per spec: its causes bear paths relative to the spec, and each caller puts its own in front.
Models kubernetes `pkg/apis/core/validation` ValidatePodCreate, ValidatePodTemplateSpec, ValidatePodUpdate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.api.errors import Cause
from app.api.memo import by_identity
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, containers, metadata

_MAX_INT32 = 2**31 - 1
_UPDATABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from _in_front("spec", _spec_causes(spec))
    for part in ("containers", "initContainers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(part, ())):
            image = container.get("image", "")
            if image != image.strip():
                why = "must not have leading or trailing whitespace"
                yield causes.invalid(f"spec.{part}[{index}].image", image, why)


def check_new(obj: Obj) -> Iterator[Cause]:
    """What a pod can come to have later only."""
    if obj.get("spec", {}).get("ephemeralContainers"):
        yield causes.forbidden("spec.ephemeralContainers", "cannot be set on create")


def check_pod_template(obj: Obj) -> Iterator[Cause]:
    return check_template(obj.get("template", {}), "template")


def check_template(template: Obj, field: str) -> Iterator[Cause]:
    """Labels and annotations are reported without `metadata`, as upstream does."""
    meta, spec = template.get("metadata", {}), template.get("spec", {})
    yield from metadata.check_labels(meta.get("labels"), f"{field}.labels")
    yield from metadata.check_annotations(meta.get("annotations"), f"{field}.annotations")
    yield from _in_front(f"{field}.spec", _spec_causes(spec))
    if spec.get("ephemeralContainers"):
        yield causes.forbidden(f"{field}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def check_update(new: Obj, old: Obj) -> Iterator[Cause]:
    before, after = old.get("spec", {}), new.get("spec", {})
    if before is after or before == after:
        return
    for part in ("containers", "initContainers"):
        if len(before.get(part, ())) != len(after.get(part, ())):
            yield causes.forbidden(f"spec.{part}", "pod updates may not add or remove containers")
            return
    yield from _check_deadline_update(after, before)
    yield from _check_toleration_update(after.get("tolerations", []), before.get("tolerations", []))
    held = [gate["name"] for gate in before.get("schedulingGates", ())]
    for gate in after.get("schedulingGates", ()):
        if gate["name"] not in held:
            why = f"only deletion is allowed, but found new scheduling gate '{gate['name']}'"
            yield causes.forbidden("spec.schedulingGates", why)
    difference = causes.unified(before, _with_allowed_changes_undone(after, before))
    if difference:
        yield causes.forbidden("spec", f"{_UPDATABLE}\n{difference}")


# -------------------------------------------------------------------------------------------------- the spec


def check_spec(spec: Mapping[str, Any]) -> Iterator[Cause]:
    pod_spec = dict(spec)
    yield from _check_volumes(pod_spec.get("volumes", ()))
    yield from containers.check_containers(pod_spec)
    yield from containers.check_init_containers(pod_spec)
    yield from containers.check_ephemeral_containers(pod_spec)
    yield from causes.supported("restartPolicy", spec.get("restartPolicy"), named_values("RestartPolicy"))
    yield from causes.supported("dnsPolicy", spec.get("dnsPolicy"), named_values("DNSPolicy"))
    yield from metadata.check_labels(spec.get("nodeSelector"), "nodeSelector")
    yield from _check_names(pod_spec)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        why = f"must be between 1 and {_MAX_INT32}, inclusive"
        yield causes.invalid("activeDeadlineSeconds", deadline, why)
    yield from _check_tolerations(spec.get("tolerations", ()), "tolerations")
    if "preemptionPolicy" in spec:
        policy = spec["preemptionPolicy"]
        yield from causes.supported("preemptionPolicy", policy, named_values("PreemptionPolicy"))


@by_identity
def _spec_causes(spec: Mapping[str, Any]) -> tuple[Cause, ...]:
    return tuple(check_spec(spec))


def _in_front(field: str, found: tuple[Cause, ...]) -> Iterator[Cause]:
    return (cause._replace(field=f"{field}.{cause.field}") for cause in found)


def _check_names(spec: Obj) -> Iterator[Cause]:
    checks = {
        "serviceAccountName": metadata.is_subdomain,
        "nodeName": metadata.is_subdomain,
        "hostname": metadata.is_label,
        "subdomain": metadata.is_label,
        "priorityClassName": metadata.is_subdomain,
        "runtimeClassName": metadata.is_subdomain,
    }
    for name, problems_of in checks.items():
        if spec.get(name):
            yield from (causes.invalid(name, spec[name], problem) for problem in problems_of(spec[name]))


def _check_volumes(volumes: Any) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        field, name = f"volumes[{index}]", volume.get("name", "")
        if not name:
            yield causes.required(f"{field}.name")
        for problem in metadata.is_label(name) if name else ():
            yield causes.invalid(f"{field}.name", name, problem)
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        for extra in [source for source in volume if source != "name"][1:]:
            yield causes.forbidden(f"{field}.{extra}", "may not specify more than 1 volume type")
        if "hostPath" in volume and not volume["hostPath"].get("path"):
            yield causes.required(f"{field}.hostPath.path")
        for source, key in (("configMap", "name"), ("secret", "secretName"), ("persistentVolumeClaim", "claimName")):
            if source in volume and not volume[source].get(key):
                yield causes.required(f"{field}.{source}.{key}")


def _check_tolerations(tolerations: Any, field: str) -> Iterator[Cause]:
    for index, toleration in enumerate(tolerations):
        at, key, operator = f"{field}[{index}]", toleration.get("key", ""), toleration.get("operator", "")
        value, effect = toleration.get("value", ""), toleration.get("effect", "")
        if key:
            yield from metadata.label_key(key, f"{at}.key")
        elif operator != "Exists":
            why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            yield causes.invalid(f"{at}.operator", operator, why)
        if "tolerationSeconds" in toleration and effect != "NoExecute":
            why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield causes.invalid(f"{at}.effect", effect, why)
        if operator == "Exists":
            if value:
                yield causes.invalid(f"{at}.operator", value, "value must be empty when `operator` is 'Exists'")
        elif operator in ("", "Equal"):
            if problems := metadata.label_value_problems(value):
                yield causes.invalid(f"{at}.operator", value, ";".join(problems))
        elif operator not in named_values("TolerationOperator"):
            yield causes.not_supported(f"{at}.operator", operator, ["Equal", "Exists"])
        if effect:
            yield from causes.supported(f"{at}.effect", effect, named_values("TaintEffect"))


# --------------------------------------------------------------------------------------------------- updates


def _check_deadline_update(after: Obj, before: Obj) -> Iterator[Cause]:
    field, new, old = (
        "spec.activeDeadlineSeconds",
        after.get("activeDeadlineSeconds"),
        before.get("activeDeadlineSeconds"),
    )
    if old is not None and new is None:
        yield causes.invalid(field, None, "must not update from a positive integer to nil value")
    elif old is not None and new is not None and new > old:
        yield causes.invalid(field, new, "must be less than or equal to previous value")


def _check_toleration_update(new: list[Obj], old: list[Obj]) -> Iterator[Cause]:
    remaining = [_without_seconds(toleration) for toleration in new]
    if any(_without_seconds(toleration) not in remaining for toleration in old):
        why = "existing toleration can not be modified except its tolerationSeconds"
        yield causes.forbidden("spec.tolerations", why)


def _without_seconds(toleration: Obj) -> Obj:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _with_allowed_changes_undone(after: Obj, before: Obj) -> Obj:
    """`after` as it would be without the changes that a pod may have."""
    undone = dict(after)
    for part in ("containers", "initContainers"):
        if part in after:
            pairs = zip(after[part], before[part], strict=True)
            undone[part] = [{**new, "image": old.get("image", "")} for new, old in pairs]
    grace_forgiven = (
        before.get("terminationGracePeriodSeconds", 0) < 0 and after.get("terminationGracePeriodSeconds") == 1
    )
    for name in (
        "activeDeadlineSeconds",
        "tolerations",
        "schedulingGates",
        *(("terminationGracePeriodSeconds",) if grace_forgiven else ()),
    ):
        undone.pop(name, None)
        if name in before:
            undone[name] = before[name]
    return undone
