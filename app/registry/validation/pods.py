"""Pods and pod templates: the spec as a whole, and what of a pod may change.

`check_spec` is asked once per spec: its causes bear paths relative to the spec, and each caller puts its own in front.
Models kubernetes `pkg/apis/core/validation` ValidatePodCreate, ValidatePodTemplateSpec, ValidatePodUpdate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.api.errors import Cause
from app.api.memo import by_identity
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.component_helpers.replicas import DELETION_COST
from app.registry.validation import causes, containers, metadata, placement, volumes

_MAX_INT32 = 2**31 - 1
_MOST_SERVERS, _MOST_SEARCHES, _LONGEST_SEARCHES = 3, 32, 2048
_WHOLE = re.compile(r"0|-[0-9]{1,10}|[1-9][0-9]{0,9}", re.ASCII)
_UPDATABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check(obj: Obj) -> Iterator[Cause]:
    spec = obj.get("spec", {})
    yield from _check_notes(obj["metadata"].get("annotations") or {}, "metadata.annotations")
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
    yield from _check_notes(meta.get("annotations") or {}, f"{field}.annotations")
    yield from _in_front(f"{field}.spec", _spec_causes(spec))
    if spec.get("ephemeralContainers"):
        yield causes.forbidden(f"{field}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def _check_notes(notes: Mapping[str, str], field: str) -> Iterator[Cause]:
    cost = notes.get(DELETION_COST)
    if cost is not None and not (_WHOLE.fullmatch(cost) and -_MAX_INT32 - 1 <= int(cost) <= _MAX_INT32):
        yield causes.invalid(f"{field}[{DELETION_COST}]", cost, "must be a 32bit integer")


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
    yield from volumes.check(pod_spec.get("volumes", ()))
    yield from containers.check_containers(pod_spec)
    yield from containers.check_init_containers(pod_spec)
    yield from _check_host_ports(pod_spec)
    yield from containers.check_ephemeral_containers(pod_spec)
    yield from causes.supported("restartPolicy", spec.get("restartPolicy"), named_values("RestartPolicy"))
    yield from causes.supported("dnsPolicy", spec.get("dnsPolicy"), named_values("DNSPolicy"))
    yield from metadata.check_labels(spec.get("nodeSelector"), "nodeSelector")
    yield from placement.check_affinity(spec.get("affinity") or {})
    yield from _check_names_of_servers(pod_spec)
    yield from _check_gates(pod_spec)
    yield from placement.check_spread(spec.get("topologySpreadConstraints") or ())
    yield from _check_names(pod_spec)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        why = f"must be between 1 and {_MAX_INT32}, inclusive"
        yield causes.invalid("activeDeadlineSeconds", deadline, why)
    yield from _check_tolerations(spec.get("tolerations", ()), "tolerations")
    yield from _check_host_aliases(spec.get("hostAliases") or ())
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


def _check_host_ports(spec: Obj) -> Iterator[Cause]:
    """Of a pod they have been filled in, a template may leave them out."""
    for index, container in enumerate(spec.get("containers") or () if spec.get("hostNetwork") else ()):
        for position, port in enumerate(container.get("ports") or ()):
            if (number := port.get("hostPort") or 0) and number != port.get("containerPort"):
                why = "must match `containerPort` when `hostNetwork` is true"
                yield causes.invalid(f"containers[{index}].ports[{position}].hostPort", number, why)


def _check_names_of_servers(spec: Obj) -> Iterator[Cause]:
    config, policy = spec.get("dnsConfig"), spec.get("dnsPolicy")
    servers, searches = ((config or {}).get(name) or [] for name in ("nameservers", "searches"))
    if policy == "None" and config is None:
        yield causes.required("dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
        return
    if policy == "None" and not servers:
        why = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        yield causes.required("dnsConfig.nameservers", why)
        return
    if len(servers) > _MOST_SERVERS:
        why = f"must not have more than {_MOST_SERVERS} nameservers"
        yield causes.invalid("dnsConfig.nameservers", servers, why)
    for index, server in enumerate(servers):
        yield from causes.ip_address(f"dnsConfig.nameservers[{index}]", server)
    if len(searches) > _MOST_SEARCHES:
        yield causes.invalid("dnsConfig.searches", searches, f"must not have more than {_MOST_SEARCHES} search paths")
    if len(" ".join(searches)) > _LONGEST_SEARCHES:
        why = f"must not have more than {_LONGEST_SEARCHES} characters (including spaces) in the search list"
        yield causes.invalid("dnsConfig.searches", searches, why)
    for index, option in enumerate((config or {}).get("options") or ()):
        if not option.get("name"):
            yield causes.required(f"dnsConfig.options[{index}]", "must not be empty")


def _check_gates(spec: Obj) -> Iterator[Cause]:
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        yield from metadata.label_key(gate.get("conditionType", ""), f"readinessGates[{index}].conditionType")
    seen: set[str] = set()
    for index, gate in enumerate(spec.get("schedulingGates") or ()):
        name = gate.get("name", "")
        yield from metadata.label_key(name, f"schedulingGates[{index}]")
        if name in seen:
            yield causes.duplicate(f"schedulingGates[{index}]", name)
        seen.add(name)


def _check_host_aliases(aliases: Any) -> Iterator[Cause]:
    for index, alias in enumerate(aliases):
        yield from causes.ip_address(f"hostAliases[{index}].ip", alias.get("ip", ""))
        for position, name in enumerate(alias.get("hostnames") or ()):
            for problem in metadata.is_subdomain(name):
                yield causes.invalid(f"hostAliases[{index}].hostnames[{position}]", name, problem)


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
