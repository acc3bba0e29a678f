"""Containers: their names, ports, restart policies, probes and hooks, and what else each kind of them may have.

`pods.py` calls `check_containers`, `check_init_containers` and `check_ephemeral_containers` with paths relative to the
pod spec. Models kubernetes `pkg/apis/core/validation` validateContainers, validateInitContainers,
validateEphemeralContainers and what they call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.api.errors import Cause
from app.api.objects import Obj
from app.apimachinery.scheme.schema import named_values
from app.registry.validation import causes, environment, handlers, metadata, mounts, resources, security

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_MOST_RULES, _MOST_EXIT_CODES = 20, 255
_ACTIONS, _EXIT_OPERATORS = ("Restart", "RestartAllContainers"), ("In", "NotIn")


class Surroundings(NamedTuple):
    """What containers refer to in the rest of their spec."""

    volumes: dict[str, Obj]
    claims: frozenset[str]
    restart_policy: str
    grace_s: int
    host_users: bool
    system: str | None

    @classmethod
    def of(cls, spec: Obj) -> Surroundings:
        return cls(
            {volume.get("name", ""): volume for volume in spec.get("volumes") or ()},
            frozenset(claim["name"] for claim in spec.get("resourceClaims") or () if claim.get("name")),
            spec.get("restartPolicy", ""),
            spec.get("terminationGracePeriodSeconds", 0),
            spec.get("hostUsers") is not False,
            (spec.get("os") or {}).get("name"),
        )


def check_containers(spec: Obj) -> Iterator[Cause]:
    containers, around = spec.get("containers") or [], Surroundings.of(spec)
    if not containers:
        yield causes.required("containers")
    seen: set[str] = set()
    for index, container in enumerate(containers):
        field, name = f"containers[{index}]", container.get("name", "")
        yield from _check_common(container, field, around)
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        yield from _check_life(container, field, around)
        yield from _check_restarts(container, field)
    yield from _check_host_ports(containers, "containers")


def check_init_containers(spec: Obj) -> Iterator[Cause]:
    around = Surroundings.of(spec)
    seen = {container.get("name", "") for container in spec.get("containers") or ()}
    for index, container in enumerate(spec.get("initContainers") or ()):
        field, name = f"initContainers[{index}]", container.get("name", "")
        yield from _check_common(container, field, around)
        yield from _check_restarts(container, field)
        if name and name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        yield from _check_host_ports([container], "initContainers")
        if container.get("restartPolicy") == "Always":
            yield from _check_life(container, field, around)
            continue
        for part in ("lifecycle", *_PROBES):
            if part in container:
                why = "may not be set for init containers without restartPolicy=Always"
                yield causes.forbidden(f"{field}.{part}", why)
        for position, each in enumerate(container.get("resizePolicy") or ()):
            if each.get("restartPolicy") == "RestartContainer":
                at = f"{field}.resizePolicy[{position}].restartPolicy"
                why = "must not be set to 'RestartContainer' for non-sidecar initContainers"
                yield causes.invalid(at, "RestartContainer", why)


_NOT_EPHEMERAL = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", *_PROBES, "lifecycle"
)  # fmt: skip


def check_ephemeral_containers(spec: Obj) -> Iterator[Cause]:
    """They are there to look at others, and take nothing that the pod depends on."""
    containers = spec.get("ephemeralContainers") or ()
    if not containers:
        return
    around, why = Surroundings.of(spec), "cannot be set for an Ephemeral Container"
    others = {each.get("name", "") for part in ("containers", "initContainers") for each in spec.get(part) or ()}
    seen = set(others)
    for index, container in enumerate(containers):
        field = f"ephemeralContainers[{index}]"
        yield from _check_common(container, field, around)
        yield from check_image(container, field)
        name, target = container.get("name", ""), container.get("targetContainerName", "")
        if name in seen:
            yield causes.duplicate(f"{field}.name", name)
        seen.add(name)
        if target and target not in others:
            yield causes.not_found(f"{field}.targetContainerName", target)
        yield from (causes.forbidden(f"{field}.{part}", why) for part in _NOT_EPHEMERAL if container.get(part))
        for position, mount in enumerate(container.get("volumeMounts") or ()):
            for part in ("subPath", "subPathExpr"):
                if mount.get(part):
                    yield causes.forbidden(f"{field}.volumeMounts[{position}].{part}", why)


def check_image(container: Obj, field: str) -> Iterator[Cause]:
    """Templates may leave room around it, for whoever fills it in."""
    image = container.get("image", "")
    if image != image.strip():
        yield causes.invalid(f"{field}.image", image, "must not have leading or trailing whitespace")


def _check_common(container: Obj, field: str, around: Surroundings) -> Iterator[Cause]:
    name = container.get("name", "")
    if not name:
        yield causes.required(f"{field}.name")
    yield from causes.each(f"{field}.name", name, metadata.is_label(name) if name else ())
    yield from causes.needed(container, field, "image")
    messages = ("File", "FallbackToLogsOnError")
    yield from causes.supported(
        f"{field}.terminationMessagePolicy", container.get("terminationMessagePolicy"), messages
    )
    yield from _check_ports(container.get("ports") or (), f"{field}.ports")
    yield from environment.check(container, field)
    yield from mounts.check(container, field, around.volumes)
    policies = named_values("PullPolicy")
    yield from causes.supported(f"{field}.imagePullPolicy", container.get("imagePullPolicy"), policies)
    yield from resources.check_container(container, f"{field}.resources", around.claims)
    yield from _check_resize_policy(container.get("resizePolicy") or (), f"{field}.resizePolicy", around)
    yield from security.check_container(container, f"{field}.securityContext", host_users=around.host_users)


def _check_resize_policy(policies: Any, field: str, around: Surroundings) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, each in enumerate(policies):
        resource, policy = each.get("resourceName", ""), each.get("restartPolicy", "")
        if resource in seen:
            yield causes.duplicate(f"{field}[{index}]", resource)
        seen.add(resource)
        yield from causes.supported(field, resource, ("cpu", "memory"))
        yield from causes.supported(field, policy, ("NotRequired", "RestartContainer"))
        if around.restart_policy == "Never" and policy != "NotRequired":
            why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
            yield causes.invalid(field, policy, why)


def _check_restarts(container: Obj, field: str) -> Iterator[Cause]:
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is None and rules:
        yield causes.required(f"{field}.restartPolicy", "must specify restartPolicy when restart rules are used")
        if field.startswith("initContainers"):
            return
    yield from causes.among(f"{field}.restartPolicy", policy, named_values("ContainerRestartPolicy"))
    yield from causes.too_many(f"{field}.restartPolicyRules", rules, _MOST_RULES)
    for index, rule in enumerate(rules):
        at = f"{field}.restartPolicyRules[{index}]"
        yield from causes.among(f"{at}.action", rule.get("action", ""), _ACTIONS)
        codes = rule.get("exitCodes")
        if codes is None:
            yield causes.required(f"{at}.exitCodes", "must be specified")
            continue
        yield from causes.among(f"{at}.exitCodes.operator", codes.get("operator", ""), _EXIT_OPERATORS)
        yield from causes.too_many(f"{at}.exitCodes.values", codes.get("values") or (), _MOST_EXIT_CODES)


def _check_life(container: Obj, field: str, around: Surroundings) -> Iterator[Cause]:
    lifecycle = container.get("lifecycle") or {}
    for hook in ("postStart", "preStop"):
        if hook in lifecycle:
            yield from handlers.check(lifecycle[hook], f"{field}.lifecycle.{hook}", around.grace_s)
    for kind in _PROBES:
        if kind in container:
            yield from handlers.check_probe(container[kind], f"{field}.{kind}", kind, around.grace_s)


# ---------------------------------------------------------------------------------------------------- ports


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
        for position, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            claim = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if claim in seen:
                yield causes.duplicate(f"{field}[{index}].ports[{position}].hostPort", claim)
            seen.add(claim)
