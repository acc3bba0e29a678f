"""The kubectl command that does the same as a button, to read and to copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.api import kinds
from app.api.objects import Ref

PLAIN = re.compile(r"[\w@%+=:,./{}-]+")  # what a shell takes as it stands


def command(data: Mapping[str, Any]) -> str:
    """Of a command as its JSON (app/commands.py); "" where kubectl has none."""
    ref = Ref(*data["ref"]) if "ref" in data else Ref("", "", "")
    name, n = kubectl_name(ref), namespace_flag(ref)
    match data["do"]:
        case "apply":
            return f"kubectl apply{namespace_flag(Ref('', data.get('namespace') or '', ''))} -f -"
        case "delete":
            return f"kubectl delete {name.replace('/', ' ')}{_how(data)}{n}"
        case "crash":
            container = f" -c {data['container']}" if data.get("container") else ""
            return f"kubectl exec {ref.name}{container}{n} -- kill 1"
        case "scale":
            return f"kubectl scale {name} --replicas={data['replicas']}{n}"
        case "image":
            image = word(f"{data.get('container') or '*'}={data['image']}")
            return f"kubectl set image {name} {image}{n}"
        case "label":
            label, value = data["label"], data.get("value")
            change = f"{word(f'{label}={value}')} --overwrite" if value else word(f"{label}-")
            return f"kubectl label {name} {change}{n}"
        case "undo" | "restart":
            revision = f" --to-revision={data['to_revision']}" if data.get("to_revision") else ""
            return f"kubectl rollout {data['do']} {name}{revision}{n}"
        case "drain":
            return f"kubectl drain {data['node']} --ignore-daemonsets"
        case "suspend":
            patch = f'{{"spec":{{"suspend":{str(data.get("suspended", True)).lower()}}}}}'
            return f"kubectl patch {name} -p {word(patch)}{n}"
        case "run-now":
            return f"kubectl create job {data.get('job') or f'{ref.name}-manual-1'} --from={name}{n}"
        case "cordon":
            return f"kubectl {'cordon' if data.get('unschedulable', True) else 'uncordon'} {data['node']}"
    return ""


def whole(data: Mapping[str, Any]) -> str:
    """The same, complete: with the manifest that it applies."""
    text = str(data.get("text", "")).rstrip("\n")
    if data["do"] != "apply" or not text:
        return command(data)
    end = "EOF"
    while end in text.split("\n"):
        end += "_"
    return f"{command(data)} <<'{end}'\n{text}\n{end}"


def word(text: str) -> str:
    """One word of a shell."""
    quoted = text.replace("'", "'\\''")
    return text if PLAIN.fullmatch(text) else f"'{quoted}'"


def kubectl_name(ref: Ref) -> str:
    """`pod/web-1`"""
    row = kinds.KINDS.get(ref.kind)
    return f"{row.singular if row else ref.kind.lower()}/{ref.name}"


def namespace_flag(ref: Ref) -> str:
    return f" -n {ref.namespace}" if ref.namespace not in ("", "default") else ""


def _how(data: Mapping[str, Any]) -> str:
    flags = ""
    if data.get("propagation"):
        flags += f" --cascade={data['propagation'].lower()}"
    if data.get("grace_seconds") == 0:
        flags += " --grace-period=0 --force"
    return flags
