"""What a command may refer to: the environment of its container, and `$(NAME)` in it. Called by containers.py.

Models `makeEnvironmentVariables` in kubernetes/pkg/kubelet/kubelet_pods.go and `Expand` in
kubernetes/third_party/forked/golang/expansion: values from Secrets and ConfigMaps are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.api.objects import Obj, get_path, namespace_of

NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
_ENTRY = re.compile(r"(metadata\.(?:labels|annotations))\['(.*)'\]")
_REFERENCE = re.compile(r"\$(\$|\(([\w.-]+)\))")


def variables(pod: Obj, container: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in container.get("env") or ():
        path = get_path(each, "valueFrom.fieldRef.fieldPath")
        if path is not None:
            found[each["name"]] = _field(pod, path)
        elif "valueFrom" not in each:
            found[each["name"]] = _expanded(str(each.get("value", "")), found)
    return found


def _field(pod: Obj, path: str) -> str:
    """`spec.nodeName`, or one label or annotation: `metadata.labels['team']`."""
    of_map = _ENTRY.fullmatch(path)
    value = (get_path(pod, of_map[1]) or {}).get(of_map[2], "") if of_map else get_path(pod, path, "")
    return str(value)


def of_command(pod: Obj, container: Mapping[str, Any], command: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The command with `$(NAME)` filled in, and what a shell may look up; {} if it does not."""
    if not any("$" in word for word in command):
        return list(command), {}
    known = variables(pod, container)
    return [_expanded(word, known) for word in command], {**known, NAMESPACE_FILE: namespace_of(pod)}


def _expanded(text: str, known: Mapping[str, str]) -> str:
    """`$(NAME)` of a variable that there is not stays as it is; `$$` is a dollar sign."""

    def value(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else known.get(found[2], found[0])

    return _REFERENCE.sub(value, text)
