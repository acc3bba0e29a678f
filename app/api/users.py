"""Who writes, as Kubernetes' UserInfo: everybody who knows the name of a room is one user, who may do everything in it,
and each loop goes by the name that it has in Kubernetes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

User = dict[str, Any]

YOU: User = {"username": "you", "groups": ["system:masters", "system:authenticated"]}

_EVERYBODY = "system:authenticated"
_ACCOUNTS = {
    "node-lifecycle-controller": "node-controller",
    "taint-eviction-controller": "node-controller",
    "pod-garbage-collector-controller": "pod-garbage-collector",
    "daemonset-controller": "daemon-set-controller",
    "persistentvolume-binder": "persistent-volume-binder",
    "endpoints-controller": "endpoint-controller",
    "endpointslice-mirroring-controller": "endpointslicemirroring-controller",
    "service-lb-controller": "service-controller",
    "garbage-collector": "generic-garbage-collector",
    "serviceaccount-controller": "service-account-controller",
    "root-ca-certificate-publisher-controller": "root-ca-cert-publisher",
}
"""The ServiceAccounts of loops that are not called as the loop."""


@cache
def of_loop(name: str, machine: str = "") -> User:
    """Those of a machine write as its node, those of the control plane with an account in kube-system."""
    if machine:
        return {"username": f"system:node:{machine}", "groups": ["system:nodes", _EVERYBODY]}
    if name == "default-scheduler":
        return {"username": "system:kube-scheduler", "groups": [_EVERYBODY]}
    account = f"system:serviceaccount:kube-system:{_ACCOUNTS.get(name, name)}"
    groups = ["system:serviceaccounts", "system:serviceaccounts:kube-system", _EVERYBODY]
    return {"username": account, "groups": groups}
