"""Containers: names, ports, environment, mounts, resources, probes and hooks.

`pods.py` calls `check_containers`, `check_init_containers` and `check_ephemeral_containers` with paths relative to the
pod spec. Models kubernetes `pkg/apis/core/validation` validateContainers, validateInitContainers,
validateEphemeralContainers and what they call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from app.api import quantities
from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, metadata

_STANDARD_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage"})
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def check_containers(spec: Obj) -> Iterator[Cause]:
    containers, volumes = spec.get("containers", []), _volume_names(spec)
    if not containers:
        yield causes.required("containers")
    seen: set[str] = set()
    for index, container in enumerate(containers):
        field = f"containers[{index}]"
        yield from _check_common(container, field, volumes, spec)
        name = container.get("name", "")
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        yield from _check_life(container, field, spec)
        if "restartPolicy" in container:
            yield from _check_restart_policy(container, field)
    yield from _check_host_ports(containers, "containers")


def check_init_containers(spec: Obj) -> Iterator[Cause]:
    containers, volumes = spec.get("initContainers", []), _volume_names(spec)
    seen = {container.get("name", "") for container in spec.get("containers", ())}
    for index, container in enumerate(containers):
        field = f"initContainers[{index}]"
        yield from _check_common(container, field, volumes, spec)
        sidecar = container.get("restartPolicy") == "Always"
        yield from _check_restart_policy(container, field) if "restartPolicy" in container else ()
        name = container.get("name", "")
        if name and name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        if sidecar:
            yield from _check_life(container, field, spec)
            continue
        for position, each in enumerate(container.get("resizePolicy", ())):
            if each.get("restartPolicy") == "RestartContainer":
                at = f"{field}.resizePolicy[{position}].restartPolicy"
                why = "must not be set to 'RestartContainer' for non-sidecar initContainers"
                yield causes.invalid(at, "RestartContainer", why)
        for part in ("lifecycle", *_PROBES):
            if part in container:
                why = "may not be set for init containers without restartPolicy=Always"
                yield causes.forbidden(f"{field}.{part}", why)


_NOT_EPHEMERAL = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", *_PROBES, "lifecycle"
)  # fmt: skip


def check_ephemeral_containers(spec: Obj) -> Iterator[Cause]:
    """They are there to look at others, and take nothing that the pod depends on."""
    volumes = _volume_names(spec)
    others = {each.get("name", "") for part in ("containers", "initContainers") for each in spec.get(part, ())}
    seen = set(others)
    why = "cannot be set for an Ephemeral Container"
    for index, container in enumerate(spec.get("ephemeralContainers", ())):
        field = f"ephemeralContainers[{index}]"
        yield from _check_common(container, field, volumes, spec)
        name, target = container.get("name", ""), container.get("targetContainerName", "")
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        if target and target not in others:
            yield causes.not_found(f"{field}.targetContainerName", target)
        yield from (causes.forbidden(f"{field}.{part}", why) for part in _NOT_EPHEMERAL if container.get(part))
        for position, mount in enumerate(container.get("volumeMounts", ())):
            for part in ("subPath", "subPathExpr"):
                if mount.get(part):
                    yield causes.forbidden(f"{field}.volumeMounts[{position}].{part}", why)


def _volume_names(spec: Obj) -> frozenset[str]:
    return frozenset(volume.get("name", "") for volume in spec.get("volumes", ()))


def _check_common(container: Obj, field: str, volumes: Collection[str], spec: Obj) -> Iterator[Cause]:
    name = container.get("name", "")
    if not name:
        yield causes.required(f"{field}.name")
    for problem in metadata.is_label(name) if name else ():
        yield causes.invalid(f"{field}.name", name, problem)
    if not container.get("image"):
        yield causes.required(f"{field}.image")
    policy = container.get("terminationMessagePolicy")
    yield from causes.supported(f"{field}.terminationMessagePolicy", policy, named_values("TerminationMessagePolicy"))
    yield from _check_ports(container.get("ports", ()), f"{field}.ports")
    yield from _check_environment(container, field)
    yield from _check_mounts(container.get("volumeMounts", ()), f"{field}.volumeMounts", volumes)
    yield from causes.supported(
        f"{field}.imagePullPolicy", container.get("imagePullPolicy"), named_values("PullPolicy")
    )
    yield from _check_resources(container.get("resources", {}), f"{field}.resources")
    yield from _check_resize_policy(container.get("resizePolicy", ()), f"{field}.resizePolicy", spec)


def _check_resize_policy(policies: Any, field: str, spec: Obj) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, each in enumerate(policies):
        resource, policy = each.get("resourceName", ""), each.get("restartPolicy", "")
        if resource in seen:
            yield causes.duplicate(f"{field}[{index}]", resource)
        seen.add(resource)
        yield from causes.supported(field, resource, ("cpu", "memory"))
        yield from causes.supported(field, policy, ("NotRequired", "RestartContainer"))
        if spec.get("restartPolicy") == "Never" and policy != "NotRequired":
            why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
            yield causes.invalid(field, policy, why)


def _check_restart_policy(container: Obj, field: str) -> Iterator[Cause]:
    policy = container["restartPolicy"]
    yield from causes.supported(f"{field}.restartPolicy", policy, named_values("ContainerRestartPolicy"))


# --------------------------------------------------------------------------------------- ports, environment


def _check_ports(ports: Any, field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        at, name = f"{field}[{index}]", port.get("name", "")
        problems = list(causes.port_name(f"{at}.name", name)) if name else []
        yield from problems
        if name and not problems:
            if name in seen:
                yield causes.duplicate(f"{at}.name", name)
            seen.add(name)
        if not port.get("containerPort"):
            yield causes.required(f"{at}.containerPort")
        for number in ("containerPort", "hostPort"):
            yield from causes.port_number(f"{at}.{number}", port[number]) if port.get(number) else ()
        yield from causes.supported(f"{at}.protocol", port.get("protocol"), named_values("Protocol"))


def _check_host_ports(containers: list[Obj], field: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, container in enumerate(containers):
        for position, port in enumerate(container.get("ports", ())):
            if not port.get("hostPort"):
                continue
            claim = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if claim in seen:
                yield causes.duplicate(f"{field}[{index}].ports[{position}].hostPort", claim)
            seen.add(claim)


def _check_environment(container: Obj, field: str) -> Iterator[Cause]:
    for index, variable in enumerate(container.get("env", ())):
        at, name = f"{field}.env[{index}]", variable.get("name", "")
        if not name:
            yield causes.required(f"{at}.name")
        elif not re.fullmatch(r"[ -<>-~]+", name):
            yield causes.invalid(f"{at}.name", name, _VARIABLE_NAME)
        if "valueFrom" in variable:
            yield from _check_value_from(variable, f"{at}.valueFrom")
    for index, source in enumerate(container.get("envFrom", ())):
        at = f"{field}.envFrom[{index}]"
        references = [name for name in ("configMapRef", "secretRef") if name in source]
        for reference in references:
            yield from _check_reference(source[reference], f"{at}.{reference}")
        if len(references) != 1:
            why = "may not have more than one field specified at a time"
            none = "must specify one of: `configMapRef` or `secretRef`"
            yield causes.invalid(f"{field}.envFrom", "", why if references else none)


_VARIABLE_NAME = (
    "a valid environment variable name must consist only of printable ASCII characters other than '=' "
    "(e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '^[ -<>-~]+$')"
)
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)


def _check_value_from(variable: Obj, field: str) -> Iterator[Cause]:
    source = variable["valueFrom"]
    given = [name for name in _SOURCES if name in source]
    if "fieldRef" in source:
        path = source["fieldRef"].get("fieldPath", "")
        if not path:
            yield causes.required(f"{field}.fieldRef.fieldPath")
        elif path not in _FIELDS and not re.match(r"metadata\.(labels|annotations)\['.+'\]$", path):
            why = f"error converting fieldPath: field label not supported: {path}"
            yield causes.invalid(f"{field}.fieldRef.fieldPath", path, why)
    if "resourceFieldRef" in source and not source["resourceFieldRef"].get("resource"):
        yield causes.required(f"{field}.resourceFieldRef.resource")
    for name in ("configMapKeyRef", "secretKeyRef"):
        if name in source:
            yield from _check_key_reference(source[name], f"{field}.{name}")
    if not given:
        listed = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        yield causes.invalid(field, "", f"must specify one of: {listed}")
    elif variable.get("value"):
        yield causes.invalid(field, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield causes.invalid(field, "", "may not have more than one field specified at a time")


def _check_reference(reference: Mapping[str, Any], field: str) -> Iterator[Cause]:
    name = reference.get("name", "")
    if not name:
        yield causes.required(f"{field}.name")
    for problem in metadata.is_subdomain(name) if name else ():
        yield causes.invalid(f"{field}.name", name, problem)


def _check_key_reference(reference: Mapping[str, Any], field: str) -> Iterator[Cause]:
    name, key = reference.get("name", ""), reference.get("key", "")
    yield from (causes.invalid(f"{field}.name", name, problem) for problem in metadata.is_subdomain(name))
    yield from causes.config_key(f"{field}.key", key) if key else (causes.required(f"{field}.key"),)


# --------------------------------------------------------------------------------------- mounts, resources


def _check_mounts(mounts: Any, field: str, volumes: Collection[str]) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        at, name, path = f"{field}[{index}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield causes.required(f"{at}.name")
        if name not in volumes:
            yield causes.not_found(f"{at}.name", name)
        if not path:
            yield causes.required(f"{at}.mountPath")
        if path in seen:
            yield causes.invalid(f"{at}.mountPath", path, "must be unique")
        seen.add(path)
        sub_path = mount.get("subPath", "")
        if sub_path.startswith("/"):
            yield causes.invalid(f"{field}.subPath", sub_path, "must be a relative path")
        if ".." in sub_path.split("/"):
            yield causes.invalid(f"{field}.subPath", sub_path, "must not contain '..'")


def _check_resources(resources: Obj, field: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits", {}), resources.get("requests", {})
    for name, quantity in limits.items():
        yield from _check_resource(name, quantity, f"{field}.limits[{name}]")
    for name, quantity in requests.items():
        yield from _check_resource(name, quantity, f"{field}.requests[{name}]")
        if name not in limits:
            if not _may_overcommit(name):
                yield causes.required(f"{field}.limits", "Limit must be set for non overcommitable resources")
        elif quantities.parse(quantity) != quantities.parse(limits[name]) and not _may_overcommit(name):
            why = f"must be equal to {name} limit of {limits[name]}"
            yield causes.invalid(f"{field}.requests", quantity, why)
        elif quantities.parse(quantity) > quantities.parse(limits[name]):
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            yield causes.invalid(f"{field}.requests", quantity, why)


def _check_resource(name: str, quantity: str, field: str) -> Iterator[Cause]:
    problems = list(metadata.label_key(name, field))
    yield from problems
    if "/" not in name and name not in _STANDARD_RESOURCES and not name.startswith("hugepages-"):
        if not problems and name not in ("pods", "services", "storage"):
            yield causes.invalid(field, name, "must be a standard resource type or fully qualified")
        yield causes.invalid(field, name, "must be a standard resource for containers")
    amount = quantities.parse(quantity)
    if amount < 0:
        yield causes.invalid(field, quantity, causes.NOT_NEGATIVE)
    if "/" in name and amount.denominator != 1:
        yield causes.invalid(field, quantity, "must be an integer")


def _may_overcommit(name: str) -> bool:
    return "/" not in name and not name.startswith("hugepages-")


# ------------------------------------------------------------------------------------------ probes and hooks


def _check_life(container: Obj, field: str, spec: Obj) -> Iterator[Cause]:
    grace: int = spec.get("terminationGracePeriodSeconds", 0)
    for hook in ("postStart", "preStop"):
        handler = container.get("lifecycle", {}).get(hook)
        if handler is not None:
            yield from _check_handler(handler, f"{field}.lifecycle.{hook}", grace)
    for probe in _PROBES:
        if probe in container:
            yield from _check_probe(container[probe], f"{field}.{probe}", probe, grace)


def _check_probe(probe: Obj, field: str, kind: str, grace: int) -> Iterator[Cause]:
    yield from _check_handler(probe, field, grace)
    numbers = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
    yield from causes.not_negative(probe, field, *numbers)
    seconds = probe.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds <= 0:
        yield causes.invalid(f"{field}.terminationGracePeriodSeconds", seconds, "must be greater than 0")
    if kind == "readinessProbe" and seconds is not None:
        why = "must not be set for readinessProbes"
        yield causes.invalid(f"{field}.terminationGracePeriodSeconds", seconds, why)
    if kind != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        yield causes.invalid(f"{field}.successThreshold", probe["successThreshold"], "must be 1")


def _check_handler(handler: Obj, field: str, grace: int) -> Iterator[Cause]:
    given = [name for name in ("exec", "httpGet", "tcpSocket", "grpc", "sleep") if name in handler]
    for name in given[1:]:
        yield causes.forbidden(f"{field}.{name}", "may not specify more than 1 handler type")
    if not given:
        yield causes.required(field, "must specify a handler type")
        return
    kind, action = given[0], handler[given[0]]
    if kind == "exec" and not action.get("command"):
        yield causes.required(f"{field}.exec.command")
    elif kind == "sleep" and not 0 <= action.get("seconds", 0) <= grace:
        why = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        yield causes.invalid(f"{field}.sleep", action.get("seconds", 0), why)
    elif kind in ("httpGet", "tcpSocket", "grpc"):
        yield from causes.port_number_or_name(f"{field}.{kind}.port", action.get("port", 0))
    if kind == "httpGet":
        yield from causes.supported(f"{field}.httpGet.scheme", action.get("scheme"), named_values("URIScheme"))
