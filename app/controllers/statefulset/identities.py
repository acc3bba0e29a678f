"""The pods of a StatefulSet by their ordinals: names, claims, what a new one looks like, who is healthy.

The StatefulSet loop asks; nothing here reads or writes.
Models kubernetes/pkg/controller/statefulset/stateful_set_utils.go.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Any

from app.api import limits, objects
from app.api.objects import Obj
from app.component_helpers import pods, revisions

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"
_NAME = re.compile(r"(.*)-([0-9]+)", re.ASCII)


def ordinal(stateful_set: Obj, pod: Obj) -> int | None:
    """The number at the end of its name; None for a pod that is named otherwise."""
    found = _NAME.fullmatch(objects.name_of(pod))
    return int(found[2]) if found and found[1] == objects.name_of(stateful_set) else None


def start(stateful_set: Obj) -> int:
    first: int = (stateful_set["spec"].get("ordinals") or {}).get("start", 0)
    return first


def wanted_ordinals(stateful_set: Obj) -> range:
    first = start(stateful_set)
    return range(first, first + stateful_set["spec"].get("replicas", 1))


def within_reach(stateful_set: Obj, held: Container[int]) -> Iterator[int]:
    """The ordinals that are wanted, in order; of those that are missing only as many as are made at a time."""
    missing = 0
    for number in wanted_ordinals(stateful_set):
        missing += number not in held
        if missing > limits.ACTS_AT_A_TIME:
            return
        yield number


def pod_name(stateful_set: Obj, number: int) -> str:
    return f"{objects.name_of(stateful_set)}-{number}"


# ------------------------------------------------------------------------------------------------ new ones


def new_pod(stateful_set: Obj, revision: Obj, template: Obj, number: int) -> Obj:
    name, meta, spec = pod_name(stateful_set, number), template.get("metadata") or {}, template["spec"]
    labels = {
        **(meta.get("labels") or {}),
        revisions.POD_LABEL: objects.name_of(revision),
        POD_NAME: name,
        POD_INDEX: str(number),
    }
    domain = stateful_set["spec"].get("serviceName")
    optional = {key: meta[key] for key in ("annotations", "finalizers") if meta.get(key)}
    volumes = _volumes(stateful_set, spec, number)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": f"{objects.name_of(stateful_set)}-",
            "namespace": objects.namespace_of(stateful_set),
            "labels": labels,
            **optional,
            "ownerReferences": [objects.owner_reference(stateful_set)],
        },
        "spec": {
            **spec,
            "hostname": name,
            **({"subdomain": domain} if domain else {}),
            **({"volumes": volumes} if volumes else {}),
        },
    }


def _volumes(stateful_set: Obj, spec: Obj, number: int) -> list[Obj]:
    """A volume for each claim template, which takes the place of one that the pod template has by that name."""
    claimed = [
        {
            "name": each["metadata"]["name"],
            "persistentVolumeClaim": {"claimName": claim_name(stateful_set, each, number)},
        }
        for each in claim_templates(stateful_set)
    ]
    names = {each["name"] for each in claimed}
    return [*claimed, *(each for each in spec.get("volumes") or () if each["name"] not in names)]


# -------------------------------------------------------------------------------------------------- claims


def claim_templates(stateful_set: Obj) -> list[Obj]:
    return stateful_set["spec"].get("volumeClaimTemplates") or []


def claim_name(stateful_set: Obj, template: Obj, number: int) -> str:
    return f"{template['metadata']['name']}-{pod_name(stateful_set, number)}"


def new_claim(stateful_set: Obj, template: Obj, number: int) -> Obj:
    meta = template["metadata"]
    selected = stateful_set["spec"]["selector"].get("matchLabels") or {}
    optional = {"annotations": meta["annotations"]} if meta.get("annotations") else {}
    owners = [objects.owner_reference(stateful_set)] if _policy(stateful_set, "whenDeleted") else []
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": claim_name(stateful_set, template, number),
            "namespace": objects.namespace_of(stateful_set),
            "labels": {**(meta.get("labels") or {}), **selected},
            **optional,
            **({"ownerReferences": owners} if owners else {}),
        },
        "spec": template["spec"],
    }


def claim_owners(stateful_set: Obj, pod: Obj, claim: Obj, *, condemned: bool) -> list[Obj]:
    """The owner references that the claim of a pod should have by the set's retention policy: with its owner it goes.
    The set's where it is deleted with the set, the pod's once the pod is to go in a scale-down."""
    ours = {objects.uid_of(stateful_set), objects.uid_of(pod)}
    owners = [each for each in objects.owner_refs(claim) if each["uid"] not in ours]
    if condemned and _policy(stateful_set, "whenScaled"):
        return [*owners, objects.owner_reference(pod)]
    if _policy(stateful_set, "whenDeleted"):
        return [*owners, objects.owner_reference(stateful_set)]
    return owners


def _policy(stateful_set: Obj, when: str) -> bool:
    """Are claims deleted then?"""
    return bool((stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}).get(when) == "Delete")


# -------------------------------------------------------------------------------------------- how a pod is


def is_running_and_ready(pod: Obj) -> bool:
    return pods.phase(pod) == "Running" and pods.is_ready(pod)


def is_available(stateful_set: Obj, pod: Obj, now_ms: int) -> bool:
    seconds = stateful_set["spec"].get("minReadySeconds", 0)
    return is_running_and_ready(pod) and pods.is_available(pod, seconds, now_ms)


def is_healthy(pod: Obj) -> bool:
    return is_running_and_ready(pod) and not objects.is_terminating(pod)


def revision_name(pod: Obj) -> str:
    """Of the revision it was made from."""
    return objects.labels_of(pod).get(revisions.POD_LABEL, "")


# ------------------------------------------------------------------------------------------------- status


def status(stateful_set: Obj, held: list[Obj], current: str, update: str, now_ms: int) -> dict[str, Any]:
    """What the pods are, as a status: zeros are left out where the API leaves them out."""
    alive = [revision_name(pod) for pod in held if not objects.is_terminating(pod)]
    counts = {
        "readyReplicas": sum(map(is_running_and_ready, held)),
        "currentReplicas": alive.count(current),
        "updatedReplicas": alive.count(update),
    }
    return {
        "observedGeneration": stateful_set["metadata"]["generation"],
        "replicas": len(held),
        **{field: count for field, count in counts.items() if count},
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": 0,
        "availableReplicas": sum(is_available(stateful_set, pod, now_ms) for pod in held),
    }


def completed(stateful_set: Obj, found: dict[str, Any]) -> dict[str, Any]:
    """Once as many pods as wanted are of the new revision and ready, the new revision is the current one."""
    wanted = len(wanted_ordinals(stateful_set))
    counts = {found["replicas"], found.get("updatedReplicas", 0), found.get("readyReplicas", 0)}
    if not is_rolling(stateful_set) or counts != {wanted}:
        return found
    done = {**found, "currentRevision": found["updateRevision"]}
    return {**done, "currentReplicas": wanted} if wanted else done


def is_rolling(stateful_set: Obj) -> bool:
    return bool((stateful_set["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def partition(stateful_set: Obj) -> int:
    """Pods below this index keep the current revision."""
    rolling = (stateful_set["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    number: int = rolling.get("partition", 0)
    return number
