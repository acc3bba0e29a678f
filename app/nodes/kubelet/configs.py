"""What a container is made from must be there and allowed: the ConfigMaps and Secrets of its environment, and its user.

Called by the kubelet for containers that it has not asked for yet; it tries again every few seconds. Models
`makeEnvironmentVariables` in kubernetes/pkg/kubelet/kubelet_pods.go and `verifyRunAsNonRoot` in
kubernetes/pkg/kubelet/kuberuntime/security_context.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from app.api.objects import Obj, name_of, namespace_of, uid_of
from app.nodes.runtime import images
from app.reconcile import Reader

REASON = "CreateContainerConfigError"
PAUSE_MS = 10_000
_FROM = (("configMapRef", "ConfigMap"), ("secretRef", "Secret"))
_KEYS = (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret"))


def withheld(pod: Obj, containers: Iterable[dict[str, Any]], reader: Reader) -> dict[str, str]:
    """Why each of these containers that cannot be made cannot be, by its name."""
    listed: dict[str, dict[str, Obj]] = {}  # each kind is asked for once

    def find(kind: str, name: str) -> Obj | None:
        if kind not in listed:
            listed[kind] = {name_of(each): each for each in reader.live(kind, namespace_of(pod))}
        return listed[kind].get(name)

    found = {each["name"]: _what_lacks(pod, each, find) or _why_not_as(pod, each) for each in containers}
    return {name: why for name, why in found.items() if why}


def _what_lacks(pod: Obj, container: Mapping[str, Any], find: Callable[[str, str], Obj | None]) -> str:
    for kind, name, key in _needed(container):
        source = find(kind, name)
        if source is None:
            return f'{kind.lower()} "{name}" not found'
        data = {**(source.get("data") or {}), **(source.get("binaryData") or {})}
        if key and key not in data:
            return f"couldn't find key {key} in {kind} {namespace_of(pod)}/{name}"
    return ""


def _needed(container: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Kind, name and key ("": all of them), but what is optional."""
    for each in container.get("envFrom") or ():
        for field, kind in _FROM:
            if field in each and not each[field].get("optional"):
                yield kind, each[field].get("name", ""), ""
    for each in container.get("env") or ():
        for field, kind in _KEYS:
            asked = (each.get("valueFrom") or {}).get(field)
            if asked and not asked.get("optional"):
                yield kind, asked.get("name", ""), asked["key"]


def _why_not_as(pod: Obj, container: Mapping[str, Any]) -> str:
    """The container's own security context goes before that of its pod."""
    context = {**(pod["spec"].get("securityContext") or {}), **(container.get("securityContext") or {})}
    if not context.get("runAsNonRoot"):
        return ""
    who = f'(pod: "{name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})", container: {container["name"]})'
    user = context.get("runAsUser")
    if user == 0:
        return f"container's runAsUser breaks non-root policy {who}"
    if user is None and images.runs_as_root(container["image"]):
        return f"container has runAsNonRoot and image will run as root {who}"
    return ""
