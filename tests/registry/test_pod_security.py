"""What the levels of the Pod Security Standards have against a pod, in upstream's words."""

from __future__ import annotations

from typing import Any

import pytest

from app.registry.pod_security import violations

CAREFUL = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True}
PROFILE = {"seccompProfile": {"type": "RuntimeDefault"}}


def spec(context: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Two containers, the second of which is careful."""
    return {
        "containers": [
            {"name": "a", "securityContext": {**CAREFUL, **PROFILE, **(context or {})}},
            {"name": "b", "securityContext": {**CAREFUL, **PROFILE}},
        ],
        **fields,
    }


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (spec(), ""),
        (spec(hostNetwork=True, hostPID=True), "host namespaces (hostNetwork=true, hostPID=true)"),
        (spec({"privileged": True}), 'privileged (container "a" must not set securityContext.privileged=true)'),
        (
            spec({"capabilities": {"add": ["NET_ADMIN", "CHOWN"]}}),
            'non-default capabilities (container "a" must not include "NET_ADMIN" in securityContext.capabilities.add)',
        ),
        (spec(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), 'hostPath volumes (volume "v")'),
        (
            {"containers": [{"name": name, "ports": [{"hostPort": 80}, {"hostPort": 443}]} for name in ("a", "b")]},
            'hostPort (containers "a", "b" use hostPorts 443, 80)',
        ),
        (
            {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"host": "127.0.0.1", "port": 80}}}]},
            'probe or lifecycle host (container "a" uses probe or lifecycle host "127.0.0.1")',
        ),
        (
            spec({"procMount": "Unmasked"}),
            'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
        ),
        (spec({"procMount": "Unmasked"}, hostUsers=False), ""),
        (
            spec(securityContext={"seLinuxOptions": {"type": "spc_t", "user": "u"}}),
            'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
        ),
        (
            spec({"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (spec(securityContext={"sysctls": [{"name": "kernel.msgmax"}]}), "forbidden sysctls (kernel.msgmax)"),
        (
            spec(securityContext={"appArmorProfile": {"type": "Unconfined"}}),
            'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
        ),
    ],
)
def test_baseline(of: dict[str, Any], why: str) -> None:
    assert violations("baseline", of) == why


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (spec(), ""),
        (
            spec({"allowPrivilegeEscalation": None}),
            'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)',
        ),
        (
            spec({"capabilities": {"add": ["CHOWN"]}}),
            'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; '
            'container "a" must not include "CHOWN" in securityContext.capabilities.add)',
        ),
        (
            spec(volumes=[{"name": "v", "hostPath": {"path": "/"}}, {"name": "w", "secret": {}}]),
            'restricted volume types (volume "v" uses restricted volume type "hostPath")',
        ),
        (
            spec({"runAsNonRoot": None}),
            'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
        ),
        (
            spec({"runAsNonRoot": False}, securityContext={"runAsNonRoot": False}),
            'runAsNonRoot != true (pod and container "a" must not set securityContext.runAsNonRoot=false)',
        ),
        (spec({"runAsUser": 0}), 'runAsUser=0 (container "a" must not set runAsUser=0)'),
        (
            spec({"seccompProfile": None}),
            'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or '
            '"Localhost")',
        ),
        (spec({"seccompProfile": None}, securityContext=PROFILE), ""),
    ],
)
def test_restricted(of: dict[str, Any], why: str) -> None:
    assert violations("restricted", of) == why


def test_privileged_allows_everything() -> None:
    assert violations("privileged", spec({"privileged": True}, hostNetwork=True)) == ""
