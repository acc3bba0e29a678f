"""The kubectl command that does the same as a button, to read and to copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api import kinds
from app.api.objects import Ref


def command(data: Mapping[str, Any]) -> str:
    """Of a command as its JSON (app/commands.py); "" where kubectl has none."""
    ref = Ref(*data["ref"]) if "ref" in data else Ref("", "", "")
    name, n = kubectl_name(ref), namespace_flag(ref)
    match data["do"]:
        case "apply":
            return "kubectl apply -f -"
        case "delete":
            return f"kubectl delete {name.replace('/', ' ')}{_how(data)}{n}"
        case "crash":
            return f"kubectl exec {ref.name}{n} -- kill 1"
        case "scale":
            return f"kubectl scale {name} --replicas={data['replicas']}{n}"
        case "image":
            return f"kubectl set image {name} {data.get('container') or '*'}={data['image']}{n}"
        case "label":
            value = data.get("value")
            label = f"{data['label']}-" if value is None else f"{data['label']}={value} --overwrite"
            return f"kubectl label {name} {label}{n}"
        case "undo" | "restart":
            return f"kubectl rollout {data['do']} {name}{n}"
        case "cordon":
            return f"kubectl {'cordon' if data.get('unschedulable', True) else 'uncordon'} {data['node']}"
    return ""


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
