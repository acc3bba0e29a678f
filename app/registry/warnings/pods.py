"""Pods and pod templates: what is taken, but is hardly meant. Models kubernetes `pkg/api/pod/warnings.go`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.api import limits
from app.api.objects import Obj
from app.registry.warnings import addresses, labels, volumes

_SECCOMP, _SECCOMP_OF = "seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/"
_APPARMOR_OF = "container.apparmor.security.beta.kubernetes.io/"
_OLD_NOTES = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_NO_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_NO_APPARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'
_BYTES = ("memory", "ephemeral-storage")
_NOBODY = "a null labelSelector results in matching no pod"
_REQUIRED, _PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)


class _Pod(NamedTuple):
    """A pod, or a template of one at a field: "spec.template."."""

    at: str
    spec: Mapping[str, Any]
    notes: Mapping[str, str]
    budget: Iterator[int]

    def containers(self) -> Iterator[tuple[str, Obj]]:
        """(field, container) of all of them."""
        for part in ("initContainers", "containers", "ephemeralContainers"):
            for index, container in enumerate(self.spec.get(part) or ()):
                yield f"{self.at}spec.{part}[{index}]", container

    def ports(self) -> Iterator[tuple[str, Obj]]:
        for field, container in self.containers():
            for index, port in enumerate(container.get("ports") or ()):
                yield f"{field}.ports[{index}]", port


def of_pod(obj: Obj) -> Iterator[str]:
    return _of(obj, "")


def of_template(template: Obj | None, field: str) -> Iterator[str]:
    return _of(template or {}, f"{field}.")


def _of(obj: Obj, at: str) -> Iterator[str]:
    notes = (obj.get("metadata") or {}).get("annotations") or {}
    pod = _Pod(at, obj.get("spec") or {}, notes, iter(range(limits.WARNING_COMPARISONS)))
    for rule in _RULES:
        yield from rule(pod)


# ------------------------------------------------------------------------------------------- where it may run


def _node_labels(pod: _Pod) -> Iterator[str]:
    yield from labels.of_map(pod.spec.get("nodeSelector") or {}, f"{pod.at}spec.nodeSelector")
    affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    field = f"{pod.at}spec.affinity.nodeAffinity"
    for index, term in enumerate((affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        yield from labels.of_term(term, f"{field}.{_REQUIRED}.nodeSelectorTerms[{index}]")
    for index, preferred in enumerate(affinity.get(_PREFERRED) or ()):
        term, at = preferred.get("preference") or {}, f"{field}.{_PREFERRED}[{index}].preference"
        yield from labels.of_term(term, at, check_values=True)


def _spread(pod: _Pod) -> Iterator[str]:
    for index, constraint in enumerate(pod.spec.get("topologySpreadConstraints") or ()):
        field = f"{pod.at}spec.topologySpreadConstraints[{index}]"
        yield from labels.of_key(f"{field}.topologyKey", constraint.get("topologyKey", ""))
        if constraint.get("labelSelector") is None:
            yield f"{field}.labelSelector: {_NOBODY}"


def _neighbours(pod: _Pod) -> Iterator[str]:
    affinity = pod.spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        for index, term in enumerate(terms.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{pod.at}spec.affinity.{kind}.{_REQUIRED}[{index}].labelSelector: {_NOBODY}"
        for index, weighted in enumerate(terms.get(_PREFERRED) or ()):
            if (weighted.get("podAffinityTerm") or {}).get("labelSelector") is None:
                field = f"{pod.at}spec.affinity.{kind}.{_PREFERRED}[{index}].podAffinityTerm.labelSelector"
                yield f"{field}: {_NOBODY}"


# ------------------------------------------------------------------------------------------- the pod as a whole


def _notes(pod: _Pod) -> Iterator[str]:
    return (f"{pod.at}metadata.annotations[{key}]: {why}" for key, why in _OLD_NOTES.items() if key in pod.notes)


def _volumes(pod: _Pod) -> Iterator[str]:
    return volumes.of_pod(pod.spec.get("volumes") or [], f"{pod.at}spec.volumes", pod.budget)


def _repeated(pod: _Pod) -> Iterator[str]:
    for part, key in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: set[str] = set()
        for index, item in enumerate(pod.spec.get(part) or ()):
            value = item.get(key, "")
            if value in seen:
                yield f'{pod.at}spec.{part}[{index}].{key}: duplicate {key} "{value}"'
            seen.add(value)
    for index, secret in enumerate(pod.spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            yield f'{pod.at}spec.imagePullSecrets[{index}].name: invalid empty name ""'


def _overhead(pod: _Pod) -> Iterator[str]:
    return volumes.fractions(pod.spec.get("overhead") or {}, _BYTES, f"{pod.at}spec.overhead")


def _seccomp(pod: _Pod) -> Iterator[str]:
    if _SECCOMP in pod.notes and not (pod.spec.get("securityContext") or {}).get("seccompProfile"):
        yield f"{pod.at}metadata.annotations[{_SECCOMP}]: {_NO_SECCOMP}"


def _patience(pod: _Pod) -> Iterator[str]:
    if (pod.spec.get("terminationGracePeriodSeconds") or 0) < 0:
        why = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{pod.at}spec.terminationGracePeriodSeconds: {why}"


def _addresses(pod: _Pod) -> Iterator[str]:
    for index, server in enumerate((pod.spec.get("dnsConfig") or {}).get("nameservers") or ()):
        yield from addresses.of_address(f"{pod.at}spec.dnsConfig.nameservers[{index}]", server)
    for index, alias in enumerate(pod.spec.get("hostAliases") or ()):
        yield from addresses.of_address(f"{pod.at}spec.hostAliases[{index}].ip", alias.get("ip", ""))


# -------------------------------------------------------------------------------------------------- containers


def _containers(pod: _Pod) -> Iterator[str]:
    for field, container in pod.containers():
        yield from _profiles(pod, container)
        resources = container.get("resources") or {}
        for name in _BYTES:
            for part in ("limits", "requests"):
                yield from volumes.fractions(resources.get(part) or {}, (name,), f"{field}.resources.{part}")
        yield from _environment(container.get("env") or (), field)


def _profiles(pod: _Pod, container: Obj) -> Iterator[str]:
    context, name = container.get("securityContext") or {}, container.get("name", "")
    seccomp, apparmor = f"{_SECCOMP_OF}{name}", f"{_APPARMOR_OF}{name}"
    if seccomp in pod.notes and not context.get("seccompProfile"):
        yield f"{pod.at}metadata.annotations[{seccomp}]: {_NO_SECCOMP}"
    if apparmor in pod.notes and not context.get("appArmorProfile"):
        whole = (pod.spec.get("securityContext") or {}).get("appArmorProfile")
        if not whole or whole != _apparmor_profile(pod.notes[apparmor]):
            yield f"{pod.at}metadata.annotations[{apparmor}]: {_NO_APPARMOR}"


def _apparmor_profile(note: str) -> Obj | None:
    """The field that says what an annotation says."""
    plain = {"unconfined": {"type": "Unconfined"}, "runtime/default": {"type": "RuntimeDefault"}}
    kind, _, name = note.partition("/")
    return {"type": "Localhost", "localhostProfile": name} if kind == "localhost" and name else plain.get(note)


def _environment(variables: Any, field: str) -> Iterator[str]:
    """A second definition that does not build upon the first."""
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        name, value = variable.get("name", ""), variable.get("value", "")
        reference = f"$({name})"
        builds_upon = reference in value and value != reference and "valueFrom" not in variable
        if name in seen and not builds_upon:
            why = f'hides previous definition of "{name}", which may be dropped when using apply'
            yield f"{field}.env[{index}]: {why}"
        seen.add(name)


# ------------------------------------------------------------------------------------------------------- ports


def _ports(pod: _Pod) -> Iterator[str]:
    known: dict[tuple[Any, Any], list[tuple[str, Obj]]] = {}
    for field, port in pod.ports():
        if port.get("hostIP") and not port.get("hostPort"):
            yield f"{field}: hostIP set without hostPort: {_in_go(port)}"
        others = known.setdefault((port.get("containerPort"), port.get("protocol")), [])
        for (other_field, other), _ in zip(others, pod.budget, strict=False):
            if how := _collision(port, other):
                yield f"{field}: {how} port definition with {other_field}"
        others.append((field, port))


def _collision(one: Obj, other: Obj) -> str:
    (ip, number), (other_ip, other_number) = (
        (each.get("hostIP", ""), each.get("hostPort", 0)) for each in (one, other)
    )
    if (ip, number) == (other_ip, other_number):
        return "duplicate"
    if not number or not other_number:
        return "overlapping"
    return "dangerously ambiguous" if number == other_number and bool(ip) != bool(other_ip) else ""


def _in_go(port: Obj) -> str:
    fields = (("Name", ""), ("HostPort", 0), ("ContainerPort", 0), ("Protocol", ""), ("HostIP", ""))
    return "{" + " ".join(f"{name}:{port.get(name[0].lower() + name[1:], empty)}" for name, empty in fields) + "}"


def _port_names(pod: _Pod) -> Iterator[str]:
    first: dict[str, str] = {}
    for field, port in pod.ports():
        if name := port.get("name"):
            if other := first.get(name):
                why = f"services and probes that select ports by name will use {other}"
                yield f'{field}: duplicate port name "{name}" with {other}, {why}'
            first.setdefault(name, field)


_RULES = (
    _node_labels,
    _spread,
    _notes,
    _volumes,
    _repeated,
    _overhead,
    _seccomp,
    _containers,
    _ports,
    _port_names,
    _patience,
    _neighbours,
    _addresses,
)
"""In upstream's order."""
