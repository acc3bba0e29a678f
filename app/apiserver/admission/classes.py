"""What new objects get from others that are there: pods from their account and RuntimeClass, an Ingress its class;
and what keeps claims and volumes while they are in use.

Called by the API server when something is created. Models kubernetes/plugin/pkg/admission/serviceaccount, runtimeclass,
network/defaultingressclass and storage/storageobjectinuseprotection.
"""

from __future__ import annotations

from typing import Any

from app.api import errors
from app.api.objects import Obj, Ref, annotations_of, is_of, kind_of, name_of, namespace_of, with_metadata
from app.apiserver.store import Store
from app.component_helpers import claims
from app.component_helpers.namespaces import DEFAULT_ACCOUNT

_INGRESS_CLASS, _IS_DEFAULT = "kubernetes.io/ingress.class", "ingressclass.kubernetes.io/is-default-class"


def endowed(pod: Obj, store: Store) -> Obj:
    """Raises Forbidden for a RuntimeClass that is not there or does not go together with the pod."""
    return _with_runtime(_with_pull_secrets(pod, store), store)


_PROTECTIONS = {"PersistentVolumeClaim": claims.PROTECTION, "PersistentVolume": claims.VOLUME_PROTECTION}


def protected(obj: Obj) -> Obj:
    """A claim or a volume, with the finalizer that keeps it while it is in use."""
    finalizer, held = _PROTECTIONS.get(kind_of(obj)), obj["metadata"].get("finalizers") or []
    if finalizer is None or finalizer in held:
        return obj
    return with_metadata(obj, finalizers=[*held, finalizer])


def classed(obj: Obj, store: Store) -> Obj:
    """An Ingress that names no class, with the newest of those that are the default."""
    if not is_of(obj, "Ingress") or obj["spec"].get("ingressClassName") or _INGRESS_CLASS in annotations_of(obj):
        return obj
    classes = [each for each in store.objects("IngressClass") if annotations_of(each).get(_IS_DEFAULT) == "true"]
    by_name = sorted(classes, key=name_of)
    newest = max(by_name, key=lambda each: each["metadata"]["creationTimestamp"], default=None)
    return obj if newest is None else {**obj, "spec": {**obj["spec"], "ingressClassName": name_of(newest)}}


def _with_pull_secrets(pod: Obj, store: Store) -> Obj:
    account = Ref("ServiceAccount", namespace_of(pod), pod["spec"].get("serviceAccountName") or DEFAULT_ACCOUNT)
    secrets = (store.get(account) or {}).get("imagePullSecrets")
    if not secrets or pod["spec"].get("imagePullSecrets"):
        return pod
    return _with(pod, imagePullSecrets=secrets)


def _with_runtime(pod: Obj, store: Store) -> Obj:
    spec, name = pod["spec"], pod["spec"].get("runtimeClassName")
    runtime = store.get(Ref("RuntimeClass", "", name)) if name else {}
    if runtime is None:
        raise _rejected(pod, f'pod rejected: RuntimeClass "{name}" not found')
    fixed, asked = (runtime.get("overhead") or {}).get("podFixed"), spec.get("overhead")
    if asked and not fixed:
        raise _rejected(pod, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")
    if asked and asked != fixed:
        raise _rejected(pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    return _placed(_with(pod, overhead=fixed) if fixed else pod, runtime.get("scheduling") or {})


def _placed(pod: Obj, scheduling: dict[str, Any]) -> Obj:
    selector, own = scheduling.get("nodeSelector") or {}, pod["spec"].get("nodeSelector") or {}
    for key, value in selector.items():
        if own.get(key, value) != value:
            asked = f"pod.spec.nodeSelector[{key}] = {own[key]}"
            raise _rejected(pod, f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; {asked}")
    tolerations = [*(pod["spec"].get("tolerations") or ()), *(scheduling.get("tolerations") or ())]
    pod = _with(pod, nodeSelector={**own, **selector}) if selector else pod
    return _with(pod, tolerations=tolerations) if scheduling.get("tolerations") else pod


def _with(pod: Obj, **fields: Any) -> Obj:
    return {**pod, "spec": {**pod["spec"], **fields}}


def _rejected(pod: Obj, why: str) -> errors.Forbidden:
    details = {"name": name_of(pod), "kind": "pods"}
    return errors.Forbidden(f'pods "{name_of(pod)}" is forbidden: {why}', details=details)
